/* qpackcat: QPACK at the command line, in the format of the offline interop:
   blocks of a 64-bit stream ID, a 32-bit length, and octets; stream 0 is the
   encoder stream, each other block one field section. */

#include <argp.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/reader.h"
#include "base/text.h"
#include "qpack/decoder.h"
#include "qpack/encoder.h"

enum { EXIT_ESCAPED = 1, EXIT_INPUT = 2, EXIT_USAGE = 64 };

typedef enum cat_mode { CAT_DECODE, CAT_ENCODE, CAT_DUMP, CAT_NONE } cat_mode;

/* Bounds of what one file may make us remember, octets. */
#define CAT_SECTION_MAX (16u << 20)
#define CAT_HELD_MAX (256u << 20)

/* What --stats tells. */
typedef struct cat_stats {
  uint64_t sections, blocked, fields;
  uint64_t decoded;        /* octets by RFC 9114 §4.2.2 */
  uint64_t text;           /* octets of names and values */
  uint64_t section_octets; /* encoded */
  uint64_t stream_octets;  /* of the encoder stream */
  uint64_t codings[QPACK_CODINGS];
  uint64_t insertions, duplicates;
  uint64_t huffman; /* strings in field lines that are Huffman code */
} cat_stats;

/* A decoded section, as text. */
typedef struct cat_list {
  uint64_t stream_id;
  size_t order;
  char *text;
  size_t len;
} cat_list;

typedef struct cat {
  cat_mode mode;
  const char *file;
  const char *output;
  uint64_t capacity, blocked, ack;
  bool capacity_given, blocked_given;
  bool strict, plain, stats_wanted;

  uint8_t *data; /* the whole input */
  size_t len;
  FILE *out;
  bool tty;
  bool escaped;       /* an octet was no QIF */
  bool bad;           /* a complaint was made */
  size_t block;       /* counted from 1 */
  size_t block_start; /* offset in the file */
  qpack_decoder *dec;
  cat_list *lists;
  size_t nlists, lists_cap;
  cat_stats stats;
} cat;

/* --- complaints --- */

static void cat_text_flush(void *user, const char *data, size_t len) {
  (void)fwrite(data, 1, len, user);
}

/* cat_complain prints one line, escaped for a terminal. */
static void cat_complain(const char *fmt, ...) QUIC_PRINTF(1, 2);

static void cat_complain(const char *fmt, ...) {
  char raw[1024], buf[1024];
  quic_text t;
  va_list ap;

  va_start(ap, fmt);
  vsnprintf(raw, sizeof(raw), fmt, ap);
  va_end(ap);
  quic_text_init(&t, buf, sizeof(buf));
  t.flush = cat_text_flush;
  t.user = stderr;
  quic_text_str(&t, "qpackcat: ");
  quic_text_untrusted(&t, quic_bytes_of(raw, strlen(raw)), 0);
  quic_text_char(&t, '\n');
  quic_text_flush(&t);
}

static void cat_die(const char *what) __attribute__((noreturn));

static void cat_die(const char *what) {
  cat_complain("%s", what);
  exit(EXIT_INPUT);
}

/* cat_refuse tells what is wrong with the current block. */
static void cat_refuse(cat *c, uint64_t stream_id, const qpack_error *err) {
  const char *name = qpack_error_name(err->code);

  c->bad = true;
  cat_complain("%s: block %zu at %zu, stream %" PRIu64 ", octet %" PRIu64
               ": %s%s%s (%s)",
               c->file, c->block, c->block_start, stream_id, err->offset,
               name ? name : "", name ? ": " : "", err->clause, err->section);
}

/* --- input and output --- */

static void *cat_grow(void *items, size_t *cap, size_t need, size_t size) {
  if (quic_mem_grow(quic_mem_default(), &items, cap, need, size) != 0) {
    cat_die("out of memory");
  }
  return items;
}

static void cat_read(cat *c) {
  bool standard = strcmp(c->file, "-") == 0;
  FILE *in = standard ? stdin : fopen(c->file, "rb");
  size_t cap = 0, n = 1;

  while (in && n) {
    c->data = cat_grow(c->data, &cap, c->len + 65536, 1);
    n = fread(c->data + c->len, 1, cap - c->len, in);
    c->len += n;
  }
  if (!in || ferror(in)) {
    cat_complain("%s: %s", c->file, strerror(errno));
    exit(EXIT_INPUT);
  }
  if (!standard) {
    (void)fclose(in);
  }
}

