#ifndef QUIC_ANALYSIS_FLOW_H
#define QUIC_ANALYSIS_FLOW_H

/* quic_flow accounts for streams and flow control (RFC 9000 §2 to §4) from the
   frames of both sides, without their data: octets, repetitions, final sizes,
   limits and who ran into them. */

#include "analysis/side.h"
#include "analysis/span.h"
#include "wire/tparam.h"

#define QUIC_FLOW_STREAMS_MAX                                                  \
  2048                              /* records of streams that are alive; the  \
                                       one opened first gives way */
#define QUIC_FLOW_RETIRED_MAX 512   /* ranges of finished streams, per type */
#define QUIC_FLOW_VIOLATIONS_MAX 16 /* that are kept with their place */
#define QUIC_FLOW_STREAM_TYPES 4    /* the two low bits of the ID (§2.1) */

typedef enum quic_flow_kind {
  QUIC_FLOW_STREAM_DATA,     /* above MAX_STREAM_DATA (§4.1) */
  QUIC_FLOW_CONNECTION_DATA, /* above MAX_DATA */
  QUIC_FLOW_STREAM_LIMIT,    /* above MAX_STREAMS (§4.6) */
  QUIC_FLOW_FINAL_SIZE,      /* changed, or data behind it (§4.5) */
  QUIC_FLOW_STREAM_STATE,    /* a frame that the stream's type or state forbids
                                (§19.4, §19.5, §19.8, §19.10, §19.13) */
  QUIC_FLOW_KINDS
} quic_flow_kind;

/* "stream_data_limit", "connection_data_limit", "stream_count_limit",
   "final_size", "stream_state". */
const char *quic_flow_kind_name(quic_flow_kind kind);

typedef struct quic_flow_violation {
  quic_flow_kind kind;
  quic_mark at;       /* |at.side| broke the rule */
  uint64_t stream_id; /* QLOG_NONE: the connection */
  uint64_t frame;     /* type of the frame */
  uint64_t value;     /* what was used: offset, sum, number of streams, size */
  uint64_t limit;     /* what was allowed */
  bool certain;       /* false: the trace has holes where a limit may have been
                         raised */
} quic_flow_violation;

/* One direction of a stream: what its sender did, and what its receiver
   allowed. */
typedef struct quic_flow_half {
  uint64_t octets;   /* STREAM data, repetitions included */
  uint64_t repeated; /* of these, seen before */
  uint64_t frames;
  uint64_t highest; /* largest offset + length */
  quic_span seen;
  uint64_t final_size;   /* QLOG_NONE */
  uint64_t limit;        /* QLOG_NONE while not known */
  uint64_t reset_code;   /* RESET_STREAM by the sender; QLOG_NONE */
  uint64_t stop_code;    /* STOP_SENDING by the receiver; QLOG_NONE */
  quic_time first, last; /* STREAM frames; QUIC_TIME_NEVER, 0 */
  quic_time blocked_at;  /* QUIC_TIME_NEVER when not blocked */
  quic_duration blocked; /* ended waits for MAX_STREAM_DATA */
  bool over;             /* above |limit|, and reported so */
  bool used;             /* a frame of this direction was seen */
} quic_flow_half;

typedef struct quic_flow_stream {
  uint64_t id;
  quic_time opened;
  quic_flow_half half[QUIC_SIDES];      /* by who sends the data */
  struct quic_flow_stream *next, *prev; /* in the order of opening */
} quic_flow_stream;

