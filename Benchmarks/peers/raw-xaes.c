// A frame's seal and its compression in C, with the archive's settings.

#include "raw-xaes.h"

#include "bench.h"

#include <string.h>

enum { EXTRA = 80 };

static const uint8_t master[KEY] = "thirty-two bytes of a master key";
static const uint8_t extra[EXTRA];

static void encrypt_block(struct xaes *xaes, const uint8_t *plain, uint8_t *sealed, int bytes)
{
    int count;
    if (EVP_EncryptUpdate(xaes->block, sealed, &count, plain, bytes) != 1 || count != bytes)
        fail("no block cipher");
}

void xaes_prepare(struct xaes *xaes)
{
    memset(xaes, 0, sizeof *xaes);
    EVP_CIPHER *ecb = EVP_CIPHER_fetch(NULL, "AES-256-ECB", NULL);
    EVP_CIPHER *gcm = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);
    xaes->block = EVP_CIPHER_CTX_new();
    xaes->sealer = EVP_CIPHER_CTX_new();
    xaes->opener = EVP_CIPHER_CTX_new();
    if (!ecb || !gcm || !xaes->block || !xaes->sealer || !xaes->opener
        || EVP_EncryptInit_ex2(xaes->block, ecb, NULL, NULL, NULL) != 1
        || EVP_CIPHER_CTX_set_padding(xaes->block, 0) != 1
        || EVP_EncryptInit_ex2(xaes->sealer, gcm, NULL, NULL, NULL) != 1
        || EVP_DecryptInit_ex2(xaes->opener, gcm, NULL, NULL, NULL) != 1)
        fail("no ciphers");
    EVP_CIPHER_free(ecb);
    EVP_CIPHER_free(gcm);
    xaes_key(xaes, master);
}

void xaes_key(struct xaes *xaes, const uint8_t key[KEY])
{
    if (EVP_EncryptInit_ex2(xaes->block, NULL, key, NULL, NULL) != 1) fail("no key");
    uint8_t zero[16] = {0}, first[16];
    encrypt_block(xaes, zero, first, 16);
    for (int place = 0; place < 16; place++)
        xaes->subkey[place] =
            (uint8_t)(first[place] << 1 | (place < 15 ? first[place + 1] >> 7 : 0));
    if (first[0] & 0x80) xaes->subkey[15] ^= 0x87;
    xaes->is_derived = 0;
}

void xaes_clear(struct xaes *xaes)
{
    EVP_CIPHER_CTX_free(xaes->block);
    EVP_CIPHER_CTX_free(xaes->sealer);
    EVP_CIPHER_CTX_free(xaes->opener);
}

/// The derived key is remembered while messages share the first half of their nonces.
static void xaes_derive(struct xaes *xaes, const uint8_t *nonce)
{
    if (xaes->is_derived && memcmp(xaes->half, nonce, sizeof xaes->half) == 0) return;
    uint8_t blocks[32] = {0, 1, 'X', 0};
    blocks[17] = 2;
    blocks[18] = 'X';
    memcpy(blocks + 4, nonce, 12);
    memcpy(blocks + 20, nonce, 12);
    for (int place = 0; place < 32; place++) blocks[place] ^= xaes->subkey[place % 16];
    encrypt_block(xaes, blocks, xaes->derived, 32);
    memcpy(xaes->half, nonce, sizeof xaes->half);
    xaes->is_derived = 1;
    xaes->is_sealer_keyed = xaes->is_opener_keyed = 0;
}

void xaes_seal(struct xaes *xaes, const uint8_t *nonce, const uint8_t *plain, size_t count,
                      uint8_t *sealed)
{
    int written;
    xaes_derive(xaes, nonce);
    const uint8_t *key = xaes->is_sealer_keyed ? NULL : xaes->derived;
    xaes->is_sealer_keyed = 1;
    if (EVP_EncryptInit_ex2(xaes->sealer, NULL, key, nonce + 12, NULL) != 1
        || EVP_EncryptUpdate(xaes->sealer, NULL, &written, extra, EXTRA) != 1
        || EVP_EncryptUpdate(xaes->sealer, sealed, &written, plain, (int)count) != 1
        || EVP_EncryptFinal_ex(xaes->sealer, sealed + count, &written) != 1
        || EVP_CIPHER_CTX_ctrl(xaes->sealer, EVP_CTRL_AEAD_GET_TAG, TAG, sealed + count) != 1)
        fail("sealing failed");
}

