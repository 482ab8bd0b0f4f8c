/* Writes the first inputs of the fuzzers: seeds FOLDER.  They go on from there;
   what is committed is what they found, minimised. */

#include <errno.h>
#include <sys/stat.h>

#include "capture/reader.h"
#include "capture/writer.h"
#include "crypto/keylog.h"
#include "crypto/protect.h"
#include "crypto/retry.h"
#include "qpack/huffman.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/script.h"
#include "tests/support/capgen_link.h"
#include "tests/support/capgen_tls.h"
#include "tests/support/qlogback.h"
#include "tests/support/qlogsample.h"
#include "wire/frame.h"
#include "wire/h3.h"
#include "wire/tparam.h"
#include "wire/varint.h"

#define SEED_MAX 16384

/* An input in making. */
typedef struct seed {
  const char *target;
  quic_writer wr;
  uint8_t data[SEED_MAX];
} seed;

static const char *seed_root;

static void seed_begin(seed *s, const char *target) {
  s->target = target;
  quic_writer_init(&s->wr, s->data, sizeof(s->data));
}

static void seed_end(seed *s) {
  static unsigned count;
  char path[512];
  FILE *file;

  snprintf(path, sizeof(path), "%s/%s", seed_root, s->target);
  if (s->wr.failed || (mkdir(path, 0777) != 0 && errno != EEXIST)) {
    abort();
  }
  snprintf(path, sizeof(path), "%s/%s/seed-%03u", seed_root, s->target,
           count++);
  file = fopen(path, "wb");
  if (!file || fwrite(s->data, 1, quic_writer_len(&s->wr), file) !=
                   quic_writer_len(&s->wr)) {
    abort();
  }
  fclose(file);
}

static void seed_ok(int rv) {
  if (rv != 0) {
    abort();
  }
}

static quic_bytes seed_text(const char *text) {
  return quic_bytes_of(text, strlen(text));
}

/* --- capture ---------------------------------------------------------------
 */

static void seed_pcapng(seed *s, const quic_capture_format *fm) {
  quic_writer *wr = &s->wr;

  seed_ok(quic_capture_write_section(wr, fm, "x"));
  seed_ok(quic_capture_write_secrets(wr, fm, QUIC_CAPTURE_SECRETS_TLS,
                                     seed_text("# key log\n")));
  seed_ok(quic_capture_write_interface(wr, fm, 1, 0));
  seed_ok(quic_capture_write_interface(wr, fm, 101, 16));
  seed_ok(quic_capture_write_packet(wr, fm, 1, 1700000000 * QUIC_SECOND,
                                    seed_text("frame"), 64));
  seed_ok(quic_capture_write_simple(wr, fm, seed_text("simple"), 6));
  seed_ok(quic_capture_write_section(wr, fm, ""));
  seed_ok(quic_capture_write_interface(wr, fm, 113, 65535));
  seed_ok(quic_capture_write_packet(wr, fm, 0, 7, seed_text(""), 0));
}

static void seed_pcap(seed *s, const quic_capture_format *fm) {
  seed_ok(quic_capture_write_pcap_header(&s->wr, fm, 1, 65535));
  seed_ok(quic_capture_write_pcap_packet(&s->wr, fm, QUIC_SECOND,
                                         seed_text("frame"), 5));
  seed_ok(quic_capture_write_pcap_packet(&s->wr, fm, 2 * QUIC_SECOND,
                                         seed_text("cut frame"), 500));
}

static void seed_captures(seed *s) {
  static const char foreign[][8] = {"\x1f\x8b", "\x28\xb5\x2f\xfd",
                                    "\xfd\x37zXZ", "BZh9", "snoop"};

  for (uint8_t i = 0; i < 8; i++) {
    quic_capture_format fm = {i & 1, i & 2};

    seed_begin(s, "capture");
    quic_writer_u8(&s->wr, i);
    quic_writer_u8(&s->wr, (uint8_t)(4 * i + 1));
    if (i & 4) {
      seed_pcap(s, &fm);
    } else {
      seed_pcapng(s, &fm);
    }
    seed_end(s);
  }
  for (size_t i = 0; i < sizeof(foreign) / sizeof(foreign[0]); i++) {
    seed_begin(s, "capture");
    quic_writer_u16(&s->wr, 0x0001);
    quic_writer_bytes(&s->wr, quic_bytes_of(foreign[i], sizeof(foreign[i])));
    seed_end(s);
  }
}

/* --- link ------------------------------------------------------------------
 */

/* seed_linktype is the octet by which link_fuzz names |linktype|. */
static uint8_t seed_linktype(uint32_t linktype) {
  uint8_t n = 0;

  for (uint32_t i = 0; i < linktype; i++) {
    n = (uint8_t)(n + (quic_linktype_name(i) != NULL));
  }
  return n;
}

