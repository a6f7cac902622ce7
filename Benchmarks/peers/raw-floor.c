// What libraries, disk and processors need for whole works, without index, entries or interface: no engine
// that keeps the format's promises with them can be faster.

#define OPENSSL_SUPPRESS_DEPRECATED
#include "raw.h"
#include "raw-xaes.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/sha.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BATCHES = 1000, HEADER = 64, DIGEST = 32, RUN_BYTES = 128 << 10, READS = 200000,
       RANGE = 100 };

/// A pack: bodies that follow each other, and where its frame stands in the file.
struct pack {
    const uint8_t *plain;
    size_t first_body, body_count, plain_count, frame_count;
    uint64_t offset;
};

static struct {
    int threads, file;
    uint8_t *plain;
    size_t *bodies, body_count;  // the ends of the bodies in `plain`
    struct pack *packs;
    size_t pack_count, batches[BATCHES + 1], batch_count;
    uint8_t *frames;    // of one batch, a slot a pack
    uint8_t *contents;  // of all packs, opened and as they were compressed, where their frames stand
    ZSTD_CDict *compressing;
    ZSTD_DDict *decompressing;
    pthread_barrier_t barrier;
    uint64_t file_end;
} floor_;

enum { SLOT = 2 * BLOCK };

/// What a worker is asked for.
enum work { INSERT, IMPORT, SCAN, VERIFY, KEYLESS, RANGES };
struct worker {
    pthread_t thread;
    enum work work;
    size_t index;
};

static void load(const char *corpus_path)
{
    static struct record records[BATCH_COUNT];
    struct corpus *corpus = open_corpus(corpus_path);
    size_t used = 0, capacity = 0;
    for (size_t count; floor_.batch_count < BATCHES
         && (count = next_records(corpus, records, BATCH_COUNT)) > 0; floor_.batch_count++) {
        floor_.bodies =
            allocate(floor_.bodies, (floor_.body_count + count) * sizeof *floor_.bodies);
        floor_.packs = allocate(floor_.packs, (floor_.pack_count + count) * sizeof *floor_.packs);
        struct pack pack = {.first_body = floor_.body_count};
        for (size_t index = 0; index < count; index++) {
            size_t size = records[index].body_count;
            if (size > BLOCK) continue;  // a few, which have packs of their own
            if (pack.plain_count + size > BLOCK) {
                floor_.packs[floor_.pack_count++] = pack;
                pack = (struct pack){.first_body = floor_.body_count};
            }
            if (used + size > capacity)
                floor_.plain = allocate(floor_.plain, capacity = (used + size) * 2);
            memcpy(floor_.plain + used, records[index].body, size);
            floor_.bodies[floor_.body_count++] = used += size;
            pack.plain_count += size;
            pack.body_count++;
        }
        floor_.packs[floor_.pack_count++] = pack;
        floor_.batches[floor_.batch_count + 1] = floor_.pack_count;
    }
    close_corpus(corpus);
    const uint8_t *plain = floor_.plain;
    for (size_t index = 0; index < floor_.pack_count; index++) {
        floor_.packs[index].plain = plain;
        plain += floor_.packs[index].plain_count;
    }
    floor_.frames = allocate(NULL, (size_t)BATCH_COUNT * SLOT);
}

/// What SHA256() did before OpenSSL 3, which looks the algorithm up at each call.
static void sha256(const uint8_t *bytes, size_t count, uint8_t *digest)
{
    SHA256_CTX context;
    if (SHA256_Init(&context) != 1 || SHA256_Update(&context, bytes, count) != 1
        || SHA256_Final(digest, &context) != 1)
        fail("no digest");
}

static void hash_bodies(const struct pack *pack, const uint8_t *plain)
{
    uint8_t digest[DIGEST];
    size_t end = 0, start = pack->first_body ? floor_.bodies[pack->first_body - 1] : 0;
    for (size_t index = 0; index < pack->body_count; index++) {
        size_t next = floor_.bodies[pack->first_body + index] - start;
        sha256(plain + end, next - end, digest);
        end = next;
    }
}

