#include "bench.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/// Lines are read a batch at a time, so that the corpus adds little to the memory that is measured.
struct corpus {
    FILE *file;
    char *lines[BATCH_COUNT];
    size_t capacities[BATCH_COUNT];
};

struct corpus *open_corpus(const char *path)
{
    struct corpus *corpus = calloc(1, sizeof *corpus);
    if (!corpus) fail("no memory");
    corpus->file = fopen(path, "rb");
    if (!corpus->file) fail("cannot open %s: %s", path, strerror(errno));
    return corpus;
}

size_t next_records(struct corpus *corpus, struct record *records, size_t limit)
{
    size_t count = 0;
    while (count < limit && count < BATCH_COUNT) {
        ssize_t length = getline(
            &corpus->lines[count], &corpus->capacities[count], corpus->file);
        if (length < 0) break;
        char *line = corpus->lines[count];
        char *tab = memchr(line, '\t', (size_t)length);
        if (!tab) fail("a line of the corpus has no tab");
        *tab = 0;
        if (line[length - 1] == '\n') length--;
        records[count].subject = line;
        records[count].body = (const uint8_t *)tab + 1;
        records[count].body_count = (size_t)(line + length - (tab + 1));
        count++;
    }
    return count;
}

void close_corpus(struct corpus *corpus)
{
    fclose(corpus->file);
    for (size_t index = 0; index < BATCH_COUNT; index++) free(corpus->lines[index]);
    free(corpus);
}
