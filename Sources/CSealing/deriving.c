// For HMAC_Init_ex and its kin: see cs_library_hashes_directly.
#define OPENSSL_SUPPRESS_DEPRECATED
#include "library.h"
#include <openssl/hmac.h>

/// HMAC-SHA256 under `key` over a message and at most one byte more.
static int cs_hmac_once(HMAC_CTX *context, const EVP_MD *sha256, size_t key_count,
                        const uint8_t *key, size_t count, const uint8_t *bytes,
                        size_t more_count, uint8_t more, uint8_t mac[32])
{
    unsigned int written = 0;
    return HMAC_Init_ex(context, key, (int)key_count, sha256, NULL) == 1
        && HMAC_Update(context, bytes, count) == 1
        && (more_count == 0 || HMAC_Update(context, &more, 1) == 1)
        && HMAC_Final(context, mac, &written) == 1 && written == 32;
}

/// One block of HKDF: the HMAC over `info` and 1, under the HMAC over the secret.
///
/// EVP looks for its HMAC and its hash by their names for each derivation, which takes twice as long
/// as deriving.
static int cs_hkdf_block(const cs_library *library, size_t secret_count, const uint8_t *secret,
                         size_t salt_count, const uint8_t *salt,
                         size_t info_count, const uint8_t *info, uint8_t *derived)
{
    static const uint8_t no_salt[32];
    uint8_t extracted[32];
    HMAC_CTX *context = HMAC_CTX_new();
    int ok = context
        && cs_hmac_once(context, library->sha256, salt_count ? salt_count : sizeof no_salt,
                        salt_count ? salt : no_salt, secret_count, cs_address(secret), 0, 0,
                        extracted)
        && cs_hmac_once(context, library->sha256, sizeof extracted, extracted,
                        info_count, cs_address(info), 1, 1, derived);
    HMAC_CTX_free(context);
    OPENSSL_cleanse(extracted, sizeof extracted);
    return ok;
}

int cs_hkdf(const cs_library *library, int expand_only,
            size_t secret_count, const uint8_t *secret, size_t salt_count, const uint8_t *salt,
            size_t info_count, const uint8_t *info, size_t derived_count, uint8_t *derived)
{
    if (!library) return 0;
    if (library->hashes_directly && !expand_only && derived_count == 32 && cs_fits(salt_count))
        return cs_hkdf_block(library, secret_count, secret, salt_count, salt,
                             info_count, info, derived);
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
