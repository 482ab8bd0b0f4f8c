#ifndef TESTS_SUPPORT_CAPGEN_H
#define TESTS_SUPPORT_CAPGEN_H

/* Makes captures of QUIC whose content is known: connections with a handshake
   that looks like TLS, any packet under any key, on any link, in pcap or
   pcapng, with the secrets where one wants them.  A seed decides everything,
   so a scenario always gives the same octets.

     capgen *g = capgen_new(&files, seed);
     capgen_conn *c = capgen_conn_new(g, NULL);

     capgen_handshake(c);
     p = capgen_begin(c, CAPGEN_CLIENT, QUIC_PACKET_1RTT);
     capgen_stream(p, 0, 0, "GET /", true);
     capgen_end_packet(p);
     capgen_flush(c, CAPGEN_CLIENT);
     capgen_del(g);

   A mistake in its use ends the program: it is for tests. */

#include "base/rng.h"
#include "capture/writer.h"
#include "crypto/keylog.h"
#include "crypto/protect.h"
#include "tests/support/capgen_link.h"
#include "tests/support/capgen_truth.h"
#include "wire/tparam.h"

#define CAPGEN_PAYLOAD 65536  /* octets of one packet's frames */
#define CAPGEN_GENERATIONS 24 /* of 1-RTT keys */
#define CAPGEN_TPARAMS 8      /* parameters beside the usual ones */
#define CAPGEN_FLIGHT 4096    /* octets of TLS messages of one flight */
#define CAPGEN_PATHS 4        /* packet number spaces of multipath */

typedef struct capgen capgen;
typedef struct capgen_conn capgen_conn;

/* Where to write.  |keys| gets a key log unless the capture has the secrets
   inside.  The others may be NULL: |truth| about packets; |requests| and
   |notes| (see capgen_http.h); |expect| gets expressions of quicdump --expect
   that hold, a line each. */
typedef struct capgen_files {
  FILE *capture;
  FILE *keys;
  FILE *truth;
  FILE *requests;
  FILE *notes;
  FILE *expect;
} capgen_files;

typedef enum capgen_secrets_place {
  CAPGEN_SECRETS_FIRST, /* a block in front of the connection's packets */
  CAPGEN_SECRETS_LAST,  /* one block behind everything */
  CAPGEN_SECRETS_FILE,  /* in |keys| */
  CAPGEN_SECRETS_ASKED  /* when capgen_secrets is called; the rest is lost */
} capgen_secrets_place;

/* The capture in making.  What a scenario may set is here for it to set, before
   the first packet. */
struct capgen {
  capgen_files files;
  quic_rng rng;
  /* settings */
  bool pcap; /* not pcapng */
  quic_capture_format format;
  capgen_secrets_place secrets;
  uint32_t snaplen; /* 0 = none */
  const capgen_link *link;
  const char *notes;  /* of all datagrams that follow: "" */
  quic_duration step; /* between two datagrams */
  /* Takes each datagram instead of the link; NULL = nobody does. */
  void (*tap)(capgen *g, const capgen_datagram *dg);
  void *tapped; /* of |tap| */
  const char *name;   /* of the scenario */
  /* state */
  quic_time now;
  uint64_t record; /* of the last frame written, 1-based */
  uint64_t datagrams;
  uint32_t interfaces; /* written so far */
  uint32_t interface;  /* the newest */
  bool started;
  int conns;
  char *keylog; /* lines that wait */
  size_t keylog_len, keylog_cap;
  uint8_t *record_buf;
  size_t record_cap;
  capgen_datagram *building;
  capgen_datagram *held;
  capgen_conn *all;
};

capgen *capgen_new(const capgen_files *files, uint64_t seed);

/* capgen_del finishes the capture: what waits is written. */
void capgen_del(capgen *g);

/* capgen_interface describes a new interface with |link|; what is sent from now
   on is seen there.  The first one needs no call. */
void capgen_interface(capgen *g, const capgen_link *link);

/* capgen_section starts a new pcapng section, without interfaces yet. */
void capgen_section(capgen *g);

/* capgen_secrets writes all key log lines that wait as a block. */
void capgen_secrets(capgen *g);

/* capgen_keylog adds a line of |label|; |text| any other one. */
void capgen_keylog(capgen *g, quic_keylog_label label, const uint8_t *random,
                   const quic_secret *secret);
void capgen_keylog_text(capgen *g, const char *text);

/* capgen_send puts |dg| on the link at once and moves the clock on. */
void capgen_send(capgen *g, const capgen_datagram *dg);

/* capgen_expect adds an expression that holds for every connection. */
void capgen_expect(capgen *g, const char *expr);

/* capgen_record writes one frame that is no QUIC. */
void capgen_record(capgen *g, quic_bytes frame);

/* --- connections -------------------------------------------------------- */

typedef struct capgen_tparam {
  uint64_t id;
  quic_bytes value;
} capgen_tparam;

