/* The octets of one stream, in order and each once. */

#include "pcap/follow.h"
#include "pcap/options.h"
#include "pcap/request.h"
#include "pcap/show.h"
#include "pcap/stream.h"
#include "pcap/trace.h"

#define FOLLOW_TURN (64 << 10)     /* octets of a turn kept for its head line */
#define FOLLOW_SILENCE QUIC_SECOND /* of the capture, which ends a turn */
#define FOLLOW_LIST 12             /* streams named when there is none such */
#define FOLLOW_HEX_ROW 16          /* octets */

typedef struct follow_half {
  uint64_t next;  /* offset of what comes next */
  uint64_t lost;  /* octets that the capture has not */
  uint64_t size;  /* final size; QD_REQUEST_NONE = not known */
  uint64_t reset; /* code; QD_REQUEST_NONE = it was not reset */
} follow_half;

typedef struct out_follow {
  qd_output base;
  qd_output_settings settings;
  qd_follow what;
  bool both;       /* lines say whose octets they are */
  bool met;        /* the stream is there */
  bool connection; /* the connection is */
  bool inside;     /* text: the line has no end yet */
  uint32_t connections;
  uint64_t streams[FOLLOW_LIST + 1]; /* the lowest ones, ascending */
  size_t nstreams;
  follow_half half[QD_SIDES];
  /* The turn: octets of |side| that were not shown yet. */
  qd_side side;
  quic_time first, last;
  uint64_t offset; /* of buf[0] */
  size_t len;
  uint8_t buf[FOLLOW_TURN];
} out_follow;

static bool follow_wants(const out_follow *o, const qd_trace *tr, uint64_t id,
                         qd_side side) {
  return tr->number == o->what.conn && id == o->what.stream &&
         o->what.sides[side];
}

/* How octets look. */

static void follow_indent(out_follow *o) {
  if (!o->inside && o->both) {
    quic_text_str(o->settings.text, "  ");
  }
  o->inside = true;
}

static void follow_newline(out_follow *o) {
  quic_text_char(o->settings.text, '\n');
  o->inside = false;
}

/* follow_plain returns how many octets at the start of |b| need no care: no
   ends of lines, no tabs. */
static size_t follow_plain(quic_bytes b) {
  size_t n = 0;

  while (n < b.len && b.data[n] != '\n' && b.data[n] != '\t' &&
         !(b.data[n] == '\r' && n + 1 < b.len && b.data[n + 1] == '\n')) {
    n++;
  }
  return n;
}

static void follow_text(out_follow *o, quic_bytes b) {
  quic_text *t = o->settings.text;

  while (b.len) {
    size_t n = follow_plain(b);

    if (n) {
      follow_indent(o);
      quic_text_untrusted(t, quic_bytes_of(b.data, n), 0);
    } else if (*b.data == '\t') {
      follow_indent(o);
      quic_text_char(t, '\t');
      n = 1;
    } else {
      follow_newline(o);
      n = *b.data == '\r' ? 2 : 1;
    }
    b = quic_bytes_of(b.data + n, b.len - n);
  }
}

static void follow_hex(out_follow *o, quic_bytes b) {
  quic_text *t = o->settings.text;
  uint64_t offset = o->offset;

  while (b.len) {
    size_t n = b.len < FOLLOW_HEX_ROW ? b.len : FOLLOW_HEX_ROW;

    follow_indent(o);
    quic_text_printf(t, "%08llx ", (unsigned long long)offset);
    for (size_t i = 0; i < FOLLOW_HEX_ROW; i++) {
      quic_text_str(t, i == FOLLOW_HEX_ROW / 2 ? "  " : " ");
      if (i < n) {
        quic_text_hex(t, quic_bytes_of(b.data + i, 1));
      } else {
        quic_text_str(t, "  ");
      }
    }
    quic_text_str(t, "  ");
    for (size_t i = 0; i < n; i++) {
      bool print = b.data[i] >= ' ' && b.data[i] < 0x7f;

      quic_text_char(t, print ? (char)b.data[i] : '.');
    }
    follow_newline(o);
    offset += n;
    b = quic_bytes_of(b.data + n, b.len - n);
  }
}

