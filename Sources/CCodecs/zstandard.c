#include "CCodecs.h"
#include "padding.h"

#include <limits.h>
#include <stdlib.h>

#define ZSTD_STATIC_LINKING_ONLY
#include <zdict.h>
#include <zstd.h>
#include <zstd_errors.h>

struct cc_zstd_compressor {
    ZSTD_CCtx *context;
    const cc_zstd_dictionary *dictionary;  // the one the context refers to now
};

struct cc_zstd_decompressor {
    ZSTD_DCtx *context;
};

struct cc_zstd_dictionary {
    ZSTD_CDict *compressing;
    ZSTD_DDict *decompressing;
};

cc_zstd_compressor *cc_zstd_compressor_new(int level)
{
    cc_zstd_compressor *compressor = calloc(1, sizeof *compressor);
    if (!compressor) return NULL;
    ZSTD_CCtx *context = compressor->context = ZSTD_createCCtx();
    // The archive's own headers carry what these fields would say, under authentication.
    if (!context
        || ZSTD_isError(ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, level))
        || ZSTD_isError(ZSTD_CCtx_setParameter(context, ZSTD_c_format, ZSTD_f_zstd1_magicless))
        || ZSTD_isError(ZSTD_CCtx_setParameter(context, ZSTD_c_contentSizeFlag, 0))
        || ZSTD_isError(ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 0))
        || ZSTD_isError(ZSTD_CCtx_setParameter(context, ZSTD_c_dictIDFlag, 0))
        // A dictionary's tables are read where they are. By itself the library copies them for larger
        // messages, which took longer and saved nothing at any size up to its chunks.
        || ZSTD_isError(ZSTD_CCtx_setParameter(
            context, ZSTD_c_forceAttachDict, ZSTD_dictForceAttach))) {
        cc_zstd_compressor_free(compressor);
        return NULL;
    }
    return compressor;
}

void cc_zstd_compressor_free(cc_zstd_compressor *compressor)
{
    if (!compressor) return;
    ZSTD_freeCCtx(compressor->context);
    free(compressor);
}

cc_zstd_decompressor *cc_zstd_decompressor_new(void)
{
    cc_zstd_decompressor *decompressor = calloc(1, sizeof *decompressor);
    if (!decompressor) return NULL;
    decompressor->context = ZSTD_createDCtx();
    if (!decompressor->context
        || ZSTD_isError(ZSTD_DCtx_setParameter(
            decompressor->context, ZSTD_d_format, ZSTD_f_zstd1_magicless))) {
        cc_zstd_decompressor_free(decompressor);
        return NULL;
    }
    return decompressor;
}

void cc_zstd_decompressor_free(cc_zstd_decompressor *decompressor)
{
    if (!decompressor) return;
    ZSTD_freeDCtx(decompressor->context);
    free(decompressor);
}

/// How messages are compressed with a dictionary of records, up to a level.
///
/// The library's own levels are made for text that nothing is known of. Most of a record stands in its
/// dictionary in long strings, and matches of 6 or 7 bytes, for which one table is enough, find those
/// in less time and in less space than shorter ones.
struct manner {
    int last_level;
    size_t least_byte_count;  // of the dictionary; short ones hold short strings
    ZSTD_strategy strategy;
    int hash_log, chain_log, search_log, least_match;
};

static const struct manner manners[] = {
    {2, 0, ZSTD_fast, 15, ZSTD_CHAINLOG_MIN, ZSTD_SEARCHLOG_MIN, 7},
    {4, 64 << 10, ZSTD_fast, 15, ZSTD_CHAINLOG_MIN, ZSTD_SEARCHLOG_MIN, 7},
    {4, 0, 0, 0, 0, 0, 0},
    {8, 0, ZSTD_lazy, 17, 17, 2, 6},
    {15, 0, ZSTD_lazy2, 17, 17, 5, 6},
    {INT_MAX, 0, 0, 0, 0, 0, 0},
};

static ZSTD_CDict *digest(int level, size_t byte_count, const uint8_t *bytes)
{
    const struct manner *manner = manners;
    while (level > manner->last_level || byte_count < manner->least_byte_count) manner++;
    if (!manner->strategy) return ZSTD_createCDict(bytes, byte_count, level);
    ZSTD_CCtx_params *parameters = ZSTD_createCCtxParams();
    ZSTD_CDict *made = NULL;
    if (parameters && !ZSTD_isError(ZSTD_CCtxParams_init(parameters, level))
        && !ZSTD_isError(ZSTD_CCtxParams_setParameter(
            parameters, ZSTD_c_strategy, (int)manner->strategy))
        && !ZSTD_isError(ZSTD_CCtxParams_setParameter(
            parameters, ZSTD_c_hashLog, manner->hash_log))
        && !ZSTD_isError(ZSTD_CCtxParams_setParameter(
            parameters, ZSTD_c_chainLog, manner->chain_log))
        && !ZSTD_isError(ZSTD_CCtxParams_setParameter(
            parameters, ZSTD_c_searchLog, manner->search_log))
        && !ZSTD_isError(ZSTD_CCtxParams_setParameter(
            parameters, ZSTD_c_minMatch, manner->least_match)))
        made = ZSTD_createCDict_advanced2(
            bytes, byte_count, ZSTD_dlm_byCopy, ZSTD_dct_auto, parameters, ZSTD_defaultCMem);
    ZSTD_freeCCtxParams(parameters);
    return made;
}

