#ifndef QV_TALLY_H
#define QV_TALLY_H

/* qv_tally counts how connections ended, by all that the verdict says: who,
   class, error space, code, frame, phrase, trigger.  Codes of the two spaces
   are never the same (RFC 9000 §20). */

#include "analysis/close.h"
#include "base/map.h"
#include "base/mem.h"

#define QV_TALLY_ROWS_MAX 4096 /* distinct endings; later ones are |other| */

typedef struct qv_tally_row {
  uint64_t count;
  quic_close_class class;
  int by; /* quic_side */
  quic_close_space space;
  uint64_t code;       /* QLOG_NONE */
  uint64_t frame_type; /* QLOG_NONE */
  const char *name;    /* of |code|, static; NULL */
  int trigger;         /* qlog_close_trigger; QLOG_UNSET */
  quic_bytes phrase;   /* untrusted */
  /* One of them. */
  const char *path; /* untrusted */
  uint32_t connection;
  uint64_t record; /* QLOG_NONE */
} qv_tally_row;

typedef struct qv_tally {
  const quic_mem *mem;
  quic_map by_key;
  qv_tally_row **rows;
  size_t len, cap;
  size_t max;     /* QV_TALLY_ROWS_MAX; tests set less */
  uint64_t total; /* connections, |other| included */
  uint64_t other; /* that got no row, for want of room or memory */
} qv_tally;

void qv_tally_init(qv_tally *tally, const quic_mem *mem,
                   const uint64_t seed[2]);
void qv_tally_free(qv_tally *tally);

/* qv_tally_add counts |close|, of connection number |connection| of |path|;
   what it takes of them it copies. */
void qv_tally_add(qv_tally *tally, const quic_close *close, const char *path,
                  uint32_t connection);

/* qv_tally_sort sorts the rows, most frequent first. */
void qv_tally_sort(qv_tally *tally);

/* qv_tally_trigger names the trigger of |row| as the drafts do; NULL without
   one. */
const char *qv_tally_trigger(const qv_tally_row *row);

/* qv_tally_alert returns the TLS alert in the code of |row|, or -1. */
int qv_tally_alert(const qv_tally_row *row);

#endif /* !defined(QV_TALLY_H) */
