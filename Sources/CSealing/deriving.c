// For SHA256_Init and its kin: see cs_library_hashes_directly.
#define OPENSSL_SUPPRESS_DEPRECATED
#include "library.h"
#include <openssl/sha.h>
#include <string.h>

/// HMAC under a key of at most a block over `count` bytes and one more, in memory that the caller wipes:
/// what libcrypto's context for it would allocate, fetch by name and look up costs more than the hashing.
struct cs_mac {
    SHA256_CTX hash;
    uint8_t block[SHA256_CBLOCK], inner[SHA256_DIGEST_LENGTH];
};

static int cs_mac_half(struct cs_mac *mac, uint8_t pad, size_t key_count, const uint8_t *key)
{
    memset(mac->block, pad, sizeof mac->block);
    for (size_t i = 0; i < key_count; i++) mac->block[i] ^= key[i];
    return SHA256_Init(&mac->hash) == 1
        && SHA256_Update(&mac->hash, mac->block, sizeof mac->block) == 1;
}

static int cs_mac_once(struct cs_mac *mac, size_t key_count, const uint8_t *key,
                       size_t count, const uint8_t *bytes, size_t more_count, uint8_t more,
                       uint8_t made[SHA256_DIGEST_LENGTH])
{
    return cs_mac_half(mac, 0x36, key_count, key)
        && SHA256_Update(&mac->hash, cs_address(bytes), count) == 1
        && SHA256_Update(&mac->hash, &more, more_count) == 1
        && SHA256_Final(mac->inner, &mac->hash) == 1 && cs_mac_half(mac, 0x5c, key_count, key)
        && SHA256_Update(&mac->hash, mac->inner, sizeof mac->inner) == 1
        && SHA256_Final(made, &mac->hash) == 1;
}

/// HKDF of one block of 32 bytes, with a salt of at most 64.
static int cs_hkdf_block(size_t secret_count, const uint8_t *secret, size_t salt_count,
                  const uint8_t *salt, size_t info_count, const uint8_t *info,
                  uint8_t derived[SHA256_DIGEST_LENGTH])
{
    struct cs_mac mac;
    uint8_t extracted[SHA256_DIGEST_LENGTH];
    int done = cs_mac_once(&mac, salt_count, salt, secret_count, secret, 0, 0, extracted)
        && cs_mac_once(&mac, sizeof extracted, extracted, info_count, info, 1, 1, derived);
    OPENSSL_cleanse(&mac, sizeof mac);
    OPENSSL_cleanse(extracted, sizeof extracted);
    return done;
}

int cs_hkdf(const cs_library *library, int expand_only,
            size_t secret_count, const uint8_t *secret, size_t salt_count, const uint8_t *salt,
            size_t info_count, const uint8_t *info, size_t derived_count, uint8_t *derived)
{
    if (!library) return 0;
    // A subject's key, which a scan derives for each that it meets.
    if (library->hashes_directly && !expand_only && derived_count == 32 && salt_count <= 64)
        return cs_hkdf_block(secret_count, secret, salt_count, salt, info_count, info, derived);
    int mode = expand_only ? EVP_KDF_HKDF_MODE_EXPAND_ONLY
                           : EVP_KDF_HKDF_MODE_EXTRACT_AND_EXPAND;
    OSSL_PARAM params[6], *next = params;
    *next++ = OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, (char *)"SHA2-256", 0);
    *next++ = OSSL_PARAM_construct_int(OSSL_KDF_PARAM_MODE, &mode);
    *next++ = OSSL_PARAM_construct_octet_string(
        OSSL_KDF_PARAM_KEY, (void *)cs_address(secret), secret_count);
    if (salt_count)
        *next++ = OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SALT, (void *)salt, salt_count);
    if (info_count)
        *next++ = OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, (void *)info, info_count);
    *next = OSSL_PARAM_construct_end();
    EVP_KDF_CTX *context = EVP_KDF_CTX_new(library->hkdf);
    int ok = context && EVP_KDF_derive(context, derived, derived_count, params) == 1;
    EVP_KDF_CTX_free(context);
    return ok;
}

int cs_scrypt(size_t passphrase_count, const uint8_t *passphrase,
              size_t salt_count, const uint8_t *salt,
              uint64_t cost, uint64_t block_size, uint64_t parallelism, uint64_t memory_limit,
              size_t derived_count, uint8_t *derived)
{
    return EVP_PBE_scrypt((const char *)cs_address(passphrase), passphrase_count,
                          cs_address(salt), salt_count, cost, block_size, parallelism,
                          memory_limit, derived, derived_count) == 1;
}

struct cs_block {
    EVP_CIPHER_CTX *context;
};

cs_block *cs_block_new(const cs_library *library)
{
    cs_block *made = library ? OPENSSL_zalloc(sizeof *made) : NULL;
    if (!made) return NULL;
    made->context = EVP_CIPHER_CTX_new();
    if (made->context
        && EVP_EncryptInit_ex2(made->context, library->ecb, NULL, NULL, NULL) == 1
        && EVP_CIPHER_CTX_set_padding(made->context, 0) == 1)
        return made;
    cs_block_free(made);
    return NULL;
}

void cs_block_free(cs_block *context)
{
    if (!context) return;
    EVP_CIPHER_CTX_free(context->context);
    OPENSSL_free(context);
}

int cs_block_key(cs_block *context, size_t key_count, const uint8_t *key)
{
    return context && key_count == 32
        && EVP_EncryptInit_ex2(context->context, NULL, key, NULL, NULL) == 1;
}

int cs_block_encrypt(cs_block *context, size_t plain_count, const uint8_t *plain,
                     size_t sealed_count, uint8_t *sealed)
{
    int written = 0;
    return context && cs_fits(plain_count) && plain_count % 16 == 0
        && sealed_count == plain_count
        && EVP_EncryptUpdate(context->context, sealed, &written, plain, (int)plain_count) == 1
        && (size_t)written == plain_count;
}
