/* The samples of series, one on a row: CSV (RFC 4180), or JSON. */

#include "cli/complain.h"
#include "qlog/json.h"
#include "qlogview/say.h"
#include "qlogview/tracks.h"

typedef struct out_csv {
  qv_out base;
  bool wanted[QV_TRACKS];
  qv_connection *connection; /* of the event in work */
  qlog_json json;
} out_csv;

/* csv_cell writes a text as a quoted cell. */
static void csv_cell(quic_text *t, const char *s) {
  quic_text_char(t, '"');
  for (; *s; s++) {
    if (*s == '"') {
      quic_text_char(t, '"');
    }
    quic_text_mem(t, s, 1);
  }
  quic_text_char(t, '"');
}

/* csv_value writes |value| in the unit that the head of --csv=list tells. */
static void csv_value(qlog_json *j, const qv_track *track, uint64_t value) {
  if (track->unit == QUIC_UNIT_NS) {
    qlog_json_ms(j, value);
  } else {
    qlog_json_u64(j, value);
  }
}

static const char *csv_state(const qv_tracks *tracks, qv_track_id id,
                             uint64_t value) {
  const qv_states *states = qv_tracks_states(tracks, id);

  return states && value < states->n ? states->names[value] : NULL;
}

static void csv_row(out_csv *o, const qv_track *track, const char *state,
                    quic_time time, uint64_t value) {
  const qv_context *ctx = o->base.ctx;
  const qv_connection *c = o->connection;
  quic_text *t = ctx->out;

  if (ctx->many) {
    csv_cell(t, ctx->path);
    quic_text_char(t, ',');
  }
  quic_text_u64(t, c->number);
  quic_text_char(t, ',');
  o->json.comma = false;
  qlog_json_since(&o->json, time, ctx->opt->absolute ? 0 : c->first);
  quic_text_char(t, ',');
  quic_text_str(t, track->key);
  quic_text_char(t, ',');
  o->json.comma = false;
  if (state) {
    csv_cell(t, state);
  } else {
    csv_value(&o->json, track, value);
  }
  quic_text_str(t, "\r\n");
}

static void csv_object(out_csv *o, const qv_track *track, const char *state,
                       quic_time time, uint64_t value) {
  const qv_context *ctx = o->base.ctx;
  const qv_connection *c = o->connection;
  qlog_json *j = &o->json;

  qlog_json_object(j);
  if (ctx->many) {
    qlog_json_key_text_value(j, "file",
                             quic_bytes_of(ctx->path, strlen(ctx->path)));
  }
  qlog_json_key_u64(j, "connection", c->number);
  qlog_json_key(j, "time_ms");
  qlog_json_since(j, time, ctx->opt->absolute ? 0 : c->first);
  qlog_json_key_str(j, "series", track->key);
  qlog_json_key(j, "value");
  if (state) {
    qlog_json_str(j, state);
  } else {
    csv_value(j, track, value);
  }
  qlog_json_object_end(j);
  qlog_json_end(j);
}

static void csv_on_value(void *user, qv_track_id id, quic_time time,
                         uint64_t value) {
  out_csv *o = user;
  const qv_context *ctx = o->base.ctx;
  const qv_track *track = qv_track_of(id);
  const char *state;

  if (!o->wanted[id] || !qv_in_window(ctx, o->connection, time)) {
    return;
  }
  state = csv_state(o->connection->data, id, value);
  (ctx->opt->format == QV_JSON ? csv_object : csv_row)(o, track, state, time,
                                                       value);
}

static void csv_begin(void *user, qv_connection *c) {
  out_csv *o = user;
  qv_tracks_settings set = {.analysis = c->analysis,
                            .local = c->sent_is_client ? QUIC_SIDE_CLIENT
                                                       : QUIC_SIDE_SERVER,
                            .value = csv_on_value,
                            .user = o};
  qv_tracks *tracks = NULL;

  if (qv_wanted(o->base.ctx, c) &&
      qv_tracks_new(&tracks, o->base.ctx->mem, &set) != 0) {
    cli_complain("%s: out of memory", o->base.ctx->path);
  }
  c->data = tracks;
}

static void csv_record(void *user, qv_connection *c, const qlog_record *r) {
  out_csv *o = user;

  if (c->data && r->event) {
    o->connection = c;
    qv_tracks_event(c->data, r->event);
  }
}

static void csv_ended(void *user, qv_connection *c) {
  (void)user;
  qv_tracks_del(c->data);
}

static void csv_paused(void *user) {
  quic_text_flush(((out_csv *)user)->base.ctx->out);
}

/* csv_want takes the list of keys. */
static int csv_want(out_csv *o, const char *list) {
  while (*list) {
    size_t n = strcspn(list, ",");
    char key[64];
    qv_track_id id;

    if (n >= sizeof(key)) {
      n = sizeof(key) - 1;
    }
    memcpy(key, list, n);
    key[n] = '\0';
    id = qv_track_find(key);
    if (strcmp(key, "all") == 0) {
      for (int i = 0; i < QV_TRACKS; i++) {
        o->wanted[i] = true;
      }
    } else if (id == QV_TRACKS || qv_track_of(id)->how != QV_TRACK_SELF) {
      cli_complain("--csv: no series is called '%s'; --csv=list names them",
                   key);
      return -1;
    } else {
      o->wanted[id] = true;
    }
    list += strcspn(list, ",");
    list += *list == ',';
  }
  return 0;
}

qv_out *qv_out_csv_new(const qv_context *ctx) {
  out_csv *o = qv_out_alloc(ctx, sizeof(*o));

  if (!o) {
    return NULL;
  }
  if (csv_want(o, ctx->opt->view)) {
    qv_mistake(ctx);
    qv_out_free(&o->base);
    return NULL;
  }
  o->base.ops.begin = csv_begin;
  o->base.ops.record = csv_record;
  o->base.ops.ended = csv_ended;
  o->base.ops.paused = csv_paused;
  qlog_json_init(&o->json, ctx->out);
  if (ctx->opt->format != QV_JSON) {
    quic_text_str(ctx->out, ctx->many ? "file," : "");
    quic_text_str(ctx->out, "connection,time_ms,series,value\r\n");
  }
  return o ? &o->base : NULL;
}
