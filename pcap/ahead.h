#ifndef QD_AHEAD_H
#define QD_AHEAD_H

/* Opens packets before they are decoded.  Datagrams wait in a queue; meanwhile
   threads open those packets of which connection, keys and packet number can be
   foreseen, and whose AEAD costs more than all the rest.  The decoder takes the
   datagrams in their order and makes all decisions as ever; where it would open
   a packet with the very keys and number that were foreseen, it finds that
   done.  What was foreseen wrongly costs time, and nothing else: an AEAD gives
   the same for the same input.

   Only the owner's thread foresees, so what is opened ahead depends on the
   capture alone, and not on who was faster. */

#include "capture/link.h"
#include "pcap/conntab.h"

#define QD_AHEAD_COST 2000 /* suites whose |cost| is less need no help */
#define QD_AHEAD_FROM 32   /* packets of a direction opened before it gets it */
#define QD_AHEAD_LEN_MIN 256      /* octets of a packet that is opened ahead */
#define QD_AHEAD_DATAGRAMS 256    /* that wait at most, a power of two */
#define QD_AHEAD_OCTETS (4 << 20) /* of what waits and was opened */
#define QD_AHEAD_PACKETS 1024     /* opened ahead at a time, a power of two */
#define QD_AHEAD_SEGMENTS 64      /* of them in one datagram */
#define QD_AHEAD_LANES 128        /* directions foreseen, a power of two */
/* Datagrams that a direction is idle before another may take its lane. */
#define QD_AHEAD_LANE_IDLE 4096

typedef struct qd_ahead qd_ahead;

typedef void qd_ahead_fn(void *user, uint64_t frame, quic_time now,
                         const quic_datagram *dg);

typedef struct qd_ahead_settings {
  const quic_mem *mem; /* to be called from all threads */
  qd_conntab *tab;
  unsigned threads; /* beside the owner's; 0 = it does all, in the same order */
  bool eager;       /* for all suites, from the first packet: for tests */
  qd_ahead_fn *fn;  /* decodes a datagram */
  void *user;
} qd_ahead_settings;

/* qd_ahead_new makes one that does nothing, and has no threads, until enough
   packets under a costly AEAD were opened; then it becomes that of |tab|.
   Returns 0 or QUIC_ERR_NOMEM. */
int qd_ahead_new(qd_ahead **out,
                 const qd_ahead_settings *settings) QUIC_MUST_USE;

/* qd_ahead_del drops what waits; NULL is allowed. */
void qd_ahead_del(qd_ahead *ahead);

/* qd_ahead_push copies |dg| into the queue, and decodes the oldest datagrams
   when it is full.  False: nothing waits, and |dg| is to be decoded now.  This
   and what follows, but for qd_ahead_opened, is for one that has become that of
   the table. */
bool qd_ahead_push(qd_ahead *ahead, uint64_t frame, quic_time now,
                   const quic_datagram *dg);

/* qd_ahead_flush decodes all that waits. */
void qd_ahead_flush(qd_ahead *ahead);

/* qd_ahead_opened tells that the decoder opened the 1-RTT packet |p| of a
   connection whose suite is a costly one. */
void qd_ahead_opened(qd_ahead *ahead, const qd_packet *p);

/* qd_ahead_unmask and qd_ahead_open stand in for quic_packet_unmask, when it
   succeeded, and quic_packet_open of |h|->packet_len octets at |packet|. False:
   that was not done.  |*payload| lives until the datagram was decoded. */
bool qd_ahead_unmask(qd_ahead *ahead, const quic_hp *hp, const uint8_t *packet,
                     const quic_header *h, bool loss_bits, quic_unmasked *um);
bool qd_ahead_open(qd_ahead *ahead, const quic_keys *keys,
                   const uint8_t *packet, const quic_header *h,
                   const quic_unmasked *um, uint32_t path_id, uint64_t pn,
                   int *rv, quic_bytes *payload);

/* qd_ahead_used counts the packets for which qd_ahead_open had one that fits.
 */
uint64_t qd_ahead_used(const qd_ahead *ahead);

#endif /* !defined(QD_AHEAD_H) */
