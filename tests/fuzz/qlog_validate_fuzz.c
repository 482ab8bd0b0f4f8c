/* Records and heads against the schema.  The input is an octet that says what
   it is, a record of which event or a head of which layout, and its text. */

#include "qlog/validate.h"
#include "tests/fuzz/fuzz.h"

/* A value costs the work of looking at it, and that of its fields. */
#define FUZZ_VIOLATIONS 16 /* for each octet, at most */

typedef struct fuzz_told {
  quic_bytes text;
  size_t count;
} fuzz_told;

static void fuzz_on(void *user, const qlog_violation *v) {
  fuzz_told *t = user;

  FUZZ_CHECK(v->rule < QLOG_RULES);
  FUZZ_CHECK(v->at <= t->text.len);
  FUZZ_CHECK(strlen(v->path) < QLOG_PATH_MAX);
  FUZZ_CHECK(strlen(v->wants) < QLOG_WANTS_MAX);
  FUZZ_CHECK(strlen(v->event) < QLOG_PATH_MAX);
  FUZZ_CHECK(++t->count <= FUZZ_VIOLATIONS * (t->text.len + 1));
}

static void fuzz_record(fuzz_told *told, unsigned type) {
  qlog_record record = {.text = told->text};
  quic_bytes time;
  qlog_event e;

  if (type < QLOG_EVENT_TYPES) {
    qlog_event_init(&e, (qlog_event_type)type, 0);
    record.event = &e;
    record.space = quic_bytes_of("quic", 4);
  } else {
    record.name = told->text;
  }
  qlog_validate_record(&record, fuzz_on, told, &time);
  FUZZ_CHECK(time.len <= told->text.len);
}

static void fuzz_head(fuzz_told *told, unsigned layout) {
  const qlog_validate_head_in in = {
      .layout = (qlog_layout)layout, .version = told->text, .head = told->text};

  qlog_validate_head(&in, fuzz_on, told);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  fuzz_told told = {{NULL, 0}, 0};
  uint8_t *copy;

  if (size < 1) {
    return 0;
  }
  copy = fuzz_copy(quic_bytes_of(data + 1, size - 1));
  told.text = quic_bytes_of(copy, size - 1);
  if (data[0] < 128) {
    fuzz_record(&told, data[0]);
  } else {
    fuzz_head(&told, data[0] % QLOG_LAYOUTS);
  }
  free(copy);
  return 0;
}
