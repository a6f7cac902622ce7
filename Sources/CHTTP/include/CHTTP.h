#pragma once
#include <stddef.h>
#include <stdint.h>

// One HTTP exchange over libcurl. No buffer is kept beyond its call; texts end with a zero byte. Without the package's trait S3 these functions do not exist, and
// libcurl is neither included nor linked.

#if defined(__has_feature)
#if __has_feature(bounds_safety_attributes)
#define CH_COUNTED(n) __attribute__((__counted_by__(n)))
#endif
#endif
#ifndef CH_COUNTED
#define CH_COUNTED(n)
#endif
#define CH_IN(n) CH_COUNTED(n) __attribute__((noescape))

/// How an exchange ended.
enum ch_result {
    CH_DONE,        // there is an answer, of whatever status
    CH_UNREACHABLE, // no connection
    CH_TIMEOUT,     // a bound was reached
    CH_CUT,         // the connection ended before the answer did
    CH_CERTIFICATE, // the server is not who it should be
    CH_TOO_LONG,    // the answer has no room
    CH_CANCELLED,
    CH_FAILED,
};

/// What came back: `head_count` and `body_count` bytes are in the caller's buffers.
typedef struct {
    int result;
    long status;
    uint64_t head_count;
    uint64_t body_count;
} ch_answer;

/// The bounds of an exchange; every wait ends.
typedef struct {
    long connect_milliseconds;
    long total_milliseconds;
    long stall_seconds;               // less than a byte a second for so long ends it
    int64_t sent_bytes_per_second;    // 0 for no limit
    int64_t received_bytes_per_second;
} ch_bounds;

/// Keeps a connection open from one exchange to the next; for one thread at a time.
typedef struct ch_session ch_session;
ch_session *ch_session_new(void);
void ch_session_free(ch_session *session);
/// Takes back an earlier cancellation.
void ch_session_arm(ch_session *session);
/// Ends a running exchange within about a second; from any thread.
void ch_session_cancel(ch_session *session);
/// Writes why the last exchange failed; returns the number of bytes.
size_t ch_session_reason(ch_session *session, size_t count, uint8_t *text CH_IN(count));

/// Sends a request and waits for the answer.
///
/// `lines` are texts, each ended by a zero byte: the method, the URL, a file of certificates or
/// nothing for the system's, and then the header's lines. Redirections are not followed: a signed
/// request is for one place. The buffers are not annotated: for more than one the compiler makes
/// wrappers that it cannot optimize (Swift 6.3.1), so the caller lends the pointers itself.
ch_answer ch_exchange(ch_session *session, const ch_bounds bounds,
                      size_t lines_count, const uint8_t *lines,
                      size_t body_count, const uint8_t *body,
                      size_t head_room, uint8_t *head,
                      size_t answer_room, uint8_t *answer);
