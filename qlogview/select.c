#include "qlogview/select.h"

#include "analysis/filter_quic.h"
#include "cli/complain.h"
#include "cli/fieldhelp.h"
#include "qlog/field.h"

enum {
  SELECT_NAME,
  SELECT_CATEGORY,
  SELECT_DIR,
  SELECT_TYPE,
  SELECT_FRAME,
  SELECT_STREAM,
  SELECT_ERROR,
  SELECT_PN,
  SELECT_LEN,
  SELECT_RECORD,
  SELECT_AGE,
  SELECT_CONN,
  SELECT_GROUP,
  SELECT_KNOWN,
  SELECT_TRIGGER,
  SELECT_STATE,
  SELECT_CWND,
  SELECT_FLIGHT,
  SELECT_RTT,
  SELECT_PTO,
  SELECT_TEXT
};

/* What a filter looks at. */
typedef struct select_subject {
  const qv_connection *connection;
  const qlog_record *record;
} select_subject;

/* Symbols.  Values count from 1: a field alone asks whether there is one. */

enum { SELECT_SENT = 1, SELECT_RECEIVED };

static bool select_row(const quic_filter_symbol *rows, size_t n, size_t i,
                       quic_filter_symbol *out) {
  if (i < n) {
    *out = rows[i];
  }
  return i < n;
}

static bool select_dir_symbol(size_t i, quic_filter_symbol *out) {
  static const quic_filter_symbol rows[] = {
      {"sent", SELECT_SENT, SELECT_SENT},
      {"received", SELECT_RECEIVED, SELECT_RECEIVED}};

  return select_row(rows, sizeof(rows) / sizeof(rows[0]), i, out);
}

static bool select_type_symbol(size_t i, quic_filter_symbol *out) {
  if (i > QUIC_PACKET_TYPES) {
    return false;
  }
  out->name = i == QUIC_PACKET_TYPES
                  ? "reset"
                  : quic_packet_type_name((quic_packet_type)i);
  out->first = out->last = i + 1;
  return true;
}

static bool select_known_symbol(size_t i, quic_filter_symbol *out) {
  static const quic_filter_symbol rows[] = {{"yes", 1, 1}, {"no", 0, 0}};

  return select_row(rows, sizeof(rows) / sizeof(rows[0]), i, out);
}

