#include "crypto/keylog.h"

#include "base/writer.h"
#include "crypto/wipe.h"

#define KEYLOG_LINE_MAX 4096 /* octets without the line end */
#define KEYLOG_CHUNK 64      /* entries that are allocated at once */
#define KEYLOG_WORDS 3
#define KEYLOG_LEGACY "QUIC_"

/* Where the reading of one source stands. */
typedef struct keylog_source {
  uint8_t *held; /* a line without its end, or NULL */
  size_t held_len;
  size_t held_cap;
  uint32_t line; /* lines that ended */
  bool skipping; /* inside a line that was too long */
  bool after_cr; /* an LF now belongs to the CR before it */
} keylog_source;

typedef struct keylog_chunk {
  quic_keylog_entry entries[KEYLOG_CHUNK];
} keylog_chunk;

struct quic_keylog {
  const quic_mem *mem;
  quic_map index; /* client random -> entry */
  keylog_chunk **chunks;
  size_t chunks_cap;
  size_t len;              /* entries */
  quic_keylog_entry *last; /* lines of a connection stand together */
  keylog_source *sources;
  size_t sources_len;
  size_t sources_cap;
  quic_keylog_problem *problems;
  size_t problems_len;
  size_t problems_cap;
  uint64_t counts[QUIC_KEYLOG_PROBLEMS];
  uint64_t secrets;
  bool has_lines;
};

/* One line, while it is read. */
typedef struct keylog_line {
  quic_bytes text;
  quic_bytes words[KEYLOG_WORDS];
  size_t nwords;
  uint16_t source;
  uint32_t number;
} keylog_line;

static const char *const keylog_labels[QUIC_KEYLOG_LABELS] = {
    [QUIC_KEYLOG_CLIENT_EARLY] = "CLIENT_EARLY_TRAFFIC_SECRET",
    [QUIC_KEYLOG_CLIENT_HANDSHAKE] = "CLIENT_HANDSHAKE_TRAFFIC_SECRET",
    [QUIC_KEYLOG_SERVER_HANDSHAKE] = "SERVER_HANDSHAKE_TRAFFIC_SECRET",
    [QUIC_KEYLOG_CLIENT_APP] = "CLIENT_TRAFFIC_SECRET_0",
    [QUIC_KEYLOG_SERVER_APP] = "SERVER_TRAFFIC_SECRET_0",
    [QUIC_KEYLOG_EXPORTER] = "EXPORTER_SECRET",
    [QUIC_KEYLOG_EARLY_EXPORTER] = "EARLY_EXPORTER_SECRET",
};

/* Labels with nothing for QUIC: TLS 1.2, and ECH (RFC 9850 §2.3). */
static const char *const keylog_other_labels[] = {"CLIENT_RANDOM", "RSA",
                                                  "ECH_SECRET", "ECH_CONFIG"};

static const char *const keylog_problem_texts[QUIC_KEYLOG_PROBLEMS] = {
    [QUIC_KEYLOG_BAD_LINE] = "not a label and two hexadecimal words",
    [QUIC_KEYLOG_UNKNOWN_LABEL] = "unknown label",
    [QUIC_KEYLOG_BAD_RANDOM] = "the client random is not 32 octets long",
    [QUIC_KEYLOG_BAD_LENGTH] = "the secret is not 32 or 48 octets long",
    [QUIC_KEYLOG_DUPLICATE] = "the same secret again",
    [QUIC_KEYLOG_CONFLICT] =
        "another secret for the same label and random; the first one stands",
    [QUIC_KEYLOG_LEGACY_LABEL] = "old label with QUIC_ prefix",
    [QUIC_KEYLOG_TOO_LONG] = "the line is longer than 4096 octets",
    [QUIC_KEYLOG_TOO_MANY] = "too many secrets; this one is not kept",
};

int quic_keylog_new(quic_keylog **out, const quic_mem *mem) {
  quic_keylog *kl = quic_mem_zalloc(mem, sizeof(*kl));
  /* The address is what an attacker who writes the log does not know. */
  uint64_t seed[2] = {(uint64_t)(uintptr_t)kl, UINT64_C(0x6b65796c6f67)};

  *out = kl;
  if (!kl) {
    return QUIC_ERR_NOMEM;
  }
  kl->mem = mem;
  quic_map_init(&kl->index, mem, seed);
  return 0;
}

