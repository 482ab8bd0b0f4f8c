#ifndef QD_REPORT_H
#define QD_REPORT_H

/* Lines "  name            value" of reports about connections. */

#include "pcap/output.h"
#include "pcap/trace.h"

#define QD_REPORT_WIDTH 22 /* columns before the value */

/* qd_report_name starts a line; an empty name goes on under the last one. */
void qd_report_name(quic_text *t, const char *name);

/* qd_report_who writes the line that a report of |tr| begins with: number,
   addresses, version, names. */
void qd_report_who(quic_text *t, const qd_trace *tr, bool colour);

/* qd_report_share writes |part| of |whole| as "1.5 %"; "-" without a whole. */
void qd_report_share(quic_text *t, uint64_t part, uint64_t whole);

/* qd_report_mark writes "#12  0.012345  client 1rtt pn=7"; times count from
   |start|. */
void qd_report_mark(quic_text *t, const quic_mark *m, quic_time start);

/* The sections of -ss; each may write nothing. */
void qd_report_handshake(quic_text *t, const qd_trace *tr, quic_time start);
void qd_report_parameters(quic_text *t, const qd_trace *tr);
void qd_report_transport(quic_text *t, const qd_trace *tr);
void qd_report_paths(quic_text *t, const qd_trace *tr, quic_time start);
void qd_report_http(quic_text *t, const qd_trace *tr);

#endif /* !defined(QD_REPORT_H) */
