#ifndef QD_NEWS_H
#define QD_NEWS_H

/* What becomes known of a connection, as events, each when it is new: that it
   began, versions, application protocols, suite, transport parameters. */

#include "pcap/trace.h"

/* qd_news_before tells what goes before the packet |p|, qd_news_behind what is
   known by it, qd_news_end what was never settled. */
void qd_news_before(qd_trace *tr, const qd_packet *p);
void qd_news_behind(qd_trace *tr, const qd_packet *p);
void qd_news_end(qd_trace *tr);

/* qd_news_alpn_is: |alpn| begins with |name|, as those of drafts do. */
bool qd_news_alpn_is(quic_bytes alpn, const char *name);

#endif /* !defined(QD_NEWS_H) */
