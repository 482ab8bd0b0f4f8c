#ifndef QD_SOURCE_H
#define QD_SOURCE_H

/* Capture files and pipes as a stream of records, with a window that grows only
   as far as one record needs. */

#include <stdbool.h>

#include "capture/reader.h"

typedef struct qd_source qd_source;

/* qd_source_open opens |path| ("-": standard input).  Returns 0; on failure
   QUIC_ERR_INVALID or QUIC_ERR_NOMEM, and qd_source_error of |*out| (which is
   set unless out of memory) tells why. */
int qd_source_open(qd_source **out, const quic_mem *mem,
                   const char *path) QUIC_MUST_USE;
void qd_source_close(qd_source *src);

/* qd_source_seekable: a regular file, which can be read twice. */
bool qd_source_seekable(const qd_source *src);

/* qd_source_plain: the capture is a pcap, which holds no secrets; known after
   the first record. */
bool qd_source_plain(const qd_source *src);

/* qd_source_next gives the next record; its data are valid until the next call.
   Returns 0, QUIC_ERR_END, QUIC_ERR_SHORT (the last record is cut: what was
   before it is all there), or another error with qd_source_error. */
int qd_source_next(qd_source *src, quic_capture_record *rec) QUIC_MUST_USE;

/* qd_source_block is qd_source_next for copies: it gives headers and blocks
   without interest, too, and in |*raw| the octets of the record as they stand
   in the file. */
int qd_source_block(qd_source *src, quic_capture_record *rec,
                    quic_bytes *raw) QUIC_MUST_USE;

/* qd_source_idle makes |fn| be called, some times a second, while a pipe has
   nothing to read. */
void qd_source_idle(qd_source *src, void (*fn)(void *user), void *user);

/* qd_source_secrets calls |fn| for each Decryption Secrets Block of a seekable
   source, skipping over everything else, and goes back to the start. */
int qd_source_secrets(qd_source *src,
                      void (*fn)(void *user, const quic_capture_record *rec),
                      void *user) QUIC_MUST_USE;

/* qd_source_error: one line, file, offset, reason.  Untrusted only in the file
   name, which was given by the user. */
const char *qd_source_error(const qd_source *src);

/* Octets read so far and, for a regular file, its size (else 0). */
uint64_t qd_source_position(const qd_source *src);
uint64_t qd_source_size(const qd_source *src);

#endif /* !defined(QD_SOURCE_H) */
