#include "qpack/decoder.h"

#include "qpack/held.h"
#include "qpack/huffman.h"
#include "qpack/queue.h"
#include "qpack/static.h"

struct qpack_decoder {
  const quic_mem *mem;
  qpack_decoder_settings settings;
  qpack_decoder_callbacks callbacks;
  void *user;
  qpack_table table;
  qpack_parser parser;
  qpack_held held;
  qpack_error error;
  qpack_error stream_error; /* of the encoder stream; it stays */
  bool used;                /* max_table_capacity was used */
  uint8_t *scratch;         /* strings that were Huffman code */
  size_t scratch_cap;
  qpack_field *fields; /* of the section being decoded */
  size_t fields_cap;
  qpack_queue output; /* our decoder stream */
  uint64_t known;     /* the Known Received Count that our output makes */
};

int qpack_decoder_new(qpack_decoder **out, const quic_mem *mem,
                      const qpack_decoder_settings *settings,
                      const qpack_decoder_callbacks *callbacks, void *user) {
  qpack_decoder *dec = quic_mem_zalloc(mem, sizeof(*dec));

  *out = dec;
  if (!dec) {
    return QUIC_ERR_NOMEM;
  }
  dec->mem = mem;
  dec->settings = *settings;
  dec->callbacks = *callbacks;
  dec->user = user;
  qpack_table_init(&dec->table, mem);
  qpack_table_set_capacity(&dec->table, settings->initial_capacity);
  qpack_parser_init(&dec->parser, mem, QPACK_FAMILY_ENCODER, 0);
  qpack_queue_init(&dec->output, mem);
  qpack_held_init(&dec->held, mem, settings->max_held_octets, settings->seed);
  (void)qpack_error_set(&dec->error, QPACK_REASON_NONE, 0);
  dec->stream_error = dec->error;
  return 0;
}

void qpack_decoder_del(qpack_decoder *dec) {
  if (!dec) {
    return;
  }
  qpack_held_free(&dec->held);
  qpack_parser_free(&dec->parser);
  qpack_table_free(&dec->table);
  quic_mem_free(dec->mem, dec->scratch);
  quic_mem_free(dec->mem, dec->fields);
  qpack_queue_free(&dec->output);
  quic_mem_free(dec->mem, dec);
}

int qpack_decoder_set_limits(qpack_decoder *dec, uint64_t max_table_capacity,
                             uint64_t max_blocked_streams) {
  if (dec->used && max_table_capacity != dec->settings.max_table_capacity &&
      !dec->settings.passive) {
    return QUIC_ERR_CONFLICT;
  }
  dec->settings.max_table_capacity = max_table_capacity;
  dec->settings.max_blocked_streams = max_blocked_streams;
  return 0;
}

/* decoder_scratch makes room for |len| octets, and is then not NULL. */
static int decoder_scratch(qpack_decoder *dec, size_t len) {
  void *scratch = dec->scratch;
  int rv = quic_mem_grow(dec->mem, &scratch, &dec->scratch_cap, len + 1, 1);

  dec->scratch = scratch;
  return rv;
}

/* --- the decoder stream --- */

/* decoder_say queues an instruction. */
static qpack_reason decoder_say(qpack_decoder *dec, uint8_t kind,
                                uint64_t number) {
  qpack_instruction ins = {.kind = kind, .number = number};

  switch (qpack_queue_add(&dec->output, &ins)) {
  case 0:
    return QPACK_REASON_NONE;
  case QUIC_ERR_NOMEM:
    return QPACK_REASON_MEMORY;
  default:
    return QPACK_REASON_OUTPUT;
  }
}

int qpack_decoder_cancel(qpack_decoder *dec, uint64_t stream_id) {
  qpack_reason reason;

  qpack_held_cancel(&dec->held, stream_id);
  if (dec->settings.passive || dec->settings.max_table_capacity == 0) {
    return 0;
  }
  reason = decoder_say(dec, QPACK_STREAM_CANCELLATION, stream_id);
  return reason == QPACK_REASON_NONE ? 0
                                     : qpack_error_set(&dec->error, reason, 0);
}

