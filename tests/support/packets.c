#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "crypto/backend.h"
#include "tests/support/failmem.h"
#include "tests/support/octets.h"
#include "tests/support/packets.h"

#define PACKETS_TIME (UINT64_C(1764320701) * QUIC_SECOND) /* 2025-11-28 */

static quic_addr packets_addr(uint8_t last, uint16_t port) {
  quic_addr a = {.ip = {10, 0, 0, last}, .port = port, .family = 4};

  return a;
}

void packets_init(packets *pk, quic_packet_type type) {
  static const uint8_t dcid[] = {0x0c, 0xae, 0x7f, 0x96};
  static const uint8_t scid[] = {0x85, 0xce};
  quic_header *h = &pk->p.header;

  memset(pk, 0, sizeof(*pk));
  pk->conn =
      qd_conn_new(quic_mem_default(), quic_crypto_null(), &pk->crypto_total);
  assert_non_null(pk->conn);
  pk->conn->version = QUIC_VERSION_1;
  pk->p.frame = 7;
  pk->p.time = PACKETS_TIME + QUIC_MILLISECOND;
  pk->p.src = packets_addr(2, 51012);
  pk->p.dst = packets_addr(9, 443);
  pk->p.conn = pk->conn;
  pk->p.sender = QD_CLIENT;
  pk->p.sender_known = true;
  pk->p.datagram_len = 1200;
  pk->p.state = QD_STATE_OPEN;
  pk->p.suite = 0x1301;
  h->type = type;
  h->is_long = type != QUIC_PACKET_1RTT;
  h->first = quic_header_first(type, quic_version_find(QUIC_VERSION_1));
  h->version = h->is_long ? QUIC_VERSION_1 : 0;
  h->version_info = h->is_long ? quic_version_find(QUIC_VERSION_1) : NULL;
  h->dcid = quic_bytes_of(dcid, sizeof(dcid));
  h->scid =
      h->is_long ? quic_bytes_of(scid, sizeof(scid)) : quic_bytes_of(NULL, 0);
  h->pn = 5;
  h->pn_len = 1;
  h->length = 1180;
  h->length_width = 2;
  h->packet_len = 1200;
  quic_writer_init(&pk->wr, pk->payload, sizeof(pk->payload));
  pk->settings.mem = quic_mem_default();
  pk->settings.text = &pk->text;
  pk->settings.verbosity = 1;
}

void packets_free(packets *pk) {
  qd_conn_del(pk->conn);
}

void packets_frame(packets *pk, const quic_frame *f) {
  assert_int_equal(quic_frame_encode(f, &pk->wr), 0);
}

void packets_hex(packets *pk, const char *hex) {
  quic_bytes b = octets_hex(hex, pk->wr.pos, quic_writer_left(&pk->wr));

  pk->wr.pos += b.len;
}

void packets_octets(packets *pk, quic_bytes octets) {
  qd_level level = qd_packet_level(pk->p.header.type);
  qd_crypto *crypto = qd_conn_crypto(pk->conn, pk->p.sender, level);
  qd_message *msg = &pk->p.messages[pk->p.nmessages++];

  assert_non_null(crypto);
  assert_true(pk->p.nmessages <= QD_MESSAGES_MAX);
  msg->type = octets.data[0];
  msg->level = (uint8_t)level;
  msg->offset = crypto->parsed;
  msg->len = (uint32_t)octets.len;
  assert_int_equal(quic_reasm_add(&crypto->data, msg->offset, octets), 0);
  crypto->parsed += msg->len;
}

void packets_message(packets *pk, const char *hex) {
  uint8_t octets[2048];

  packets_octets(pk, octets_hex(hex, octets, sizeof(octets)));
}

