#ifndef QV_JUNIT_H
#define QV_JUNIT_H

/* JUnit XML, as continuous integration reads it: a suite for each folder, a
   case for each connection; errors are files that could not be read, failures
   connections with findings that are warnings or worse. */

#include "qlogview/scan.h"

/* qv_junit_write sorts |scan| by folder and writes it to |t|. */
void qv_junit_write(qv_scan *scan, quic_text *t);

#endif /* !defined(QV_JUNIT_H) */
