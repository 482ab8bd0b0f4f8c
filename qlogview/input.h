#ifndef QV_INPUT_H
#define QV_INPUT_H

/* qv_input gives the octets of a file or of standard input, unpacked when they
   are gzip or Zstandard by their first octets. */

#include "base/bytes.h"
#include "base/err.h"
#include "base/mem.h"

#define QV_INPUT_CHUNK ((size_t)256 << 10)

typedef struct qv_input qv_input;

typedef struct qv_input_settings {
  const char *path; /* "-" = standard input */
  bool follow;      /* wait for more at the end until interrupted */
} qv_input_settings;

/* qv_input_new opens the input.  Returns 0, or -1 after a complaint. */
int qv_input_new(qv_input **out, const quic_mem *mem,
                 const qv_input_settings *settings) QUIC_MUST_USE;
void qv_input_del(qv_input *in);

/* qv_input_next gives the next octets, which live until the next call; none at
   the end.  |*again|: the file was written anew and is read from its start.
   Returns 0, or -1 after a complaint (what was given before is good). */
int qv_input_next(qv_input *in, quic_bytes *out, bool *again) QUIC_MUST_USE;

/* qv_input_cut: the packed stream ends early. */
bool qv_input_cut(const qv_input *in);

/* Octets read of the file as it is, and its size; 0 when not known. */
uint64_t qv_input_done(const qv_input *in);
uint64_t qv_input_size(const qv_input *in);

/* qv_input_regular: it can be read a second time. */
bool qv_input_regular(const qv_input *in);

#endif /* !defined(QV_INPUT_H) */
