#include "pcap/show.h"

#include "wire/names.h"
#include "wire/tlspeek.h"

#define SHOW_VERSIONS_MAX 32 /* printed of one list */

const char *qd_show_type(const qd_packet *p) {
  static const char *const names[QUIC_PACKET_TYPES] = {
      [QUIC_PACKET_INITIAL] = "initial",
      [QUIC_PACKET_0RTT] = "0rtt",
      [QUIC_PACKET_HANDSHAKE] = "handshake",
      [QUIC_PACKET_RETRY] = "retry",
      [QUIC_PACKET_1RTT] = "1rtt",
      [QUIC_PACKET_VERSION_NEGOTIATION] = "vn",
      [QUIC_PACKET_UNKNOWN] = "unknown",
  };

  if (p->state == QD_STATE_PADDING) {
    return "padding";
  }
  if (p->state == QD_STATE_RESET) {
    return "reset";
  }
  return (unsigned)p->header.type < QUIC_PACKET_TYPES ? names[p->header.type]
                                                      : "unknown";
}

cli_colour qd_show_type_colour(const qd_packet *p) {
  static const cli_colour colours[QUIC_PACKET_TYPES] = {
      [QUIC_PACKET_INITIAL] = CLI_COLOUR_INITIAL,
      [QUIC_PACKET_0RTT] = CLI_COLOUR_EARLY,
      [QUIC_PACKET_HANDSHAKE] = CLI_COLOUR_HANDSHAKE,
      [QUIC_PACKET_RETRY] = CLI_COLOUR_BOLD,
      [QUIC_PACKET_1RTT] = CLI_COLOUR_APP,
      [QUIC_PACKET_VERSION_NEGOTIATION] = CLI_COLOUR_BOLD,
      [QUIC_PACKET_UNKNOWN] = CLI_COLOUR_DIM,
  };

  if (p->state == QD_STATE_RESET) {
    return CLI_COLOUR_BAD;
  }
  return p->state == QD_STATE_PADDING ||
                 (unsigned)p->header.type >= QUIC_PACKET_TYPES
             ? CLI_COLOUR_DIM
             : colours[p->header.type];
}

char qd_show_direction(const qd_packet *p) {
  return !p->sender_known ? '?' : p->sender == QD_CLIENT ? '>' : '<';
}

/* show_digits writes |v| in |n| digits, zeros in front. */
static void show_digits(char *out, uint64_t v, size_t n) {
  while (n-- > 0) {
    out[n] = (char)('0' + v % 10);
    v /= 10;
  }
}

void qd_show_seconds(quic_text *t, quic_time now, quic_time then, int width) {
  bool negative = now < then;
  uint64_t us = (negative ? then - now : now - then) / QUIC_MICROSECOND;
  uint64_t seconds = us / 1000000;
  char out[48];
  size_t at = sizeof(out) - 7;

  out[at] = '.';
  show_digits(out + at + 1, us % 1000000, 6);
  do {
    out[--at] = (char)('0' + seconds % 10);
    seconds /= 10;
  } while (seconds);
  if (negative) {
    out[--at] = '-';
  }
  while (at > 0 && sizeof(out) - at < (size_t)width) {
    out[--at] = ' ';
  }
  quic_text_mem(t, out + at, sizeof(out) - at);
}

/* show_date turns days since 1970-01-01 into a date of the Gregorian calendar:
   years start in March, so that the leap day is a year's last. */
static void show_date(uint64_t days, uint64_t *year, unsigned *month,
                      unsigned *day) {
  uint64_t z = days + 719468; /* since 0000-03-01 */
  uint64_t era = z / 146097;  /* of 400 years */
  uint64_t doe = z % 146097;
  uint64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
  uint64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
  uint64_t m = (5 * doy + 2) / 153; /* 0 = March */

  *day = (unsigned)(doy - (153 * m + 2) / 5 + 1);
  *month = (unsigned)(m < 10 ? m + 3 : m - 9);
  *year = yoe + era * 400 + (*month <= 2);
}

