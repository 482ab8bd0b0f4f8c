#ifndef QD_DIFF_H
#define QD_DIFF_H

/* qd_diff compares two records of the same connections: captures at two points
   of the way, or a capture and the qlog of an endpoint.  First everything is
   taken, a short note for each packet; qd_diff_match then finds what is the
   same, and tells what each of them missed, how long the way between them takes
   and how their clocks differ.

   Connections are the same by client random, by original destination connection
   ID, by connection IDs, or because a packet of theirs is; packets by packet
   number, and where that is not known by their octets. */

#include "base/mem.h"
#include "pcap/conn.h"
#include "pcap/frames.h"
#include "qlog/event.h"

#define QD_DIFF_PACKETS_MAX (1u << 21)       /* kept of each record */
#define QD_DIFF_CONNS_MAX 16384              /* connections, the same */
#define QD_DIFF_CIDS_MAX 8                   /* of a side that are compared */
#define QD_DIFF_ADDRS_MAX 8                  /* address pairs of a connection */
#define QD_DIFF_RANGES_MAX 8                 /* of what one side missed */
#define QD_DIFF_DRIFT_MIN (10 * QUIC_SECOND) /* less tells nothing of drift */
#define QD_DIFF_DRIFT_PACKETS 4 /* at least, to either side, in a third */
#define QD_DIFF_NONE UINT32_MAX

/* Which of the two records. */
typedef enum qd_diff_which { QD_DIFF_A, QD_DIFF_B, QD_DIFF_BOTH } qd_diff_which;

/* The packet number space of what has no number. */
#define QD_DIFF_NUMBERLESS 3

typedef struct qd_diff_packet {
  quic_time time;
  uint64_t number; /* UINT64_MAX: not known */
  uint64_t octets; /* hash of it as it was on the wire; 0 = not known */
  uint64_t frames; /* a bit for each type of frame; 0 = not known */
  uint32_t record; /* frame of the capture, record of the log */
  uint32_t conn;   /* index */
  uint32_t size;   /* octets; 0 = not known */
  uint32_t space;  /* 4 * path + quic_space, or + QD_DIFF_NUMBERLESS */
  uint32_t match;  /* index in the other record, or QD_DIFF_NONE */
  uint8_t side;    /* who sent it */
  uint8_t addr;    /* index of the address pair; 255 = not known */
  uint8_t type;    /* quic_packet_type */
} qd_diff_packet;

typedef struct qd_diff_cids {
  uint8_t len[QD_DIFF_CIDS_MAX];
  uint8_t data[QD_DIFF_CIDS_MAX][QUIC_CID_MAX];
  uint8_t n;
} qd_diff_cids;

typedef enum qd_diff_by {
  QD_DIFF_BY_RANDOM,
  QD_DIFF_BY_ODCID,
  QD_DIFF_BY_CIDS,
  QD_DIFF_BY_OCTETS,
  QD_DIFF_BY_SINGLE /* there is no other one */
} qd_diff_by;

/* "client random", "original destination connection ID", ... */
const char *qd_diff_by_name(qd_diff_by by);

typedef struct qd_diff_conn {
  uint32_t number; /* as other outputs count */
  bool has_random;
  uint8_t random[QUIC_KEYLOG_RANDOM_LEN];
  uint8_t odcid_len;
  uint8_t odcid[QUIC_CID_MAX];
  qd_diff_cids cids[QD_SIDES]; /* that the side chose */
  quic_addr addrs[QD_DIFF_ADDRS_MAX][QD_SIDES];
  uint8_t naddrs;
  char sni[64];
  uint32_t start, len; /* its packets, once sorted */
  uint32_t match;      /* index in the other record, or QD_DIFF_NONE */
  uint8_t by;          /* qd_diff_by, if there is one */
  int8_t end;          /* qd_side that wrote the log; -1 = a capture */
} qd_diff_conn;

