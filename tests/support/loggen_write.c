/* What the writers share: JSON, frames, names. */

#include "tests/support/loggen_write.h"

#include <inttypes.h>
#include <string.h>

#include "wire/names.h"

static bool json_spaced(const lg_writer *w) {
  return w->tongue == LG_AIOQUIC || w->tongue == LG_PICOQUIC;
}

static void json_key(lg_writer *w, const char *key) {
  if (w->comma) {
    fputs(json_spaced(w) ? ", " : ",", w->out);
  }
  w->comma = true;
  if (key) {
    fprintf(w->out, json_spaced(w) ? "\"%s\": " : "\"%s\":", key);
  }
}

void lg_json_open(lg_writer *w, const char *key, char bracket) {
  json_key(w, key);
  fputc(bracket, w->out);
  w->comma = false;
}

void lg_json_close(lg_writer *w, char bracket) {
  fputc(bracket, w->out);
  w->comma = true;
}

void lg_json_u64(lg_writer *w, const char *key, uint64_t v) {
  bool text = w->tongue == LG_DRAFT14 && v > UINT64_C(1) << 53;

  json_key(w, key);
  fprintf(w->out, text ? "\"%" PRIu64 "\"" : "%" PRIu64, v);
}

void lg_json_str(lg_writer *w, const char *key, const char *s) {
  json_key(w, key);
  fputc('"', w->out);
  for (; *s; s++) {
    if (*s == '"' || *s == '\\') {
      fputc('\\', w->out);
    }
    fputc(*s, w->out);
  }
  fputc('"', w->out);
}

void lg_json_bool(lg_writer *w, const char *key, bool v) {
  json_key(w, key);
  fputs(v ? "true" : "false", w->out);
}

void lg_json_ms(lg_writer *w, const char *key, uint64_t ns) {
  char text[32];
  int len;

  json_key(w, key);
  if (w->tongue == LG_NGTCP2) {
    fprintf(w->out, "%" PRIu64, ns / LG_MS);
    return;
  }
  len = snprintf(text, sizeof(text), "%" PRIu64 ".%06" PRIu64, ns / LG_MS,
                 ns % LG_MS);
  while (text[len - 1] == '0' && text[len - 2] != '.') {
    text[--len] = 0;
  }
  fputs(text, w->out);
}

void lg_json_hex(lg_writer *w, const char *key, uint64_t v, unsigned octets) {
  char text[40];

  for (unsigned i = 0; i < octets; i++) {
    v = v * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    snprintf(text + 2 * i, 3, "%02x", (unsigned)(v >> 56));
  }
  lg_json_str(w, key, text);
}

void lg_json_begin(lg_writer *w) {
  w->comma = false;
  w->records++;
}

const char *lg_key_name(const lg_event *e) {
  static const char *const names[LG_SIDES][LG_SPACES] = {
      {"client_initial_secret", "client_handshake_secret",
       "client_1rtt_secret"},
      {"server_initial_secret", "server_handshake_secret",
       "server_1rtt_secret"}};

  return names[e->side][e->code < LG_SPACES ? e->code : LG_APP];
}

const char *lg_frame_name(lg_frame_type type) {
  static const char *const names[LG_FRAME_TYPES] = {
      [LG_PADDING] = "padding",
      [LG_PING] = "ping",
      [LG_ACK] = "ack",
      [LG_CRYPTO] = "crypto",
      [LG_STREAM] = "stream",
      [LG_MAX_DATA] = "max_data",
      [LG_MAX_STREAM_DATA] = "max_stream_data",
      [LG_MAX_STREAMS] = "max_streams",
      [LG_DATA_BLOCKED] = "data_blocked",
      [LG_STREAM_DATA_BLOCKED] = "stream_data_blocked",
      [LG_STREAMS_BLOCKED] = "streams_blocked",
      [LG_RESET_STREAM] = "reset_stream",
      [LG_STOP_SENDING] = "stop_sending",
      [LG_NEW_CONNECTION_ID] = "new_connection_id",
      [LG_RETIRE_CONNECTION_ID] = "retire_connection_id",
      [LG_NEW_TOKEN] = "new_token",
      [LG_PATH_CHALLENGE] = "path_challenge",
      [LG_PATH_RESPONSE] = "path_response",
      [LG_CLOSE_TRANSPORT] = "connection_close",
      [LG_CLOSE_APPLICATION] = "connection_close",
      [LG_HANDSHAKE_DONE] = "handshake_done",
      [LG_DATAGRAM] = "datagram"};

  return names[type];
}

const char *lg_packet_name(lg_packet_type type) {
  static const char *const names[LG_PACKET_TYPES] = {
      [LG_INITIAL] = "initial",
      [LG_HANDSHAKE] = "handshake",
      [LG_APP] = "1RTT",
      [LG_VERSIONS] = "version_negotiation",
      [LG_RESET] = "stateless_reset"};

  return names[type];
}

