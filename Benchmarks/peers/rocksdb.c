// RocksDB in plain text: as it is, or with zstd and a trained dictionary when COMPRESSED is defined.

#include "store.h"

#include <rocksdb/c.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK_BYTES = 8 << 10, DICTIONARY_BYTES = 112 << 10, LEVEL = 3, DEFAULT_WINDOW = -14 };

struct store {
    rocksdb_t *database;
    rocksdb_options_t *options;
    rocksdb_block_based_table_options_t *table;
    rocksdb_cache_t *cache;
    rocksdb_writeoptions_t *writing;
    rocksdb_readoptions_t *reading;
    rocksdb_writebatch_t *batch;
    rocksdb_pinnableslice_t *value;
};

static void check(char *error, const char *what)
{
    if (error) fail("%s: %s", what, error);
}

static void set_options(struct store *store)
{
    rocksdb_options_t *options = store->options = rocksdb_options_create();
    store->table = rocksdb_block_based_options_create();
    store->cache = rocksdb_cache_create_lru(CACHE_BYTES);
    rocksdb_block_based_options_set_block_cache(store->table, store->cache);
    // As large as the packs it is compared with; larger blocks compress better and read slower.
    rocksdb_block_based_options_set_block_size(store->table, BLOCK_BYTES);
    rocksdb_block_based_options_set_filter_policy(
        store->table, rocksdb_filterpolicy_create_bloom_full(10));
    rocksdb_options_set_block_based_table_factory(options, store->table);
    rocksdb_options_set_max_background_jobs(options, 2);
#ifdef COMPRESSED
    rocksdb_options_set_compression(options, rocksdb_zstd_compression);
    rocksdb_options_set_compression_options(options, DEFAULT_WINDOW, LEVEL, 0, DICTIONARY_BYTES);
    rocksdb_options_set_compression_options_zstd_max_train_bytes(options, 100 * DICTIONARY_BYTES);
#else
    rocksdb_options_set_compression(options, rocksdb_no_compression);
#endif
    store->writing = rocksdb_writeoptions_create();
    rocksdb_writeoptions_set_sync(store->writing, 1);
    store->reading = rocksdb_readoptions_create();
    rocksdb_readoptions_set_verify_checksums(store->reading, 1);
}

struct store *store_open(const char *path, enum store_mode mode)
{
    struct store *store = calloc(1, sizeof *store);
    if (!store) fail("no memory");
    set_options(store);
    rocksdb_options_set_create_if_missing(store->options, mode == STORE_CREATE);
    char *error = NULL;
    store->database = mode == STORE_READ
        ? rocksdb_open_for_read_only(store->options, path, 0, &error)
        : rocksdb_open(store->options, path, &error);
    check(error, "open");
    store->batch = rocksdb_writebatch_create();
    return store;
}

void store_begin(struct store *store) { rocksdb_writebatch_clear(store->batch); }

static void big_endian(uint64_t value, char *bytes)
{
    for (int place = 0; place < 8; place++) bytes[place] = (char)(value >> (56 - 8 * place));
}

void store_put(struct store *store, uint64_t number, uint64_t time, const char *name,
               const struct record *record)
{
    // One letter tells the tables apart: names, times, subjects.
    char key[512];
    key[0] = 'n';
    memcpy(key + 1, name, NAME_LENGTH);
    rocksdb_writebatch_put(store->batch, key, 1 + NAME_LENGTH, (const char *)record->body,
                           record->body_count);
    key[0] = 't';
    big_endian(time, key + 1);
    big_endian(number, key + 9);
    rocksdb_writebatch_put(store->batch, key, 17, name, NAME_LENGTH);
    size_t length = strlen(record->subject) + 1;
    if (length + 17 > sizeof key) fail("a subject of %zu bytes", length);
    key[0] = 's';
    memcpy(key + 1, record->subject, length);
    big_endian(time, key + 1 + length);
    big_endian(number, key + 9 + length);
    rocksdb_writebatch_put(store->batch, key, 17 + length, name, NAME_LENGTH);
}

void store_commit(struct store *store)
{
    char *error = NULL;
    rocksdb_write(store->database, store->writing, store->batch, &error);
    check(error, "write");
}

const uint8_t *store_get(struct store *store, const char *name, size_t *byte_count)
{
    if (store->value) rocksdb_pinnableslice_destroy(store->value);
    char key[1 + NAME_LENGTH] = "n";
    memcpy(key + 1, name, NAME_LENGTH);
    char *error = NULL;
    store->value = rocksdb_get_pinned(
        store->database, store->reading, key, sizeof key, &error);
    check(error, "get");
    return store->value
        ? (const uint8_t *)rocksdb_pinnableslice_value(store->value, byte_count) : NULL;
}

static struct tally walk(struct store *store, const char *first, uint64_t limit)
{
    struct tally tally = {0};
    char key[1 + NAME_LENGTH] = "n";
    if (first) memcpy(key + 1, first, NAME_LENGTH);
    rocksdb_iterator_t *iterator = rocksdb_create_iterator(store->database, store->reading);
    rocksdb_iter_seek(iterator, key, first ? sizeof key : 1);
    while (rocksdb_iter_valid(iterator) && tally.records < limit) {
        size_t length;
        const char *name = rocksdb_iter_key(iterator, &length);
        if (length == 0 || name[0] != 'n') break;
        const char *body = rocksdb_iter_value(iterator, &length);
        if (length == 0 || body[0] != '{') fail("a record is not whole");
        tally.records++;
        tally.bytes += length;
        rocksdb_iter_next(iterator);
    }
    char *error = NULL;
    rocksdb_iter_get_error(iterator, &error);
    check(error, "iterate");
    rocksdb_iter_destroy(iterator);
    return tally;
}

struct tally store_scan(struct store *store) { return walk(store, NULL, UINT64_MAX); }

struct tally store_range(struct store *store, const char *first, uint64_t limit)
{
    return walk(store, first, limit);
}

void store_settle(struct store *store)
{
    char *error = NULL;
    rocksdb_flushoptions_t *flushing = rocksdb_flushoptions_create();
    rocksdb_flush(store->database, flushing, &error);
    rocksdb_flushoptions_destroy(flushing);
    check(error, "flush");
    rocksdb_compact_range(store->database, NULL, 0, NULL, 0);
}

void store_close(struct store *store)
{
    if (store->value) rocksdb_pinnableslice_destroy(store->value);
    rocksdb_writebatch_destroy(store->batch);
    rocksdb_close(store->database);
    rocksdb_writeoptions_destroy(store->writing);
    rocksdb_readoptions_destroy(store->reading);
    rocksdb_options_destroy(store->options);
    rocksdb_block_based_options_destroy(store->table);
    rocksdb_cache_destroy(store->cache);
    free(store);
}
