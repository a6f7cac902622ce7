#include "library.h"

int cs_ed25519_public(size_t seed_count, const uint8_t *seed,
                      size_t public_count, uint8_t *public_key)
{
    if (public_count != 32) return 0;
    EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, seed_count);
    int ok = key && EVP_PKEY_get_raw_public_key(key, public_key, &public_count) == 1;
    EVP_PKEY_free(key);
    return ok;
}

int cs_ed25519_sign(size_t seed_count, const uint8_t *seed,
                    size_t message_count, const uint8_t *message,
                    size_t signature_count, uint8_t *signature)
{
    if (signature_count != 64) return 0;
    EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, seed_count);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    int ok = key && context
        && EVP_DigestSignInit(context, NULL, NULL, NULL, key) == 1
        && EVP_DigestSign(context, signature, &signature_count,
                          cs_address(message), message_count) == 1;
    EVP_MD_CTX_free(context);
    EVP_PKEY_free(key);
    return ok;
}

int cs_ed25519_verify(size_t public_count, const uint8_t *public_key,
                      size_t message_count, const uint8_t *message,
                      size_t signature_count, const uint8_t *signature)
{
    EVP_PKEY *key =
        EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, public_key, public_count);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    int ok = key && context
        && EVP_DigestVerifyInit(context, NULL, NULL, NULL, key) == 1
        && EVP_DigestVerify(context, cs_address(signature), signature_count,
                            cs_address(message), message_count) == 1;
    EVP_MD_CTX_free(context);
    EVP_PKEY_free(key);
    return ok;
}