size_t qpack_decoder_output(qpack_decoder *dec, uint8_t *out, size_t cap) {
  uint64_t increment = dec->table.inserted - dec->known;

  if (!dec->settings.passive && increment &&
      decoder_say(dec, QPACK_INSERT_COUNT_INCREMENT, increment) ==
          QPACK_REASON_NONE) {
    dec->known += increment;
  }
  return qpack_queue_take(&dec->output, out, cap);
}

/* --- field sections --- */

/* A section while it is decoded. */
typedef struct decoder_job {
  qpack_section out;
  quic_reader rd;
  uint8_t *text; /* where the next decoded string goes, in scratch */
} decoder_job;

/* decoder_required undoes §4.5.1.1.  False: no encoder writes |encoded|. */
static bool decoder_required(const qpack_decoder *dec, uint64_t encoded,
                             uint64_t *required) {
  uint64_t entries = qpack_table_max_entries(dec->settings.max_table_capacity);
  uint64_t range = 2 * entries, max = dec->table.inserted + entries;

  *required = 0;
  if (encoded == 0) {
    return true;
  }
  if (encoded > range) {
    return false;
  }
  *required = max / range * range + encoded - 1;
  if (*required > max) {
    if (*required <= range) {
      return false;
    }
    *required -= range;
  }
  return *required != 0;
}

/* decoder_prefix reads the prefix of a section, §4.5.1. */
static qpack_reason decoder_prefix(qpack_decoder *dec, decoder_job *job) {
  uint64_t encoded, delta;
  uint8_t first = quic_reader_u8(&job->rd);
  int rv;

  rv = qpack_prefix_read(&job->rd, first, 8, &encoded);
  if (quic_reader_failed(&job->rd)) {
    return QPACK_REASON_PREFIX_SHORT;
  }
  if (rv) {
    return QPACK_REASON_LINE_INTEGER;
  }
  if (!decoder_required(dec, encoded, &job->out.required_insert_count)) {
    return QPACK_REASON_INSERT_COUNT;
  }
  dec->used |= encoded != 0;
  first = quic_reader_u8(&job->rd);
  rv = qpack_prefix_read(&job->rd, first, 7, &delta);
  if (quic_reader_failed(&job->rd)) {
    return QPACK_REASON_PREFIX_SHORT;
  }
  if (rv) {
    return QPACK_REASON_LINE_INTEGER;
  }
  job->out.base = job->out.required_insert_count;
  if (!(first & 0x80)) {
    job->out.base += delta;
  } else if (delta < job->out.base) {
    job->out.base -= delta + 1;
  } else {
    return QPACK_REASON_BASE;
  }
  return QPACK_REASON_NONE;
}

/* decoder_refer finds the entry that a line refers to; |f| takes its name and
   value. */
static qpack_reason decoder_refer(const qpack_decoder *dec, decoder_job *job,
                                  const qpack_instruction *ins,
                                  qpack_field *f) {
  const qpack_entry *e;

  f->index = ins->number;
  if (!qpack_coding_dynamic(ins->kind)) {
    const qpack_static_entry *s = qpack_static_get(ins->number);

    if (!s) {
      return QPACK_REASON_LINE_STATIC;
    }
    f->name = s->name;
    f->value = s->value;
    return QPACK_REASON_NONE;
  }
  if (ins->kind == QPACK_CODING_INDEXED_POST_BASE ||
      ins->kind == QPACK_CODING_LITERAL_POST_BASE_NAME) {
    f->index = job->out.base + ins->number; /* both below 2^63 */
  } else if (ins->number < job->out.base) {
    f->index = job->out.base - ins->number - 1;
  } else {
    return QPACK_REASON_LINE_BELOW;
  }
  if (f->index >= job->out.required_insert_count) {
    return QPACK_REASON_LINE_BEYOND;
  }
  e = qpack_table_get(&dec->table, f->index);
  if (!e) {
    return QPACK_REASON_LINE_EVICTED;
  }
  f->name = e->name;
  f->value = e->value;
  if (job->out.needed <= f->index) {
    job->out.needed = f->index + 1;
  }
  return QPACK_REASON_NONE;
}

