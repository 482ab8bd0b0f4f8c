/* Makes a long qlog out of a short one:

     qlogbulk SEQUENCE OUT MEGABYTES

   SEQUENCE is a JSON text sequence, such as loggen writes.  What follows the
   handshake is written again and again, with times, packet numbers and streams
   that go on where those before ended, up to the size; the end of the
   connection is left out. */

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BULK_RS 0x1e

typedef enum bulk_kind {
  BULK_TIME,
  BULK_NUMBER,
  BULK_STREAM,
  BULK_KINDS
} bulk_kind;

/* Members whose numbers go on; of a list all of them, up to its end. */
static const struct {
  const char *key;
  bulk_kind kind;
  const char *end;
} bulk_members[] = {
    {"\"time\":", BULK_TIME, NULL},
    {"\"packet_number\":", BULK_NUMBER, NULL},
    {"\"acked_ranges\":", BULK_NUMBER, "]]"},
    {"\"stream_id\":", BULK_STREAM, NULL},
};

#define BULK_MEMBERS (sizeof(bulk_members) / sizeof(bulk_members[0]))

/* Records that are there once. */
static const char *const bulk_once[] = {
    "\"initial\"",       "\"handshake\"",   "connection_close",
    "connection_state",  "parameters_set",  "connection_started",
    "connection_closed", "key_updated",     "key_discarded",
    "_information",      "stream_type_set", "\"settings\"",
};

typedef struct bulk_record {
  char *text; /* NUL behind it */
  bool again;
} bulk_record;

typedef struct bulk {
  char *text;
  bulk_record *records;
  size_t len;
  uint64_t least[BULK_KINDS], most[BULK_KINDS];
  uint64_t add[BULK_KINDS];
  FILE *out;
  uint64_t written;
} bulk;

static void bulk_fail(const char *what) {
  fprintf(stderr, "qlogbulk: %s: %s\n", what, strerror(errno));
  exit(2);
}

static void bulk_load(bulk *b, const char *path) {
  FILE *f = fopen(path, "rb");
  long size = 0;

  if (!f || fseek(f, 0, SEEK_END) != 0 || (size = ftell(f)) < 1) {
    bulk_fail(path);
  }
  rewind(f);
  b->text = malloc((size_t)size + 1);
  b->records = calloc((size_t)size, sizeof(*b->records));
  if (!b->text || !b->records ||
      fread(b->text, 1, (size_t)size, f) != (size_t)size) {
    bulk_fail(path);
  }
  b->text[size] = '\0';
  fclose(f);
}

/* bulk_cut ends each record where the next begins. */
static void bulk_cut(bulk *b) {
  bool app = false;

  for (char *p = strchr(b->text, BULK_RS); p;) {
    bulk_record *r = &b->records[b->len++];

    r->text = p + 1;
    p = strchr(p + 1, BULK_RS);
    if (p) {
      *p = '\0';
    }
    app = app || (strstr(r->text, "\"1RTT\"") && strstr(r->text, "_sent"));
    r->again = app;
    for (size_t i = 0; i < sizeof(bulk_once) / sizeof(bulk_once[0]); i++) {
      r->again = r->again && !strstr(r->text, bulk_once[i]);
    }
  }
}

/* bulk_next returns the next number of |kind| from |p| on, NULL when the record
   has no more.  |*member| tells the list that it is in. */
static char *bulk_next(char *p, size_t *member) {
  while (*p) {
    if (*member < BULK_MEMBERS) { /* in a list */
      const char *end = bulk_members[*member].end;

      if (*p >= '0' && *p <= '9') {
        return p;
      }
      if (strncmp(p, end, strlen(end)) == 0) {
        *member = BULK_MEMBERS;
      }
      p++;
      continue;
    }
    p = strchr(p, '"');
    if (!p) {
      return NULL;
    }
    for (size_t i = 0; i < BULK_MEMBERS; i++) {
      size_t n = strlen(bulk_members[i].key);

      if (strncmp(p, bulk_members[i].key, n) == 0 &&
          (bulk_members[i].end || (p[n] >= '0' && p[n] <= '9'))) {
        *member = i;
        if (!bulk_members[i].end) {
          return p + n;
        }
        p += n - 1;
        break;
      }
    }
    p++;
  }
  return NULL;
}

