/* --har: requests and responses as HTTP Archive 1.2.  Entries are told when
   they end and written in the order in which they began, as far as that can be
   had in the memory of HAR_SORT_MAX. */

#include "pcap/out_har.h"

#include <errno.h>

#include "base/map.h"
#include "pcap/export.h"
#include "cli/outfile.h"

#define HAR_BODY_MAX (4u << 20)    /* octets kept of the content of a message */
#define HAR_BODIES_MAX (64u << 20) /* of all that are not over */
#define HAR_SORT_MAX (16u << 20)   /* octets of entries that wait for others */
#define HAR_PIECE 4096             /* octets written in one go */

/* The content of both messages of a request. */
typedef struct har_bodies {
  har_body side[QD_SIDES];
} har_bodies;

/* An entry that is over. */
typedef struct har_done {
  const quic_mem *mem;
  quic_time start;
  uint64_t number;
  char *text;
  size_t len, cap;
  bool failed; /* there was no memory for all of it */
} har_done;

typedef struct out_har {
  qd_output base;
  qd_output_settings settings;
  const char *path;
  cli_outfile *file; /* NULL before the first event, and when it failed */
  quic_map bodies;   /* request number -> har_bodies */
  size_t bodies_held;
  har_done *heap; /* earliest first */
  size_t len, cap;
  size_t sort_held;
  uint64_t written;
  har_entry entry; /* in the making */
} out_har;

static void har_fail(out_har *o, int error) {
  if (!o->base.error) {
    o->base.error = error;
    qd_export_name(&o->base, o->path);
  }
}

/* The file. */

static void har_head(out_har *o, quic_text *t) {
  qlog_json j;

  qlog_json_init(&j, t);
  qlog_json_object(&j);
  qlog_json_key(&j, "log");
  qlog_json_object(&j);
  qlog_json_key_str(&j, "version", "1.2");
  qlog_json_key(&j, "creator");
  qlog_json_object(&j);
  qlog_json_key_str(&j, "name", "h3kit quicdump");
  qlog_json_key_str(&j, "version", H3KIT_VERSION);
  qlog_json_object_end(&j);
  /* Optional, but there are readers that look for the page of each entry. */
  qlog_json_key(&j, "pages");
  qlog_json_array(&j);
  qlog_json_object(&j);
  qlog_json_key(&j, "startedDateTime");
  qlog_json_date(&j, o->base.start);
  qlog_json_key_str(&j, "id", "capture");
  qlog_json_key_str(&j, "title",
                    o->settings.capture ? o->settings.capture : "");
  qlog_json_key(&j, "pageTimings");
  qlog_json_object(&j);
  qlog_json_object_end(&j);
  qlog_json_object_end(&j);
  qlog_json_array_end(&j);
  qlog_json_key(&j, "entries");
  qlog_json_array(&j);
}

/* har_text returns where to write, the head being written; NULL when that
   failed. */
static quic_text *har_text(out_har *o) {
  quic_text *t;
  int error;

  if (o->base.error) {
    return NULL;
  }
  if (o->file) {
    return cli_outfile_text(o->file);
  }
  error = cli_outfile_new(&o->file, o->settings.mem, o->path, true);
  if (error) {
    har_fail(o, error);
    return NULL;
  }
  t = cli_outfile_text(o->file);
  if (t) {
    har_head(o, t);
  }
  return t;
}

/* har_on_event opens the file with the first event, not when the output is
   made: a live capture gives up its privileges between the two. */
static void har_on_event(qd_output *out, struct qd_trace *tr,
                         const qlog_event *e) {
  (void)tr;
  (void)e;
  (void)har_text((out_har *)(void *)out);
  out->event = NULL;
}

/* Order. */

static bool har_before(const har_done *a, const har_done *b) {
  return a->start != b->start ? a->start < b->start : a->number < b->number;
}

