// A corpus in packs, as the format demands them: of one person each, whose key can be destroyed.

#define OPENSSL_SUPPRESS_DEPRECATED
#include "raw-packs.h"

#include "bench.h"

#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>

enum { TREE_DEPTH = 48 };

static void append(struct packs *all, const void *bytes, size_t count)
{
    if (all->plain_count + count > all->plain_room)
        all->plain =
            allocate(all->plain, all->plain_room = (all->plain_count + count) * 2);
    memcpy(all->plain + all->plain_count, bytes, count);
    all->plain_count += count;
}

static void end_pack(struct packs *all, struct pack *pack)
{
    if (pack->body_count == 0) return;
    char name[NAME_LENGTH + 1];
    for (size_t index = 0; index < pack->body_count; index++) {
        make_name(pack->first_body + index, name);
        append(all, name, NAME_LENGTH);
    }
    all->packs[all->count++] = *pack;
    *pack = (struct pack){.first_body = all->body_count, .subject = pack->subject};
}

void load_packs(struct packs *all, const char *corpus_path)
{
    static struct record records[BATCH_COUNT];
    struct corpus *corpus = open_corpus(corpus_path);
    char *subject = NULL;
    for (size_t count; all->batch_count < MOST_BATCHES
         && (count = next_records(corpus, records, BATCH_COUNT)) > 0; all->batch_count++) {
        all->bodies =
            allocate(all->bodies, (all->body_count + count) * sizeof *all->bodies);
        all->packs = allocate(all->packs, (all->count + count) * sizeof *all->packs);
        struct pack pack = {.first_body = all->body_count, .subject = all->subject_count};
        for (size_t index = 0; index < count; index++) {
            size_t size = records[index].body_count, room = size + NAME_LENGTH;
            if (room > BLOCK) continue;  // a few, which have packs of their own
            int is_other = !subject || strcmp(subject, records[index].subject) != 0;
            if (is_other || pack.plain_count + room > BLOCK) end_pack(all, &pack);
            if (is_other) {
                free(subject);
                if (!(subject = strdup(records[index].subject))) fail("no memory");
                pack.subject = ++all->subject_count;
            }
            append(all, records[index].body, size);
            all->bodies[all->body_count++] = size;
            all->body_bytes += size;
            pack.plain_count += room;
            pack.body_count++;
        }
        end_pack(all, &pack);
        all->batches[all->batch_count + 1] = all->count;
    }
    free(subject);
    close_corpus(corpus);
    const uint8_t *plain = all->plain;
    for (size_t index = 0; index < all->count; index++) {
        all->packs[index].plain = plain;
        plain += all->packs[index].plain_count;
    }
}

void sha256(const uint8_t *bytes, size_t count, uint8_t *digest)
{
    SHA256_CTX context;
    if (SHA256_Init(&context) != 1 || SHA256_Update(&context, bytes, count) != 1
        || SHA256_Final(digest, &context) != 1)
        fail("no digest");
}

void hash_bodies(const struct packs *all, const struct pack *pack, const uint8_t *plain,
                 uint8_t *digests)
{
    for (size_t index = 0; index < pack->body_count; index++) {
        size_t count = all->bodies[pack->first_body + index];
        sha256(plain, count, digests + DIGEST * index);
        plain += count;
    }
}

void derive_key(size_t subject, uint8_t key[KEY])
{
    memset(key, 7, KEY);
    uint8_t inner[64 + 1], outer[64 + DIGEST];
    for (int level = 0; level < TREE_DEPTH; level++) {
        for (int place = 0; place < 64; place++) {
            uint8_t byte = place < KEY ? key[place] : 0;
            inner[place] = byte ^ 0x36;
            outer[place] = byte ^ 0x5c;
        }
        inner[64] = subject >> (2 * level % 64) & 3;
        sha256(inner, sizeof inner, outer + 64);
        sha256(outer, sizeof outer, key);
    }
}
