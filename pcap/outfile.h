#ifndef QD_OUTFILE_H
#define QD_OUTFILE_H

/* A file that is either there whole or not at all: it is written beside its
   target under a temporary name and gets its own one at the end. */

#include "base/mem.h"
#include "pcap/sink.h"

typedef struct qd_outfile qd_outfile;

/* qd_outfile_new begins a file that shall become |path|.  Its mode is 0600,
   less what the umask takes away: what captures tell is private.  With |follow|
   (names that the user gave) a symbolic link at |path| is followed, and a
   device or pipe there is written at once.  Without it (names that come from a
   capture) nothing is followed, and a link there gives way to the file.
   Returns 0 or an errno (positive); |*out| is NULL then. */
int qd_outfile_new(qd_outfile **out, const quic_mem *mem, const char *path,
                   bool follow) QUIC_MUST_USE;

/* qd_outfile_text is where to write to, NULL when that cannot be had (see
   qd_outfile_error).  Valid until qd_outfile_park. */
quic_text *qd_outfile_text(qd_outfile *f);

/* qd_outfile_park writes what is buffered and gives descriptor and buffer back,
   for who has more files than a process may have open. */
void qd_outfile_park(qd_outfile *f);

/* qd_outfile_error returns the errno of the first write that failed; 0. */
int qd_outfile_error(const qd_outfile *f);

/* qd_outfile_commit writes what is buffered and gives the file its name, once.
   Returns 0 or an errno; on failure nothing is left behind. */
int qd_outfile_commit(qd_outfile *f) QUIC_MUST_USE;

/* qd_outfile_del removes the file when it was not committed.  NULL is
   allowed. */
void qd_outfile_del(qd_outfile *f);

#endif /* !defined(QD_OUTFILE_H) */