static void keylog_release(keylog_source *src, const quic_mem *mem) {
  if (src->held) {
    quic_wipe(src->held, src->held_cap);
    quic_mem_free(mem, src->held);
  }
  src->held = NULL;
  src->held_len = src->held_cap = 0;
}

void quic_keylog_del(quic_keylog *kl) {
  if (!kl) {
    return;
  }
  for (size_t i = 0; i * KEYLOG_CHUNK < kl->len; i++) {
    quic_wipe(kl->chunks[i], sizeof(*kl->chunks[i]));
    quic_mem_free(kl->mem, kl->chunks[i]);
  }
  quic_mem_free(kl->mem, kl->chunks);
  for (size_t i = 0; i < kl->sources_len; i++) {
    keylog_release(&kl->sources[i], kl->mem);
  }
  quic_mem_free(kl->mem, kl->sources);
  quic_mem_free(kl->mem, kl->problems);
  quic_map_free(&kl->index);
  quic_mem_free(kl->mem, kl);
}

/* keylog_word borrows the next word of |*text|, empty at its end. */
static quic_bytes keylog_word(quic_bytes *text) {
  const uint8_t *p = text->data;
  const uint8_t *end = p + text->len;
  const uint8_t *start;

  while (p < end && (*p == ' ' || *p == '\t')) {
    p++;
  }
  start = p;
  while (p < end && *p != ' ' && *p != '\t') {
    p++;
  }
  *text = quic_bytes_of(p, (size_t)(end - p));
  return quic_bytes_of(start, (size_t)(p - start));
}

/* keylog_split counts a fourth word and keeps it not. */
static void keylog_split(keylog_line *ln) {
  quic_bytes rest = ln->text;

  for (ln->nwords = 0; ln->nwords <= KEYLOG_WORDS; ln->nwords++) {
    quic_bytes word = keylog_word(&rest);

    if (word.len == 0) {
      return;
    }
    if (ln->nwords < KEYLOG_WORDS) {
      ln->words[ln->nwords] = word;
    }
  }
}

static int keylog_complain(quic_keylog *kl, const keylog_line *ln,
                           quic_keylog_problem_kind kind) {
  quic_bytes text = ln->text;
  quic_bytes word = keylog_word(&text);
  quic_keylog_problem *p;
  void *items = kl->problems;

  kl->counts[kind]++;
  if (kl->problems_len >= QUIC_KEYLOG_PROBLEMS_MAX) {
    return 0;
  }
  if (quic_mem_grow(kl->mem, &items, &kl->problems_cap, kl->problems_len + 1,
                    sizeof(*kl->problems)) != 0) {
    return QUIC_ERR_NOMEM;
  }
  kl->problems = items;
  p = &kl->problems[kl->problems_len++];
  memset(p, 0, sizeof(*p));
  p->kind = kind;
  p->source = ln->source;
  p->line = ln->number;
  if (word.len) {
    memcpy(p->label, word.data,
           word.len < sizeof(p->label) ? word.len : sizeof(p->label) - 1);
  }
  return 0;
}

static bool keylog_is(quic_bytes word, const char *label) {
  return quic_bytes_eq(word, quic_bytes_of(label, strlen(label)));
}

/* keylog_find_label returns the label's index, or QUIC_KEYLOG_LABELS. */
static size_t keylog_find_label(quic_bytes word) {
  size_t i = 0;

  while (i < QUIC_KEYLOG_LABELS && !keylog_is(word, keylog_labels[i])) {
    i++;
  }
  return i;
}

static bool keylog_other_label(quic_bytes word) {
  for (size_t i = 0;
       i < sizeof(keylog_other_labels) / sizeof(keylog_other_labels[0]); i++) {
    if (keylog_is(word, keylog_other_labels[i])) {
      return true;
    }
  }
  return false;
}

/* keylog_legacy cuts the QUIC_ prefix off when there is one. */
static bool keylog_legacy(quic_bytes *word) {
  size_t n = strlen(KEYLOG_LEGACY);

  if (word->len <= n || memcmp(word->data, KEYLOG_LEGACY, n) != 0) {
    return false;
  }
  *word = quic_bytes_of(word->data + n, word->len - n);
  return true;
}

#define KEYLOG_DIGIT 0x10 /* set in the values of hexadecimal digits */