/* decoder_string gives the octets of a string of the section. */
static bool decoder_string(decoder_job *job, const qpack_string *str,
                           quic_bytes *plain) {
  if (qpack_string_decode(str, job->text, plain) != 0) {
    return false;
  }
  job->text += str->coded ? plain->len : 0;
  return true;
}

static qpack_reason decoder_line(const qpack_decoder *dec, decoder_job *job,
                                 const qpack_instruction *ins, qpack_field *f) {
  const qpack_kind_info *info = qpack_kind_info_of(ins->kind);
  qpack_reason reason = QPACK_REASON_NONE;

  memset(f, 0, sizeof(*f));
  f->coding = ins->kind;
  f->never_indexed = ins->never_indexed;
  f->huffman_name = ins->name.huffman;
  f->huffman_value = ins->value.huffman;
  if (!info->has_name) {
    reason = decoder_refer(dec, job, ins, f);
  } else if (!decoder_string(job, &ins->name, &f->name)) {
    reason = QPACK_REASON_LINE_HUFFMAN;
  }
  if (reason == QPACK_REASON_NONE && info->has_value &&
      !decoder_string(job, &ins->value, &f->value)) {
    reason = QPACK_REASON_LINE_HUFFMAN;
  }
  return reason;
}

static qpack_reason decoder_line_reason(int rv) {
  switch (rv) {
  case QUIC_ERR_SHORT:
    return QPACK_REASON_LINE_SHORT;
  case QUIC_ERR_LIMIT:
    return QPACK_REASON_SECTION_SIZE;
  default:
    return QPACK_REASON_LINE_INTEGER;
  }
}

/* decoder_lines decodes what is behind the prefix; |*at| is where the last line
   begins. */
static qpack_reason decoder_lines(qpack_decoder *dec, decoder_job *job,
                                  size_t *at) {
  size_t room = qpack_huffman_decoded_max(quic_reader_left(&job->rd));

  if (decoder_scratch(dec, room) != 0) {
    return QPACK_REASON_MEMORY;
  }
  job->text = dec->scratch;
  while (quic_reader_left(&job->rd)) {
    void *fields = dec->fields;
    qpack_instruction ins;
    qpack_reason reason;
    uint64_t missing;
    qpack_field *f;
    int rv;

    *at = quic_reader_offset(&job->rd);
    rv = qpack_instruction_read(&ins, QPACK_FAMILY_LINE, &job->rd,
                                dec->settings.max_section_octets, &missing);
    if (rv) {
      return decoder_line_reason(rv);
    }
    if (quic_mem_grow(dec->mem, &fields, &dec->fields_cap, job->out.nfields + 1,
                      sizeof(*f)) != 0) {
      return QPACK_REASON_MEMORY;
    }
    dec->fields = fields;
    f = &dec->fields[job->out.nfields];
    reason = decoder_line(dec, job, &ins, f);
    if (reason != QPACK_REASON_NONE) {
      return reason;
    }
    if (qpack_field_size(f) >
        dec->settings.max_section_octets - job->out.decoded_len) {
      return QPACK_REASON_SECTION_SIZE;
    }
    job->out.decoded_len += qpack_field_size(f);
    job->out.nfields++;
  }
  return QPACK_REASON_NONE;
}

/* decoder_deliver calls back with what |reason| made of a section. */
static int decoder_deliver(qpack_decoder *dec, decoder_job *job,
                           qpack_reason reason, size_t at) {
  if (reason != QPACK_REASON_NONE) {
    job->out.status = qpack_error_set(&dec->error, reason, at);
  }
  job->out.fields = dec->fields;
  dec->callbacks.section(dec->user, &job->out);
  return job->out.status;
}

/* decoder_finish decodes a section whose prefix was read, and delivers it. */
static int decoder_finish(qpack_decoder *dec, decoder_job *job) {
  size_t at = 0;
  qpack_reason reason = decoder_lines(dec, job, &at);
  uint64_t required = job->out.required_insert_count;

  if (reason == QPACK_REASON_NONE && required && !dec->settings.passive) {
    reason = decoder_say(dec, QPACK_SECTION_ACKNOWLEDGMENT, job->out.stream_id);
    if (reason == QPACK_REASON_NONE && dec->known < required) {
      dec->known = required;
    }
  }
  return decoder_deliver(dec, job, reason, at);
}

