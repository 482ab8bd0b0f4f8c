#include "pcap/http.h"
#include "pcap/report.h"
#include "pcap/show.h"

/* What HTTP/3 declared and how QPACK served it. */

static void http_settings(quic_text *t, const qd_http_settings *set, int side) {
  if (!set->seen) {
    return;
  }
  qd_report_name(t, side ? "server SETTINGS" : "client SETTINGS");
  quic_text_str(t, "table capacity ");
  quic_text_u64(t, set->max_table_capacity);
  quic_text_str(t, ", blocked streams ");
  quic_text_u64(t, set->blocked_streams);
  if (set->max_field_section_size != QD_REQUEST_NONE) {
    quic_text_str(t, ", field section ");
    quic_text_u64(t, set->max_field_section_size);
  }
  if (set->enable_connect_protocol) {
    quic_text_str(t, ", extended CONNECT");
  }
  if (set->h3_datagram) {
    quic_text_str(t, ", datagrams");
  }
  quic_text_char(t, '\n');
}

static void http_qpack(quic_text *t, const qd_http_qpack *q, int side) {
  if (!q->sections) {
    return;
  }
  qd_report_name(t, side ? "server QPACK" : "client QPACK");
  quic_text_u64(t, q->sections);
  quic_text_str(t, q->sections == 1 ? " section, " : " sections, ");
  quic_text_u64(t, q->field_octets);
  quic_text_str(t, " octets in ");
  quic_text_u64(t, q->section_octets + q->encoder_octets);
  quic_text_str(t, " (");
  qd_report_share(t, q->section_octets + q->encoder_octets, q->field_octets);
  quic_text_str(t, ")");
  if (q->capacity) {
    quic_text_str(t, ", table of ");
    quic_text_u64(t, q->capacity);
    quic_text_str(t, ", ");
    quic_text_u64(t, q->inserts);
    quic_text_str(t, " insertions, ");
    quic_text_u64(t, q->entries);
    quic_text_str(t, " entries at the end");
  }
  if (q->blocked) {
    quic_text_str(t, ", ");
    quic_text_u64(t, q->blocked);
    quic_text_str(t, " blocked for ");
    quic_close_duration(t, q->blocked_time);
  }
  if (q->failed) {
    quic_text_str(t, ", ");
    quic_text_u64(t, q->failed);
    quic_text_str(t, " not decodable");
  }
  quic_text_char(t, '\n');
}

void qd_report_http(quic_text *t, const qd_trace *tr) {
  for (int side = 0; side < QUIC_SIDES; side++) {
    http_settings(t, &tr->http.settings[side], side);
  }
  for (int side = 0; side < QUIC_SIDES; side++) {
    http_qpack(t, &tr->http.qpack[side], side);
  }
  if (tr->requests) {
    qd_report_name(t, "requests");
    quic_text_u64(t, tr->requests);
    quic_text_str(t, ", ");
    quic_text_u64(t, tr->responses);
    quic_text_str(t, " answered");
    if (tr->failed) {
      quic_text_str(t, ", ");
      quic_text_u64(t, tr->failed);
      quic_text_str(t, " with status 400 or above");
    }
    quic_text_char(t, '\n');
  }
  if (tr->notes) {
    qd_report_name(t, "rules broken");
    quic_text_u64(t, tr->notes);
    quic_text_str(t, ": see the lines with ! of quicdump --filter 'conn == ");
    quic_text_u64(t, tr->number);
    quic_text_str(t, "'\n");
  }
}
