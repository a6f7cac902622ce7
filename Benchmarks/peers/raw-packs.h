#ifndef RAW_PACKS_H
#define RAW_PACKS_H

#include "raw-xaes.h"

enum { MOST_BATCHES = 1000, DIGEST = 32 };

/// A pack of 8 KiB: bodies of one subject that follow each other, then their names, and where its frame
/// stands in the file.
struct pack {
    const uint8_t *plain;
    size_t first_body, body_count, plain_count, frame_count, subject;
    uint64_t offset;
};

/// A corpus as an archive would pack it; subjects have numbers from 1 on.
struct packs {
    struct pack *packs;
    size_t count, batches[MOST_BATCHES + 1], batch_count;  // where the packs of each batch begin
    size_t *bodies, body_count, body_bytes;                // the lengths of the bodies in `plain`
    uint8_t *plain;
    size_t plain_count, plain_room, subject_count;
};

void load_packs(struct packs *all, const char *corpus_path);

/// What SHA256() did before OpenSSL 3, which looks the algorithm up at each call.
void sha256(const uint8_t *bytes, size_t count, uint8_t *digest);

/// The digests of a pack's bodies, side by side.
void hash_bodies(const struct packs *all, const struct pack *pack, const uint8_t *plain,
                 uint8_t *digests);

/// The key of a subject: HMAC-SHA-256 over a digit of its tag, from node to node of a tree.
void derive_key(size_t subject, uint8_t key[KEY]);

#endif