static void seed_frame(void *user, quic_bytes frame, size_t payload,
                       size_t quoted) {
  seed *s = user;

  (void)payload;
  (void)quoted;
  quic_writer_u8(&s->wr, seed_linktype((uint32_t)s->data[0] << 8 | s->data[1]));
  quic_writer_u8(&s->wr, 1);
  quic_writer_u8(&s->wr, 0);
  quic_writer_u16(&s->wr, (uint16_t)frame.len);
  quic_writer_bytes(&s->wr, frame);
}

/* seed_datagram frames |len| octets of payload for |link| into |s|. */
static void seed_datagram(seed *s, const capgen_link *link, size_t len) {
  static uint8_t payload[2048];
  capgen_datagram dg;

  memset(&dg, 0, sizeof(dg));
  dg.src = script_addr(QD_CLIENT, 0);
  dg.dst = script_addr(QD_SERVER, 0);
  dg.data = payload;
  dg.len = len;
  memset(payload, 0x40, sizeof(payload));
  /* The link type passes to seed_frame in front of what it writes. */
  s->data[0] = (uint8_t)(link->linktype >> 8);
  s->data[1] = (uint8_t)link->linktype;
  quic_writer_init(&s->wr, s->data + 2, sizeof(s->data) - 2);
  capgen_link_frames(link, &dg, seed_frame, s);
  len = quic_writer_len(&s->wr);
  memmove(s->data, s->data + 2, len);
  quic_writer_init(&s->wr, s->data, sizeof(s->data));
  quic_writer_take(&s->wr, len);
}

static void seed_links(seed *s) {
  const capgen_link *link;

  for (size_t i = 0; (link = capgen_link_at(i)); i++) {
    seed_begin(s, "link");
    seed_datagram(s, link, link->fragment ? link->fragment + 20 : 24);
    seed_end(s);
  }
}

/* --- packet ----------------------------------------------------------------
 */

static void seed_header(seed *s, quic_header *h, size_t payload) {
  static const uint8_t zeros[64];
  quic_secret secret = {.len = 32};
  quic_keys keys;

  memset(secret.data, 1, 32); /* as packet_fuzz does */
  seed_ok(quic_keys_init(&keys, quic_crypto_null(), quic_mem_default(),
                         quic_version_find(QUIC_VERSION_1), quic_suite_at(0),
                         &secret));
  seed_begin(s, "packet");
  quic_writer_u16(&s->wr, 0);
  quic_writer_u8(&s->wr, (uint8_t)h->dcid.len);
  if (quic_packet_type_encrypted(h->type)) {
    seed_ok(quic_packet_seal(&keys, keys.hp, h, quic_bytes_of(zeros, payload),
                             0, false, &s->wr));
  } else {
    seed_ok(quic_header_encode(h, &s->wr));
  }
  seed_end(s);
  quic_keys_free(&keys);
}

static void seed_packets(seed *s) {
  static const uint32_t versions[] = {
      QUIC_VERSION_1, QUIC_VERSION_2, 0xff00001d, 0xff000018,
      0xff000015,     0x51303436,     0x1a2a3a4a};

  for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
    const quic_version *v = quic_version_find(versions[i]);

    for (int type = 0; type < QUIC_PACKET_TYPES; type++) {
      quic_header h = {.type = (quic_packet_type)type,
                       .is_long = type != QUIC_PACKET_1RTT,
                       .version = versions[i],
                       .pn_len = 1 + type % 4,
                       .pn = 3,
                       .dcid = seed_text("dcid-dci"),
                       .scid = seed_text("scid"),
                       .versions = seed_text("\x6b\x33\x43\xcf"),
                       .token =
                           seed_text(type == QUIC_PACKET_0RTT ? "" : "token"),
                       .retry_tag = seed_text("0123456789abcdef")};

      if (type == QUIC_PACKET_VERSION_NEGOTIATION) {
        h.version = 0;
      } else if ((type == QUIC_PACKET_UNKNOWN) ==
                 (v && v->kind == QUIC_VERSION_KIND_QUIC)) {
        continue;
      }
      h.first = quic_header_first(h.type, v);
      if (v && v->retry_odcid) {
        h.odcid = seed_text("odcid");
        h.retry_tag.len = v->retry_key ? h.retry_tag.len : 0;
      }
      seed_header(s, &h, 5);
    }
  }
}

/* --- frame -----------------------------------------------------------------
 */

static void seed_field(quic_frame *f, const quic_frame_field *field, size_t i) {
  uint8_t *at = (uint8_t *)f + field->offset;
  quic_bytes bytes = seed_text("0123456789abcdefgh");
  uint64_t number = 7 * i + 1;

  switch (field->kind) {
  case QUIC_FIELD_VARINT:
    memcpy(at, &number, sizeof(number));
    return;
  case QUIC_FIELD_ZEROS:
    number = 3;
    memcpy(at, &number, sizeof(number));
    return;
  case QUIC_FIELD_FIXED:
    bytes.len = field->size;
    break;
  case QUIC_FIELD_RANGES:
    bytes = quic_bytes_of("\x00\x00\x01\x01", 4);
    f->u.ack.largest = 40;
    f->u.ack.first_range = 2;
    f->u.ack.range_count = 2;
    break;
  default:
    bytes.len = 8;
    break;
  }
  memcpy(at, &bytes, sizeof(bytes));
}

