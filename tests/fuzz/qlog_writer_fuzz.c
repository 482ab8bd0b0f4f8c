/* Whatever events say, what the writer makes of them is JSON: one text in each
   record, with no key twice where keys are ours.  The input is a list of
   events: a type, an octet that says how its struct is filled, then what goes
   in. */

#include "qlog/writer.h"
#include "tests/fuzz/fuzz.h"
#include "wire/varint.h"

#define FUZZ_EVENTS_MAX 64
#define FUZZ_FRAMES_MAX 64
#define FUZZ_FIELDS_MAX 8
#define FUZZ_DEPTH_MAX 16

/* --- a validator of JSON (RFC 8259) ----------------------------------------
 */

typedef struct json_scan {
  const uint8_t *p, *end;
} json_scan;

static int scan_peek(const json_scan *s) {
  return s->p < s->end ? *s->p : -1;
}

static bool scan_take(json_scan *s, int c) {
  if (scan_peek(s) != c) {
    return false;
  }
  s->p++;
  return true;
}

static bool scan_digits(json_scan *s) {
  const uint8_t *start = s->p;

  while (scan_peek(s) >= '0' && scan_peek(s) <= '9') {
    s->p++;
  }
  return s->p > start;
}

static bool scan_number(json_scan *s) {
  scan_take(s, '-');
  if (!scan_take(s, '0') && !scan_digits(s)) {
    return false;
  }
  return !scan_take(s, '.') || scan_digits(s);
}

static bool scan_escape(json_scan *s) {
  int c = scan_peek(s);

  if (c < 0 || !strchr("\"\\/bfnrtu", c)) {
    return false;
  }
  s->p++;
  for (int i = 0; c == 'u' && i < 4; i++) {
    int x = scan_peek(s);

    if (x < 0 || !strchr("0123456789abcdef", x)) {
      return false;
    }
    s->p++;
  }
  return true;
}

/* Of what needs no escape, what is above ASCII must be UTF-8 that no terminal
   is fooled by. */
static bool scan_string(json_scan *s) {
  if (!scan_take(s, '"')) {
    return false;
  }
  while (scan_peek(s) >= 0 && scan_peek(s) != '"') {
    uint32_t cp;
    size_t n;

    if (scan_take(s, '\\')) {
      if (!scan_escape(s)) {
        return false;
      }
      continue;
    }
    n = quic_text_utf8(s->p, (size_t)(s->end - s->p), &cp);
    if (n == 0 || quic_text_unsafe(cp)) {
      return false;
    }
    s->p += n;
  }
  return scan_take(s, '"');
}

static bool scan_word(json_scan *s, const char *word) {
  for (; *word; word++) {
    if (!scan_take(s, *word)) {
      return false;
    }
  }
  return true;
}

static bool scan_value(json_scan *s, int depth);

/* Keys of one object, as hashes; free maps are not looked at. */
#define SCAN_KEYS_MAX 64

typedef struct scan_keys {
  uint64_t keys[SCAN_KEYS_MAX];
  size_t n;
} scan_keys;

static bool scan_key_new(scan_keys *k, quic_bytes key) {
  uint64_t sum = fuzz_sum(key);

  for (size_t i = 0; i < k->n; i++) {
    if (k->keys[i] == sum) {
      return false;
    }
  }
  if (k->n < SCAN_KEYS_MAX) {
    k->keys[k->n++] = sum;
  }
  return true;
}

static bool scan_member(json_scan *s, int depth, scan_keys *keys, bool free_map,
                        bool *is_details) {
  const uint8_t *start = s->p;
  quic_bytes key;

  if (!scan_string(s)) {
    return false;
  }
  key = quic_bytes_of(start, (size_t)(s->p - start));
  *is_details = quic_bytes_eq(key, quic_bytes_of("\"details\"", 9));
  return (free_map || scan_key_new(keys, key)) && scan_take(s, ':') &&
         (!*is_details || scan_peek(s) == '{') && depth > 0;
}

