#ifndef TESTS_FUZZ_SCRIPT_H
#define TESTS_FUZZ_SCRIPT_H

/* A script of commands from which sealed datagrams are built, so that a fuzzer
   reaches what lies behind packet protection.  All is sealed with the null back
   end.  A command is one octet, then what it needs:

     bits 0-2  packet type (quic_packet_type), 6 octets as they are, 7 control
     bit 3     sent by the server
     bit 4     of the second connection
     bit 5     more follows in the datagram
     bit 6     an octet of SCRIPT_OPT_ bits follows, then what those need
     bit 7     TLS messages of this type and side stand in front, with the
               payload as transport parameters

   then the payload: a length in one octet and as many octets; the length 255
   stands for as many times 16 zeros as the next octet says.  In the input an
   octet that is not there is 0. */

#include "base/reader.h"
#include "base/rng.h"
#include "capture/link.h"
#include "crypto/keylog.h"
#include "crypto/protect.h"
#include "crypto/retry.h"
#include "pcap/packet.h"
#include "tests/fuzz/fuzz.h"
#include "tests/support/capgen_tls.h"
#include "wire/frame.h"

#define SCRIPT_COMMANDS_MAX 96
#define SCRIPT_DATAGRAM_MAX 20000
#define SCRIPT_PAYLOAD_MAX 8192
#define SCRIPT_GENERATIONS_MAX 24
#define SCRIPT_CONNS 2
#define SCRIPT_ENTRIES 4 /* of the key log */

enum {
  SCRIPT_SERVER = 0x08,
  SCRIPT_SECOND = 0x10,
  SCRIPT_MORE = 0x20,
  SCRIPT_OPTIONS = 0x40,
  SCRIPT_TLS = 0x80
};

enum {
  SCRIPT_OPT_UPDATE = 0x01,  /* the next generation of keys, from now on */
  SCRIPT_OPT_SKIP = 0x02,    /* packet numbers: an octet, times 64 */
  SCRIPT_OPT_DAMAGE = 0x04,  /* the tag is wrong */
  SCRIPT_OPT_CID = 0x08,     /* another destination CID: an octet, repeated */
  SCRIPT_OPT_VERSION = 0x10, /* another version, for once: an octet */
  SCRIPT_OPT_PATH = 0x20,    /* path 1 */
  SCRIPT_OPT_CUT = 0x40,     /* an octet: so many of the datagram are lost */
  SCRIPT_OPT_FIRST = 0x80    /* an octet: flips bits of the first octet */
};

enum { SCRIPT_RAW = 6, SCRIPT_CONTROL = 7 };

/* Controls: an octet, and an argument in another. */
enum {
  SCRIPT_WAIT,    /* argument times 10 ms */
  SCRIPT_KEYS,    /* a key log entry becomes known */
  SCRIPT_MOVE,    /* the client has another address */
  SCRIPT_CID_SET, /* side 3 bits up; length argument % 21 */
  SCRIPT_VERSION_SET,
  SCRIPT_SUITE_SET, /* and another key log entry */
  SCRIPT_TICK,
  SCRIPT_ICMP,   /* the next datagram is quoted by an error */
  SCRIPT_ZEROS,  /* argument octets of padding behind the packets */
  SCRIPT_ANEW,   /* the connection starts again */
  SCRIPT_REPEAT, /* the last datagram again */
  SCRIPT_EMPTY_CIDS,
  SCRIPT_CONTROLS
};

typedef struct script_end {
  uint8_t cid_len;
  uint8_t cid[QUIC_CID_MAX]; /* that it chose */
  uint8_t addr;
  uint64_t pn[QD_LEVELS];
  uint32_t generation;
} script_end;

typedef struct script_conn {
  const quic_version *version;
  const quic_suite *suite;
  int entry; /* in the key log */
  uint8_t odcid[8];
  bool retried; /* Initial keys come from the server's CID */
  script_end ends[QD_SIDES];
} script_conn;

