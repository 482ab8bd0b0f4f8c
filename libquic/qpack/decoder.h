#ifndef QUIC_QPACK_DECODER_H
#define QUIC_QPACK_DECODER_H

/* qpack_decoder turns field sections into fields (RFC 9204 §2.2), for an
   endpoint or for one who only watches.

     qpack_decoder_new(&dec, mem, &settings, &callbacks, user);
     qpack_decoder_encoder_stream(dec, octets of the encoder stream);
     qpack_decoder_section(dec, stream_id, section, token);
     qpack_decoder_output(dec, buf, sizeof(buf));   to the decoder stream
     qpack_decoder_del(dec);

   The octets of the streams start behind the stream type.  A section is the
   payload of a HEADERS frame, or a PUSH_PROMISE's without its push ID. */

#include "base/writer.h"
#include "qpack/error.h"
#include "qpack/parser.h"
#include "qpack/table.h"

/* A field section; all is borrowed for the duration of the callback. */
typedef struct qpack_section {
  uint64_t stream_id;
  void *token; /* as given to qpack_decoder_section */
  /* 0, or why the section is refused: what qpack_decoder_section returns,
     with more in qpack_decoder_error.  |fields| are those before the fault. */
  int status;
  const qpack_field *fields;
  size_t nfields;
  uint64_t required_insert_count; /* §4.5.1.1; 0: nothing dynamic */
  uint64_t base;                  /* §4.5.1.2 */
  uint64_t needed;      /* what the Required Insert Count had to be: one more
                           than the largest index referred to, or 0 */
  uint64_t encoded_len; /* octets of the section, with prefix */
  uint64_t decoded_len; /* octets of the fields, RFC 9114 §4.2.2 */
  bool was_blocked;     /* it waited for the encoder stream */
} qpack_section;

/* An instruction of the encoder stream that was carried out. */
typedef struct qpack_insertion {
  const qpack_instruction *instruction; /* as on the wire */
  uint64_t offset;                      /* in the encoder stream */
  uint64_t len;                         /* octets */
  uint64_t index;  /* absolute index of the new entry, if there is one */
  uint64_t source; /* static or absolute index of the entry referred to */
  quic_bytes name; /* of the new entry; empty for QPACK_SET_CAPACITY */
  quic_bytes value;
} qpack_insertion;

/* None of them may call the decoder, but qpack_decoder_error and _table. */
typedef struct qpack_decoder_callbacks {
  /* Called once for each section, decoded or refused, from
     qpack_decoder_section or, if it was blocked, from
     qpack_decoder_encoder_stream. */
  void (*section)(void *user, const qpack_section *section);
  /* Called for each instruction; may be NULL. */
  void (*insertion)(void *user, const qpack_insertion *insertion);
} qpack_decoder_callbacks;

typedef struct qpack_decoder_settings {
  /* SETTINGS_QPACK_MAX_TABLE_CAPACITY and SETTINGS_QPACK_BLOCKED_STREAMS that
     the decoder's side sends. */
  uint64_t max_table_capacity;
  uint64_t max_blocked_streams;
  /* The capacity before the first instruction: 0 since RFC 9204; encodings of
     drafts may take it as the maximum. */
  uint64_t initial_capacity;
  /* Bound of a decoded section, octets by RFC 9114 §4.2.2. */
  uint64_t max_section_octets;
  /* Bound of what blocked sections take in memory, octets. */
  size_t max_held_octets;
  /* Bound of the table, octets; 0 = max_table_capacity.  An encoder that goes
     beyond it breaks no rule, but is not followed any more. */
  uint64_t max_table_octets;
  /* Only watch: nothing is written for the decoder stream. */
  bool passive;
  /* For the hash of stream IDs, which come from outside. */
  uint64_t seed[2];
} qpack_decoder_settings;

typedef struct qpack_decoder qpack_decoder;

/* qpack_decoder_new makes a decoder in |*dec|.  |settings| and |callbacks| are
   copied; |user| is handed to the callbacks.  Returns 0 or QUIC_ERR_NOMEM. */
