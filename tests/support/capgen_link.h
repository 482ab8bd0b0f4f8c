#ifndef TESTS_SUPPORT_CAPGEN_LINK_H
#define TESTS_SUPPORT_CAPGEN_LINK_H

/* Puts UDP datagrams into the frames of a link. */

#include "tests/support/capgen_truth.h"

typedef struct capgen_link {
  const char *name;
  uint32_t linktype; /* LINKTYPE_ value */
  /* Headers, outermost first, spaces between: "eth vlan ip udp".  "ip" is the
     datagram's own; "out4" and "out6" are those of a tunnel; "icmp" cuts what
     it quotes. */
  const char *layers;
  size_t fragment; /* IP payload of a fragment, a multiple of 8; 0 = whole */
  bool reversed;   /* the last fragment goes first */
} capgen_link;

/* |payload| is where the UDP payload starts in |frame|; |quoted| that an ICMP
   error cut so many octets of it are in the frame; SIZE_MAX: all of them. */
typedef void capgen_frame_fn(void *user, quic_bytes frame, size_t payload,
                             size_t quoted);

/* capgen_link_frames calls |fn| for each frame that carries |dg|; the last one
   completes it. */
void capgen_link_frames(const capgen_link *link, const capgen_datagram *dg,
                        capgen_frame_fn *fn, void *user);

/* capgen_link_at returns row |i| of the table of links, NULL past its end. */
const capgen_link *capgen_link_at(size_t i);

#endif /* !defined(TESTS_SUPPORT_CAPGEN_LINK_H) */