/* What a script calls. */
typedef struct script_sink {
  void *user;
  void (*datagram)(void *user, quic_time now, const quic_datagram *dg);
  void (*keys)(void *user, int entry);
  void (*tick)(void *user, quic_time now);
} script_sink;

typedef struct script {
  script_sink sink;
  quic_reader rd;
  quic_time now;
  script_conn conns[SCRIPT_CONNS];
  qd_side side; /* of the datagram in making */
  script_conn *conn;
  size_t cut;
  bool icmp;
  bool raw; /* some octets were not sealed by us */
  quic_writer wr;
  quic_datagram last;
  uint8_t datagram[SCRIPT_DATAGRAM_MAX];
  uint8_t payload[SCRIPT_PAYLOAD_MAX];
} script;

/* --- the world: addresses, secrets -----------------------------------------
 */

static inline quic_addr script_addr(qd_side side, uint8_t n) {
  quic_addr a = {.ip = {10, 0, 0, (uint8_t)(1 + n)}, .port = 443, .family = 4};

  if (side == QD_CLIENT) {
    a.ip[3] = (uint8_t)(9 + n / 2);
    a.port = (uint16_t)(50000 + n);
  }
  if (n == 3) {
    a.family = 6;
    memset(a.ip, 0x20, sizeof(a.ip));
    a.ip[15] = (uint8_t)side;
  }
  return a;
}

static inline quic_bytes script_random(int entry) {
  static const uint8_t randoms[SCRIPT_ENTRIES][QUIC_KEYLOG_RANDOM_LEN] = {
      {0x11, 1}, {0x22, 2}, {0x33, 3}, {0x44, 4}};

  return quic_bytes_of(randoms[entry], QUIC_KEYLOG_RANDOM_LEN);
}

/* Entry 2 suits SHA-384, the others SHA-256. */
static inline quic_secret script_secret(int entry, quic_keylog_label label) {
  quic_secret secret = {.len = entry == 2 ? 48 : 32};

  memset(secret.data, 16 * entry + (int)label + 1, secret.len);
  return secret;
}

/* script_keylog feeds |entry| to |kl|; the last one lacks the 1-RTT secrets. */
static inline int script_keylog(quic_keylog *kl, int entry) {
  uint8_t lines[QUIC_KEYLOG_LABELS * 256];
  quic_writer wr;

  quic_writer_init(&wr, lines, sizeof(lines));
  for (int i = 0; i < QUIC_KEYLOG_LABELS; i++) {
    quic_keylog_label label = (quic_keylog_label)i;
    quic_secret secret = script_secret(entry, label);

    if (entry == SCRIPT_ENTRIES - 1 && label >= QUIC_KEYLOG_CLIENT_APP) {
      break;
    }
    if (quic_keylog_line(&wr, label, script_random(entry).data, &secret) != 0) {
      abort();
    }
  }
  return quic_keylog_feed(kl, 0, quic_bytes_of(lines, quic_writer_len(&wr)));
}

static inline const quic_version *script_version(uint8_t n) {
  static const uint32_t versions[] = {QUIC_VERSION_1, QUIC_VERSION_2,
                                      0xff00001d, 0xff000017, 0xff000015};

  return quic_version_find(versions[n % (sizeof(versions) / sizeof(uint32_t))]);
}

/* --- keys ------------------------------------------------------------------
 */

static inline void script_need(int rv) {
  if (rv != 0) {
    abort();
  }
}

static inline quic_bytes script_initial_cid(const script_conn *c) {
  const script_end *server = &c->ends[QD_SERVER];

  return c->retried ? quic_bytes_of(server->cid, server->cid_len)
                    : quic_bytes_of(c->odcid, sizeof(c->odcid));
}

/* script_secret_of finds the secret of |level|; at 1-RTT, of the sender's
   generation. */
