#include "qpack/encoder.h"

#include "base/map.h"
#include "qpack/history.h"
#include "qpack/huffman.h"
#include "qpack/ledger.h"
#include "qpack/lookup.h"
#include "qpack/parser.h"
#include "qpack/static.h"

/* Octets that may wait for qpack_encoder_output; more are not inserted. */
#define ENCODER_OUTPUT_MAX 65536

/* For how many sections an entry is thought to be of use. */
#define ENCODER_HORIZON 24

/* Octets of insertions that nothing may refer to yet, while the decoder has
   acknowledged none: it may be one that never does. */
#define ENCODER_TRIAL_OCTETS 64

/* A reference to what this section may not refer to any more. */
#define ENCODER_GONE UINT64_MAX

/* Of the values of a new name half are thought to return: then as many were
   new as returned. */
#define ENCODER_PRIOR (QPACK_HISTORY_ONE / 3)

/* Values below this are guessed too easily (RFC 9204 §7.1.3). */
#define ENCODER_SHORT_VALUE 20

/* A field of the section that is being encoded. */
typedef struct encoder_line {
  qpack_instruction ins;
  const qpack_field *field;
  uint64_t pair; /* hash of name and value */
  uint64_t name; /* hash of the name */
  size_t slot;   /* of |refs|, when the coding is a dynamic one */
  qpack_static_match match;
  uint64_t place; /* in the static table */
} encoder_line;

struct qpack_encoder {
  const quic_mem *mem;
  qpack_encoder_settings settings;
  qpack_table table;
  qpack_lookup lookup;
  qpack_history pairs;
  qpack_history names;
  qpack_ledger ledger;
  qpack_parser parser;
  qpack_error error;
  bool ready;        /* what the table needs was allocated */
  uint64_t wanted;   /* capacity that the decoder is to be told, if ... */
  bool untold;       /* ... it was not yet */
  uint64_t credit;   /* octets that may still be queued */
  uint64_t untested; /* octets of insertions without an answer */
  uint8_t *output;   /* from |output_done| to |output_len| */
  size_t output_len;
  size_t output_done;
  size_t output_cap;

  /* The section that is being encoded. */
  uint64_t now; /* its number, from 1 */
  bool may_block;
  encoder_line *lines;
  size_t lines_cap;
  uint64_t *refs; /* entries referred to, each once; by slot */
  size_t nrefs;
  size_t refs_cap;
  uint8_t *section;
  size_t section_cap;
};

bool qpack_encoder_sensitive(const qpack_field *f) {
  static const struct {
    const char *name;
    bool always; /* else when the value is short */
  } rows[] = {{"authorization", true},
              {"proxy-authorization", true},
              {"cookie", false},
              {"set-cookie", false}};

  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    if (quic_bytes_eq(f->name,
                      quic_bytes_of(rows[i].name, strlen(rows[i].name)))) {
      return rows[i].always || f->value.len < ENCODER_SHORT_VALUE;
    }
  }
  return false;
}

/* --- life --- */

int qpack_encoder_new(qpack_encoder **out, const quic_mem *mem,
                      const qpack_encoder_settings *settings) {
  qpack_encoder *enc = quic_mem_zalloc(mem, sizeof(*enc));

  *out = enc;
  if (!enc) {
    return QUIC_ERR_NOMEM;
  }
  enc->mem = mem;
  enc->settings = *settings;
  if (!settings->sensitive) {
    enc->settings.sensitive = qpack_encoder_sensitive;
  }
  enc->credit = UINT64_MAX;
  qpack_table_init(&enc->table, mem);
  qpack_parser_init(&enc->parser, mem, QPACK_FAMILY_DECODER, 0);
  (void)qpack_error_set(&enc->error, QPACK_REASON_NONE, 0);
  return 0;
}

/* encoder_release frees what encoder_ready allocated, all or a part of it. */
static void encoder_release(qpack_encoder *enc) {
  if (enc->ledger.mem) {
    qpack_ledger_free(&enc->ledger);
  }
  if (enc->lookup.mem) {
    qpack_lookup_free(&enc->lookup);
  }
  if (enc->pairs.mem) {
    qpack_history_free(&enc->pairs);
  }
  if (enc->names.mem) {
    qpack_history_free(&enc->names);
  }
}