/* seed_frame_of writes a frame of |type|. */
static void seed_frame_of(quic_writer *wr, const quic_frame_info *info,
                          uint64_t type) {
  quic_frame f;

  memset(&f, 0, sizeof(f));
  f.type = type;
  for (size_t i = 0; info->fields[i].kind != QUIC_FIELD_END; i++) {
    seed_field(&f, &info->fields[i], i);
  }
  seed_ok(quic_frame_encode(&f, wr));
}

static void seed_frames(seed *s) {
  const quic_frame_info *info;

  for (size_t i = 0; (info = quic_frame_info_at(i)); i++) {
    for (uint64_t type = info->type_first; type <= info->type_last; type++) {
      seed_begin(s, "frame");
      quic_writer_u16(&s->wr, (uint16_t)(3 * i));
      seed_frame_of(&s->wr, info, type);
      seed_end(s);
    }
  }
}

/* --- tparam, tls, keylog ---------------------------------------------------
 */

static void seed_tparam(quic_writer *wr, uint64_t id) {
  const quic_tparam_info *info = quic_tparam_info_find(id);
  static const uint8_t octets[61] = {10, 0, 0, 9, 1, 187, [24] = 20};
  size_t len = 0;

  switch (info ? info->kind : QUIC_TPARAM_OPAQUE) {
  case QUIC_TPARAM_INTEGER:
    len = quic_varint_len(info->min + 1);
    break;
  case QUIC_TPARAM_FLAG:
    break;
  case QUIC_TPARAM_TOKEN:
    len = 16;
    break;
  case QUIC_TPARAM_PREFERRED:
    len = 61;
    break;
  default:
    len = 8;
    break;
  }
  quic_writer_varint(wr, id);
  quic_writer_varint(wr, len);
  if (info && info->kind == QUIC_TPARAM_INTEGER) {
    quic_writer_varint(wr, info->min + 1);
  } else {
    quic_writer_bytes(wr, quic_bytes_of(octets, len));
  }
}

static void seed_tparams(seed *s) {
  for (uint64_t group = 0; group < 0x18; group += 6) {
    seed_begin(s, "tparam");
    quic_writer_u8(&s->wr, (uint8_t)(group & 2));
    for (uint64_t id = group; id < group + 6; id++) {
      seed_tparam(&s->wr, id);
    }
    seed_end(s);
  }
  seed_begin(s, "tparam");
  quic_writer_u8(&s->wr, 0);
  seed_tparam(&s->wr, QUIC_TPARAM_LOSS_BITS);
  seed_tparam(&s->wr, QUIC_TPARAM_GREASE_QUIC_BIT);
  seed_tparam(&s->wr, 0xff04de1b);
  seed_tparam(&s->wr, 31 * 1000 + 27);
  seed_end(s);
  seed_begin(s, "tparam");
  quic_writer_bytes(&s->wr, quic_bytes_of("\x01\x00\x0c\x00\x01\x00\x02\x40"
                                          "\x64\x00\x0a\x00\x01\x03",
                                          15));
  seed_end(s);
}

/* seed_flight writes the messages of one side. */
static void seed_flight(quic_writer *wr, quic_rng *rng, qd_side side,
                        uint16_t tparam_extension) {
  static const uint16_t suites[] = {0x1301, 0x1302, 0x1303, 0};
  uint8_t tparams[128];
  quic_writer tp;
  capgen_hello_spec spec = {.random = script_random(0),
                            .suites = suites,
                            .sni = "example.org",
                            .alpn = "h3,hq-interop",
                            .tparam_extension = tparam_extension,
                            .early = tparam_extension == 0x39};

  quic_writer_init(&tp, tparams, sizeof(tparams));
  for (uint64_t id = 1; id < 8; id++) {
    seed_tparam(&tp, id == 2 ? 15 : id);
  }
  spec.tparams = quic_bytes_of(tparams, quic_writer_len(&tp));
  if (side == QD_CLIENT) {
    capgen_tls_client_hello(wr, rng, &spec);
    return;
  }
  capgen_tls_server_hello(wr, rng, &spec);
  capgen_tls_encrypted_extensions(wr, &spec);
  capgen_tls_certificate(wr);
  capgen_tls_certificate_verify(wr, rng);
  capgen_tls_finished(wr, rng, 32);
  capgen_tls_ticket(wr, rng);
}

