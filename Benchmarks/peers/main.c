// The phases of a comparison, the same for every peer; each is a process, so that memory is its own.

#include "store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RANGE_LIMIT = 100 };

/// Puts a whole corpus, each batch synced; reading the corpus is not timed.
static void insert(const char *corpus_path, const char *path)
{
    static struct record records[BATCH_COUNT];
    struct corpus *corpus = open_corpus(corpus_path);
    uint64_t start = now();
    struct store *store = store_open(path, STORE_CREATE);
    uint64_t opened = now() - start, spent = 0, number = 0, bytes = 0;
    for (size_t count; (count = next_records(corpus, records, BATCH_COUNT)) > 0;) {
        char name[NAME_LENGTH + 1];
        start = now();
        uint64_t time = next_time();
        store_begin(store);
        for (size_t index = 0; index < count; index++) {
            make_name(number, name);
            store_put(store, number++, time, name, &records[index]);
            bytes += records[index].body_count;
        }
        store_commit(store);
        spent += now() - start;
    }
    start = now();
    store_close(store);
    uint64_t closing = now() - start;
    figure("insert.create_ms", (double)opened / 1e6);
    figure("insert.commits_per_s", (double)number * 1e9 / (double)spent);
    figure("insert.per_s", (double)number * 1e9 / (double)(spent + closing));
    figure("insert.close_ms", (double)closing / 1e6);
    figure("corpus.mb", (double)bytes / 1e6);
    close_corpus(corpus);
}

/// Gives the files the shape they have in the long run.
static void settle(const char *path)
{
    uint64_t start = now();
    struct store *store = store_open(path, STORE_WRITE);
    store_settle(store);
    store_close(store);
    figure("settle.ms", (double)(now() - start) / 1e6);
}

/// One record a commit, into what is there; the numbers follow those of the corpus.
static void single(const char *corpus_path, const char *path, uint64_t records, uint64_t count)
{
    static struct record batch[BATCH_COUNT];
    struct samples samples = {0};
    struct corpus *corpus = open_corpus(corpus_path);
    size_t had = next_records(corpus, batch, BATCH_COUNT);
    if (had == 0) fail("the corpus is empty");
    struct store *store = store_open(path, STORE_WRITE);
    uint64_t begin = now();
    for (uint64_t index = 0; index < count; index++) {
        char name[NAME_LENGTH + 1];
        make_name(records + index, name);
        uint64_t start = now();
        store_begin(store);
        store_put(store, records + index, next_time(), name, &batch[index % had]);
        store_commit(store);
        add_sample(&samples, now() - start);
    }
    figure("single.per_s", (double)count * 1e9 / (double)(now() - begin));
    figure_percentiles("single", &samples);
    store_close(store);
    close_corpus(corpus);
}

static void get(struct store *store, const char *name)
{
    size_t byte_count;
    const uint8_t *body = store_get(store, name, &byte_count);
    if (!body || byte_count < 2 || body[0] != '{') fail("the record %s is not whole", name);
}

static void read_names(struct store *store, uint64_t records, uint64_t count, uint64_t seed,
                       struct samples *samples)
{
    char name[NAME_LENGTH + 1];
    for (uint64_t index = 0; index < count; index++) {
        make_name(next_random(&seed) % records, name);
        uint64_t start = now();
        get(store, name);
        if (samples) add_sample(samples, now() - start);
    }
}

/// So many digits that 200 records or more share them: ranges begin at names cut to these, because
/// that is how the archive is asked for a range.
static size_t range_digits(uint64_t records)
{
    size_t digits = 0;
    for (; records >= 200 * 16; records /= 16) digits++;
    return digits;
}

static void read_ranges(struct store *store, uint64_t records, uint64_t count, uint64_t seed)
{
    size_t digits = range_digits(records);
    uint64_t start = now();
    for (uint64_t index = 0; index < count; index++) {
        char name[NAME_LENGTH + 1];
        make_name(next_random(&seed) % records, name);
        memset(name + digits, '0', NAME_LENGTH - digits);
        struct tally tally = store_range(store, name, RANGE_LIMIT);
        if (tally.records == 0 || tally.bytes == 0) fail("a range is empty");
    }
    figure("range.per_s", (double)count * 1e9 / (double)(now() - start));
}

