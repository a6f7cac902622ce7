#pragma once
#include <stddef.h>
#include <stdint.h>

/// Tells whether the bytes behind the compressed ones are the zeros of padding, or none.
static inline int cc_is_padding(size_t byte_count, const uint8_t *bytes)
{
    for (size_t index = 0; index < byte_count; index++) {
        if (bytes[index]) return 0;
    }
    return 1;
}
