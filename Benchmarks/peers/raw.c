// What the hardware and the libraries give without any engine, and the training of a dictionary.

#include "raw.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zdict.h>

enum { DICTIONARY_BYTES = 112 << 10, SAMPLE_BYTES = 12 << 20, RECORD_BYTES = 1100 };

/// Appends of one record's size to a file that grows, each synced.
static void measure_appends(const char *path, int count)
{
    struct samples samples = {0};
    uint8_t bytes[RECORD_BYTES];
    memset(bytes, 7, sizeof bytes);
    int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0600);
    if (file < 0) fail("cannot make %s: %s", path, strerror(errno));
    for (int index = 0; index < count; index++) {
        uint64_t start = now();
        if (write(file, bytes, sizeof bytes) != (ssize_t)sizeof bytes || fdatasync(file) != 0)
            fail("cannot append to %s: %s", path, strerror(errno));
        add_sample(&samples, now() - start);
    }
    close(file);
    unlink(path);
    figure_percentiles("append", &samples);
}

/// A dictionary from records spread over the whole corpus, for the peers that seal for themselves.
static void train(const char *corpus_path, const char *path, uint64_t every)
{
    static struct record records[BATCH_COUNT];
    struct corpus *corpus = open_corpus(corpus_path);
    uint8_t *samples = allocate(NULL, SAMPLE_BYTES);
    size_t *sizes = NULL, used = 0, seen = 0;
    unsigned taken = 0;
    for (size_t count; (count = next_records(corpus, records, BATCH_COUNT)) > 0;) {
        for (size_t index = 0; index < count; index++, seen++) {
            if (seen % every != 0 || used + records[index].body_count > SAMPLE_BYTES) continue;
            memcpy(samples + used, records[index].body, records[index].body_count);
            used += records[index].body_count;
            sizes = allocate(sizes, (taken + 1) * sizeof *sizes);
            sizes[taken++] = records[index].body_count;
        }
    }
    uint8_t *dictionary = allocate(NULL, DICTIONARY_BYTES);
    size_t count = ZDICT_trainFromBuffer(dictionary, DICTIONARY_BYTES, samples, sizes, taken);
    if (ZDICT_isError(count)) fail("no dictionary: %s", ZDICT_getErrorName(count));
    FILE *file = fopen(path, "wb");
    if (!file || fwrite(dictionary, 1, count, file) != count || fclose(file) != 0)
        fail("cannot write %s: %s", path, strerror(errno));
    close_corpus(corpus);
}

int main(int count, char **arguments)
{
    const char *work = count > 1 ? arguments[1] : "";
    if (strcmp(work, "append") == 0 && count == 4)
        measure_appends(arguments[2], atoi(arguments[3]));
    else if (strcmp(work, "train") == 0 && count == 5 && atoi(arguments[4]) > 0)
        train(arguments[2], arguments[3], (uint64_t)atoi(arguments[4]));
    else if (strcmp(work, "seal") == 0 && count == 2)
        measure_sealing();
    else if (strcmp(work, "pack") == 0 && count == 5)
        measure_packing(arguments[2], arguments[3], atoi(arguments[4]));
    else if (strcmp(work, "floor") == 0 && count == 6)
        measure_floor(arguments[2], arguments[3], atoi(arguments[4]), arguments[5]);
    else
        fail("usage: append FILE COUNT | train CORPUS FILE EVERY | seal "
             "| pack CORPUS DICTIONARY THREADS | floor CORPUS DICTIONARY THREADS FILE");
    return 0;
}