static void seed_tls(seed *s) {
  static const uint8_t types[] = {1, 2, 8, 11};
  static uint8_t flight[SEED_MAX];
  quic_rng rng;

  quic_rng_init(&rng, 1);
  for (int i = 0; i < 4; i++) {
    seed_begin(s, "tls");
    quic_writer_u16(&s->wr, (uint16_t)(40 + i));
    seed_flight(&s->wr, &rng, (qd_side)(i & 1), i & 2 ? 0xffa5 : 0x39);
    seed_end(s);
  }
  for (size_t i = 0; i < sizeof(types); i++) {
    quic_writer wr;
    quic_reader rd;
    uint8_t type;

    quic_writer_init(&wr, flight, sizeof(flight));
    seed_flight(&wr, &rng, types[i] == 1 ? QD_CLIENT : QD_SERVER, 0x39);
    quic_reader_init(&rd, flight, quic_writer_len(&wr));
    do {
      uint32_t len;

      type = quic_reader_u8(&rd);
      len = quic_reader_u24(&rd);
      seed_begin(s, "tls");
      quic_writer_u8(&s->wr, type);
      quic_writer_u8(&s->wr, 9);
      quic_writer_bytes(&s->wr, quic_reader_bytes(&rd, len));
    } while (type != types[i]);
    seed_end(s);
  }
}

/* Google QUIC's hello with a server name. */
static const char seed_chlo[] = "CHLO\x02\x00\x00\x00"
                                "PAD\x00\x02\x00\x00\x00"
                                "SNI\x00\x09\x00\x00\x00"
                                "--sni.org";

#define SEED_CHLO_LEN (sizeof(seed_chlo) - 1)

static void seed_chlos(seed *s) {
  seed_begin(s, "tls");
  quic_writer_u16(&s->wr, 0x0300);
  quic_writer_bytes(&s->wr, quic_bytes_of(seed_chlo, SEED_CHLO_LEN));
  seed_end(s);
}

static void seed_keylogs(seed *s) {
  static const char *const lines[] = {
      "# comment\r\n\r\nRSA 00 11\nCLIENT_RANDOM 00 11\rECH_CONFIG x\n",
      "QUIC_", "\xef\xbb\xbf", "SERVER_TRAFFIC_SECRET_1 00 11\nx y\n",
      "CLIENT_TRAFFIC_SECRET_0 0011 22\n\tEXPORTER_SECRET  zz  00 \r"};

  for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
    seed_begin(s, "keylog");
    quic_writer_u8(&s->wr, (uint8_t)(7 * i));
    quic_writer_bytes(&s->wr, seed_text(lines[i]));
    for (size_t label = 0; label < QUIC_KEYLOG_LABELS; label++) {
      quic_secret secret = script_secret(i & 1, (quic_keylog_label)label);

      secret.len = i & 2 ? 48 : 32;
      seed_ok(quic_keylog_line(&s->wr, (quic_keylog_label)label,
                               script_random(i & 1).data, &secret));
    }
    seed_end(s);
  }
}

/* --- filter ----------------------------------------------------------------
 */

static void seed_filters(seed *s) {
  static const char *const exprs[] = {
      "conn == 0 && frame == connection_close",
      "type in (initial, handshake) or not decrypted",
      "stream == 4 and dir == client && len > 1200",
      "sni contains \"example\" || alpn != h3",
      "!(pn <= 0x10) and age >= 1.5ms and datagram < 2k",
      "reason not in (none, no_secret) or note == late",
      "frame == stream and error == h3_no_error",
      "version == v1 and cid contains 0 and src == \"10.0.0.2:5\\1012\"",
      "port == 443 and (ecn == ce or path or generation > 0)",
      "tls == client_hello and record not contains x",
      "conn ==",
      "((((((",
      "not not not conn"};

  for (size_t i = 0; i < sizeof(exprs) / sizeof(exprs[0]); i++) {
    seed_begin(s, "filter");
    quic_writer_bytes(&s->wr, seed_text(exprs[i]));
    seed_end(s);
  }
}

/* --- decoder, capfile ------------------------------------------------------
 */

/* A script being written (script.h). */
static void seed_op(seed *s, int op, int options) {
  quic_writer_u8(&s->wr, (uint8_t)(options ? op | SCRIPT_OPTIONS : op));
  if (options) {
    quic_writer_u8(&s->wr, (uint8_t)options);
  }
}

static void seed_payload(seed *s, const char *octets, size_t len) {
  quic_writer_u8(&s->wr, (uint8_t)len);
  quic_writer_bytes(&s->wr, quic_bytes_of(octets, len));
}

static void seed_control(seed *s, int op, uint8_t what, uint8_t arg) {
  quic_writer_u8(&s->wr, (uint8_t)(op | SCRIPT_CONTROL));
  quic_writer_u8(&s->wr, what);
  quic_writer_u8(&s->wr, arg);
}

