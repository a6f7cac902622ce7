#ifndef CMACHINE_H
#define CMACHINE_H

#include <stdint.h>

/// Nanoseconds of the clock that the peers read, which only goes forward.
uint64_t cm_now(void);

/// Gives the allocator one arena, as the peers with their one thread have.
void cm_use_one_arena(void);

/// Heap allocations of this process so far; all ones without the library that counts them.
uint64_t cm_allocation_count(void);

#endif