/* follow_head writes "client, 123 octets at 0.012345 s:". */
static void follow_head(out_follow *o, qd_side side, const char *what,
                        uint64_t octets, quic_time time) {
  quic_text *t = o->settings.text;
  cli_colour colour = side == QD_CLIENT ? CLI_COLOUR_APP : CLI_COLOUR_HANDSHAKE;

  cli_colour_on(t, o->settings.colour, colour);
  quic_text_str(t, side == QD_CLIENT ? "client, " : "server, ");
  if (what) {
    quic_text_str(t, what);
  } else {
    qd_show_octets(t, octets);
  }
  quic_text_str(t, " at ");
  qd_show_seconds(t, time, o->settings.absolute_time ? 0 : o->base.start, 0);
  quic_text_str(t, " s:");
  cli_colour_off(t, o->settings.colour);
  quic_text_char(t, '\n');
}

/* follow_partial returns how many octets at the end of the turn wait for more:
   a character or the end of a line may go on. */
static size_t follow_partial(const out_follow *o) {
  size_t max = o->len < 3 ? o->len : 3;

  if (o->what.format == QD_FOLLOW_HEX) {
    return o->len % FOLLOW_HEX_ROW;
  }
  if (o->len && o->buf[o->len - 1] == '\r') {
    return 1;
  }
  for (size_t n = 1; n <= max; n++) {
    uint8_t c = o->buf[o->len - n];
    size_t whole = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : c >= 0xc0 ? 2 : 1;

    if (c < 0x80 || c >= 0xc0) {
      return whole > n ? n : 0;
    }
  }
  return 0;
}

/* follow_show shows the turn as far as it came; with |all| nothing stays
   behind. */
static void follow_show(out_follow *o, bool all) {
  size_t n = all ? o->len : o->len - follow_partial(o);
  quic_bytes shown = quic_bytes_of(o->buf, n);

  if (n) {
    if (o->both) {
      follow_head(o, o->side, NULL, n, o->first);
    }
    if (o->what.format == QD_FOLLOW_HEX) {
      follow_hex(o, shown);
    } else {
      follow_text(o, shown);
    }
    o->len -= n;
    o->offset += n;
    o->first = o->last;
    memmove(o->buf, o->buf + n, o->len);
  }
  if (o->inside && (all || o->both)) {
    follow_newline(o);
  }
}

static void follow_gap(out_follow *o, qd_side side, uint64_t octets) {
  quic_text *t = o->settings.text;

  o->half[side].lost += octets;
  if (o->what.format == QD_FOLLOW_RAW) {
    return;
  }
  follow_show(o, true);
  cli_colour_on(t, o->settings.colour, CLI_COLOUR_BAD);
  quic_text_char(t, '[');
  if (o->both) {
    quic_text_str(t, side == QD_CLIENT ? "client: " : "server: ");
  }
  qd_show_octets(t, octets);
  quic_text_str(t, " not in the capture]");
  cli_colour_off(t, o->settings.colour);
  quic_text_char(t, '\n');
}

/* follow_take takes what |side| sent at |offset|. */
static void follow_take(out_follow *o, qd_side side, quic_time now,
                        uint64_t offset, quic_bytes data) {
  follow_half *half = &o->half[side];

  if (offset > half->next) {
    follow_gap(o, side, offset - half->next);
  }
  half->next = offset + data.len;
  if (o->what.format == QD_FOLLOW_RAW) {
    quic_text_mem(o->settings.text, (const char *)data.data, data.len);
    return;
  }
  if (o->len && o->side != side) {
    follow_show(o, true);
  }
  while (data.len) {
    size_t n = FOLLOW_TURN - o->len;

    n = n < data.len ? n : data.len;
    if (o->len == 0) {
      o->side = side;
      o->first = now;
      o->offset = offset;
    }
    memcpy(o->buf + o->len, data.data, n);
    o->len += n;
    o->last = now;
    offset += n;
    data = quic_bytes_of(data.data + n, data.len - n);
    if (o->len == FOLLOW_TURN || !o->both) {
      follow_show(o, false);
    }
  }
}

/* What the capture tells. */

static void follow_octets(qd_output *out, struct qd_trace *tr,
                          struct qd_stream *st, qd_side side, uint64_t offset,
                          quic_bytes data) {
  out_follow *o = (out_follow *)(void *)out;
  const qd_protocol *app = tr->streams.app;

  if (!follow_wants(o, tr, st->id, side) ||
      (o->what.format == QD_FOLLOW_HTTP && app &&
       strcmp(app->name, "h3") == 0)) {
    return;
  }
  follow_take(o, side, tr->now, offset, data);
}