const char *packets_show(packets *pk, packets_output_new *new_fn) {
  qd_packet before = pk->p;
  size_t start;
  qd_output *out;

  quic_text_init(&pk->text, pk->out, sizeof(pk->out));
  assert_int_equal(new_fn(&out, &pk->settings), 0);
  before.time = PACKETS_TIME;
  before.state = QD_STATE_PADDING;
  before.notes = 0;
  before.nmessages = 0;
  before.conn = NULL;
  out->packet(out, &before);
  start = quic_text_pos(&pk->text);
  if (quic_writer_len(&pk->wr)) {
    pk->p.payload = quic_bytes_of(pk->payload, quic_writer_len(&pk->wr));
  }
  out->packet(out, &pk->p);
  if (out->finish) {
    out->finish(out);
  }
  out->del(out);
  assert_false(pk->text.cut);
  return quic_text_cstr(&pk->text) + start;
}

void packets_check_clean(const char *text) {
  const uint8_t *p = (const uint8_t *)text;

  for (; *p; p++) {
    /* C0, DEL, and in UTF-8 C1 and U+2000 to U+206F */
    assert_true(*p >= 0x20 || *p == '\n');
    assert_int_not_equal(*p, 0x7f);
    assert_false(p[0] == 0xc2 && p[1] >= 0x80 && p[1] < 0xa0);
    assert_false(p[0] == 0xe2 && (p[1] == 0x80 || p[1] == 0x81));
    assert_false(p[0] >= 0xf8);
  }
}

void packets_check_prefixes(packets *pk, packets_output_new *new_fn) {
  size_t len = quic_writer_len(&pk->wr);
  size_t missing = pk->p.header.missing;

  quic_writer_init(&pk->wr, pk->payload, sizeof(pk->payload));
  for (size_t n = 0; n <= len; n++) {
    uint8_t *block = octets_exact(pk->payload, n);

    pk->p.payload = quic_bytes_of(block, n);
    pk->p.header.missing = 0;
    packets_check_clean(packets_show(pk, new_fn));
    pk->p.header.missing = 1 + len - n;
    packets_check_clean(packets_show(pk, new_fn));
    free(block);
  }
  pk->p.header.missing = missing;
  pk->wr.pos += len;
}

typedef struct packets_memory {
  packets_output_new *new_fn;
} packets_memory;

static int packets_make(const quic_mem *mem, void *user) {
  const packets_memory *m = user;
  qd_output_settings settings = {.mem = mem};
  qd_output *out;
  int rv = m->new_fn(&out, &settings);

  if (rv == 0) {
    out->del(out);
  }
  return rv;
}

void packets_check_memory(packets_output_new *new_fn) {
  packets_memory m = {new_fn};
  failmem fm;

  if (failmem_sweep(&fm, packets_make, &m) == 0) {
    fail_msg("%s", fm.text);
  }
}

/* packets_sample_field gives |field| of |f| a value that can be encoded. */
static void packets_sample_field(quic_frame *f, const quic_frame_field *field) {
  static const uint8_t octets[20] = "\x1b[31m\xe2\x80\xaegnp\xff\x9b";
  void *member = (uint8_t *)f + field->offset;
  uint64_t number = field->kind == QUIC_FIELD_ZEROS ? 3 : 0x101;
  quic_bytes bytes = quic_bytes_of(
      octets, field->kind == QUIC_FIELD_FIXED ? field->size : sizeof(octets));

  if (field->kind == QUIC_FIELD_VARINT || field->kind == QUIC_FIELD_ZEROS) {
    memcpy(member, &number, sizeof(number));
  } else {
    memcpy(member, &bytes, sizeof(bytes));
  }
}

void packets_sample(packets *pk) {
  static const uint8_t ranges[] = {0x02, 0x01, 0x00, 0x00};
  const quic_frame_info *info;

  for (size_t i = 0; (info = quic_frame_info_at(i)); i++) {
    const quic_frame_field *field = info->fields;
    quic_frame f = {.type = info->type_last, .info = info};

    for (; field->kind != QUIC_FIELD_END; field++) {
      if (field->kind == QUIC_FIELD_RANGES) {
        f.u.ack.range_count = 2;
        f.u.ack.first_range = 3;
        f.u.ack.ranges = quic_bytes_of(ranges, sizeof(ranges));
      } else if (quic_frame_field_present(&f, field)) {
        packets_sample_field(&f, field);
      }
    }
    packets_frame(pk, &f);
  }
}
