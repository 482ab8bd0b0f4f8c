/* What qlogview writes of any octets.  The first one chooses: converted, in the
   old format, anonymised, or a slice.  What is converted can be read, and
   converted again it is the same. */

#include "qlog/token.h"
#include "tests/fuzz/fuzz.h"
#include "tests/support/exported.h"

enum { FUZZ_CONVERT, FUZZ_COMPAT, FUZZ_ANONYMISE, FUZZ_SLICE, FUZZ_MODES };

/* fuzz_plain: only ASCII without escapes.  Names are kept up to some octets,
   and others have another length each time that they are written and read. */
static bool fuzz_plain(const exported *e) {
  for (size_t i = 0; i < e->len; i++) {
    if ((unsigned char)e->text[i] >= 0x80 || e->text[i] == '\\') {
      return false;
    }
  }
  return true;
}

static void fuzz_again(const exported *once, const qv_options *opt) {
  exported twice;

  if (!fuzz_plain(once) || !strstr(once->text, "{\"time\":")) {
    return; /* a head alone may be no qlog */
  }
  exported_run(&twice, quic_mem_default(), opt, once->text, once->len);
  FUZZ_CHECK(twice.status == 0);
  FUZZ_CHECK(twice.len == once->len);
  FUZZ_CHECK(memcmp(twice.text, once->text, once->len) == 0);
  exported_free(&twice);
}

/* fuzz_json: one JSON text without loose commas. */
static bool fuzz_json(const char *text, size_t len) {
  qlog_tokens t;

  qlog_tokens_init(&t, quic_bytes_of(text, len));
  return qlog_tokens_skip(&t, qlog_tokens_next(&t), NULL) &&
         qlog_tokens_next(&t) == QLOG_TOKEN_END && t.loose == 0;
}

/* fuzz_records checks that each line is a record. */
static void fuzz_records(const exported *e) {
  const char *p = e->text, *end = p + e->len;

  while (p < end) {
    const char *lf = memchr(p, '\n', (size_t)(end - p));

    FUZZ_CHECK(*p == '\x1e' && lf);
    FUZZ_CHECK(fuzz_json(p + 1, (size_t)(lf - p - 1)));
    p = lf + 1;
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  qv_options opt = {.mode = QV_CONVERT, .quiet = true, .to = QUIC_TIME_NEVER};
  exported e;
  unsigned mode;

  if (size == 0) {
    return 0;
  }
  mode = data[0] % FUZZ_MODES;
  opt.compat = mode == FUZZ_COMPAT;
  opt.anonymise = mode == FUZZ_ANONYMISE;
  opt.slice = mode == FUZZ_SLICE;
  opt.window = opt.slice;
  opt.from = opt.slice ? QUIC_MILLISECOND : 0;
  exported_run(&e, quic_mem_default(), &opt, (const char *)data + 1, size - 1);
  if (e.status == 0) {
    if (mode == FUZZ_CONVERT || mode == FUZZ_ANONYMISE) {
      fuzz_records(&e);
    } else if (mode == FUZZ_COMPAT) {
      FUZZ_CHECK(fuzz_json(e.text, e.len));
    }
    if (mode == FUZZ_CONVERT || mode == FUZZ_COMPAT) {
      fuzz_again(&e, &opt);
    }
  }
  exported_free(&e);
  return 0;
}