void qpack_encoder_del(qpack_encoder *enc) {
  if (!enc) {
    return;
  }
  encoder_release(enc);
  qpack_table_free(&enc->table);
  qpack_parser_free(&enc->parser);
  quic_mem_free(enc->mem, enc->output);
  quic_mem_free(enc->mem, enc->lines);
  quic_mem_free(enc->mem, enc->refs);
  quic_mem_free(enc->mem, enc->section);
  quic_mem_free(enc->mem, enc);
}

/* encoder_ready allocates for the table when it can be used for the first
   time. */
static int encoder_ready(qpack_encoder *enc) {
  const uint64_t most =
      (uint64_t)QPACK_ENCODER_ENTRIES_MAX * QPACK_FIELD_OVERHEAD;
  uint64_t capacity = enc->settings.table_capacity;
  size_t entries = 1;
  uint32_t half;
  int rv;

  if (capacity > enc->settings.max_table_capacity) {
    capacity = enc->settings.max_table_capacity;
  }
  if (enc->ready || capacity < QPACK_FIELD_OVERHEAD) {
    return 0;
  }
  if (capacity > most) {
    capacity = most;
  }
  while (entries < QPACK_ENCODER_ENTRIES_MAX &&
         entries * QPACK_FIELD_OVERHEAD < enc->settings.max_table_capacity) {
    entries *= 2;
  }
  /* What a larger table has room for is waited for longer. */
  half = (uint32_t)(16 + capacity / 128);
  rv = qpack_ledger_init(&enc->ledger, enc->mem, entries, enc->settings.seed);
  rv = rv ? rv : qpack_lookup_init(&enc->lookup, enc->mem, entries);
  rv = rv ? rv
          : qpack_history_init(&enc->pairs, enc->mem, 512 + 2 * entries, half);
  rv = rv ? rv : qpack_history_init(&enc->names, enc->mem, 256, half);
  if (rv) {
    encoder_release(enc);
    return rv;
  }
  enc->ready = true;
  enc->untold = true;
  enc->wanted = capacity;
  return 0;
}

int qpack_encoder_set_limits(qpack_encoder *enc, uint64_t max_table_capacity,
                             uint64_t max_blocked_streams) {
  if (enc->settings.max_table_capacity &&
      enc->settings.max_table_capacity != max_table_capacity) {
    return QUIC_ERR_CONFLICT;
  }
  enc->settings.max_table_capacity = max_table_capacity;
  enc->settings.max_blocked_streams = max_blocked_streams;
  return 0;
}

void qpack_encoder_set_credit(qpack_encoder *enc, uint64_t octets) {
  enc->credit = octets;
}

/* --- the encoder stream --- */

/* encoder_say queues an instruction.  QUIC_ERR_AGAIN: no credit. */
static int encoder_say(qpack_encoder *enc, const qpack_instruction *ins) {
  size_t len = qpack_instruction_len(ins);
  void *output = enc->output;
  quic_writer wr;

  if (len > enc->credit ||
      enc->output_len - enc->output_done + len > ENCODER_OUTPUT_MAX) {
    return QUIC_ERR_AGAIN;
  }
  if (quic_mem_grow(enc->mem, &output, &enc->output_cap, enc->output_len + len,
                    1) != 0) {
    return QUIC_ERR_NOMEM;
  }
  enc->output = output;
  quic_writer_init(&wr, enc->output + enc->output_len, len);
  qpack_instruction_write(ins, &wr);
  enc->output_len += len;
  enc->credit -= enc->credit == UINT64_MAX ? 0 : len;
  return 0;
}

static void encoder_unsay(qpack_encoder *enc, size_t output_len) {
  enc->credit += enc->credit == UINT64_MAX ? 0 : enc->output_len - output_len;
  enc->output_len = output_len;
}

size_t qpack_encoder_pending(const qpack_encoder *enc) {
  return enc->output_len - enc->output_done;
}

