#include "pcap/select.h"

#include "pcap/conn.h"
#include "analysis/filter_quic.h"
#include "cli/fieldhelp.h"
#include "pcap/packet.h"
#include "wire/frame.h"
#include "wire/names.h"
#include "wire/tlspeek.h"

enum {
  SELECT_CONN,
  SELECT_DIR,
  SELECT_TYPE,
  SELECT_FRAME,
  SELECT_STREAM,
  SELECT_ERROR,
  SELECT_TLS,
  SELECT_PN,
  SELECT_LEN,
  SELECT_DATAGRAM,
  SELECT_RECORD,
  SELECT_AGE,
  SELECT_VERSION,
  SELECT_DECRYPTED,
  SELECT_REASON,
  SELECT_NOTE,
  SELECT_GENERATION,
  SELECT_PATH,
  SELECT_ECN,
  SELECT_CID,
  SELECT_SNI,
  SELECT_ALPN,
  SELECT_SRC,
  SELECT_DST,
  SELECT_PORT
};

/* Symbols that need no registry. */
static bool select_row(const quic_filter_symbol *rows, size_t n, size_t i,
                       quic_filter_symbol *out) {
  if (i < n) {
    *out = rows[i];
  }
  return i < n;
}

#define SELECT_ROW(rows, i, out)                                               \
  select_row(rows, sizeof(rows) / sizeof((rows)[0]), i, out)

#define ONE(name, value)                                                       \
  { name, value, value }

/* Counted from 1: a field alone asks whether there is a value but 0. */
#define DIR_VALUE(side) ((uint64_t)(side) + 1)
#define TYPE_VALUE(type) ((uint64_t)(type) + 1)
#define TYPE_RESET TYPE_VALUE(QUIC_PACKET_TYPES)
#define TYPE_PADDING (TYPE_RESET + 1)

static bool select_dir_symbol(size_t i, quic_filter_symbol *out) {
  static const quic_filter_symbol rows[] = {
      ONE("client", DIR_VALUE(QD_CLIENT)),
      ONE("server", DIR_VALUE(QD_SERVER)),
  };

  return SELECT_ROW(rows, i, out);
}

static bool select_type_symbol(size_t i, quic_filter_symbol *out) {
  static const quic_filter_symbol rows[] = {
      ONE("initial", TYPE_VALUE(QUIC_PACKET_INITIAL)),
      ONE("0rtt", TYPE_VALUE(QUIC_PACKET_0RTT)),
      ONE("handshake", TYPE_VALUE(QUIC_PACKET_HANDSHAKE)),
      ONE("1rtt", TYPE_VALUE(QUIC_PACKET_1RTT)),
      ONE("retry", TYPE_VALUE(QUIC_PACKET_RETRY)),
      ONE("vn", TYPE_VALUE(QUIC_PACKET_VERSION_NEGOTIATION)),
      ONE("reset", TYPE_RESET),
      ONE("padding", TYPE_PADDING),
      ONE("unknown", TYPE_VALUE(QUIC_PACKET_UNKNOWN)),
  };

  return SELECT_ROW(rows, i, out);
}

static bool select_note_symbol(size_t i, quic_filter_symbol *out) {
  static const quic_filter_symbol rows[] = {
      ONE("late", QD_NOTE_LATE),
      ONE("duplicate", QD_NOTE_DUPLICATE),
      ONE("icmp", QD_NOTE_ICMP),
      ONE("gso", QD_NOTE_GSO),
      ONE("retry_bad", QD_NOTE_RETRY_BAD),
      ONE("retry_ok", QD_NOTE_RETRY_OK),
      ONE("new_hello", QD_NOTE_NEW_HELLO),
      ONE("fixed_zero", QD_NOTE_FIXED_ZERO),
      ONE("bad_frame", QD_NOTE_BAD_FRAME),
      ONE("illegal_frame", QD_NOTE_ILLEGAL),
      ONE("reserved", QD_NOTE_RESERVED),
      ONE("other_version", QD_NOTE_OTHER_VERSION),
      ONE("chlo", QD_NOTE_CHLO),
      ONE("conflict", QD_NOTE_CONFLICT),
  };

  return SELECT_ROW(rows, i, out);
}

