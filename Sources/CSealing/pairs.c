#include "library.h"
#include <string.h>

// SHA-256 of many short messages at once. One message cannot be hashed faster than its rounds follow
// each other, and a processor with SHA instructions waits most of that time; two messages that do not
// depend on each other take little longer than one. libcrypto offers no such call. Its own hash is
// taken where the processor lacks the instructions, in a FIPS installation, and for everything else.

enum { CS_BLOCK = 64, CS_LANES = 2 };

#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>

#define CS_SHA __attribute__((target("sha,sse4.1,ssse3")))

static const uint32_t cs_constants[64] __attribute__((aligned(16))) = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

/// The state as the instructions want it: words a, b, e, f and c, d, g, h, highest first.
typedef struct {
    __m128i abef;
    __m128i cdgh;
} cs_state;

static const uint32_t cs_start_abef[4] = {0x9b05688c, 0x510e527f, 0xbb67ae85, 0x6a09e667};
static const uint32_t cs_start_cdgh[4] = {0x5be0cd19, 0x1f83d9ab, 0xa54ff53a, 0x3c6ef372};

/// The next four words of the schedule in place of the oldest four.
CS_SHA static inline __m128i cs_schedule(__m128i w0, __m128i w1, __m128i w2, __m128i w3)
{
    __m128i sum = _mm_add_epi32(_mm_sha256msg1_epu32(w0, w1), _mm_alignr_epi8(w3, w2, 4));
    return _mm_sha256msg2_epu32(sum, w3);
}

/// Takes `count` blocks of each of two messages.
CS_SHA static void cs_blocks(cs_state state[CS_LANES], const uint8_t *first, const uint8_t *second,
                             size_t count)
{
    const __m128i swap = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
    __m128i a0 = state[0].abef, a1 = state[0].cdgh, b0 = state[1].abef, b1 = state[1].cdgh;
    for (; count > 0; count--, first += CS_BLOCK, second += CS_BLOCK) {
        const __m128i a2 = a0, a3 = a1, b2 = b0, b3 = b1;
        __m128i v[4], w[4];
        for (int i = 0; i < 4; i++) {
            v[i] = _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)(first + 16 * i)), swap);
            w[i] = _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)(second + 16 * i)), swap);
        }
#pragma GCC unroll 16
        for (int i = 0; i < 16; i++) {
            const __m128i four = _mm_load_si128((const __m128i *)(cs_constants + 4 * i));
            __m128i p = _mm_add_epi32(v[i & 3], four), q = _mm_add_epi32(w[i & 3], four);
            a1 = _mm_sha256rnds2_epu32(a1, a0, p);
            b1 = _mm_sha256rnds2_epu32(b1, b0, q);
            p = _mm_shuffle_epi32(p, 0x0e);
            q = _mm_shuffle_epi32(q, 0x0e);
            a0 = _mm_sha256rnds2_epu32(a0, a1, p);
            b0 = _mm_sha256rnds2_epu32(b0, b1, q);
            if (i < 12) {
                v[i & 3] = cs_schedule(v[i & 3], v[(i + 1) & 3], v[(i + 2) & 3], v[(i + 3) & 3]);
                w[i & 3] = cs_schedule(w[i & 3], w[(i + 1) & 3], w[(i + 2) & 3], w[(i + 3) & 3]);
            }
        }
        a0 = _mm_add_epi32(a0, a2);
        a1 = _mm_add_epi32(a1, a3);
        b0 = _mm_add_epi32(b0, b2);
        b1 = _mm_add_epi32(b1, b3);
    }
    state[0] = (cs_state){a0, a1};
    state[1] = (cs_state){b0, b1};
}

CS_SHA static void cs_start(cs_state *state)
{
    state->abef = _mm_loadu_si128((const __m128i *)cs_start_abef);
    state->cdgh = _mm_loadu_si128((const __m128i *)cs_start_cdgh);
}

/// The words of a hash as two big-endian halves each, as `cs_hash` has them.
CS_SHA static void cs_words(const cs_state *state, uint64_t words[4])
{
    uint32_t abef[4], cdgh[4];
    _mm_storeu_si128((__m128i *)abef, state->abef);
    _mm_storeu_si128((__m128i *)cdgh, state->cdgh);
    words[0] = (uint64_t)abef[3] << 32 | abef[2];
    words[1] = (uint64_t)cdgh[3] << 32 | cdgh[2];
    words[2] = (uint64_t)abef[1] << 32 | abef[0];
    words[3] = (uint64_t)cdgh[1] << 32 | cdgh[0];
}

/// A message on its way: a block that begins with the prefix, whole blocks where they lie, and one or
/// two blocks with the rest and the length.
typedef struct {
    const uint8_t *bytes[3];
    size_t blocks[3];
    int part;
    size_t number;
    uint8_t head[CS_BLOCK];
    uint8_t tail[2 * CS_BLOCK];
} cs_lane;

