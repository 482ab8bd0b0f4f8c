#include "analysis/analysis.h"
struct quic_analysis { const quic_mem *mem; };
int quic_analysis_new(quic_analysis **out, const quic_mem *mem,
                      const quic_analysis_settings *settings,
                      qlog_sink *inferred) { (void)settings; (void)inferred; *out = quic_mem_zalloc(mem, sizeof(**out)); if (*out) (*out)->mem = mem; return *out ? 0 : QUIC_ERR_NOMEM; }
void quic_analysis_del(quic_analysis *a) { if (a) quic_mem_free(a->mem, a); }
void quic_analysis_event(quic_analysis *a, const qlog_event *e) { (void)a; (void)e; }
void quic_analysis_end(quic_analysis *a, quic_time last, quic_analysis_reason r) { (void)a; (void)last; (void)r; }
void quic_close_duration(quic_text *out, quic_duration d) { quic_text_printf(out, "%.1f ms", (double)d/1e6); }