size_t qpack_encoder_output(qpack_encoder *enc, uint8_t *out, size_t cap) {
  size_t len = qpack_encoder_pending(enc);

  if (len > cap) {
    len = cap;
  }
  if (len) {
    memcpy(out, enc->output + enc->output_done, len);
    enc->output_done += len;
  }
  if (enc->output_done == enc->output_len) {
    enc->output_done = enc->output_len = 0;
  } else if (enc->output_done > ENCODER_OUTPUT_MAX) {
    enc->output_len -= enc->output_done;
    memmove(enc->output, enc->output + enc->output_done, enc->output_len);
    enc->output_done = 0;
  }
  return len;
}

/* encoder_tell sends the capacity if the decoder does not know it yet. */
static int encoder_tell(qpack_encoder *enc) {
  qpack_instruction ins = {.kind = QPACK_SET_CAPACITY, .number = enc->wanted};
  int rv = enc->untold ? encoder_say(enc, &ins) : 0;

  if (rv == 0 && enc->untold) {
    qpack_table_set_capacity(&enc->table, enc->wanted);
    enc->untold = false;
  }
  return rv;
}

int qpack_encoder_set_capacity(qpack_encoder *enc, uint64_t capacity) {
  uint64_t size = enc->table.size;
  int rv;

  if (capacity > enc->settings.max_table_capacity ||
      capacity > (uint64_t)QPACK_ENCODER_ENTRIES_MAX * QPACK_FIELD_OVERHEAD) {
    return QUIC_ERR_INVALID;
  }
  if (!enc->ready) {
    enc->settings.table_capacity = capacity;
    return 0;
  }
  for (uint64_t i = enc->table.dropped; size > capacity; i++) {
    if (!qpack_ledger_evictable(&enc->ledger, i)) {
      return QUIC_ERR_AGAIN;
    }
    size -= qpack_entry_size(qpack_table_at(&enc->table, i));
  }
  enc->wanted = capacity;
  enc->untold = true;
  rv = encoder_tell(enc);
  return rv == QUIC_ERR_AGAIN ? 0 : rv; /* it is told before the next entry */
}

/* --- what an entry is worth --- */

/* encoder_worth returns the octets that entry |i| saves in a section, in parts
   of 1 / QPACK_HISTORY_ONE. */
static uint64_t encoder_worth(const qpack_encoder *enc, uint64_t i) {
  const qpack_lookup_row *row = qpack_lookup_row_of(&enc->lookup, i);
  const qpack_entry *e = qpack_table_at(&enc->table, i);
  uint64_t newest, worth = 0;

  if (qpack_lookup_pair(&enc->lookup, &enc->table, row->pair, e->name, e->value,
                        UINT64_MAX, &newest) &&
      newest == i) {
    worth += (uint64_t)row->saving *
             qpack_history_rate(&enc->pairs,
                                qpack_history_find(&enc->pairs, row->pair),
                                enc->now);
  }
  if (row->name_saving &&
      qpack_lookup_name(&enc->lookup, &enc->table, row->name, e->name,
                        UINT64_MAX, &newest) &&
      newest == i) {
    worth += (uint64_t)row->name_saving *
             qpack_history_rate(&enc->names,
                                qpack_history_find(&enc->names, row->name),
                                enc->now);
  }
  return worth;
}

/* encoder_gives_way tells whether entry |i| may be evicted: the decoder has it,
   no section that waits refers to it, nor does this one. */
static bool encoder_gives_way(const qpack_encoder *enc, uint64_t i) {
  return qpack_ledger_evictable(&enc->ledger, i) &&
         qpack_lookup_row_of(&enc->lookup, i)->mark != enc->now;
}

/* encoder_has_room tells whether nothing that must stay is evicted by an entry
   of |size| octets (RFC 9204 §2.1.1). */
static bool encoder_has_room(const qpack_encoder *enc, uint64_t size) {
  const qpack_table *table = &enc->table;
  uint64_t room = table->capacity - table->size;

  for (uint64_t i = table->dropped; room < size; i++) {
    if (i == table->inserted || !encoder_gives_way(enc, i)) {
      return false;
    }
    room += qpack_entry_size(qpack_table_at(table, i));
  }
  return true;
}