static void cs_load(cs_lane *lane, const cs_pieces *pieces, size_t number)
{
    const size_t prefix = pieces->prefix_count, count = cs_piece_count(pieces, number);
    const uint8_t *bytes = pieces->bytes + pieces->starts[number];
    size_t taken = 0, kept = prefix;
    lane->number = number;
    memcpy(lane->head, pieces->prefix, prefix);
    lane->blocks[0] = lane->blocks[1] = 0;
    if (prefix + count >= CS_BLOCK) {
        taken = CS_BLOCK - prefix;
        memcpy(lane->head + prefix, bytes, taken);
        lane->blocks[0] = 1;
        lane->blocks[1] = (count - taken) / CS_BLOCK;
        kept = 0;
    }
    lane->bytes[0] = lane->head;
    lane->bytes[1] = bytes + taken;
    taken += lane->blocks[1] * CS_BLOCK;
    memset(lane->tail, 0, sizeof lane->tail);
    memcpy(lane->tail, lane->head, kept);
    memcpy(lane->tail + kept, bytes + taken, count - taken);
    const size_t rest = kept + count - taken;
    lane->tail[rest] = 0x80;
    lane->bytes[2] = lane->tail;
    lane->blocks[2] = rest + 9 > CS_BLOCK ? 2 : 1;
    const uint64_t bits = __builtin_bswap64(8 * (uint64_t)(prefix + count));
    memcpy(lane->tail + lane->blocks[2] * CS_BLOCK - 8, &bits, 8);
    lane->part = lane->blocks[0] ? 0 : 2;
}

/// Goes `count` blocks on; 1 when the message has ended.
static int cs_advance(cs_lane *lane, size_t count)
{
    lane->bytes[lane->part] += count * CS_BLOCK;
    lane->blocks[lane->part] -= count;
    while (lane->part < 3 && lane->blocks[lane->part] == 0) lane->part++;
    return lane->part == 3;
}

CS_SHA static void cs_pair_pieces(const cs_pieces *pieces, uint64_t *words)
{
    cs_lane lanes[CS_LANES];
    cs_state state[CS_LANES];
    int busy[CS_LANES] = {0, 0};
    size_t next = 0;
    for (int i = 0; i < CS_LANES; i++) cs_start(&state[i]);
    for (;;) {
        for (int i = 0; i < CS_LANES; i++) {
            if (busy[i] || next == pieces->count) continue;
            cs_load(&lanes[i], pieces, next++);
            cs_start(&state[i]);
            busy[i] = 1;
        }
        if (!busy[0] && !busy[1]) return;
        // Behind the last message a lane runs along with the other and its state is dropped.
        cs_lane *one = &lanes[busy[0] ? 0 : 1], *other = &lanes[busy[1] ? 1 : 0];
        size_t count = one->blocks[one->part];
        if (other->blocks[other->part] < count) count = other->blocks[other->part];
        cs_blocks(state, one->bytes[one->part], other->bytes[other->part], count);
        for (int i = 0; i < CS_LANES; i++) {
            if (!busy[i] || !cs_advance(&lanes[i], count)) continue;
            cs_words(&state[i], words + 4 * lanes[i].number);
            busy[i] = 0;
        }
    }
}

static int cs_has_instructions(void)
{
    unsigned a, b, c, d;
    const unsigned ssse3 = 1u << 9, sse41 = 1u << 19, sha = 1u << 29;
    return __get_cpuid(1, &a, &b, &c, &d) && (c & ssse3) && (c & sse41)
        && __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b & sha);
}

#else

static int cs_has_instructions(void) { return 0; }
static void cs_pair_pieces(const cs_pieces *pieces, uint64_t *words) { (void)pieces, (void)words; }

#endif

static int cs_single_pieces(cs_sha256 *context, const cs_pieces *pieces, uint64_t *words)
{
    for (size_t i = 0; i < pieces->count; i++) {
        const cs_hash hash = cs_sha256_prefixed(context, pieces->prefix_count, pieces->prefix,
                                                cs_piece_count(pieces, i),
                                                pieces->bytes + pieces->starts[i]);
        if (!hash.is_valid) return 0;
        memcpy(words + 4 * i, hash.words, sizeof hash.words);
    }
    return 1;
}

int cs_hash_pieces(cs_sha256 *context, int in_pairs, const cs_pieces *pieces, uint64_t *words)
{
    if (!in_pairs) return cs_single_pieces(context, pieces, words);
    cs_pair_pieces(pieces, words);
    return 1;
}

/// Pairs are trusted only if they hash as libcrypto does, whatever the lengths in both lanes.
int cs_pairs_work(cs_sha256 *context)
{
    enum { COUNT = 12 };
    static const size_t starts[COUNT] = {0, 0, 1, 55, 118, 182, 247, 366, 486, 614, 743, 1000};
    uint8_t bytes[1200];
    uint64_t paired[4 * COUNT], single[4 * COUNT];
    if (!cs_has_instructions() || EVP_default_properties_is_fips_enabled(NULL)) return 0;
    for (size_t i = 0; i < sizeof bytes; i++) bytes[i] = (uint8_t)(i * 31 + 7);
    const cs_pieces pieces = {COUNT, starts, 0, sizeof bytes, bytes, 1, bytes};
    cs_pair_pieces(&pieces, paired);
    return cs_single_pieces(context, &pieces, single) && !memcmp(paired, single, sizeof single);
}
