#ifndef QD_STREAM_H
#define QD_STREAM_H

/* The streams of one connection: their octets in order, and whatever the
   application protocol keeps of each. */

#include "base/history.h"
#include "base/inorder.h"
#include "base/list.h"
#include "base/map.h"
#include "base/rangeset.h"
#include "pcap/protocol.h"
#include "wire/frame.h"

#define QD_STREAMS_MAX 65536         /* streams open at one time, of one conn */
#define QD_STREAMS_RETIRED_MAX 4096  /* ranges of streams that are done */
#define QD_STREAM_WAITING (16 << 20) /* octets behind holes, all streams */
#define QD_STREAM_HISTORY (4 << 20)  /* octets compared with repetitions */

/* What one side sends on a stream. */
typedef struct qd_half {
  quic_inorder in;
  quic_history_stream past;
  uint64_t octets; /* of STREAM frames, repetitions included */
  uint64_t reset_code, stop_code;
  uint64_t reliable; /* octets that come in spite of the reset */
  uint64_t lost;     /* octets of holes that were given up */
  bool reset;
  bool stopped; /* the peer of this side sent STOP_SENDING for it */
  bool deaf;    /* what comes after a hole means nothing */
  bool told;    /* the application knows that it ended */
} qd_half;

struct qd_stream {
  uint64_t id;
  quic_list lru;
  qd_half half[QD_SIDES];
  void *app; /* the application's own */
};

/* What was wrong with a STREAM or RESET_STREAM frame, as bits: those of
   QUIC_INORDER_ and: */
#define QD_STREAM_WRONG_SIDE                                                   \
  0x100 /* on a stream that only the peer sends on                             \
         */

/* Shared by the streams of all connections. */
typedef struct qd_stream_pool {
  const quic_mem *mem;
  quic_inorder_budget budget;
  quic_history history; /* repetitions are compared with it */
  uint64_t seed[2];
} qd_stream_pool;

/* qd_stream_pool_init returns 0 or QUIC_ERR_NOMEM. */
int qd_stream_pool_init(qd_stream_pool *pool, const quic_mem *mem,
                        const uint64_t seed[2]) QUIC_MUST_USE;
void qd_stream_pool_free(qd_stream_pool *pool);

typedef struct qd_streams qd_streams;

/* Gets the octets of every stream, whatever the application protocol. */
typedef void qd_streams_fn(void *user, qd_stream *st, qd_side side,
                           uint64_t offset, quic_bytes data);

struct qd_streams {
  qd_stream_pool *pool;
  quic_map open;            /* stream ID -> qd_stream */
  quic_list lru;            /* oldest first */
  qd_stream *last;          /* found last */
  quic_rangeset retired[4]; /* ID >> 2, by the two low bits of the ID */
  qd_protocol *app;         /* NULL = unknown protocol; owned */
  qd_streams_fn *fn;        /* NULL = nobody listens */
  void *user;
  uint64_t opened;
  uint64_t evicted;   /* for want of room */
  uint64_t conflicts; /* repetitions with other octets */
};

void qd_streams_init(qd_streams *ss, qd_stream_pool *pool);

/* qd_streams_speak hands the streams over to |app|, which is owned then.  What
   they handed on before is a hole to it. */
void qd_streams_speak(qd_streams *ss, qd_protocol *app);

/* qd_streams_restart forgets what the client opened, as if nothing had come:
   its 0-RTT was refused (RFC 9001 §4.6.2).  The application goes with it. */
void qd_streams_restart(qd_streams *ss);

/* qd_streams_free forgets what is left; holes are given up first. */
void qd_streams_free(qd_streams *ss);

/* qd_streams_frame takes a STREAM, RESET_STREAM, RESET_STREAM_AT or
   STOP_SENDING frame that |side| sent.  |*found| gets what was wrong with it.
   Returns 0, or QUIC_ERR_NOMEM: octets are missing now. */
int qd_streams_frame(qd_streams *ss, qd_side side, const quic_frame *f,
                     unsigned *found) QUIC_MUST_USE;

/* qd_streams_evict lets go of the stream that was silent longest.  Returns
   false when there is none. */
bool qd_streams_evict(qd_streams *ss);

/* qd_streams_get returns the open stream |id|, or NULL. */
qd_stream *qd_streams_get(const qd_streams *ss, uint64_t id);

/* qd_stream_sends: |side| may send on stream |id| (RFC 9000 §2.1). */
static inline bool qd_stream_sends(uint64_t id, qd_side side) {
  return !(id & 2) || (id & 1) == (side == QD_SERVER);
}

#endif /* !defined(QD_STREAM_H) */
