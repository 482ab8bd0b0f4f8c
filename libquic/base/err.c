#include "base/err.h"

#include <stddef.h>

struct err_row {
  int code;
  bool fatal;
  const char *name;
  const char *text;
};

static const struct err_row err_table[] = {
#define QUIC_ERR(name, code, fatal, text)                                      \
  {(code), (fatal), "QUIC_ERR_" #name, text},
#include "base/err.def"
#undef QUIC_ERR
};

static const struct err_row *err_find(int err) {
  for (size_t i = 0; i < sizeof(err_table) / sizeof(err_table[0]); i++) {
    if (err_table[i].code == err) {
      return &err_table[i];
    }
  }
  return NULL;
}

const char *quic_err_name(int err) {
  const struct err_row *row = err_find(err);

  return err == 0 ? "0" : row ? row->name : "QUIC_ERR_UNKNOWN";
}

const char *quic_err_text(int err) {
  const struct err_row *row = err_find(err);

  return err == 0 ? "success" : row ? row->text : "unknown error";
}

bool quic_err_fatal(int err) {
  const struct err_row *row = err_find(err);

  return row && row->fatal;
}
