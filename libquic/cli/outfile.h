#ifndef QUIC_CLI_OUTFILE_H
#define QUIC_CLI_OUTFILE_H

/* A file that is either there whole or not at all: it is written beside its
   target under a temporary name and gets its own one at the end. */

#include "base/mem.h"
#include "cli/sink.h"

typedef struct cli_outfile cli_outfile;

/* cli_outfile_new begins a file that shall become |path|.  Its mode is 0600,
   less what the umask takes away: what captures tell is private.  With |follow|
   (names that the user gave) a symbolic link at |path| is followed, and a
   device or pipe there is written at once.  Without it (names that come from a
   capture) nothing is followed, and a link there gives way to the file.
   Returns 0 or an errno (positive); |*out| is NULL then. */
int cli_outfile_new(cli_outfile **out, const quic_mem *mem, const char *path,
                    bool follow) QUIC_MUST_USE;

/* cli_outfile_text is where to write to, NULL when that cannot be had (see
   cli_outfile_error).  Valid until cli_outfile_park. */
quic_text *cli_outfile_text(cli_outfile *f);

/* cli_outfile_park writes what is buffered and gives descriptor and buffer
   back, for who has more files than a process may have open. */
void cli_outfile_park(cli_outfile *f);

/* cli_outfile_error returns the errno of the first write that failed; 0. */
int cli_outfile_error(const cli_outfile *f);

/* cli_outfile_commit writes what is buffered and gives the file its name, once.
   Returns 0 or an errno; on failure nothing is left behind. */
int cli_outfile_commit(cli_outfile *f) QUIC_MUST_USE;

/* cli_outfile_del removes the file when it was not committed.  NULL is
   allowed. */
void cli_outfile_del(cli_outfile *f);

#endif /* !defined(QUIC_CLI_OUTFILE_H) */