static inline quic_secret script_secret_of(const script_conn *c,
                                           const quic_version *version,
                                           qd_level level, qd_side side) {
  static const quic_keylog_label labels[QD_LEVELS][QD_SIDES] = {
      [QD_LEVEL_EARLY] = {QUIC_KEYLOG_CLIENT_EARLY, QUIC_KEYLOG_CLIENT_EARLY},
      [QD_LEVEL_HANDSHAKE] = {QUIC_KEYLOG_CLIENT_HANDSHAKE,
                              QUIC_KEYLOG_SERVER_HANDSHAKE},
      [QD_LEVEL_APP] = {QUIC_KEYLOG_CLIENT_APP, QUIC_KEYLOG_SERVER_APP}};
  quic_secret secrets[QD_SIDES];

  if (level == QD_LEVEL_INITIAL) {
    script_need(quic_initial_secrets(quic_crypto_null(), version,
                                     script_initial_cid(c), &secrets[0],
                                     &secrets[1]));
    return secrets[side];
  }
  secrets[0] = script_secret(c->entry, labels[level][side]);
  secrets[0].len = c->suite->secret_len;
  for (uint32_t i = 0; level == QD_LEVEL_APP && i < c->ends[side].generation;
       i++) {
    script_need(quic_secret_update(quic_crypto_null(), version, c->suite,
                                   &secrets[0], &secrets[0]));
  }
  return secrets[0];
}

static inline void script_keys(const script_conn *c,
                               const quic_version *version, qd_level level,
                               qd_side side, quic_keys *keys) {
  quic_secret secret = script_secret_of(c, version, level, side);

  script_need(quic_keys_init(
      keys, quic_crypto_null(), quic_mem_default(), version,
      level == QD_LEVEL_INITIAL ? quic_suite_find(0x1301) : c->suite, &secret));
}

/* --- datagrams -------------------------------------------------------------
 */

static inline void script_conn_init(script_conn *c, int which) {
  memset(c, 0, sizeof(*c));
  c->version = script_version(0);
  c->suite = quic_suite_find(0x1301);
  c->entry = which;
  memset(c->odcid, 0xd0 + which, sizeof(c->odcid));
  for (int side = 0; side < QD_SIDES; side++) {
    c->ends[side].cid_len = 4;
    memset(c->ends[side].cid, 0x10 * (side + 1) + which, QUIC_CID_MAX);
  }
}

static inline void script_send(script *s, const quic_datagram *dg) {
  quic_datagram exact = *dg;
  uint8_t *copy = fuzz_copy(dg->payload);

  s->now += QUIC_MILLISECOND;
  exact.payload.data = copy;
  s->sink.datagram(s->sink.user, s->now, &exact);
  free(copy);
}

/* script_flush sends what was built. */
static inline void script_flush(script *s) {
  size_t len = quic_writer_len(&s->wr);
  size_t cut = s->cut < len ? s->cut : 0;
  const script_end *ends;

  if (!s->conn || len == 0) {
    return;
  }
  ends = s->conn->ends;
  memset(&s->last, 0, sizeof(s->last));
  s->last.src = script_addr(s->side, ends[s->side].addr);
  s->last.dst = script_addr((qd_side)!s->side, ends[!s->side].addr);
  s->last.payload = quic_bytes_of(s->datagram, len - cut);
  s->last.wire_len = len;
  s->last.ecn = (uint8_t)(len & 3);
  s->last.in_icmp = s->icmp;
  script_send(s, &s->last);
  quic_writer_init(&s->wr, s->datagram, sizeof(s->datagram));
  s->cut = 0;
  s->icmp = false;
}

/* --- packets ---------------------------------------------------------------
 */