typedef struct capgen_options {
  uint32_t version;
  uint16_t suite;
  uint8_t odcid_len, cid_len[CAPGEN_SIDES]; /* of the CIDs each side chooses */
  const char *sni;
  quic_bytes sni_raw; /* instead, any octets */
  const char *alpn;   /* names with commas between; the first is chosen */
  quic_addr addr[CAPGEN_SIDES];
  bool early;     /* the hello offers 0-RTT */
  bool preferred; /* the server sends preferred_address */
  bool loss_bits;
  bool multipath;
  unsigned keylog; /* bits 1 << quic_keylog_label: lines that are logged */
  const char *label_prefix; /* of key log labels: "" */
  size_t hello_pad;         /* octets of padding extension in the hello */
  /* Limits that both sides set for each other. */
  uint64_t max_data, max_stream_data, max_streams;
  capgen_tparam tparams[CAPGEN_SIDES][CAPGEN_TPARAMS]; /* more of them */
  uint8_t ntparams[CAPGEN_SIDES];
} capgen_options;

#define CAPGEN_LOG(label) (1u << QUIC_KEYLOG_##label)
#define CAPGEN_LOG_ALL                                                         \
  (CAPGEN_LOG(CLIENT_EARLY) | CAPGEN_LOG(CLIENT_HANDSHAKE) |                   \
   CAPGEN_LOG(SERVER_HANDSHAKE) | CAPGEN_LOG(CLIENT_APP) |                     \
   CAPGEN_LOG(SERVER_APP))

/* capgen_defaults: v1, TLS_AES_128_GCM_SHA256, CIDs of 8 octets, IPv4. */
capgen_options capgen_defaults(void);

/* capgen_ipv6 makes both addresses IPv6. */
void capgen_ipv6(capgen_options *opt);

typedef struct capgen_cid {
  uint8_t data[QUIC_CID_MAX];
  uint8_t len;
} capgen_cid;

typedef struct capgen_end {
  quic_addr addr;
  capgen_cid cid; /* that it chose last: the peer's packets carry it */
  uint8_t reset_token[QUIC_RESET_TOKEN_LEN]; /* for |cid| */
  uint64_t next_pn[3 + CAPGEN_PATHS]; /* by space: Initial, Handshake, paths */
  uint32_t generation;                /* of its 1-RTT keys */
  bool spin;
  uint8_t flight[QUIC_PACKET_TYPES][CAPGEN_FLIGHT]; /* TLS messages */
  size_t flight_len[QUIC_PACKET_TYPES];
  const char *expect[QUIC_PACKET_TYPES]; /* reason why its packets of a type
                                            stay closed; NULL = they open */
} capgen_end;

struct capgen_conn {
  capgen *g;
  capgen_conn *next;
  capgen_options opt;
  int number;
  uint32_t version; /* of packets that are begun */
  const quic_suite *suite;
  const quic_suite *early_suite;
  capgen_cid odcid; /* that the client's Initials go to until it knows better */
  bool server_known;
  uint8_t random[QUIC_KEYLOG_RANDOM_LEN];
  quic_secret secrets[QUIC_KEYLOG_LABELS];
  capgen_cid preferred; /* of preferred_address */
  quic_bytes token;     /* of client Initials; static or held by the caller */
  bool retried;
  capgen_cid retry_scid;
  quic_keys initial[CAPGEN_SIDES];
  uint32_t initial_version; /* that |initial| was made for */
  quic_keys early;
  quic_keys handshake[CAPGEN_SIDES];
  quic_keys app[CAPGEN_SIDES][CAPGEN_GENERATIONS];
  uint32_t keys_version; /* that all but |initial| were made for */
  capgen_end end[CAPGEN_SIDES];
  unsigned lost; /* bits: datagrams of capgen_handshake that are not captured */
};

/* capgen_conn_new makes a connection with |opt| (NULL: the defaults) that lives
   as long as |g|, and logs its secrets. */
capgen_conn *capgen_conn_new(capgen *g, const capgen_options *opt);

/* capgen_conn_initial makes Initial keys of |version| for |dcid| the ones in
   use. */
void capgen_conn_initial(capgen_conn *c, uint32_t version,
                         const capgen_cid *dcid);

/* capgen_conn_rekey makes new keys of all later levels under |version|. */
void capgen_conn_rekey(capgen_conn *c, uint32_t version);

/* capgen_conn_rehello gives the client a new random and secrets. */
void capgen_conn_rehello(capgen_conn *c);

/* capgen_cid_new makes a random one. */
capgen_cid capgen_cid_new(capgen *g, uint8_t len);

/* --- packets ------------------------------------------------------------ */

typedef struct capgen_packet {
  capgen_conn *c;
  capgen_side side;
  quic_header h; /* as it will be sealed; change what you like */
  uint32_t generation;
  uint32_t path_id;
  bool loss_bits;
  const quic_keys *keys; /* NULL = those of the type and generation */
  capgen_state state;
  const char *reason; /* not NULL: it stays closed */
  char notes[96];
  bool damaged; /* the tag is wrong */
  uint8_t payload[CAPGEN_PAYLOAD];
  size_t len;
  size_t first_mark;
} capgen_packet;