/* encoder_add makes an entry by the instruction |ins|.  Returns 0,
   QUIC_ERR_AGAIN (no room or credit) or QUIC_ERR_NOMEM. */
static int encoder_add(qpack_encoder *enc, const qpack_instruction *ins,
                       quic_bytes name, quic_bytes value,
                       const qpack_lookup_row *row) {
  size_t before = enc->output_len;
  uint64_t index = enc->table.inserted;
  const qpack_entry *e;
  int rv;

  if (!encoder_has_room(enc, (uint64_t)name.len + value.len +
                                 QPACK_FIELD_OVERHEAD)) {
    return QUIC_ERR_AGAIN;
  }
  rv = encoder_say(enc, ins);
  if (rv) {
    return rv;
  }
  rv = qpack_table_insert(&enc->table, name, value, &e);
  if (rv) {
    encoder_unsay(enc, before);
    return rv;
  }
  enc->untested += enc->output_len - before;
  qpack_lookup_add(&enc->lookup, index, row);
  return 0;
}

/* encoder_rotate duplicates entry |i|, one of the oldest, which is to stay. */
static int encoder_rotate(qpack_encoder *enc, uint64_t i) {
  qpack_instruction ins = {.kind = QPACK_DUPLICATE,
                           .number = enc->table.inserted - 1 - i};
  qpack_lookup_row *old = qpack_lookup_row_of(&enc->lookup, i);
  qpack_lookup_row row = *old;
  const qpack_entry *e = qpack_table_at(&enc->table, i);
  uint64_t index = enc->table.inserted;
  int rv;

  old->mark = 0; /* this section goes on with the copy, if it may */
  rv = encoder_add(enc, &ins, e->name, e->value, &row);
  if (rv) {
    old->mark = row.mark;
  } else if (row.mark == enc->now) {
    enc->refs[row.slot] = enc->may_block ? index : ENCODER_GONE;
  }
  return rv;
}

/* encoder_weigh decides whether an entry of |size| octets that is worth |worth|
   pays, at a cost of |cost| octets, with what has to go for it.  Entries that
   are worth more for their size are marked to be kept.  Writes to |*end| where
   the entries end that are looked at. */
static bool encoder_weigh(qpack_encoder *enc, uint64_t size, uint64_t worth,
                          uint64_t cost, uint64_t *end) {
  const qpack_table *table = &enc->table;
  uint64_t room = table->capacity - table->size, lost = 0;
  /* The price without blocking is a whole literal, so be surer. */
  uint64_t horizon = enc->may_block ? ENCODER_HORIZON : ENCODER_HORIZON / 2;

  for (*end = table->dropped; room < size; ++*end) {
    qpack_lookup_row *row = qpack_lookup_row_of(&enc->lookup, *end);
    uint64_t one, octets;

    if (*end == table->inserted ||
        !qpack_ledger_evictable(&enc->ledger, *end)) {
      return false;
    }
    one = encoder_worth(enc, *end);
    octets = qpack_entry_size(qpack_table_at(table, *end));
    row->keep = row->mark == enc->now || one * size > worth * octets;
    if (!row->keep) {
      lost += one;
      room += octets;
    } else {
      /* Without blocking, this section cannot refer to the copy. */
      cost += 2 + (row->mark == enc->now && !enc->may_block ? row->saving : 0);
    }
  }
  return worth > lost && (worth - lost) * horizon > cost * QPACK_HISTORY_ONE;
}

/* encoder_clear rotates what an insertion is not to evict. */
static int encoder_clear(qpack_encoder *enc, uint64_t end) {
  for (uint64_t i = enc->table.dropped; i < end; i++) {
    int rv =
        qpack_lookup_row_of(&enc->lookup, i)->keep ? encoder_rotate(enc, i) : 0;

    if (rv) {
      return rv;
    }
  }
  return 0;
}

/* --- planning a section --- */

