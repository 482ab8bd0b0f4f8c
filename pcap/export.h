#ifndef QD_EXPORT_H
#define QD_EXPORT_H

/* Outputs that write files of their own. */

#include "pcap/output.h"

/* qd_export_name says which file |out->error| is about; escaped when shown. */
void qd_export_name(qd_output *out, const char *path);

/* qd_export_note says what was written, for one line on standard error. */
void qd_export_note(qd_output *out, const char *fmt, ...) QUIC_PRINTF(2, 3);

/* Each returns 0 or QUIC_ERR_NOMEM.  What is wrong with the files is in
   |error|, at once or later.  Paths are borrowed. */
int qd_output_qlog_new(qd_output **out, const qd_output_settings *settings,
                       const char *dir, bool compat) QUIC_MUST_USE;

/* |bodies|: content goes into the archive, too. */
int qd_output_har_new(qd_output **out, const qd_output_settings *settings,
                      const char *path, bool bodies) QUIC_MUST_USE;

/* qd_output_extract_new writes content into files in |dir|, which is made if it
   is not there: now, or with |late| when the first file comes, so that
   privileges can be given up before. */
int qd_output_extract_new(qd_output **out, const qd_output_settings *settings,
                          const char *dir, bool late) QUIC_MUST_USE;

#endif /* !defined(QD_EXPORT_H) */
