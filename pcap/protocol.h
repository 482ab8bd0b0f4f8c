#ifndef QD_PROTOCOL_H
#define QD_PROTOCOL_H

/* An application protocol on top of streams, chosen by ALPN: HTTP/3, HTTP/0.9,
   DNS.  It gets the octets of each stream in order and once. */

#include "pcap/packet.h"

typedef struct qd_protocol qd_protocol;
typedef struct qd_stream qd_stream;

struct qd_protocol {
  const char *name; /* "h3", "hq", "doq" */
  /* |data| of what |side| sends on |st|, in order. */
  void (*octets)(qd_protocol *app, qd_stream *st, qd_side side,
                 quic_bytes data);
  /* The next |len| octets will never come.  Returns false when what is behind
     them means nothing without them; then no more octets come. */
  bool (*hole)(qd_protocol *app, qd_stream *st, qd_side side, uint64_t len);
  /* All that |side| had to send has come. */
  void (*fin)(qd_protocol *app, qd_stream *st, qd_side side);
  void (*reset)(qd_protocol *app, qd_stream *st, qd_side side, uint64_t code);
  /* |side| asked its peer to stop sending. */
  void (*stop)(qd_protocol *app, qd_stream *st, qd_side side, uint64_t code);
  /* NULL = does not use DATAGRAM frames. */
  void (*datagram)(qd_protocol *app, qd_side side, quic_bytes data);
  /* The stream goes: both sides are done, or there is no room for it. */
  void (*forget)(qd_protocol *app, qd_stream *st);
  /* Lets go of what no stream holds any more, oldest first.  Returns false when
     there is nothing.  NULL = keeps nothing of the kind. */
  bool (*shed)(qd_protocol *app);
  /* The connection is over; the streams were forgotten before. */
  void (*finish)(qd_protocol *app);
  void (*del)(qd_protocol *app);
};

#endif /* !defined(QD_PROTOCOL_H) */
