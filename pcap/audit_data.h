#ifndef QD_AUDIT_DATA_H
#define QD_AUDIT_DATA_H

/* What the files of the audit share; nobody else includes it.  audit.c keeps
   tables and results, audit_flow.c judges address pairs, networks and servers,
   audit_conn.c connections and tokens, audit_loop.c loops of resets. */

#include "base/list.h"
#include "base/map.h"
#include "pcap/audit.h"
#include "pcap/frames.h"

#define AUDIT_KEY_MAX 38   /* two addresses */
#define AUDIT_NAMES_MAX 16 /* server names of a network that are told apart */

/* Every entry of a table begins with one. */
typedef struct audit_item {
  quic_list lru;
  uint64_t first, last; /* frames */
  uint8_t keylen;
  uint8_t key[AUDIT_KEY_MAX];
} audit_item;

typedef void audit_settle_fn(qd_audit *a, audit_item *item);

typedef struct audit_table {
  quic_map map;
  quic_list lru;           /* oldest first */
  audit_item *last;        /* found last: datagrams come in runs */
  size_t max, size;        /* entries; octets of one */
  audit_settle_fn *settle; /* judges an entry that goes */
} audit_table;

/* An address pair. */
typedef struct audit_flow {
  audit_item item;
  quic_addr client, server;
  uint64_t datagram;         /* frame that was counted last */
  quic_time answer;          /* last datagram of the server */
  bool begun;                /* its first packet is a client's first flight */
  bool token;                /* an Initial had one: the address may be known */
  bool validated;            /* the client can read what the server sends */
  uint64_t octets[QD_SIDES]; /* until the address was validated */
  uint64_t worst[QD_SIDES];  /* the same when the ratio was largest */
  uint64_t worst_milli;
  uint64_t initials;                 /* datagrams of the client until then */
  uint64_t versions, version_octets; /* Version Negotiation */
  uint64_t retries, retry_octets;
  bool followed;             /* the client went on after the last of both */
  uint64_t closes[QD_SIDES]; /* datagrams with CONNECTION_CLOSE */
  uint64_t close_octets[QD_SIDES];
  uint64_t asked[QD_SIDES]; /* datagrams to that side since its first one */
  uint64_t asked_octets[QD_SIDES];
  uint64_t close_frame[QD_SIDES];
  uint64_t close_first[QD_SIDES];
  uint64_t conn; /* the newest one */
  uint64_t name; /* hash of the server name; 0 = not seen */
} audit_flow;

/* A network of clients: /24 or /48. */
typedef struct audit_network {
  audit_item item;
  quic_addr addr;
  uint64_t first, last; /* frames of what counts below, |begun| apart */
  uint64_t begun, validated, half_open;
  uint64_t octets[QD_SIDES]; /* of half-open ones */
  uint64_t versions, version_octets, retries, retry_octets; /* not followed */
  uint64_t names[AUDIT_NAMES_MAX];
  size_t nnames;
} audit_network;

typedef struct audit_server {
  audit_item item;
  quic_addr addr;
  uint64_t begun, validated;
  uint64_t window; /* begins with this second */
  uint64_t in_window, peak;
  uint64_t peak_first, peak_last; /* frames */
  uint64_t window_first;
} audit_server;

typedef struct audit_conn {
  audit_item item;
  quic_addr client, server;
  bool begun, validated;
  bool token; /* counted for its token */
  uint64_t number;
  uint64_t changes; /* of the client's address */
  uint64_t challenges[QD_SIDES], responses[QD_SIDES];
  /* By sender and packet number space. */
  uint64_t sent[QD_SIDES][3]; /* largest number + 1 */
  uint64_t acked[QD_SIDES]
                [3];        /* largest that the other side acknowledged + 1 */
  uint64_t early[QD_SIDES]; /* packets that were acknowledged before */
} audit_conn;

typedef struct audit_token {
  audit_item item;
  quic_addr client; /* who had it first */
  quic_addr server;
  uint64_t conns, others; /* others: of them from another IP address */
  uint64_t octets;
} audit_token;

/* Datagrams to and fro, one answering the other. */
typedef struct audit_run {
  uint64_t len;
  uint64_t first, last; /* frames */
  size_t from, to;      /* octets of the first and the last one */
} audit_run;

/* Two addresses, whoever is what: loops have no client. */
typedef struct audit_pair {
  audit_item item;
  quic_addr addr[2];
  bool known;  /* a connection is */
  int8_t from; /* index of who sent the last one; -1 = none */
  quic_time time;
  size_t size;
  audit_run fall; /* each shorter than the one before */
  audit_run even; /* all of one length */
  uint64_t bits;  /* values of the first octet seen in |even| */
} audit_pair;

typedef enum audit_tables {
  AUDIT_FLOWS, /* judged in this order */
  AUDIT_CONNS,
  AUDIT_TOKENS,
  AUDIT_PAIRS,
  AUDIT_NETWORKS,
  AUDIT_SERVERS,
  AUDIT_TABLES
} audit_tables;

struct qd_audit {
  const quic_mem *mem;
  uint64_t seed[2];
  audit_table tables[AUDIT_TABLES];
  qd_frames frames;
  quic_time now;
  uint64_t frame;
  qd_audit_found found[QD_AUDIT_KINDS];
  qd_audit_totals totals;
};

/* audit_take returns the entry of |key|, made and cleared if there is none;
   then |*made| is set.  NULL without memory.  It is the newest now. */
void *audit_take(qd_audit *a, audit_tables table, const void *key, size_t len,
                 bool *made);

/* audit_look returns the entry of |key|, or NULL. */
void *audit_look(qd_audit *a, audit_tables table, const void *key, size_t len);

/* audit_key_addr writes |addr| to |out| (19 octets) and returns its length. */
size_t audit_key_addr(uint8_t *out, const quic_addr *addr);

/* audit_add counts a case of |kind|, and keeps it if it is among the worst. */
void audit_add(qd_audit *a, qd_audit_kind kind, const qd_audit_case *c);

/* audit_case begins a case of |item|. */
qd_audit_case audit_case(const audit_item *item);

audit_settle_fn audit_flow_settle, audit_network_settle, audit_server_settle,
    audit_conn_settle, audit_token_settle, audit_pair_settle;

/* audit_flow_packet takes |p|, whose frames are in |a->frames|.
   audit_flow_begun counts a new connection of |server|, audit_flow_done one
   that got through. */
void audit_flow_packet(qd_audit *a, const qd_packet *p);
void audit_flow_begun(qd_audit *a, const quic_addr *server);
void audit_flow_done(qd_audit *a, const quic_addr *server);

void audit_conn_packet(qd_audit *a, const qd_packet *p);

/* audit_loop_known notes that a connection uses the addresses of |p|. */
void audit_loop_known(qd_audit *a, const qd_packet *p);

/* audit_validates: |p| of a client shows that it reads the server's packets. */
bool audit_validates(const qd_packet *p);

#endif /* !defined(QD_AUDIT_DATA_H) */
