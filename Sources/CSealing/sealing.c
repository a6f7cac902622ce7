#include "library.h"
#include <string.h>

enum { CS_TAG = 16 };

struct cs_gcm {
    EVP_CIPHER_CTX *sealing;
    EVP_CIPHER_CTX *opening;
};

static void cs_gcm_clear(cs_gcm *context)
{
    EVP_CIPHER_CTX_free(context->sealing);
    EVP_CIPHER_CTX_free(context->opening);
}

static int cs_gcm_prepare(cs_gcm *context, const cs_library *library)
{
    context->sealing = EVP_CIPHER_CTX_new();
    context->opening = EVP_CIPHER_CTX_new();
    return context->sealing && context->opening
        && EVP_EncryptInit_ex2(context->sealing, library->gcm, NULL, NULL, NULL) == 1
        && EVP_DecryptInit_ex2(context->opening, library->gcm, NULL, NULL, NULL) == 1;
}

cs_gcm *cs_gcm_new(const cs_library *library)
{
    cs_gcm *made = library ? OPENSSL_zalloc(sizeof *made) : NULL;
    if (!made || cs_gcm_prepare(made, library)) return made;
    cs_gcm_free(made);
    return NULL;
}

void cs_gcm_free(cs_gcm *context)
{
    if (!context) return;
    cs_gcm_clear(context);
    OPENSSL_free(context);
}

/// A null key keeps the one that is scheduled.
static int cs_gcm_run_seal(EVP_CIPHER_CTX *cipher, const uint8_t *key, const uint8_t *nonce,
                           size_t extra_count, const uint8_t *extra,
                           size_t plain_count, const uint8_t *plain, uint8_t *sealed)
{
    int count = 0;
    return EVP_EncryptInit_ex2(cipher, NULL, key, nonce, NULL) == 1
        && (extra_count == 0
            || EVP_EncryptUpdate(cipher, NULL, &count, extra, (int)extra_count) == 1)
        && (plain_count == 0
            || EVP_EncryptUpdate(cipher, sealed, &count, plain, (int)plain_count) == 1)
        && EVP_EncryptFinal_ex(cipher, sealed + plain_count, &count) == 1
        && EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_GET_TAG, CS_TAG, sealed + plain_count) == 1;
}

static int cs_gcm_run_open(EVP_CIPHER_CTX *cipher, const uint8_t *key, const uint8_t *nonce,
                           size_t extra_count, const uint8_t *extra,
                           const uint8_t *sealed, size_t plain_count, uint8_t *plain)
{
    int count = 0;
    uint8_t spare[CS_TAG], tag[CS_TAG];
    memcpy(tag, sealed + plain_count, CS_TAG);
    if (EVP_DecryptInit_ex2(cipher, NULL, key, nonce, NULL) != 1
        || (extra_count != 0
            && EVP_DecryptUpdate(cipher, NULL, &count, extra, (int)extra_count) != 1)
        || (plain_count != 0
            && EVP_DecryptUpdate(cipher, plain, &count, sealed, (int)plain_count) != 1)
        || EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_SET_TAG, CS_TAG, tag) != 1) {
        if (plain_count) memset(plain, 0, plain_count);
        return 0;
    }
    if (EVP_DecryptFinal_ex(cipher, spare, &count) == 1) return 1;
    if (plain_count) memset(plain, 0, plain_count);
    return -1;
}

static int cs_counts_fit(size_t extra_count, size_t plain_count, size_t sealed_count)
{
    return cs_fits(extra_count) && cs_fits(plain_count) && sealed_count == plain_count + CS_TAG;
}

int cs_gcm_seal(cs_gcm *context, size_t key_count, const uint8_t *key,
                size_t nonce_count, const uint8_t *nonce, size_t extra_count, const uint8_t *extra,
                size_t plain_count, const uint8_t *plain, size_t sealed_count, uint8_t *sealed)
{
    return context && key_count == 32 && nonce_count == 12
        && cs_counts_fit(extra_count, plain_count, sealed_count)
        && cs_gcm_run_seal(context->sealing, key, nonce, extra_count, extra,
                           plain_count, plain, sealed);
}

int cs_gcm_open(cs_gcm *context, size_t key_count, const uint8_t *key,
                size_t nonce_count, const uint8_t *nonce, size_t extra_count, const uint8_t *extra,
                size_t sealed_count, const uint8_t *sealed, size_t plain_count, uint8_t *plain)
{
    if (!context || key_count != 32 || nonce_count != 12
        || !cs_counts_fit(extra_count, plain_count, sealed_count))
        return 0;
    return cs_gcm_run_open(context->opening, key, nonce, extra_count, extra,
                           sealed, plain_count, plain);
}

struct cs_xaes {
    cs_gcm gcm;
    cs_block *block;
    int has_key, has_derived;            // what of the memo below is valid
    int is_sealing_keyed, is_opening_keyed;
    uint8_t key[32], subkey[16];         // K and K1
    uint8_t half[12], derived[32];       // N[0..<12] and K_x
    uint32_t blocks[8];                  // what K_x was made from
};