/* decoder_hold keeps a section for later. */
static qpack_reason decoder_hold(qpack_decoder *dec, const decoder_job *job,
                                 quic_bytes section) {
  qpack_held_section held = {
      .stream_id = job->out.stream_id,
      .required = job->out.required_insert_count,
      .base = job->out.base,
      .token = job->out.token,
      .section = section,
      .lines = quic_reader_offset(&job->rd),
  };

  if (!qpack_held_has(&dec->held, held.stream_id) &&
      dec->held.len >= dec->settings.max_blocked_streams) {
    return QPACK_REASON_BLOCKED;
  }
  switch (qpack_held_add(&dec->held, &held)) {
  case 0:
    return QPACK_REASON_NONE;
  case QUIC_ERR_NOMEM:
    return QPACK_REASON_MEMORY;
  default:
    return QPACK_REASON_HELD;
  }
}

int qpack_decoder_section(qpack_decoder *dec, uint64_t stream_id,
                          quic_bytes section, void *token) {
  decoder_job job;
  qpack_reason reason;

  memset(&job, 0, sizeof(job));
  job.out.stream_id = stream_id;
  job.out.token = token;
  job.out.encoded_len = section.len;
  quic_reader_init(&job.rd, section.data, section.len);
  reason = decoder_prefix(dec, &job);
  if (reason != QPACK_REASON_NONE) {
    return decoder_deliver(dec, &job, reason, 0);
  }
  if (job.out.required_insert_count <= dec->table.inserted &&
      !qpack_held_has(&dec->held, stream_id)) {
    return decoder_finish(dec, &job);
  }
  reason = decoder_hold(dec, &job, section);
  return reason == QPACK_REASON_NONE ? QUIC_ERR_AGAIN
                                     : decoder_deliver(dec, &job, reason, 0);
}

/* --- the encoder stream --- */

static void decoder_unblock(qpack_decoder *dec) {
  qpack_held_section *held;

  while ((held = qpack_held_take(&dec->held, dec->table.inserted))) {
    decoder_job job;

    memset(&job, 0, sizeof(job));
    job.out.stream_id = held->stream_id;
    job.out.token = held->token;
    job.out.encoded_len = held->section.len;
    job.out.required_insert_count = held->required;
    job.out.base = held->base;
    job.out.was_blocked = true;
    quic_reader_init(&job.rd, held->section.data, held->section.len);
    quic_reader_skip(&job.rd, held->lines);
    (void)decoder_finish(dec, &job);
    qpack_held_release(&dec->held, held);
  }
}

/* decoder_source finds what an instruction refers to: |*entry|, or one of the
   static table. */
static qpack_reason decoder_source(const qpack_decoder *dec,
                                   qpack_insertion *in,
                                   const qpack_entry **entry) {
  uint64_t number = in->instruction->number;
  const qpack_entry *e;

  if (in->instruction->kind == QPACK_INSERT_STATIC_NAME) {
    const qpack_static_entry *s = qpack_static_get(number);

    if (!s) {
      return QPACK_REASON_INSERT_STATIC;
    }
    in->source = number;
    in->name = s->name;
    return QPACK_REASON_NONE;
  }
  if (number >= dec->table.inserted) {
    return QPACK_REASON_INSERT_EVICTED;
  }
  in->source = dec->table.inserted - 1 - number;
  e = qpack_table_get(&dec->table, in->source);
  if (!e) {
    return QPACK_REASON_INSERT_EVICTED;
  }
  in->name = e->name;
  in->value = e->value;
  *entry = e;
  return QPACK_REASON_NONE;
}

