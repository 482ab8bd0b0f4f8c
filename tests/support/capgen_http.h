#ifndef TESTS_SUPPORT_CAPGEN_HTTP_H
#define TESTS_SUPPORT_CAPGEN_HTTP_H

/* HTTP/3 on a connection of capgen: real control and QPACK streams, messages
   with header sections and content, and whatever octets a scenario wants on any
   stream.

     capgen_http *h = capgen_http_new(c, NULL);

     capgen_http_open(h);
     capgen_http_get(h, 0, "/index.html", 5000);
     capgen_http_del(h);

   Beside the truth about packets there is one about requests, a line for each,
   in any order:

     conn stream method status sent received url

   with "-" for what is not in the capture, or cannot be read from it; and one
   about broken rules, in their order:

     conn stream error */

#include "qpack/decoder.h"
#include "qpack/encoder.h"
#include "tests/support/capgen.h"
#include "wire/h3.h"

#define CAPGEN_HTTP_PIECE 1100 /* octets of a STREAM frame */

/* Octets of a stream in making. */
typedef struct capgen_buf {
  uint8_t *data;
  size_t len, cap;
} capgen_buf;

void capgen_buf_free(capgen_buf *b);
void capgen_buf_octets(capgen_buf *b, const void *data, size_t len);
void capgen_buf_varint(capgen_buf *b, uint64_t v);

/* capgen_buf_frame adds an HTTP/3 frame; capgen_buf_id one that holds an ID;
   capgen_buf_data a DATA frame with |len| octets of text. */
void capgen_buf_frame(capgen_buf *b, uint64_t type, const void *data,
                      size_t len);
void capgen_buf_id(capgen_buf *b, uint64_t type, uint64_t id);
void capgen_buf_data(capgen_buf *b, size_t len);

/* capgen_buf_text adds |len| octets of text without a frame. */
void capgen_buf_text(capgen_buf *b, size_t len);

/* A setting; a list ends with the ID UINT64_MAX. */
typedef struct capgen_setting {
  uint64_t id, value;
} capgen_setting;

#define CAPGEN_SETTINGS_END                                                    \
  { UINT64_MAX, 0 }

typedef struct capgen_http_options {
  uint64_t capacity;     /* of dynamic tables, both sides; 0 = QPACK without */
  uint64_t own_capacity; /* what encoders want of it; 0 = all */
  uint64_t blocked;
  bool plain;                               /* strings are no Huffman code */
  const capgen_setting *more[CAPGEN_SIDES]; /* settings; NULL = none */
} capgen_http_options;

typedef struct capgen_http_stream {
  uint64_t id;
  uint64_t sent[CAPGEN_SIDES]; /* octets */
} capgen_http_stream;

/* The well-known streams of each side. */
#define CAPGEN_CONTROL(side) ((side) == CAPGEN_CLIENT ? 2u : 3u)
#define CAPGEN_ENCODER(side) (4 + CAPGEN_CONTROL(side))
#define CAPGEN_DECODER(side) (8 + CAPGEN_CONTROL(side))

typedef struct capgen_http {
  capgen_conn *c;
  capgen_http_options opt;
  qpack_encoder *encoder[CAPGEN_SIDES]; /* of what the side sends */
  qpack_decoder *decoder[CAPGEN_SIDES]; /* of what it gets */
  capgen_http_stream *streams;
  size_t nstreams, streams_cap;
  bool hold;   /* octets of encoder streams are not sent yet */
  bool silent; /* what is sent is lost before the capture */
  size_t piece;
  quic_packet_type type;        /* of packets: 1-RTT */
  uint64_t acked[CAPGEN_SIDES]; /* numbers below were acknowledged */
  quic_duration delay;          /* between the two ends */
} capgen_http;

/* capgen_http_new: |opt| NULL is a capacity of 4096, 16 blocked streams. */
capgen_http *capgen_http_new(capgen_conn *c, const capgen_http_options *opt);
void capgen_http_del(capgen_http *h);

/* capgen_http_conn makes a connection with |opt| (NULL: the defaults) that
   offers h3, with a round trip of 40 ms, its handshake, and HTTP/3 on it with
   |http|. */
capgen_http *capgen_http_conn(capgen *g, const capgen_options *opt,
                              const capgen_http_options *http);