static void cat_open(cat *c) {
  c->out = c->output ? fopen(c->output, "wb") : stdout;
  if (!c->out) {
    cat_complain("%s: %s", c->output, strerror(errno));
    exit(EXIT_INPUT);
  }
  c->tty = isatty(fileno(c->out)) == 1;
}

static void cat_close(cat *c) {
  if (fflush(c->out) != 0 || ferror(c->out) ||
      (c->output && fclose(c->out) != 0)) {
    cat_complain("%s: %s", c->output ? c->output : "standard output",
                 strerror(errno));
    exit(EXIT_INPUT);
  }
}

/* --- decode --- */

typedef struct cat_text {
  char *data;
  size_t len, cap;
} cat_text;

static void cat_text_add(void *user, const char *data, size_t len) {
  cat_text *t = user;

  if (len) {
    t->data = cat_grow(t->data, &t->cap, t->len + len, 1);
    memcpy(t->data + t->len, data, len);
    t->len += len;
  }
}

/* cat_qif adds a name or value.  What a QIF cannot have is written as \xNN: a
   line feed, and in a name a tab, or a # that would begin a comment. */
static void cat_qif(cat *c, cat_text *to, quic_bytes b, bool name) {
  size_t from = 0;

  if (c->tty) {
    char buf[256];
    quic_text t;

    quic_text_init(&t, buf, sizeof(buf));
    t.flush = cat_text_add;
    t.user = to;
    quic_text_untrusted(&t, b, 0);
    quic_text_flush(&t);
    return;
  }
  for (size_t i = 0; i < b.len; i++) {
    uint8_t octet = b.data[i];
    char hex[5];

    if (octet == '\n' ||
        (name && (octet == '\t' || (octet == '#' && i == 0)))) {
      cat_text_add(to, (const char *)b.data + from, i - from);
      snprintf(hex, sizeof(hex), "\\x%02x", octet);
      cat_text_add(to, hex, 4);
      from = i + 1;
      c->escaped = true;
    }
  }
  if (b.len) {
    cat_text_add(to, (const char *)b.data + from, b.len - from);
  }
}

static void cat_keep(cat *c, const qpack_section *section) {
  cat_text text = {0};
  cat_list *list;

  for (size_t i = 0; i < section->nfields; i++) {
    cat_qif(c, &text, section->fields[i].name, true);
    cat_text_add(&text, "\t", 1);
    cat_qif(c, &text, section->fields[i].value, false);
    cat_text_add(&text, "\n", 1);
  }
  cat_text_add(&text, "\n", 1);
  c->lists = cat_grow(c->lists, &c->lists_cap, c->nlists + 1, sizeof(*list));
  list = &c->lists[c->nlists];
  list->stream_id = section->stream_id;
  list->order = c->nlists++;
  list->text = text.data;
  list->len = text.len;
}

static int cat_compare(const void *a, const void *b) {
  const cat_list *x = a, *y = b;

  if (x->stream_id != y->stream_id) {
    return x->stream_id < y->stream_id ? -1 : 1;
  }
  return x->order < y->order ? -1 : x->order > y->order;
}

static void cat_print_lists(cat *c) {
  if (c->nlists) {
    qsort(c->lists, c->nlists, sizeof(c->lists[0]), cat_compare);
  }
  for (size_t i = 0; i < c->nlists; i++) {
    (void)fwrite(c->lists[i].text, 1, c->lists[i].len, c->out);
  }
}

/* --- dump --- */

static void cat_dump_begin(cat *c, quic_text *t, char *buf, size_t len) {
  quic_text_init(t, buf, len);
  t->flush = cat_text_flush;
  t->user = c->out;
}

static void cat_dump_field(quic_text *t, quic_bytes name, bool huffman_name,
                           quic_bytes value, bool huffman_value) {
  quic_text_str(t, huffman_name ? " h" : " ");
  quic_text_quoted(t, name, 0);
  quic_text_str(t, huffman_value ? " = h" : " = ");
  quic_text_quoted(t, value, 0);
}

static void cat_dump_insertion(cat *c, const qpack_insertion *in) {
  const qpack_instruction *ins = in->instruction;
  char buf[512];
  quic_text t;

  cat_dump_begin(c, &t, buf, sizeof(buf));
  quic_text_printf(&t, "E %" PRIu64 "+%" PRIu64 " %s", in->offset, in->len,
                   qpack_kind_info_of(ins->kind)->name);
  if (ins->kind == QPACK_SET_CAPACITY) {
    quic_text_printf(&t, " %" PRIu64, ins->number);
  } else {
    if (ins->kind != QPACK_INSERT_LITERAL) {
      quic_text_printf(&t, " %" PRIu64, in->source);
    }
    quic_text_printf(&t, " -> %" PRIu64 ":", in->index);
    cat_dump_field(&t, in->name, ins->name.huffman, in->value,
                   ins->value.huffman);
  }
  quic_text_char(&t, '\n');
  quic_text_flush(&t);
}

