#include "CHTTP.h"

#ifdef STRONGROOM_S3
#include <curl/curl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

struct ch_session {
    CURL *curl;
    atomic_int is_cancelled;
    char reason[CURL_ERROR_SIZE];
};

typedef struct {
    uint8_t *bytes;
    size_t room;
    size_t count;
    int is_full;
} ch_sink;

ch_session *ch_session_new(void)
{
    ch_session *made = calloc(1, sizeof *made);
    if (!made) return NULL;
    made->curl = curl_easy_init();
    if (made->curl) return made;
    free(made);
    return NULL;
}

void ch_session_free(ch_session *session)
{
    if (!session) return;
    curl_easy_cleanup(session->curl);
    free(session);
}

void ch_session_arm(ch_session *session) { atomic_store(&session->is_cancelled, 0); }

void ch_session_cancel(ch_session *session) { atomic_store(&session->is_cancelled, 1); }

size_t ch_session_reason(ch_session *session, size_t count, uint8_t *text)
{
    size_t length = strnlen(session->reason, sizeof session->reason);
    if (length > count) length = count;
    if (length > 0) memcpy(text, session->reason, length);
    return length;
}

static size_t ch_take(char *bytes, size_t size, size_t number, void *context)
{
    ch_sink *sink = context;
    size_t count = size * number;
    if (count > sink->room - sink->count) {
        sink->is_full = 1;
        return 0;
    }
    if (count > 0) memcpy(sink->bytes + sink->count, bytes, count);
    sink->count += count;
    return count;
}

/// A new status line begins the head anew: what came before was an interim answer.
static size_t ch_take_head(char *bytes, size_t size, size_t number, void *context)
{
    ch_sink *sink = context;
    if (size * number >= 5 && memcmp(bytes, "HTTP/", 5) == 0) sink->count = 0;
    return ch_take(bytes, size, number, context);
}

static int ch_progress(void *context, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
    (void)a, (void)b, (void)c, (void)d;
    return atomic_load(&((ch_session *)context)->is_cancelled);
}

static struct curl_slist *ch_fields(const char *fields, size_t count)
{
    struct curl_slist *list = NULL;
    for (size_t start = 0; start < count;) {
        const char *line = fields + start;
        struct curl_slist *longer = curl_slist_append(list, line);
        if (!longer) break;
        list = longer;
        start += strlen(line) + 1;
    }
    // Else libcurl asks before it sends a large body, and waits for the answer.
    struct curl_slist *longer = curl_slist_append(list, "Expect:");
    return longer ? longer : list;
}

static enum ch_result ch_meaning(CURLcode code)
{
    switch (code) {
    case CURLE_OK: return CH_DONE;
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT: return CH_UNREACHABLE;
    case CURLE_OPERATION_TIMEDOUT: return CH_TIMEOUT;
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_GOT_NOTHING:
    case CURLE_PARTIAL_FILE:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_WEIRD_SERVER_REPLY: return CH_CUT;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR: return CH_CERTIFICATE;
    case CURLE_ABORTED_BY_CALLBACK: return CH_CANCELLED;
    default: return CH_FAILED;
    }
}

static void ch_bound(CURL *curl, const ch_bounds *bounds)
{
    // Signals would end the waits of other threads.
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, bounds->connect_milliseconds);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, bounds->total_milliseconds);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, bounds->stall_seconds);
    curl_easy_setopt(curl, CURLOPT_TCP_KEEPALIVE, 1L);
    // Bodies are megabytes: with libcurl's own 16 and 64 KiB most of the time goes into calls.
    curl_easy_setopt(curl, CURLOPT_BUFFERSIZE, 512L << 10);
    curl_easy_setopt(curl, CURLOPT_UPLOAD_BUFFERSIZE, 512L << 10);
    curl_easy_setopt(curl, CURLOPT_MAX_SEND_SPEED_LARGE,
                     (curl_off_t)bounds->sent_bytes_per_second);
    curl_easy_setopt(curl, CURLOPT_MAX_RECV_SPEED_LARGE,
                     (curl_off_t)bounds->received_bytes_per_second);
}

ch_answer ch_exchange(ch_session *session, const ch_bounds bounds,
                      size_t lines_count, const uint8_t *lines,
                      size_t body_count, const uint8_t *body,
                      size_t head_room, uint8_t *head,
                      size_t answer_room, uint8_t *answer)
{
    const char *method = (const char *)lines;
    const char *url = method + strlen(method) + 1;
    const char *authorities = url + strlen(url) + 1;
    const char *fields = authorities + strlen(authorities) + 1;
    CURL *curl = session->curl;
    ch_sink head_sink = {head, head_room, 0, 0};
    ch_sink sink = {answer, answer_room, 0, 0};
    struct curl_slist *list = ch_fields(fields, lines_count - (size_t)(fields - method));
    curl_easy_reset(curl);
    session->reason[0] = 0;
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, session->reason);
    ch_bound(curl, &bounds);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(curl, CURLOPT_URL, url);
    // The signature is over the path as it is spelled.
    curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, list);
    if (authorities[0]) curl_easy_setopt(curl, CURLOPT_CAINFO, authorities);
    if (strcmp(method, "HEAD") == 0) {
        curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
    } else if (body_count > 0 || method[0] == 'P') {
        curl_easy_setopt(curl, CURLOPT_POST, 1L);
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body_count);
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body ? (const char *)body : "");
    }
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, ch_take);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &sink);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, ch_take_head);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, &head_sink);
    curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, ch_progress);
    curl_easy_setopt(curl, CURLOPT_XFERINFODATA, session);

    CURLcode code = curl_easy_perform(curl);
    ch_answer outcome = {.result = ch_meaning(code)};
    if (sink.is_full || head_sink.is_full) outcome.result = CH_TOO_LONG;
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &outcome.status);
    outcome.head_count = head_sink.count;
    outcome.body_count = sink.count;
    curl_slist_free_all(list);
    // Nothing of the caller's is kept: options hold addresses until they are set again.
    curl_easy_reset(curl);
    return outcome;
}
#endif