static void seed_handshake(seed *s, int conn) {
  static const char ack[] = {0x02, 0x00, 0x00, 0x00, 0x00};

  seed_op(s, QUIC_PACKET_INITIAL | SCRIPT_TLS | conn, 0);
  seed_payload(s, "", 0);
  seed_op(s,
          QUIC_PACKET_INITIAL | SCRIPT_SERVER | SCRIPT_TLS | SCRIPT_MORE | conn,
          0);
  seed_payload(s, "", 0);
  seed_op(s, QUIC_PACKET_HANDSHAKE | SCRIPT_SERVER | SCRIPT_TLS | conn, 0);
  seed_payload(s, "", 0);
  seed_op(s, QUIC_PACKET_HANDSHAKE | SCRIPT_TLS | SCRIPT_MORE | conn, 0);
  seed_payload(s, "", 0);
  seed_op(s, QUIC_PACKET_1RTT | conn, 0);
  seed_payload(s, ack, sizeof(ack));
}

static void seed_stream(seed *s, int op, int options) {
  static const char frame[] = {0x0a, 0x00, 0x03, 'a', 'b', 'c'};

  seed_op(s, QUIC_PACKET_1RTT | op, options);
  for (int bit = SCRIPT_OPT_SKIP; bit <= SCRIPT_OPT_FIRST; bit <<= 1) {
    if (options & bit &
        (SCRIPT_OPT_SKIP | SCRIPT_OPT_CID | SCRIPT_OPT_VERSION |
         SCRIPT_OPT_CUT | SCRIPT_OPT_FIRST)) {
      quic_writer_u8(&s->wr, 9);
    }
  }
  seed_payload(s, frame, sizeof(frame));
}

/* What may happen in a script, each once. */
static void seed_events(seed *s, int which) {
  const int more = SCRIPT_MORE;
  quic_writer *wr = &s->wr;
  int options[] = {SCRIPT_OPT_UPDATE, SCRIPT_OPT_SKIP,    SCRIPT_OPT_DAMAGE,
                   SCRIPT_OPT_CID,    SCRIPT_OPT_VERSION, SCRIPT_OPT_PATH,
                   SCRIPT_OPT_CUT,    SCRIPT_OPT_FIRST};

  switch (which) {
  case 0: /* Version Negotiation, Retry, then a handshake */
    seed_op(s, QUIC_PACKET_INITIAL | SCRIPT_TLS, 0);
    seed_payload(s, "", 0);
    seed_op(s, QUIC_PACKET_VERSION_NEGOTIATION | SCRIPT_SERVER, 0);
    seed_payload(s, "\x00\x00\x00\x01\x6b\x33\x43\xcf", 8);
    seed_op(s, QUIC_PACKET_RETRY | SCRIPT_SERVER, 0);
    seed_payload(s, "token", 5);
    seed_handshake(s, 0);
    return;
  case 1: /* 0-RTT, keys late */
    seed_control(s, 0, SCRIPT_SUITE_SET, 4);
    seed_op(s, QUIC_PACKET_INITIAL | SCRIPT_TLS | more, 0);
    seed_payload(s, "", 0);
    seed_op(s, QUIC_PACKET_0RTT, 0);
    seed_payload(s,
                 "\x08\x00"
                 "early",
                 7);
    seed_handshake(s, 0);
    seed_stream(s, 0, 0);
    seed_control(s, 0, SCRIPT_TICK, 255);
    seed_control(s, 0, SCRIPT_KEYS, 1);
    return;
  case 2: /* other CIDs, other addresses, segments */
    seed_handshake(s, 0);
    seed_op(s, QUIC_PACKET_1RTT | SCRIPT_SERVER, 0);
    seed_payload(s,
                 "\x18\x01\x00\x04"
                 "ABCDtokentokentoken!",
                 24);
    seed_control(s, SCRIPT_SERVER, SCRIPT_CID_SET, 4);
    seed_control(s, 0, SCRIPT_MOVE, 2);
    seed_stream(s, 0, 0);
    seed_stream(s, more, 0);
    seed_stream(s, more, 0);
    seed_stream(s, 0, 0);
    return;
  case 3: /* a reset, an ICMP quote, a repetition, padding */
    seed_handshake(s, 0);
    seed_op(s, QUIC_PACKET_1RTT | SCRIPT_SERVER, 0);
    seed_payload(s,
                 "\x18\x01\x00\x04"
                 "ABCDtokentokentoken!",
                 24);
    quic_writer_u8(wr, SCRIPT_RAW | SCRIPT_SERVER);
    seed_payload(s, "\x40random reset tokentokentoken!", 30);
    seed_control(s, 0, SCRIPT_ICMP, 0);
    seed_stream(s, 0, 0);
    seed_control(s, 0, SCRIPT_REPEAT, 0);
    seed_stream(s, more, 0);
    seed_control(s, 0, SCRIPT_ZEROS, 33);
    seed_stream(s, SCRIPT_SERVER, 0);
    return;
  case 4: /* Google QUIC; no handshake is seen */
    seed_control(s, SCRIPT_SECOND, SCRIPT_MOVE, 4);
    quic_writer_u8(wr, SCRIPT_RAW | SCRIPT_SECOND | SCRIPT_MORE);
    seed_payload(s,
                 "\x09"
                 "cid-cid-Q043 ",
                 14);
    quic_writer_u8(wr, SCRIPT_RAW | SCRIPT_SECOND);
    seed_payload(s, seed_chlo, SEED_CHLO_LEN);
    quic_writer_u8(wr, SCRIPT_RAW | SCRIPT_SECOND | SCRIPT_SERVER);
    seed_payload(s,
                 "\x08"
                 "cid-cid-answer",
                 15);
    seed_stream(s, 0, 0);
    seed_stream(s, SCRIPT_SERVER, 0);
    seed_stream(s, SCRIPT_SECOND, SCRIPT_OPT_UPDATE);
    return;
  case 5: /* two at a time, the second without CIDs */
    seed_control(s, SCRIPT_SECOND, SCRIPT_EMPTY_CIDS, 0);
    seed_control(s, SCRIPT_SECOND, SCRIPT_SUITE_SET, 1);
    seed_handshake(s, 0);
    seed_handshake(s, SCRIPT_SECOND);
    seed_stream(s, SCRIPT_SECOND, 0);
    seed_control(s, 0, SCRIPT_ANEW, 1);
    seed_handshake(s, 0);
    return;
  default:
    seed_handshake(s, 0);
    for (int i = 0; i < 3; i++) {
      seed_stream(s, i & 1 ? SCRIPT_SERVER : 0, options[which % 8]);
      seed_stream(s, i & 1 ? 0 : SCRIPT_SERVER, 0);
    }
    return;
  }
}

