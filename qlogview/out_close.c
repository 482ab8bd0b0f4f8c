/* Why each connection ended: the verdict, what else is known of that moment,
   and the records that show it. */

#include "cli/para.h"
#include "qlog/json.h"
#include "qlogview/say.h"
#include "wire/names.h"

#define CLOSE_INDENT 15 /* columns before what is said */

typedef struct out_close {
  qv_out base;
  qlog_json json;
} out_close;

static void close_title(quic_text *t, const char *title) {
  size_t start = quic_text_pos(t);

  quic_text_str(t, title);
  quic_text_pad(t, start, CLOSE_INDENT);
}

static void close_more(quic_text *t, bool *any, uint64_t n, const char *noun,
                       const char *how) {
  if (n) {
    quic_text_str(t, *any ? ", " : "");
    qv_say_count(t, n, noun);
    quic_text_str(t, how);
    *any = true;
  }
}

/* close_then says what was left undone. */
static void close_then(quic_text *t, const quic_close *c) {
  static const char *const states[] = {
      [QUIC_STATE_UNKNOWN] = "handshake not in the log",
      [QUIC_STATE_INITIAL] = "no answer yet",
      [QUIC_STATE_HANDSHAKE] = "in the handshake",
      [QUIC_STATE_COMPLETE] = "handshake complete",
      [QUIC_STATE_CONFIRMED] = "handshake confirmed"};
  bool any = true;

  close_title(t, "at that time");
  quic_text_str(t, states[c->state]);
  close_more(t, &any, c->open_streams, "stream", " open");
  close_more(t, &any, c->open_requests, "request", " not answered");
  if (c->unacked) {
    quic_text_str(t, ", ");
    qv_say_octets(t, c->unacked_octets);
    quic_text_str(t, " in ");
    qv_say_count(t, c->unacked, "packet");
    quic_text_str(t, " not acknowledged");
  }
  if (c->goaway) {
    quic_text_printf(t, ", after GOAWAY of the %s",
                     quic_side_name(c->goaway_by));
  }
  quic_text_char(t, '\n');
}

static void close_silence(quic_text *t, const quic_close *c) {
  if (c->idle_timeout == QLOG_NONE) {
    return;
  }
  close_title(t, "idle timeout");
  if (c->idle_timeout == 0) {
    quic_text_str(t, "none");
  } else {
    quic_close_duration(t, c->idle_timeout);
    if (c->idle_floor) {
      quic_text_str(t, ", by the floor of 3 PTO");
    } else if (c->idle_by != QUIC_SIDE_UNKNOWN) {
      quic_text_printf(t, ", the %s's", quic_side_name(c->idle_by));
    }
  }
  quic_text_str(t, "; silent for ");
  quic_close_duration(t, c->silence);
  quic_text_str(t, " when the log ends\n");
}

static void close_evidence(quic_text *t, const qv_context *ctx,
                           const qv_connection *conn, const quic_close *c) {
  for (size_t i = 0; i < c->nevidence; i++) {
    const quic_close_evidence *e = &c->evidence[i];

    close_title(t, i ? "" : "evidence");
    quic_text_str(t, quic_close_shows_name(e->shows));
    quic_text_str(t, " at ");
    qv_say_time(t, ctx, conn, e->at.time);
    if (e->at.side != QUIC_SIDE_UNKNOWN) {
      quic_text_printf(t, ", %s", quic_side_name(e->at.side));
    }
    if (e->at.type >= 0) {
      quic_text_printf(t, ", %s",
                       quic_packet_type_name((quic_packet_type)e->at.type));
    }
    if (e->at.number != QLOG_NONE) {
      quic_text_str(t, " pn ");
      quic_text_u64(t, e->at.number);
    }
    if (e->at.record != QLOG_NONE) {
      quic_text_str(t, " (record ");
      quic_text_u64(t, e->at.record);
      quic_text_char(t, ')');
    }
    quic_text_char(t, '\n');
  }
}

/* close_trigger names that of the endpoint's own event; NULL = none. */
static const char *close_trigger(const quic_close *c) {
  static const char *const triggers[] = {
      "idle_timeout",     "application",     "error",
      "version_mismatch", "stateless_reset", "aborted",
      "unspecified",      "clean",           "handshake_timeout"};

  return c->trigger >= 0 &&
                 (size_t)c->trigger < sizeof(triggers) / sizeof(triggers[0])
             ? triggers[c->trigger]
             : NULL;
}

/* close_event tells what the endpoint's own event says, where that differs. */
static void close_event(quic_text *t, const quic_close *c) {
  const quic_close_frame *e = &c->event;

  if (!quic_mark_set(&e->at)) {
    return;
  }
  close_title(t, "the log says");
  quic_text_str(t, "connection_closed");
  if (close_trigger(c)) {
    quic_text_printf(t, ", trigger %s", close_trigger(c));
  }
  if (e->at.side != QUIC_SIDE_UNKNOWN) {
    quic_text_printf(t, ", by the %s", quic_side_name(e->at.side));
  }
  if (e->code != QLOG_NONE) {
    quic_text_str(t, ", code ");
    quic_text_hex_u64(t, e->code);
  }
  if (e->phrase_len) {
    quic_text_char(t, ' ');
    quic_text_quoted(t, quic_bytes_of(e->phrase, e->phrase_len), 0);
  }
  quic_text_char(t, '\n');
}