/* What one side sent, and what it was allowed to. */
typedef struct quic_flow_side {
  uint64_t octets; /* STREAM data, repetitions included */
  uint64_t repeated;
  uint64_t sum;            /* of the highest offsets: counts against MAX_DATA */
  uint64_t max_data;       /* limit set by the other; QLOG_NONE */
  uint64_t max_streams[2]; /* bidirectional, unidirectional, set by the other */
  uint64_t opened[2];      /* streams that it opened, by the largest ID */
  uint64_t resets, stops;  /* RESET_STREAM, STOP_SENDING that it sent */
  uint64_t raises;         /* MAX_DATA, MAX_STREAM_DATA that it sent */
  uint64_t data_blocked, stream_blocked, streams_blocked; /* frames */
  quic_time blocked_at;              /* by MAX_DATA; QUIC_TIME_NEVER */
  quic_duration blocked;             /* ended waits for MAX_DATA */
  quic_duration stream_blocked_time; /* ended waits, all streams added up */
  quic_time streams_blocked_at[2];
  quic_duration streams_blocked_time; /* ended waits for MAX_STREAMS */
  uint64_t crypto_octets, crypto_repeated;
  uint64_t datagrams, datagram_octets; /* DATAGRAM frames */
  bool over;                           /* above |max_data|, and reported so */
} quic_flow_side;

typedef struct quic_flow quic_flow;

/* Called with a stream that is finished in both directions, or gives way. */
typedef void quic_flow_retired_fn(void *user, const quic_flow_stream *s);

/* quic_flow_new makes an empty account.  |seed| is for hashing stream IDs.
   |retired| may be NULL.  Returns 0 or QUIC_ERR_NOMEM. */
int quic_flow_new(quic_flow **out, const quic_mem *mem, const uint64_t seed[2],
                  quic_flow_retired_fn *retired, void *user) QUIC_MUST_USE;
void quic_flow_del(quic_flow *flow);

/* quic_flow_parameters takes the transport parameters that |side| sent: limits
   for the other. */
void quic_flow_parameters(quic_flow *flow, int side, const quic_tparams *list);

/* quic_flow_uncertain says that from here on packets of |side| may not be seen
   (holes, closed packets), so that its limits may be larger than known. */
void quic_flow_uncertain(quic_flow *flow, int side);

/* quic_flow_restart forgets the CRYPTO octets that the client sent in Initial
   packets: after a Retry or Version Negotiation it starts over. */
void quic_flow_restart(quic_flow *flow);

/* quic_flow_frame takes a frame that |at->side| sent in |space|; frames of no
   interest are passed over.  The length of the data of STREAM and CRYPTO is
   data.len + missing, so that logs without data can tell it.  Returns the
   octets in it that were seen before. */
uint64_t quic_flow_frame(quic_flow *flow, const quic_frame *f, quic_space space,
                         const quic_mark *at);

/* quic_flow_side_of returns what |side| did. */
const quic_flow_side *quic_flow_side_of(const quic_flow *flow, int side);

/* quic_flow_find returns the stream |id| while it is alive, or NULL. */
const quic_flow_stream *quic_flow_find(const quic_flow *flow, uint64_t id);

/* quic_flow_first returns the stream alive that was opened first, or NULL;
   ->next leads on. */
const quic_flow_stream *quic_flow_first(const quic_flow *flow);

/* Streams alive now, and at most at once. */
uint64_t quic_flow_open(const quic_flow *flow);
uint64_t quic_flow_open_max(const quic_flow *flow);

/* quic_flow_streams returns how many streams of |type| (ID & 3) were seen. */
uint64_t quic_flow_streams(const quic_flow *flow, unsigned type);

/* quic_flow_evicted counts streams that gave way unfinished at
   QUIC_FLOW_STREAMS_MAX or for want of memory. */
uint64_t quic_flow_evicted(const quic_flow *flow);

/* quic_flow_violations counts those of |kind|; quic_flow_violation_at returns
   the |i|-th that was kept, or NULL. */
uint64_t quic_flow_violations(const quic_flow *flow, quic_flow_kind kind);
const quic_flow_violation *quic_flow_violation_at(const quic_flow *flow,
                                                  size_t i);

/* quic_flow_blocked returns how long |side| waited for MAX_DATA until |now|,
   waits that have not ended included. */
quic_duration quic_flow_blocked(const quic_flow *flow, int side, quic_time now);

#endif /* !defined(QUIC_ANALYSIS_FLOW_H) */