void qd_show_date(quic_text *t, uint64_t seconds) {
  uint64_t year, rest = seconds % 86400;
  unsigned month, day;
  char out[] = "0000-00-00 00:00:00";

  show_date(seconds / 86400, &year, &month, &day);
  if (year > 9999) {
    quic_text_str(t, "after the year 9999");
    return;
  }
  show_digits(out, year, 4);
  show_digits(out + 5, month, 2);
  show_digits(out + 8, day, 2);
  show_digits(out + 11, rest / 3600, 2);
  show_digits(out + 14, rest / 60 % 60, 2);
  show_digits(out + 17, rest % 60, 2);
  quic_text_mem(t, out, sizeof(out) - 1);
}

void qd_show_time(quic_text *t, quic_time now) {
  char out[] = ".000000Z";

  qd_show_date(t, now / QUIC_SECOND);
  show_digits(out + 1, now % QUIC_SECOND / QUIC_MICROSECOND, 6);
  quic_text_mem(t, out, sizeof(out) - 1);
}

unsigned qd_show_ack_exponent(const qd_conn *conn, qd_side side) {
  uint64_t value = 3;
  quic_tparams list;

  if (conn && conn->sides[side].has_tparams &&
      quic_tparams_decode(&list,
                          quic_bytes_of(conn->sides[side].tparams,
                                        conn->sides[side].tparams_len),
                          quic_version_find(conn->version)) == 0) {
    value = quic_tparams_integer(&list, QUIC_TPARAM_ACK_DELAY_EXPONENT);
  }
  return value <= 20 ? (unsigned)value : 3;
}

void qd_show_version(quic_text *t, uint32_t version) {
  char name[QUIC_VERSION_TEXT];

  quic_text_str(t, quic_version_text(version, name));
}

void qd_show_versions(quic_text *t, quic_bytes versions) {
  size_t n = versions.len / 4;
  quic_reader rd;

  if (!versions.len) {
    quic_text_str(t, "none");
    return;
  }
  quic_reader_init(&rd, versions.data, versions.len);
  for (size_t i = 0; i < n && i < SHOW_VERSIONS_MAX; i++) {
    quic_text_str(t, i ? ", " : "");
    qd_show_version(t, quic_reader_u32(&rd));
  }
  if (n > SHOW_VERSIONS_MAX) {
    quic_text_str(t, " +");
    quic_text_u64(t, n - SHOW_VERSIONS_MAX);
    quic_text_str(t, " versions");
  }
}

void qd_show_addr(quic_text *t, const quic_addr *addr) {
  char text[QUIC_ADDR_TEXT];

  quic_text_str(t, quic_addr_text(addr, text, sizeof(text)));
}

void qd_show_bytes(quic_text *t, uint64_t n) {
  static const char *const units[] = {"B", "kB", "MB", "GB", "TB"};
  uint64_t tenths = 0;
  size_t unit = 0;

  while (n >= 1000 && unit + 1 < sizeof(units) / sizeof(units[0])) {
    tenths = n % 1000 / 100;
    n /= 1000;
    unit++;
  }
  quic_text_u64(t, n);
  if (unit) {
    quic_text_char(t, '.');
    quic_text_char(t, (char)('0' + tenths));
  }
  quic_text_char(t, ' ');
  quic_text_str(t, units[unit]);
}

void qd_show_octets(quic_text *t, uint64_t n) {
  quic_text_u64(t, n);
  quic_text_str(t, n == 1 ? " octet" : " octets");
}

void qd_show_word(quic_text *t, quic_bytes b) {
  size_t start = 0;

  for (size_t i = 0; i <= b.len; i++) {
    uint8_t c = i < b.len ? b.data[i] : 0;

    if (i < b.len && c != ' ' && c != ',' && c != '"') {
      continue;
    }
    if (i > start) {
      quic_text_untrusted(t, quic_bytes_of(b.data + start, i - start), 0);
    }
    if (i < b.len) {
      quic_text_str(t, "\\x");
      quic_text_hex(t, quic_bytes_of(&c, 1));
    }
    start = i + 1;
  }
}

void qd_show_alpn(quic_text *t, quic_bytes list) {
  const char *gap = "";
  quic_bytes name;
  quic_reader rd;

  quic_reader_init(&rd, list.len ? (const void *)list.data : "", list.len);
  while (quic_tls_alpn_next(&rd, &name)) {
    quic_text_str(t, gap);
    qd_show_word(t, name);
    gap = ",";
  }
}

void qd_show_error(quic_text *t, quic_field_role role, uint64_t code,
                   const qd_conn *conn) {
  quic_bytes alpn = {NULL, 0};

  cli_brief_error(t, role, code, conn ? qd_conn_alpn(conn) : alpn);
}

