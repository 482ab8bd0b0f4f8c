#include "cli/say.h"

#include "wire/names.h"

#define SAY_URL_MAX 200   /* octets of a URL, of one of its parts */
#define SAY_VALUE_MAX 100 /* octets of another value */

static void say_word(quic_text *t, quic_bytes b, size_t max) {
  quic_text_char(t, ' ');
  quic_text_untrusted(t, b, max);
}

static void say_number(quic_text *t, uint64_t v) {
  quic_text_char(t, ' ');
  quic_text_u64(t, v);
}

static quic_bytes say_field(const qlog_h3_frame *f, const char *name) {
  for (size_t i = 0; i < f->nfields; i++) {
    if (quic_bytes_eq(f->fields[i].name, quic_bytes_of(name, strlen(name)))) {
      return f->fields[i].value;
    }
  }
  return (quic_bytes){0};
}

static void say_type(quic_text *t, uint64_t type) {
  const quic_h3_frame_info *info = quic_h3_frame_info_find(type);

  quic_text_char(t, ' ');
  if (info) {
    quic_text_str(t, info->name);
  } else if (quic_h3_reserved(type)) {
    quic_text_str(t, "reserved ");
    quic_text_hex_u64(t, type);
  } else {
    quic_text_hex_u64(t, type);
  }
}

/* say_is_request: a pseudo-header field of a request is there. */
static bool say_is_request(const qlog_h3_frame *f) {
  return say_field(f, ":method").data || say_field(f, ":scheme").data ||
         say_field(f, ":path").data;
}

static void say_url(quic_text *t, const qlog_h3_frame *f) {
  quic_bytes scheme = say_field(f, ":scheme");
  quic_bytes authority = say_field(f, ":authority");
  quic_bytes path = say_field(f, ":path");

  if (!authority.data) {
    authority = say_field(f, "host");
  }
  if (scheme.data) {
    say_word(t, scheme, SAY_VALUE_MAX);
    quic_text_str(t, "://");
  } else if (authority.data || path.data) {
    quic_text_char(t, ' ');
  }
  quic_text_untrusted(t, authority, SAY_URL_MAX);
  quic_text_untrusted(t, path, SAY_URL_MAX);
}

/* say_message tells the kinds of sections apart by their fields. */
static void say_message(quic_text *t, const qlog_h3_frame *f) {
  quic_bytes method = say_field(f, ":method");
  quic_bytes status = say_field(f, ":status");
  quic_bytes type = say_field(f, "content-type");
  quic_bytes protocol = say_field(f, ":protocol");

  if (say_is_request(f)) {
    say_word(t, method.data ? method : quic_bytes_of("-", 1), SAY_VALUE_MAX);
    say_url(t, f);
    if (protocol.data) {
      quic_text_str(t, " :protocol");
      say_word(t, protocol, SAY_VALUE_MAX);
    }
  } else if (status.data) {
    say_word(t, status, SAY_VALUE_MAX);
    if (type.data) {
      say_word(t, type, SAY_VALUE_MAX);
    }
  } else if (f->nfields) {
    quic_text_str(t, " trailers");
    say_number(t, f->nfields);
  } else {
    say_number(t, f->frame->length);
  }
}

/* say_setting writes SETTINGS_H3_DATAGRAM as h3_datagram. */
static void say_setting(quic_text *t, const char *name) {
  static const char prefix[] = "SETTINGS_";

  if (strncmp(name, prefix, sizeof(prefix) - 1) == 0) {
    name += sizeof(prefix) - 1;
  }
  for (; *name; name++) {
    quic_text_char(t,
                   *name >= 'A' && *name <= 'Z' ? (char)(*name | 0x20) : *name);
  }
}

static void say_settings(quic_text *t, quic_bytes payload) {
  quic_reader rd;
  uint64_t id, value;

  quic_reader_init(&rd, payload.data, payload.len);
  while (quic_h3_settings_next(&rd, &id, &value) == 0) {
    const char *name = quic_name_h3_setting(id);

    quic_text_char(t, ' ');
    if (name) {
      say_setting(t, name);
    } else {
      quic_text_hex_u64(t, id);
    }
    quic_text_char(t, '=');
    quic_text_u64(t, value);
  }
}

