#include "qpack/encoder_state.h"

/* Values below this are guessed too easily (RFC 9204 §7.1.3). */
#define ENCODER_SHORT_VALUE 20

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
  qpack_queue_init(&enc->output, mem);
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
  qpack_queue_free(&enc->output);
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
  half = (uint32_t)(12 + capacity / 256);
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

int qpack_encoder_say(qpack_encoder *enc, const qpack_instruction *ins) {
  size_t len = qpack_instruction_len(ins);
  int rv =
      len > enc->credit ? QUIC_ERR_LIMIT : qpack_queue_add(&enc->output, ins);

  if (rv == 0 && enc->credit != UINT64_MAX) {
    enc->credit -= len;
  }
  return rv;
}

void qpack_encoder_unsay(qpack_encoder *enc, size_t octets) {
  qpack_queue_undo(&enc->output, octets);
  if (enc->credit != UINT64_MAX) {
    enc->credit += octets;
  }
}

size_t qpack_encoder_pending(const qpack_encoder *enc) {
  return qpack_queue_len(&enc->output);
}

size_t qpack_encoder_output(qpack_encoder *enc, uint8_t *out, size_t cap) {
  return qpack_queue_take(&enc->output, out, cap);
}

/* encoder_can_shrink tells whether what a smaller capacity evicts may go. */
static bool encoder_can_shrink(const qpack_encoder *enc, uint64_t capacity) {
  uint64_t size = enc->table.size;

  for (uint64_t i = enc->table.dropped; size > capacity; i++) {
    if (!qpack_ledger_evictable(&enc->ledger, i)) {
      return false;
    }
    size -= qpack_entry_size(qpack_table_at(&enc->table, i));
  }
  return true;
}

int qpack_encoder_tell(qpack_encoder *enc) {
  qpack_instruction ins = {.kind = QPACK_SET_CAPACITY, .number = enc->wanted};
  int rv;

  if (!enc->untold) {
    return 0;
  }
  if (!encoder_can_shrink(enc, enc->wanted)) {
    return QUIC_ERR_LIMIT;
  }
  rv = qpack_encoder_say(enc, &ins);
  if (rv == 0) {
    qpack_table_set_capacity(&enc->table, enc->wanted);
    enc->untold = false;
  }
  return rv;
}

int qpack_encoder_set_capacity(qpack_encoder *enc, uint64_t capacity) {
  int rv;

  if (capacity > enc->settings.max_table_capacity ||
      capacity > (uint64_t)QPACK_ENCODER_ENTRIES_MAX * QPACK_FIELD_OVERHEAD) {
    return QUIC_ERR_INVALID;
  }
  if (!enc->ready) {
    enc->settings.table_capacity = capacity;
    return 0;
  }
  if (!encoder_can_shrink(enc, capacity)) {
    return QUIC_ERR_AGAIN;
  }
  enc->wanted = capacity;
  enc->untold = true;
  rv = qpack_encoder_tell(enc);
  return rv == QUIC_ERR_LIMIT ? 0 : rv; /* it is told before the next entry */
}

/* --- writing a section --- */

/* encoder_resolve gives the lines their indices relative to |base|. */
static void encoder_resolve(qpack_encoder *enc, size_t n, uint64_t base) {
  for (size_t i = 0; i < n; i++) {
    qpack_encoder_line *line = &enc->lines[i];
    bool indexed = line->ins.kind == QPACK_CODING_INDEXED_DYNAMIC ||
                   line->ins.kind == QPACK_CODING_INDEXED_POST_BASE;
    uint64_t index;

    if (!qpack_coding_dynamic(line->ins.kind)) {
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
    if (enc->refs[i] == QPACK_ENCODER_GONE) {
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
  enc->limit = enc->may_block ? UINT64_MAX : enc->ledger.known;
  if (enc->ledger.nsections >= QPACK_ENCODER_SECTIONS_MAX) {
    enc->limit = 0;
  }
  start = enc->table.inserted;
  qpack_encoder_plan(enc, fields, n);
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
