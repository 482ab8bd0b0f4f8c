/* A report on each connection, in sections: what -ss shows. */

#include "pcap/report.h"
#include "pcap/show.h"

typedef struct out_detail {
  qd_output base;
  qd_output_settings settings;
} out_detail;

static void detail_ended(qd_output *out, struct qd_trace *tr) {
  out_detail *o = (out_detail *)(void *)out;
  quic_text *t = o->settings.text;
  quic_time start = o->settings.absolute_time ? 0 : o->base.start;

  qd_report_who(t, tr, o->settings.colour);
  qd_report_name(t, "verdict");
  quic_close_sentence(quic_analysis_close(tr->analysis), t);
  quic_text_char(t, '\n');
  qd_report_handshake(t, tr, start);
  qd_report_parameters(t, tr);
  qd_report_transport(t, tr);
  qd_report_paths(t, tr, start);
  qd_report_http(t, tr);
}

static void detail_del(qd_output *out) {
  out_detail *o = (out_detail *)(void *)out;

  quic_mem_free(o->settings.mem, o);
}

int qd_output_detail_new(qd_output **out, const qd_output_settings *settings) {
  out_detail *o = quic_mem_zalloc(settings->mem, sizeof(*o));

  *out = NULL;
  if (!o) {
    return QUIC_ERR_NOMEM;
  }
  o->base.ended = detail_ended;
  o->base.del = detail_del;
  o->settings = *settings;
  *out = &o->base;
  return 0;
}
