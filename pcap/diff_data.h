#ifndef QD_DIFF_DATA_H
#define QD_DIFF_DATA_H

/* What the files of the comparison share; nobody else includes it.  diff.c
   takes packets, diff_match.c finds what is the same, diff_way.c measures. */

#include "base/map.h"
#include "pcap/diff.h"

struct qd_diff {
  const quic_mem *mem;
  uint64_t seed[2];
  qd_diff_record records[QD_DIFF_BOTH];
  quic_map numbers[QD_DIFF_BOTH]; /* number of a connection -> its number_at */
  qd_frames frames;
  void *scratch; /* of diff_way.c, for the packets of one connection */
  size_t scratch_cap;
};

#endif /* !defined(QD_DIFF_DATA_H) */
