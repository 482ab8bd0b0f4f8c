#ifndef QD_FRAMES_H
#define QD_FRAMES_H

/* The frames of one packet, decoded once for all who want them. */

#include "base/mem.h"
#include "pcap/packet.h"
#include "wire/frame.h"

typedef struct qd_frames {
  const quic_mem *mem;
  quic_frame *items; /* in wire order; valid until the next read */
  size_t len;
  size_t cap;
  int error;       /* 0, or what quic_frame_decode ended with */
  uint64_t failed; /* type of the frame it ended at */
  quic_bytes rest; /* from there on, borrowed */
} qd_frames;

void qd_frames_init(qd_frames *fs, const quic_mem *mem);
void qd_frames_free(qd_frames *fs);

/* qd_frames_read decodes the frames of |p|, none when it is closed.  Returns 0
   or QUIC_ERR_NOMEM (those before are there). */
int qd_frames_read(qd_frames *fs, const qd_packet *p) QUIC_MUST_USE;

#endif /* !defined(QD_FRAMES_H) */
