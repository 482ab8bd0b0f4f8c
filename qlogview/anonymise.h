#ifndef QV_ANONYMISE_H
#define QV_ANONYMISE_H

/* qv_anonymiser takes out of events what tells who and where.

     addresses           become those for documentation; ports of 1024 and more
                         become others
     connection IDs, tokens, reset tokens, keys, path data, opaque transport
     parameters          become other octets, as many
     texts               keep what qv_harmless_* knows; the rest becomes as many
                         'x': header fields, phrases, messages, states
     raw octets          leave their length
     checksums, details  go

   The same thing has the same name each time, and another one in the next run.
   Versions, ALPNs, numbers, times and sizes stay. */

#include "base/mem.h"
#include "base/text.h"
#include "qlog/event.h"

typedef struct qv_anonymiser qv_anonymiser;

/* qv_anonymiser_new makes one; |seed| is to be secret.  Returns 0 or
   QUIC_ERR_NOMEM. */
int qv_anonymiser_new(qv_anonymiser **out, const quic_mem *mem,
                      const uint64_t seed[2]) QUIC_MUST_USE;
void qv_anonymiser_del(qv_anonymiser *a);

/* qv_anonymise_event changes |e|, and points it to copies of what it points to
   that live until the next call; its time and group stay as they are.  Returns
   0 or QUIC_ERR_NOMEM: then |e| must not be shown. */
int qv_anonymise_event(qv_anonymiser *a, qlog_event *e) QUIC_MUST_USE;

/* qv_anonymise_group writes what stands for a group_id: if it is hexadecimals,
   by custom a connection ID, what stands for that. */
void qv_anonymise_group(qv_anonymiser *a, quic_text *out, quic_bytes group);

#endif /* !defined(QV_ANONYMISE_H) */
