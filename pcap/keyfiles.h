#ifndef QD_KEYFILES_H
#define QD_KEYFILES_H

/* The key logs named on the command line and the Decryption Secrets Blocks of
   the capture, fed into one key log.  Files are read again as they grow or are
   replaced. */

#include "capture/reader.h"
#include "crypto/keylog.h"

#define QD_KEYFILES_MAX 64          /* files */
#define QD_SECRETS_BLOCKS_MAX 60000 /* Decryption Secrets Blocks */

typedef struct qd_keyfiles qd_keyfiles;

int qd_keyfiles_new(qd_keyfiles **out, const quic_mem *mem) QUIC_MUST_USE;
void qd_keyfiles_del(qd_keyfiles *kf);

/* The key log that everything is fed into; owned by |kf|. */
quic_keylog *qd_keyfiles_log(qd_keyfiles *kf);

/* qd_keyfiles_add reads the file at |path| (borrowed).  |may_be_absent|: it
   may come into being later.  Returns 0, QUIC_ERR_INVALID (cannot be read),
   QUIC_ERR_LIMIT (too many files) or QUIC_ERR_NOMEM; see qd_keyfiles_error. */
int qd_keyfiles_add(qd_keyfiles *kf, const char *path,
                    bool may_be_absent) QUIC_MUST_USE;

/* qd_keyfiles_follow opens the file at |path| (borrowed) if it is there, and
   leaves reading to qd_keyfiles_poll: privileges may be given up in between.
   Errors as above. */
int qd_keyfiles_follow(qd_keyfiles *kf, const char *path) QUIC_MUST_USE;

/* qd_keyfiles_secrets feeds a Decryption Secrets Block, once for each offset in
   the file.  Returns 0 or an error of quic_keylog_feed. */
int qd_keyfiles_secrets(qd_keyfiles *kf,
                        const quic_capture_record *rec) QUIC_MUST_USE;

/* qd_keyfiles_present: file |i| that was added or followed is there. */
bool qd_keyfiles_present(const qd_keyfiles *kf, size_t i);

/* qd_keyfiles_trouble: a file that was there, or came, could not be read;
   qd_keyfiles_error tells.  True once for each trouble. */
bool qd_keyfiles_trouble(qd_keyfiles *kf);

/* qd_keyfiles_poll reads what was appended to the files, or a file that took
   the place of another.  Returns true when there are new secrets. */
bool qd_keyfiles_poll(qd_keyfiles *kf);

/* qd_keyfiles_finish reads last lines without a line end.  Returns 0 or
   QUIC_ERR_NOMEM. */
int qd_keyfiles_finish(qd_keyfiles *kf) QUIC_MUST_USE;

/* qd_keyfiles_any: there is a source of secrets. */
bool qd_keyfiles_any(const qd_keyfiles *kf);

/* qd_keyfiles_name writes a name for source |source| of the key log: a path or
   "secrets block N". */
const char *qd_keyfiles_name(const qd_keyfiles *kf, uint16_t source, char *buf,
                             size_t cap);

const char *qd_keyfiles_error(const qd_keyfiles *kf);

#endif /* !defined(QD_KEYFILES_H) */