static void close_text(out_close *o, const qv_connection *conn) {
  const qv_context *ctx = o->base.ctx;
  const quic_close *c = quic_analysis_close(conn->analysis);
  quic_text *t = ctx->out;
  cli_para para;

  if (ctx->many || conn->number) {
    qv_say_connection(t, ctx, conn);
    quic_text_char(t, '\n');
  }
  close_title(t, "verdict");
  cli_para_init(&para);
  quic_close_sentence(c, &para.text);
  if (c->inferred) {
    quic_text_str(&para.text, " (inferred)");
  }
  cli_colour_on(t, ctx->opt->colour, CLI_COLOUR_BOLD);
  cli_para_put(&para, t, CLOSE_INDENT, CLOSE_INDENT);
  cli_colour_off(t, ctx->opt->colour);
  close_then(t, c);
  close_silence(t, c);
  close_event(t, c);
  close_evidence(t, ctx, conn, c);
}

/* JSON. */

static void close_json_evidence(qlog_json *j, const qv_connection *conn,
                                const quic_close *c) {
  qlog_json_key(j, "evidence");
  qlog_json_array(j);
  for (size_t i = 0; i < c->nevidence; i++) {
    const quic_mark *at = &c->evidence[i].at;

    qlog_json_object(j);
    qlog_json_key_str(j, "shows", quic_close_shows_name(c->evidence[i].shows));
    qlog_json_key(j, "time_ms");
    qlog_json_since(j, at->time, conn->first);
    if (at->record != QLOG_NONE) {
      qlog_json_key_u64(j, "record", at->record);
    }
    if (at->number != QLOG_NONE) {
      qlog_json_key_u64(j, "packet_number", at->number);
    }
    qlog_json_object_end(j);
  }
  qlog_json_array_end(j);
}

static void close_json_error(qlog_json *j, const quic_close *c) {
  const char *space = quic_close_space_name(c->space);

  if (space) {
    qlog_json_key_str(j, "space", space);
  }
  if (c->code != QLOG_NONE) {
    qlog_json_key_u64(j, "code", c->code);
  }
  if (c->name) {
    qlog_json_key_str(j, "name", c->name);
  }
  if (c->alert >= 0) {
    const char *name = quic_name_tls_alert((uint8_t)c->alert);

    qlog_json_key_u64(j, "tls_alert", (uint64_t)c->alert);
    if (name) {
      qlog_json_key_str(j, "tls_alert_name", name);
    }
  }
  if (c->frame_type != QLOG_NONE) {
    qlog_json_key_u64(j, "frame_type", c->frame_type);
  }
  if (c->phrase_len) {
    qlog_json_key_text_value(j, "phrase",
                             quic_bytes_of(c->phrase, c->phrase_len));
  }
}

static void close_json(out_close *o, const qv_connection *conn) {
  const qv_context *ctx = o->base.ctx;
  const quic_close *c = quic_analysis_close(conn->analysis);
  qlog_json *j = &o->json;
  char buf[1024];
  quic_text t;

  quic_text_init(&t, buf, sizeof(buf));
  quic_close_sentence(c, &t);
  qlog_json_object(j);
  qlog_json_key_str(j, "schema", "qlogview/1");
  qlog_json_key_text_value(j, "file",
                           quic_bytes_of(ctx->path, strlen(ctx->path)));
  qlog_json_key_u64(j, "connection", conn->number);
  qlog_json_key_text_value(j, "group",
                           quic_bytes_of(conn->group, strlen(conn->group)));
  qlog_json_key_str(j, "vantage", qv_vantage_name(conn));
  qlog_json_key_str(j, "class", quic_close_class_name(c->class));
  qlog_json_key_bool(j, "inferred", c->inferred);
  if (c->by != QUIC_SIDE_UNKNOWN) {
    qlog_json_key_str(j, "by", quic_side_name(c->by));
  }
  close_json_error(j, c);
  if (close_trigger(c)) {
    qlog_json_key_str(j, "trigger", close_trigger(c));
  }
  qlog_json_key_str(j, "state", quic_close_state_name(c->state));
  if (quic_mark_set(&c->at)) {
    qlog_json_key(j, "time_ms");
    qlog_json_since(j, c->at.time, conn->first);
  }
  qlog_json_key_u64(j, "open_streams", c->open_streams);
  qlog_json_key_u64(j, "open_requests", c->open_requests);
  qlog_json_key_u64(j, "unacked_octets", c->unacked_octets);
  qlog_json_key_text_value(j, "sentence",
                           quic_bytes_of(quic_text_cstr(&t), t.len));
  close_json_evidence(j, conn, c);
  qlog_json_object_end(j);
  qlog_json_end(j);
}

static void close_ended(void *user, qv_connection *conn) {
  out_close *o = user;

  if (!qv_wanted(o->base.ctx, conn)) {
    return;
  }
  if (o->base.ctx->opt->format == QV_JSON) {
    close_json(o, conn);
  } else {
    close_text(o, conn);
  }
}

qv_out *qv_out_close_new(const qv_context *ctx) {
  out_close *o = qv_out_alloc(ctx, sizeof(*o));

  if (o) {
    o->base.ops.ended = close_ended;
    qlog_json_init(&o->json, ctx->out);
  }
  return o ? &o->base : NULL;
}
