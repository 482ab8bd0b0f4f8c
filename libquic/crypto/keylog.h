#ifndef QUIC_CRYPTO_KEYLOG_H
#define QUIC_CRYPTO_KEYLOG_H

/* Key logs in the SSLKEYLOGFILE format (RFC 9850), read in pieces, indexed by
   client random.  What a later reader of a report asks is kept: where each
   secret stood, what was wrong, what was never used. */

#include "base/map.h"
#include "base/writer.h"
#include "crypto/keys.h"

#define QUIC_KEYLOG_LINES_MAX 1000000 /* lines with secrets that are kept */
#define QUIC_KEYLOG_PROBLEMS_MAX 1024 /* problems kept; all are counted */
#define QUIC_KEYLOG_RANDOM_LEN 32

typedef enum quic_keylog_label {
  QUIC_KEYLOG_CLIENT_EARLY,     /* CLIENT_EARLY_TRAFFIC_SECRET */
  QUIC_KEYLOG_CLIENT_HANDSHAKE, /* CLIENT_HANDSHAKE_TRAFFIC_SECRET */
  QUIC_KEYLOG_SERVER_HANDSHAKE, /* SERVER_HANDSHAKE_TRAFFIC_SECRET */
  QUIC_KEYLOG_CLIENT_APP,       /* CLIENT_TRAFFIC_SECRET_0 */
  QUIC_KEYLOG_SERVER_APP,       /* SERVER_TRAFFIC_SECRET_0 */
  QUIC_KEYLOG_EXPORTER,         /* EXPORTER_SECRET */
  QUIC_KEYLOG_EARLY_EXPORTER,   /* EARLY_EXPORTER_SECRET */
  QUIC_KEYLOG_LABELS
} quic_keylog_label;

typedef struct quic_keylog_entry {
  uint8_t random[QUIC_KEYLOG_RANDOM_LEN];
  quic_secret secrets[QUIC_KEYLOG_LABELS];
  uint32_t line[QUIC_KEYLOG_LABELS];   /* 1-based */
  uint16_t source[QUIC_KEYLOG_LABELS]; /* index given to feed */
  bool seen; /* set by users: a hello with this random was met */
  bool used[QUIC_KEYLOG_LABELS]; /* set by users: it opened a packet */
} quic_keylog_entry;

typedef enum quic_keylog_problem_kind {
  QUIC_KEYLOG_BAD_LINE,      /* not three words, or not hexadecimal */
  QUIC_KEYLOG_UNKNOWN_LABEL, /* RFC 9850 has no such label */
  QUIC_KEYLOG_BAD_RANDOM,    /* client random is not 32 octets */
  QUIC_KEYLOG_BAD_LENGTH,    /* secret is not 32 or 48 octets */
  QUIC_KEYLOG_DUPLICATE,     /* the same secret again */
  QUIC_KEYLOG_CONFLICT,      /* another secret for the same label and random;
                                the first one stands */
  QUIC_KEYLOG_LEGACY_LABEL,  /* QUIC_ prefix: accepted, noted */
  QUIC_KEYLOG_TOO_LONG,      /* a line above 4096 octets, skipped */
  QUIC_KEYLOG_TOO_MANY,      /* above QUIC_KEYLOG_LINES_MAX */
  QUIC_KEYLOG_PROBLEMS
} quic_keylog_problem_kind;

typedef struct quic_keylog_problem {
  quic_keylog_problem_kind kind;
  uint16_t source;
  uint32_t line;
  char label[40]; /* the line's first word, untrusted, cut, NUL at the end */
} quic_keylog_problem;

typedef struct quic_keylog quic_keylog;

/* quic_keylog_new returns 0 or QUIC_ERR_NOMEM. */
int quic_keylog_new(quic_keylog **out, const quic_mem *mem) QUIC_MUST_USE;
void quic_keylog_del(quic_keylog *kl);

/* quic_keylog_feed reads |data| as the next octets of |source| (any number the
   caller gives to a file or block, below 65536).  A last line without its end
   waits for more, per source.  TLS 1.2 labels (CLIENT_RANDOM, RSA) and
   comments are passed over, and so are ECH_SECRET and ECH_CONFIG.  LF, CR LF
   and CR end a line; upper-case hexadecimal, several spaces or tabs, a byte
   order mark and the QUIC_ prefix are accepted.  Returns 0 or
   QUIC_ERR_NOMEM. */
int quic_keylog_feed(quic_keylog *kl, uint16_t source,
                     quic_bytes data) QUIC_MUST_USE;

/* quic_keylog_finish reads what waits for its line end in |source|.  Returns 0
   or QUIC_ERR_NOMEM. */
int quic_keylog_finish(quic_keylog *kl, uint16_t source) QUIC_MUST_USE;

/* quic_keylog_find returns the entry of |random| (32 octets), or NULL.  It
   lives as long as |kl|, at the same address. */
quic_keylog_entry *quic_keylog_find(quic_keylog *kl, const uint8_t *random);

/* quic_keylog_at returns entry |i| in the order of first appearance, NULL past
   the end. */
quic_keylog_entry *quic_keylog_at(quic_keylog *kl, size_t i);

/* quic_keylog_count returns how many entries there are. */
size_t quic_keylog_count(const quic_keylog *kl);

/* quic_keylog_generation grows with each new secret, so that a reader knows
   when to try again. */
uint64_t quic_keylog_generation(const quic_keylog *kl);

/* quic_keylog_problem_at returns kept problem |i|, NULL past the end. */
const quic_keylog_problem *quic_keylog_problem_at(const quic_keylog *kl,
                                                  size_t i);
uint64_t quic_keylog_problem_count(const quic_keylog *kl,
                                   quic_keylog_problem_kind kind);

/* quic_keylog_has_lines tells whether any line was a comment or had a label of
   RFC 9850 or TLS 1.2: false after garbage. */
bool quic_keylog_has_lines(const quic_keylog *kl);

const char *quic_keylog_label_name(quic_keylog_label label);
const char *quic_keylog_problem_text(quic_keylog_problem_kind kind);

/* quic_keylog_line writes one line of the format, with its newline, for
   writers of key logs and Decryption Secrets Blocks.  Returns 0 or
   QUIC_ERR_NOSPACE. */
int quic_keylog_line(quic_writer *wr, quic_keylog_label label,
                     const uint8_t *random,
                     const quic_secret *secret) QUIC_MUST_USE;

#endif /* !defined(QUIC_CRYPTO_KEYLOG_H) */