static const uint8_t keylog_digits[256] = {
    ['0'] = 0x10, ['1'] = 0x11, ['2'] = 0x12, ['3'] = 0x13, ['4'] = 0x14,
    ['5'] = 0x15, ['6'] = 0x16, ['7'] = 0x17, ['8'] = 0x18, ['9'] = 0x19,
    ['a'] = 0x1a, ['b'] = 0x1b, ['c'] = 0x1c, ['d'] = 0x1d, ['e'] = 0x1e,
    ['f'] = 0x1f, ['A'] = 0x1a, ['B'] = 0x1b, ['C'] = 0x1c, ['D'] = 0x1d,
    ['E'] = 0x1e, ['F'] = 0x1f,
};

/* keylog_unhex decodes what fits |out| and tells whether all of |word| is
   hexadecimal. */
static bool keylog_unhex(quic_bytes word, uint8_t *out, size_t cap) {
  uint8_t all = KEYLOG_DIGIT;

  for (size_t i = 0; i + 1 < word.len; i += 2) {
    uint8_t hi = keylog_digits[word.data[i]];
    uint8_t lo = keylog_digits[word.data[i + 1]];

    all &= hi & lo;
    if (i / 2 < cap) {
      out[i / 2] = (uint8_t)(hi << 4 | (lo & 0x0f));
    }
  }
  if (word.len % 2 != 0) {
    all &= keylog_digits[word.data[word.len - 1]];
  }
  return all != 0;
}

/* keylog_add_entry appends an empty entry for |random|. */
static int keylog_add_entry(quic_keylog *kl, const uint8_t *random,
                            quic_keylog_entry **out) {
  size_t slot = kl->len % KEYLOG_CHUNK;
  size_t nchunks = kl->len / KEYLOG_CHUNK;
  void *items = kl->chunks;
  keylog_chunk *fresh = NULL;
  quic_keylog_entry *entry;

  if (slot == 0) {
    if (quic_mem_grow(kl->mem, &items, &kl->chunks_cap, nchunks + 1,
                      sizeof(keylog_chunk *)) != 0) {
      return QUIC_ERR_NOMEM;
    }
    kl->chunks = items;
    fresh = quic_mem_zalloc(kl->mem, sizeof(*fresh));
    if (!fresh) {
      return QUIC_ERR_NOMEM;
    }
    kl->chunks[nchunks] = fresh;
  }
  entry = &kl->chunks[nchunks]->entries[slot];
  if (quic_map_put(&kl->index, quic_bytes_of(random, QUIC_KEYLOG_RANDOM_LEN),
                   entry) != 0) {
    quic_mem_free(kl->mem, fresh);
    return QUIC_ERR_NOMEM;
  }
  memcpy(entry->random, random, QUIC_KEYLOG_RANDOM_LEN);
  kl->len++;
  *out = entry;
  return 0;
}

static int keylog_store(quic_keylog *kl, const keylog_line *ln, size_t label,
                        const uint8_t *random, const quic_secret *secret) {
  quic_keylog_entry *entry = quic_keylog_find(kl, random);
  int rv;

  if (entry && entry->secrets[label].len) {
    const quic_secret *old = &entry->secrets[label];
    bool same = quic_bytes_eq(quic_bytes_of(old->data, old->len),
                              quic_bytes_of(secret->data, secret->len));

    return keylog_complain(kl, ln,
                           same ? QUIC_KEYLOG_DUPLICATE : QUIC_KEYLOG_CONFLICT);
  }
  if (kl->secrets >= QUIC_KEYLOG_LINES_MAX) {
    return keylog_complain(kl, ln, QUIC_KEYLOG_TOO_MANY);
  }
  if (!entry) {
    rv = keylog_add_entry(kl, random, &entry);
    if (rv != 0) {
      return rv;
    }
  }
  entry->secrets[label] = *secret;
  entry->line[label] = ln->number;
  entry->source[label] = ln->source;
  kl->last = entry;
  kl->secrets++;
  return 0;
}

/* keylog_secret_line reads a line whose label is ours. */
static int keylog_secret_line(quic_keylog *kl, const keylog_line *ln,
                              size_t label) {
  uint8_t random[QUIC_KEYLOG_RANDOM_LEN];
  quic_secret secret = {.len = 0};
  size_t secret_len = ln->words[2].len / 2;
  int rv;

  if (!keylog_unhex(ln->words[1], random, sizeof(random)) ||
      !keylog_unhex(ln->words[2], secret.data, sizeof(secret.data))) {
    return keylog_complain(kl, ln, QUIC_KEYLOG_BAD_LINE);
  }
  if (ln->words[1].len != 2 * sizeof(random)) {
    return keylog_complain(kl, ln, QUIC_KEYLOG_BAD_RANDOM);
  }
  if (ln->words[2].len % 2 != 0 || (secret_len != 32 && secret_len != 48)) {
    return keylog_complain(kl, ln, QUIC_KEYLOG_BAD_LENGTH);
  }
  secret.len = (uint8_t)secret_len;
  rv = keylog_store(kl, ln, label, random, &secret);
  quic_wipe(&secret, sizeof(secret));
  return rv;
}

