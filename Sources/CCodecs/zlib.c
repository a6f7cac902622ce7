#include "CCodecs.h"
#include "padding.h"

#include <limits.h>
#include <stdlib.h>

#include <zlib.h>

struct cc_zlib_compressor {
    z_stream stream;
};

struct cc_zlib_decompressor {
    z_stream stream;
};

cc_zlib_compressor *cc_zlib_compressor_new(void)
{
    cc_zlib_compressor *compressor = calloc(1, sizeof *compressor);
    if (!compressor) return NULL;
    if (deflateInit(&compressor->stream, Z_DEFAULT_COMPRESSION) != Z_OK) {
        free(compressor);
        return NULL;
    }
    return compressor;
}

void cc_zlib_compressor_free(cc_zlib_compressor *compressor)
{
    if (!compressor) return;
    deflateEnd(&compressor->stream);
    free(compressor);
}

cc_zlib_decompressor *cc_zlib_decompressor_new(void)
{
    cc_zlib_decompressor *decompressor = calloc(1, sizeof *decompressor);
    if (!decompressor) return NULL;
    if (inflateInit(&decompressor->stream) != Z_OK) {
        free(decompressor);
        return NULL;
    }
    return decompressor;
}

void cc_zlib_decompressor_free(cc_zlib_decompressor *decompressor)
{
    if (!decompressor) return;
    inflateEnd(&decompressor->stream);
    free(decompressor);
}

/// Lends both buffers to the stream; zlib counts in `unsigned`, so larger ones are refused.
static int lend(
    z_stream *stream, size_t input_count, const uint8_t *input, size_t output_count,
    uint8_t *output)
{
    if (input_count > UINT_MAX || output_count > UINT_MAX) return 0;
    stream->next_in = (Bytef *)input;
    stream->avail_in = (uInt)input_count;
    stream->next_out = output;
    stream->avail_out = (uInt)output_count;
    return 1;
}

long cc_zlib_compress(
    cc_zlib_compressor *compressor,
    size_t plain_count, const uint8_t *plain, size_t output_count, uint8_t *output)
{
    z_stream *stream = &compressor->stream;
    if (deflateReset(stream) != Z_OK
        || !lend(stream, plain_count, plain, output_count, output)) return CC_FAILED;
    switch (deflate(stream, Z_FINISH)) {
    case Z_STREAM_END: return (long)stream->total_out;
    case Z_OK:
    case Z_BUF_ERROR: return CC_NO_ROOM;
    default: return CC_FAILED;
    }
}

long cc_zlib_decompress(
    cc_zlib_decompressor *decompressor,
    size_t byte_count, const uint8_t *bytes, size_t output_count, uint8_t *output)
{
    z_stream *stream = &decompressor->stream;
    if (inflateReset(stream) != Z_OK
        || !lend(stream, byte_count, bytes, output_count, output)) return CC_FAILED;
    int status = inflate(stream, Z_FINISH);
    if (status == Z_STREAM_END) {
        return cc_is_padding(stream->avail_in, stream->next_in)
            ? (long)stream->total_out : CC_TRAILING;
    }
    if (status == Z_MEM_ERROR) return CC_FAILED;
    // Output that is full while input is left means more bytes than were declared.
    if (status == Z_BUF_ERROR && stream->avail_out == 0 && stream->avail_in > 0) return CC_NO_ROOM;
    return CC_MALFORMED;
}