/* bulk_numbers hands each number of |r| that goes on to |fn|, and what is
   between to |between|, either of which may be NULL. */
static void bulk_numbers(bulk *b, const bulk_record *r,
                         void (*fn)(bulk *, bulk_kind, uint64_t),
                         void (*between)(bulk *, const char *, size_t)) {
  size_t member = BULK_MEMBERS;
  char *from = r->text, *p = from;

  while ((p = bulk_next(p, &member)) != NULL) {
    bulk_kind kind = bulk_members[member].kind;
    char *end;
    uint64_t v = strtoull(p, &end, 10);

    if (between) {
      between(b, from, (size_t)(p - from));
    }
    fn(b, kind, v);
    from = p = end;
    if (!bulk_members[member].end) {
      member = BULK_MEMBERS;
    }
  }
  if (between) {
    between(b, from, strlen(from));
  }
}

static void bulk_measure(bulk *b, bulk_kind kind, uint64_t v) {
  b->least[kind] = v < b->least[kind] ? v : b->least[kind];
  b->most[kind] = v > b->most[kind] ? v : b->most[kind];
}

static void bulk_put(bulk *b, const char *text, size_t n) {
  if (fwrite(text, 1, n, b->out) != n) {
    bulk_fail("write");
  }
  b->written += n;
}

static void bulk_shift(bulk *b, bulk_kind kind, uint64_t v) {
  char text[24];
  int n = snprintf(text, sizeof(text), "%" PRIu64, v + b->add[kind]);

  bulk_put(b, text, (size_t)n);
}

static void bulk_write(bulk *b, const bulk_record *r) {
  static const char separator = BULK_RS;

  bulk_put(b, &separator, 1);
  bulk_numbers(b, r, bulk_shift, bulk_put);
}

static bool bulk_repeat(bulk *b, uint64_t size) {
  uint64_t before = b->written;

  for (size_t i = 0; i < b->len && b->written < size; i++) {
    if (b->records[i].again) {
      bulk_write(b, &b->records[i]);
    }
  }
  b->add[BULK_TIME] += b->most[BULK_TIME] - b->least[BULK_TIME] + 1;
  b->add[BULK_NUMBER] += b->most[BULK_NUMBER] + 1;
  b->add[BULK_STREAM] += (b->most[BULK_STREAM] + 4) & ~(uint64_t)3;
  return b->written > before;
}

int main(int argc, char **argv) {
  uint64_t size = argc == 4 ? strtoull(argv[3], NULL, 10) * 1000000 : 0;
  bulk b = {.least = {UINT64_MAX, UINT64_MAX, UINT64_MAX}};

  if (size == 0) {
    fprintf(stderr, "usage: qlogbulk SEQUENCE OUT MEGABYTES\n");
    return 64;
  }
  bulk_load(&b, argv[1]);
  bulk_cut(&b);
  b.out = fopen(argv[2], "wb");
  if (!b.out) {
    bulk_fail(argv[2]);
  }
  for (size_t i = 0; i < b.len; i++) {
    if (b.records[i].again) {
      bulk_numbers(&b, &b.records[i], bulk_measure, NULL);
    } else if (!strstr(b.records[i].text, "connection_close")) {
      bulk_write(&b, &b.records[i]);
    }
  }
  while (b.written < size && bulk_repeat(&b, size)) {
  }
  if (fclose(b.out) != 0) {
    bulk_fail(argv[2]);
  }
  free(b.records);
  free(b.text);
  return b.written < size;
}
