#define _GNU_SOURCE
#include "library.h"
#include <errno.h>
#include <sys/mman.h>
#include <sys/random.h>

static void cs_library_free(cs_library *library)
{
    EVP_CIPHER_free(library->gcm);
    EVP_CIPHER_free(library->ecb);
    EVP_MD_free(library->sha256);
    EVP_MAC_free(library->hmac);
    OPENSSL_free(library);
}

cs_library *cs_library_fetch(int only_hashes)
{
    cs_library *library = OPENSSL_zalloc(sizeof *library);
    if (!library) return NULL;
    library->sha256 = EVP_MD_fetch(NULL, "SHA2-256", NULL);
    int done = library->sha256 != NULL;
    if (done && !only_hashes) {
        library->gcm = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);
        library->ecb = EVP_CIPHER_fetch(NULL, "AES-256-ECB", NULL);
        library->hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
        done = library->gcm && library->ecb && library->hmac;
    }
    if (done) {
        library->hashes_directly = cs_library_hashes_directly(library->sha256);
        return library;
    }
    cs_library_free(library);
    return NULL;
}

void cs_wipe(size_t count, uint8_t *bytes)
{
    if (bytes) OPENSSL_cleanse(bytes, count);
}

void cs_lock(size_t count, const uint8_t *bytes)
{
    int before = errno;
    if (bytes && count) (void)mlock(bytes, count);
    errno = before;
}

int cs_equal(size_t left_count, const uint8_t *left, size_t right_count, const uint8_t *right)
{
    if (left_count != right_count) return 0;
    return left_count == 0 || CRYPTO_memcmp(left, right, left_count) == 0;
}

int cs_random(size_t count, uint8_t *bytes)
{
    size_t filled = 0;
    while (filled < count) {
        ssize_t step = getrandom(bytes + filled, count - filled, 0);
        if (step > 0) filled += (size_t)step;
        else if (errno != EINTR) return 0;
    }
    return 1;
}