/* script_messages writes the TLS messages of |level| and |side|. */
static inline void script_messages(const script_conn *c, qd_level level,
                                   qd_side side, quic_bytes tparams,
                                   quic_writer *wr) {
  uint16_t suites[] = {c->suite->id, 0};
  capgen_hello_spec spec = {.random = script_random(c->entry),
                            .suites = suites,
                            .sni = "example.org",
                            .alpn = "h3,doq",
                            .tparams = tparams,
                            .tparam_extension = c->version->tparam_extension,
                            .early = c->entry == 1};
  quic_rng rng;

  quic_rng_init(&rng, 1);
  if (level == QD_LEVEL_INITIAL && side == QD_CLIENT) {
    capgen_tls_client_hello(wr, &rng, &spec);
  } else if (level == QD_LEVEL_INITIAL) {
    capgen_tls_server_hello(wr, &rng, &spec);
  } else if (level == QD_LEVEL_HANDSHAKE && side == QD_SERVER) {
    capgen_tls_encrypted_extensions(wr, &spec);
    capgen_tls_certificate(wr);
    capgen_tls_certificate_verify(wr, &rng);
    capgen_tls_finished(wr, &rng, 32);
  } else if (level == QD_LEVEL_HANDSHAKE) {
    capgen_tls_finished(wr, &rng, 32);
  } else {
    capgen_tls_ticket(wr, &rng);
  }
}

/* script_payload reads the payload of a command. */
static inline quic_bytes script_octets(script *s, uint8_t *zeros) {
  uint8_t len = quic_reader_u8(&s->rd);
  size_t left = quic_reader_left(&s->rd);

  *zeros = 0;
  if (len == 255) {
    *zeros = quic_reader_u8(&s->rd);
    return quic_bytes_of(NULL, 0);
  }
  return quic_reader_bytes(&s->rd, len < left ? len : left);
}

static inline quic_bytes script_frames(script *s, bool tls, qd_level level) {
  static const uint8_t parameters[] = {0x04, 0x01, 0x20, 0x0f, 0x00};
  uint8_t zeros, messages[4096];
  quic_bytes octets = script_octets(s, &zeros);
  quic_writer wr, tls_wr;

  quic_writer_init(&wr, s->payload, sizeof(s->payload));
  if (tls) {
    quic_frame f = {.type = QUIC_FRAME_CRYPTO};

    if (octets.len == 0) {
      octets = quic_bytes_of(parameters, sizeof(parameters));
    }
    quic_writer_init(&tls_wr, messages, sizeof(messages));
    script_messages(s->conn, level, s->side, octets, &tls_wr);
    f.u.crypto.data = quic_bytes_of(messages, quic_writer_len(&tls_wr));
    script_need(quic_frame_encode(&f, &wr));
  } else {
    quic_writer_bytes(&wr, octets);
  }
  quic_writer_fill(&wr, 0, 16 * (size_t)zeros);
  if (quic_writer_len(&wr) < 4) {
    quic_writer_fill(&wr, 0, 4); /* for the sample */
  }
  return quic_bytes_of(s->payload, quic_writer_len(&wr));
}

/* What the options of a packet say. */
typedef struct script_options {
  uint8_t bits, skip, cid, version, cut, first;
} script_options;

static inline script_options script_read_options(script *s, uint8_t op) {
  script_options o = {0};

  o.bits = op & SCRIPT_OPTIONS ? quic_reader_u8(&s->rd) : 0;
  o.skip = o.bits & SCRIPT_OPT_SKIP ? quic_reader_u8(&s->rd) : 0;
  o.cid = o.bits & SCRIPT_OPT_CID ? quic_reader_u8(&s->rd) : 0;
  o.version = o.bits & SCRIPT_OPT_VERSION ? quic_reader_u8(&s->rd) : 0;
  o.cut = o.bits & SCRIPT_OPT_CUT ? quic_reader_u8(&s->rd) : 0;
  o.first = o.bits & SCRIPT_OPT_FIRST ? quic_reader_u8(&s->rd) : 0;
  return o;
}

