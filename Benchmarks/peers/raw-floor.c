// What libraries, disk and processors need for whole works, without index, directories or interface: no
// engine that keeps the format's promises with them can be faster. Those are: packs of 8 KiB of the records
// of one person, under a key that can be destroyed, and with each record its name and its digest.

#include "raw.h"
#include "raw-packs.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { HEADER = 64, RUN_BYTES = 128 << 10, READS = 200000, RANGE = 100, SLOT = 2 * BLOCK,
       INDEX_BYTES = 28 };  // of a record's place, in the pages of the index that a cache has to hold

static struct packs all;

static struct {
    int threads, file;
    uint8_t *frames;       // of one batch, a slot a pack
    uint8_t *contents;     // of all packs, opened and as they were compressed, where their frames stand
    uint8_t (*keys)[KEY];  // of all subjects, for reads
    uint64_t cache_bytes;  // for packs
    uint32_t *reads;       // the packs of records in no order
    ZSTD_CDict *compressing;
    ZSTD_DDict *decompressing;
    pthread_barrier_t barrier;
    uint64_t file_end;
} floor_;

/// What a worker is asked for.
enum work { INSERT, IMPORT, SCAN, VERIFY, KEYLESS, RANGES };
struct worker {
    pthread_t thread;
    enum work work;
    size_t index;
};

/// A leaf of the Merkle tree and its share of the nodes above.
static void hash_frame(const uint8_t *frame, size_t count)
{
    uint8_t node[1 + 2 * DIGEST] = {1};
    sha256(frame, count, node + 1);
    sha256(node, sizeof node, node + 1);
}

/// One thread's contexts, and whose key they are under.
struct tools {
    struct xaes xaes;
    ZSTD_CCtx *compressor;
    ZSTD_DCtx *decompressor;
    size_t subject;  // none is 0
    uint8_t *frame, *content, *plain, digests[BLOCK];
};

static struct tools *take_tools(void)
{
    struct tools *tools = allocate(NULL, sizeof *tools);
    memset(tools, 0, sizeof *tools);
    xaes_prepare(&tools->xaes);
    tools->compressor = make_compressor(floor_.compressing);
    tools->decompressor = make_decompressor(floor_.decompressing);
    tools->frame = allocate(NULL, RUN_BYTES + SLOT);
    tools->content = allocate(NULL, SLOT);
    tools->plain = allocate(NULL, BLOCK);
    return tools;
}

static void give_back(struct tools *tools)
{
    xaes_clear(&tools->xaes);
    ZSTD_freeCCtx(tools->compressor);
    ZSTD_freeDCtx(tools->decompressor);
    free(tools->frame);
    free(tools->content);
    free(tools->plain);
    free(tools);
}

/// Goes on under the key of a pack's subject, which it derives unless reads have it.
static void use_key(struct tools *tools, const struct pack *pack)
{
    if (tools->subject == pack->subject) return;
    uint8_t key[KEY];
    if (floor_.keys) memcpy(key, floor_.keys[pack->subject], KEY);
    else derive_key(pack->subject, key);
    xaes_key(&tools->xaes, key);
    tools->subject = pack->subject;
}

static void number_nonce(uint8_t nonce[NONCE], const struct pack *pack)
{
    size_t index = (size_t)(pack - all.packs);
    memset(nonce, 9, NONCE);
    memcpy(nonce + 12, &index, sizeof index);
}

static size_t content_count(const struct pack *pack) { return pack->frame_count - HEADER - TAG; }

static void open_pack(struct tools *tools, const struct pack *pack, const uint8_t *frame,
                      uint8_t *content)
{
    uint8_t nonce[NONCE];
    number_nonce(nonce, pack);
    use_key(tools, pack);
    xaes_open(&tools->xaes, nonce, frame + HEADER, content_count(pack), content);
}

static void expand(struct tools *tools, const struct pack *pack, const uint8_t *content)
{
    size_t opened = ZSTD_decompressDCtx(tools->decompressor, tools->plain, BLOCK, content,
                                        content_count(pack) - DIGEST * pack->body_count);
    check_zstd(opened);
    if (opened != pack->plain_count) fail("a pack has another length");
}