/// A leaf of the Merkle tree and its share of the nodes above.
static void hash_frame(const uint8_t *frame, size_t count)
{
    uint8_t node[1 + 2 * DIGEST] = {1};
    sha256(frame, count, node + 1);
    sha256(node, sizeof node, node + 1);
}

/// Packs, seals and hashes every so many packs of each batch; the first worker writes and syncs. An import
/// hashes the file besides that the records stand in, here pack by pack.
static void insert(enum work work, size_t worker)
{
    struct xaes xaes;
    xaes_prepare(&xaes);
    ZSTD_CCtx *compressor = make_compressor(floor_.compressing);
    uint8_t *content = allocate(NULL, SLOT);
    uint8_t nonce[NONCE] = {9};
    for (size_t batch = 0; batch < floor_.batch_count; batch++) {
        size_t first = floor_.batches[batch], end = floor_.batches[batch + 1];
        for (size_t index = first + worker; index < end; index += (size_t)floor_.threads) {
            struct pack *pack = &floor_.packs[index];
            uint8_t *frame = floor_.frames + (index - first) * SLOT;
            hash_bodies(pack, pack->plain);
            if (work == IMPORT) hash_frame(pack->plain, pack->plain_count);
            size_t count = ZSTD_compress2(
                compressor, content, SLOT - HEADER - TAG, pack->plain, pack->plain_count);
            check_zstd(count);
            memset(frame, 0, HEADER);
            memcpy(nonce + 12, &index, sizeof index);
            xaes_seal(&xaes, nonce, content, count, frame + HEADER);
            pack->frame_count = HEADER + count + TAG;
            hash_frame(frame, pack->frame_count);
        }
        pthread_barrier_wait(&floor_.barrier);
        if (worker == 0) {
            size_t used = 0;
            for (size_t index = first; index < end; index++) {
                struct pack *pack = &floor_.packs[index];
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
    ZSTD_freeCCtx(compressor);
    xaes_clear(&xaes);
    free(content);
}

/// Reads every so many runs of frames, and hashes or opens them.
static void go_through(enum work work, size_t worker)
{
    struct xaes xaes;
    xaes_prepare(&xaes);
    ZSTD_DCtx *decompressor = make_decompressor(floor_.decompressing);
    uint8_t *run = allocate(NULL, RUN_BYTES + SLOT), *content = allocate(NULL, SLOT);
    uint8_t *plain = allocate(NULL, BLOCK), nonce[NONCE] = {9};
    size_t index = 0;
    for (size_t number = 0; index < floor_.pack_count; number++) {
        size_t end = index;
        uint64_t start = floor_.packs[index].offset, bytes = 0;
        while (end < floor_.pack_count && bytes < RUN_BYTES)
            bytes += floor_.packs[end++].frame_count;
        if (number % (size_t)floor_.threads != worker) {
            index = end;
            continue;
        }
        if (pread(floor_.file, run, bytes, (off_t)start) != (ssize_t)bytes)
            fail("cannot read: %s", strerror(errno));
        for (; index < end; index++) {
            const struct pack *pack = &floor_.packs[index];
            const uint8_t *frame = run + (pack->offset - start);
            size_t count = pack->frame_count - HEADER - TAG;
            if (work != SCAN) hash_frame(frame, pack->frame_count);
            if (work == KEYLESS) continue;
            memcpy(nonce + 12, &index, sizeof index);
            xaes_open(&xaes, nonce, frame + HEADER, count, content);
            size_t opened = ZSTD_decompressDCtx(decompressor, plain, BLOCK, content, count);
            check_zstd(opened);
            if (opened != pack->plain_count) fail("a pack has another length");
            if (work == VERIFY) hash_bodies(pack, plain);
        }
    }
    ZSTD_freeDCtx(decompressor);
    xaes_clear(&xaes);
    free(run);
    free(content);
    free(plain);
}

static void open_all(void)
{
    struct xaes xaes;
    xaes_prepare(&xaes);
    uint8_t *sealed = allocate(NULL, floor_.file_end), nonce[NONCE] = {9};
    floor_.contents = allocate(NULL, floor_.file_end);
    if (pread(floor_.file, sealed, floor_.file_end, 0) != (ssize_t)floor_.file_end)
        fail("cannot read: %s", strerror(errno));
    for (size_t index = 0; index < floor_.pack_count; index++) {
        const struct pack *pack = &floor_.packs[index];
        memcpy(nonce + 12, &index, sizeof index);
        xaes_open(&xaes, nonce, sealed + pack->offset + HEADER,
                  pack->frame_count - HEADER - TAG, floor_.contents + pack->offset);
    }
    xaes_clear(&xaes);
    free(sealed);
}

/// What a pack is decompressed from: in memory, or read and opened where the cache, all of which is for
/// packs, has no room for so many.
static const uint8_t *content_of(const struct pack *pack, struct xaes *xaes, uint8_t *frame,
                                 uint8_t *content)
{
    if (pack->offset + pack->frame_count <= CACHE_BYTES) return floor_.contents + pack->offset;
    if (pread(floor_.file, frame, pack->frame_count, (off_t)pack->offset)
        != (ssize_t)pack->frame_count)
        fail("cannot read: %s", strerror(errno));
    uint8_t nonce[NONCE] = {9};
    size_t index = (size_t)(pack - floor_.packs);
    memcpy(nonce + 12, &index, sizeof index);
    xaes_open(xaes, nonce, frame + HEADER, pack->frame_count - HEADER - TAG, content);
    return content;
}

/// Packs are decompressed in no order: every so many of a range of 100, whose end all threads wait for.
static void read_ranges(size_t worker, size_t threads, int waits)
{
    struct xaes xaes;
    xaes_prepare(&xaes);
    ZSTD_DCtx *decompressor = make_decompressor(floor_.decompressing);
    uint8_t *frame = allocate(NULL, SLOT), *content = allocate(NULL, SLOT);
    uint8_t *plain = allocate(NULL, BLOCK);
    uint64_t state = 7;
    for (size_t read = 0; read < READS; read++) {
        const struct pack *pack = &floor_.packs[next_random(&state) % floor_.pack_count];
        if (read % threads == worker)
            check_zstd(ZSTD_decompressDCtx(decompressor, plain, BLOCK,
                                           content_of(pack, &xaes, frame, content),
                                           pack->frame_count - HEADER - TAG));
        if (waits && read % RANGE == RANGE - 1) pthread_barrier_wait(&floor_.barrier);
    }
    ZSTD_freeDCtx(decompressor);
    xaes_clear(&xaes);
    free(frame);
    free(content);
    free(plain);
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
    load(corpus_path);
    floor_.file = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
    if (floor_.file < 0) fail("cannot make %s: %s", path, strerror(errno));
    double records = (double)floor_.body_count;
    double megabytes = (double)floor_.bodies[floor_.body_count - 1] / 1e6;
    figure("floor.insert.per_s", records / seconds(INSERT));
    figure("floor.scan.per_s", records / seconds(SCAN));
    figure("floor.verify.mb_per_s", megabytes / seconds(VERIFY));
    figure("floor.keyless.mb_per_s", (double)floor_.file_end / 1e6 / seconds(KEYLESS));
    open_all();
    figure("floor.read.per_s", reads_per_second());
    figure("floor.range.per_s", READS / RANGE / seconds(RANGES));
    free(floor_.contents);
    if (ftruncate(floor_.file, 0) != 0) fail("cannot empty %s: %s", path, strerror(errno));
    floor_.file_end = 0;
    figure("floor.import.mb_per_s", megabytes / seconds(IMPORT));
    close(floor_.file);
    unlink(path);
}
