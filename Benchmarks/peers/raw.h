#ifndef RAW_H
#define RAW_H

#include "bench.h"

/// Sealing and opening by size, in C, as the format seals: XAES-256-GCM.
void measure_sealing(void);

/// Compressing and sealing blocks of a corpus, and the way back with a hash over what is read.
void measure_packing(const char *corpus_path, const char *dictionary_path, int threads);

/// Whole works in C: inserting, scanning, verifying with and without keys, and point reads from memory.
void measure_floor(const char *corpus_path, const char *dictionary_path, int threads,
                   const char *path);

#endif