static void encoder_refer(qpack_encoder *enc, encoder_line *line, uint8_t kind,
                          uint64_t index) {
  qpack_lookup_row *row = qpack_lookup_row_of(&enc->lookup, index);

  if (row->mark != enc->now) {
    row->mark = enc->now;
    row->slot = enc->nrefs;
    enc->refs[enc->nrefs++] = index;
  }
  line->ins.kind = kind;
  line->slot = row->slot;
}

/* encoder_limit returns the index up to which this section may refer. */
static uint64_t encoder_limit(const qpack_encoder *enc) {
  return enc->may_block ? UINT64_MAX : enc->ledger.known;
}

/* encoder_match refers to an entry that has the whole field, if there is
   one. */
static bool encoder_match(qpack_encoder *enc, encoder_line *line) {
  uint64_t index;

  if (!qpack_lookup_pair(&enc->lookup, &enc->table, line->pair,
                         line->field->name, line->field->value,
                         encoder_limit(enc), &index)) {
    return false;
  }
  encoder_refer(enc, line, QPACK_CODING_INDEXED_DYNAMIC, index);
  return true;
}

/* encoder_insertion fills |ins| with the insertion of |line|'s name and
   |value|; the name by reference if there is one. */
static void encoder_insertion(const qpack_encoder *enc,
                              const encoder_line *line, quic_bytes value,
                              qpack_instruction *ins) {
  uint64_t index;

  memset(ins, 0, sizeof(*ins));
  ins->value = qpack_string_plain(value, !enc->settings.plain);
  if (line->match != QPACK_STATIC_NONE) {
    ins->kind = QPACK_INSERT_STATIC_NAME;
    ins->number = line->place;
  } else if (qpack_lookup_name(&enc->lookup, &enc->table, line->name,
                               line->field->name, UINT64_MAX, &index)) {
    ins->kind = QPACK_INSERT_DYNAMIC_NAME;
    ins->number = enc->table.inserted - 1 - index;
  } else {
    ins->kind = QPACK_INSERT_LITERAL;
    ins->name = qpack_string_plain(line->field->name, !enc->settings.plain);
  }
}

static uint64_t encoder_pair_hash(const qpack_encoder *enc, uint64_t name,
                                  quic_bytes value) {
  uint64_t seed[2] = {enc->settings.seed[0] ^ name, enc->settings.seed[1]};

  return quic_siphash(seed, value) | 1; /* not 0, which is no key */
}

/* encoder_try inserts |line|'s name with |value| if that pays; |rate| is the
   chance that the entry is of use in a section. */
static bool encoder_try(qpack_encoder *enc, const encoder_line *line,
                        quic_bytes value, uint64_t rate, uint64_t name_rate) {
  qpack_lookup_row row = {.name = line->name};
  qpack_instruction ins;
  uint64_t size =
      (uint64_t)line->field->name.len + value.len + QPACK_FIELD_OVERHEAD;
  uint64_t worth, cost, len, end;
  bool whole = value.len == line->field->value.len;

  encoder_insertion(enc, line, value, &ins);
  len = qpack_instruction_len(&ins);
  row.pair = whole ? line->pair : encoder_pair_hash(enc, line->name, value);
  row.saving = whole ? (uint32_t)(len > 1 ? len - 1 : 0) : 0;
  if (line->match == QPACK_STATIC_NONE) {
    qpack_string name =
        qpack_string_plain(line->field->name, !enc->settings.plain);

    row.name_saving = (uint32_t)qpack_string_len(3, &name) - 1;
  }
  worth = row.saving * rate + row.name_saving * name_rate;
  cost = enc->may_block ? (whole ? 2 : 3) : len;
  if (!enc->may_block && enc->ledger.known == 0 &&
      enc->untested + len > ENCODER_TRIAL_OCTETS) {
    return false;
  }
  if (encoder_tell(enc) != 0 || size > enc->table.capacity ||
      !encoder_weigh(enc, size, worth, cost, &end) ||
      encoder_clear(enc, end) != 0) {
    return false;
  }
  /* What was rotated has moved the index of a name. */
  encoder_insertion(enc, line, value, &ins);
  return encoder_add(enc, &ins, line->field->name, value, &row) == 0;
}

