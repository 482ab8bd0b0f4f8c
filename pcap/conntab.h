#ifndef QD_CONNTAB_H
#define QD_CONNTAB_H

/* Finds the connection of a packet: by connection ID, by address pair, by the
   server's address, by stateless reset token.  Bounded: the connection that was
   silent longest gives way. */

#include "base/map.h"
#include "pcap/conn.h"

#define QD_CONNS_MAX 65536     /* connections at one time */
#define QD_FLOW_CONNS_MAX 4    /* connections of one address pair */
#define QD_SERVER_CONNS_MAX 32 /* tried for one server address */
#define QD_CID_OWNERS_MAX 4    /* connections that share a CID */
/* CIDs, and reset tokens, of all connections together */
#define QD_CIDS_ALL_MAX 262144
#define QD_WARM_MAX 512 /* connections that keep key handles */

/* An address pair, in no direction. */
typedef struct qd_flow {
  qd_conn *conns[QD_FLOW_CONNS_MAX]; /* newest first */
  uint8_t nconns;
  uint8_t keylen;
  uint8_t key[2 * 19];
} qd_flow;

typedef struct qd_cid_owner {
  qd_conn *conn;
  qd_side side; /* that chose the CID: the packet's receiver */
} qd_cid_owner;

typedef struct qd_conntab {
  const quic_mem *mem;
  const quic_crypto *crypto;
  quic_map cids;      /* CID -> cid_entry */
  quic_map flows;     /* qd_flow.key -> qd_flow */
  qd_flow *last_flow; /* found last: datagrams come in runs */
  quic_map servers;   /* address -> server_entry */
  quic_map tokens;    /* reset token -> qd_conn */
  quic_list lru;      /* oldest first */
  quic_list warm;     /* oldest first */
  size_t nwarm;
  size_t len;
  uint32_t next_number;
  uint64_t evicted;
  qd_work work;                        /* of all connections */
  struct qd_ahead *ahead;              /* of all; NULL = none */
  uint64_t crypto_total;               /* octets in CRYPTO streams */
  uint32_t cid_lens[QUIC_CID_MAX + 1]; /* CIDs known, by length */
} qd_conntab;

void qd_conntab_init(qd_conntab *tab, const quic_mem *mem,
                     const quic_crypto *crypto, const uint64_t seed[2]);
void qd_conntab_free(qd_conntab *tab);

/* qd_conntab_new adds a connection between |client| and |server|; NULL when
   out of memory. */
qd_conn *qd_conntab_new(qd_conntab *tab, const quic_addr *client,
                        const quic_addr *server, quic_time now);

/* qd_conntab_set_ahead lets |ahead| open packets for all connections, those to
   come included. */
void qd_conntab_set_ahead(qd_conntab *tab, struct qd_ahead *ahead);

/* qd_conntab_touch marks |conn| as used at |now|. */
void qd_conntab_touch(qd_conntab *tab, qd_conn *conn, quic_time now);

/* qd_conntab_warm marks |conn|'s keys as used; others may be chilled. */
void qd_conntab_warm(qd_conntab *tab, qd_conn *conn);

/* qd_conntab_flow returns the flow between the addresses, or NULL. */
qd_flow *qd_conntab_flow(qd_conntab *tab, const quic_addr *a,
                         const quic_addr *b);

/* qd_conntab_bind makes |conn| the newest of the flow between |a| and |b|.
   Returns 0 or QUIC_ERR_NOMEM. */
int qd_conntab_bind(qd_conntab *tab, qd_conn *conn, const quic_addr *a,
                    const quic_addr *b) QUIC_MUST_USE;

/* qd_conntab_add_cid notes that |side| of |conn| chose |cid|. */
void qd_conntab_add_cid(qd_conntab *tab, qd_conn *conn, qd_side side,
                        quic_bytes cid, uint32_t path_id);

/* qd_conntab_add_dcid notes the CID of a packet to |side|, without taking its
   length for that of |side|'s own CIDs: a client's first is random. */
void qd_conntab_add_dcid(qd_conntab *tab, qd_conn *conn, qd_side side,
                         quic_bytes dcid);

/* qd_conntab_forget_cids makes |conn|'s CIDs find nothing any more. */
void qd_conntab_forget_cids(qd_conntab *tab, qd_conn *conn);

/* qd_conntab_cid stores up to |max| owners of |cid| and returns how many. */
size_t qd_conntab_cid(const qd_conntab *tab, quic_bytes cid,
                      qd_cid_owner *owners, size_t max);

/* qd_conntab_add_tokens makes all reset tokens of |conn| findable. */
void qd_conntab_add_tokens(qd_conntab *tab, qd_conn *conn);
qd_conn *qd_conntab_token(const qd_conntab *tab, quic_bytes token);

/* qd_conntab_server stores up to |max| connections, newest first, whose server
   is at |addr|, and returns how many. */
size_t qd_conntab_server(const qd_conntab *tab, const quic_addr *addr,
                         qd_conn **conns, size_t max);

/* qd_conntab_set_server makes |conn| findable by its server's address. */
void qd_conntab_set_server(qd_conntab *tab, qd_conn *conn);

/* qd_conn_ref and qd_conn_unref keep an evicted connection readable. */
void qd_conn_ref(qd_conn *conn);
void qd_conn_unref(qd_conn *conn);

#endif /* !defined(QD_CONNTAB_H) */
