// SQLite, and SQLCipher when CIPHERED is defined: the same program over either library.

#include "store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#ifdef CIPHERED
#define SQLITE_HAS_CODEC 1
#include <sqlcipher/sqlite3.h>
#else
#include <sqlite3.h>
#endif

struct store {
    sqlite3 *database;
    sqlite3_stmt *begin, *commit, *put, *get, *range;
};

static void check(struct store *store, int result, int wanted, const char *what)
{
    if (result != wanted) fail("%s: %s", what, sqlite3_errmsg(store->database));
}

static void run(struct store *store, const char *sql)
{
    check(store, sqlite3_exec(store->database, sql, NULL, NULL, NULL), SQLITE_OK, sql);
}

static sqlite3_stmt *prepare(struct store *store, const char *sql)
{
    sqlite3_stmt *made;
    check(store, sqlite3_prepare_v2(store->database, sql, -1, &made, NULL), SQLITE_OK, sql);
    return made;
}

static void unlock(struct store *store)
{
#ifdef CIPHERED
    // A raw key with its salt: nothing is derived from a passphrase.
    run(store, "PRAGMA key = \"x'00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
               "0123456789abcdef0123456789abcdef'\"");
    run(store, "PRAGMA cipher_page_size = 4096");
#else
    (void)store;
#endif
}

static void make_tables(struct store *store)
{
    run(store, "CREATE TABLE records (number INTEGER PRIMARY KEY, time INTEGER NOT NULL,"
               " subject TEXT NOT NULL, name TEXT NOT NULL, body BLOB NOT NULL)");
    run(store, "CREATE UNIQUE INDEX names ON records (name)");
    run(store, "CREATE INDEX subjects ON records (subject, time)");
    run(store, "CREATE INDEX times ON records (time)");
}

struct store *store_open(const char *path, enum store_mode mode)
{
    struct store *store = calloc(1, sizeof *store);
    if (!store) fail("no memory");
    if (mode == STORE_CREATE) make_directory(path);
    char file[4096];
    snprintf(file, sizeof file, "%s/records.db", path);
    int flags = mode == STORE_CREATE ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE
                                     : SQLITE_OPEN_READWRITE;
    check(store, sqlite3_open_v2(file, &store->database, flags, NULL), SQLITE_OK, "open");
    unlock(store);
    char cache[64];
    snprintf(cache, sizeof cache, "PRAGMA cache_size = -%d", CACHE_BYTES >> 10);
    run(store, cache);
    if (mode == STORE_CREATE) run(store, "PRAGMA page_size = 4096");
    run(store, "PRAGMA journal_mode = WAL");
    run(store, "PRAGMA synchronous = FULL");
    // 16 MiB of log between checkpoints, four times the default: the log's gain, not the table's loss.
    run(store, "PRAGMA wal_autocheckpoint = 4096");
    if (mode == STORE_CREATE) make_tables(store);
    store->begin = prepare(store, "BEGIN IMMEDIATE");
    store->commit = prepare(store, "COMMIT");
    store->put = prepare(store, "INSERT INTO records VALUES (?, ?, ?, ?, ?)");
    store->get = prepare(store, "SELECT body FROM records WHERE name = ?");
    store->range = prepare(
        store, "SELECT name, body FROM records WHERE name >= ? ORDER BY name LIMIT ?");
    return store;
}

static void step(struct store *store, sqlite3_stmt *statement, const char *what)
{
    check(store, sqlite3_step(statement), SQLITE_DONE, what);
    sqlite3_reset(statement);
}

void store_begin(struct store *store) { step(store, store->begin, "begin"); }

void store_put(struct store *store, uint64_t number, uint64_t time, const char *name,
               const struct record *record)
{
    sqlite3_bind_int64(store->put, 1, (sqlite3_int64)number + 1);
    sqlite3_bind_int64(store->put, 2, (sqlite3_int64)time);
    sqlite3_bind_text(store->put, 3, record->subject, -1, SQLITE_STATIC);
    sqlite3_bind_text(store->put, 4, name, NAME_LENGTH, SQLITE_STATIC);
    sqlite3_bind_blob(store->put, 5, record->body, (int)record->body_count, SQLITE_STATIC);
    step(store, store->put, "insert");
}

void store_commit(struct store *store) { step(store, store->commit, "commit"); }

const uint8_t *store_get(struct store *store, const char *name, size_t *byte_count)
{
    sqlite3_reset(store->get);
    sqlite3_bind_text(store->get, 1, name, NAME_LENGTH, SQLITE_STATIC);
    int result = sqlite3_step(store->get);
    if (result == SQLITE_DONE) return NULL;
    check(store, result, SQLITE_ROW, "select");
    *byte_count = (size_t)sqlite3_column_bytes(store->get, 0);
    return sqlite3_column_blob(store->get, 0);
}

/// Adds up the rows of a statement whose last column is the body.
static struct tally tally_rows(struct store *store, sqlite3_stmt *statement)
{
    struct tally tally = {0};
    int body = sqlite3_column_count(statement) - 1, result;
    while ((result = sqlite3_step(statement)) == SQLITE_ROW) {
        const uint8_t *bytes = sqlite3_column_blob(statement, body);
        if (!bytes || bytes[0] != '{') fail("a record is not whole");
        tally.bytes += (uint64_t)sqlite3_column_bytes(statement, body);
        tally.records++;
    }
    check(store, result, SQLITE_DONE, "select");
    return tally;
}

struct tally store_scan(struct store *store)
{
    sqlite3_reset(store->get);
    sqlite3_stmt *all = prepare(store, "SELECT name, body FROM records ORDER BY number");
    struct tally tally = tally_rows(store, all);
    sqlite3_finalize(all);
    return tally;
}

struct tally store_range(struct store *store, const char *first, uint64_t limit)
{
    sqlite3_reset(store->range);
    sqlite3_bind_text(store->range, 1, first, NAME_LENGTH, SQLITE_STATIC);
    sqlite3_bind_int64(store->range, 2, (sqlite3_int64)limit);
    return tally_rows(store, store->range);
}

void store_settle(struct store *store) { run(store, "PRAGMA wal_checkpoint(TRUNCATE)"); }

void store_close(struct store *store)
{
    sqlite3_finalize(store->begin);
    sqlite3_finalize(store->commit);
    sqlite3_finalize(store->put);
    sqlite3_finalize(store->get);
    sqlite3_finalize(store->range);
    check(store, sqlite3_close(store->database), SQLITE_OK, "close");
    free(store);
}