/* encoder_consider decides about an entry for a field that has none. */
static void encoder_consider(qpack_encoder *enc, encoder_line *line) {
  const qpack_history_item *pair = qpack_history_find(&enc->pairs, line->pair);
  const qpack_history_item *name = qpack_history_find(&enc->names, line->name);
  uint64_t rate = qpack_history_rate(&enc->pairs, pair, enc->now);
  uint64_t name_rate = qpack_history_rate(&enc->names, name, enc->now);
  uint64_t index;

  if (qpack_lookup_pair(&enc->lookup, &enc->table, line->pair,
                        line->field->name, line->field->value, UINT64_MAX,
                        &index)) {
    (void)encoder_match(enc, line);
    return; /* perhaps inserted, but not to be referred to yet */
  }
  if (pair && pair->times == 1 && name) {
    /* As likely as new values of that name were to return. */
    rate = rate * name->again / (QPACK_HISTORY_ONE + 1 - name->again);
  }
  if (encoder_try(enc, line, line->field->value, rate, name_rate)) {
    (void)encoder_match(enc, line);
    return;
  }
  if (line->match == QPACK_STATIC_NONE &&
      !qpack_lookup_name(&enc->lookup, &enc->table, line->name,
                         line->field->name, UINT64_MAX, &index)) {
    (void)encoder_try(enc, line, quic_bytes_of(NULL, 0), 0, name_rate);
  }
}

/* encoder_learn notes that the field came, and of its name, how many of the
   values that were new returned. */
static void encoder_learn(qpack_encoder *enc, const encoder_line *line) {
  qpack_history_item *name =
      qpack_history_see(&enc->names, line->name, enc->now);
  qpack_history_item *pair =
      qpack_history_see(&enc->pairs, line->pair, enc->now);

  if (name->times == 1) {
    name->again = ENCODER_PRIOR;
  } else if (pair->times == 1) {
    name->again -= name->again / 8;
  } else if (pair->times == 2) {
    name->again += (QPACK_HISTORY_ONE - name->again) / 8;
  }
}

/* encoder_literal makes |line| a literal, with the name by reference if there
   is one. */
static void encoder_literal(qpack_encoder *enc, encoder_line *line) {
  bool huffman = !enc->settings.plain;
  uint64_t index;

  line->ins.value = qpack_string_plain(line->field->value, huffman);
  if (line->match != QPACK_STATIC_NONE) {
    line->ins.kind = QPACK_CODING_LITERAL_STATIC_NAME;
    line->ins.number = line->place;
  } else if (enc->ready &&
             qpack_lookup_name(&enc->lookup, &enc->table, line->name,
                               line->field->name, encoder_limit(enc), &index)) {
    encoder_refer(enc, line, QPACK_CODING_LITERAL_DYNAMIC_NAME, index);
  } else {
    line->ins.kind = QPACK_CODING_LITERAL;
    line->ins.name = qpack_string_plain(line->field->name, huffman);
  }
}

static bool encoder_line_dynamic(const encoder_line *line) {
  return qpack_coding_dynamic(line->ins.kind);
}

/* What a line is before it is decided. */
#define ENCODER_OPEN QPACK_KINDS

static void encoder_start_line(qpack_encoder *enc, encoder_line *line,
                               const qpack_field *f) {
  memset(line, 0, sizeof(*line));
  line->field = f;
  line->ins.kind = ENCODER_OPEN;
  line->ins.never_indexed = f->never_indexed || enc->settings.sensitive(f);
  line->match = qpack_static_find(f->name, f->value, &line->place);
  if (enc->ready) {
    line->name = quic_siphash(enc->settings.seed, f->name) | 1;
    line->pair = encoder_pair_hash(enc, line->name, f->value);
  }
  if (line->ins.never_indexed) {
    return;
  }
  if (line->match == QPACK_STATIC_BOTH) {
    line->ins.kind = QPACK_CODING_INDEXED_STATIC;
    line->ins.number = line->place;
  } else if (enc->ready) {
    encoder_learn(enc, line);
    (void)encoder_match(enc, line);
  }
}

