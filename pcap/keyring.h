#ifndef QD_KEYRING_H
#define QD_KEYRING_H

/* The keys of one connection and how a packet is opened with them.  Keys are
   made when a packet first asks for them; which secret, version, suite and
   generation are right is found by what the AEAD accepts. */

#include "crypto/keylog.h"
#include "crypto/protect.h"
#include "pcap/packet.h"

#define QD_HELLOS_MAX 4        /* client randoms of one connection */
#define QD_INITIALS_MAX 8      /* (version, DCID) pairs with Initial keys */
#define QD_GENERATIONS_AHEAD 8 /* key updates tried beyond the current one */
#define QD_PATHS_MAX 16        /* packet number spaces of multipath */
/* Guesses for one level and side until there is a new fact. */
#define QD_TRIALS_MAX 4096
#define QD_PN_WINDOWS 256   /* packet number windows guessed for one packet */
#define QD_PN_GUESSES 65536 /* packet numbers guessed until one is right */

/* Work on packets that do not open, for all connections together: a bucket in
   units of about one octet through an AEAD.  Each datagram fills it, each
   failure empties it, so crafted captures cannot buy time cheaply. */
typedef struct qd_work {
  int64_t left;
  uint64_t refused; /* attempts not made for want of it */
} qd_work;

#define QD_CUT_BAD_MIN 4 /* unsound cut packets that may end their opening */

#define QD_WORK_MAX (32 << 20)      /* that can be saved up */
#define QD_WORK_DATAGRAM (16 << 10) /* each datagram brings */
#define QD_WORK_OCTET 64            /* each octet of it brings */
#define QD_WORK_KEY 4096            /* making a key costs */
#define QD_WORK_OPEN 256            /* a failed attempt costs at least */

/* Keys that one (entry, version, suite) gave, once they opened a packet. */
typedef struct qd_slot {
  quic_keylog_entry *entry;
  quic_keylog_label label;
  const quic_version *version;
  const quic_suite *suite;
  quic_keys keys;  /* empty while chilled */
  uint32_t trials; /* guesses since |facts|, QD_TRIALS_MAX at most */
  uint64_t facts;  /* of the ring, when |trials| was 0 */
  bool verified;   /* opened a packet */
  bool proven;     /* opened a whole one: its tag was checked */
} qd_slot;

/* 1-RTT keys of one direction: a window of generations. */
typedef struct qd_app {
  qd_slot first;      /* generation 0, holds header protection */
  quic_secret secret; /* of generation |made| */
  uint32_t made;      /* 0 = |secret| is not set */
  uint32_t current;   /* highest generation that opened a packet */
  uint32_t base;      /* generation of window[0] */
  quic_keys window[QD_GENERATIONS_AHEAD + 2];
} qd_app;

typedef struct qd_initial {
  const quic_version *version;
  uint8_t cid_len;
  uint8_t cid[QUIC_CID_MAX];
  quic_keys keys[QD_SIDES];
  bool warm; /* |keys| are made */
} qd_initial;

/* What is known of a packet number space; QUIC_PKTNUM_NONE = nothing. */
typedef struct qd_pnspace {
  uint64_t largest; /* opened */
  uint64_t acked;   /* largest that the peer acknowledged */
} qd_pnspace;

typedef struct qd_pnspaces {
  qd_pnspace initial, handshake;
  qd_pnspace app[QD_PATHS_MAX];   /* 0-RTT and 1-RTT, by slot */
  uint32_t path_id[QD_PATHS_MAX]; /* path 0 is slot 0 */
  uint8_t npaths;
} qd_pnspaces;

struct qd_ahead;

typedef struct qd_keyring {
  const quic_crypto *crypto;
  const quic_mem *mem;
  qd_work *work;                             /* NULL = unlimited */
  struct qd_ahead *ahead;                    /* opens packets; NULL = none */
  quic_keylog_entry *entries[QD_HELLOS_MAX]; /* newest last */
  uint8_t nsecrets[QD_HELLOS_MAX]; /* that they had when they were added */
  size_t nentries;
  const quic_version *versions[4]; /* seen on this connection, newest last */
  size_t nversions;
  const quic_suite *suite;     /* of the ServerHello or found; NULL = unknown */
  bool suite_proven;           /* it opened a packet */
  bool loss_bits;              /* both sides sent the loss_bits parameter */
  uint16_t cut_good[QD_SIDES]; /* cut 1-RTT packets that looked sound */
  uint16_t cut_bad[QD_SIDES];  /* and that did not */
  uint32_t depth; /* packet number windows tried at most, set by who guesses
                     something else at the same time; 0 = QD_PN_WINDOWS */
  uint32_t pn_guesses; /* since one was right, QD_PN_GUESSES at most */
  uint64_t facts;      /* grows whenever guessing may succeed where it failed */
  qd_initial *initials;
  size_t ninitials;
  qd_slot early;
  qd_slot handshake[QD_SIDES];
  qd_app *app[QD_SIDES]; /* allocated on first use */
  qd_pnspaces spaces[QD_SIDES];
} qd_keyring;