static void follow_body(qd_output *out, struct qd_trace *tr,
                        struct qd_request *rq, qd_side side, quic_bytes data) {
  out_follow *o = (out_follow *)(void *)out;
  const qd_http_message *m = &rq->side[side];

  /* Other protocols have no header sections: their octets were shown. */
  if (follow_wants(o, tr, rq->stream_id, side) &&
      strcmp(rq->protocol, "h3") == 0) {
    follow_take(o, side, tr->now, m->body - data.len + m->lost, data);
  }
}

/* follow_section shows the field lines of a header section. */
static void follow_section(out_follow *o, const qd_trace *tr,
                           const qlog_event *e) {
  const qlog_h3_frame *f = &e->u.h3_frame;
  qd_side side = e->type == QLOG_H3_FRAME_CREATED ? QD_CLIENT : QD_SERVER;
  quic_text *t = o->settings.text;

  if (!follow_wants(o, tr, f->stream_id, side) ||
      (f->frame->type != QUIC_H3_HEADERS &&
       f->frame->type != QUIC_H3_PUSH_PROMISE)) {
    return;
  }
  follow_show(o, true);
  if (o->both) {
    follow_head(o, side,
                f->frame->type == QUIC_H3_HEADERS ? "header section"
                                                  : "promise of a push",
                0, e->time);
  }
  for (size_t i = 0; i < f->nfields; i++) {
    follow_indent(o);
    quic_text_untrusted(t, f->fields[i].name, 0);
    quic_text_str(t, ": ");
    quic_text_untrusted(t, f->fields[i].value, 0);
    follow_newline(o);
  }
  if (f->nfields == 0) {
    follow_indent(o);
    quic_text_str(t, "[no field line could be decoded]");
    follow_newline(o);
  }
  if (!o->both) {
    follow_newline(o);
  }
}

/* follow_list keeps the lowest streams. */
static void follow_list(out_follow *o, uint64_t id) {
  size_t at = o->nstreams;

  while (at > 0 && o->streams[at - 1] >= id) {
    at--;
  }
  if (at > FOLLOW_LIST || (at < o->nstreams && o->streams[at] == id)) {
    return;
  }
  o->nstreams += o->nstreams <= FOLLOW_LIST;
  memmove(o->streams + at + 1, o->streams + at,
          (o->nstreams - 1 - at) * sizeof(o->streams[0]));
  o->streams[at] = id;
}

static void follow_frame(out_follow *o, qd_side side, const quic_frame *f) {
  follow_half *half = &o->half[side];
  bool stream = f->type >> 3 == QUIC_FRAME_STREAM >> 3;
  bool reset = f->type == QUIC_FRAME_RESET_STREAM ||
               f->type == QUIC_FRAME_RESET_STREAM_AT;
  uint64_t id = stream ? f->u.stream.stream_id : f->u.reset_stream.stream_id;

  if (!stream && !reset) {
    return;
  }
  follow_list(o, id);
  if (id != o->what.stream || !qd_stream_sends(id, side)) {
    return;
  }
  o->met = true;
  if (reset) {
    half->reset = f->u.reset_stream.error_code;
  } else if (f->type & 1) {
    half->size = f->u.stream.offset + f->u.stream.data.len + f->missing;
  }
}

static void follow_event(qd_output *out, struct qd_trace *tr,
                         const qlog_event *e) {
  out_follow *o = (out_follow *)(void *)out;
  bool sent = e->type == QLOG_PACKET_SENT;

  if (o->len && e->time > o->last && e->time - o->last > FOLLOW_SILENCE) {
    follow_show(o, true);
  }
  if (tr->number >= o->connections) {
    o->connections = tr->number + 1;
  }
  if (tr->number != o->what.conn) {
    return;
  }
  o->connection = true;
  if (sent || e->type == QLOG_PACKET_RECEIVED) {
    for (size_t i = 0; i < e->u.packet.nframes; i++) {
      follow_frame(o, sent ? QD_CLIENT : QD_SERVER, &e->u.packet.frames[i]);
    }
  } else if (o->what.format == QD_FOLLOW_HTTP &&
             (e->type == QLOG_H3_FRAME_CREATED ||
              e->type == QLOG_H3_FRAME_PARSED)) {
    follow_section(o, tr, e);
  }
}

/* The end. */