/// Packs, seals and hashes a part of each batch; the first worker writes and syncs. An import hashes the
/// file besides that the records stand in, here pack by pack.
static void insert(enum work work, size_t worker)
{
    struct tools *tools = take_tools();
    uint8_t nonce[NONCE], file_digest[DIGEST];
    for (size_t batch = 0; batch < all.batch_count; batch++) {
        size_t first = all.batches[batch], end = all.batches[batch + 1];
        size_t threads = (size_t)floor_.threads, count = end - first;
        size_t stop = first + count * (worker + 1) / threads;
        for (size_t index = first + count * worker / threads; index < stop; index++) {
            struct pack *pack = &all.packs[index];
            uint8_t *frame = floor_.frames + (index - first) * SLOT;
            if (work == IMPORT)
                sha256(pack->plain, pack->plain_count - NAME_LENGTH * pack->body_count, file_digest);
            size_t room = SLOT - HEADER - TAG - DIGEST * pack->body_count;
            size_t size = ZSTD_compress2(
                tools->compressor, tools->content, room, pack->plain, pack->plain_count);
            check_zstd(size);
            hash_bodies(&all, pack, pack->plain, tools->content + size);
            size += DIGEST * pack->body_count;
            memset(frame, 0, HEADER);
            number_nonce(nonce, pack);
            use_key(tools, pack);
            xaes_seal(&tools->xaes, nonce, tools->content, size, frame + HEADER);
            pack->frame_count = HEADER + size + TAG;
            hash_frame(frame, pack->frame_count);
        }
        pthread_barrier_wait(&floor_.barrier);
        if (worker == 0) {
            size_t used = 0;
            for (size_t index = first; index < end; index++) {
                struct pack *pack = &all.packs[index];
                pack->offset = floor_.file_end + used;
                memmove(floor_.frames + used, floor_.frames + (index - first) * SLOT,
                        pack->frame_count);
                used += pack->frame_count;
            }
            if (pwrite(floor_.file, floor_.frames, used, (off_t)floor_.file_end) != (ssize_t)used
                || fdatasync(floor_.file) != 0)
                fail("cannot write: %s", strerror(errno));
            floor_.file_end += used;
        }
        pthread_barrier_wait(&floor_.barrier);
    }
    give_back(tools);
}

/// Reads every so many runs of frames, and hashes or opens them.
static void go_through(enum work work, size_t worker)
{
    struct tools *tools = take_tools();
    size_t index = 0;
    for (size_t number = 0; index < all.count; number++) {
        size_t end = index;
        uint64_t start = all.packs[index].offset, bytes = 0;
        while (end < all.count && bytes < RUN_BYTES)
            bytes += all.packs[end++].frame_count;
        if (number % (size_t)floor_.threads != worker) {
            index = end;
            continue;
        }
        if (pread(floor_.file, tools->frame, bytes, (off_t)start) != (ssize_t)bytes)
            fail("cannot read: %s", strerror(errno));
        for (; index < end; index++) {
            const struct pack *pack = &all.packs[index];
            const uint8_t *frame = tools->frame + (pack->offset - start);
            if (work != SCAN) hash_frame(frame, pack->frame_count);
            if (work == KEYLESS) continue;
            open_pack(tools, pack, frame, tools->content);
            expand(tools, pack, tools->content);
            if (work != VERIFY) continue;
            size_t size = DIGEST * pack->body_count;
            hash_bodies(&all, pack, tools->plain, tools->digests);
            if (memcmp(tools->digests, tools->content + content_count(pack) - size, size) != 0)
                fail("a record is not the one that was put");
        }
    }
    give_back(tools);
}

/// Chooses records, and finds the packs that they are in.
static void choose_reads(void)
{
    uint32_t *pack_of = allocate(NULL, all.body_count * sizeof *pack_of);
    for (size_t pack = 0; pack < all.count; pack++)
        for (size_t index = 0; index < all.packs[pack].body_count; index++)
            pack_of[all.packs[pack].first_body + index] = (uint32_t)pack;
    floor_.reads = allocate(NULL, READS * sizeof *floor_.reads);
    uint64_t state = 7;
    for (size_t read = 0; read < READS; read++)
        floor_.reads[read] = pack_of[next_random(&state) % all.body_count];
    free(pack_of);
}

/// Derives all keys and opens all packs, for reads.
static void open_all(void)
{
    uint8_t(*keys)[KEY] = allocate(NULL, (all.subject_count + 1) * sizeof *keys);
    for (size_t subject = 0; subject <= all.subject_count; subject++)
        derive_key(subject, keys[subject]);
    floor_.keys = keys;
    struct tools *tools = take_tools();
    uint8_t *sealed = allocate(NULL, floor_.file_end);
    floor_.contents = allocate(NULL, floor_.file_end);
    if (pread(floor_.file, sealed, floor_.file_end, 0) != (ssize_t)floor_.file_end)
        fail("cannot read: %s", strerror(errno));
    for (size_t index = 0; index < all.count; index++) {
        const struct pack *pack = &all.packs[index];
        open_pack(tools, pack, sealed + pack->offset, floor_.contents + pack->offset);
    }
    give_back(tools);
    free(sealed);
}