/* encoder_plan decides how every field is coded, and inserts. */
static void encoder_plan(qpack_encoder *enc, const qpack_field *fields,
                         size_t n) {
  for (size_t i = 0; i < n; i++) {
    encoder_start_line(enc, &enc->lines[i], &fields[i]);
  }
  for (size_t i = 0; i < n; i++) {
    encoder_line *line = &enc->lines[i];

    if (enc->ready && line->ins.kind == ENCODER_OPEN &&
        !line->ins.never_indexed) {
      encoder_consider(enc, line);
    }
  }
  for (size_t i = 0; i < n; i++) {
    if (enc->lines[i].ins.kind == ENCODER_OPEN ||
        (encoder_line_dynamic(&enc->lines[i]) &&
         enc->refs[enc->lines[i].slot] == ENCODER_GONE)) {
      encoder_literal(enc, &enc->lines[i]);
    }
  }
}

/* --- writing a section --- */

/* encoder_resolve gives the lines their indices relative to |base|. */
static void encoder_resolve(qpack_encoder *enc, size_t n, uint64_t base) {
  for (size_t i = 0; i < n; i++) {
    encoder_line *line = &enc->lines[i];
    bool indexed = line->ins.kind == QPACK_CODING_INDEXED_DYNAMIC ||
                   line->ins.kind == QPACK_CODING_INDEXED_POST_BASE;
    uint64_t index;

    if (!encoder_line_dynamic(line)) {
      continue;
    }
    index = enc->refs[line->slot];
    if (index < base) {
      line->ins.number = base - 1 - index;
      line->ins.kind = indexed ? QPACK_CODING_INDEXED_DYNAMIC
                               : QPACK_CODING_LITERAL_DYNAMIC_NAME;
    } else {
      line->ins.number = index - base;
      line->ins.kind = indexed ? QPACK_CODING_INDEXED_POST_BASE
                               : QPACK_CODING_LITERAL_POST_BASE_NAME;
    }
  }
}

/* encoder_index_octets returns what the indices take with that base. */
static size_t encoder_index_octets(qpack_encoder *enc, size_t n,
                                   uint64_t base) {
  size_t octets = 0;

  encoder_resolve(enc, n, base);
  for (size_t i = 0; i < n; i++) {
    const qpack_instruction *ins = &enc->lines[i].ins;

    if (qpack_coding_dynamic(ins->kind)) {
      octets +=
          qpack_prefix_len(qpack_kind_info_of(ins->kind)->bits, ins->number);
    }
  }
  return octets;
}

/* encoder_write writes the section to |enc->section|. */
static int encoder_write(qpack_encoder *enc, size_t n, uint64_t required,
                         uint64_t base, quic_bytes *section) {
  uint64_t entries = qpack_table_max_entries(enc->settings.max_table_capacity);
  size_t len = 2 * QPACK_PREFIX_OCTETS;
  void *out = enc->section;
  quic_writer wr;

  for (size_t i = 0; i < n; i++) {
    len += qpack_instruction_len(&enc->lines[i].ins);
  }
  if (quic_mem_grow(enc->mem, &out, &enc->section_cap, len, 1) != 0) {
    return QUIC_ERR_NOMEM;
  }
  enc->section = out;
  quic_writer_init(&wr, enc->section, len);
  qpack_prefix_write(&wr, 0, 8, required ? required % (2 * entries) + 1 : 0);
  if (base >= required) {
    qpack_prefix_write(&wr, 0, 7, base - required);
  } else {
    qpack_prefix_write(&wr, 0x80, 7, required - base - 1);
  }
  for (size_t i = 0; i < n; i++) {
    qpack_instruction_write(&enc->lines[i].ins, &wr);
  }
  *section = quic_bytes_of(enc->section, quic_writer_len(&wr));
  return 0;
}

