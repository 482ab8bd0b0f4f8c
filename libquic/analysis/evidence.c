#include "analysis/evidence.h"

quic_evidence_text quic_evidence_duration(quic_duration d) {
  quic_evidence_text out;
  quic_text text;

  quic_text_init(&text, out.s, sizeof(out.s));
  quic_close_duration(&text, d);
  (void)quic_text_cstr(&text);
  return out;
}

uint64_t quic_evidence_ratio(uint64_t a, uint64_t b) {
  if (b == 0) {
    return 0;
  }
  if (a <= UINT64_MAX / 1000) {
    return a * 1000 / b;
  }
  return b >= 1000 ? a / (b / 1000) : UINT64_MAX;
}

quic_evidence_text quic_evidence_percent(uint64_t part, uint64_t whole) {
  uint64_t tenths = quic_evidence_ratio(part, whole);
  quic_evidence_text out;
  quic_text text;

  quic_text_init(&text, out.s, sizeof(out.s));
  if (whole == 0) {
    quic_text_char(&text, '-');
  } else {
    quic_text_printf(&text, "%llu.%llu %%", (unsigned long long)(tenths / 10),
                     (unsigned long long)(tenths % 10));
  }
  (void)quic_text_cstr(&text);
  return out;
}

bool quic_evidence_app(const quic_analysis *a, const qlog_event *e, int side) {
  const quic_header *h = e->u.packet.header;

  return qlog_event_is_packet(e) && h && h->type < QUIC_PACKET_TYPES &&
         quic_space_of(h->type) == QUIC_SPACE_APP &&
         quic_analysis_side(a, e) == side;
}

bool quic_evidence_told(const quic_findings *f, quic_finding_id id,
                        quic_time from, quic_time to) {
  const quic_finding *found;

  for (size_t i = 0; (found = quic_findings_at(f, i)); i++) {
    if (found->id == id && found->determinable && to >= found->from &&
        from <= found->to) {
      return true;
    }
  }
  return false;
}