/// Tells whether two keys are equal in a time that does not tell where they differ.
static int cs_is_same_key(const uint8_t *left, const uint8_t *right)
{
    uint64_t one[4], other[4];
    memcpy(one, left, sizeof one);
    memcpy(other, right, sizeof other);
    return ((one[0] ^ other[0]) | (one[1] ^ other[1]) | (one[2] ^ other[2])
            | (one[3] ^ other[3])) == 0;
}

cs_xaes *cs_xaes_new(const cs_library *library)
{
    cs_xaes *made = library ? OPENSSL_zalloc(sizeof *made) : NULL;
    if (!made) return NULL;
    made->block = cs_block_new(library);
    if (made->block && cs_gcm_prepare(&made->gcm, library)) return made;
    cs_xaes_free(made);
    return NULL;
}

void cs_xaes_free(cs_xaes *context)
{
    if (!context) return;
    cs_gcm_clear(&context->gcm);
    cs_block_free(context->block);
    OPENSSL_clear_free(context, sizeof *context);
}

/// K1 of the CMAC: the encryption of zero, doubled in GF(2^128).
static int cs_xaes_schedule(cs_xaes *context, const uint8_t *key)
{
    uint8_t doubled[16] = {0};
    context->has_key = context->has_derived = 0;
    if (!cs_block_key(context->block, 32, key)
        || !cs_block_encrypt(context->block, 16, doubled, 16, context->subkey))
        return 0;
    uint8_t top = context->subkey[0] >> 7;
    for (int i = 0; i < 16; i++)
        doubled[i] = (uint8_t)(context->subkey[i] << 1 | (i < 15 ? context->subkey[i + 1] >> 7 : 0));
    doubled[15] ^= (uint8_t)(0x87 & -top);
    memcpy(context->subkey, doubled, 16);
    OPENSSL_cleanse(doubled, sizeof doubled);
    memcpy(context->key, key, 32);
    context->has_key = 1;
    return 1;
}

/// K_x: two CMACs of one block each, over a counter, the label and the first half of the nonce.
static int cs_xaes_derive(cs_xaes *context, const uint8_t *key, const uint8_t *nonce)
{
    static const uint8_t counters[32] = {0, 1, 'X', 0, [16] = 0, 2, 'X', 0};
    int is_same_key = context->has_key && cs_is_same_key(context->key, key);
    if (is_same_key && context->has_derived && memcmp(context->half, nonce, 12) == 0) return 1;
    if (!is_same_key && !cs_xaes_schedule(context, key)) return 0;
    context->has_derived = context->is_sealing_keyed = context->is_opening_keyed = 0;
    // By words: bytes that are written apart and read together make the processor wait. And in the
    // context, which is wiped: nothing of a key stays on the stack.
    uint32_t counter[8], half[3];
    memcpy(counter, counters, sizeof counter);
    memcpy(half, nonce, sizeof half);
    for (int i = 0; i < 8; i++) {
        uint32_t subkey;
        memcpy(&subkey, context->subkey + 4 * (i % 4), sizeof subkey);
        context->blocks[i] = (i % 4 == 0 ? counter[i] : half[i % 4 - 1]) ^ subkey;
    }
    int ok = cs_block_encrypt(context->block, 32, (const uint8_t *)context->blocks,
                              32, context->derived);
    memcpy(context->half, nonce, 12);
    context->has_derived = ok;
    return ok;
}

int cs_xaes_seal(cs_xaes *context, size_t key_count, const uint8_t *key,
                 size_t nonce_count, const uint8_t *nonce, size_t extra_count, const uint8_t *extra,
                 size_t plain_count, const uint8_t *plain, size_t sealed_count, uint8_t *sealed)
{
    if (!context || key_count != 32 || nonce_count != 24
        || !cs_counts_fit(extra_count, plain_count, sealed_count)
        || !cs_xaes_derive(context, key, nonce))
        return 0;
    int ok = cs_gcm_run_seal(context->gcm.sealing,
                             context->is_sealing_keyed ? NULL : context->derived, nonce + 12,
                             extra_count, extra, plain_count, plain, sealed);
    context->is_sealing_keyed = ok;
    return ok;
}

int cs_xaes_open(cs_xaes *context, size_t key_count, const uint8_t *key,
                 size_t nonce_count, const uint8_t *nonce, size_t extra_count, const uint8_t *extra,
                 size_t sealed_count, const uint8_t *sealed, size_t plain_count, uint8_t *plain)
{
    if (!context || key_count != 32 || nonce_count != 24
        || !cs_counts_fit(extra_count, plain_count, sealed_count)
        || !cs_xaes_derive(context, key, nonce))
        return 0;
    int ok = cs_gcm_run_open(context->gcm.opening,
                             context->is_opening_keyed ? NULL : context->derived, nonce + 12,
                             extra_count, extra, sealed, plain_count, plain);
    context->is_opening_keyed = ok != 0;
    return ok;
}
