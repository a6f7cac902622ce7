// For SHA256_Init and its kin: see cs_library_hashes_directly.
#define OPENSSL_SUPPRESS_DEPRECATED
#include "library.h"
#include <openssl/opensslv.h>
#include <openssl/provider.h>
#include <openssl/sha.h>
#include <string.h>

static const cs_hash cs_no_hash;

/// Tells whether SHA-256 may be asked of libcrypto's own functions instead of its providers.
///
/// EVP allocates and frees for each message, which costs more than the hashing of a short one; the
/// functions of old, which OpenSSL 3 still has, do not. They are the code that EVP would come to, unless
/// another provider was configured, or FIPS demanded: then that is asked.
int cs_library_hashes_directly(const EVP_MD *sha256)
{
    const OSSL_PROVIDER *provider = EVP_MD_get0_provider(sha256);
    return OPENSSL_VERSION_MAJOR == 3 && !EVP_default_properties_is_fips_enabled(NULL) && provider
        && strcmp(OSSL_PROVIDER_get0_name(provider), "default") == 0;
}

cs_hash cs_hash_of(const uint8_t bytes[32])
{
    cs_hash hash = {.is_valid = 1};
    for (int word = 0; word < 4; word++) {
        uint64_t value;
        memcpy(&value, bytes + 8 * word, 8);
        hash.words[word] = __builtin_bswap64(value);
    }
    return hash;
}

static void cs_spell(const cs_hash *hash, uint8_t bytes[32])
{
    for (int word = 0; word < 4; word++) {
        uint64_t value = __builtin_bswap64(hash->words[word]);
        memcpy(bytes + 8 * word, &value, 8);
    }
}

struct cs_sha256 {
    EVP_MD_CTX *context; // null if libcrypto's own functions are asked
    SHA256_CTX direct;
    int is_open; // a message has begun; otherwise the next update begins one
};

static int cs_begin(cs_sha256 *context)
{
    context->is_open = context->context ? EVP_DigestInit_ex2(context->context, NULL, NULL) == 1
                                        : SHA256_Init(&context->direct) == 1;
    return context->is_open;
}

static int cs_take(cs_sha256 *context, size_t count, const uint8_t *bytes)
{
    if (count == 0) return 1;
    return context->context ? EVP_DigestUpdate(context->context, bytes, count) == 1
                            : SHA256_Update(&context->direct, bytes, count) == 1;
}

static int cs_end(cs_sha256 *context, uint8_t hash[32])
{
    context->is_open = 0;
    return context->context ? EVP_DigestFinal_ex(context->context, hash, NULL) == 1
                            : SHA256_Final(hash, &context->direct) == 1;
}

cs_sha256 *cs_sha256_new(const cs_library *library, int asks_provider)
{
    cs_sha256 *made = library ? OPENSSL_zalloc(sizeof *made) : NULL;
    if (!made) return NULL;
    if (library->hashes_directly && !asks_provider) return made;
    made->context = EVP_MD_CTX_new();
    made->is_open = 1;
    if (made->context && EVP_DigestInit_ex2(made->context, library->sha256, NULL) == 1) return made;
    cs_sha256_free(made);
    return NULL;
}

void cs_sha256_free(cs_sha256 *context)
{
    if (!context) return;
    EVP_MD_CTX_free(context->context);
    OPENSSL_clear_free(context, sizeof *context);
}

int cs_sha256_update(cs_sha256 *context, size_t count, const uint8_t *bytes)
{
    return context && (context->is_open || cs_begin(context)) && cs_take(context, count, bytes);
}

cs_hash cs_sha256_finish(cs_sha256 *context)
{
    uint8_t bytes[32];
    if (!context || !(context->is_open || cs_begin(context)) || !cs_end(context, bytes))
        return cs_no_hash;
    return cs_hash_of(bytes);
}

cs_hash cs_sha256_once(cs_sha256 *context, size_t count, const uint8_t *bytes)
{
    if (!context || !cs_begin(context) || !cs_sha256_update(context, count, bytes))
        return cs_no_hash;
    return cs_sha256_finish(context);
}

cs_hash cs_sha256_leaf(cs_sha256 *context, uint8_t prefix, size_t count, const uint8_t *bytes)
{
    if (!context || !cs_begin(context) || !cs_sha256_update(context, 1, &prefix)
        || !cs_sha256_update(context, count, bytes))
        return cs_no_hash;
    return cs_sha256_finish(context);
}

cs_hash cs_sha256_node(cs_sha256 *context, uint8_t prefix, cs_hash left, cs_hash right)
{
    uint8_t bytes[65] = {prefix};
    cs_spell(&left, bytes + 1);
    cs_spell(&right, bytes + 33);
    return cs_sha256_once(context, sizeof bytes, bytes);
}

