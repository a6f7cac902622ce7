#pragma once
#include <stddef.h>
#include <stdint.h>

// One function for each operation that Strongroom asks of libcrypto and of the kernel. Every buffer
// is counted and non-escaping, so Swift calls with spans. No function keeps a pointer to a buffer,
// none allocates per message, and there is no global state: algorithms are fetched once into a
// `cs_library`, which the caller keeps for the life of the process. Unless stated otherwise a
// function answers 1 for success and 0 for failure, and a null handle is a failure.

// The Swift importer turns a counted, non-escaping pointer into a `Span`. Plain C compilers do not
// accept the attribute on a parameter, so it is visible to Swift alone.
#if defined(__has_feature)
#if __has_feature(bounds_safety_attributes)
#define CS_COUNTED(n) __attribute__((__counted_by__(n)))
#endif
#endif
#ifndef CS_COUNTED
#define CS_COUNTED(n)
#endif
#define CS_IN(n) CS_COUNTED(n) __attribute__((noescape))

/// The algorithms, fetched once: all of them, or SHA-256 alone, which takes libcrypto half the time.
typedef struct cs_library cs_library;
cs_library *cs_library_fetch(int only_hashes);

/// The 32 bytes of a hash as big-endian words, and whether libcrypto delivered them.
typedef struct {
    uint64_t words[4];
    int is_valid;
} cs_hash;

// Memory and randomness.

void cs_wipe(size_t count, uint8_t *bytes CS_IN(count));
/// Keeps the pages of `bytes` out of swap where the system allows it; says nothing if it does not.
void cs_lock(size_t count, const uint8_t *bytes CS_IN(count));
/// Compares in a time that depends on the counts only. 1 for equal.
int cs_equal(size_t left_count, const uint8_t *left CS_IN(left_count),
             size_t right_count, const uint8_t *right CS_IN(right_count));
/// Fills `bytes` from the kernel's generator, which a restored virtual machine reseeds.
int cs_random(size_t count, uint8_t *bytes CS_IN(count));

// SHA-256. A context is always ready for the next message.

typedef struct cs_sha256 cs_sha256;
/// Asks libcrypto's provider even where its own functions would do if `asks_provider`.
cs_sha256 *cs_sha256_new(const cs_library *library, int asks_provider);
void cs_sha256_free(cs_sha256 *context);
int cs_sha256_update(cs_sha256 *context, size_t count, const uint8_t *bytes CS_IN(count));
cs_hash cs_sha256_finish(cs_sha256 *context);
/// Hashes `bytes` alone; what was updated before is lost.
cs_hash cs_sha256_once(cs_sha256 *context, size_t count, const uint8_t *bytes CS_IN(count));
/// Hashes `prefix` and then `bytes`, as a leaf of a Merkle tree is.
cs_hash cs_sha256_leaf(cs_sha256 *context, uint8_t prefix,
                       size_t count, const uint8_t *bytes CS_IN(count));
/// Hashes `prefix` and two hashes, as a node of a Merkle tree is.
cs_hash cs_sha256_node(cs_sha256 *context, uint8_t prefix, cs_hash left, cs_hash right);

/// The root of the Merkle tree whose leaves are the pieces of `bytes` that begin at the starts: there is
/// one at least, and a byte before each. A piece ends where the next begins, the last at the end. The
/// byte before a piece is another while that is hashed. Of `hashes` the root is from the second byte on;
/// they have room for 32 bytes a piece behind the first.
int cs_sha256_root(cs_sha256 *context, size_t count, uint8_t *bytes CS_IN(count),
                   size_t start_count, const size_t *starts CS_IN(start_count),
                   size_t hash_count, uint8_t *hashes CS_IN(hash_count));

// HMAC-SHA256. A context has one key until `cs_hmac_key` gives it another.

typedef struct cs_hmac cs_hmac;
cs_hmac *cs_hmac_new(const cs_library *library);
void cs_hmac_free(cs_hmac *context);
int cs_hmac_key(cs_hmac *context, size_t count, const uint8_t *key CS_IN(count));
int cs_hmac_update(cs_hmac *context, size_t count, const uint8_t *bytes CS_IN(count));
/// Delivers 32 bytes and makes the context ready for the next message under the same key.
int cs_hmac_finish(cs_hmac *context, size_t count, uint8_t *mac CS_IN(count));
cs_hash cs_hmac_finish_hash(cs_hmac *context);
/// Replaces `key` once for each message of one byte by its HMAC under the key before.
int cs_hmac_chain(cs_sha256 *context, size_t message_count,
                  const uint8_t *messages CS_IN(message_count),
                  size_t count, uint8_t *key CS_IN(count));