static bool select_ecn_symbol(size_t i, quic_filter_symbol *out) {
  static const quic_filter_symbol rows[] = {ONE("not_ect", 0), ONE("ect1", 1),
                                            ONE("ect0", 2), ONE("ce", 3)};

  return SELECT_ROW(rows, i, out);
}

static bool select_tls_symbol(size_t i, quic_filter_symbol *out) {
  static const quic_filter_symbol rows[] = {
      ONE("client_hello", QUIC_TLS_CLIENT_HELLO),
      ONE("server_hello", QUIC_TLS_SERVER_HELLO),
      ONE("new_session_ticket", QUIC_TLS_NEW_SESSION_TICKET),
      ONE("encrypted_extensions", QUIC_TLS_ENCRYPTED_EXTENSIONS),
      ONE("certificate", QUIC_TLS_CERTIFICATE),
      ONE("certificate_request", QUIC_TLS_CERTIFICATE_REQUEST),
      ONE("certificate_verify", QUIC_TLS_CERTIFICATE_VERIFY),
      ONE("finished", QUIC_TLS_FINISHED),
      ONE("key_update", QUIC_TLS_KEY_UPDATE),
  };

  return SELECT_ROW(rows, i, out);
}

static bool select_decrypted_symbol(size_t i, quic_filter_symbol *out) {
  static const quic_filter_symbol rows[] = {ONE("yes", 1), ONE("no", 0)};

  return SELECT_ROW(rows, i, out);
}

static bool select_reason_symbol(size_t i, quic_filter_symbol *out) {
  if (i >= QD_REASONS) {
    return false;
  }
  out->name = i == QD_REASON_NONE ? "none" : qd_reason_name((qd_reason)i);
  out->first = out->last = i;
  return true;
}

/* Families of versions share a row whose number stands for none of them. */
static bool select_version_symbol(size_t i, quic_filter_symbol *out) {
  const quic_version *row;

  if (i == 0) {
    *out = (quic_filter_symbol)ONE("negotiation", 0);
    return true;
  }
  row = quic_version_at(i - 1);
  if (row) {
    *out = (quic_filter_symbol)ONE(row->name, row->number);
  }
  return row != NULL;
}