/// What a pack is decompressed from: in memory, or read and opened where the cache, beside the index, has no
/// room for so many.
static const uint8_t *content_of(struct tools *tools, const struct pack *pack)
{
    if (pack->offset + pack->frame_count <= floor_.cache_bytes)
        return floor_.contents + pack->offset;
    if (pread(floor_.file, tools->frame, pack->frame_count, (off_t)pack->offset)
        != (ssize_t)pack->frame_count)
        fail("cannot read: %s", strerror(errno));
    open_pack(tools, pack, tools->frame, tools->content);
    return tools->content;
}

/// Packs are decompressed in no order: every so many of a range of 100, whose end all threads wait for.
static void read_ranges(size_t worker, size_t threads, int waits)
{
    struct tools *tools = take_tools();
    for (size_t read = 0; read < READS; read++) {
        const struct pack *pack = &all.packs[floor_.reads[read]];
        if (read % threads == worker) expand(tools, pack, content_of(tools, pack));
        if (waits && read % RANGE == RANGE - 1) pthread_barrier_wait(&floor_.barrier);
    }
    give_back(tools);
}

static void *run_worker(void *state)
{
    const struct worker *worker = state;
    if (worker->work <= IMPORT) insert(worker->work, worker->index);
    else if (worker->work == RANGES) read_ranges(worker->index, (size_t)floor_.threads, 1);
    else go_through(worker->work, worker->index);
    return NULL;
}

/// Seconds that all threads take together.
static double seconds(enum work work)
{
    struct worker workers[64];
    uint64_t start = now();
    for (int index = 0; index < floor_.threads; index++) {
        workers[index] = (struct worker){.work = work, .index = (size_t)index};
        if (pthread_create(&workers[index].thread, NULL, run_worker, &workers[index]) != 0)
            fail("no thread");
    }
    for (int index = 0; index < floor_.threads; index++) pthread_join(workers[index].thread, NULL);
    return (double)(now() - start) / 1e9;
}

/// The same on one thread, each read on its own.
static double reads_per_second(void)
{
    uint64_t start = now();
    read_ranges(0, 1, 0);
    return READS / ((double)(now() - start) / 1e9);
}

void measure_floor(const char *corpus_path, const char *dictionary_path, int threads,
                   const char *path)
{
    if (threads < 1 || threads > 64) fail("1 to 64 threads");
    size_t count;
    uint8_t *dictionary = read_file(dictionary_path, &count);
    floor_.compressing = digest_dictionary(dictionary, count);
    floor_.decompressing = ZSTD_createDDict(dictionary, count);
    free(dictionary);
    if (!floor_.compressing || !floor_.decompressing) fail("no dictionary");
    floor_.threads = threads;
    pthread_barrier_init(&floor_.barrier, NULL, (unsigned)threads);
    load_packs(&all, corpus_path);
    floor_.frames = allocate(NULL, (size_t)BATCH_COUNT * SLOT);
    uint64_t index_bytes = (uint64_t)INDEX_BYTES * all.body_count;
    floor_.cache_bytes =
        index_bytes < CACHE_BYTES / 4 * 3 ? CACHE_BYTES - index_bytes : CACHE_BYTES / 4;
    floor_.file = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
    if (floor_.file < 0) fail("cannot make %s: %s", path, strerror(errno));
    double records = (double)all.body_count;
    double megabytes = (double)all.body_bytes / 1e6;
    figure("floor.insert.per_s", records / seconds(INSERT));
    figure("floor.scan.per_s", records / seconds(SCAN));
    figure("floor.verify.mb_per_s", megabytes / seconds(VERIFY));
    figure("floor.keyless.mb_per_s", (double)floor_.file_end / 1e6 / seconds(KEYLESS));
    choose_reads();
    open_all();
    figure("floor.read.per_s", reads_per_second());
    figure("floor.range.per_s", READS / RANGE / seconds(RANGES));
    free(floor_.contents);
    free(floor_.reads);
    free(floor_.keys);
    floor_.keys = NULL;
    if (ftruncate(floor_.file, 0) != 0) fail("cannot empty %s: %s", path, strerror(errno));
    floor_.file_end = 0;
    figure("floor.import.mb_per_s", megabytes / seconds(IMPORT));
    close(floor_.file);
    unlink(path);
}
