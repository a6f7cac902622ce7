#include "sealing.h"

#include "bench.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

struct sealing {
    EVP_CIPHER *cipher;
    EVP_CIPHER_CTX *sealer, *opener;
    ZSTD_CCtx *compressor;
    ZSTD_DCtx *decompressor;
    ZSTD_CDict *compressing;
    ZSTD_DDict *decompressing;
    uint8_t *packed, *plain;
    size_t packed_capacity, plain_capacity;
};

static const uint8_t key[32] = "a key of an application, 32 byte";

static void check_zstd(size_t result)
{
    if (ZSTD_isError(result)) fail("zstd: %s", ZSTD_getErrorName(result));
}

struct sealing *sealing_new(const char *path, int level)
{
    struct sealing *made = calloc(1, sizeof *made);
    if (!made) fail("no memory");
    size_t count;
    uint8_t *dictionary = read_file(path, &count);
    made->compressing = ZSTD_createCDict(dictionary, count, level);
    made->decompressing = ZSTD_createDDict(dictionary, count);
    free(dictionary);
    made->compressor = ZSTD_createCCtx();
    made->decompressor = ZSTD_createDCtx();
    made->cipher = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);
    made->sealer = EVP_CIPHER_CTX_new();
    made->opener = EVP_CIPHER_CTX_new();
    if (!made->compressing || !made->decompressing || !made->compressor || !made->decompressor
        || !made->cipher || !made->sealer || !made->opener)
        fail("no memory for sealing");
    check_zstd(ZSTD_CCtx_refCDict(made->compressor, made->compressing));
    check_zstd(ZSTD_CCtx_setParameter(made->compressor, ZSTD_c_dictIDFlag, 0));
    check_zstd(ZSTD_DCtx_refDDict(made->decompressor, made->decompressing));
    if (EVP_EncryptInit_ex2(made->sealer, made->cipher, key, NULL, NULL) != 1
        || EVP_DecryptInit_ex2(made->opener, made->cipher, key, NULL, NULL) != 1)
        fail("no cipher");
    return made;
}

void sealing_free(struct sealing *sealing)
{
    EVP_CIPHER_CTX_free(sealing->sealer);
    EVP_CIPHER_CTX_free(sealing->opener);
    EVP_CIPHER_free(sealing->cipher);
    ZSTD_freeCCtx(sealing->compressor);
    ZSTD_freeDCtx(sealing->decompressor);
    ZSTD_freeCDict(sealing->compressing);
    ZSTD_freeDDict(sealing->decompressing);
    free(sealing->packed);
    free(sealing->plain);
    free(sealing);
}

static void make_nonce(uint64_t number, uint8_t nonce[SEAL_NONCE])
{
    memset(nonce, 0, SEAL_NONCE);
    memcpy(nonce, &number, sizeof number);
}

static void make_room(uint8_t **buffer, size_t *capacity, size_t wanted)
{
    if (*capacity >= wanted) return;
    *capacity = wanted * 2;
    *buffer = allocate(*buffer, *capacity);
}

size_t seal_bound(size_t plain_count) { return ZSTD_compressBound(plain_count) + SEAL_TAG; }

size_t seal(struct sealing *sealing, uint64_t number, const char *associated,
            size_t associated_count, const uint8_t *plain, size_t plain_count, uint8_t *sealed,
            size_t capacity)
{
    make_room(&sealing->packed, &sealing->packed_capacity, ZSTD_compressBound(plain_count));
    size_t packed = ZSTD_compress2(
        sealing->compressor, sealing->packed, sealing->packed_capacity, plain, plain_count);
    check_zstd(packed);
    if (capacity < packed + SEAL_TAG) fail("no room to seal %zu bytes", packed);
    uint8_t nonce[SEAL_NONCE];
    make_nonce(number, nonce);
    int count;
    if (EVP_EncryptInit_ex2(sealing->sealer, NULL, NULL, nonce, NULL) != 1
        || EVP_EncryptUpdate(sealing->sealer, NULL, &count, (const uint8_t *)associated,
                             (int)associated_count) != 1
        || EVP_EncryptUpdate(sealing->sealer, sealed, &count, sealing->packed, (int)packed) != 1
        || EVP_EncryptFinal_ex(sealing->sealer, sealed + packed, &count) != 1
        || EVP_CIPHER_CTX_ctrl(
               sealing->sealer, EVP_CTRL_AEAD_GET_TAG, SEAL_TAG, sealed + packed) != 1)
        fail("a record could not be sealed");
    return packed + SEAL_TAG;
}

const uint8_t *unseal(struct sealing *sealing, uint64_t number, const char *associated,
                      size_t associated_count, const uint8_t *sealed, size_t sealed_count,
                      size_t *plain_count)
{
    if (sealed_count < SEAL_TAG) fail("a sealed record is too short");
    size_t packed = sealed_count - SEAL_TAG;
    make_room(&sealing->packed, &sealing->packed_capacity, packed);
    uint8_t nonce[SEAL_NONCE], tag[SEAL_TAG];
    make_nonce(number, nonce);
    memcpy(tag, sealed + packed, SEAL_TAG);
    int count;
    if (EVP_DecryptInit_ex2(sealing->opener, NULL, NULL, nonce, NULL) != 1
        || EVP_DecryptUpdate(sealing->opener, NULL, &count, (const uint8_t *)associated,
                             (int)associated_count) != 1
        || EVP_DecryptUpdate(sealing->opener, sealing->packed, &count, sealed, (int)packed) != 1
        || EVP_CIPHER_CTX_ctrl(sealing->opener, EVP_CTRL_AEAD_SET_TAG, SEAL_TAG, tag) != 1
        || EVP_DecryptFinal_ex(sealing->opener, sealing->packed + packed, &count) != 1)
        fail("a sealed record is not authentic");
    unsigned long long plain = ZSTD_getFrameContentSize(sealing->packed, packed);
    if (plain >= (64 << 20)) fail("a sealed record does not tell its length");
    make_room(&sealing->plain, &sealing->plain_capacity, plain);
    *plain_count = ZSTD_decompressDCtx(
        sealing->decompressor, sealing->plain, sealing->plain_capacity, sealing->packed, packed);
    check_zstd(*plain_count);
    return sealing->plain;
}
