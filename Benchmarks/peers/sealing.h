#ifndef SEALING_H
#define SEALING_H

#include <stddef.h>
#include <stdint.h>

/// What an application does for itself above a store that neither compresses nor encrypts:
/// zstd with a dictionary, then AES-256-GCM under one key with a nonce of its own for each message.
struct sealing;

enum { SEAL_TAG = 16, SEAL_NONCE = 12 };

/// Contexts and dictionaries made once; `dictionary` names a file.
struct sealing *sealing_new(const char *dictionary, int level);

void sealing_free(struct sealing *sealing);

/// Compresses and seals; returns the bytes written. `sealed` has room for `seal_bound`.
size_t seal(struct sealing *sealing, uint64_t nonce, const char *associated,
            size_t associated_count, const uint8_t *plain, size_t plain_count, uint8_t *sealed,
            size_t capacity);

size_t seal_bound(size_t plain_count);

/// Opens and decompresses into the sealing's own buffer, good until the next call.
const uint8_t *unseal(struct sealing *sealing, uint64_t nonce, const char *associated,
                      size_t associated_count, const uint8_t *sealed, size_t sealed_count,
                      size_t *plain_count);

#endif