static void har_swap(har_done *a, har_done *b) {
  har_done swap = *a;

  *a = *b;
  *b = swap;
}

static int har_push(out_har *o, const har_done *done) {
  void *heap = o->heap;
  size_t i = o->len;

  if (quic_mem_grow(o->settings.mem, &heap, &o->cap, o->len + 1,
                    sizeof(*o->heap)) != 0) {
    return QUIC_ERR_NOMEM;
  }
  o->heap = heap;
  o->heap[o->len++] = *done;
  o->sort_held += done->len;
  for (; i > 0 && har_before(&o->heap[i], &o->heap[(i - 1) / 2]);
       i = (i - 1) / 2) {
    har_swap(&o->heap[i], &o->heap[(i - 1) / 2]);
  }
  return 0;
}

static har_done har_pop(out_har *o) {
  har_done first = o->heap[0];
  size_t i = 0;

  o->heap[0] = o->heap[--o->len];
  o->sort_held -= first.len;
  for (;;) {
    size_t least = i;

    for (size_t child = 2 * i + 1; child <= 2 * i + 2 && child < o->len;
         child++) {
      least = har_before(&o->heap[child], &o->heap[least]) ? child : least;
    }
    if (least == i) {
      return first;
    }
    har_swap(&o->heap[i], &o->heap[least]);
    i = least;
  }
}

/* har_write_first writes the earliest of the entries that wait. */
static void har_write_first(out_har *o) {
  har_done done = har_pop(o);
  quic_text *t = har_text(o);

  if (t) {
    quic_text_str(t, o->written ? ",\n" : "\n");
    quic_text_mem(t, done.text, done.len);
    o->written++;
  }
  quic_mem_free(o->settings.mem, done.text);
}

/* Content. */

static har_bodies *har_bodies_of(out_har *o, const qd_request *rq) {
  quic_bytes key = quic_bytes_of(&rq->number, sizeof(rq->number));
  har_bodies *bs = quic_map_get(&o->bodies, key);

  if (bs) {
    return bs;
  }
  bs = quic_mem_zalloc(o->settings.mem, sizeof(*bs));
  if (bs && quic_map_put(&o->bodies, key, bs) != 0) {
    quic_mem_free(o->settings.mem, bs);
    return NULL;
  }
  return bs;
}

static void har_keep(out_har *o, har_body *b, quic_bytes data) {
  size_t room = HAR_BODY_MAX - b->len;
  size_t all = HAR_BODIES_MAX - o->bodies_held;
  size_t take = data.len < room ? data.len : room;
  void *octets = b->data;

  take = take < all ? take : all;
  b->cut = take < data.len;
  if (take &&
      quic_mem_grow(o->settings.mem, &octets, &b->cap, b->len + take, 1) != 0) {
    b->cut = true;
    return;
  }
  b->data = octets;
  if (take) {
    memcpy(b->data + b->len, data.data, take);
    b->len += take;
    o->bodies_held += take;
  }
}

static void har_on_body(qd_output *out, struct qd_trace *tr,
                        struct qd_request *rq, qd_side side, quic_bytes data) {
  out_har *o = (out_har *)(void *)out;
  har_bodies *bs = har_bodies_of(o, rq);
  har_body *b = bs ? &bs->side[side] : NULL;

  (void)tr;
  if (!b || b->cut) {
    return;
  }
  /* What is counted but did not come here is a hole. */
  if (rq->side[side].body != b->len + data.len) {
    b->cut = true;
    return;
  }
  har_keep(o, b, data);
}

static void har_bodies_del(out_har *o, har_bodies *bs) {
  for (int side = 0; bs && side < QD_SIDES; side++) {
    o->bodies_held -= bs->side[side].len;
    quic_mem_free(o->settings.mem, bs->side[side].data);
  }
  quic_mem_free(o->settings.mem, bs);
}

/* Entries. */