/* follow_tail says how |side| ended the stream, unless it was with FIN. */
static void follow_tail(out_follow *o, const qd_trace *tr, qd_side side) {
  const follow_half *half = &o->half[side];
  const char *who = side == QD_CLIENT ? "the client" : "the server";
  quic_text *t = o->settings.text;
  bool raw = o->what.format == QD_FOLLOW_RAW;
  quic_text note;

  if (half->size != QD_REQUEST_NONE && half->reset == QD_REQUEST_NONE &&
      o->what.format != QD_FOLLOW_HTTP && half->size > half->next) {
    follow_gap(o, side, half->size - half->next);
  }
  if (half->size != QD_REQUEST_NONE && half->reset == QD_REQUEST_NONE) {
    return;
  }
  if (raw) {
    quic_text_init(&note, o->base.note, sizeof(o->base.note));
    t = &note;
  } else {
    quic_text_char(t, '[');
  }
  quic_text_str(t, who);
  if (half->reset != QD_REQUEST_NONE) {
    quic_text_str(t, " reset the stream: ");
    qd_show_error(t, QUIC_ROLE_APP_ERROR, half->reset, tr->conn);
  } else {
    quic_text_str(t, " does not end the stream in this capture");
  }
  if (raw) {
    (void)quic_text_cstr(t);
  } else {
    quic_text_str(t, "]\n");
  }
}

static void follow_ended(qd_output *out, struct qd_trace *tr) {
  out_follow *o = (out_follow *)(void *)out;

  if (tr->number != o->what.conn || !o->met) {
    return;
  }
  follow_show(o, true);
  for (int side = 0; side < QD_SIDES; side++) {
    if (o->what.sides[side]) {
      follow_tail(o, tr, (qd_side)side);
    }
  }
}

/* follow_absent says what there is instead. */
static void follow_absent(const out_follow *o, quic_text *t) {
  if (!o->connection) {
    quic_text_printf(t, "there is no connection %u; ", o->what.conn);
    if (o->connections == 1) {
      quic_text_str(t, "the only one is 0");
    } else {
      quic_text_printf(t, "there are 0 to %u", o->connections - 1);
    }
    return;
  }
  quic_text_printf(t, "connection %u has no stream %llu", o->what.conn,
                   (unsigned long long)o->what.stream);
  if (o->nstreams == 0) {
    quic_text_str(t, " that could be read, nor any other: see --why");
    return;
  }
  quic_text_str(t, o->nstreams == 1 ? "; there is " : "; there are ");
  for (size_t i = 0; i < o->nstreams && i < FOLLOW_LIST; i++) {
    quic_text_printf(t, i ? ", %llu" : "%llu",
                     (unsigned long long)o->streams[i]);
  }
  quic_text_str(t, o->nstreams > FOLLOW_LIST ? " and more" : "");
}

static void follow_finish(qd_output *out) {
  out_follow *o = (out_follow *)(void *)out;
  uint64_t lost = o->half[QD_CLIENT].lost + o->half[QD_SERVER].lost;
  quic_text t;

  quic_text_init(&t, o->base.problem, sizeof(o->base.problem));
  if (!o->met && o->connections) {
    follow_absent(o, &t);
    o->base.status = QD_EXIT_NOTHING;
  } else if (o->what.format == QD_FOLLOW_RAW && lost) {
    qd_show_octets(&t, lost);
    quic_text_printf(&t,
                     " of stream %llu %s not in the capture and left out of "
                     "what was written",
                     (unsigned long long)o->what.stream,
                     lost == 1 ? "is" : "are");
    o->base.status = QD_EXIT_INPUT;
  }
  (void)quic_text_cstr(&t);
}

static void follow_del(qd_output *out) {
  out_follow *o = (out_follow *)(void *)out;

  quic_mem_free(o->settings.mem, o);
}

int qd_output_follow_new(qd_output **out, const qd_output_settings *settings,
                         const qd_follow *what) {
  out_follow *o = quic_mem_zalloc(settings->mem, sizeof(*o));

  *out = NULL;
  if (!o) {
    return QUIC_ERR_NOMEM;
  }
  o->base.event = follow_event;
  o->base.octets = follow_octets;
  o->base.ended = follow_ended;
  o->base.finish = follow_finish;
  o->base.del = follow_del;
  if (what->format == QD_FOLLOW_HTTP) {
    o->base.body = follow_body;
  }
  o->settings = *settings;
  o->what = *what;
  o->both = what->sides[QD_CLIENT] && what->sides[QD_SERVER];
  for (int side = 0; side < QD_SIDES; side++) {
    o->half[side].size = o->half[side].reset = QD_REQUEST_NONE;
  }
  *out = &o->base;
  return 0;
}
