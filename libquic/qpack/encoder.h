#ifndef QUIC_QPACK_ENCODER_H
#define QUIC_QPACK_ENCODER_H

/* qpack_encoder turns fields into field sections (RFC 9204 §2.1).

     qpack_encoder_new(&enc, mem, &settings);
     qpack_encoder_section(enc, stream_id, fields, nfields, &section);
     qpack_encoder_output(enc, buf, sizeof(buf));   to the encoder stream
     qpack_encoder_decoder_stream(enc, octets of the peer's decoder stream);
     qpack_encoder_del(enc);

   It never evicts an entry that the decoder has not acknowledged, or that an
   unacknowledged section refers to, and never lets more streams risk to be
   blocked than allowed.  What is worth an entry it learns from the fields that
   it has seen. */

#include "base/writer.h"
#include "qpack/error.h"
#include "qpack/table.h"

typedef struct qpack_encoder_settings {
  /* The peer's SETTINGS_QPACK_MAX_TABLE_CAPACITY and
     SETTINGS_QPACK_BLOCKED_STREAMS. */
  uint64_t max_table_capacity;
  uint64_t max_blocked_streams;
  /* What we want of it at most, octets. */
  uint64_t table_capacity;
  /* Strings are never Huffman code; else they are when that is shorter. */
  bool plain;
  /* Which fields are never put in a table, here and by intermediaries (§7.1.3);
     NULL is qpack_encoder_sensitive.  Those with |never_indexed| set are not
     asked about. */
  bool (*sensitive)(const qpack_field *field);
  /* For the hash of fields, which come from outside. */
  uint64_t seed[2];
} qpack_encoder_settings;

/* Sections that may wait for their acknowledgment; more refer to nothing
   dynamic. */
#define QPACK_ENCODER_SECTIONS_MAX 4096

/* Entries that are used at most, so that lookups stay short. */
#define QPACK_ENCODER_ENTRIES_MAX 4096

typedef struct qpack_encoder qpack_encoder;

/* qpack_encoder_new makes an encoder in |*enc|; |settings| are copied.  Without
   a table capacity it asks for no memory but its own.  Returns 0 or
   QUIC_ERR_NOMEM. */
int qpack_encoder_new(qpack_encoder **enc, const quic_mem *mem,
                      const qpack_encoder_settings *settings) QUIC_MUST_USE;

/* qpack_encoder_del frees an encoder; NULL is allowed. */
void qpack_encoder_del(qpack_encoder *enc);

/* qpack_encoder_set_limits sets what the peer's SETTINGS allow when they are
   learned late; both were 0 before, or the same.  Returns 0, or
   QUIC_ERR_CONFLICT: |max_table_capacity| was another one, not 0 (§3.2.3). */
int qpack_encoder_set_limits(qpack_encoder *enc, uint64_t max_table_capacity,
                             uint64_t max_blocked_streams) QUIC_MUST_USE;

/* qpack_encoder_set_capacity changes how much of the table is used.  Returns 0,
   QUIC_ERR_INVALID (above the maximum), QUIC_ERR_AGAIN (an entry would have to
   go that is still referred to, or not acknowledged) or QUIC_ERR_NOMEM. */
int qpack_encoder_set_capacity(qpack_encoder *enc,
                               uint64_t capacity) QUIC_MUST_USE;

/* qpack_encoder_set_credit limits how many octets more may be queued for the
   encoder stream (§2.1.3: no instruction without credit for all of it). Without
   it there is no limit. */
void qpack_encoder_set_credit(qpack_encoder *enc, uint64_t octets);

/* qpack_encoder_section encodes the |n| fields of a section on |stream_id|.
   |*section| is borrowed until the next call.  Send what qpack_encoder_output
   gives as well, best before the section.  Returns 0, or QUIC_ERR_NOMEM: the
   section is lost, the encoder still in step with the decoder. */
int qpack_encoder_section(qpack_encoder *enc, uint64_t stream_id,
                          const qpack_field *fields, size_t n,
                          quic_bytes *section) QUIC_MUST_USE;

/* qpack_encoder_output writes to |out| the next at most |cap| octets of our
   encoder stream and returns how many. */
size_t qpack_encoder_output(qpack_encoder *enc, uint8_t *out, size_t cap);

/* qpack_encoder_pending returns how many octets wait for it. */
size_t qpack_encoder_pending(const qpack_encoder *enc);

/* qpack_encoder_decoder_stream takes the next octets of the peer's decoder
   stream, in any pieces.  Returns 0, or QUIC_ERR_PROTOCOL (qpack_encoder_error
   tells what), QUIC_ERR_NOMEM; the error is returned again. */
int qpack_encoder_decoder_stream(qpack_encoder *enc,
                                 quic_bytes data) QUIC_MUST_USE;

const qpack_error *qpack_encoder_error(const qpack_encoder *enc);

/* qpack_encoder_table shows the dynamic table as the decoder will have it, and
   qpack_encoder_known the Known Received Count. */
const qpack_table *qpack_encoder_table(const qpack_encoder *enc);
uint64_t qpack_encoder_known(const qpack_encoder *enc);

/* qpack_encoder_sensitive is the default policy: credentials whose value may be
   guessed piece by piece, which are authorization, proxy-authorization, and
   short values of cookie and set-cookie (§7.1.3). */
bool qpack_encoder_sensitive(const qpack_field *field);

#endif /* !defined(QUIC_QPACK_ENCODER_H) */
