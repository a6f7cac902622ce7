#include "bench.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

void fail(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fputs("benchmark: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    exit(1);
}

void *allocate(void *old, size_t byte_count)
{
    void *made = realloc(old, byte_count ? byte_count : 1);
    if (!made) fail("no memory for %zu bytes", byte_count);
    return made;
}

uint64_t now(void)
{
    struct timespec time;
    if (clock_gettime(CLOCK_MONOTONIC, &time) != 0) fail("no clock: %s", strerror(errno));
    return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

uint64_t next_time(void)
{
    static uint64_t last;
    struct timespec time;
    if (clock_gettime(CLOCK_REALTIME, &time) != 0) fail("no clock: %s", strerror(errno));
    uint64_t micros = (uint64_t)time.tv_sec * 1000000 + (uint64_t)time.tv_nsec / 1000;
    last = micros > last ? micros : last + 1;
    return last;
}

static uint64_t mix(uint64_t value)
{
    value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9;
    value = (value ^ (value >> 27)) * 0x94d049bb133111eb;
    return value ^ (value >> 31);
}

static const uint64_t golden = 0x9e3779b97f4a7c15;

uint64_t next_random(uint64_t *state)
{
    *state += golden;
    return mix(*state);
}

void make_name(uint64_t number, char name[NAME_LENGTH + 1])
{
    static const char digits[] = "0123456789abcdef";
    for (uint64_t half = 0; half < 2; half++) {
        uint64_t value = mix(42 + golden * (2 * number + half + 1));
        for (int digit = 0; digit < 16; digit++)
            name[half * 16 + (uint64_t)digit] = digits[value >> (60 - 4 * digit) & 15];
    }
    name[NAME_LENGTH] = 0;
}

void figure(const char *name, double value)
{
    printf("%s %.6g\n", name, value);
    fflush(stdout);
}

void add_sample(struct samples *samples, uint64_t value)
{
    if (samples->count == samples->capacity) {
        samples->capacity = samples->capacity ? samples->capacity * 2 : 1024;
        samples->values = allocate(samples->values, samples->capacity * sizeof value);
    }
    samples->values[samples->count++] = value;
}

static int compare_values(const void *left, const void *right)
{
    uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;
    return (a > b) - (a < b);
}

double percentile(struct samples *samples, double part)
{
    if (samples->count == 0) fail("nothing was measured");
    qsort(samples->values, samples->count, sizeof *samples->values, compare_values);
    size_t place = (size_t)(part * (double)(samples->count - 1) + 0.5);
    return (double)samples->values[place] / 1000;
}

void figure_percentiles(const char *name, struct samples *samples)
{
    char full[64];
    snprintf(full, sizeof full, "%s.p50_us", name);
    figure(full, percentile(samples, 0.5));
    snprintf(full, sizeof full, "%s.p99_us", name);
    figure(full, percentile(samples, 0.99));
}

void make_directory(const char *path)
{
    if (mkdir(path, 0700) != 0 && errno != EEXIST) fail("cannot make %s: %s", path, strerror(errno));
}

uint8_t *read_file(const char *path, size_t *byte_count)
{
    FILE *file = fopen(path, "rb");
    if (!file) fail("cannot open %s: %s", path, strerror(errno));
    if (fseek(file, 0, SEEK_END) != 0) fail("cannot seek in %s", path);
    long count = ftell(file);
    if (count < 0) fail("cannot measure %s", path);
    rewind(file);
    uint8_t *bytes = allocate(NULL, (size_t)count);
    if (fread(bytes, 1, (size_t)count, file) != (size_t)count) fail("cannot read %s", path);
    fclose(file);
    *byte_count = (size_t)count;
    return bytes;
}