/* script_protected seals a packet with packet protection. */
static inline void script_protected(script *s, quic_header *h,
                                    const script_options *o, bool tls) {
  script_conn *c = s->conn;
  script_end *end = &c->ends[s->side];
  qd_level level = qd_packet_level(h->type);
  qd_level space = level == QD_LEVEL_EARLY ? QD_LEVEL_APP : level;
  uint32_t path = o->bits & SCRIPT_OPT_PATH ? 1 : 0;
  const quic_version *version = h->version_info ? h->version_info : c->version;
  quic_bytes frames;
  quic_keys keys;

  if (o->bits & SCRIPT_OPT_UPDATE && end->generation < SCRIPT_GENERATIONS_MAX) {
    end->generation++;
  }
  if (!h->is_long && end->generation & 1) {
    h->first |= QUIC_FIRST_KEY_PHASE;
  }
  end->pn[space] += 64 * (uint64_t)o->skip;
  h->pn = end->pn[space]++;
  h->pn_len = (uint8_t)(1 + o->first % 4);
  h->first ^= o->first & (h->is_long ? 0x4c : 0x78);
  frames = script_frames(s, tls, level);
  script_keys(c, version, level, s->side, &keys);
  if (quic_packet_seal(&keys, keys.hp, h, frames, path, false, &s->wr) != 0) {
    s->wr.failed = false; /* the datagram is full */
  } else if (o->bits & SCRIPT_OPT_DAMAGE) {
    s->wr.pos[-1] ^= 0x55;
  }
  quic_keys_free(&keys);
}

/* script_clear writes a packet without protection. */
static inline void script_clear(script *s, quic_header *h,
                                const script_options *o) {
  script_conn *c = s->conn;
  uint8_t *start = s->wr.pos;
  uint8_t tag[QUIC_RETRY_TAG_LEN], zeros;

  h->dcid = quic_bytes_of(c->ends[QD_CLIENT].cid, c->ends[QD_CLIENT].cid_len);
  if (h->type == QUIC_PACKET_VERSION_NEGOTIATION) {
    h->version = 0;
    h->version_info = NULL;
    h->versions = script_octets(s, &zeros);
  } else {
    h->token = script_octets(s, &zeros);
    if (h->version_info->retry_odcid) {
      h->odcid = script_initial_cid(c);
    }
  }
  if (quic_header_encode(h, &s->wr) != 0) {
    s->wr.pos = start;
    s->wr.failed = false;
    return;
  }
  if (h->type != QUIC_PACKET_RETRY) {
    return;
  }
  if (quic_retry_tag(quic_crypto_null(), quic_mem_default(), h->version_info,
                     script_initial_cid(c),
                     quic_bytes_of(start, (size_t)(s->wr.pos - start)),
                     tag) == 0) {
    tag[0] ^= o->bits & SCRIPT_OPT_DAMAGE ? 1 : 0;
    quic_writer_bytes(&s->wr, quic_bytes_of(tag, sizeof(tag)));
    s->wr.failed = false;
  }
  c->retried = c->retried || !(o->bits & SCRIPT_OPT_DAMAGE);
}

static inline void script_packet(script *s, uint8_t op) {
  script_conn *c = s->conn;
  script_options o = script_read_options(s, op);
  const script_end *mine = &c->ends[s->side];
  const script_end *peer = &c->ends[!s->side];
  uint8_t other[QUIC_CID_MAX];
  quic_header h = {.type = (quic_packet_type)(op & 7)};

  h.is_long = h.type != QUIC_PACKET_1RTT;
  h.version_info =
      o.bits & SCRIPT_OPT_VERSION ? script_version(o.version) : c->version;
  h.version = h.version_info->number;
  h.first = quic_header_first(h.type, h.version_info);
  h.dcid = quic_bytes_of(peer->cid, peer->cid_len);
  h.scid = quic_bytes_of(mine->cid, mine->cid_len);
  if (s->side == QD_CLIENT && peer->pn[QD_LEVEL_INITIAL] == 0 &&
      (h.type == QUIC_PACKET_INITIAL || h.type == QUIC_PACKET_0RTT)) {
    h.dcid = script_initial_cid(c);
  }
  if (o.bits & SCRIPT_OPT_CID) {
    memset(other, o.cid, sizeof(other));
    h.dcid = quic_bytes_of(other, peer->cid_len);
  }
  s->cut += o.cut;
  if (quic_packet_type_encrypted(h.type)) {
    script_protected(s, &h, &o, op & SCRIPT_TLS);
  } else {
    script_clear(s, &h, &o);
  }
}

