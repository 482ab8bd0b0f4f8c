/* qpackcorpus CORPUS: the QPACK corpus through the library, beyond what
   qpackcat shows.  Prints TAP.

   Each encoded file: the encoder stream whole, octet by octet, and behind all
   sections gives the same.  Each QIF: what our encoder makes of it, under every
   setting and with feedback that comes at once, late or never, keeps the rules
   (tests/support/qpackcheck.h). */

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/map.h"
#include "base/reader.h"
#include "tests/support/qpackcheck.h"

static int number;

static void report(bool ok, const char *what, const char *why) {
  printf("%sok %d - %s\n", ok ? "" : "not ", ++number, what);
  if (!ok) {
    printf("# %s\n", why);
  }
}

static quic_bytes load(const char *path) {
  FILE *in = fopen(path, "rb");
  uint8_t *data = NULL;
  size_t len = 0, n;

  do {
    data = realloc(data, len + 65536);
    n = in && data ? fread(data + len, 1, 65536, in) : 0;
    len += n;
  } while (n);
  if (in) {
    (void)fclose(in);
  }
  return quic_bytes_of(data, len);
}

/* --- encoded files --- */

/* What a file gives: a sum over streams that does not know their order. */
typedef struct outcome {
  uint64_t sum;
  size_t sections;
  bool bad;
} outcome;

static void on_section(void *user, const qpack_section *s) {
  outcome *o = user;
  uint64_t seed[2] = {s->stream_id, 0};

  o->sections++;
  o->bad |= s->status != 0;
  for (size_t i = 0; i < s->nfields; i++) {
    seed[1] = quic_siphash(seed, s->fields[i].name);
    seed[0] = quic_siphash(seed, s->fields[i].value);
  }
  o->sum += seed[0];
}

/* pass feeds the encoder stream (|stream|) or the sections of a file. */
static void pass(qpack_decoder *dec, quic_bytes file, size_t piece, bool stream,
                 bool sections, outcome *o) {
  quic_reader rd;

  quic_reader_init(&rd, file.data, file.len);
  while (quic_reader_left(&rd)) {
    uint64_t id = quic_reader_u64(&rd);
    uint32_t len = quic_reader_u32(&rd);
    quic_bytes octets = quic_reader_bytes(&rd, len);

    for (size_t at = 0; id == 0 && stream && at < octets.len; at += piece) {
      size_t n = piece < octets.len - at ? piece : octets.len - at;

      o->bad |= qpack_decoder_encoder_stream(
                    dec, quic_bytes_of(octets.data + at, n)) != 0;
    }
    if (id && sections) {
      int rv = qpack_decoder_section(dec, id, octets, NULL);

      o->bad |= rv != 0 && rv != QUIC_ERR_AGAIN;
    }
  }
}

static outcome decode(quic_bytes file, uint64_t capacity, size_t piece,
                      bool sections_first) {
  static const qpack_decoder_callbacks callbacks = {on_section, NULL};
  qpack_decoder_settings settings = {.max_table_capacity = capacity,
                                     .initial_capacity = capacity,
                                     .max_blocked_streams = UINT64_MAX,
                                     .max_section_octets = 1 << 24,
                                     .max_held_octets = 1 << 28,
                                     .passive = true};
  outcome o = {0};
  qpack_decoder *dec;

  if (qpack_decoder_new(&dec, quic_mem_default(), &settings, &callbacks, &o)) {
    abort();
  }
  if (sections_first) {
    /* Only as long as no Required Insert Count wraps, §4.5.1.1. */
    pass(dec, file, piece, false, true, &o);
    pass(dec, file, piece, true, false, &o);
  } else {
    pass(dec, file, piece, true, true, &o);
  }
  o.bad |= qpack_decoder_blocked(dec) != 0;
  qpack_decoder_del(dec);
  return o;
}

static void encoded_file(const char *folder, const char *name) {
  const char *dot = strstr(name, ".out.");
  uint64_t capacity = dot ? strtoull(dot + 5, NULL, 10) : 0;
  char path[1024];
  quic_bytes file;
  outcome whole, octets;

  if (!dot) {
    return;
  }
  snprintf(path, sizeof(path), "%s/%s", folder, name);
  file = load(path);
  whole = decode(file, capacity, SIZE_MAX, false);
  octets = decode(file, capacity, 1, false);
  snprintf(path, sizeof(path), "%s in octets: %zu sections", name,
           whole.sections);
  report(whole.sections && !whole.bad && !octets.bad &&
             whole.sum == octets.sum && whole.sections == octets.sections,
         path, "differs from the whole");
  if (strncmp(name, "netbsd.out.4096", 15) == 0) {
    octets = decode(file, capacity, 1, true);
    snprintf(path, sizeof(path), "%s, all sections first", name);
    report(!octets.bad && whole.sum == octets.sum, path,
           "differs from the order of the file");
  }
  free((void *)(uintptr_t)file.data);
}