#define NUMBER(name, id, symbol, help)                                         \
  { name, QUIC_FILTER_NUMBER, help, SELECT_##id, symbol }
#define WORDS(name, id, help)                                                  \
  { name, QUIC_FILTER_TEXT, help, SELECT_##id, NULL }

static const quic_filter_field select_fields[] = {
    WORDS("name", NAME, "the event, such as packet_sent, old name or new"),
    WORDS("category", CATEGORY, "its namespace, such as quic or recovery"),
    NUMBER("dir", DIR, select_dir_symbol, "of packets and frames"),
    NUMBER("type", TYPE, select_type_symbol, "type of the packet"),
    NUMBER("frame", FRAME, quic_filter_frame_symbol,
           "types of the frames in it"),
    NUMBER("stream", STREAM, NULL, "streams that the event names"),
    NUMBER("error", ERROR, quic_filter_error_symbol,
           "error codes of closes and resets"),
    NUMBER("pn", PN, NULL, "packet number"),
    NUMBER("len", LEN, NULL, "octets of the packet"),
    NUMBER("record", RECORD, NULL, "number of the record, from 1"),
    NUMBER("age", AGE, NULL,
           "time since the connection's first event (20ms, 1.5s)"),
    NUMBER("conn", CONN, NULL, "number of the connection, from 0"),
    WORDS("group", GROUP, "its group_id"),
    NUMBER("known", KNOWN, select_known_symbol, "a draft knows the event"),
    WORDS("trigger", TRIGGER, "why it happened, as the log says"),
    WORDS("state", STATE, "the new state, of events that tell one"),
    NUMBER("cwnd", CWND, NULL, "congestion window that the event tells"),
    NUMBER("flight", FLIGHT, NULL, "bytes in flight that it tells"),
    NUMBER("rtt", RTT, NULL, "latest round trip that it tells (20ms)"),
    NUMBER("pto", PTO, NULL, "pto_count that it tells"),
    WORDS("text", TEXT, "anything in the record's JSON"),
};

#define SELECT_FIELDS (sizeof(select_fields) / sizeof(select_fields[0]))

/* Values. */

static void select_str(const char *s, quic_filter_visitor *v) {
  if (s) {
    quic_filter_text(v, quic_bytes_of(s, strlen(s)));
  }
}

static void select_known(uint64_t value, quic_filter_visitor *v) {
  if (value != QLOG_NONE) {
    quic_filter_number(v, value);
  }
}

/* select_packet returns the packet that |e| is about, or NULL. */
static const qlog_packet *select_packet(const qlog_event *e) {
  switch (e->type) {
  case QLOG_PACKET_SENT:
  case QLOG_PACKET_RECEIVED:
  case QLOG_PACKET_DROPPED:
  case QLOG_PACKET_BUFFERED:
  case QLOG_PACKET_LOST:
    return &e->u.packet;
  default:
    return NULL;
  }
}

static void select_frames(const qlog_event *e, int id, quic_filter_visitor *v) {
  const qlog_packet *p = select_packet(e);
  const quic_frame *frames = NULL;
  size_t n = 0;

  if (p) {
    frames = p->frames;
    n = p->nframes;
  } else if (e->type == QLOG_FRAMES_CREATED || e->type == QLOG_FRAMES_PARSED ||
             e->type == QLOG_MARKED_FOR_RETRANSMIT) {
    frames = e->u.frames.frames;
    n = e->u.frames.nframes;
  }
  for (size_t i = 0; i < n; i++) {
    if (id == SELECT_FRAME    ? quic_filter_frame_type(&frames[i], v)
        : id == SELECT_STREAM ? quic_filter_frame_streams(&frames[i], v)
                              : quic_filter_frame_errors(&frames[i], v)) {
      return;
    }
  }
}

static void select_stream(const qlog_event *e, quic_filter_visitor *v) {
  switch (e->type) {
  case QLOG_STREAM_STATE_UPDATED:
    select_known(e->u.stream_state.stream_id, v);
    break;
  case QLOG_STREAM_DATA_MOVED:
    select_known(e->u.moved.stream_id, v);
    break;
  case QLOG_STREAM_DATA_BLOCKED_UPDATED:
    select_known(e->u.blocked.stream_id, v);
    break;
  case QLOG_H3_STREAM_TYPE_SET:
    select_known(e->u.h3_stream.stream_id, v);
    break;
  case QLOG_H3_FRAME_CREATED:
  case QLOG_H3_FRAME_PARSED:
    select_known(e->u.h3_frame.stream_id, v);
    break;
  case QLOG_H3_PRIORITY_UPDATED:
    select_known(e->u.h3_priority.stream_id, v);
    break;
  default:
    select_frames(e, SELECT_STREAM, v);
    break;
  }
}

static void select_error(const qlog_event *e, quic_filter_visitor *v) {
  if (e->type != QLOG_CONNECTION_CLOSED) {
    select_frames(e, SELECT_ERROR, v);
    return;
  }
  if (e->u.closed.connection_error != QLOG_NONE &&
      quic_filter_error_code(false, e->u.closed.connection_error, v)) {
    return;
  }
  if (e->u.closed.application_error != QLOG_NONE) {
    (void)quic_filter_error_code(true, e->u.closed.application_error, v);
  }
}

static void select_trigger(const qlog_event *e, quic_filter_visitor *v) {
  const qlog_packet *p = select_packet(e);

  if (p) {
    select_str(p->trigger, v);
    select_str(qlog_names_at(&qlog_names_drop, p->drop), v);
    select_str(qlog_names_at(&qlog_names_lost, p->lost), v);
    return;
  }
  for (const qlog_field *f = qlog_field_list(e->type);
       f->kind != QLOG_FIELD_END; f++) {
    const void *at = (const char *)&e->u + f->offset;

    if (f->name && strcmp(f->name, "trigger") == 0) {
      if (f->kind == QLOG_FIELD_STR) {
        select_str(*(const char *const *)at, v);
      } else if (f->kind == QLOG_FIELD_NAME) {
        select_str(qlog_names_at(f->names, *(const int *)at), v);
      }
    }
  }
}

/* select_state gives the value of the field "new", whatever its type. */
static void select_state(const qlog_event *e, quic_filter_visitor *v) {
  for (const qlog_field *f = qlog_field_list(e->type);
       f->kind != QLOG_FIELD_END; f++) {
    const void *at = (const char *)&e->u + f->offset;

    if (!f->name || strcmp(f->name, "new") != 0) {
      continue;
    }
    if (f->kind == QLOG_FIELD_STR) {
      select_str(*(const char *const *)at, v);
    } else if (f->kind == QLOG_FIELD_NAME) {
      select_str(qlog_names_at(f->names, *(const int *)at), v);
    }
  }
}

static void select_metrics(const qlog_event *e, int id,
                           quic_filter_visitor *v) {
  const qlog_metrics *m = &e->u.metrics;

  if (e->type != QLOG_RECOVERY_METRICS_UPDATED) {
    return;
  }
  select_known(id == SELECT_CWND     ? m->congestion_window
               : id == SELECT_FLIGHT ? m->bytes_in_flight
               : id == SELECT_RTT    ? m->latest_rtt
                                     : m->pto_count,
               v);
}

static void select_of_packet(const qlog_event *e, int id,
                             quic_filter_visitor *v) {
  const qlog_packet *p = select_packet(e);

  if (id == SELECT_DIR) {
    if (e->type == QLOG_PACKET_SENT || e->type == QLOG_H3_FRAME_CREATED ||
        e->type == QLOG_FRAMES_CREATED || e->type == QLOG_PACKET_LOST) {
      quic_filter_number(v, SELECT_SENT);
    } else if (e->type == QLOG_PACKET_RECEIVED ||
               e->type == QLOG_PACKET_DROPPED ||
               e->type == QLOG_H3_FRAME_PARSED ||
               e->type == QLOG_FRAMES_PARSED) {
      quic_filter_number(v, SELECT_RECEIVED);
    }
    return;
  }
  if (!p) {
    return;
  }
  if (id == SELECT_LEN) {
    select_known(p->length, v);
  } else if (id == SELECT_TYPE && p->stateless_reset) {
    quic_filter_number(v, QUIC_PACKET_TYPES + 1);
  } else if (p->header && id == SELECT_TYPE) {
    quic_filter_number(v, (uint64_t)p->header->type + 1);
  } else if (p->header && id == SELECT_PN && p->header->pn_len) {
    quic_filter_number(v, p->header->pn);
  }
}

static void select_of_event(const qlog_event *e, int id,
                            quic_filter_visitor *v) {
  switch (id) {
  case SELECT_FRAME:
    select_frames(e, id, v);
    break;
  case SELECT_STREAM:
    select_stream(e, v);
    break;
  case SELECT_ERROR:
    select_error(e, v);
    break;
  case SELECT_TRIGGER:
    select_trigger(e, v);
    break;
  case SELECT_STATE:
    select_state(e, v);
    break;
  case SELECT_CWND:
  case SELECT_FLIGHT:
  case SELECT_RTT:
  case SELECT_PTO:
    select_metrics(e, id, v);
    break;
  default:
    select_of_packet(e, id, v);
    break;
  }
}

static void select_names(const qlog_record *r, int id, quic_filter_visitor *v) {
  const qlog_event_info *info =
      r->event ? qlog_event_info_of(r->event->type) : NULL;

  if (!quic_filter_text(v, id == SELECT_NAME ? r->name : r->space) && info) {
    select_str(id == SELECT_NAME ? info->name : info->schema, v);
  }
}

static void select_values(const void *subject, int id, quic_filter_visitor *v) {
  const select_subject *s = subject;
  const qlog_record *r = s->record;

  switch (id) {
  case SELECT_NAME:
  case SELECT_CATEGORY:
    select_names(r, id, v);
    break;
  case SELECT_RECORD:
    quic_filter_number(v, r->number);
    break;
  case SELECT_AGE:
    quic_filter_number(v, quic_time_since(r->time, s->connection->first));
    break;
  case SELECT_CONN:
    quic_filter_number(v, s->connection->number);
    break;
  case SELECT_GROUP:
    select_str(s->connection->group, v);
    break;
  case SELECT_KNOWN:
    quic_filter_number(v, r->event != NULL);
    break;
  case SELECT_TEXT:
    quic_filter_text(v, r->text);
    break;
  default:
    if (r->event) {
      select_of_event(r->event, id, v);
    }
    break;
  }
}

int qv_select_init(qv_select *s, const quic_mem *mem, const char *expr) {
  quic_filter_error error;
  int rv;

  s->mem = mem;
  s->filter = NULL;
  if (!expr) {
    return 0;
  }
  rv = quic_filter_new(&s->filter, mem, expr, select_fields, SELECT_FIELDS,
                       &error);
  if (rv == QUIC_ERR_NOMEM) {
    cli_complain("--filter: out of memory");
  } else if (rv) {
    cli_complain("--filter '%.256s': column %zu: %s; see --help-filter", expr,
                 error.column + 1, error.text);
  }
  return rv ? -1 : 0;
}

void qv_select_free(qv_select *s) {
  quic_filter_del(s->filter);
}

bool qv_select_match(const qv_select *s, const qv_connection *c,
                     const qlog_record *record) {
  const select_subject subject = {c, record};

  return !s->filter || quic_filter_match(s->filter, &subject, select_values);
}

void qv_select_help(quic_text *out) {
  quic_text_str(
      out,
      "A filter chooses events.\n"
      "\n"
      "  name == packet_lost and pn > 100\n"
      "  frame == connection_close or name contains closed\n"
      "  stream == 4 and dir == sent and age > 1.5s\n"
      "  cwnd < 3000 and not known == no\n"
      "\n"
      "Operators: == != < <= > >=, in (...), not in, contains, && || ! and\n"
      "their words and or not, parentheses.  A field alone is true when it\n"
      "has a value that is not 0.  Numbers take k M G, durations ns us ms s.\n"
      "\n"
      "Fields, and below them the words that stand for numbers:\n"
      "\n");
  cli_fieldhelp(out, select_fields, SELECT_FIELDS);
}
