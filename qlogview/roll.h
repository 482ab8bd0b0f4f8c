#ifndef QV_ROLL_H
#define QV_ROLL_H

/* qv_roll is the list of files that a run over many went through: how many
   were read, which were no qlogs, which could not be read. */

#include "qlogview/out.h"

#define QV_ROLL_NAMES_MAX 5 /* files named of each kind; the others count */

typedef enum qv_rolled {
  QV_ROLL_READ,  /* a qlog, or a connection of a capture */
  QV_ROLL_OTHER, /* something else that lay in a directory */
  QV_ROLL_FAILED /* a qlog that could not be read, or a file that was named */
} qv_rolled;

typedef struct qv_roll_names {
  uint64_t count;
  size_t kept;
  char *names[QV_ROLL_NAMES_MAX];
} qv_roll_names;

typedef struct qv_roll {
  const quic_mem *mem;
  uint64_t read;
  uint64_t damaged; /* of them with records that could not be read, or cut */
  qv_roll_names others, failed;
} qv_roll;

void qv_roll_init(qv_roll *roll, const quic_mem *mem);
void qv_roll_free(qv_roll *roll);

/* qv_roll_file enters the file that |ctx| has in work.  One that is no qlog is
   a failure when it was named on the command line or is called like a qlog. */
qv_rolled qv_roll_file(qv_roll *roll, const qv_context *ctx,
                       const qv_file *file, bool failed);

/* qv_roll_tell does the same and complains of a failure that nothing complained
   of yet. */
qv_rolled qv_roll_tell(qv_roll *roll, const qv_context *ctx,
                       const qv_file *file, bool failed);

/* qv_roll_say writes a line for each kind of file there is, below |t|. */
void qv_roll_say(const qv_roll *roll, quic_text *t);

/* qv_roll_complain says the same on standard error, for formats that have no
   place for it. */
void qv_roll_complain(const qv_roll *roll);

/* qv_roll_status returns QV_EXIT_INPUT after failures, else |status|. */
int qv_roll_status(const qv_roll *roll, int status);

#endif /* !defined(QV_ROLL_H) */
