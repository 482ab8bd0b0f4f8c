#ifndef TESTS_SUPPORT_QPACKCHECK_H
#define TESTS_SUPPORT_QPACKCHECK_H

/* A QPACK encoder with a decoder at the other end, and between them a book of
   its own: what the decoder was sent, what the encoder was told, and so what
   it may evict and refer to (RFC 9204 §2.1).  Nothing is taken from the
   encoder's word.

   Feedback reaches the encoder only when qpackcheck_feedback is called, and
   thus as late as one likes. */

#include "qpack/decoder.h"
#include "qpack/encoder.h"

typedef struct qpackcheck_section {
  uint64_t stream_id;
  uint64_t required;
  uint64_t lowest; /* entry referred to */
} qpackcheck_section;

typedef struct qpackcheck {
  qpack_encoder *enc;
  qpack_decoder *dec;
  qpack_decoder_settings settings;
  const char *problem; /* the first thing that is wrong, or NULL */

  uint64_t *sizes; /* of all entries ever */
  size_t inserted, sizes_cap;
  size_t dropped;
  uint64_t size, capacity;
  qpackcheck_section *waiting; /* sections without an answer, in order */
  size_t nwaiting, waiting_cap;
  uint64_t known;
  qpack_parser parser; /* of what the encoder is told */
  uint8_t *feedback;   /* what it was not told yet */
  size_t feedback_len, feedback_cap;

  const qpack_field *fields; /* what the next section must give */
  size_t nfields;
  size_t delivered; /* sections */
  size_t stream_octets, section_octets;
  size_t blocking; /* sections that could have been blocked */
} qpackcheck;

/* qpackcheck_init makes both ends.  The encoder uses all that |capacity| and
   |blocked| allow. */
void qpackcheck_init(qpackcheck *c, const qpack_encoder_settings *settings);
void qpackcheck_free(qpackcheck *c);

/* qpackcheck_send encodes a section, passes it to the decoder behind the
   encoder stream, in pieces of |piece| octets (0: whole), and compares. */
void qpackcheck_send(qpackcheck *c, uint64_t stream_id,
                     const qpack_field *fields, size_t n, size_t piece);

/* qpackcheck_cancel has the decoder cancel a stream. */
void qpackcheck_cancel(qpackcheck *c, uint64_t stream_id);

/* qpackcheck_feedback tells the encoder the next at most |octets| octets of the
   decoder stream; SIZE_MAX is all. */
void qpackcheck_feedback(qpackcheck *c, size_t octets);

#endif /* !defined(TESTS_SUPPORT_QPACKCHECK_H) */