static void show_part(quic_text *t, const qd_packet *p) {
  quic_text_str(t, " (");
  quic_text_u64(t, p->header.packet_len);
  quic_text_str(t, " of ");
  quic_text_u64(t, qd_show_len(p));
  quic_text_str(t, " octets)");
}

void qd_show_closed(quic_text *t, const qd_packet *p) {
  qd_level level = qd_packet_level(p->header.type);
  quic_keylog_label label = QUIC_KEYLOG_LABELS;

  if (p->sender_known && level < QD_LEVELS) {
    label = qd_keyring_secret_label(level, p->sender);
  }
  quic_text_str(t, qd_reason_name(p->reason));
  quic_text_str(t, ": ");
  if (p->reason == QD_REASON_NO_SECRET && label < QUIC_KEYLOG_LABELS) {
    quic_text_str(t, "no ");
    quic_text_str(t, quic_keylog_label_name(label));
    return;
  }
  quic_text_str(t, qd_reason_text(p->reason));
  if (p->header.missing) {
    show_part(t, p);
  }
}

static const struct {
  uint32_t note;
  const char *text;
} show_note_texts[] = {
    {QD_NOTE_LATE, "late"},
    {QD_NOTE_DUPLICATE, "duplicate"},
    {QD_NOTE_ICMP, "icmp"},
    {QD_NOTE_GSO, "gso"},
    {QD_NOTE_RETRY_BAD, "retry tag wrong"},
    {QD_NOTE_NEW_HELLO, "new hello after retry"},
    {QD_NOTE_FIXED_ZERO, "fixed bit 0"},
    {QD_NOTE_ILLEGAL, "illegal frame"},
    {QD_NOTE_RESERVED, "reserved bits"},
    {QD_NOTE_OTHER_VERSION, "keys of another version"},
    {QD_NOTE_CONFLICT, "crypto octets changed"},
    {QD_NOTE_CHLO, "CHLO"},
};

/* Notes that are told elsewhere: by a right tag, and where the frames end. */
#define SHOW_SILENT (QD_NOTE_RETRY_OK | QD_NOTE_BAD_FRAME)

/* show_note_bits leaves out what the peer allowed: a cleared fixed bit (RFC
   9287) is on half of the packets then. */
static uint32_t show_note_bits(const qd_packet *p) {
  bool greased =
      p->conn && p->sender_known && p->conn->sides[!p->sender].grease_bit;

  return p->notes &
         ~(uint32_t)(SHOW_SILENT | (greased ? QD_NOTE_FIXED_ZERO : 0));
}

bool qd_show_has_notes(const qd_packet *p) {
  return show_note_bits(p) || p->generation || p->path_id ||
         p->state == QD_STATE_UNAUTHENTICATED;
}

void qd_show_notes(quic_text *t, const qd_packet *p) {
  uint32_t notes = show_note_bits(p);
  const char *gap = "";

  for (size_t i = 0; i < sizeof(show_note_texts) / sizeof(show_note_texts[0]);
       i++) {
    if (notes & show_note_texts[i].note) {
      quic_text_str(t, gap);
      quic_text_str(t, show_note_texts[i].text);
      if (show_note_texts[i].note == QD_NOTE_CHLO) {
        quic_text_char(t, ' ');
        qd_show_word(
            t, quic_bytes_of(p->conn->facts.sni, strlen(p->conn->facts.sni)));
      }
      gap = ", ";
    }
  }
  if (p->generation) {
    quic_text_str(t, gap);
    quic_text_str(t, "key#");
    quic_text_u64(t, p->generation);
    gap = ", ";
  }
  if (p->state == QD_STATE_UNAUTHENTICATED) {
    quic_text_str(t, gap);
    quic_text_str(t, "unauthenticated");
    show_part(t, p);
    gap = ", ";
  }
  if (p->path_id) {
    quic_text_str(t, gap);
    quic_text_str(t, "path ");
    quic_text_u64(t, p->path_id);
  }
}

const char *qd_show_message(uint8_t type, quic_bytes body) {
  quic_tls_hello hello;

  if (type == QUIC_TLS_SERVER_HELLO &&
      quic_tls_peek_server_hello(&hello, body) == 0 &&
      hello.hello_retry_request) {
    return "HelloRetryRequest";
  }
  return quic_tls_message_name(type);
}
