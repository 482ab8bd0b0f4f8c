#ifndef QD_WALK_H
#define QD_WALK_H

/* Goes through the frames of an opened packet. */

#include "pcap/packet.h"
#include "wire/frame.h"

typedef struct qd_walk {
  quic_reader rd;
  const uint8_t *start; /* of the newest frame */
  size_t missing;       /* octets of the packet that the capture lost */
} qd_walk;

static inline void qd_walk_init(qd_walk *walk, const qd_packet *p) {
  bool empty = !qd_packet_opened(p) || p->payload.len == 0;

  quic_reader_init(&walk->rd, empty ? (const void *)"" : p->payload.data,
                   empty ? 0 : p->payload.len);
  walk->start = walk->rd.pos;
  walk->missing = p->header.missing;
}

#define QD_WALK_TAG 16 /* octets behind the payload */

/* qd_walk_open_ended: |f| runs to the end of its packet. */
static inline bool qd_walk_open_ended(const quic_frame *f) {
  return f->type == QUIC_FRAME_DATAGRAM ||
         (f->type >> 3 == QUIC_FRAME_STREAM >> 3 && !(f->type & 0x02));
}

/* qd_walk_next decodes the next frame and returns what quic_frame_decode does.
   Any error ends the walk. */
static inline int qd_walk_next(qd_walk *walk, quic_frame *f) {
  int rv;

  walk->start = walk->rd.pos;
  if (!walk->missing) {
    return quic_frame_decode(f, &walk->rd);
  }
  rv = quic_frame_decode_cut(f, &walk->rd);
  if (rv == 0 && walk->rd.pos == walk->rd.end && qd_walk_open_ended(f) &&
      walk->missing > QD_WALK_TAG) {
    f->missing = walk->missing - QD_WALK_TAG;
  }
  return rv;
}

/* qd_walk_rest borrows what was not decoded, after qd_walk_next returned an
   error. */
static inline quic_bytes qd_walk_rest(const qd_walk *walk) {
  return quic_bytes_of(walk->start, (size_t)(walk->rd.end - walk->start));
}

#endif /* !defined(QD_WALK_H) */
