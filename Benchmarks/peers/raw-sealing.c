// The libraries' own cost for what a frame needs: the twins of the figures of `Sealing.swift`.

#include "raw.h"
#include "raw-xaes.h"

#include <openssl/evp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#define ZSTD_STATIC_LINKING_ONLY
#include <zstd.h>

enum { ROUNDS = 5 };

static uint64_t least(uint64_t left, uint64_t right) { return left < right ? left : right; }

static void measure_size(size_t size)
{
    struct xaes xaes;
    xaes_prepare(&xaes);
    uint8_t *plain = allocate(NULL, size), *sealed = allocate(NULL, size + TAG);
    uint8_t nonce[NONCE] = {0};
    memset(plain, 7, size);
    size_t count = ((size_t)32 << 20) / size;
    if (count > 20000) count = 20000;
    if (count < 20) count = 20;
    uint64_t sealing = UINT64_MAX, opening = UINT64_MAX;
    for (int round = 0; round < ROUNDS; round++) {
        uint64_t start = now();
        for (size_t index = 0; index < count; index++) {
            uint32_t number = (uint32_t)index;
            memcpy(nonce, &number, sizeof number);
            xaes_seal(&xaes, nonce, plain, size, sealed);
        }
        sealing = least(sealing, now() - start);
        start = now();
        for (size_t index = 0; index < count; index++)
            xaes_open(&xaes, nonce, sealed, size, plain);
        opening = least(opening, now() - start);
    }
    char name[64];
    snprintf(name, sizeof name, "seal.%zu.ns", size);
    figure(name, (double)sealing / (double)count);
    snprintf(name, sizeof name, "open.%zu.ns", size);
    figure(name, (double)opening / (double)count);
    xaes_clear(&xaes);
    free(plain);
    free(sealed);
}

void measure_sealing(void)
{
    static const size_t sizes[] = {256, 1024, 4096, 16384, 65536, 1 << 20};
    for (size_t index = 0; index < sizeof sizes / sizeof *sizes; index++)
        measure_size(sizes[index]);
}

/// Blocks of a corpus, plain and sealed.
struct blocks {
    size_t count;
    uint8_t *plain, *sealed;
    size_t *sealed_counts;
    ZSTD_CDict *compressing;
    ZSTD_DDict *decompressing;
};

enum { SLOT = 2 * BLOCK };

static void load_blocks(struct blocks *blocks, const char *corpus_path)
{
    static struct record records[BATCH_COUNT];
    struct corpus *corpus = open_corpus(corpus_path);
    size_t used = 0, capacity = 0;
    for (int batch = 0; batch < 10; batch++) {
        size_t count = next_records(corpus, records, BATCH_COUNT);
        for (size_t index = 0; index < count; index++) {
            if (used + records[index].body_count > capacity) {
                capacity = (used + records[index].body_count) * 2;
                blocks->plain = allocate(blocks->plain, capacity);
            }
            memcpy(blocks->plain + used, records[index].body, records[index].body_count);
            used += records[index].body_count;
        }
    }
    close_corpus(corpus);
    blocks->count = used / BLOCK;
    if (blocks->count == 0) fail("the corpus is too small");
    blocks->sealed = allocate(NULL, blocks->count * SLOT);
    blocks->sealed_counts = allocate(NULL, blocks->count * sizeof(size_t));
}

static void pack_all(struct blocks *blocks)
{
    static uint8_t content[SLOT];
    const uint8_t nonce[NONCE] = {9};
    struct xaes xaes;
    xaes_prepare(&xaes);
    ZSTD_CCtx *compressor = make_compressor(blocks->compressing);
    uint64_t compressing = UINT64_MAX, both = UINT64_MAX;
    double bytes = (double)(blocks->count * BLOCK);
    for (int round = 0; round < ROUNDS; round++) {
        uint64_t start = now();
        for (size_t index = 0; index < blocks->count; index++)
            check_zstd(ZSTD_compress2(
                compressor, content, SLOT, blocks->plain + index * BLOCK, BLOCK));
        compressing = least(compressing, now() - start);
        start = now();
        for (size_t index = 0; index < blocks->count; index++) {
            size_t count = ZSTD_compress2(
                compressor, content, SLOT - TAG, blocks->plain + index * BLOCK, BLOCK);
            check_zstd(count);
            xaes_seal(&xaes, nonce, content, count, blocks->sealed + index * SLOT);
            blocks->sealed_counts[index] = count + TAG;
        }
        both = least(both, now() - start);
    }
    figure("codec.mb_per_s", bytes * 1e3 / (double)compressing);
    figure("pack.mb_per_s", bytes * 1e3 / (double)both);
    ZSTD_freeCCtx(compressor);
    xaes_clear(&xaes);
}