/* capgen_http_handshake is a handshake with |h->delay| between the ends. */
void capgen_http_handshake(capgen_http *h);

/* capgen_http_open opens control and QPACK streams of both sides.
   capgen_http_open_side only those of |side|; capgen_http_settings appends its
   SETTINGS. */
void capgen_http_open(capgen_http *h);
void capgen_http_open_side(capgen_http *h, capgen_side side);
void capgen_http_settings(capgen_http *h, capgen_side side, capgen_buf *b);

/* capgen_http_section encodes |fields|, names and values in turn, a NULL behind
   the last, as what |side| sends on stream |id|.  capgen_http_headers makes it
   a HEADERS frame. */
quic_bytes capgen_http_section(capgen_http *h, capgen_side side, uint64_t id,
                               const char *const *fields);
void capgen_http_headers(capgen_http *h, capgen_side side, uint64_t id,
                         capgen_buf *b, const char *const *fields);

/* capgen_http_send sends the octets of |b| on stream |id|, in pieces, after
   those of the encoder stream that wait, and empties |b|. */
void capgen_http_send(capgen_http *h, capgen_side side, uint64_t id,
                      capgen_buf *b, bool fin);

/* capgen_http_send_at sends octets at any offset, in one packet. */
void capgen_http_send_at(capgen_http *h, capgen_side side, uint64_t id,
                         uint64_t offset, const void *data, size_t len,
                         bool fin);

/* capgen_http_stream_of returns what was sent on stream |id|. */
capgen_http_stream *capgen_http_stream_of(capgen_http *h, uint64_t id);

/* capgen_http_ack lets |side| acknowledge all packets of the other one, and
   what it decoded. */
void capgen_http_ack(capgen_http *h, capgen_side side);

/* capgen_http_frame sends one QUIC frame. */
void capgen_http_frame(capgen_http *h, capgen_side side, const quic_frame *f);
void capgen_http_reset(capgen_http *h, capgen_side side, uint64_t id,
                       uint64_t code);
void capgen_http_stop(capgen_http *h, capgen_side side, uint64_t id,
                      uint64_t code);
void capgen_http_datagram(capgen_http *h, capgen_side side, uint64_t id,
                          const void *data, size_t len);

/* capgen_http_ack_but acknowledges all but packet |pn|. */
void capgen_http_ack_but(capgen_http *h, capgen_side side, uint64_t pn);

/* capgen_http_wait lets a one-way delay pass. */
void capgen_http_wait(capgen_http *h);

/* capgen_http_close closes from |side| with an application error. */
void capgen_http_close(capgen_http *h, capgen_side side, uint64_t code,
                       const char *reason);

/* capgen_http_truth writes the line of a request. */
void capgen_http_truth(const capgen_http *h, uint64_t id, const char *method,
                       int status, uint64_t sent, uint64_t received,
                       const char *url);

/* capgen_http_note writes the line of a broken rule; |note| is the stream ("-":
   none) and the name of the error that answers it, with a space between. */
void capgen_http_note(const capgen_http *h, const char *note);

/* A request and its response.  What is NULL or 0 is not there. */
typedef struct capgen_request {
  const char *method; /* NULL = GET */
  const char *path;
  const char *type;        /* content-type of the response */
  int status;              /* 0 = 200 */
  size_t sent, received;   /* octets of content */
  const char *const *more; /* fields of the request */
  bool no_length;          /* the response has no content-length */
} capgen_request;

/* capgen_http_ask and capgen_http_answer send the two halves;
   capgen_http_request both, with acknowledgments and the truth. */
void capgen_http_ask(capgen_http *h, uint64_t id, const capgen_request *rq);
void capgen_http_answer(capgen_http *h, uint64_t id, const capgen_request *rq);
void capgen_http_request(capgen_http *h, uint64_t id, const capgen_request *rq);
void capgen_http_told(const capgen_http *h, uint64_t id,
                      const capgen_request *rq);
void capgen_http_get(capgen_http *h, uint64_t id, const char *path, size_t len);

/* capgen_http_many makes a connection with |n| small requests, packed close. */
void capgen_http_many(capgen *g, const capgen_options *opt, unsigned n);

#endif /* !defined(TESTS_SUPPORT_CAPGEN_HTTP_H) */
