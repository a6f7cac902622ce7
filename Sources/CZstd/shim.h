// The magicless frame format and the frame header reader are part of the static interface only.
#define ZSTD_STATIC_LINKING_ONLY
#include <zstd.h>
