#include "library.h"
#include <string.h>

static int cs_mac(cs_hmac *context, size_t count, const uint8_t *bytes, size_t more_count,
                  const uint8_t *more, size_t end_count, const uint8_t *end, uint8_t mac[32])
{
    return cs_hmac_update(context, count, bytes) && cs_hmac_update(context, more_count, more)
        && cs_hmac_update(context, end_count, end) && cs_hmac_finish(context, 32, mac);
}

int cs_hkdf(cs_hmac *context, int expand_only,
            size_t secret_count, const uint8_t *secret, size_t salt_count, const uint8_t *salt,
            size_t info_count, const uint8_t *info, size_t derived_count, uint8_t *derived)
{
    static const uint8_t zeros[32];
    uint8_t block[32];
    if (derived_count > 255 * sizeof block) return 0;
    int done = expand_only
        ? cs_hmac_key(context, secret_count, secret)
        : cs_hmac_key(context, salt_count, salt)
            && cs_mac(context, secret_count, secret, 0, NULL, 0, NULL, block)
            && cs_hmac_key(context, sizeof block, block);
    for (size_t filled = 0; done && filled < derived_count;) {
        uint8_t number = (uint8_t)(filled / sizeof block + 1);
        size_t left = derived_count - filled;
        done = cs_mac(context, filled ? sizeof block : 0, block, info_count, info, 1, &number, block);
        memcpy(derived + filled, block, left < sizeof block ? left : sizeof block);
        filled += sizeof block;
    }
    OPENSSL_cleanse(block, sizeof block);
    // The context is for others too: it keeps no key of this one.
    return cs_hmac_key(context, sizeof zeros, zeros) && done;
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
