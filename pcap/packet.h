#ifndef QD_PACKET_H
#define QD_PACKET_H

/* A packet as the decoder hands it out: what was on the wire, whose it is, and
   either its frames or the reason why there are none. */

#include "base/addr.h"
#include "base/time.h"
#include "pcap/reason.h"
#include "wire/header.h"

typedef struct qd_conn qd_conn;

typedef enum qd_side { QD_CLIENT, QD_SERVER, QD_SIDES } qd_side;

/* Encryption levels; each has secrets of its own. */
typedef enum qd_level {
  QD_LEVEL_INITIAL,
  QD_LEVEL_EARLY,
  QD_LEVEL_HANDSHAKE,
  QD_LEVEL_APP,
  QD_LEVELS
} qd_level;

typedef enum qd_state {
  QD_STATE_CLOSED,          /* see |reason| */
  QD_STATE_CLEAR,           /* not encrypted: Retry, Version Negotiation */
  QD_STATE_OPEN,            /* decrypted and authenticated */
  QD_STATE_UNAUTHENTICATED, /* the captured part, decrypted without its tag */
  QD_STATE_RESET,           /* stateless reset */
  QD_STATE_PADDING          /* bytes behind the last packet */
} qd_state;

/* A handshake message that this packet completed. */
typedef struct qd_message {
  uint8_t type;    /* TLS HandshakeType */
  uint8_t level;   /* qd_level */
  uint8_t epoch;   /* of the CRYPTO stream: a Retry starts it anew */
  uint32_t offset; /* in the CRYPTO stream, octets, header included */
  uint32_t len;
} qd_message;

#define QD_MESSAGES_MAX 8 /* kept for one packet */

/* Things worth saying about a packet. */
#define QD_NOTE_LATE 0x01      /* shown before as closed, opened since */
#define QD_NOTE_DUPLICATE 0x02 /* same octets and addresses < 50 ms before */
#define QD_NOTE_ICMP 0x04      /* quoted by an ICMP error */
#define QD_NOTE_GSO 0x08       /* cut out of a segmentation-offload datagram */
#define QD_NOTE_RETRY_BAD 0x10 /* the Retry integrity tag is wrong */
#define QD_NOTE_RETRY_OK 0x20  /* the Retry integrity tag is right */
/* The ClientHello changed after Retry, against RFC 9000 §17.2.5.3. */
#define QD_NOTE_NEW_HELLO 0x40
#define QD_NOTE_FIXED_ZERO 0x80 /* the fixed bit is 0 */
#define QD_NOTE_BAD_FRAME 0x100 /* frames end in something undecodable */
#define QD_NOTE_ILLEGAL 0x200   /* a frame that this packet type forbids */
#define QD_NOTE_RESERVED 0x400  /* reserved bits are not 0 */
#define QD_NOTE_CONFLICT 0x800  /* CRYPTO octets contradict earlier ones */
/* Initial keys of another version than the header's, against RFC 9369 §4.1. */
#define QD_NOTE_OTHER_VERSION 0x1000
#define QD_NOTE_CHLO 0x2000 /* carries the client hello of Google QUIC */

/* quic_bytes and pointers live as long as the call that hands the packet. */
typedef struct qd_packet {
  uint64_t frame; /* number of the capture record, 1-based */
  uint32_t index; /* of the packet in its frame, 0-based */
  quic_time time; /* ns since 1970 */
  quic_addr src;
  quic_addr dst;
  qd_conn *conn; /* NULL when it belongs to none */
  qd_side sender;
  bool sender_known;
  quic_header header;    /* quic_bytes borrowed from |raw| */
  quic_bytes raw;        /* the packet's captured octets */
  uint32_t datagram_len; /* UDP payload on the wire, octets */
  uint32_t offset;       /* of the packet in it */
  uint8_t ecn;
  qd_state state;
  qd_reason reason;
  quic_bytes payload;  /* frames, when OPEN or UNAUTHENTICATED */
  uint32_t path_id;    /* multipath */
  uint32_t generation; /* key updates before this packet's key */
  uint16_t suite;      /* TLS suite that opened it, 0 = none */
  uint32_t notes;      /* QD_NOTE_ */
  uint8_t nmessages;
  qd_message messages[QD_MESSAGES_MAX];
} qd_packet;

/* qd_packet_level returns the encryption level of |type|, or QD_LEVELS. */
qd_level qd_packet_level(quic_packet_type type);

/* qd_level_name: "Initial", "0-RTT", "Handshake", "1-RTT". */
const char *qd_level_name(qd_level level);

/* qd_packet_opened: its frames can be read. */
static inline bool qd_packet_opened(const qd_packet *p) {
  return p->state == QD_STATE_OPEN || p->state == QD_STATE_UNAUTHENTICATED;
}

#endif /* !defined(QD_PACKET_H) */