void xaes_open(struct xaes *xaes, const uint8_t *nonce, const uint8_t *sealed, size_t count,
                      uint8_t *plain)
{
    int written;
    uint8_t tag[TAG];
    memcpy(tag, sealed + count, TAG);
    xaes_derive(xaes, nonce);
    const uint8_t *key = xaes->is_opener_keyed ? NULL : xaes->derived;
    xaes->is_opener_keyed = 1;
    if (EVP_DecryptInit_ex2(xaes->opener, NULL, key, nonce + 12, NULL) != 1
        || EVP_DecryptUpdate(xaes->opener, NULL, &written, extra, EXTRA) != 1
        || EVP_DecryptUpdate(xaes->opener, plain, &written, sealed, (int)count) != 1
        || EVP_CIPHER_CTX_ctrl(xaes->opener, EVP_CTRL_AEAD_SET_TAG, TAG, tag) != 1
        || EVP_DecryptFinal_ex(xaes->opener, plain + count, &written) != 1)
        fail("opening failed");
}

void check_zstd(size_t result)
{
    if (ZSTD_isError(result)) fail("zstd: %s", ZSTD_getErrorName(result));
}

ZSTD_CDict *digest_dictionary(const uint8_t *bytes, size_t count)
{
    ZSTD_CCtx_params *parameters = ZSTD_createCCtxParams();
    if (!parameters) fail("no memory");
    check_zstd(ZSTD_CCtxParams_init(parameters, LEVEL));
    check_zstd(ZSTD_CCtxParams_setParameter(parameters, ZSTD_c_strategy, ZSTD_fast));
    check_zstd(ZSTD_CCtxParams_setParameter(parameters, ZSTD_c_hashLog, 15));
    check_zstd(ZSTD_CCtxParams_setParameter(parameters, ZSTD_c_minMatch, 7));
    ZSTD_CDict *made = ZSTD_createCDict_advanced2(
        bytes, count, ZSTD_dlm_byCopy, ZSTD_dct_auto, parameters, ZSTD_defaultCMem);
    ZSTD_freeCCtxParams(parameters);
    if (!made) fail("no dictionary");
    return made;
}

ZSTD_CCtx *make_compressor(const ZSTD_CDict *dictionary)
{
    ZSTD_CCtx *made = ZSTD_createCCtx();
    if (!made) fail("no memory");
    check_zstd(ZSTD_CCtx_setParameter(made, ZSTD_c_compressionLevel, LEVEL));
    check_zstd(ZSTD_CCtx_setParameter(made, ZSTD_c_format, ZSTD_f_zstd1_magicless));
    check_zstd(ZSTD_CCtx_setParameter(made, ZSTD_c_contentSizeFlag, 0));
    check_zstd(ZSTD_CCtx_setParameter(made, ZSTD_c_dictIDFlag, 0));
    check_zstd(ZSTD_CCtx_setParameter(made, ZSTD_c_forceAttachDict, ZSTD_dictForceAttach));
    check_zstd(ZSTD_CCtx_refCDict(made, dictionary));
    return made;
}

ZSTD_DCtx *make_decompressor(const ZSTD_DDict *dictionary)
{
    ZSTD_DCtx *made = ZSTD_createDCtx();
    if (!made) fail("no memory");
    check_zstd(ZSTD_DCtx_setParameter(made, ZSTD_d_format, ZSTD_f_zstd1_magicless));
    check_zstd(ZSTD_DCtx_refDDict(made, dictionary));
    return made;
}