static void read_warm(const char *path, uint64_t records, uint64_t count, uint64_t seed)
{
    struct samples samples = {0};
    char name[NAME_LENGTH + 1];
    struct store *store = store_open(path, STORE_READ);
    read_names(store, records, 2 * count, seed + 1, NULL);
    uint64_t start = now();
    read_names(store, records, count, seed + 2, &samples);
    figure("read.per_s", (double)count * 1e9 / (double)(now() - start));
    figure_percentiles("read", &samples);

    start = now();
    for (uint64_t index = 0; index < count; index++) {
        size_t byte_count;
        make_name(next_random(&seed) % records, name);
        name[NAME_LENGTH - 1] = 'x';
        if (store_get(store, name, &byte_count)) fail("a record is there that nobody put");
    }
    figure("absent.per_s", (double)count * 1e9 / (double)(now() - start));

    read_ranges(store, records, count / 40 ? count / 40 : 1, seed);
    store_close(store);
}

static void read_cold(const char *path, uint64_t records, uint64_t count, uint64_t seed)
{
    struct samples samples = {0};
    struct store *store = store_open(path, STORE_READ);
    read_names(store, records, count, seed, &samples);
    figure_percentiles("cold", &samples);
    store_close(store);
}

static void scan(const char *path)
{
    struct store *store = store_open(path, STORE_READ);
    uint64_t start = now();
    struct tally tally = store_scan(store);
    double seconds = (double)(now() - start) / 1e9;
    figure("scan.records", (double)tally.records);
    figure("scan.mb", (double)tally.bytes / 1e6);
    figure("scan.per_s", (double)tally.records / seconds);
    store_close(store);
}

static void open_and_read(const char *path, uint64_t records, uint64_t seed)
{
    struct samples samples = {0};
    for (int round = 0; round < 11; round++) {
        uint64_t start = now();
        struct store *store = store_open(path, STORE_READ);
        read_names(store, records, 1, seed + (uint64_t)round, NULL);
        uint64_t spent = now() - start;
        store_close(store);
        if (round == 0) figure("open.first_ms", (double)spent / 1e6);
        add_sample(&samples, spent);
    }
    figure("open.ms", percentile(&samples, 0.5) / 1000);
}

static uint64_t number(const char *text)
{
    char *end;
    unsigned long long value = strtoull(text, &end, 10);
    if (*text == 0 || *end != 0) fail("%s is not a number", text);
    return value;
}

int main(int count, char **arguments)
{
    const char *phase = count > 1 ? arguments[1] : "";
    if (strcmp(phase, "insert") == 0 && count == 4)
        insert(arguments[2], arguments[3]);
    else if (strcmp(phase, "settle") == 0 && count == 3)
        settle(arguments[2]);
    else if (strcmp(phase, "single") == 0 && count == 6)
        single(arguments[2], arguments[3], number(arguments[4]), number(arguments[5]));
    else if (strcmp(phase, "read") == 0 && count == 6)
        read_warm(arguments[2], number(arguments[3]), number(arguments[4]), number(arguments[5]));
    else if (strcmp(phase, "cold") == 0 && count == 6)
        read_cold(arguments[2], number(arguments[3]), number(arguments[4]), number(arguments[5]));
    else if (strcmp(phase, "scan") == 0 && count == 3)
        scan(arguments[2]);
    else if (strcmp(phase, "open") == 0 && count == 5)
        open_and_read(arguments[2], number(arguments[3]), number(arguments[4]));
    else
        fail("usage: insert CORPUS DIR | settle DIR | single CORPUS DIR RECORDS COUNT | "
             "read|cold DIR RECORDS COUNT SEED | scan DIR | open DIR RECORDS SEED");
    return 0;
}
