#include "pcap/report.h"

#include "pcap/show.h"

void qd_report_name(quic_text *t, const char *name) {
  size_t at = quic_text_pos(t);

  quic_text_str(t, "  ");
  quic_text_str(t, name);
  quic_text_pad(t, at, QD_REPORT_WIDTH - 1);
  quic_text_char(t, ' ');
}

void qd_report_who(quic_text *t, const qd_trace *tr, bool colour) {
  const qd_conn *conn = tr->conn;
  const char *sni = conn->facts.sni;
  quic_bytes alpn = qd_conn_alpn(conn);

  cli_colour_on(t, colour, CLI_COLOUR_BOLD);
  quic_text_str(t, "connection ");
  quic_text_u64(t, tr->number);
  quic_text_str(t, "  ");
  qd_show_addr(t, &conn->sides[QD_CLIENT].addr);
  quic_text_str(t, " > ");
  qd_show_addr(t, &conn->sides[QD_SERVER].addr);
  quic_text_str(t, "  ");
  qd_show_version(t, conn->version);
  if (*sni) {
    quic_text_str(t, "  ");
    qd_show_word(t, quic_bytes_of(sni, strlen(sni)));
  }
  if (alpn.len) {
    quic_text_str(t, "  ");
    qd_show_word(t, alpn);
  }
  cli_colour_off(t, colour);
  quic_text_char(t, '\n');
}

void qd_report_share(quic_text *t, uint64_t part, uint64_t whole) {
  uint64_t tenths;

  if (whole == 0 || part > UINT64_MAX / 4000) {
    quic_text_char(t, '-');
    return;
  }
  tenths = (part * 2000 + whole) / (2 * whole);
  quic_text_u64(t, tenths / 10);
  quic_text_char(t, '.');
  quic_text_u64(t, tenths % 10);
  quic_text_str(t, " %");
}

void qd_report_mark(quic_text *t, const quic_mark *m, quic_time start) {
  if (m->record != QLOG_NONE) {
    quic_text_char(t, '#');
    quic_text_u64(t, m->record);
    quic_text_str(t, "  ");
  }
  qd_show_seconds(t, m->time, start, 0);
  quic_text_str(t, "  ");
  quic_text_str(t, quic_side_name(m->side));
  if (m->type >= 0) {
    quic_text_char(t, ' ');
    quic_text_str(t, quic_packet_type_name((quic_packet_type)m->type));
  }
  if (m->number != QLOG_NONE) {
    quic_text_str(t, " pn=");
    quic_text_u64(t, m->number);
  }
}