static void cat_dump_section(cat *c, const qpack_section *s) {
  char buf[512];
  quic_text t;

  cat_dump_begin(c, &t, buf, sizeof(buf));
  quic_text_printf(&t,
                   "S %" PRIu64 " required %" PRIu64 " base %" PRIu64
                   " octets %" PRIu64 " -> %" PRIu64 "%s\n",
                   s->stream_id, s->required_insert_count, s->base,
                   s->encoded_len, s->decoded_len,
                   s->was_blocked ? " blocked" : "");
  for (size_t i = 0; i < s->nfields; i++) {
    const qpack_field *f = &s->fields[i];

    quic_text_printf(&t, "F %" PRIu64 " %s", s->stream_id,
                     qpack_kind_info_of(f->coding)->name);
    if (f->coding != QPACK_CODING_LITERAL) {
      quic_text_printf(&t, " %" PRIu64, f->index);
    }
    quic_text_str(&t, f->never_indexed ? " never indexed:" : ":");
    cat_dump_field(&t, f->name, f->huffman_name, f->value, f->huffman_value);
    quic_text_char(&t, '\n');
  }
  quic_text_flush(&t);
}

/* --- reading the blocks --- */

static void cat_on_section(void *user, const qpack_section *section) {
  cat *c = user;
  cat_stats *st = &c->stats;

  st->sections++;
  st->blocked += section->was_blocked;
  st->fields += section->nfields;
  st->decoded += section->decoded_len;
  st->section_octets += section->encoded_len;
  for (size_t i = 0; i < section->nfields; i++) {
    const qpack_field *f = &section->fields[i];

    st->codings[f->coding]++;
    st->huffman += (uint64_t)f->huffman_name + f->huffman_value;
    st->text += f->name.len + f->value.len;
  }
  if (c->mode == CAT_DUMP) {
    cat_dump_section(c, section);
  }
  if (section->status != 0) {
    cat_refuse(c, section->stream_id, qpack_decoder_error(c->dec));
  } else if (c->mode == CAT_DECODE) {
    cat_keep(c, section);
  }
}

static void cat_on_insertion(void *user, const qpack_insertion *in) {
  cat *c = user;

  c->stats.insertions += in->instruction->kind != QPACK_SET_CAPACITY;
  c->stats.duplicates += in->instruction->kind == QPACK_DUPLICATE;
  if (c->mode == CAT_DUMP) {
    cat_dump_insertion(c, in);
  }
}

static void cat_new_decoder(cat *c) {
  static const qpack_decoder_callbacks callbacks = {cat_on_section,
                                                    cat_on_insertion};
  qpack_decoder_settings settings = {
      .max_table_capacity = c->capacity,
      .max_blocked_streams = c->blocked,
      .initial_capacity = c->strict ? 0 : c->capacity,
      .max_section_octets = CAT_SECTION_MAX,
      .max_held_octets = CAT_HELD_MAX,
      .passive = c->mode != CAT_ENCODE || !c->ack,
  };

  if (qpack_decoder_new(&c->dec, quic_mem_default(), &settings, &callbacks,
                        c) != 0) {
    cat_die("out of memory");
  }
}

static void cat_truncated(cat *c, const char *what) {
  c->bad = true;
  cat_complain("%s: block %zu at %zu: the file ends in %s", c->file, c->block,
               c->block_start, what);
}

/* cat_end tells what is not finished at the end of the file. */
static void cat_end(cat *c) {
  size_t blocked = qpack_decoder_blocked(c->dec);
  size_t held;
  uint64_t offset = qpack_decoder_partial(c->dec, &held);

  if (c->bad) {
    return;
  }
  if (held) {
    c->bad = true;
    cat_complain("%s: the encoder stream ends in an instruction, at octet "
                 "%" PRIu64 " of it",
                 c->file, offset);
  } else if (blocked) {
    c->bad = true;
    cat_complain("%s: at the end %zu stream%s wait%s for insertions, which are "
                 "%" PRIu64,
                 c->file, blocked, blocked == 1 ? "" : "s",
                 blocked == 1 ? "s" : "",
                 qpack_decoder_table(c->dec)->inserted);
  }
}

