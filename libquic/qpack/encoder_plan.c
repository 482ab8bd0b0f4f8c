#include "qpack/encoder_state.h"

#include "base/map.h"

/* For how many sections an entry is thought to be of use.  The price without
   blocking is a whole literal, so one has to be surer then. */
#define ENCODER_HORIZON 48
#define ENCODER_HORIZON_UNBLOCKED 12

/* Entries that are looked at to make room for one. */
#define ENCODER_LOOK_MAX 128

/* Octets of insertions that nothing may refer to yet, while the decoder has
   acknowledged none: it may be one that never does. */
#define ENCODER_TRIAL_OCTETS 64

/* Of the values of a new name half are thought to return: then as many were
   new as returned. */
#define ENCODER_PRIOR (QPACK_HISTORY_ONE / 3)

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
   QUIC_ERR_LIMIT (no room or credit) or QUIC_ERR_NOMEM. */
static int encoder_add(qpack_encoder *enc, const qpack_instruction *ins,
                       quic_bytes name, quic_bytes value,
                       const qpack_lookup_row *row) {
  size_t len = qpack_instruction_len(ins);
  uint64_t index = enc->table.inserted;
  const qpack_entry *e;
  int rv;

  if (!encoder_has_room(enc, (uint64_t)name.len + value.len +
                                 QPACK_FIELD_OVERHEAD)) {
    return QUIC_ERR_LIMIT;
  }
  rv = qpack_encoder_say(enc, ins);
  if (rv) {
    return rv;
  }
  rv = qpack_table_insert(&enc->table, NULL, name, value, &e);
  if (rv) {
    qpack_encoder_unsay(enc, len);
    return rv;
  }
  enc->untested += len;
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
    enc->refs[row.slot] = enc->may_block ? index : QPACK_ENCODER_GONE;
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
  uint64_t horizon =
      enc->may_block ? ENCODER_HORIZON : ENCODER_HORIZON_UNBLOCKED;

  for (*end = table->dropped; room < size; ++*end) {
    qpack_lookup_row *row = qpack_lookup_row_of(&enc->lookup, *end);
    uint64_t one, octets;

    if (*end == table->inserted || *end - table->dropped == ENCODER_LOOK_MAX ||
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

static void encoder_refer(qpack_encoder *enc, qpack_encoder_line *line,
                          uint8_t kind, uint64_t index) {
  qpack_lookup_row *row = qpack_lookup_row_of(&enc->lookup, index);

  if (row->mark != enc->now) {
    row->mark = enc->now;
    row->slot = enc->nrefs;
    enc->refs[enc->nrefs++] = index;
  }
  line->ins.kind = kind;
  line->slot = row->slot;
}

/* encoder_match refers to an entry that has the whole field, if there is
   one. */
static bool encoder_match(qpack_encoder *enc, qpack_encoder_line *line) {
  uint64_t index;

  if (!qpack_lookup_pair(&enc->lookup, &enc->table, line->pair,
                         line->field->name, line->field->value, enc->limit,
                         &index)) {
    return false;
  }
  encoder_refer(enc, line, QPACK_CODING_INDEXED_DYNAMIC, index);
  return true;
}

/* encoder_insertion fills |ins| with the insertion of |line|'s name and
   |value|; the name by reference if there is one. */
static void encoder_insertion(const qpack_encoder *enc,
                              const qpack_encoder_line *line, quic_bytes value,
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
static bool encoder_try(qpack_encoder *enc, const qpack_encoder_line *line,
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
  if (qpack_encoder_tell(enc) != 0 || size > enc->table.capacity ||
      !encoder_weigh(enc, size, worth, cost, &end) ||
      encoder_clear(enc, end) != 0) {
    return false;
  }
  /* What was rotated has moved the index of a name. */
  encoder_insertion(enc, line, value, &ins);
  return encoder_add(enc, &ins, line->field->name, value, &row) == 0;
}

/* encoder_consider decides about an entry for a field that has none. */
static void encoder_consider(qpack_encoder *enc, qpack_encoder_line *line) {
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
static void encoder_learn(qpack_encoder *enc, const qpack_encoder_line *line) {
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
static void encoder_literal(qpack_encoder *enc, qpack_encoder_line *line) {
  bool huffman = !enc->settings.plain;
  uint64_t index;

  line->ins.value = qpack_string_plain(line->field->value, huffman);
  if (line->match != QPACK_STATIC_NONE) {
    line->ins.kind = QPACK_CODING_LITERAL_STATIC_NAME;
    line->ins.number = line->place;
  } else if (enc->ready &&
             qpack_lookup_name(&enc->lookup, &enc->table, line->name,
                               line->field->name, enc->limit, &index)) {
    encoder_refer(enc, line, QPACK_CODING_LITERAL_DYNAMIC_NAME, index);
  } else {
    line->ins.kind = QPACK_CODING_LITERAL;
    line->ins.name = qpack_string_plain(line->field->name, huffman);
  }
}

/* What a line is before it is decided. */
#define ENCODER_OPEN QPACK_KINDS

static void encoder_start_line(qpack_encoder *enc, qpack_encoder_line *line,
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

void qpack_encoder_plan(qpack_encoder *enc, const qpack_field *fields,
                        size_t n) {
  for (size_t i = 0; i < n; i++) {
    encoder_start_line(enc, &enc->lines[i], &fields[i]);
  }
  for (size_t i = 0; i < n; i++) {
    qpack_encoder_line *line = &enc->lines[i];

    if (enc->ready && line->ins.kind == ENCODER_OPEN &&
        !line->ins.never_indexed) {
      encoder_consider(enc, line);
    }
  }
  for (size_t i = 0; i < n; i++) {
    if (enc->lines[i].ins.kind == ENCODER_OPEN ||
        (qpack_coding_dynamic(enc->lines[i].ins.kind) &&
         enc->refs[enc->lines[i].slot] == QPACK_ENCODER_GONE)) {
      encoder_literal(enc, &enc->lines[i]);
    }
  }
}