void qd_keyring_init(qd_keyring *ring, const quic_crypto *crypto,
                     const quic_mem *mem);
void qd_keyring_free(qd_keyring *ring);

/* qd_keyring_chill drops all key handles; they are made again when asked for.
   Generations and packet numbers stay. */
void qd_keyring_chill(qd_keyring *ring);

/* qd_keyring_add_entry adds the key log's entry for a client random. */
void qd_keyring_add_entry(qd_keyring *ring, quic_keylog_entry *entry);

/* qd_keyring_add_version notes that |version| was seen. */
void qd_keyring_add_version(qd_keyring *ring, const quic_version *version);

void qd_keyring_set_suite(qd_keyring *ring, const quic_suite *suite);

/* qd_keyring_add_initial makes (version, dcid) known for Initial packets.
   The oldest pair but the first gives way; without memory it stays unknown. */
void qd_keyring_add_initial(qd_keyring *ring, const quic_version *version,
                            quic_bytes dcid);

/* qd_keyring_has_secret: an entry has the secret of |level| and |side|. */
bool qd_keyring_has_secret(const qd_keyring *ring, qd_level level,
                           qd_side side);

/* qd_keyring_ready: keys of |level| and |side| have opened a packet. */
bool qd_keyring_ready(const qd_keyring *ring, qd_level level, qd_side side);

/* The 1-RTT keys of one direction that opened a packet last.  Borrowed until
   the keyring changes. */
typedef struct qd_current {
  const quic_keys *keys;
  const quic_hp *hp;
  uint32_t generation;
  uint64_t largest; /* packet number of path 0 */
} qd_current;

/* qd_keyring_current returns false when there are none, or no handles. */
bool qd_keyring_current(const qd_keyring *ring, qd_side side, qd_current *out);

/* What a successful open found. */
typedef struct qd_opened {
  quic_bytes payload;
  quic_unmasked unmasked;
  uint64_t pn;
  uint32_t generation;
  uint16_t suite;
  bool authenticated;
  bool other_version; /* Initial keys of another version than the header's */
} qd_opened;

/* qd_keyring_open opens the packet |raw| with header |h| sent by |side|.
   |out| has room for |raw|.len octets; the payload is there, or was opened
   ahead and lives as long as |raw|. Returns 0, QUIC_ERR_AUTH (keys, but none
   fits), QUIC_ERR_AGAIN (no keys), or QUIC_ERR_SHORT (no whole header
   protection sample). */
int qd_keyring_open(qd_keyring *ring, const quic_header *h, quic_bytes raw,
                    qd_side side, uint32_t path_id, uint8_t *out,
                    qd_opened *res) QUIC_MUST_USE;

/* qd_keyring_try_initial opens with the Initial keys of (|version|, |dcid|)
   alone, without remembering them: is this a client's first Initial? */
int qd_keyring_try_initial(const quic_crypto *crypto, const quic_mem *mem,
                           qd_work *work, const quic_header *h, quic_bytes raw,
                           uint8_t *out, qd_opened *res) QUIC_MUST_USE;

/* qd_keyring_secret_label: which line of a key log opens |level| sent by
   |side|; QUIC_KEYLOG_LABELS for Initial. */
quic_keylog_label qd_keyring_secret_label(qd_level level, qd_side side);

/* qd_keyring_note_opened keeps |pn| as largest of its space. */
void qd_keyring_note_opened(qd_keyring *ring, qd_level level, qd_side side,
                            uint32_t path_id, uint64_t pn);

/* qd_keyring_note_acked keeps |pn| as acknowledged to |side|: a hint for the
   packet numbers of what follows a hole in the capture. */
void qd_keyring_note_acked(qd_keyring *ring, qd_level level, qd_side side,
                           uint32_t path_id, uint64_t pn);

/* qd_keyring_plausible: |payload| of a packet whose end is lost begins with
   frames that are legal in |type|.  Random octets pass one time in a hundred,
   so this only confirms keys that are known by other signs. */
bool qd_keyring_plausible(quic_bytes payload, quic_packet_type type);

#endif /* !defined(QD_KEYRING_H) */