static int keylog_read_words(quic_keylog *kl, const keylog_line *ln) {
  quic_bytes word = ln->words[0];
  bool other = keylog_other_label(word);
  bool legacy = !other && keylog_legacy(&word);
  size_t label = keylog_find_label(word);
  bool known = label < QUIC_KEYLOG_LABELS;
  int rv = 0;

  kl->has_lines |= other || known;
  if (other) {
    return 0;
  }
  if (ln->nwords != KEYLOG_WORDS) {
    return keylog_complain(kl, ln, QUIC_KEYLOG_BAD_LINE);
  }
  if (!known) {
    return keylog_complain(kl, ln, QUIC_KEYLOG_UNKNOWN_LABEL);
  }
  if (legacy) {
    rv = keylog_complain(kl, ln, QUIC_KEYLOG_LEGACY_LABEL);
  }
  return rv == 0 ? keylog_secret_line(kl, ln, label) : rv;
}

/* keylog_read_line reads one line without its end; of a |too_long| one, its
   first KEYLOG_LINE_MAX octets. */
static int keylog_read_line(quic_keylog *kl, uint16_t source, quic_bytes text,
                            bool too_long) {
  static const uint8_t bom[3] = {0xef, 0xbb, 0xbf};
  keylog_line ln = {.text = text, .source = source};

  ln.number = kl->sources[source].line + 1;
  /* RFC 9850 forbids a byte order mark, editors write it nevertheless. */
  if (ln.number == 1 && text.len >= sizeof(bom) &&
      memcmp(text.data, bom, sizeof(bom)) == 0) {
    ln.text = quic_bytes_of(text.data + sizeof(bom), text.len - sizeof(bom));
  }
  keylog_split(&ln);
  if (ln.nwords > 0 && ln.words[0].data[0] == '#') {
    kl->has_lines = true;
    return 0;
  }
  if (too_long) {
    return keylog_complain(kl, &ln, QUIC_KEYLOG_TOO_LONG);
  }
  return ln.nwords > 0 ? keylog_read_words(kl, &ln) : 0;
}

static int keylog_hold(quic_keylog *kl, keylog_source *src, quic_bytes piece) {
  void *held = src->held;

  if (piece.len == 0) {
    return 0;
  }
  if (quic_mem_grow(kl->mem, &held, &src->held_cap, src->held_len + piece.len,
                    1) != 0) {
    return QUIC_ERR_NOMEM;
  }
  src->held = held;
  memcpy(src->held + src->held_len, piece.data, piece.len);
  src->held_len += piece.len;
  return 0;
}

/* keylog_take_piece reads |piece|, the next octets of a line, which ends
   there when |ends|.  Only a line in several pieces is copied. */
static int keylog_take_piece(quic_keylog *kl, uint16_t source, quic_bytes piece,
                             bool ends) {
  keylog_source *src = &kl->sources[source];
  bool too_long = src->held_len + piece.len > KEYLOG_LINE_MAX;
  int rv = 0;

  if (src->skipping) {
    piece.len = 0;
    too_long = false;
  }
  if (too_long) {
    piece.len = KEYLOG_LINE_MAX - src->held_len;
  }
  if (src->held_len || !(ends || too_long)) {
    rv = keylog_hold(kl, src, piece);
    piece = quic_bytes_of(src->held, src->held_len);
  }
  if (rv == 0 && (ends || too_long) && !src->skipping) {
    rv = keylog_read_line(kl, source, piece, too_long);
    src->held_len = 0;
  }
  src->skipping = !ends && (src->skipping || too_long);
  src->line += ends && src->line < UINT32_MAX - 1;
  return rv;
}

static int keylog_need_source(quic_keylog *kl, uint16_t source) {
  void *items = kl->sources;

  if (source < kl->sources_len) {
    return 0;
  }
  if (quic_mem_grow(kl->mem, &items, &kl->sources_cap, (size_t)source + 1,
                    sizeof(*kl->sources)) != 0) {
    return QUIC_ERR_NOMEM;
  }
  kl->sources = items;
  memset(kl->sources + kl->sources_len, 0,
         (source + 1 - kl->sources_len) * sizeof(*kl->sources));
  kl->sources_len = (size_t)source + 1;
  return 0;
}

