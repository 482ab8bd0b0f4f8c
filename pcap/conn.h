#ifndef QD_CONN_H
#define QD_CONN_H

/* What a passive reader knows of one connection. */

#include "base/list.h"
#include "base/reasm.h"
#include "pcap/keyring.h"
#include "pcap/packet.h"
#include "wire/tparam.h"

#define QD_CIDS_MAX 64            /* connection IDs kept, per side */
#define QD_TOKENS_MAX 250         /* stateless reset tokens kept, per side */
#define QD_CRYPTO_MAX (256 << 10) /* octets of one CRYPTO stream */
#define QD_SNI_MAX 256
#define QD_ALPN_MAX 256
#define QD_CONN_FLOWS_MAX 8 /* address pairs of one connection */

struct qd_flow;

/* A connection ID that |side| chose: packets to |side| carry it. */
typedef struct qd_cid {
  uint8_t len;
  uint8_t data[QUIC_CID_MAX];
  uint32_t path_id;
} qd_cid;

/* One direction's CRYPTO stream at one level. */
typedef struct qd_crypto {
  quic_reasm data;
  uint32_t peeked; /* octets of the message at |parsed| when last looked at */
  uint32_t parsed; /* octets of whole messages already looked at */
  uint8_t epoch;   /* grows when a Retry starts the stream anew */
  bool dropped;    /* memory ran out; what is missing stays missing */
} qd_crypto;

typedef struct qd_endpoint {
  quic_addr addr; /* the latest */
  qd_cid *cids;
  uint8_t ncids;
  int cid_len; /* length of the CIDs this side chooses; -1 = unknown */
  uint8_t (*tokens)[QUIC_RESET_TOKEN_LEN]; /* resets that this side may send */
  uint8_t ntokens;
  uint8_t tokens_mapped;        /* of them in the connection table */
  qd_crypto *crypto[QD_LEVELS]; /* NULL until used */
  uint8_t *tparams;             /* raw transport parameters, owned */
  uint16_t tparams_len;
  bool has_tparams;
  bool grease_bit;    /* sent grease_quic_bit: its peer may clear the bit */
  uint32_t gso_size;  /* segment size that was verified last; 0 = none */
  uint8_t gso_misses; /* datagrams that no guessed segment size opened */
  uint64_t packets;   /* that it sent, all kinds */
  uint64_t opened;
} qd_endpoint;

/* From the hellos. */
typedef struct qd_facts {
  bool has_random;
  uint8_t random[QUIC_KEYLOG_RANDOM_LEN]; /* of the newest ClientHello */
  bool hello_changed; /* another ClientHello came after a Retry */
  bool hello_complete;
  bool hello_stale; /* a Retry came since; the next hello may differ */
  bool early_data, psk, ech;
  bool early_refused;        /* EncryptedExtensions without early_data */
  char sni[QD_SNI_MAX];      /* untrusted, NUL-terminated */
  uint8_t alpn[QD_ALPN_MAX]; /* the client's offer, raw list */
  uint16_t alpn_len;
  uint8_t alpn_chosen[QD_ALPN_MAX]; /* the server's choice, one name */
  uint16_t alpn_chosen_len;
  uint16_t suite;   /* of the ServerHello; 0 = unknown */
  uint16_t group;   /* key share of the ServerHello */
  qd_cid preferred; /* of preferred_address, until the table has it; len 0 */
} qd_facts;

struct qd_conn {
  uint32_t number; /* 0-based, in order of appearance */
  quic_list lru;   /* in the table */
  quic_list warm;  /* in the list of connections with key handles */
  bool is_warm;
  uint32_t refs;                            /* holders, the table included */
  struct qd_flow *flows[QD_CONN_FLOWS_MAX]; /* where the table binds it */
  uint8_t nflows;
  bool server_bound; /* findable by |server_key| */
  quic_addr server_key;
  const quic_mem *mem;
  uint32_t version; /* of the newest long header */
  bool gquic;
  bool retried;     /* a valid-looking Retry was seen */
  bool vn_only;     /* so far only Version Negotiation or unknown versions */
  bool sides_known; /* which address is the client's is certain */
  uint8_t odcid_len;
  uint8_t odcid[QUIC_CID_MAX]; /* of the client's first Initial */
  bool has_odcid;
  quic_time first, last;
  qd_endpoint sides[QD_SIDES];
  qd_keyring ring;
  qd_facts facts;
  uint8_t borrows;   /* times that the whole key log was tried */
  uint32_t longs;    /* long headers of |version| */
  quic_list pending; /* held packets that wait for a key (hold.h) */
  size_t pending_bytes;
  uint64_t retry_facts;   /* ring.facts when |pending| was last tried */
  uint64_t *crypto_total; /* octets in CRYPTO streams, all connections */
};

/* qd_conn_new returns an empty connection, or NULL when out of memory.
   |crypto_total| (borrowed) counts the octets of its CRYPTO streams. */
qd_conn *qd_conn_new(const quic_mem *mem, const quic_crypto *crypto,
                     uint64_t *crypto_total);
void qd_conn_del(qd_conn *conn);

/* qd_conn_add_cid notes a CID that |side| chose; empty ones only fix the
   length.  Returns true when it is new.  Beyond QD_CIDS_MAX the oldest but
   the first is dropped, into |*dropped| (len 0: none). */
bool qd_conn_add_cid(qd_conn *conn, qd_side side, quic_bytes cid,
                     uint32_t path_id, qd_cid *dropped);

/* qd_conn_cid returns the entry of |cid| among those of |side|, or NULL. */
const qd_cid *qd_conn_cid(const qd_conn *conn, qd_side side, quic_bytes cid);

/* qd_conn_add_token notes a token of resets that |side| may send.  Returns
   true when it is new and was kept. */
bool qd_conn_add_token(qd_conn *conn, qd_side side, quic_bytes token);

/* qd_conn_crypto returns the CRYPTO stream of |side| at |level|, made when
   first asked for; NULL when out of memory. */
qd_crypto *qd_conn_crypto(qd_conn *conn, qd_side side, qd_level level);

/* qd_conn_drop_crypto frees the octets of all CRYPTO streams. */
void qd_conn_drop_crypto(qd_conn *conn);

/* qd_conn_restart_hello starts the client's Initial CRYPTO stream anew, as a
   Retry does. */
void qd_conn_restart_hello(qd_conn *conn);

/* qd_conn_claim takes |entry|'s client random for |conn|'s, unless one is
   known, and marks the entry as seen. */
void qd_conn_claim(qd_conn *conn, quic_keylog_entry *entry);

/* qd_conn_alpn returns the application protocol: what the server chose, else
   the first that the client offered; empty when unknown. */
quic_bytes qd_conn_alpn(const qd_conn *conn);

/* qd_conn_message borrows the octets of |msg| of |side|, header included;
   empty when they are gone. */
quic_bytes qd_conn_message(const qd_conn *conn, qd_side side,
                           const qd_message *msg);

#endif /* !defined(QD_CONN_H) */
