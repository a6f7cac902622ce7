#pragma once
#include "CSealing.h"
#include <limits.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

struct cs_library {
    EVP_CIPHER *gcm;
    EVP_CIPHER *ecb;
    EVP_MD *sha256;
    EVP_MAC *hmac;
    EVP_KDF *hkdf;
    int hashes_pairs; // two messages at once, by our own code
};

/// libcrypto takes counts as `int`.
static inline int cs_fits(size_t count) { return count <= INT_MAX - 64; }

/// An empty span has no address, but libcrypto reads a null input as a question about sizes.
static inline const uint8_t *cs_address(const uint8_t *bytes)
{
    return bytes ? bytes : (const uint8_t *)"";
}

cs_hash cs_hash_of(const uint8_t bytes[32]);

/// Messages that lie one behind the other: each is the prefix, at most a block less one byte, and the
/// bytes from its start on, `length` of them or, if that is 0, up to the next start or the end.
typedef struct {
    size_t count;
    const size_t *starts;
    size_t length;
    size_t byte_count;
    const uint8_t *bytes;
    size_t prefix_count;
    const uint8_t *prefix;
} cs_pieces;

static inline size_t cs_piece_count(const cs_pieces *pieces, size_t number)
{
    if (pieces->length > 0) return pieces->length;
    const size_t end = number + 1 < pieces->count ? pieces->starts[number + 1] : pieces->byte_count;
    return end - pieces->starts[number];
}

cs_hash cs_sha256_prefixed(cs_sha256 *context, size_t prefix_count, const uint8_t *prefix,
                           size_t count, const uint8_t *bytes);
/// Writes four words for each piece.
int cs_hash_pieces(cs_sha256 *context, int in_pairs, const cs_pieces *pieces, uint64_t *words);
/// Whether messages can be hashed in pairs here.
int cs_pairs_work(cs_sha256 *context);