static void cat_decode(cat *c) {
  quic_reader rd;

  cat_new_decoder(c);
  quic_reader_init(&rd, c->data, c->len);
  while (!c->bad && quic_reader_left(&rd)) {
    uint64_t stream_id;
    quic_bytes octets;

    c->block++;
    c->block_start = quic_reader_offset(&rd);
    stream_id = quic_reader_u64(&rd);
    octets.len = quic_reader_u32(&rd);
    if (quic_reader_failed(&rd)) {
      cat_truncated(c, "the head of a block");
      break;
    }
    octets = quic_reader_bytes(&rd, octets.len);
    if (quic_reader_failed(&rd)) {
      cat_truncated(c, "a block");
      break;
    }
    if (stream_id == 0) {
      c->stats.stream_octets += octets.len;
      if (qpack_decoder_encoder_stream(c->dec, octets) != 0) {
        cat_refuse(c, 0, qpack_decoder_error(c->dec));
      }
    } else if (qpack_decoder_section(c->dec, stream_id, octets, NULL) ==
               QUIC_ERR_NOMEM) {
      cat_die("out of memory"); /* other errors came to cat_on_section */
    }
  }
  cat_end(c);
  if (!c->bad) {
    cat_print_lists(c);
  }
}

/* --- encode --- */

static void cat_block(cat *c, uint64_t stream_id, quic_bytes octets) {
  uint8_t head[12];
  quic_writer wr;

  quic_writer_init(&wr, head, sizeof(head));
  quic_writer_uint(&wr, stream_id, 8);
  quic_writer_u32(&wr, (uint32_t)octets.len);
  (void)fwrite(head, 1, sizeof(head), c->out);
  (void)fwrite(octets.data, 1, octets.len, c->out);
}

static void cat_ok(int rv) {
  if (rv != 0) {
    cat_die(quic_err_text(rv));
  }
}

/* cat_encode_list writes the blocks of one header list. */
static void cat_encode_list(cat *c, qpack_encoder *enc, uint64_t stream_id,
                            const qpack_field *fields, size_t n) {
  size_t pending;
  quic_bytes section;
  uint8_t *stream;

  cat_ok(qpack_encoder_section(enc, stream_id, fields, n, &section));
  pending = qpack_encoder_pending(enc);
  if (pending) {
    stream = malloc(pending);
    if (!stream) {
      cat_die("out of memory");
    }
    (void)qpack_encoder_output(enc, stream, pending);
    cat_block(c, 0, quic_bytes_of(stream, pending));
    c->stats.stream_octets += pending;
    cat_ok(
        qpack_decoder_encoder_stream(c->dec, quic_bytes_of(stream, pending)));
    free(stream);
  }
  cat_block(c, stream_id, section);
  cat_ok(qpack_decoder_section(c->dec, stream_id, section, NULL));
  if (c->ack) {
    uint8_t said[64];
    size_t len;

    while ((len = qpack_decoder_output(c->dec, said, sizeof(said)))) {
      cat_ok(qpack_encoder_decoder_stream(enc, quic_bytes_of(said, len)));
    }
  }
}

/* cat_line takes one line of a QIF.  False: it is no field. */
static bool cat_line(quic_bytes line, qpack_field *f) {
  const uint8_t *tab = line.len ? memchr(line.data, '\t', line.len) : NULL;

  if (!tab) {
    return false;
  }
  memset(f, 0, sizeof(*f));
  f->name = quic_bytes_of(line.data, (size_t)(tab - line.data));
  f->value = quic_bytes_of(tab + 1, line.len - f->name.len - 1);
  return true;
}

static qpack_encoder *cat_new_encoder(const cat *c) {
  qpack_encoder_settings settings = {
      .max_table_capacity = c->capacity,
      .table_capacity = c->capacity,
      .max_blocked_streams = c->blocked,
      .plain = c->plain,
  };
  qpack_encoder *enc;

  cat_ok(qpack_encoder_new(&enc, quic_mem_default(), &settings));
  return enc;
}

/* cat_encode reads the QIF and writes it encoded.  A decoder reads along: it
   acknowledges, and what it could not read would show. */
