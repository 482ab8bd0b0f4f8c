#ifndef QV_SAY_H
#define QV_SAY_H

/* Figures and names as people read them. */

#include "cli/colour.h"
#include "qlogview/out.h"

/* qv_say_octets writes "812 B", "48.2 KB", "10.4 MB" (powers of 1000). */
void qv_say_octets(quic_text *t, uint64_t octets);

/* qv_say_rate writes "812 bit/s", "10.4 Mbit/s". */
void qv_say_rate(quic_text *t, uint64_t bits_per_second);

/* qv_say_count writes "1 stream", "12 345 streams". */
void qv_say_count(quic_text *t, uint64_t n, const char *noun);

/* qv_say_number writes digits in groups of three: "12 345". */
void qv_say_number(quic_text *t, uint64_t n);

/* qv_say_percent writes thousandths of a per cent as "2.1 %". */
void qv_say_percent(quic_text *t, uint64_t milli);

/* qv_say_time writes |time| as the context wants it: seconds since the first
   event of |c| ("2.013 s"), or as in the log. */
void qv_say_time(quic_text *t, const qv_context *ctx, const qv_connection *c,
                 quic_time time);

/* qv_say_value writes |value| in |unit|. */
void qv_say_value(quic_text *t, const qv_context *ctx, const qv_connection *c,
                  quic_unit unit, uint64_t value);

/* qv_say_connection writes how to tell |c| from others: "server.sqlog: 0
   (8a5e33, server)". */
void qv_say_connection(quic_text *t, const qv_context *ctx,
                       const qv_connection *c);

/* qv_say_untrusted writes a NUL-terminated text from outside. */
void qv_say_untrusted(quic_text *t, const char *s);

/* qv_vantage_name returns "client", "server" or "network". */
const char *qv_vantage_name(const qv_connection *c);

/* qv_say_severity writes "CRITICAL", "warning", "note", in colour. */
void qv_say_severity(quic_text *t, bool colour, quic_severity severity);

#endif /* !defined(QV_SAY_H) */
