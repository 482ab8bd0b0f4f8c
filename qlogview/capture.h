#ifndef QV_CAPTURE_H
#define QV_CAPTURE_H

/* Packet captures: quicdump turns one into qlogs in a directory that is gone
   afterwards. */

#include "base/err.h"
#include "base/mem.h"
#include "qlogview/options.h"

#define QV_CAPTURE_FILES_MAX                                                   \
  65536 /* connections of a capture that are read                              \
         */

/* qv_capture_is: the file at |path| begins like pcap or pcapng. */
bool qv_capture_is(const char *path);

typedef struct qv_capture qv_capture;

/* qv_capture_new runs quicdump on |path| with the key logs of |opt|; without
   any with STEM.keys, STEM.log or keys.log beside the capture, if there is one.
   quicdump is the one beside this program, else that of PATH.  Returns 0, or -1
   after a complaint. */
int qv_capture_new(qv_capture **out, const quic_mem *mem, const char *path,
                   const qv_options *opt) QUIC_MUST_USE;

/* qv_capture_at returns the path of qlog |i|, in the order of the connections;
   NULL past the end. */
const char *qv_capture_at(const qv_capture *c, size_t i);

/* qv_capture_del removes the qlogs. */
void qv_capture_del(qv_capture *c);

#endif /* !defined(QV_CAPTURE_H) */