static void cat_encode(cat *c) {
  qpack_encoder *enc = cat_new_encoder(c);
  qpack_field *fields = NULL;
  size_t n = 0, cap = 0, number = 0, at = 0;
  uint64_t stream_id = 0;

  cat_new_decoder(c);
  while (at < c->len || n) {
    const uint8_t *start = c->data + at;
    const uint8_t *end = at < c->len ? memchr(start, '\n', c->len - at) : NULL;
    size_t len = end ? (size_t)(end - start) : c->len - at;

    at += len + (end != NULL);
    number++;
    if (len && *start == '#') {
      continue;
    }
    if (len == 0) {
      if (n) {
        cat_encode_list(c, enc, ++stream_id, fields, n);
      }
      n = 0;
      continue;
    }
    fields = cat_grow(fields, &cap, n + 1, sizeof(*fields));
    if (!cat_line(quic_bytes_of(start, len), &fields[n++])) {
      c->bad = true;
      cat_complain("%s: line %zu: no tab between a name and a value", c->file,
                   number);
      break;
    }
  }
  free(fields);
  qpack_encoder_del(enc);
}

/* --- options --- */

static void cat_print_stats(const cat *c) {
  const cat_stats *st = &c->stats;
  const qpack_table *table = qpack_decoder_table(c->dec);
  uint64_t all = st->section_octets + st->stream_octets;

  fprintf(stderr,
          "octets %" PRIu64 " = sections %" PRIu64 " + encoder stream %" PRIu64
          ", of text %" PRIu64 " (ratio %.3f)\n",
          all, st->section_octets, st->stream_octets, st->text,
          st->text ? (double)all / (double)st->text : 0);
  fprintf(stderr,
          "sections %" PRIu64 ", blocked %" PRIu64 ", fields %" PRIu64
          ", field octets %" PRIu64 ", Huffman strings %" PRIu64 "\n",
          st->sections, st->blocked, st->fields, st->decoded, st->huffman);
  for (uint8_t i = 0; i < QPACK_CODINGS; i++) {
    fprintf(stderr, "%s%s %" PRIu64, i ? ", " : "", qpack_kind_info_of(i)->name,
            st->codings[i]);
  }
  fprintf(stderr,
          "\ntable: insertions %" PRIu64 ", of which duplicates %" PRIu64
          ", evictions %" PRIu64 ", most octets %" PRIu64 " of %" PRIu64 "\n",
          st->insertions, st->duplicates, table->dropped, table->peak,
          c->capacity);
}

static const char cat_doc[] =
    "Encodes and decodes QPACK (RFC 9204) in the format of the QPACK offline "
    "interop, and shows what is in it.\v"
    "decode prints the header lists as a QIF, in the order of stream IDs; dump "
    "prints a line for each instruction (E), section (S) and field line (F); "
    "encode writes the blocks for a QIF.  FILE may be -, the standard input.  "
    "A file name that ends in .out.CAPACITY.BLOCKED.ACK gives the capacity and "
    "the blocked streams when the options do not.\n\n"
    "  qpackcat encode -c 4096 -b 100 -a 1 -o x.out.4096.100.1 x.qif\n"
    "  qpackcat decode x.out.4096.100.1 | cmp - x.qif\n"
    "  qpackcat dump x.out.4096.100.1 | grep duplicate\n"
    "  qpackcat decode --stats -o /dev/null x.out.4096.100.1\n\n"
    "Exit status: 0 all went well; 1 decoded, but a name or value has octets "
    "that no QIF can carry, which are printed as \\xNN; 2 the input is broken "
    "or cannot be read, or the output not be written; 64 a mistake on the "
    "command line.";

enum { OPT_STRICT = 256, OPT_PLAIN, OPT_STATS };

static const struct argp_option cat_options[] = {
    {"capacity", 'c', "N", 0,
     "Octets of the dynamic table that the decoder allows (4096)", 0},
    {"blocked", 'b', "N", 0, "Streams that may be blocked (100)", 0},
    {"ack", 'a', "0|1", 0,
     "encode: everything is acknowledged at once, or nothing ever is (1)", 0},
    {"output", 'o', "FILE", 0, "Write to FILE, not to standard output", 0},
    {"plain", OPT_PLAIN, NULL, 0, "encode: no Huffman code", 0},
    {"stats", OPT_STATS, NULL, 0,
     "Print sizes, codings and the use of the table on standard error", 0},
    {"strict", OPT_STRICT, NULL, 0,
     "decode, dump: the table has capacity 0 until the encoder sets it, as RFC "
     "9204 says; encodings of older drafts begin with all of it",
     0},
    {0}};

