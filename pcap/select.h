#ifndef QD_SELECT_H
#define QD_SELECT_H

/* The fields of quicdump's --filter: what each means and what values a packet
   has for it. */

#include "analysis/filter.h"
#include "base/text.h"

extern const quic_filter_field qd_select_fields[];
extern const size_t qd_select_nfields;

/* qd_select_values gives every value that |packet|, a qd_packet, has for field
   |id| to |v|; it is a quic_filter_values_fn.  Frames are walked only for
   fields that come from frames.  Nothing is allocated. */
void qd_select_values(const void *packet, int id, quic_filter_visitor *v);

/* qd_select_help writes what --help-filter shows: the language, then the
   fields and their symbols. */
void qd_select_help(quic_text *out);

#endif /* !defined(QD_SELECT_H) */
