// LMDB with the application sealing each value: zstd with a dictionary, then AES-256-GCM.

#include "sealing.h"
#include "store.h"

#include <lmdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LEVEL = 3, NUMBER = 8 };

static const size_t map_bytes = (size_t)64 << 30;

struct store {
    MDB_env *environment;
    MDB_dbi names, subjects, times;
    MDB_txn *transaction;  // the writing one, or the reading one of a store opened to read
    struct sealing *sealing;
    uint8_t *value;
    size_t capacity;
};

static void check(int result, const char *what)
{
    if (result != MDB_SUCCESS) fail("%s: %s", what, mdb_strerror(result));
}

static const char *dictionary_path(void)
{
    const char *path = getenv("BENCH_DICTIONARY");
    if (!path) fail("BENCH_DICTIONARY must name the dictionary that `raw train` made");
    return path;
}

static void open_tables(struct store *store, enum store_mode mode)
{
    unsigned flags = mode == STORE_CREATE ? MDB_CREATE : 0;
    MDB_txn *transaction;
    check(mdb_txn_begin(store->environment, NULL, mode == STORE_READ ? MDB_RDONLY : 0,
                        &transaction), "begin");
    check(mdb_dbi_open(transaction, "names", flags, &store->names), "open names");
    check(mdb_dbi_open(transaction, "subjects", flags, &store->subjects), "open subjects");
    check(mdb_dbi_open(transaction, "times", flags, &store->times), "open times");
    check(mdb_txn_commit(transaction), "commit");
}

struct store *store_open(const char *path, enum store_mode mode)
{
    struct store *store = calloc(1, sizeof *store);
    if (!store) fail("no memory");
    if (mode == STORE_CREATE) make_directory(path);
    check(mdb_env_create(&store->environment), "create");
    check(mdb_env_set_maxdbs(store->environment, 3), "tables");
    check(mdb_env_set_mapsize(store->environment, map_bytes), "map");
    check(mdb_env_open(store->environment, path, mode == STORE_READ ? MDB_RDONLY : 0, 0600), path);
    open_tables(store, mode);
    store->sealing = sealing_new(dictionary_path(), LEVEL);
    if (mode == STORE_READ)
        check(mdb_txn_begin(store->environment, NULL, MDB_RDONLY, &store->transaction), "begin");
    return store;
}

void store_begin(struct store *store)
{
    check(mdb_txn_begin(store->environment, NULL, 0, &store->transaction), "begin");
}

static void big_endian(uint64_t value, uint8_t *bytes)
{
    for (int place = 0; place < 8; place++) bytes[place] = (uint8_t)(value >> (56 - 8 * place));
}

void store_put(struct store *store, uint64_t number, uint64_t time, const char *name,
               const struct record *record)
{
    size_t wanted = NUMBER + seal_bound(record->body_count);
    if (store->capacity < wanted) {
        store->capacity = wanted * 2;
        store->value = allocate(store->value, store->capacity);
    }
    big_endian(number, store->value);
    size_t sealed = seal(store->sealing, number, name, NAME_LENGTH, record->body,
                         record->body_count, store->value + NUMBER, store->capacity - NUMBER);
    MDB_val key = {NAME_LENGTH, (void *)name}, value = {NUMBER + sealed, store->value};
    check(mdb_put(store->transaction, store->names, &key, &value, MDB_NOOVERWRITE), "put");

    uint8_t moment[16], subject[480];
    big_endian(time, moment);
    big_endian(number, moment + 8);
    MDB_val when = {sizeof moment, moment}, which = {NAME_LENGTH, (void *)name};
    check(mdb_put(store->transaction, store->times, &when, &which, MDB_APPEND), "put a time");
    size_t length = strlen(record->subject) + 1;
    if (length + sizeof moment > sizeof subject) fail("a subject of %zu bytes", length);
    memcpy(subject, record->subject, length);
    memcpy(subject + length, moment, sizeof moment);
    MDB_val whose = {length + sizeof moment, subject};
    check(mdb_put(store->transaction, store->subjects, &whose, &which, 0), "put a subject");
}

void store_commit(struct store *store)
{
    check(mdb_txn_commit(store->transaction), "commit");
    store->transaction = NULL;
}

static const uint8_t *open_value(struct store *store, const MDB_val *name, const MDB_val *value,
                                 size_t *byte_count)
{
    const uint8_t *bytes = value->mv_data;
    uint64_t number = 0;
    for (int place = 0; place < NUMBER; place++) number = number << 8 | bytes[place];
    return unseal(store->sealing, number, name->mv_data, name->mv_size, bytes + NUMBER,
                  value->mv_size - NUMBER, byte_count);
}

const uint8_t *store_get(struct store *store, const char *name, size_t *byte_count)
{
    // A reader begins anew for each read, as one does who wants to see what is current.
    mdb_txn_reset(store->transaction);
    check(mdb_txn_renew(store->transaction), "renew");
    MDB_val key = {NAME_LENGTH, (void *)name}, value;
    int result = mdb_get(store->transaction, store->names, &key, &value);
    if (result == MDB_NOTFOUND) return NULL;
    check(result, "get");
    return open_value(store, &key, &value, byte_count);
}

static struct tally walk(struct store *store, const char *first, uint64_t limit)
{
    struct tally tally = {0};
    MDB_cursor *cursor;
    check(mdb_cursor_open(store->transaction, store->names, &cursor), "cursor");
    MDB_val key = {NAME_LENGTH, (void *)first}, value;
    int result = mdb_cursor_get(cursor, &key, &value, first ? MDB_SET_RANGE : MDB_FIRST);
    while (result == MDB_SUCCESS && tally.records < limit) {
        size_t byte_count;
        const uint8_t *body = open_value(store, &key, &value, &byte_count);
        if (body[0] != '{') fail("a record is not whole");
        tally.records++;
        tally.bytes += byte_count;
        result = mdb_cursor_get(cursor, &key, &value, MDB_NEXT);
    }
    if (result != MDB_SUCCESS && result != MDB_NOTFOUND) check(result, "next");
    mdb_cursor_close(cursor);
    return tally;
}

struct tally store_scan(struct store *store) { return walk(store, NULL, UINT64_MAX); }

struct tally store_range(struct store *store, const char *first, uint64_t limit)
{
    return walk(store, first, limit);
}

void store_settle(struct store *store) { check(mdb_env_sync(store->environment, 1), "sync"); }

void store_close(struct store *store)
{
    if (store->transaction) mdb_txn_abort(store->transaction);
    mdb_env_close(store->environment);
    sealing_free(store->sealing);
    free(store->value);
    free(store);
}