/* cat_number reads all of |text|, or up to |end|, as a decimal number. */
static bool cat_number(const char *text, const char *end, uint64_t *value) {
  *value = 0;
  if (text == end || *text == '\0') {
    return false;
  }
  for (; *text && text != end; text++) {
    if (*text < '0' || *text > '9' || *value > UINT64_MAX / 10 - 1) {
      return false;
    }
    *value = *value * 10 + (uint64_t)(*text - '0');
  }
  return *value <= QPACK_PREFIX_MAX;
}

static uint64_t cat_argument(const char *name, const char *arg, uint64_t max,
                             struct argp_state *state) {
  uint64_t value;

  if (!cat_number(arg, NULL, &value) || value > max) {
    argp_error(state, "--%s takes a number up to %" PRIu64, name, max);
  }
  return value;
}

/* cat_from_name takes what the options did not say from FILE's name. */
static void cat_from_name(cat *c) {
  const char *part = strstr(c->file, ".out."), *next;
  uint64_t value[3];

  while (part && (next = strstr(part + 1, ".out."))) {
    part = next;
  }
  part = part ? part + 4 : NULL;
  for (int i = 0; i < 3 && part; i++) {
    next = strchr(part + 1, '.');
    if (*part != '.' || (next == NULL) != (i == 2) ||
        !cat_number(part + 1, next, &value[i])) {
      return;
    }
    part = next ? next : part;
  }
  if (!part) {
    return;
  }
  if (!c->capacity_given) {
    c->capacity = value[0];
  }
  if (!c->blocked_given) {
    c->blocked = value[1];
  }
}

static cat_mode cat_mode_of(const char *word) {
  static const char *const words[] = {"decode", "encode", "dump"};
  cat_mode mode = CAT_DECODE;

  while (mode < CAT_NONE && strcmp(word, words[mode]) != 0) {
    mode++;
  }
  return mode;
}

static error_t cat_option(int key, char *arg, struct argp_state *state) {
  cat *c = state->input;

  switch (key) {
  case 'c':
    c->capacity = cat_argument("capacity", arg, UINT32_MAX, state);
    c->capacity_given = true;
    return 0;
  case 'b':
    c->blocked = cat_argument("blocked", arg, UINT32_MAX, state);
    c->blocked_given = true;
    return 0;
  case 'a':
    c->ack = cat_argument("ack", arg, 1, state);
    return 0;
  case 'o':
    c->output = arg;
    return 0;
  case OPT_PLAIN:
    c->plain = true;
    return 0;
  case OPT_STATS:
    c->stats_wanted = true;
    return 0;
  case OPT_STRICT:
    c->strict = true;
    return 0;
  case ARGP_KEY_ARG:
    if (state->arg_num == 0) {
      c->mode = cat_mode_of(arg);
      if (c->mode == CAT_NONE) {
        argp_error(state, "the first word is decode, encode or dump");
      }
    } else if (state->arg_num == 1) {
      c->file = arg;
    } else {
      argp_error(state, "one file at a time");
    }
    return 0;
  case ARGP_KEY_END:
    if (!c->file) {
      argp_error(state, "say decode, encode or dump, and give a file");
    }
    return 0;
  default:
    return ARGP_ERR_UNKNOWN;
  }
}

int main(int argc, char **argv) {
  static const struct argp argp = {.options = cat_options,
                                   .parser = cat_option,
                                   .args_doc = "decode|encode|dump FILE",
                                   .doc = cat_doc};
  cat c = {.mode = CAT_NONE, .capacity = 4096, .blocked = 100, .ack = 1};

  argp_err_exit_status = EXIT_USAGE;
  argp_program_version = "qpackcat (h3kit) " H3KIT_VERSION;
  (void)argp_parse(&argp, argc, argv, 0, NULL, &c);
  cat_from_name(&c);
  cat_read(&c);
  cat_open(&c);
  if (c.mode == CAT_ENCODE) {
    cat_encode(&c);
  } else {
    cat_decode(&c);
  }
  cat_close(&c);
  if (c.stats_wanted && !c.bad) {
    cat_print_stats(&c);
  }
  if (c.escaped && !c.bad) {
    cat_complain("%s: octets that no QIF can carry are printed as \\xNN",
                 c.file);
  }
  for (size_t i = 0; i < c.nlists; i++) {
    free(c.lists[i].text);
  }
  free(c.lists);
  qpack_decoder_del(c.dec);
  free(c.data);
  if (c.bad) {
    return EXIT_INPUT;
  }
  return c.escaped ? EXIT_ESCAPED : 0;
}