/* One of the two records. */
typedef struct qd_diff_record {
  char name[256]; /* of the file, printable */
  bool log;       /* a qlog, no capture */
  qd_diff_conn *conns;
  size_t nconns, conns_cap;
  qd_diff_packet *packets;
  size_t npackets, packets_cap;
  uint64_t dropped;      /* packets beyond what is kept, or without memory */
  quic_time first, last; /* QUIC_TIME_NEVER: nothing */
} qd_diff_record;

typedef struct qd_diff_range {
  uint32_t space;
  uint8_t type;
  uint64_t from, to; /* packet numbers, both inclusive */
} qd_diff_range;

/* What only one of the two records has, of one direction. */
typedef struct qd_diff_only {
  uint64_t packets; /* while the other one was recording */
  uint64_t outside; /* before the other one began, or behind its end */
  uint64_t numberless;
  uint64_t run_max;                         /* most numbers in a row */
  qd_diff_range ranges[QD_DIFF_RANGES_MAX]; /* of |packets| with a number */
  size_t nranges;
  uint64_t more; /* ranges that are not kept */
  /* inner */
  uint64_t run, next; /* numbers in a row so far; the one that would go on */
  uint32_t space;
  bool kept; /* that row is the last of |ranges| */
} qd_diff_only;

/* One direction of a connection: what |side| sent. */
typedef struct qd_diff_way {
  uint64_t packets[QD_DIFF_BOTH]; /* in A, in B */
  uint64_t both;
  qd_diff_only only[QD_DIFF_BOTH];
  /* From the point that is nearer to the sender to the other one, above the
     fastest packet. */
  quic_duration median, p99, max;
  uint64_t reordered;   /* overtaken between the two */
  uint64_t reorder_max; /* by how many packets at most */
} qd_diff_way;

/* A connection that is in both. */
typedef struct qd_diff_pair {
  const qd_diff_conn *conn[QD_DIFF_BOTH];
  qd_diff_by by;
  qd_diff_way way[QD_SIDES]; /* by sender */
  bool timed;                /* packets both ways: the next can be told */
  qd_diff_which near;        /* the one nearer to the client */
  quic_duration round_trip; /* from one point to the other and back, at least */
  quic_time start;          /* first packet that both have, by A's clock */
  int64_t offset;  /* B's clock less A's, if both ways take as long; with a
                      drift that at |start| */
  bool drifts;     /* |drift| can be told */
  int64_t drift;   /* ns in a second that B's clock gains on A's */
  uint64_t moved;  /* bits: pairs of address pairs, 8 * A's + B's */
  uint64_t differ; /* packets that are not the same in both */
  const qd_diff_packet *first[QD_DIFF_BOTH]; /* of these; NULL = none */
} qd_diff_pair;

typedef struct qd_diff qd_diff;

/* qd_diff_new returns 0 or QUIC_ERR_NOMEM. */
int qd_diff_new(qd_diff **out, const quic_mem *mem,
                const uint64_t seed[2]) QUIC_MUST_USE;
void qd_diff_del(qd_diff *d);

/* qd_diff_record_of returns one of both, to be named. */
qd_diff_record *qd_diff_record_of(qd_diff *d, qd_diff_which which);

/* qd_diff_packet_add takes a packet of a capture, qd_diff_event an event of a
   log whose connection is |number|; |sent_is_client| says what packet_sent
   means.  What does not fit is counted. */
void qd_diff_packet_add(qd_diff *d, qd_diff_which which, const qd_packet *p);
void qd_diff_event(qd_diff *d, qd_diff_which which, uint32_t number,
                   quic_bytes odcid, bool sent_is_client, const qlog_event *e);

/* qd_diff_match compares; nothing may be taken afterwards.  Returns 0 or
   QUIC_ERR_NOMEM. */
int qd_diff_match(qd_diff *d) QUIC_MUST_USE;

/* qd_diff_pair_of compares the packets of connection |conn| of A with those of
   its match.  Returns 0, or QUIC_ERR_NOMEM. */
int qd_diff_pair_of(qd_diff *d, uint32_t conn, qd_diff_pair *out) QUIC_MUST_USE;

#endif /* !defined(QD_DIFF_H) */
