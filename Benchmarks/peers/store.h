#ifndef STORE_H
#define STORE_H

#include "bench.h"

/// What every peer does; one file of this directory implements it for each of them.
///
/// A record has a unique name, a number, the time it was put and a subject, and can be found by each.
struct store;

enum store_mode { STORE_CREATE, STORE_WRITE, STORE_READ };

struct store *store_open(const char *path, enum store_mode mode);

void store_begin(struct store *store);

void store_put(struct store *store, uint64_t number, uint64_t time, const char *name,
               const struct record *record);

/// Returns when what was put is durable.
void store_commit(struct store *store);

/// The body of a name, good until the next call; NULL if there is none.
const uint8_t *store_get(struct store *store, const char *name, size_t *byte_count);

struct tally {
    uint64_t records, bytes;
};

/// Reads all records, verified as far as the store does, in the order in which it keeps them.
struct tally store_scan(struct store *store);

/// Reads up to `limit` records with their bodies in the order of names.
struct tally store_range(struct store *store, const char *first, uint64_t limit);

/// Brings the files into the shape they have in the long run.
void store_settle(struct store *store);

void store_close(struct store *store);

#endif