/// Hashes `prefix` and then the `count` bytes behind `room`, which is where the prefix stands meanwhile:
/// then libcrypto has the message in one piece, and copies none of it.
static int cs_prefixed(cs_sha256 *context, uint8_t prefix, uint8_t *room, size_t count,
                       uint8_t hash[32])
{
    const uint8_t kept = *room;
    *room = prefix;
    uint8_t made[32];
    const int done = cs_begin(context) && cs_take(context, count + 1, room) && cs_end(context, made);
    // Only now: a node may take the place of what it was made from.
    *room = kept;
    if (done) memcpy(hash, made, sizeof made);
    return done;
}

int cs_sha256_root(cs_sha256 *context, size_t count, uint8_t *bytes, size_t start_count,
                   const size_t *starts, size_t hash_count, uint8_t *hashes)
{
    if (!context || start_count == 0 || hash_count == 0 || (hash_count - 1) / 32 < start_count)
        return 0;
    uint8_t *const hash = hashes + 1;
    for (size_t i = 0; i < start_count; i++) {
        const size_t start = starts[i], end = i + 1 < start_count ? starts[i + 1] : count;
        if (start == 0 || start > end || end > count
            || !cs_prefixed(context, 0, bytes + start - 1, end - start, hash + 32 * i))
            return 0;
    }
    // Level by level: two neighbours become one node, and one without a neighbour rises as it is.
    for (size_t left = start_count; left > 1; left = (left + 1) / 2) {
        for (size_t node = 0; node < left / 2; node++)
            if (!cs_prefixed(context, 1, hash + 64 * node - 1, 64, hash + 32 * node)) return 0;
        if (left % 2) memmove(hash + 32 * (left / 2), hash + 32 * (left - 1), 32);
    }
    return 1;
}

struct cs_hmac {
    EVP_MAC_CTX *context;
    int has_key;
};

cs_hmac *cs_hmac_new(const cs_library *library)
{
    cs_hmac *made = library ? OPENSSL_zalloc(sizeof *made) : NULL;
    if (!made) return NULL;
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, (char *)"SHA2-256", 0),
        OSSL_PARAM_construct_end(),
    };
    made->context = EVP_MAC_CTX_new(library->hmac);
    if (made->context && EVP_MAC_CTX_set_params(made->context, params) == 1) return made;
    cs_hmac_free(made);
    return NULL;
}

void cs_hmac_free(cs_hmac *context)
{
    if (!context) return;
    EVP_MAC_CTX_free(context->context);
    OPENSSL_free(context);
}

int cs_hmac_key(cs_hmac *context, size_t count, const uint8_t *key)
{
    if (!context) return 0;
    context->has_key = EVP_MAC_init(context->context, cs_address(key), count, NULL) == 1;
    return context->has_key;
}

int cs_hmac_update(cs_hmac *context, size_t count, const uint8_t *bytes)
{
    return context && context->has_key
        && (count == 0 || EVP_MAC_update(context->context, bytes, count) == 1);
}

int cs_hmac_finish(cs_hmac *context, size_t count, uint8_t *mac)
{
    size_t written = 0;
    if (count != 32 || !context || !context->has_key) return 0;
    return EVP_MAC_final(context->context, mac, &written, count) == 1 && written == 32
        && EVP_MAC_init(context->context, NULL, 0, NULL) == 1;
}

cs_hash cs_hmac_finish_hash(cs_hmac *context)
{
    uint8_t bytes[32];
    if (!cs_hmac_finish(context, sizeof bytes, bytes)) return cs_no_hash;
    return cs_hash_of(bytes);
}

/// The hash of a block, which is the key padded with `pad`, and `count` more bytes of at most 32, which
/// are put together in `message`.
static int cs_keyed_hash(cs_sha256 *context, uint8_t pad, const uint8_t key[32], size_t count,
                         const uint8_t *bytes, uint8_t message[96], uint8_t hash[32])
{
    for (int i = 0; i < 32; i++) message[i] = key[i] ^ pad;
    memset(message + 32, pad, 32);
    memcpy(message + 64, bytes, count);
    return cs_begin(context) && cs_take(context, 64 + count, message) && cs_end(context, hash);
}

int cs_hmac_chain(cs_sha256 *context, size_t message_count, const uint8_t *messages, size_t count,
                  uint8_t *key)
{
    uint8_t inner[32], message[96];
    int done = context && count == 32;
    for (size_t i = 0; done && i < message_count; i++)
        done = cs_keyed_hash(context, 0x36, key, 1, messages + i, message, inner)
            && cs_keyed_hash(context, 0x5c, key, sizeof inner, inner, message, key);
    OPENSSL_cleanse(inner, sizeof inner);
    OPENSSL_cleanse(message, sizeof message);
    if (context) OPENSSL_cleanse(&context->direct, sizeof context->direct);
    return done;
}