#define SEED_SCRIPTS 16

static void seed_scripts(seed *s) {
  for (int i = 0; i < SEED_SCRIPTS; i++) {
    seed_begin(s, "decoder");
    quic_writer_u8(&s->wr, (uint8_t)i);
    quic_writer_u8(&s->wr, i == 1 ? 0x2b : 0x20);
    quic_writer_u8(&s->wr, i > 12 ? (uint8_t)(3 * i) : 0);
    if (i > 8) {
      seed_control(s, 0, SCRIPT_VERSION_SET, (uint8_t)(i - 8));
    }
    seed_events(s, i);
    seed_end(s);
  }
  for (size_t i = 0; i < 8; i++) { /* every kind of frame in a 1-RTT packet */
    const quic_frame_info *info;
    uint8_t frames[256];
    quic_writer wr;

    quic_writer_init(&wr, frames, sizeof(frames));
    for (size_t j = i; (info = quic_frame_info_at(j)); j += 8) {
      seed_frame_of(&wr, info, info->type_last);
    }
    seed_begin(s, "decoder");
    quic_writer_u8(&s->wr, (uint8_t)i);
    quic_writer_u16(&s->wr, 0);
    seed_handshake(s, 0);
    seed_op(s, QUIC_PACKET_1RTT | (i & 1 ? SCRIPT_SERVER : 0), 0);
    seed_payload(s, (const char *)frames, quic_writer_len(&wr));
    seed_end(s);
  }
}

/* A capture of what a script sends. */
typedef struct seed_capture {
  seed *s;
  quic_capture_format format;
  const capgen_link *link;
  quic_time now;
  bool lenient; /* the last tag of a datagram suits capfile_fuzz */
} seed_capture;

static void seed_capture_frame(void *user, quic_bytes frame, size_t payload,
                               size_t quoted) {
  seed_capture *cap = user;

  (void)payload;
  (void)quoted;
  seed_ok(quic_capture_write_packet(&cap->s->wr, &cap->format, 0, cap->now,
                                    frame, (uint32_t)frame.len));
}

static void seed_capture_datagram(void *user, quic_time now,
                                  const quic_datagram *dg) {
  seed_capture *cap = user;
  uint8_t *copy = fuzz_copy(dg->payload);
  capgen_datagram out;

  memset(&out, 0, sizeof(out));
  out.src = dg->src;
  out.dst = dg->dst;
  out.data = copy;
  out.len = dg->payload.len;
  if (cap->lenient) {
    copy[out.len - 1] = 0xa5;
  }
  cap->now = now;
  capgen_link_frames(cap->link, &out, seed_capture_frame, cap);
  free(copy);
}

static void seed_capture_keys(void *user, int entry) {
  (void)user;
  (void)entry;
}

static void seed_capture_tick(void *user, quic_time now) {
  (void)user;
  (void)now;
}

static void seed_capfiles(seed *s) {
  static seed commands;
  static script run;

  for (int i = 0; i < SEED_SCRIPTS; i++) {
    seed_capture cap = {s, {i & 1, true}, capgen_link_at(0), 0, i & 2};
    script_sink sink = {&cap, seed_capture_datagram, seed_capture_keys,
                        seed_capture_tick};

    seed_begin(&commands, "script");
    seed_events(&commands, i);
    seed_begin(s, "capfile");
    quic_writer_u8(&s->wr, (uint8_t)i);
    quic_writer_u8(&s->wr, (uint8_t)(i & 3));
    seed_ok(quic_capture_write_section(&s->wr, &cap.format, ""));
    seed_ok(quic_capture_write_interface(&s->wr, &cap.format,
                                         cap.link->linktype, 0));
    script_run(&run, &sink,
               quic_bytes_of(commands.data, quic_writer_len(&commands.wr)));
    seed_end(s);
  }
}

