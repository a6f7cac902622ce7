#include "CMachine.h"

#include <malloc.h>
#include <time.h>
#include <unistd.h>

// There only when `peers/counting.c` is preloaded.
extern uint64_t counted_allocations(void) __attribute__((weak));

static uint64_t nanoseconds(clockid_t clock)
{
    struct timespec time = {0};
    clock_gettime(clock, &time);
    return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

uint64_t cm_now(void) { return nanoseconds(CLOCK_MONOTONIC); }

uint64_t cm_processor_now(void) { return nanoseconds(CLOCK_PROCESS_CPUTIME_ID); }

void cm_keep_small(void)
{
    mallopt(M_ARENA_MAX, (int)sysconf(_SC_NPROCESSORS_ONLN) + 1);
    mallopt(M_MMAP_THRESHOLD, 512 << 10);
    mallopt(M_TRIM_THRESHOLD, 2 << 20);
}

uint64_t cm_allocation_count(void)
{
    return counted_allocations ? counted_allocations() : UINT64_MAX;
}