static void har_grow(void *user, const char *data, size_t len) {
  har_done *done = user;
  void *text = done->text;

  if (done->failed ||
      quic_mem_grow(done->mem, &text, &done->cap, done->len + len, 1) != 0) {
    done->failed = true;
    return;
  }
  done->text = text;
  memcpy(done->text + done->len, data, len);
  done->len += len;
}

static void har_make(out_har *o, const qd_trace *tr, const qd_request *rq,
                     const har_bodies *bs, har_done *done) {
  har_entry *e = &o->entry;
  char piece[HAR_PIECE];
  quic_text t;

  quic_text_init(&t, piece, sizeof(piece));
  t.flush = har_grow;
  t.user = done;
  qlog_json_init(&e->j, &t);
  e->trace = tr;
  e->request = rq;
  e->bodies = o->base.body != NULL;
  for (int side = 0; side < QD_SIDES; side++) {
    e->body[side] = bs && rq->side[side].body ? &bs->side[side] : NULL;
  }
  e->start = done->start;
  har_entry_write(e);
  quic_text_flush(&t);
}

/* har_on_request makes an entry of a request that is over.  Only HTTP goes into
   an HTTP archive. */
static void har_on_request(qd_output *out, struct qd_trace *tr,
                           struct qd_request *rq) {
  out_har *o = (out_har *)(void *)out;
  har_done done = {.mem = o->settings.mem,
                   .start = har_entry_start(rq),
                   .number = rq->number};
  har_bodies *bs = quic_map_remove(
      &o->bodies, quic_bytes_of(&rq->number, sizeof(rq->number)));

  if (!o->base.error &&
      (strcmp(rq->protocol, "h3") == 0 || strcmp(rq->protocol, "hq") == 0)) {
    har_make(o, tr, rq, bs, &done);
    if (done.failed || har_push(o, &done) != 0) {
      har_fail(o, ENOMEM);
      quic_mem_free(o->settings.mem, done.text);
    }
  }
  har_bodies_del(o, bs);
  while (o->sort_held > HAR_SORT_MAX) {
    har_write_first(o);
  }
}

static void har_finish(qd_output *out) {
  out_har *o = (out_har *)(void *)out;
  quic_text *t = har_text(o);
  int error;

  while (o->len) {
    har_write_first(o);
  }
  if (!t || o->base.error) {
    return;
  }
  quic_text_str(t, "\n]}}\n");
  error = cli_outfile_commit(o->file);
  if (error) {
    har_fail(o, error);
  } else {
    qd_export_note(out, "%s: %llu request%s", o->path,
                   (unsigned long long)o->written, o->written == 1 ? "" : "s");
  }
}

static void har_free_bodies(void *user, quic_bytes key, void *value) {
  (void)key;
  har_bodies_del(user, value);
}

static void har_del(qd_output *out) {
  out_har *o = (out_har *)(void *)out;

  quic_map_each(&o->bodies, har_free_bodies, o);
  quic_map_free(&o->bodies);
  for (size_t i = 0; i < o->len; i++) {
    quic_mem_free(o->settings.mem, o->heap[i].text);
  }
  quic_mem_free(o->settings.mem, o->heap);
  cli_outfile_del(o->file);
  quic_mem_free(o->settings.mem, o);
}

int qd_output_har_new(qd_output **out, const qd_output_settings *settings,
                      const char *path, bool bodies) {
  static const uint64_t seed[2] = {0, 0}; /* keys count up from 1 */
  out_har *o = quic_mem_zalloc(settings->mem, sizeof(*o));

  *out = NULL;
  if (!o) {
    return QUIC_ERR_NOMEM;
  }
  o->base.event = har_on_event;
  o->base.request = har_on_request;
  o->base.body = bodies ? har_on_body : NULL;
  o->base.finish = har_finish;
  o->base.del = har_del;
  o->settings = *settings;
  o->path = path;
  quic_map_init(&o->bodies, settings->mem, seed);
  *out = &o->base;
  return 0;
}
