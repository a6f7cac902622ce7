#ifndef BENCH_H
#define BENCH_H

#include <stddef.h>
#include <stdint.h>

enum { NAME_LENGTH = 32, BATCH_COUNT = 1000, CACHE_BYTES = 64 << 20 };

/// Says what failed and ends the program.
_Noreturn void fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

/// Fails if an allocation does.
void *allocate(void *old, size_t byte_count);

/// Nanoseconds of a clock that only goes forward.
uint64_t now(void);

/// Microseconds since 1970, later at every call.
uint64_t next_time(void);

/// The name of the record with a number: 32 hexadecimal digits in no order.
void make_name(uint64_t number, char name[NAME_LENGTH + 1]);

/// A seeded generator of the same numbers on every run.
uint64_t next_random(uint64_t *state);

/// Prints a figure of this run for the program that compares.
void figure(const char *name, double value);

/// Durations of single operations, in nanoseconds.
struct samples {
    uint64_t *values;
    size_t count, capacity;
};

void add_sample(struct samples *samples, uint64_t value);

/// The value below which `part` of the samples lie, in microseconds.
double percentile(struct samples *samples, double part);

/// Prints `NAME.p50_us` and `NAME.p99_us`.
void figure_percentiles(const char *name, struct samples *samples);

void make_directory(const char *path);

/// The whole content of a file.
uint8_t *read_file(const char *path, size_t *byte_count);

/// One line of a corpus: a subject, a tab and the record.
struct record {
    const char *subject;  // ends with zero
    const uint8_t *body;
    size_t body_count;
};

struct corpus;

struct corpus *open_corpus(const char *path);

/// The next records, at most `limit`; good until the next call. Zero at the end.
size_t next_records(struct corpus *corpus, struct record *records, size_t limit);

void close_corpus(struct corpus *corpus);

#endif
