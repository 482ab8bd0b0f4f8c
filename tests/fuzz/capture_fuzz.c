/* Capture files in windows of any size.  The first two octets choose how the
   windows grow, the rest is the file.  Three readers go side by side: one gets
   all that is left at once, one gets windows, one skips as a scan for secrets
   does.  They must agree. */

#include "base/reader.h"
#include "base/rng.h"
#include "capture/reader.h"
#include "tests/fuzz/fuzz.h"

typedef struct capture_step {
  int rv;
  size_t used;
  quic_capture_record rec;
  size_t data_offset; /* of rec.data in the file */
} capture_step;

static void capture_next(quic_capture_reader *cr, quic_bytes window, bool last,
                         size_t pos, size_t *need, capture_step *step) {
  quic_capture_record *rec = &step->rec;

  step->rv = quic_capture_reader_next(cr, window, last, &step->used, need, rec);
  step->data_offset =
      rec->data.len ? pos + (size_t)(rec->data.data - window.data) : 0;
  FUZZ_CHECK(rec->offset == pos);
  FUZZ_CHECK(quic_capture_reader_offset(cr) == pos + step->used);
  if (step->rv != QUIC_ERR_AGAIN && step->rv != QUIC_ERR_SHORT) {
    FUZZ_CHECK(step->used <= window.len);
  } else {
    FUZZ_CHECK(step->used == 0);
  }
  if (step->rv == QUIC_ERR_AGAIN) {
    FUZZ_CHECK(!last && *need > window.len);
  }
  if (step->rv != 0) {
    return;
  }
  FUZZ_CHECK(step->used > 0);
  FUZZ_CHECK(fuzz_inside(quic_bytes_of(window.data, step->used), rec->data));
  (void)fuzz_sum(rec->data);
  if (rec->kind == QUIC_CAPTURE_PACKET) {
    FUZZ_CHECK(rec->data.len <= rec->orig_len);
    FUZZ_CHECK(rec->data.len <= QUIC_CAPTURE_PACKET_MAX);
    FUZZ_CHECK(rec->has_time || rec->time == 0);
    FUZZ_CHECK(rec->time != QUIC_TIME_NEVER);
  }
}

/* capture_grow reads one record in windows that grow until it is there.  Each
   window is a block of its own. */
static void capture_grow(quic_capture_reader *cr, quic_bytes file, size_t pos,
                         quic_rng *rng, unsigned stride, capture_step *step) {
  size_t left = file.len - pos;
  size_t len = (size_t)quic_rng_below(rng, stride + 1);
  size_t need = 0;
  bool last = false;

  do {
    uint8_t *window;

    len = len < left ? len : left;
    window = fuzz_copy(quic_bytes_of(file.data + pos, len));
    capture_next(cr, quic_bytes_of(window, len), last, pos, &need, step);
    free(window);
    if (len == left) {
      last = true; /* now the reader may know */
    }
    len += 1 + (size_t)quic_rng_below(rng, stride + 1);
    if (stride & 1 && len < need) {
      len = need;
    }
  } while (step->rv == QUIC_ERR_AGAIN);
}

static void capture_same(const capture_step *a, const capture_step *b) {
  const quic_capture_record *x = &a->rec, *y = &b->rec;

  FUZZ_CHECK(a->rv == b->rv);
  FUZZ_CHECK(a->used == b->used);
  if (a->rv != 0) {
    return;
  }
  FUZZ_CHECK(x->kind == y->kind);
  FUZZ_CHECK(x->data.len == y->data.len && a->data_offset == b->data_offset);
  FUZZ_CHECK(x->interface_id == y->interface_id);
  FUZZ_CHECK(x->linktype == y->linktype && x->orig_len == y->orig_len);
  FUZZ_CHECK(x->has_time == y->has_time && x->time == y->time);
  FUZZ_CHECK(x->secrets_type == y->secrets_type);
}

/* capture_scan moves |cr| over the record that |whole| describes, skipping it
   when that is allowed.  Returns false when the scan cannot follow. */
static bool capture_scan(quic_capture_reader *cr, quic_bytes rest, size_t pos,
                         const capture_step *whole) {
  size_t head = rest.len < 24 ? rest.len : 24;
  uint8_t *window = fuzz_copy(quic_bytes_of(rest.data, head));
  uint64_t len = quic_capture_reader_skip(cr, quic_bytes_of(window, head));
  capture_step step;
  size_t need;

  free(window);
  if (len) {
    FUZZ_CHECK(whole->rec.kind != QUIC_CAPTURE_SECRETS);
    if (whole->used == 0) {
      return false;
    }
    FUZZ_CHECK(len == whole->used);
    quic_capture_reader_seek(cr, len);
    return true;
  }
  capture_next(cr, rest, true, pos, &need, &step);
  capture_same(whole, &step);
  return true;
}

static quic_capture_reader *capture_new(void) {
  quic_capture_reader *cr;

  if (quic_capture_reader_new(&cr, quic_mem_default()) != 0) {
    abort();
  }
  return cr;
}

static void capture_run(quic_bytes file, uint8_t seed, unsigned stride) {
  quic_capture_reader *whole = capture_new();
  quic_capture_reader *split = capture_new();
  quic_capture_reader *scan = capture_new();
  bool scanning = true;
  uint64_t number = 0;
  capture_step a, b;
  quic_rng rng;
  size_t pos = 0, need;

  quic_rng_init(&rng, seed);
  do {
    quic_bytes rest = quic_bytes_of(file.data + pos, file.len - pos);

    capture_next(whole, rest, true, pos, &need, &a);
    capture_grow(split, file, pos, &rng, stride, &b);
    capture_same(&a, &b);
    FUZZ_CHECK(a.rec.number == b.rec.number);
    if (a.rv != 0 && a.rv != QUIC_ERR_END) {
      FUZZ_CHECK(quic_capture_reader_problem(whole)[0] != '\0');
      FUZZ_CHECK(strcmp(quic_capture_reader_problem(whole),
                        quic_capture_reader_problem(split)) == 0);
    }
    if (a.rv == 0 && a.rec.kind == QUIC_CAPTURE_PACKET) {
      FUZZ_CHECK(a.rec.number == ++number);
    }
    FUZZ_CHECK(strcmp(quic_capture_reader_format(whole),
                      quic_capture_reader_format(split)) == 0);
    scanning = scanning && capture_scan(scan, rest, pos, &a);
    pos += a.used;
  } while (a.rv == 0 || (a.rv == QUIC_ERR_MALFORMED && a.used));
  quic_capture_reader_del(whole);
  quic_capture_reader_del(split);
  quic_capture_reader_del(scan);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  quic_reader rd;
  uint8_t seed, stride, *file;
  quic_bytes rest;

  quic_reader_init(&rd, data, size);
  seed = quic_reader_u8(&rd);
  stride = quic_reader_u8(&rd);
  rest = quic_reader_rest(&rd);
  file = fuzz_copy(rest);
  capture_run(quic_bytes_of(file, rest.len), seed, stride);
  free(file);
  return 0;
}
