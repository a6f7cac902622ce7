#ifndef RAW_XAES_H
#define RAW_XAES_H

#include <openssl/evp.h>
#include <stddef.h>
#include <stdint.h>
#define ZSTD_STATIC_LINKING_ONLY
#include <zstd.h>

enum { KEY = 32, TAG = 16, NONCE = 24, BLOCK = 8 << 10, LEVEL = 3 };

/// XAES-256-GCM: a key derived from the first half of the nonce, GCM under the second half.
struct xaes {
    EVP_CIPHER_CTX *block, *sealer, *opener;
    uint8_t subkey[16], half[12], derived[32];
    int is_derived, is_sealer_keyed, is_opener_keyed;
};

/// Begins under a key that all measurements have.
void xaes_prepare(struct xaes *xaes);

/// Goes on under another key.
void xaes_key(struct xaes *xaes, const uint8_t key[KEY]);

void xaes_clear(struct xaes *xaes);

void xaes_seal(struct xaes *xaes, const uint8_t *nonce, const uint8_t *plain, size_t count,
               uint8_t *sealed);

void xaes_open(struct xaes *xaes, const uint8_t *nonce, const uint8_t *sealed, size_t count,
               uint8_t *plain);

/// Fails if a result of Zstandard's says that something failed.
void check_zstd(size_t result);

/// A dictionary as the archive compresses with it at its usual level: long matches, one table.
ZSTD_CDict *digest_dictionary(const uint8_t *bytes, size_t count);

/// The archive's settings: no magic number, no sizes, no dictionary's number.
ZSTD_CCtx *make_compressor(const ZSTD_CDict *dictionary);

ZSTD_DCtx *make_decompressor(const ZSTD_DDict *dictionary);

#endif