static bool scan_object(json_scan *s, int depth, bool free_map) {
  scan_keys keys = {.n = 0};
  bool is_details;

  scan_take(s, '{');
  if (scan_take(s, '}')) {
    return true;
  }
  do {
    if (!scan_member(s, depth, &keys, free_map, &is_details)) {
      return false;
    }
    if (is_details && !free_map ? !scan_object(s, depth - 1, true)
                                : !scan_value(s, depth - 1)) {
      return false;
    }
  } while (scan_take(s, ','));
  return scan_take(s, '}');
}

static bool scan_array(json_scan *s, int depth) {
  scan_take(s, '[');
  if (scan_take(s, ']')) {
    return true;
  }
  do {
    if (depth == 0 || !scan_value(s, depth - 1)) {
      return false;
    }
  } while (scan_take(s, ','));
  return scan_take(s, ']');
}

static bool scan_value(json_scan *s, int depth) {
  switch (scan_peek(s)) {
  case '{':
    return scan_object(s, depth, false);
  case '[':
    return scan_array(s, depth);
  case '"':
    return scan_string(s);
  case 't':
    return scan_word(s, "true");
  case 'f':
    return scan_word(s, "false");
  case 'n':
    return scan_word(s, "null");
  default:
    return scan_number(s);
  }
}

/* The old format breaks lines between events. */
static void check_json(const uint8_t *data, size_t len) {
  json_scan s = {data, data + len};

  FUZZ_CHECK(scan_value(&s, FUZZ_DEPTH_MAX));
  FUZZ_CHECK(s.p == s.end);
}

/* --- events ----------------------------------------------------------------
 */

typedef struct output {
  uint8_t *data;
  size_t len, cap;
} output;

static void output_take(void *user, const char *data, size_t len) {
  output *out = user;

  if (len > out->cap - out->len) {
    out->cap = 2 * (out->cap + len);
    out->data = realloc(out->data, out->cap);
    FUZZ_CHECK(out->data);
  }
  memcpy(out->data + out->len, data, len);
  out->len += len;
}

/* What one event points to. */
typedef struct event_parts {
  quic_reader *rd;
  char strings[4][32];
  unsigned nstrings;
  quic_header header;
  quic_frame frames[FUZZ_FRAMES_MAX];
  size_t nframes;
  quic_h3_frame h3;
  quic_field fields[FUZZ_FIELDS_MAX];
  quic_addr addr;
  quic_bytes cids[2];
  uint64_t numbers[FUZZ_FIELDS_MAX];
  uint8_t octets[FUZZ_FIELDS_MAX];
  uint32_t words[FUZZ_FIELDS_MAX];
} event_parts;

static quic_bytes part_bytes(event_parts *t) {
  size_t len = quic_reader_u8(t->rd);

  return quic_reader_bytes(
      t->rd, len < quic_reader_left(t->rd) ? len : quic_reader_left(t->rd));
}

/* part_u64 gives an integer of any size, often a small or absent one. */
static uint64_t part_u64(event_parts *t) {
  uint8_t how = quic_reader_u8(t->rd);

  switch (how & 7) {
  case 0:
    return QLOG_NONE;
  case 1:
    return quic_reader_u64(t->rd);
  case 2:
    return quic_reader_u32(t->rd);
  default:
    return how >> 3;
  }
}

static int part_int(event_parts *t) {
  return (int8_t)quic_reader_u8(t->rd) % 12;
}

static const char *part_str(event_parts *t) {
  quic_bytes b = part_bytes(t);
  char *s = t->strings[t->nstrings++ % 4];

  if (b.len == 0) {
    return NULL;
  }
  b.len = b.len < 31 ? b.len : 31;
  memcpy(s, b.data, b.len);
  s[b.len] = '\0';
  return s;
}

