/* Logs of any layout.  The first octet chooses the pieces in which the file
   comes: they must not matter. */

#include "base/rng.h"
#include "qlog/reader.h"
#include "tests/fuzz/fuzz.h"

#define READER_RECORD_MAX 512 /* so that some are larger */

typedef struct reader_world {
  quic_bytes file;
  qlog_reader *reader;
  uint64_t sum; /* of all that was told */
  uint64_t events, unknown, bad;
  uint32_t traces;
  uint64_t number;
  quic_time last; /* of a file without groups */
  uint32_t trace;
} reader_world;

static void reader_add(reader_world *w, uint64_t v) {
  w->sum = (w->sum ^ v) * UINT64_C(0x100000001b3);
}

static void reader_trace_told(void *user, const qlog_trace *t) {
  reader_world *w = user;

  FUZZ_CHECK(t->again ? t->index < w->traces : t->index == w->traces);
  FUZZ_CHECK(t->layout < QLOG_LAYOUTS);
  w->traces += !t->again;
  reader_add(w, t->index);
  reader_add(w, t->reference ^ t->wall_clock);
  reader_add(w, fuzz_sum(t->title) ^ fuzz_sum(t->group));
  reader_add(w, fuzz_sum(t->head));
}

/* reader_place: a record is what stands at its place in the file. */
static void reader_place(const reader_world *w, uint64_t offset,
                         quic_bytes text) {
  FUZZ_CHECK(offset <= w->file.len && text.len <= w->file.len - offset);
  if (text.len) {
    FUZZ_CHECK(memcmp(w->file.data + offset, text.data, text.len) == 0);
  }
}

static void reader_record_told(void *user, const qlog_record *r) {
  reader_world *w = user;

  FUZZ_CHECK(r->number > w->number && r->trace + 1 == w->traces);
  FUZZ_CHECK(r->text.len > 0 && r->text.len <= READER_RECORD_MAX);
  FUZZ_CHECK(r->name.len > 0);
  reader_place(w, r->offset, r->text);
  if (r->trace != w->trace) {
    w->last = 0;
    w->trace = r->trace;
  }
  if (r->group.len == 0) {
    FUZZ_CHECK(r->time >= w->last);
    w->last = r->time;
  }
  if (r->event) {
    FUZZ_CHECK(r->event->time == r->time && r->event->record == r->number);
    FUZZ_CHECK(r->event->type < QLOG_EVENT_TYPES);
    reader_add(w, r->event->type);
    w->events++;
  } else {
    w->unknown++;
  }
  w->number = r->number;
  reader_add(w, r->time);
  reader_add(w, fuzz_sum(r->space) ^ fuzz_sum(r->group));
}

static void reader_bad_told(void *user, const qlog_bad *bad) {
  reader_world *w = user;

  FUZZ_CHECK(bad->number > w->number && bad->why && bad->at <= bad->text.len);
  reader_place(w, bad->offset, bad->text);
  w->number = bad->number;
  w->bad++;
  reader_add(w, bad->offset ^ fuzz_sum(bad->text));
}

static const qlog_reader_ops reader_ops = {reader_trace_told,
                                           reader_record_told, reader_bad_told};

/* reader_run reads |w->file| in pieces of up to |most| octets. */
static int reader_run(reader_world *w, uint64_t most) {
  qlog_reader_settings set = {.record_max = READER_RECORD_MAX, .seed = {7, 8}};
  const qlog_reader_stats *s;
  quic_rng rng;
  int rv;

  quic_rng_init(&rng, most);
  if (qlog_reader_new(&w->reader, quic_mem_default(), &set, &reader_ops, w) !=
      0) {
    abort();
  }
  rv = 0;
  for (size_t pos = 0; rv == 0 && pos < w->file.len;) {
    size_t len = 1 + (size_t)quic_rng_below(&rng, most);
    uint8_t *copy;

    len = len < w->file.len - pos ? len : w->file.len - pos;
    copy = fuzz_copy(quic_bytes_of(w->file.data + pos, len));
    rv = qlog_reader_feed(w->reader, quic_bytes_of(copy, len));
    free(copy);
    pos += len;
  }
  if (rv == 0) {
    rv = qlog_reader_finish(w->reader);
  }
  s = qlog_reader_stats_of(w->reader);
  FUZZ_CHECK(rv == 0 || rv == QUIC_ERR_SHORT || rv == QUIC_ERR_UNSUPPORTED);
  FUZZ_CHECK((rv == QUIC_ERR_UNSUPPORTED) == !!qlog_reader_problem(w->reader));
  FUZZ_CHECK(s->events == w->events && s->unknown == w->unknown);
  FUZZ_CHECK(s->bad == w->bad);
  FUZZ_CHECK(s->events + s->unknown + s->bad <= s->records);
  for (int i = 0; i < QLOG_REPAIRS; i++) {
    reader_add(w, s->repairs[i]);
  }
  reader_add(w, (uint64_t)rv);
  qlog_reader_del(w->reader);
  return rv;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  reader_world whole = {0}, pieces = {0};

  if (size == 0) {
    return 0;
  }
  whole.file = pieces.file = quic_bytes_of(data + 1, size - 1);
  FUZZ_CHECK(reader_run(&whole, UINT32_MAX) ==
             reader_run(&pieces, 1 + (uint64_t)data[0] % 64));
  FUZZ_CHECK(whole.sum == pieces.sum);
  return 0;
}