/* capgen_begin starts a packet of |side| behind those that the datagram has
   already; capgen_end_packet seals it; one at a time. */
capgen_packet *capgen_begin(capgen_conn *c, capgen_side side,
                            quic_packet_type type);
void capgen_end_packet(capgen_packet *p);

/* capgen_note adds a name to the packet's notes. */
void capgen_note(capgen_packet *p, const char *name);

/* capgen_raw adds |len| octets that are no packet: padding, or what the truth
   |tp| (copied; NULL = padding) says. */
void capgen_raw(capgen *g, const void *data, size_t len,
                const capgen_truth *tp);

/* capgen_take ends the datagram of |side| without sending it; |g| keeps it.
   capgen_flush also sends it. */
capgen_datagram *capgen_take(capgen_conn *c, capgen_side side);
void capgen_flush(capgen_conn *c, capgen_side side);

/* capgen_lose forgets the datagram: it was sent, but not captured. */
void capgen_lose(capgen *g);

/* Packets without protection, each a datagram of its own. */
void capgen_version_negotiation(capgen_conn *c, const uint32_t *versions,
                                size_t n);
void capgen_retry(capgen_conn *c, bool damaged);

/* capgen_reset sends a stateless reset of |side| with |len| octets. */
void capgen_reset(capgen_conn *c, capgen_side side, size_t len);

/* --- frames ------------------------------------------------------------- */

/* capgen_frame appends |f|; the others fill in one. */
void capgen_frame(capgen_packet *p, const quic_frame *f);
void capgen_padding(capgen_packet *p, size_t n);

/* capgen_pad adds PADDING until the datagram will have |size| octets. */
void capgen_pad(capgen_packet *p, size_t size);
void capgen_ping(capgen_packet *p);
void capgen_ack(capgen_packet *p, uint64_t largest, uint64_t first_range);
void capgen_crypto(capgen_packet *p, uint64_t offset, const void *data,
                   size_t len);
void capgen_stream(capgen_packet *p, uint64_t id, uint64_t offset,
                   const void *data, size_t len, bool fin);
void capgen_new_cid(capgen_packet *p, uint64_t sequence, const capgen_cid *cid,
                    const uint8_t *token);
void capgen_simple(capgen_packet *p, uint64_t type); /* without fields */
void capgen_close(capgen_packet *p, uint64_t type, uint64_t code,
                  const char *reason);
void capgen_octets(capgen_packet *p, const void *data, size_t len); /* no
                       frame; the reader stops here */

/* --- whole exchanges ---------------------------------------------------- */

/* capgen_flight_hello makes the ClientHello, capgen_flight_server all other
   messages; both fill |flight| of the ends. */
void capgen_flight_hello(capgen_conn *c);
void capgen_flight_server(capgen_conn *c);

/* The datagrams of an ordinary handshake; capgen_handshake does all four, less
   those in |c->lost|. */
void capgen_hello(capgen_conn *c);
void capgen_server_flight(capgen_conn *c);
void capgen_client_finish(capgen_conn *c);
void capgen_server_done(capgen_conn *c);
void capgen_handshake(capgen_conn *c);

/* capgen_data sends one datagram with |len| octets of stream |id|. */
void capgen_data(capgen_conn *c, capgen_side side, uint64_t id, uint64_t offset,
                 size_t len, bool fin);

/* capgen_exchange sends a request on stream |id| and its answer of |len|
   octets, with acknowledgements. */
void capgen_exchange(capgen_conn *c, uint64_t id, size_t len);

/* capgen_update lets |side| begin a key update: later packets have the next
   generation. */
void capgen_update(capgen_conn *c, capgen_side side);

/* --- scenarios ---------------------------------------------------------- */

typedef struct capgen_scenario {
  const char *name;
  void (*make)(capgen *g, unsigned arg);
  unsigned arg;
  capgen_secrets_place secrets;
  bool pcap;
} capgen_scenario;

#define CAPGEN_NAME 48 /* octets of a scenario's name at most */

/* capgen_scenario_at returns scenario |i|, NULL past the end. */
const capgen_scenario *capgen_scenario_at(size_t i);
const capgen_scenario *capgen_scenario_find(const char *name);

/* capgen_make writes |sc| to |files|. */
void capgen_make(const capgen_scenario *sc, const capgen_files *files);

/* capgen_bulk writes one HTTP/3 connection whose responses, of 1 MB and of 5 kB
   in turn, have |bytes| octets; capgen_bulk_chacha the same in several
   connections under ChaCha20-Poly1305; capgen_bulk_streams |streams| small
   requests on one connection. */
void capgen_bulk(const capgen_files *files, uint64_t bytes);
void capgen_bulk_chacha(const capgen_files *files, uint64_t bytes);
void capgen_bulk_streams(const capgen_files *files, uint64_t streams);

#endif /* !defined(TESTS_SUPPORT_CAPGEN_H) */