/* part_frames decodes what it can; an unknown frame ends them, as it does a
   packet. */
static void part_frames(event_parts *t) {
  quic_bytes b = quic_reader_bytes(
      t->rd, quic_reader_left(t->rd) < 300 ? quic_reader_left(t->rd) : 300);
  quic_reader rd;

  t->nframes = 0;
  quic_reader_init(&rd, b.data, b.len);
  while (t->nframes < FUZZ_FRAMES_MAX) {
    quic_frame *f = &t->frames[t->nframes];
    int rv = quic_frame_decode_cut(f, &rd);

    if (rv == QUIC_ERR_UNSUPPORTED) {
      f->wire = quic_reader_rest(&rd);
      t->nframes++;
    }
    if (rv != 0) {
      break;
    }
    t->nframes++;
  }
  /* Give back what a malformed one left. */
  t->rd->pos -= quic_reader_failed(t->rd) ? 0 : quic_reader_left(&rd);
}

static void part_header(event_parts *t) {
  quic_bytes b = part_bytes(t);

  (void)!quic_header_decode(&t->header, b.data, b.len, b.len + 100,
                            quic_reader_u8(t->rd) % 21);
  t->header.pn_len = quic_reader_u8(t->rd) % 5;
  t->header.pn = part_u64(t);
}

static size_t part_fields(event_parts *t) {
  size_t n = quic_reader_u8(t->rd) % (FUZZ_FIELDS_MAX + 1);

  for (size_t i = 0; i < n; i++) {
    t->fields[i].name = part_bytes(t);
    t->fields[i].value = part_bytes(t);
  }
  return n;
}

static void part_endpoint(event_parts *t, qlog_endpoint *end) {
  quic_bytes ip = quic_reader_bytes(t->rd, 16);

  if (ip.len > 0) {
    memcpy(t->addr.ip, ip.data, 16);
  }
  t->addr.port = quic_reader_u16(t->rd);
  t->addr.family = (uint8_t[]){0, 4, 6, 9}[quic_reader_u8(t->rd) % 4];
  t->cids[0] = part_bytes(t);
  t->cids[1] = part_bytes(t);
  end->addr = quic_reader_u8(t->rd) % 4 ? &t->addr : NULL;
  end->cids = t->cids;
  end->ncids = quic_reader_u8(t->rd) % 3;
}

static size_t part_numbers(event_parts *t) {
  size_t n = quic_reader_u8(t->rd) % (FUZZ_FIELDS_MAX + 1);

  for (size_t i = 0; i < n; i++) {
    t->numbers[i] = part_u64(t);
    t->octets[i] = (uint8_t)t->numbers[i];
    t->words[i] = (uint32_t)t->numbers[i];
  }
  return n;
}

static void fill_packet(event_parts *t, qlog_packet *p) {
  unsigned how = quic_reader_u8(t->rd);

  part_header(t);
  p->header = how & 1 ? NULL : &t->header;
  p->stateless_reset = (how & 0x0e) == 0x0e;
  p->reset_token = how & 0x10 ? part_bytes(t) : p->reset_token;
  p->raw = how & 0x20 ? part_bytes(t) : p->raw;
  p->length = part_u64(t);
  p->payload_length = part_u64(t);
  p->key_phase = part_u64(t);
  p->path_id = part_u64(t);
  p->datagram_id = part_u64(t);
  p->datagram_length = part_u64(t);
  p->datagram_checksum = part_u64(t);
  p->number = part_u64(t);
  p->ack_delay_exponent = part_u64(t);
  p->ecn = part_int(t);
  p->drop = part_int(t);
  p->lost = part_int(t);
  p->is_mtu_probe = part_int(t);
  p->trigger = part_str(t);
  p->ndetails = how & 0x40 ? part_fields(t) : 0;
  p->details = t->fields;
  p->has_frames = how & 0x80;
  if (p->has_frames) {
    part_frames(t);
    p->frames = t->frames;
    p->nframes = t->nframes;
  }
}