cc_zstd_dictionary *cc_zstd_dictionary_new(int level, size_t byte_count, const uint8_t *bytes)
{
    cc_zstd_dictionary *dictionary = calloc(1, sizeof *dictionary);
    if (!dictionary) return NULL;
    dictionary->compressing = digest(level, byte_count, bytes);
    dictionary->decompressing = ZSTD_createDDict(bytes, byte_count);
    if (!dictionary->compressing || !dictionary->decompressing) {
        cc_zstd_dictionary_free(dictionary);
        return NULL;
    }
    return dictionary;
}

void cc_zstd_dictionary_free(cc_zstd_dictionary *dictionary)
{
    if (!dictionary) return;
    ZSTD_freeCDict(dictionary->compressing);
    ZSTD_freeDDict(dictionary->decompressing);
    free(dictionary);
}

long cc_zstd_dictionary_text(size_t byte_count, const uint8_t *bytes)
{
    size_t count = ZDICT_getDictHeaderSize(bytes, byte_count);
    return ZDICT_isError(count) ? CC_MALFORMED : (long)count;
}

long cc_zstd_finish_dictionary(
    int level, size_t content_count, const uint8_t *content,
    size_t sample_count, const size_t *sample_sizes, const uint8_t *samples,
    size_t output_count, uint8_t *output)
{
    if (sample_count > UINT32_MAX) return CC_FAILED;
    ZDICT_params_t parameters = {.compressionLevel = level};
    size_t count = ZDICT_finalizeDictionary(
        output, output_count, content, content_count, samples, sample_sizes,
        (unsigned)sample_count, parameters);
    return ZDICT_isError(count) ? CC_FAILED : (long)count;
}

long cc_zstd_compress(
    cc_zstd_compressor *compressor, const cc_zstd_dictionary *dictionary,
    size_t plain_count, const uint8_t *plain, size_t output_count, uint8_t *output)
{
    if (compressor->dictionary != dictionary) {
        const ZSTD_CDict *digested = dictionary ? dictionary->compressing : NULL;
        if (ZSTD_isError(ZSTD_CCtx_refCDict(compressor->context, digested))) return CC_FAILED;
        compressor->dictionary = dictionary;
    }
    size_t count = ZSTD_compress2(compressor->context, output, output_count, plain, plain_count);
    if (!ZSTD_isError(count)) return (long)count;
    // What did not fit leaves the context in the middle of it, where it takes no other dictionary.
    ZSTD_CCtx_reset(compressor->context, ZSTD_reset_session_only);
    return ZSTD_getErrorCode(count) == ZSTD_error_dstSize_tooSmall ? CC_NO_ROOM : CC_FAILED;
}

/// The length of the frame that `bytes` begin with, from its block headers, or a code.
///
/// The library reads frame after frame and would take an empty second one for nothing.
static long frame_count(size_t byte_count, const uint8_t *bytes)
{
    ZSTD_frameHeader header;
    size_t wanted =
        ZSTD_getFrameHeader_advanced(&header, bytes, byte_count, ZSTD_f_zstd1_magicless);
    if (wanted != 0 || header.dictID != 0 || header.checksumFlag) return CC_MALFORMED;
    size_t offset = header.headerSize;
    for (;;) {
        if (byte_count - offset < 3) return CC_MALFORMED;
        uint32_t block = bytes[offset] | (uint32_t)bytes[offset + 1] << 8
            | (uint32_t)bytes[offset + 2] << 16;
        size_t body = (block >> 1 & 3) == 1 ? 1 : block >> 3;  // type 1 is one byte repeated
        offset += 3;
        if (byte_count - offset < body) return CC_MALFORMED;
        offset += body;
        if (block & 1) return (long)offset;
    }
}

long cc_zstd_decompress(
    cc_zstd_decompressor *decompressor, const cc_zstd_dictionary *dictionary,
    size_t byte_count, const uint8_t *bytes, size_t output_count, uint8_t *output)
{
    long frame = frame_count(byte_count, bytes);
    if (frame < 0) return frame;
    if (!cc_is_padding(byte_count - (size_t)frame, bytes + frame)) return CC_TRAILING;
    size_t count = ZSTD_decompress_usingDDict(
        decompressor->context, output, output_count, bytes, (size_t)frame,
        dictionary ? dictionary->decompressing : NULL);
    if (!ZSTD_isError(count)) return (long)count;
    switch (ZSTD_getErrorCode(count)) {
    case ZSTD_error_dstSize_tooSmall: return CC_NO_ROOM;
    case ZSTD_error_memory_allocation: return CC_FAILED;
    default: return CC_MALFORMED;
    }
}