#define NUMBER(name, id, symbol, help)                                         \
  { name, QUIC_FILTER_NUMBER, help, SELECT_##id, symbol }
#define TEXT(name, id, help)                                                   \
  { name, QUIC_FILTER_TEXT, help, SELECT_##id, NULL }

const quic_filter_field qd_select_fields[] = {
    NUMBER("conn", CONN, NULL, "number of the connection, from 0"),
    NUMBER("dir", DIR, select_dir_symbol, "who sent the packet"),
    NUMBER("type", TYPE, select_type_symbol, "type of the packet"),
    NUMBER("frame", FRAME, quic_filter_frame_symbol,
           "types of the frames in the packet"),
    NUMBER("stream", STREAM, NULL, "streams that the frames name"),
    NUMBER("error", ERROR, quic_filter_error_symbol,
           "error codes in frames that close or reset"),
    NUMBER("tls", TLS, select_tls_symbol,
           "handshake messages that the packet completed"),
    NUMBER("pn", PN, NULL, "packet number, once decrypted"),
    NUMBER("len", LEN, NULL, "octets of the packet on the wire"),
    NUMBER("datagram", DATAGRAM, NULL, "octets of its UDP payload"),
    NUMBER("record", RECORD, NULL, "number of the capture record, from 1"),
    NUMBER("age", AGE, NULL,
           "time since the connection's first packet (20ms, 1.5s)"),
    NUMBER("version", VERSION, select_version_symbol,
           "version of the header, or of the connection"),
    NUMBER("decrypted", DECRYPTED, select_decrypted_symbol,
           "1 when the frames can be read"),
    NUMBER("reason", REASON, select_reason_symbol,
           "why they cannot; alone: there is such a reason"),
    NUMBER("note", NOTE, select_note_symbol, "what is odd about the packet"),
    NUMBER("generation", GENERATION, NULL, "key updates before its key"),
    NUMBER("path", PATH, NULL, "path identifier (multipath)"),
    NUMBER("ecn", ECN, select_ecn_symbol, "ECN bits of the IP header"),
    TEXT("cid", CID, "both connection IDs of the header, in hex"),
    TEXT("sni", SNI, "server name that the client asked for"),
    TEXT("alpn", ALPN, "application protocol, such as h3"),
    TEXT("src", SRC, "sender, 10.0.0.1:443 or 10.0.0.1"),
    TEXT("dst", DST, "receiver, 10.0.0.1:443 or 10.0.0.1"),
    NUMBER("port", PORT, NULL, "either UDP port"),
};

const size_t qd_select_nfields =
    sizeof(qd_select_fields) / sizeof(qd_select_fields[0]);

/* Values. */

static void select_frames(const qd_packet *p, int id, quic_filter_visitor *v) {
  quic_reader rd;
  quic_frame f;
  bool done = false;
  int rv = 0;

  if (!qd_packet_opened(p)) {
    return;
  }
  quic_reader_init(&rd, p->payload.data, p->payload.len);
  while (!done && rv == 0) {
    rv = p->header.missing ? quic_frame_decode_cut(&f, &rd)
                           : quic_frame_decode(&f, &rd);
    if (rv == QUIC_ERR_END) {
      return;
    }
    if (id == SELECT_FRAME) {
      /* Of a broken or unknown frame the type is known nevertheless, unless
         the type itself is cut. */
      done = (f.info || rv == QUIC_ERR_UNSUPPORTED) &&
             quic_filter_frame_type(&f, v);
    } else if (rv == 0) {
      done = id == SELECT_STREAM ? quic_filter_frame_streams(&f, v)
                                 : quic_filter_frame_errors(&f, v);
    }
  }
}

static void select_type(const qd_packet *p, quic_filter_visitor *v) {
  if (p->state == QD_STATE_RESET) {
    quic_filter_number(v, TYPE_RESET);
  } else if (p->state == QD_STATE_PADDING) {
    quic_filter_number(v, TYPE_PADDING);
  } else {
    quic_filter_number(v, TYPE_VALUE(p->header.type));
  }
}

static void select_version(const qd_packet *p, quic_filter_visitor *v) {
  if (p->header.is_long) {
    quic_filter_number(v, p->header.version);
  } else if (p->conn && p->conn->version) {
    quic_filter_number(v, p->conn->version);
  }
}

static void select_notes(const qd_packet *p, quic_filter_visitor *v) {
  for (uint32_t left = p->notes; left; left &= left - 1) {
    if (quic_filter_number(v, left & (~left + 1))) {
      return;
    }
  }
}

static void select_messages(const qd_packet *p, quic_filter_visitor *v) {
  for (uint8_t i = 0; i < p->nmessages; i++) {
    if (quic_filter_number(v, p->messages[i].type)) {
      return;
    }
  }
}

static bool select_cid(quic_bytes cid, quic_filter_visitor *v) {
  char buf[2 * QUIC_CID_MAX_ANY + 1];
  quic_text t;

  if (cid.len == 0) {
    return false;
  }
  quic_text_init(&t, buf, sizeof(buf));
  quic_text_hex(&t, cid);
  return quic_filter_text(v, quic_bytes_of(buf, t.len));
}

/* select_addr gives |addr| with its port, then without. */
static void select_addr(const quic_addr *addr, quic_filter_visitor *v) {
  char buf[QUIC_ADDR_TEXT];
  size_t len = strlen(quic_addr_text(addr, buf, sizeof(buf)));

  if (quic_filter_text(v, quic_bytes_of(buf, len))) {
    return;
  }
  while (len > 0 && buf[len - 1] != ':') {
    len--;
  }
  if (len == 0) {
    return;
  }
  len--;
  if (buf[0] == '[' && len >= 2) {
    quic_filter_text(v, quic_bytes_of(buf + 1, len - 2));
  } else {
    quic_filter_text(v, quic_bytes_of(buf, len));
  }
}

/* select_conn_values gives what the connection knows. */
static void select_conn_values(const qd_packet *p, const qd_conn *conn, int id,
                               quic_filter_visitor *v) {
  switch (id) {
  case SELECT_CONN:
    quic_filter_number(v, conn->number);
    break;
  case SELECT_AGE:
    quic_filter_number(v, quic_time_since(p->time, conn->first));
    break;
  case SELECT_SNI:
    quic_filter_text(v,
                     quic_bytes_of(conn->facts.sni, strlen(conn->facts.sni)));
    break;
  case SELECT_ALPN:
    quic_filter_text(v, qd_conn_alpn(conn));
    break;
  default:
    break;
  }
}

void qd_select_values(const void *packet, int id, quic_filter_visitor *v) {
  const qd_packet *p = packet;
  bool opened = qd_packet_opened(p);

  switch (id) {
  case SELECT_CONN:
  case SELECT_AGE:
  case SELECT_SNI:
  case SELECT_ALPN:
    if (p->conn) {
      select_conn_values(p, p->conn, id, v);
    }
    break;
  case SELECT_DIR:
    if (p->sender_known) {
      quic_filter_number(v, DIR_VALUE(p->sender));
    }
    break;
  case SELECT_TYPE:
    select_type(p, v);
    break;
  case SELECT_FRAME:
  case SELECT_STREAM:
  case SELECT_ERROR:
    select_frames(p, id, v);
    break;
  case SELECT_TLS:
    select_messages(p, v);
    break;
  case SELECT_PN:
    if (opened) {
      quic_filter_number(v, p->header.pn);
    }
    break;
  case SELECT_LEN:
    quic_filter_number(v, (uint64_t)p->header.packet_len + p->header.missing);
    break;
  case SELECT_DATAGRAM:
    quic_filter_number(v, p->datagram_len);
    break;
  case SELECT_RECORD:
    quic_filter_number(v, p->frame);
    break;
  case SELECT_VERSION:
    select_version(p, v);
    break;
  case SELECT_DECRYPTED:
    quic_filter_number(v, opened);
    break;
  case SELECT_REASON:
    quic_filter_number(v, p->reason);
    break;
  case SELECT_NOTE:
    select_notes(p, v);
    break;
  case SELECT_GENERATION:
    if (opened && p->header.type == QUIC_PACKET_1RTT) {
      quic_filter_number(v, p->generation);
    }
    break;
  case SELECT_PATH:
    if (opened) {
      quic_filter_number(v, p->path_id);
    }
    break;
  case SELECT_ECN:
    quic_filter_number(v, p->ecn);
    break;
  case SELECT_CID:
    (void)(select_cid(p->header.dcid, v) || select_cid(p->header.scid, v));
    break;
  case SELECT_SRC:
    select_addr(&p->src, v);
    break;
  case SELECT_DST:
    select_addr(&p->dst, v);
    break;
  case SELECT_PORT:
    (void)(quic_filter_number(v, p->src.port) ||
           quic_filter_number(v, p->dst.port));
    break;
  default:
    break;
  }
}

/* Help. */

static const char select_language[] =
    "A filter chooses the packets that are shown.\n"
    "\n"
    "  conn == 0 && frame == connection_close\n"
    "  type in (initial, handshake) or not decrypted\n"
    "  stream == 4 and dir == client && len > 1200\n"
    "  frame == max_data or frame == max_stream_data\n"
    "  error == h3_request_cancelled\n"
    "  sni contains \"example\" && age < 50ms\n"
    "\n"
    "  == !=  < <= > >=     compare; texts know == and != only\n"
    "  in (A, B)            one of a list; not in\n"
    "  contains             texts; not contains\n"
    "  && || !  and or not  join; parentheses\n"
    "  FIELD                alone: has a value that is neither 0 nor empty\n"
    "\n"
    "A field with several values, such as frame, fits when one of them does,\n"
    "and != says that none does.  Numbers are decimal or 0x hexadecimal, with\n"
    "k, M or G behind; times take ns, us, ms or s.  Case does not matter.\n"
    "Texts with blanks or operators stand in quotes.\n"
    "\n";

void qd_select_help(quic_text *out) {
  quic_text_str(out, select_language);
  cli_fieldhelp(out, qd_select_fields, qd_select_nfields);
}