static void encoded(const char *corpus, const char *who) {
  char folder[512];
  struct dirent **names;
  int n;

  snprintf(folder, sizeof(folder), "%s/encoded/qpack-05/%s", corpus, who);
  n = scandir(folder, &names, NULL, alphasort);
  for (int i = 0; i < n; i++) {
    encoded_file(folder, names[i]->d_name);
    free(names[i]);
  }
  if (n >= 0) {
    free(names);
  }
}

/* --- QIFs --- */

#define FIELDS_MAX 256

/* When feedback comes. */
typedef enum timing { AT_ONCE, LATE, IN_BITS, NEVER, TIMINGS } timing;

static void send_list(qpackcheck *c, uint64_t id, const qpack_field *fields,
                      size_t n, timing when) {
  qpackcheck_send(c, id, fields, n, 1);
  switch (when) {
  case AT_ONCE:
    qpackcheck_feedback(c, SIZE_MAX);
    break;
  case LATE:
    if (id % 10 == 0) {
      qpackcheck_feedback(c, SIZE_MAX);
    }
    break;
  case IN_BITS:
    qpackcheck_feedback(c, 1);
    break;
  default:
    break;
  }
}

static void qif(const char *name, quic_bytes file, uint64_t capacity,
                uint64_t blocked, timing when) {
  static const char *const timings[] = {"at once", "late", "in bits", "never"};
  qpack_encoder_settings settings = {.max_table_capacity = capacity,
                                     .max_blocked_streams = blocked,
                                     .table_capacity = capacity};
  const uint8_t *p = file.data, *end = p + file.len;
  qpack_field fields[FIELDS_MAX];
  size_t n = 0;
  uint64_t id = 0;
  char what[256];
  qpackcheck c;

  qpackcheck_init(&c, &settings);
  while (p < end) {
    const uint8_t *stop = memchr(p, '\n', (size_t)(end - p)), *tab;

    stop = stop ? stop : end;
    tab = memchr(p, '\t', (size_t)(stop - p));
    if (stop == p && n) {
      send_list(&c, ++id, fields, n, when);
      n = 0;
    } else if (tab && *p != '#' && n < FIELDS_MAX) {
      memset(&fields[n], 0, sizeof(fields[n]));
      fields[n].name = quic_bytes_of(p, (size_t)(tab - p));
      fields[n++].value = quic_bytes_of(tab + 1, (size_t)(stop - tab - 1));
    }
    p = stop + (stop < end);
  }
  snprintf(what, sizeof(what),
           "%s, %d octets, %d blocked, feedback %s: %zu + %zu octets, %zu "
           "evictions, %zu sections at risk",
           name, (int)capacity, (int)blocked, timings[when], c.section_octets,
           c.stream_octets, c.dropped, c.blocking);
  report(!c.problem && id, what, c.problem ? c.problem : "no list");
  qpackcheck_free(&c);
}

int main(int argc, char **argv) {
  static const char *const qifs[] = {"fb-req", "fb-resp", "netbsd"};
  static const int capacities[] = {0, 256, 512, 4096, 65536};

  if (argc != 2) {
    fprintf(stderr, "usage: qpackcorpus CORPUS/qpack\n");
    return 64;
  }
  encoded(argv[1], "nghttp3");
  encoded(argv[1], "ls-qpack");
  for (size_t i = 0; i < sizeof(qifs) / sizeof(qifs[0]); i++) {
    char path[1024];
    quic_bytes file;

    snprintf(path, sizeof(path), "%s/qifs/%s.qif", argv[1], qifs[i]);
    file = load(path);
    for (size_t j = 0; j < sizeof(capacities) / sizeof(capacities[0]); j++) {
      for (int when = AT_ONCE; when < (int)TIMINGS; when++) {
        qif(qifs[i], file, (uint64_t)capacities[j], 0, (timing)when);
        qif(qifs[i], file, (uint64_t)capacities[j], 5, (timing)when);
        qif(qifs[i], file, (uint64_t)capacities[j], 100, (timing)when);
      }
    }
    free((void *)(uintptr_t)file.data);
  }
  printf("1..%d\n", number);
  return 0;
}