int qpack_decoder_new(qpack_decoder **dec, const quic_mem *mem,
                      const qpack_decoder_settings *settings,
                      const qpack_decoder_callbacks *callbacks,
                      void *user) QUIC_MUST_USE;

/* qpack_decoder_del frees a decoder and what waits in it, without callbacks.
   NULL is allowed. */
void qpack_decoder_del(qpack_decoder *dec);

/* qpack_decoder_set_limits sets |max_table_capacity| and |max_blocked_streams|
   when they are learned late.  Returns 0, or QUIC_ERR_CONFLICT and changes
   nothing: the other capacity was used already, by an instruction of the
   encoder stream or by a Required Insert Count, which depends on it.  One who
   only watches may have guessed it, and may learn better. */
int qpack_decoder_set_limits(qpack_decoder *dec, uint64_t max_table_capacity,
                             uint64_t max_blocked_streams) QUIC_MUST_USE;

/* qpack_decoder_encoder_stream takes the next octets of the peer's encoder
   stream, in any pieces, and then delivers the sections that they unblock;
   those that are refused say so in their callback only.  Returns 0,
   QUIC_ERR_PROTOCOL (see qpack_decoder_error), QUIC_ERR_LIMIT (the capacity is
   above max_table_octets) or QUIC_ERR_NOMEM.  After an
   error the table does not change any more, and the error is returned again. */
int qpack_decoder_encoder_stream(qpack_decoder *dec,
                                 quic_bytes data) QUIC_MUST_USE;

/* qpack_decoder_section decodes a whole field section of a stream.  Returns
     0                  it was delivered
     QUIC_ERR_AGAIN     it is blocked: a copy waits, and is delivered by
                        qpack_decoder_encoder_stream, with |token|
     QUIC_ERR_PROTOCOL  it, or the number of blocked streams, breaks RFC 9204
     QUIC_ERR_LIMIT     a limit of ours: max_section_octets, max_held_octets,
                        or what may wait for qpack_decoder_output, which is
                        QPACK_QUEUE_MAX
     QUIC_ERR_NOMEM
   For the last three the callback was called too, and qpack_decoder_error says
   more.  A section that was refused is not acknowledged: if the connection goes
   on, call qpack_decoder_cancel.  The work is linear in the section's octets
   and the bound of the decoded ones. */
int qpack_decoder_section(qpack_decoder *dec, uint64_t stream_id,
                          quic_bytes section, void *token) QUIC_MUST_USE;

/* qpack_decoder_cancel forgets what waits on a stream, which is reset or not
   read any more, and queues a Stream Cancellation (§2.2.2.2).  Returns 0, or
   QUIC_ERR_LIMIT or QUIC_ERR_NOMEM when that could not be queued. */
int qpack_decoder_cancel(qpack_decoder *dec, uint64_t stream_id) QUIC_MUST_USE;

/* qpack_decoder_output writes to |out| the next at most |cap| octets of our
   decoder stream: Section Acknowledgments and Stream Cancellations, and behind
   them one Insert Count Increment for what they do not acknowledge.  Returns
   how many; 0 when there is nothing to say, and always when passive. */
size_t qpack_decoder_output(qpack_decoder *dec, uint8_t *out, size_t cap);

/* qpack_decoder_error tells what the last error was about; reason NONE before
   the first. */
const qpack_error *qpack_decoder_error(const qpack_decoder *dec);

/* qpack_decoder_table shows the dynamic table, and qpack_decoder_blocked how
   many streams are blocked. */
const qpack_table *qpack_decoder_table(const qpack_decoder *dec);
size_t qpack_decoder_blocked(const qpack_decoder *dec);

/* qpack_decoder_partial returns the offset in the encoder stream up to which
   whole instructions were read, and writes to |*held| how many octets of
   another one are there. */
uint64_t qpack_decoder_partial(const qpack_decoder *dec, size_t *held);

#endif /* !defined(QUIC_QPACK_DECODER_H) */
