#pragma once
#include <stddef.h>
#include <stdint.h>

// The thin C between Swift and libzstd and zlib. Every function takes counted bytes, keeps none of
// them, and answers with a count or one of the codes below; contexts are made once and used again.

// The Swift importer turns a counted, non-escaping pointer into a span. Plain C compilers do not
// accept the attribute on a parameter, so it is visible to Swift alone.
#if __has_feature(bounds_safety_attributes)
#define CC_COUNTED(n) __attribute__((__counted_by__(n)))
#else
#define CC_COUNTED(n)
#endif
#define CC_NOESCAPE __attribute__((noescape))

/// What an operation answers where it has no count to give.
enum {
    CC_NO_ROOM = -1,    // the output is full and more would come
    CC_MALFORMED = -2,  // the input is not what it says it is
    CC_TRAILING = -3,   // behind the end of the frame is more than zeros
    CC_FAILED = -4,     // the library could not work, as for want of memory
};

typedef struct cc_zstd_compressor cc_zstd_compressor;
typedef struct cc_zstd_decompressor cc_zstd_decompressor;
typedef struct cc_zstd_dictionary cc_zstd_dictionary;
typedef struct cc_zlib_compressor cc_zlib_compressor;
typedef struct cc_zlib_decompressor cc_zlib_decompressor;

cc_zstd_compressor *_Nullable cc_zstd_compressor_new(int level);
void cc_zstd_compressor_free(cc_zstd_compressor *_Nullable compressor);
cc_zstd_decompressor *_Nullable cc_zstd_decompressor_new(void);
void cc_zstd_decompressor_free(cc_zstd_decompressor *_Nullable decompressor);

/// Digests a dictionary for compressing at `level` and for decompressing; copies its bytes.
cc_zstd_dictionary *_Nullable cc_zstd_dictionary_new(
    int level, size_t byte_count,
    const uint8_t *_Nullable bytes CC_COUNTED(byte_count) CC_NOESCAPE);
void cc_zstd_dictionary_free(cc_zstd_dictionary *_Nullable dictionary);

/// Where the text of a dictionary of RFC 8878 begins, behind its entropy tables.
long cc_zstd_dictionary_text(
    size_t byte_count, const uint8_t *_Nonnull bytes CC_COUNTED(byte_count) CC_NOESCAPE);

/// Makes a dictionary of RFC 8878 out of `content`, with entropy tables counted over the samples, which
/// stand back to back.
long cc_zstd_finish_dictionary(
    int level, size_t content_count, const uint8_t *_Nonnull content,
    size_t sample_count, const size_t *_Nonnull sample_sizes, const uint8_t *_Nonnull samples,
    size_t output_count, uint8_t *_Nonnull output);

/// Writes one frame without magic number, content size, checksum and dictionary number.
long cc_zstd_compress(
    cc_zstd_compressor *_Nonnull compressor, const cc_zstd_dictionary *_Nullable dictionary,
    size_t plain_count, const uint8_t *_Nullable plain CC_COUNTED(plain_count) CC_NOESCAPE,
    size_t output_count, uint8_t *_Nullable output CC_COUNTED(output_count) CC_NOESCAPE);

/// Reads exactly one such frame; zeros behind it are padding.
long cc_zstd_decompress(
    cc_zstd_decompressor *_Nonnull decompressor, const cc_zstd_dictionary *_Nullable dictionary,
    size_t byte_count, const uint8_t *_Nullable bytes CC_COUNTED(byte_count) CC_NOESCAPE,
    size_t output_count, uint8_t *_Nullable output CC_COUNTED(output_count) CC_NOESCAPE);

cc_zlib_compressor *_Nullable cc_zlib_compressor_new(void);
void cc_zlib_compressor_free(cc_zlib_compressor *_Nullable compressor);
cc_zlib_decompressor *_Nullable cc_zlib_decompressor_new(void);
void cc_zlib_decompressor_free(cc_zlib_decompressor *_Nullable decompressor);

/// Writes one zlib stream (RFC 1950).
long cc_zlib_compress(
    cc_zlib_compressor *_Nonnull compressor,
    size_t plain_count, const uint8_t *_Nullable plain CC_COUNTED(plain_count) CC_NOESCAPE,
    size_t output_count, uint8_t *_Nullable output CC_COUNTED(output_count) CC_NOESCAPE);

/// Reads exactly one zlib stream; zeros behind it are padding.
long cc_zlib_decompress(
    cc_zlib_decompressor *_Nonnull decompressor,
    size_t byte_count, const uint8_t *_Nullable bytes CC_COUNTED(byte_count) CC_NOESCAPE,
    size_t output_count, uint8_t *_Nullable output CC_COUNTED(output_count) CC_NOESCAPE);

/// The built-in dictionary number 1; it lives as long as the program.
const uint8_t *_Nonnull cc_fhir_json_dictionary(size_t *_Nonnull byte_count);