// Derivations. The caller bounds the parameters of scrypt; `memory_limit` is in bytes.

/// HKDF (RFC 5869) over libcrypto's HMAC, in a context that is left under a key of zeros. libcrypto's own makes
/// contexts and looks up algorithms by name at each call, which takes several times as long.
int cs_hkdf(cs_hmac *context, int expand_only,
            size_t secret_count, const uint8_t *secret CS_IN(secret_count),
            size_t salt_count, const uint8_t *salt CS_IN(salt_count),
            size_t info_count, const uint8_t *info CS_IN(info_count),
            size_t derived_count, uint8_t *derived CS_IN(derived_count));
int cs_scrypt(size_t passphrase_count, const uint8_t *passphrase CS_IN(passphrase_count),
              size_t salt_count, const uint8_t *salt CS_IN(salt_count),
              uint64_t cost, uint64_t block_size, uint64_t parallelism, uint64_t memory_limit,
              size_t derived_count, uint8_t *derived CS_IN(derived_count));

// AES-256: one block under a key that stays scheduled.

typedef struct cs_block cs_block;
cs_block *cs_block_new(const cs_library *library);
void cs_block_free(cs_block *context);
int cs_block_key(cs_block *context, size_t key_count, const uint8_t *key CS_IN(key_count));
/// Encrypts whole blocks, each on its own.
int cs_block_encrypt(cs_block *context, size_t plain_count, const uint8_t *plain CS_IN(plain_count),
                     size_t sealed_count, uint8_t *sealed CS_IN(sealed_count));

// AES-256-GCM with a nonce of 12 bytes and a tag of 16 at the end, and XAES-256-GCM over it with a
// nonce of 24. A failed opening leaves zeros. Opening answers -1 when the bytes are not authentic.

typedef struct cs_gcm cs_gcm;
cs_gcm *cs_gcm_new(const cs_library *library);
void cs_gcm_free(cs_gcm *context);
int cs_gcm_seal(cs_gcm *context, size_t key_count, const uint8_t *key CS_IN(key_count),
                size_t nonce_count, const uint8_t *nonce CS_IN(nonce_count),
                size_t extra_count, const uint8_t *extra CS_IN(extra_count),
                size_t plain_count, const uint8_t *plain CS_IN(plain_count),
                size_t sealed_count, uint8_t *sealed CS_IN(sealed_count));
int cs_gcm_open(cs_gcm *context, size_t key_count, const uint8_t *key CS_IN(key_count),
                size_t nonce_count, const uint8_t *nonce CS_IN(nonce_count),
                size_t extra_count, const uint8_t *extra CS_IN(extra_count),
                size_t sealed_count, const uint8_t *sealed CS_IN(sealed_count),
                size_t plain_count, uint8_t *plain CS_IN(plain_count));

/// Remembers the last key and the first half of the last nonce, so that the messages of one batch
/// under one key derive once.
typedef struct cs_xaes cs_xaes;
cs_xaes *cs_xaes_new(const cs_library *library);
void cs_xaes_free(cs_xaes *context);
int cs_xaes_seal(cs_xaes *context, size_t key_count, const uint8_t *key CS_IN(key_count),
                 size_t nonce_count, const uint8_t *nonce CS_IN(nonce_count),
                 size_t extra_count, const uint8_t *extra CS_IN(extra_count),
                 size_t plain_count, const uint8_t *plain CS_IN(plain_count),
                 size_t sealed_count, uint8_t *sealed CS_IN(sealed_count));
int cs_xaes_open(cs_xaes *context, size_t key_count, const uint8_t *key CS_IN(key_count),
                 size_t nonce_count, const uint8_t *nonce CS_IN(nonce_count),
                 size_t extra_count, const uint8_t *extra CS_IN(extra_count),
                 size_t sealed_count, const uint8_t *sealed CS_IN(sealed_count),
                 size_t plain_count, uint8_t *plain CS_IN(plain_count));

// Ed25519. Seeds and public keys have 32 bytes, signatures 64.

int cs_ed25519_public(size_t seed_count, const uint8_t *seed CS_IN(seed_count),
                      size_t public_count, uint8_t *public_key CS_IN(public_count));
int cs_ed25519_sign(size_t seed_count, const uint8_t *seed CS_IN(seed_count),
                    size_t message_count, const uint8_t *message CS_IN(message_count),
                    size_t signature_count, uint8_t *signature CS_IN(signature_count));
int cs_ed25519_verify(size_t public_count, const uint8_t *public_key CS_IN(public_count),
                      size_t message_count, const uint8_t *message CS_IN(message_count),
                      size_t signature_count, const uint8_t *signature CS_IN(signature_count));