static void fill_h3_frame(event_parts *t, qlog_h3_frame *h) {
  static const uint64_t types[] = {0, 1, 3, 4, 5, 7, 12, 13, 0xf0700, 0xf0701};
  uint8_t how = quic_reader_u8(t->rd);
  uint64_t type = how < 10 ? types[how] : part_u64(t);

  if (how == 0xff) {
    return;
  }
  if (quic_reader_u8(t->rd) & 1) {
    t->h3.u.payload = part_bytes(t);
  } else {
    t->h3.u.push_promise.push_id = part_u64(t);
    t->h3.u.push_promise.section = part_bytes(t);
  }
  /* The members that are bytes lie elsewhere in those that begin with a
     number. */
  if (type == QUIC_H3_SETTINGS || type == QUIC_H3_ORIGIN) {
    t->h3.u.payload = part_bytes(t);
  }
  t->h3.type = type;
  t->h3.length = part_u64(t);
  h->stream_id = part_u64(t);
  h->raw_length = part_u64(t);
  h->frame = &t->h3;
  h->nfields = part_fields(t);
  h->fields = t->fields;
}

/* fill_event makes the union's member of |e|.  Integers and enumerations may be
   anything; pointers point to something. */
static void fill_event(event_parts *t, qlog_event *e) {
  switch (e->type) {
  case QLOG_PACKET_SENT:
  case QLOG_PACKET_RECEIVED:
  case QLOG_PACKET_DROPPED:
  case QLOG_PACKET_BUFFERED:
  case QLOG_PACKET_LOST:
    fill_packet(t, &e->u.packet);
    break;
  case QLOG_SERVER_LISTENING:
    part_endpoint(t, &e->u.started.local);
    e->u.listening = (qlog_server_listening){
        t->addr.family == 4 ? &t->addr : NULL,
        t->addr.family == 6 ? &t->addr : NULL, part_int(t)};
    break;
  case QLOG_CONNECTION_STARTED:
    part_endpoint(t, &e->u.started.local);
    part_endpoint(t, &e->u.started.remote);
    break;
  case QLOG_CONNECTION_CLOSED:
    e->u.closed.initiator = part_int(t);
    e->u.closed.trigger = part_int(t);
    e->u.closed.connection_error = part_u64(t);
    e->u.closed.application_error = part_u64(t);
    e->u.closed.internal_code = part_u64(t);
    e->u.closed.reason = part_bytes(t);
    break;
  case QLOG_VERSION_INFORMATION:
    e->u.versions.server_versions = part_bytes(t);
    e->u.versions.client_versions = part_bytes(t);
    e->u.versions.chosen = part_u64(t);
    break;
  case QLOG_ALPN_INFORMATION:
    e->u.alpn.server_alpns = part_bytes(t);
    e->u.alpn.client_alpns = part_bytes(t);
    e->u.alpn.chosen = part_bytes(t);
    break;
  case QLOG_PARAMETERS_SET:
  case QLOG_PARAMETERS_RESTORED:
    e->u.parameters.initiator = part_int(t);
    e->u.parameters.suite = part_u64(t);
    e->u.parameters.early_data_enabled = part_int(t);
    e->u.parameters.version = quic_version_at(quic_reader_u8(t->rd) % 40);
    e->u.parameters.parameters = part_bytes(t);
    break;
  case QLOG_CONNECTION_ID_UPDATED:
    e->u.cid.initiator = part_int(t);
    e->u.cid.old_cid = part_bytes(t);
    e->u.cid.new_cid = part_bytes(t);
    break;
  case QLOG_CONNECTION_STATE_UPDATED:
  case QLOG_CONGESTION_STATE_UPDATED:
  case QLOG_ECN_STATE_UPDATED:
    e->u.state.old_state = part_str(t);
    e->u.state.new_state = part_str(t);
    e->u.state.trigger = part_str(t);
    break;
  case QLOG_TUPLE_ASSIGNED:
    e->u.tuple.tuple_id = part_str(t);
    part_endpoint(t, &e->u.tuple.local);
    break;
  case QLOG_MIGRATION_STATE_UPDATED:
    e->u.migration.new_state = part_str(t);
    e->u.migration.tuple_id = part_str(t);
    part_endpoint(t, &e->u.migration.remote);
    break;
  case QLOG_UDP_DATAGRAMS_SENT:
  case QLOG_UDP_DATAGRAMS_RECEIVED:
  case QLOG_UDP_DATAGRAM_DROPPED:
    e->u.datagrams.count = part_u64(t);
    e->u.datagrams.nlengths = part_numbers(t);
    e->u.datagrams.necn = e->u.datagrams.nlengths;
    e->u.datagrams.nchecksums = e->u.datagrams.nlengths / 2;
    e->u.datagrams.lengths = t->numbers;
    e->u.datagrams.ecn = t->octets;
    e->u.datagrams.checksums = t->words;
    break;
  case QLOG_STREAM_STATE_UPDATED:
    e->u.stream_state =
        (qlog_stream_state){part_u64(t), part_int(t), part_str(t),
                            part_str(t), part_int(t), part_int(t)};
    break;
  case QLOG_FRAMES_CREATED:
  case QLOG_FRAMES_PARSED:
  case QLOG_MARKED_FOR_RETRANSMIT:
    e->u.frames.ack_delay_exponent = part_u64(t);
    e->u.frames.npacket_numbers = part_numbers(t);
    e->u.frames.packet_numbers = t->numbers;
    part_frames(t);
    e->u.frames.frames = t->frames;
    e->u.frames.nframes = t->nframes;
    break;
  case QLOG_STREAM_DATA_MOVED:
  case QLOG_DATAGRAM_DATA_MOVED:
    e->u.moved = (qlog_data_moved){part_u64(t), part_u64(t), part_int(t),
                                   part_int(t), part_str(t), part_u64(t)};
    break;
  case QLOG_TIMER_UPDATED:
    e->u.timer = (qlog_timer){part_str(t), part_u64(t), part_int(t),
                              part_int(t), part_u64(t)};
    break;
  case QLOG_KEY_UPDATED:
  case QLOG_KEY_DISCARDED:
    e->u.key = (qlog_key_updated){part_str(t), part_u64(t), part_str(t),
                                  part_bytes(t), part_bytes(t)};
    break;
  case QLOG_RECOVERY_PARAMETERS_SET:
    e->u.recovery.time_threshold = part_u64(t);
    e->u.recovery.loss_reduction_factor = part_u64(t);
    e->u.recovery.initial_rtt = part_u64(t);
    break;
  case QLOG_RECOVERY_METRICS_UPDATED:
    e->u.metrics.min_rtt = part_u64(t);
    e->u.metrics.ssthresh = part_u64(t);
    e->u.metrics.rtt_variance = part_u64(t);
    e->u.metrics.inferred = part_int(t);
    break;
  case QLOG_PACKETS_ACKED:
    e->u.acked.space = part_int(t);
    part_frames(t);
    for (size_t i = 0; i < t->nframes; i++) {
      uint64_t type = quic_frame_meaning(&t->frames[i]);

      if (type == QUIC_FRAME_ACK || type == QUIC_FRAME_PATH_ACK) {
        e->u.acked.ranges = &t->frames[i];
      }
    }
    break;
  case QLOG_H3_PARAMETERS_SET:
  case QLOG_H3_PARAMETERS_RESTORED:
    e->u.h3_settings.initiator = part_int(t);
    e->u.h3_settings.settings = part_bytes(t);
    break;
  case QLOG_H3_STREAM_TYPE_SET:
    e->u.h3_stream = (qlog_h3_stream_type){
        part_int(t), part_u64(t), part_int(t), part_u64(t), part_u64(t)};
    break;
  case QLOG_H3_FRAME_CREATED:
  case QLOG_H3_FRAME_PARSED:
    fill_h3_frame(t, &e->u.h3_frame);
    break;
  case QLOG_H3_PRIORITY_UPDATED:
    e->u.h3_priority.stream_id = part_u64(t);
    e->u.h3_priority.new_value = part_bytes(t);
    e->u.h3_priority.reason = part_str(t);
    break;
  case QLOG_CAPSULE_CREATED:
  case QLOG_CAPSULE_PARSED:
    e->u.capsule = (qlog_capsule){part_u64(t), part_u64(t), part_u64(t)};
    break;
  case QLOG_LOG_ERROR:
  case QLOG_LOG_INFO:
    e->u.message.text = part_bytes(t);
    e->u.message.code = part_u64(t);
    break;
  case QLOG_SIMULATION_SCENARIO:
  case QLOG_SIMULATION_MARKER:
    e->u.simulation.label = part_bytes(t);
    e->u.simulation.message = part_bytes(t);
    e->u.simulation.ndetails = part_fields(t);
    e->u.simulation.details = t->fields;
    break;
  default:
    break;
  }
}