uint64_t lg_write_number(const lg_writer *w, const lg_packet *p, int sender) {
  return p->number + (sender == LG_CLIENT ? w->numbers : 0);
}

static void write_ack_delay(lg_writer *w, const lg_packet *p) {
  if (w->tongue == LG_PICOQUIC) { /* as on the wire, exponent 3 */
    lg_json_u64(w, "ack_delay", p->ack_delay / 8000);
  } else {
    lg_json_ms(w, "ack_delay", p->ack_delay);
  }
}

static void write_ack_counts(lg_writer *w, const lg_packet *p) {
  if (p->ack_ecn && w->tongue == LG_NGTCP2) {
    lg_json_u64(w, "ect1", 0);
    lg_json_u64(w, "ect0", p->ect0);
    lg_json_u64(w, "ce", p->ce_count);
  } else if (p->ack_ecn && w->tongue != LG_AIOQUIC) {
    lg_json_u64(w, "ect0", p->ect0);
    lg_json_u64(w, "ect1", 0);
    lg_json_u64(w, "ce", p->ce_count);
  }
}

static void write_ack(lg_writer *w, const lg_packet *p, int sender) {
  uint64_t base = sender == LG_SERVER ? w->numbers : 0;
  bool single = w->tongue == LG_NGTCP2 || w->tongue == LG_DRAFT14;

  write_ack_delay(w, p);
  lg_json_open(w, "acked_ranges", '[');
  for (size_t i = 0; i < p->nranges; i++) {
    /* aioquic lists the lowest first */
    const lg_range *r =
        &p->ranges[w->tongue == LG_AIOQUIC ? p->nranges - 1u - i : i];

    lg_json_open(w, NULL, '[');
    lg_json_u64(w, NULL, r->lo + base);
    if (r->hi - 1 > r->lo || !single) {
      lg_json_u64(w, NULL, r->hi - 1 + base);
    }
    lg_json_close(w, ']');
  }
  lg_json_close(w, ']');
  write_ack_counts(w, p);
}

/* The length of what a frame carries, where each writer puts it. */
static void write_length(lg_writer *w, const lg_frame *f) {
  if (w->tongue == LG_DRAFT14 || w->tongue == LG_QUICHE) {
    lg_json_open(w, "raw", '{');
    if (w->tongue == LG_DRAFT14) {
      lg_json_u64(w, "length", f->length + 6);
    }
    lg_json_u64(w, "payload_length", f->length);
    lg_json_close(w, '}');
  } else {
    lg_json_u64(w, "length", f->length);
  }
}

static void write_stream(lg_writer *w, const lg_frame *f) {
  bool aio = w->tongue == LG_AIOQUIC;

  if (aio) {
    lg_json_bool(w, "fin", f->fin);
    lg_json_str(w, "frame_type", "stream");
    write_length(w, f);
    lg_json_u64(w, "offset", f->offset);
    lg_json_u64(w, "stream_id", f->id);
    return;
  }
  lg_json_u64(w, w->tongue == LG_PICOQUIC ? "id" : "stream_id", f->id);
  lg_json_u64(w, "offset", f->offset);
  if (w->tongue == LG_NGTCP2) {
    write_length(w, f);
    if (f->fin) {
      lg_json_bool(w, "fin", true);
    }
    return;
  }
  if (w->tongue == LG_PICOQUIC) {
    write_length(w, f);
    lg_json_bool(w, "fin", f->fin);
    return;
  }
  if (w->tongue == LG_QUICHE || f->fin) {
    lg_json_bool(w, "fin", f->fin);
  }
  write_length(w, f);
}

static void write_close_code(lg_writer *w, const lg_frame *f, bool app) {
  const char *name = app ? NULL : quic_name_transport_error(f->code);
  char text[48];

  if (w->tongue == LG_DRAFT14 && !app && f->code >= 0x100) {
    snprintf(text, sizeof(text), "crypto_error_0x%03x", (unsigned)f->code);
    lg_json_str(w, "error", text);
  } else if (w->tongue == LG_DRAFT14 && !app && name &&
             strlen(name) < sizeof(text)) {
    size_t n = strlen(name);

    for (size_t i = 0; i <= n; i++) {
      text[i] =
          (char)(name[i] >= 'A' && name[i] <= 'Z' ? name[i] | 32 : name[i]);
    }
    lg_json_str(w, "error", text);
  } else if (w->tongue == LG_DRAFT14 || w->tongue == LG_QUICHE) {
    lg_json_str(w, "error", "unknown");
    lg_json_u64(w, "error_code", f->code);
  } else {
    lg_json_u64(w, "error_code", f->code);
  }
}