/* --- h3, inorder -----------------------------------------------------------
 */

static void seed_h3(seed *s) {
  static const uint64_t types[] = {
      QUIC_H3_DATA,     QUIC_H3_HEADERS,      QUIC_H3_CANCEL_PUSH,
      QUIC_H3_SETTINGS, QUIC_H3_PUSH_PROMISE, QUIC_H3_GOAWAY,
      QUIC_H3_ORIGIN,   QUIC_H3_MAX_PUSH_ID,  QUIC_H3_PRIORITY_UPDATE_REQUEST,
      0x2843,           0x190b4d3d,           QUIC_H3_WEBTRANSPORT_STREAM};
  static const char *const payloads[] = {"\x04u=1, i;a=\"x\", b=(1 :YQ==:)",
                                         "\x06\x40\x64\x33\x01", "\x05", ""};

  for (size_t i = 0; i < 8; i++) {
    seed_begin(s, "h3");
    quic_writer_u8(&s->wr, (uint8_t)(i & 1));
    quic_writer_u16(&s->wr, (uint16_t)i);
    for (size_t j = 0; j < sizeof(types) / sizeof(types[0]); j++) {
      quic_bytes payload = seed_text(payloads[(i + j) % 4]);

      quic_writer_varint_width(&s->wr, types[j], i & 2 ? 8 : 0);
      if (types[j] != QUIC_H3_WEBTRANSPORT_STREAM) {
        quic_writer_varint_width(&s->wr, payload.len, i & 4 ? 2 : 0);
      }
      quic_writer_bytes(&s->wr, payload);
    }
    seed_end(s);
  }
}

static void seed_inorder(seed *s) {
  for (uint16_t i = 0; i < 8; i++) {
    seed_begin(s, "inorder");
    quic_writer_u8(&s->wr, (uint8_t)(i & 2 ? 24 * i + 3 : i));
    for (uint16_t j = 0; j < 24; j++) {
      uint16_t at = i & 4 ? (uint16_t)(600 - 25 * (j + 1)) : 35 * (j % 17);

      quic_writer_u8(&s->wr, j == 11          ? 0x04
                             : j == 17        ? 0x08
                             : j % 7 == i % 7 ? 0x02
                                              : j == 23);
      quic_writer_u16(&s->wr, at);
      quic_writer_u8(&s->wr, (uint8_t)(j % 3 ? 20 : 60));
    }
    seed_end(s);
  }
}

/* --- app -------------------------------------------------------------------
 */

/* Frames of both sides on the streams of HTTP/3: control, QPACK, a request with
   its answer, capsules; then the same octets as other protocols. */
static void seed_apps(seed *s) {
  static const struct {
    uint8_t op, stream;
    const char *octets;
    uint8_t len;
  } steps[] = {
      {0x02, 2, "\x00\x04\x05\x01\x40\x64\x07\x10", 8},
      {0x03, 3, "\x00\x04\x07\x01\x40\x64\x07\x10\x33\x01", 10},
      {0x02, 6, "\x02\x3f\x45\xc0\x01/\x81\x02xy", 10},
      {0x03, 7, "\x03", 1},
      {0x12, 0, "\x01\x04\x00\x00\xd1\xc1", 6},
      {0x03, 0,
       "\x01\x03\x00\x00\xd9\x00\x04"
       "body",
       11},
      {0x13, 0, "\x00\x00", 2},
      {0x02, 4, "\x01\x06\x02\x00\x80\x81\xd1\xc1", 8},
      {0x03, 2, "\x07\x01\x00", 3},
      {0x12, 8, "GET /index.html\r\n", 17},
      {0x12, 12,
       "\x00\x1d\x00\x00\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00"
       "\x07"
       "example\x03"
       "org\x00\x00\x01\x00\x01",
       31},
      {0x0c, 0, "\x03\x00\x01\x02", 4},
  };

  for (uint8_t i = 0; i < 12; i++) {
    seed_begin(s, "app");
    quic_writer_u8(&s->wr, (uint8_t)(i % 6));
    quic_writer_u8(&s->wr, (uint8_t)(i * 5));
    quic_writer_u8(&s->wr, 1);
    for (size_t k = 0; k < sizeof(steps) / sizeof(steps[0]); k++) {
      size_t at = i & 1 ? (k * 5 + i) % (sizeof(steps) / sizeof(steps[0])) : k;

      quic_writer_u8(&s->wr, steps[at].op);
      quic_writer_u8(&s->wr, steps[at].stream);
      quic_writer_u8(&s->wr, steps[at].len);
      quic_writer_bytes(&s->wr, quic_bytes_of(steps[at].octets, steps[at].len));
    }
    seed_end(s);
  }
}

