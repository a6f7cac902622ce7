// Preloaded into a benchmark, counts its heap allocations; `counted_allocations` tells how many.

#include <dlfcn.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

static _Atomic uint64_t counted;

// dlsym allocates before it has told where calloc is: it gets this, which is never freed.
static _Alignas(16) char early[4096];
static size_t early_used;

static void *(*real_malloc)(size_t);
static void *(*real_calloc)(size_t, size_t);
static void *(*real_realloc)(void *, size_t);
static void *(*real_aligned_alloc)(size_t, size_t);
static int (*real_posix_memalign)(void **, size_t, size_t);
static void (*real_free)(void *);

uint64_t counted_allocations(void);

uint64_t counted_allocations(void) { return atomic_load(&counted); }

/// POSIX gives functions as object pointers; ISO C converts them by way of memory.
static void find(const char *name, void *function)
{
    void *found = dlsym(RTLD_NEXT, name);
    memcpy(function, &found, sizeof found);
}

__attribute__((constructor)) static void prepare(void)
{
    if (real_malloc) return;
    find("calloc", &real_calloc);
    find("realloc", &real_realloc);
    find("aligned_alloc", &real_aligned_alloc);
    find("posix_memalign", &real_posix_memalign);
    find("free", &real_free);
    find("malloc", &real_malloc);
}

static void *take_early(size_t count)
{
    size_t start = (early_used + 15) & ~(size_t)15;
    if (start + count > sizeof early) return NULL;
    early_used = start + count;
    return early + start;
}

static int is_early(const void *bytes)
{
    const char *place = bytes;
    return place >= early && place < early + sizeof early;
}

void *malloc(size_t count)
{
    if (!real_malloc) prepare();
    atomic_fetch_add_explicit(&counted, 1, memory_order_relaxed);
    return real_malloc(count);
}

void *calloc(size_t count, size_t size)
{
    if (!real_calloc) return take_early(count * size);
    atomic_fetch_add_explicit(&counted, 1, memory_order_relaxed);
    return real_calloc(count, size);
}

void *realloc(void *bytes, size_t count)
{
    if (!real_realloc) prepare();
    atomic_fetch_add_explicit(&counted, 1, memory_order_relaxed);
    return real_realloc(bytes, count);
}

void *aligned_alloc(size_t alignment, size_t count)
{
    if (!real_aligned_alloc) prepare();
    atomic_fetch_add_explicit(&counted, 1, memory_order_relaxed);
    return real_aligned_alloc(alignment, count);
}

int posix_memalign(void **bytes, size_t alignment, size_t count)
{
    if (!real_posix_memalign) prepare();
    atomic_fetch_add_explicit(&counted, 1, memory_order_relaxed);
    return real_posix_memalign(bytes, alignment, count);
}

void free(void *bytes)
{
    if (bytes && !is_early(bytes)) real_free(bytes);
}
