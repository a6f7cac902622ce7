#ifndef CMACHINE_H
#define CMACHINE_H

#include <stdint.h>

/// Nanoseconds of the clock that the peers read, which only goes forward.
uint64_t cm_now(void);

/// Nanoseconds that this process has had of the processors.
uint64_t cm_processor_now(void);

/// Sets the allocator as the command line does.
void cm_keep_small(void);

/// Heap allocations of this process so far; all ones without the library that counts them.
uint64_t cm_allocation_count(void);

#endif