/* --- commands --------------------------------------------------------------
 */

static inline void script_control(script *s, script_conn *c, qd_side side) {
  uint8_t what = quic_reader_u8(&s->rd);
  uint8_t arg = quic_reader_u8(&s->rd);
  script_end *end = &c->ends[side];

  switch (what % SCRIPT_CONTROLS) {
  case SCRIPT_WAIT:
    s->now += arg * (10 * QUIC_MILLISECOND);
    break;
  case SCRIPT_KEYS:
    s->sink.keys(s->sink.user, arg % SCRIPT_ENTRIES);
    break;
  case SCRIPT_MOVE:
    end->addr = arg % 8;
    break;
  case SCRIPT_CID_SET:
    end->cid_len = arg % (QUIC_CID_MAX + 1);
    memset(end->cid, arg, sizeof(end->cid));
    break;
  case SCRIPT_VERSION_SET:
    c->version = script_version(arg);
    break;
  case SCRIPT_SUITE_SET:
    c->suite = quic_suite_at(arg % 4);
    c->entry = c->suite->secret_len == 48 ? 2 : arg / 4 % 2;
    break;
  case SCRIPT_TICK:
    s->now += arg * QUIC_MILLISECOND;
    s->sink.tick(s->sink.user, s->now);
    break;
  case SCRIPT_ICMP:
    s->icmp = true;
    break;
  case SCRIPT_ZEROS:
    quic_writer_fill(&s->wr, arg & 1 ? 0 : arg, arg);
    s->wr.failed = false;
    s->raw = true;
    break;
  case SCRIPT_ANEW:
    script_conn_init(c, arg % SCRIPT_ENTRIES);
    c->odcid[0] = arg;
    break;
  case SCRIPT_REPEAT:
    if (s->last.payload.len && quic_writer_len(&s->wr) == 0) {
      script_send(s, &s->last);
    }
    break;
  default:
    c->ends[QD_CLIENT].cid_len = c->ends[QD_SERVER].cid_len = 0;
    break;
  }
}

static inline void script_command(script *s) {
  uint8_t op = quic_reader_u8(&s->rd);
  uint8_t type = op & 7;
  qd_side side = op & SCRIPT_SERVER ? QD_SERVER : QD_CLIENT;
  script_conn *c = &s->conns[op & SCRIPT_SECOND ? 1 : 0];
  uint8_t zeros;

  if (type == SCRIPT_CONTROL) {
    script_control(s, c, side);
    return;
  }
  if (s->conn != c || s->side != side) {
    script_flush(s);
  }
  s->conn = c;
  s->side = side;
  if (type == SCRIPT_RAW) {
    quic_writer_bytes(&s->wr, script_octets(s, &zeros));
    s->wr.failed = false;
    s->raw = true;
  } else {
    script_packet(s, op);
  }
  if (!(op & SCRIPT_MORE)) {
    script_flush(s);
  }
}

/* script_run runs the commands in |input|.  |s| may be static: it is large. */
static inline void script_run(script *s, const script_sink *sink,
                              quic_bytes input) {
  s->sink = *sink;
  s->now = 1700000000 * QUIC_SECOND;
  s->conn = NULL;
  s->side = QD_CLIENT;
  s->cut = 0;
  s->icmp = s->raw = false;
  memset(&s->last, 0, sizeof(s->last));
  for (int i = 0; i < SCRIPT_CONNS; i++) {
    script_conn_init(&s->conns[i], i);
  }
  quic_writer_init(&s->wr, s->datagram, sizeof(s->datagram));
  quic_reader_init(&s->rd, input.data, input.len);
  for (int i = 0; i < SCRIPT_COMMANDS_MAX && quic_reader_left(&s->rd); i++) {
    script_command(s);
  }
  script_flush(s);
}

#endif /* !defined(TESTS_FUZZ_SCRIPT_H) */
