/* Records of any event.  The input is an octet about the trace, a name up to
   the line's end, and the data.  Memory stays in proportion, and what the
   writer makes of the event is read as the same event. */

#include "tests/fuzz/fuzz.h"
#include "tests/support/failmem.h"
#include "tests/support/qlogback.h"

#define FUZZ_MEMORY_BASE ((size_t)1 << 20)
#define FUZZ_MEMORY_FACTOR 64 /* octets for each of the input */

typedef struct fuzz_world {
  qlogback back;
  qlog_convert *convert; /* the one under test */
  failmem fm;
} fuzz_world;

static fuzz_world *fuzz_open(void) {
  static fuzz_world world;

  if (!world.convert) {
    qlogback_init(&world.back, false);
    failmem_init(&world.fm);
    if (qlog_convert_new(&world.convert, &world.fm.mem) != 0) {
      abort();
    }
  }
  return &world;
}

/* fuzz_round writes |e| and reads that as |got|; returns the record. */
static uint8_t *fuzz_round(fuzz_world *w, const qlog_event *e, qlog_event *got,
                           quic_bytes *record) {
  uint8_t *text;

  *record = qlogback_write(&w->back, e);
  record->data = text = fuzz_copy(*record);
  FUZZ_CHECK(qlogback_convert(&w->back, qlogback_member(*record, "name"),
                              qlogback_member(*record, "data"), got) == 0);
  FUZZ_CHECK(got->type == e->type);
  got->time = e->time;
  return text;
}

/* fuzz_again writes and reads |e| until it should stay the same: only the first
   time the order of settings, or what a record has no room for, may change. */
static void fuzz_again(fuzz_world *w, const qlog_event *e) {
  quic_bytes first, second, third;
  qlog_event once, twice;
  uint8_t *texts[2];

  texts[0] = fuzz_round(w, e, &once, &first);
  texts[1] = fuzz_round(w, &once, &twice, &second);
  third = qlogback_write(&w->back, &twice);
  FUZZ_CHECK(quic_bytes_eq(second, third));
  free(texts[0]);
  free(texts[1]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  fuzz_world *w = fuzz_open();
  uint64_t repairs[QLOG_REPAIRS] = {0};
  qlog_convert_trace trace = {.repairs = repairs};
  qlog_convert_in in = {.trace = &trace};
  qlog_convert_error error = {NULL, 0};
  const uint8_t *end, *colon;
  uint8_t *copy;
  qlog_event e;
  int err;

  if (size < 1 || !(end = memchr(data + 1, '\n', size - 1))) {
    return 0;
  }
  trace.microseconds = data[0] & 1;
  trace.rows = data[0] & 2;
  trace.prespec = data[0] & 4;
  in.trigger = data[0] & 8    ? quic_bytes_of("line", 4)
               : data[0] & 16 ? quic_bytes_of("PACKET_RX", 9)
                              : quic_bytes_of(NULL, 0);
  in.name = quic_bytes_of(data + 1, (size_t)(end - data - 1));
  colon = memchr(in.name.data, ':', in.name.len);
  if (colon) {
    in.space = quic_bytes_of(in.name.data, (size_t)(colon - in.name.data));
    in.name.len -= in.space.len + 1;
    in.name.data = colon + 1;
  }
  in.data = quic_bytes_of(end + 1, size - (size_t)(end + 1 - data));
  in.data.data = copy = fuzz_copy(in.data);
  qlog_event_init(&e, QLOG_LOG_INFO, 0);
  err = qlog_convert_event(w->convert, &in, &e, &error);
  FUZZ_CHECK(err == 0 || err == QUIC_ERR_UNSUPPORTED ||
             err == QUIC_ERR_MALFORMED);
  FUZZ_CHECK(w->fm.bytes <=
             FUZZ_MEMORY_BASE + FUZZ_MEMORY_FACTOR * in.data.len);
  free(copy); /* events borrow nothing from it */
  if (err == QUIC_ERR_MALFORMED) {
    FUZZ_CHECK(error.why && error.at <= in.data.len);
  } else if (err == 0) {
    fuzz_again(w, &e);
  }
  qlog_convert_release(w->convert);
  return 0;
}