/* --- qpack -----------------------------------------------------------------
 */

/* seed_octets writes one input for |target|: |flags|, then |octets|. */
static void seed_octets(seed *s, const char *target, uint8_t flags,
                        const char *octets, size_t len) {
  seed_begin(s, target);
  quic_writer_u8(&s->wr, flags);
  quic_writer_bytes(&s->wr, quic_bytes_of(octets, len));
  seed_end(s);
}

#define SEED_OCTETS(s, target, flags, octets)                                  \
  seed_octets(s, target, flags, octets, sizeof(octets) - 1)

static void seed_qpack(seed *s) {
  static const char *const texts[] = {"www.example.com", "\x01\x02\xfe\xff",
                                      "Mon, 21 Oct 2013 20:13:21 GMT"};

  for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
    quic_bytes text = seed_text(texts[i]);

    seed_begin(s, "qpack_huffman");
    quic_writer_bytes(&s->wr, text);
    seed_end(s);
    seed_begin(s, "qpack_huffman");
    qpack_huffman_encode(&s->wr, text);
    seed_end(s);
  }
  /* Capacity, each kind of insertion, a duplicate, an eviction. */
  for (uint8_t flags = 0; flags < 4; flags++) {
    SEED_OCTETS(s, "qpack_stream", (uint8_t)(flags | flags << 3),
                "\x3f\xbd\x01\xc0\x03www\x81\x02xy\x43"
                "abc\x01z\x61\x1f\x82\x64\x02\x02\x3f\x21");
    /* A blocked section, its insertions, lines of each kind, a cancellation. */
    SEED_OCTETS(s, "qpack_section", (uint8_t)(flags | 8),
                "\x0c\x04\x03\x81\x10\x11\x14\x02\x02\x00"
                "\x01\x0d\x3f\xbd\x01\xc0\x02ww\x43"
                "abc\x00"
                "\x04\x1c\x03\x81\xc1\x10\x51\x01/\x00\x82\x64\x02\x23"
                "abc\x01z\x3b"
                "abc\x00\x7f\x45\x01s\x01\x00\x08\x00"
                "\x0c\x04\x03\x00\x80\x81");
  }
  for (uint8_t flags = 1; flags < 16; flags = (uint8_t)(flags + 2)) {
    SEED_OCTETS(s, "qpack_feedback", flags, "\x80\x81\x41\x01\x82\x83\x80");
  }
  for (uint8_t flags = 0; flags < 64; flags = (uint8_t)(flags + 7)) {
    SEED_OCTETS(s, "qpack_pair", flags,
                "\x02\xc4\x01\x2a\x33\x8b\x03xyz\xd3\x2a\x2a\x33\x03\xc2\x2a"
                "\x33\x81\xe2\x2b\x33\x40\xc3\x44\x45\x46\x3f\xc3\x44\x45"
                "\x46\x3f\xc2\x2a\x33\xd1\x2a\x3f\xc1\x33");
  }
}

/* --- qlog ------------------------------------------------------------------
 */

/* Takes events and makes records of them. */
typedef struct seed_records {
  qlog_sink sink;
  seed *s;
  qlogback back;
} seed_records;

static void seed_record(qlog_sink *sink, const qlog_event *e) {
  seed_records *events = (seed_records *)sink;
  quic_writer *wr = &events->s->wr;
  quic_bytes record = qlogback_write(&events->back, e);

  if (record.len > 2000) {
    return;
  }
  seed_begin(events->s, "qlog_convert");
  quic_writer_u8(wr, 0);
  quic_writer_bytes(wr, qlogback_member(record, "name"));
  quic_writer_u8(wr, '\n');
  quic_writer_bytes(wr, qlogback_member(record, "data"));
  seed_end(events->s);
}

static void seed_qlog(seed *s) {
  seed_records events = {.sink = {seed_record}, .s = s};

  for (int compat = 0; compat < 2; compat++) {
    qlogback_init(&events.back, compat);
    (void)qlogsample_all(&events.sink);
    qlogback_free(&events.back);
  }
}

int main(int argc, char **argv) {
  static seed s;

  if (argc != 2) {
    fprintf(stderr, "usage: seeds FOLDER\n");
    return 64;
  }
  seed_root = argv[1];
  seed_captures(&s);
  seed_links(&s);
  seed_packets(&s);
  seed_frames(&s);
  seed_tparams(&s);
  seed_tls(&s);
  seed_chlos(&s);
  seed_keylogs(&s);
  seed_filters(&s);
  seed_scripts(&s);
  seed_capfiles(&s);
  seed_h3(&s);
  seed_inorder(&s);
  seed_qpack(&s);
  seed_apps(&s);
  seed_qlog(&s);
  return 0;
}
