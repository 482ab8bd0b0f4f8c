#ifndef QD_WALK_H
#define QD_WALK_H

/* Goes through the frames of an opened packet. */

#include "pcap/packet.h"
#include "wire/frame.h"

typedef struct qd_walk {
  quic_reader rd;
  const uint8_t *start; /* of the newest frame */
  bool cut;             /* the capture lost the packet's end */
} qd_walk;

static inline void qd_walk_init(qd_walk *walk, const qd_packet *p) {
  bool empty = !qd_packet_opened(p) || p->payload.len == 0;

  quic_reader_init(&walk->rd, empty ? (const void *)"" : p->payload.data,
                   empty ? 0 : p->payload.len);
  walk->start = walk->rd.pos;
  walk->cut = p->header.missing > 0;
}

/* qd_walk_next decodes the next frame and returns what quic_frame_decode does.
   Any error ends the walk. */
static inline int qd_walk_next(qd_walk *walk, quic_frame *f) {
  walk->start = walk->rd.pos;
  return walk->cut ? quic_frame_decode_cut(f, &walk->rd)
                   : quic_frame_decode(f, &walk->rd);
}

/* qd_walk_rest borrows what was not decoded, after qd_walk_next returned an
   error. */
static inline quic_bytes qd_walk_rest(const qd_walk *walk) {
  return quic_bytes_of(walk->start, (size_t)(walk->rd.end - walk->start));
}

#endif /* !defined(QD_WALK_H) */