static int encoder_finish(qpack_encoder *enc, uint64_t stream_id, size_t n,
                          uint64_t start, quic_bytes *section) {
  uint64_t required = 0, lowest = UINT64_MAX, base = 0;
  int rv;

  for (size_t i = 0; i < enc->nrefs; i++) {
    if (enc->refs[i] == ENCODER_GONE) {
      continue;
    }
    if (required <= enc->refs[i]) {
      required = enc->refs[i] + 1;
    }
    if (lowest > enc->refs[i]) {
      lowest = enc->refs[i];
    }
  }
  if (required) {
    /* What was inserted for this section lies behind its start. */
    base = start < required && encoder_index_octets(enc, n, start) <
                                   encoder_index_octets(enc, n, required)
               ? start
               : required;
    encoder_resolve(enc, n, base);
  }
  rv = encoder_write(enc, n, required, base, section);
  if (rv == 0 && required) {
    rv = qpack_ledger_add(&enc->ledger, stream_id, required, lowest);
  }
  return rv;
}

int qpack_encoder_section(qpack_encoder *enc, uint64_t stream_id,
                          const qpack_field *fields, size_t n,
                          quic_bytes *section) {
  void *lines = enc->lines, *refs = enc->refs;
  uint64_t start;
  int rv = encoder_ready(enc);

  rv = rv ? rv
          : quic_mem_grow(enc->mem, &lines, &enc->lines_cap, n,
                          sizeof(enc->lines[0]));
  enc->lines = lines;
  rv = rv ? rv
          : quic_mem_grow(enc->mem, &refs, &enc->refs_cap, n,
                          sizeof(enc->refs[0]));
  enc->refs = refs;
  if (rv) {
    return rv;
  }
  enc->now++;
  enc->nrefs = 0;
  enc->may_block = enc->ready &&
                   enc->ledger.nsections < QPACK_ENCODER_SECTIONS_MAX &&
                   (enc->ledger.nrisky < enc->settings.max_blocked_streams ||
                    qpack_ledger_risky(&enc->ledger, stream_id));
  start = enc->table.inserted;
  encoder_plan(enc, fields, n);
  return encoder_finish(enc, stream_id, n, start, section);
}

/* --- the decoder stream --- */

static qpack_reason encoder_feedback(qpack_encoder *enc,
                                     const qpack_instruction *ins) {
  uint64_t known = enc->ledger.known;

  switch (ins->kind) {
  case QPACK_SECTION_ACKNOWLEDGMENT:
    if (!enc->ready || !qpack_ledger_acknowledge(&enc->ledger, ins->number)) {
      return QPACK_REASON_ACKNOWLEDGMENT;
    }
    break;
  case QPACK_STREAM_CANCELLATION:
    if (enc->ready) {
      qpack_ledger_cancel(&enc->ledger, ins->number);
    }
    break;
  default:
    if (ins->number == 0) {
      return QPACK_REASON_INCREMENT_ZERO;
    }
    if (ins->number > enc->table.inserted - known) {
      return QPACK_REASON_INCREMENT_BEYOND;
    }
    qpack_ledger_advance(&enc->ledger, known + ins->number);
    break;
  }
  if (enc->ledger.known > known) {
    enc->untested = 0;
  }
  return QPACK_REASON_NONE;
}

int qpack_encoder_decoder_stream(qpack_encoder *enc, quic_bytes data) {
  qpack_reason reason = enc->error.reason;
  uint64_t offset = enc->error.offset;

  while (reason == QPACK_REASON_NONE) {
    qpack_instruction ins;
    int rv = qpack_parser_next(&enc->parser, &data, &ins);

    if (rv == QUIC_ERR_AGAIN) {
      return 0;
    }
    offset = enc->parser.start;
    if (rv) {
      reason = rv == QUIC_ERR_NOMEM ? QPACK_REASON_MEMORY
                                    : QPACK_REASON_FEEDBACK_INTEGER;
    } else {
      reason = encoder_feedback(enc, &ins);
    }
  }
  return qpack_error_set(&enc->error, reason, offset);
}

/* --- views --- */

const qpack_error *qpack_encoder_error(const qpack_encoder *enc) {
  return &enc->error;
}

const qpack_table *qpack_encoder_table(const qpack_encoder *enc) {
  return &enc->table;
}

uint64_t qpack_encoder_known(const qpack_encoder *enc) {
  return enc->ledger.known;
}
