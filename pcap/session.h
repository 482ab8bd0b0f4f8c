#ifndef QD_SESSION_H
#define QD_SESSION_H

/* One run: records in, packets shown.  Ties source, links, keys, decoder,
   filter and output together; main and the live capture drive it. */

#include "capture/reader.h"
#include "pcap/options.h"

typedef struct qd_session qd_session;
struct qd_output;

/* qd_session_new makes the session that |opt| (borrowed) asks for, and reads
   the key logs.  On failure it prints one line to standard error and returns
   the exit status; else 0. */
int qd_session_new(qd_session **out, const qd_options *opt) QUIC_MUST_USE;
void qd_session_del(qd_session *se);

/* qd_session_add gives |se| one more output that wants packets alone; it is
   |se|'s from now on. */
void qd_session_add(qd_session *se, struct qd_output *out);

/* qd_session_colour: what is shown shall have colours. */
bool qd_session_colour(const qd_options *opt);

/* qd_session_record takes one record.  Returns false when nothing more is
   wanted (-c, or the output failed). */
bool qd_session_record(qd_session *se, const quic_capture_record *rec);

/* qd_session_poll reads key logs that grew; for live captures, now and then. */
void qd_session_poll(qd_session *se);

/* qd_session_progress shows how far the work is, when that is wanted:
   |done| of |total| octets, |total| 0 = unknown. */
void qd_session_progress(qd_session *se, uint64_t done, uint64_t total);

/* qd_session_finish shows what is held and the reports, and returns the exit
   status; |failed| is the status so far. */
int qd_session_finish(qd_session *se, int failed);

/* qd_session_note prints one line to standard error, unless -q; the text must
   be trusted or escaped. */
void qd_session_note(qd_session *se, const char *fmt, ...) QUIC_PRINTF(2, 3);

/* qd_session_file runs the capture file of |opt|; returns the exit status. */
int qd_session_file(qd_session *se);

#endif /* !defined(QD_SESSION_H) */