static void run_events(qlog_sink *sink, quic_bytes input) {
  static event_parts t;
  quic_reader rd;

  quic_reader_init(&rd, input.data, input.len);
  for (int i = 0; i < FUZZ_EVENTS_MAX && quic_reader_left(&rd); i++) {
    unsigned type = quic_reader_u8(&rd) % QLOG_EVENT_TYPES;
    qlog_event e;

    memset(&t, 0, sizeof(t));
    t.rd = &rd;
    qlog_event_init(&e, (qlog_event_type)type, 0);
    e.http3 = quic_reader_u8(&rd) & 1;
    e.time = part_u64(&t);
    e.tuple = part_str(&t);
    fill_event(&t, &e);
    sink->event(sink, &e);
  }
}

/* check_sequence: each record is one JSON text and a line feed. */
static void check_sequence(const output *out) {
  size_t i = 0;

  while (i < out->len) {
    const uint8_t *start = out->data + i, *end;

    FUZZ_CHECK(*start == 0x1e);
    end = memchr(start, '\n', out->len - i);
    FUZZ_CHECK(end);
    check_json(start + 1, (size_t)(end - start) - 1);
    i += (size_t)(end - start) + 1;
  }
}

/* check_whole: the lines between the first and the last are events, which
   commas part; without the line feeds all is one JSON text. */
static void check_whole(output *out) {
  size_t n = 0;

  for (size_t i = 0; i < out->len; i++) {
    if (out->data[i] != '\n') {
      out->data[n++] = out->data[i];
    }
  }
  check_json(out->data, n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  output out = {NULL, 0, 0};
  qlog_writer_settings set = {.reference = 12345678};
  uint8_t *copy;
  char buf[300];
  quic_text text;
  qlog_writer *w;

  if (size == 0) {
    return 0;
  }
  copy = fuzz_copy(quic_bytes_of(data + 1, size - 1));
  quic_text_init(&text, buf,
                 data[0] & 2 ? sizeof(buf) : 1 + (size_t)data[0] / 4);
  text.flush = output_take;
  text.user = &out;
  set.out = &text;
  set.compat = data[0] & 1;
  set.raw_max = data[0] >> 4;
  FUZZ_CHECK(qlog_writer_new(&w, quic_mem_default(), &set) == 0);
  run_events(qlog_writer_sink(w), quic_bytes_of(copy, size - 1));
  qlog_writer_finish(w);
  qlog_writer_del(w);
  if (set.compat) {
    check_whole(&out);
  } else {
    check_sequence(&out);
  }
  free(out.data);
  free(copy);
  return 0;
}