static void write_close(lg_writer *w, const lg_frame *f) {
  bool app = f->type == LG_CLOSE_APPLICATION;
  bool raw = w->tongue == LG_NGTCP2 || w->tongue == LG_AIOQUIC;

  if (w->tongue == LG_AIOQUIC) {
    lg_json_u64(w, "error_code", f->code);
    lg_json_str(w, "error_space", app ? "application" : "transport");
    lg_json_str(w, "frame_type", "connection_close");
    lg_json_u64(w, "raw_error_code", f->code);
    lg_json_str(w, "reason", f->phrase ? f->phrase : "");
    if (!app) {
      lg_json_u64(w, "trigger_frame_type", 6);
    }
    return;
  }
  lg_json_str(w, "error_space", app ? "application" : "transport");
  write_close_code(w, f, app);
  if (raw) {
    lg_json_u64(w, "raw_error_code", f->code);
  } else if (f->phrase) {
    lg_json_str(w, "reason", f->phrase);
  }
}

static void write_connection_id(lg_writer *w, const lg_frame *f) {
  bool pico = w->tongue == LG_PICOQUIC;

  lg_json_u64(w, "sequence_number", f->id);
  lg_json_u64(w, pico ? "retire_before" : "retire_prior_to", 0);
  if (w->tongue == LG_DRAFT14 || w->tongue == LG_NGTCP2) {
    lg_json_u64(w, "connection_id_length", 8);
  }
  lg_json_hex(w, "connection_id", f->id + w->epoch, 8);
  if (pico || w->tongue == LG_AIOQUIC) {
    lg_json_hex(w, "reset_token", f->id, 16);
  } else if (w->tongue == LG_NGTCP2) {
    lg_json_open(w, "stateless_reset_token", '{');
    lg_json_hex(w, "data", f->id, 16);
    lg_json_close(w, '}');
  } else {
    lg_json_hex(w, "stateless_reset_token", f->id, 16);
  }
}

static void write_path(lg_writer *w, const lg_frame *f) {
  lg_json_hex(w, w->tongue == LG_PICOQUIC ? lg_frame_name(f->type) : "data",
              w->epoch, 8);
}

static void write_fields(lg_writer *w, const lg_packet *p, const lg_frame *f,
                         int sender) {
  switch (f->type) {
  case LG_ACK:
    write_ack(w, p, sender);
    break;
  case LG_CRYPTO:
    lg_json_u64(w, "offset", f->offset);
    write_length(w, f);
    break;
  case LG_MAX_STREAM_DATA:
    lg_json_u64(w, "stream_id", f->id);
    lg_json_u64(w, "maximum", f->value);
    break;
  case LG_MAX_STREAMS:
    lg_json_str(w, "stream_type", "bidirectional");
    lg_json_u64(w, "maximum", f->value);
    break;
  case LG_MAX_DATA:
    lg_json_u64(w, "maximum", f->value);
    break;
  case LG_STREAM_DATA_BLOCKED:
    lg_json_u64(w, "stream_id", f->id);
    lg_json_u64(w, "limit", f->value);
    break;
  case LG_STREAMS_BLOCKED:
    lg_json_str(w, "stream_type", "bidirectional");
    lg_json_u64(w, "limit", f->value);
    break;
  case LG_DATA_BLOCKED:
    lg_json_u64(w, "limit", f->value);
    break;
  case LG_RESET_STREAM:
  case LG_STOP_SENDING:
    lg_json_u64(w, "stream_id", f->id);
    if (w->tongue == LG_DRAFT14) {
      lg_json_str(w, "error", "unknown");
    }
    lg_json_u64(w, "error_code", f->code);
    if (f->type == LG_RESET_STREAM) {
      lg_json_u64(w, "final_size", f->value);
    }
    break;
  case LG_NEW_CONNECTION_ID:
    write_connection_id(w, f);
    break;
  case LG_RETIRE_CONNECTION_ID:
    lg_json_u64(w, "sequence_number", f->id);
    break;
  case LG_PATH_CHALLENGE:
  case LG_PATH_RESPONSE:
    write_path(w, f);
    break;
  default:
    break;
  }
}

void lg_write_frames(lg_writer *w, const lg_packet *p, int sender) {
  lg_json_open(w, "frames", '[');
  for (size_t i = 0; i < p->nframes; i++) {
    const lg_frame *f = &p->frames[i];
    bool own = w->tongue == LG_AIOQUIC &&
               (f->type == LG_STREAM || f->type == LG_CLOSE_TRANSPORT ||
                f->type == LG_CLOSE_APPLICATION);

    if (f->type == LG_NEW_TOKEN) {
      continue;
    }
    lg_json_open(w, NULL, '{');
    if (w->tongue == LG_PICOQUIC) {
      fputs(" \n    ", w->out);
    }
    if (!own) {
      lg_json_str(w, "frame_type", lg_frame_name(f->type));
    }
    if (f->type == LG_STREAM) {
      write_stream(w, f);
    } else if (f->type == LG_CLOSE_TRANSPORT ||
               f->type == LG_CLOSE_APPLICATION) {
      write_close(w, f);
    } else {
      write_fields(w, p, f, sender);
    }
    lg_json_close(w, '}');
  }
  lg_json_close(w, ']');
}
