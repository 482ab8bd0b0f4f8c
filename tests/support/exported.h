#ifndef TESTS_SUPPORT_EXPORTED_H
#define TESTS_SUPPORT_EXPORTED_H

/* What qlogview writes of a qlog that is given as text. */

#include "qlogview/out.h"

typedef struct exported {
  char *text; /* what was written, with a NUL behind */
  size_t len;
  int status; /* of the program, without that of the output file */
} exported;

/* exported_run loads the qlog |text| of |len| octets into what |opt| asks for,
   with memory from |mem|; aborts when a temporary file cannot be had. */
void exported_run(exported *e, const quic_mem *mem, const qv_options *opt,
                  const char *text, size_t len);

/* exported_file does so with the file at |path|. */
void exported_file(exported *e, const quic_mem *mem, const qv_options *opt,
                   const char *path);
void exported_free(exported *e);

/* exported_described returns the records of a qlog, described, a line each, as
   a text that is to be freed. */
char *exported_described(const char *text, size_t len);

/* exported_described_file does so with the file at |path|; |*traces| gets how
   many it has.  NULL when it cannot be read. */
char *exported_described_file(const char *path, uint32_t *traces);

#endif /* !defined(TESTS_SUPPORT_EXPORTED_H) */
