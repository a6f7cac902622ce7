#pragma once
#include <stddef.h>
#include <stdint.h>

// One HTTP exchange over libcurl. Every buffer is counted and non-escaping, so Swift calls with spans;
// texts end with a zero byte. Without the package's trait S3 these functions do not exist, and
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
/// `fields` are header lines, each ended by a zero byte. `authorities` names a file of certificates,
/// or is empty for the system's. Redirections are not followed: a signed request is for one place.
ch_answer ch_exchange(ch_session *session, const ch_bounds bounds,
                      size_t method_count, const uint8_t *method CH_IN(method_count),
                      size_t url_count, const uint8_t *url CH_IN(url_count),
                      size_t fields_count, const uint8_t *fields CH_IN(fields_count),
                      size_t authorities_count,
                      const uint8_t *authorities CH_IN(authorities_count),
                      size_t body_count, const uint8_t *body CH_IN(body_count),
                      size_t head_room, uint8_t *head CH_IN(head_room),
                      size_t answer_room, uint8_t *answer CH_IN(answer_room));