struct share {
    pthread_t thread;
    const struct blocks *blocks;
    size_t first, step;
    int hashes;
};

/// Opens every `step`th block; with `hashes` also SHA-256 over the sealed bytes.
static void *unpack_share(void *state)
{
    const struct share *share = state;
    const struct blocks *blocks = share->blocks;
    const uint8_t nonce[NONCE] = {9};
    uint8_t *content = allocate(NULL, SLOT), *plain = allocate(NULL, BLOCK);
    struct xaes xaes;
    xaes_prepare(&xaes);
    EVP_MD *sha256 = EVP_MD_fetch(NULL, "SHA2-256", NULL);
    EVP_MD_CTX *hasher = EVP_MD_CTX_new();
    if (!sha256 || !hasher) fail("no memory");
    ZSTD_DCtx *decompressor = make_decompressor(blocks->decompressing);
    for (size_t index = share->first; index < blocks->count; index += share->step) {
        const uint8_t *sealed = blocks->sealed + index * SLOT;
        size_t count = blocks->sealed_counts[index];
        uint8_t digest[32];
        if (share->hashes
            && (EVP_DigestInit_ex2(hasher, sha256, NULL) != 1
                || EVP_DigestUpdate(hasher, sealed, count) != 1
                || EVP_DigestFinal_ex(hasher, digest, NULL) != 1))
            fail("no digest");
        xaes_open(&xaes, nonce, sealed, count - TAG, content);
        size_t opened = ZSTD_decompressDCtx(decompressor, plain, BLOCK, content, count - TAG);
        check_zstd(opened);
        if (opened != BLOCK) fail("a block has another length");
    }
    xaes_clear(&xaes);
    EVP_MD_free(sha256);
    EVP_MD_CTX_free(hasher);
    ZSTD_freeDCtx(decompressor);
    free(content);
    free(plain);
    return NULL;
}

static double unpack_all(const struct blocks *blocks, int threads, int hashes)
{
    uint64_t best = UINT64_MAX;
    for (int round = 0; round < ROUNDS; round++) {
        struct share shares[64];
        uint64_t start = now();
        for (int index = 0; index < threads; index++) {
            shares[index] = (struct share){
                .blocks = blocks, .first = (size_t)index, .step = (size_t)threads,
                .hashes = hashes};
            if (pthread_create(&shares[index].thread, NULL, unpack_share, &shares[index]) != 0)
                fail("no thread");
        }
        for (int index = 0; index < threads; index++) pthread_join(shares[index].thread, NULL);
        best = least(best, now() - start);
    }
    return (double)(blocks->count * BLOCK) * 1e3 / (double)best;
}

void measure_packing(const char *corpus_path, const char *dictionary_path, int threads)
{
    if (threads < 1 || threads > 64) fail("1 to 64 threads");
    struct blocks blocks = {0};
    size_t count;
    uint8_t *dictionary = read_file(dictionary_path, &count);
    blocks.compressing = digest_dictionary(dictionary, count);
    blocks.decompressing = ZSTD_createDDict(dictionary, count);
    free(dictionary);
    if (!blocks.compressing || !blocks.decompressing) fail("no dictionary");
    load_blocks(&blocks, corpus_path);
    pack_all(&blocks);
    figure("unpack.mb_per_s", unpack_all(&blocks, 1, 0));
    figure("verify.mb_per_s", unpack_all(&blocks, threads, 1));
    ZSTD_freeCDict(blocks.compressing);
    ZSTD_freeDDict(blocks.decompressing);
    free(blocks.plain);
    free(blocks.sealed);
    free(blocks.sealed_counts);
}