static const uint8_t *keylog_scan(const uint8_t *p, const uint8_t *end, int c) {
  const uint8_t *hit = p < end ? memchr(p, c, (size_t)(end - p)) : NULL;

  return hit ? hit : end;
}

int quic_keylog_feed(quic_keylog *kl, uint16_t source, quic_bytes data) {
  int rv = keylog_need_source(kl, source);
  const uint8_t *p = data.data;
  const uint8_t *end;
  const uint8_t *lf; /* the next one, so that no octet is scanned twice */

  if (rv != 0 || data.len == 0) {
    return rv;
  }
  end = p + data.len;
  if (kl->sources[source].after_cr && *p == '\n') {
    p++;
  }
  kl->sources[source].after_cr = false;
  lf = keylog_scan(p, end, '\n');
  while (rv == 0 && p < end) {
    const uint8_t *eol = keylog_scan(p, lf, '\r');

    rv = keylog_take_piece(kl, source, quic_bytes_of(p, (size_t)(eol - p)),
                           eol < end);
    if (eol < end && *eol == '\r') {
      kl->sources[source].after_cr = eol + 1 == end;
      eol += eol + 1 < end && eol[1] == '\n';
    }
    p = eol < end ? eol + 1 : end;
    lf = lf < p ? keylog_scan(p, end, '\n') : lf;
  }
  return rv;
}

int quic_keylog_finish(quic_keylog *kl, uint16_t source) {
  keylog_source *src;
  int rv = 0;

  if (source >= kl->sources_len) {
    return 0;
  }
  src = &kl->sources[source];
  if (src->held_len || src->skipping) {
    rv = keylog_take_piece(kl, source, quic_bytes_of(NULL, 0), true);
  }
  keylog_release(src, kl->mem);
  return rv;
}

quic_keylog_entry *quic_keylog_find(quic_keylog *kl, const uint8_t *random) {
  if (kl->last &&
      memcmp(kl->last->random, random, QUIC_KEYLOG_RANDOM_LEN) == 0) {
    return kl->last;
  }
  return quic_map_get(&kl->index,
                      quic_bytes_of(random, QUIC_KEYLOG_RANDOM_LEN));
}

quic_keylog_entry *quic_keylog_at(quic_keylog *kl, size_t i) {
  return i < kl->len ? &kl->chunks[i / KEYLOG_CHUNK]->entries[i % KEYLOG_CHUNK]
                     : NULL;
}

size_t quic_keylog_count(const quic_keylog *kl) {
  return kl->len;
}

uint64_t quic_keylog_generation(const quic_keylog *kl) {
  return kl->secrets;
}

const quic_keylog_problem *quic_keylog_problem_at(const quic_keylog *kl,
                                                  size_t i) {
  return i < kl->problems_len ? &kl->problems[i] : NULL;
}

uint64_t quic_keylog_problem_count(const quic_keylog *kl,
                                   quic_keylog_problem_kind kind) {
  return kl->counts[kind];
}

bool quic_keylog_has_lines(const quic_keylog *kl) {
  return kl->has_lines;
}

const char *quic_keylog_label_name(quic_keylog_label label) {
  return keylog_labels[label];
}

const char *quic_keylog_problem_text(quic_keylog_problem_kind kind) {
  return keylog_problem_texts[kind];
}

static void keylog_write_hex(quic_writer *wr, quic_bytes b) {
  static const char digits[] = "0123456789abcdef";

  for (size_t i = 0; i < b.len; i++) {
    quic_writer_u8(wr, (uint8_t)digits[b.data[i] >> 4]);
    quic_writer_u8(wr, (uint8_t)digits[b.data[i] & 15]);
  }
}

int quic_keylog_line(quic_writer *wr, quic_keylog_label label,
                     const uint8_t *random, const quic_secret *secret) {
  const char *name = keylog_labels[label];

  quic_writer_bytes(wr, quic_bytes_of(name, strlen(name)));
  quic_writer_u8(wr, ' ');
  keylog_write_hex(wr, quic_bytes_of(random, QUIC_KEYLOG_RANDOM_LEN));
  quic_writer_u8(wr, ' ');
  keylog_write_hex(wr, quic_bytes_of(secret->data, secret->len));
  quic_writer_u8(wr, '\n');
  return quic_writer_status(wr);
}
