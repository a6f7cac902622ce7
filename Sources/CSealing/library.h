#pragma once
#include "CSealing.h"
#include <limits.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>

struct cs_library {
    EVP_CIPHER *gcm;
    EVP_CIPHER *ecb;
    EVP_MD *sha256;
    EVP_MAC *hmac;
    int hashes_directly;
};

int cs_library_hashes_directly(const EVP_MD *sha256);

/// libcrypto takes counts as `int`.
static inline int cs_fits(size_t count) { return count <= INT_MAX - 64; }

/// An empty span has no address, but libcrypto reads a null input as a question about sizes.
static inline const uint8_t *cs_address(const uint8_t *bytes)
{
    return bytes ? bytes : (const uint8_t *)"";
}

cs_hash cs_hash_of(const uint8_t bytes[32]);
