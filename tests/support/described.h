#ifndef TESTS_SUPPORT_DESCRIBED_H
#define TESTS_SUPPORT_DESCRIBED_H

/* Events as text, field by field, without the qlog writer: two are the same if
   their texts are.  Delays of ACKs are as microseconds, and what tells only how
   a log wrote something is left out: the number of the record, the widths of
   integers. */

#include "base/text.h"
#include "qlog/reader.h"

/* described_event writes |e| on one line, without an end. */
void described_event(quic_text *t, const qlog_event *e);

/* described_record writes time and group, and the event, or of one that no
   draft knows its name. */
void described_record(quic_text *t, const qlog_record *record);

#endif /* !defined(TESTS_SUPPORT_DESCRIBED_H) */