/* decoder_insert carries out an instruction that makes an entry. */
static qpack_reason decoder_insert(qpack_decoder *dec, qpack_insertion *in) {
  const qpack_instruction *ins = in->instruction;
  const qpack_kind_info *info = qpack_kind_info_of(ins->kind);
  qpack_reason reason = QPACK_REASON_NONE;
  const qpack_entry *source = NULL, *e;
  uint8_t *text;

  if (decoder_scratch(dec, qpack_string_room(&ins->name) +
                               qpack_string_room(&ins->value)) != 0) {
    return QPACK_REASON_MEMORY;
  }
  text = dec->scratch;
  if (!info->has_name) {
    reason = decoder_source(dec, in, &source);
  } else if (qpack_string_decode(&ins->name, text, &in->name) != 0) {
    reason = QPACK_REASON_INSERT_HUFFMAN;
  }
  if (reason != QPACK_REASON_NONE) {
    return reason;
  }
  if (info->has_value &&
      qpack_string_decode(&ins->value, text + qpack_string_room(&ins->name),
                          &in->value) != 0) {
    return QPACK_REASON_INSERT_HUFFMAN;
  }
  in->index = dec->table.inserted;
  switch (qpack_table_insert(&dec->table, source, in->name, in->value, &e)) {
  case 0:
    in->name = e->name;
    in->value = e->value;
    return QPACK_REASON_NONE;
  case QUIC_ERR_NOMEM:
    return QPACK_REASON_MEMORY;
  default:
    return QPACK_REASON_ENTRY_SIZE;
  }
}

static qpack_reason decoder_instruction(qpack_decoder *dec,
                                        const qpack_instruction *ins) {
  qpack_insertion in = {
      .instruction = ins, .offset = dec->parser.start, .len = dec->parser.len};
  qpack_reason reason;

  dec->used = true;
  if (ins->kind != QPACK_SET_CAPACITY) {
    reason = decoder_insert(dec, &in);
    if (reason != QPACK_REASON_NONE) {
      return reason;
    }
  } else if (ins->number > dec->settings.max_table_capacity) {
    return QPACK_REASON_CAPACITY;
  } else if (dec->settings.max_table_octets &&
             ins->number > dec->settings.max_table_octets) {
    return QPACK_REASON_TABLE_SIZE;
  } else {
    qpack_table_set_capacity(&dec->table, ins->number);
  }
  if (dec->callbacks.insertion) {
    dec->callbacks.insertion(dec->user, &in);
  }
  decoder_unblock(dec);
  return QPACK_REASON_NONE;
}

static qpack_reason decoder_parse_reason(int rv) {
  switch (rv) {
  case QUIC_ERR_NOMEM:
    return QPACK_REASON_MEMORY;
  case QUIC_ERR_LIMIT:
    return QPACK_REASON_ENTRY_SIZE;
  default:
    return QPACK_REASON_INSERT_INTEGER;
  }
}

int qpack_decoder_encoder_stream(qpack_decoder *dec, quic_bytes data) {
  qpack_reason reason = dec->stream_error.reason;

  while (reason == QPACK_REASON_NONE) {
    uint64_t capacity = dec->table.capacity;
    qpack_instruction ins;
    int rv;

    dec->parser.max_string =
        capacity > QPACK_FIELD_OVERHEAD ? capacity - QPACK_FIELD_OVERHEAD : 0;
    rv = qpack_parser_next(&dec->parser, &data, &ins);
    if (rv == QUIC_ERR_AGAIN) {
      return 0;
    }
    reason = rv ? decoder_parse_reason(rv) : decoder_instruction(dec, &ins);
    if (reason != QPACK_REASON_NONE) {
      (void)qpack_error_set(&dec->stream_error, reason, dec->parser.start);
    }
  }
  dec->error = dec->stream_error;
  return qpack_error_set(&dec->error, reason, dec->stream_error.offset);
}

/* --- views --- */

const qpack_error *qpack_decoder_error(const qpack_decoder *dec) {
  return &dec->error;
}

const qpack_table *qpack_decoder_table(const qpack_decoder *dec) {
  return &dec->table;
}

size_t qpack_decoder_blocked(const qpack_decoder *dec) {
  return dec->held.len;
}

uint64_t qpack_decoder_partial(const qpack_decoder *dec, size_t *held) {
  *held = dec->parser.held_len;
  return dec->parser.start + (dec->parser.held_len ? 0 : dec->parser.len);
}