static void say_frame(quic_text *t, const qlog_h3_frame *f) {
  const quic_h3_frame *fr = f->frame;

  say_number(t, f->stream_id);
  say_type(t, fr->type);
  switch (fr->type) {
  case QUIC_H3_HEADERS:
    say_message(t, f);
    break;
  case QUIC_H3_PUSH_PROMISE:
    say_number(t, fr->u.push_promise.push_id);
    say_message(t, f);
    break;
  case QUIC_H3_SETTINGS:
    say_settings(t, fr->u.payload);
    break;
  case QUIC_H3_CANCEL_PUSH:
  case QUIC_H3_GOAWAY:
  case QUIC_H3_MAX_PUSH_ID:
    say_number(t, fr->u.id);
    break;
  case QUIC_H3_PRIORITY_UPDATE_REQUEST:
  case QUIC_H3_PRIORITY_UPDATE_PUSH:
    say_number(t, fr->u.priority_update.element_id);
    say_word(t, fr->u.priority_update.value, SAY_VALUE_MAX);
    break;
  default:
    say_number(t, fr->length);
    break;
  }
}

static void say_stream(quic_text *t, const qlog_h3_stream_type *s) {
  const char *name = s->type == QUIC_H3_WEBTRANSPORT_STREAM
                         ? quic_h3_stream_name(QUIC_H3_STREAM_WEBTRANSPORT)
                         : quic_h3_stream_name(s->type);

  say_number(t, s->stream_id);
  quic_text_str(t, " opens ");
  if (name) {
    quic_text_str(t, name);
  } else {
    quic_text_str(t, s->kind == QLOG_H3_RESERVED ? "reserved " : "type ");
    quic_text_hex_u64(t, s->type);
  }
  if (s->push_id != QLOG_NONE) {
    say_number(t, s->push_id);
  }
}

static void say_capsule(quic_text *t, const qlog_capsule *c) {
  const char *name = quic_name_capsule(c->type);

  say_number(t, c->stream_id);
  quic_text_str(t, " capsule ");
  if (name) {
    quic_text_str(t, name);
  } else {
    quic_text_hex_u64(t, c->type);
  }
  say_number(t, c->length);
}

static void say_warning(quic_text *t, const qlog_message *m, bool colour) {
  const char *name = m->code == QLOG_NONE ? NULL
                     : m->code < 0x20     ? quic_name_transport_error(m->code)
                                          : quic_name_h3_error(m->code);

  cli_colour_on(t, colour, CLI_COLOUR_NOTE);
  quic_text_str(t, "! ");
  /* Escaped by who made it. */
  quic_text_mem(t, (const char *)m->text.data, m->text.len);
  if (name) {
    quic_text_str(t, ": ");
    quic_text_str(t, name);
  }
  cli_colour_off(t, colour);
}

void cli_say_line(quic_text *t, const qlog_event *e, bool colour) {
  switch (e->type) {
  case QLOG_H3_FRAME_CREATED:
  case QLOG_H3_FRAME_PARSED:
    quic_text_str(t, "  h3");
    say_frame(t, &e->u.h3_frame);
    break;
  case QLOG_H3_STREAM_TYPE_SET:
    quic_text_str(t, "  h3");
    say_stream(t, &e->u.h3_stream);
    break;
  case QLOG_H3_DATAGRAM_CREATED:
  case QLOG_H3_DATAGRAM_PARSED:
    quic_text_str(t, "  h3");
    say_number(t, e->u.h3_datagram.quarter_stream_id * 4);
    quic_text_str(t, " datagram");
    say_number(t, e->u.h3_datagram.length);
    break;
  case QLOG_CAPSULE_CREATED:
  case QLOG_CAPSULE_PARSED:
    quic_text_str(t, "  h3");
    say_capsule(t, &e->u.capsule);
    break;
  case QLOG_LOG_WARNING:
    quic_text_str(t, "  ");
    say_warning(t, &e->u.message, colour);
    break;
  default:
    break;
  }
}

void cli_say_lines(quic_text *t, const qlog_event *e, bool colour) {
  const qlog_h3_frame *f = &e->u.h3_frame;
  size_t at = quic_text_pos(t);

  cli_say_line(t, e, colour);
  if (quic_text_pos(t) == at) {
    return;
  }
  quic_text_char(t, '\n');
  if (e->type != QLOG_H3_FRAME_CREATED && e->type != QLOG_H3_FRAME_PARSED) {
    return;
  }
  for (size_t i = 0; i < f->nfields; i++) {
    quic_text_str(t, "    ");
    quic_text_untrusted(t, f->fields[i].name, 0);
    quic_text_str(t, ": ");
    quic_text_untrusted(t, f->fields[i].value, 0);
    quic_text_char(t, '\n');
  }
}
