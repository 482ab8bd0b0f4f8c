/* One line for each event: time, packets with their frames, changed metrics,
   states, what the application says; or the records themselves. */

#include "cli/brief.h"
#include "cli/say.h"
#include "qlog/copy.h"
#include "qlog/field.h"
#include "qlogview/say.h"
#include "qlogview/select.h"
#include "wire/tparam.h"

#define EVENTS_NAME 24      /* columns of a name */
#define EVENTS_TEXT_MAX 160 /* octets of a text from the log */

typedef struct out_events {
  qv_out base;
  qv_select select;
  qlog_json json;
} out_events;

typedef void events_fn(quic_text *t, const qv_context *ctx,
                       const qv_connection *c, const qlog_event *e);

/* Packets. */

static void events_frames(quic_text *t, const qv_context *ctx,
                          const quic_frame *frames, size_t n,
                          unsigned exponent) {
  cli_brief how = {.exponent = exponent, .colour = ctx->opt->colour};
  static const char h3[] = "h3";

  how.alpn = quic_bytes_of(h3, sizeof(h3) - 1);
  for (size_t i = 0; i < n; i++) {
    quic_text_str(t, "  ");
    cli_brief_frame(t, &frames[i], 1, &how);
  }
}

static void events_header(quic_text *t, const qv_context *ctx,
                          const qlog_packet *p) {
  static const cli_colour colours[QUIC_PACKET_TYPES + 1] = {
      [QUIC_PACKET_INITIAL] = CLI_COLOUR_INITIAL,
      [QUIC_PACKET_0RTT] = CLI_COLOUR_EARLY,
      [QUIC_PACKET_HANDSHAKE] = CLI_COLOUR_HANDSHAKE,
      [QUIC_PACKET_RETRY] = CLI_COLOUR_BOLD,
      [QUIC_PACKET_1RTT] = CLI_COLOUR_APP,
      [QUIC_PACKET_VERSION_NEGOTIATION] = CLI_COLOUR_BOLD,
      [QUIC_PACKET_UNKNOWN] = CLI_COLOUR_DIM};
  quic_packet_type type = p->header ? p->header->type : QUIC_PACKET_UNKNOWN;
  size_t start;

  quic_text_char(t, ' ');
  cli_colour_on(t, ctx->opt->colour, colours[type]);
  start = quic_text_pos(t);
  quic_text_str(t, p->stateless_reset ? "reset" : quic_packet_type_name(type));
  quic_text_pad(t, start, 10);
  cli_colour_off(t, ctx->opt->colour);
  start = quic_text_pos(t);
  if (p->header && p->header->pn_len) {
    quic_text_str(t, "pn=");
    quic_text_u64(t, p->header->pn);
  }
  quic_text_pad(t, start, 10);
  if (p->length != QLOG_NONE) {
    quic_text_u64_width(t, p->length, 6);
  } else {
    quic_text_str(t, "      ");
  }
}

static void events_packet(quic_text *t, const qv_context *ctx,
                          const qv_connection *c, const qlog_event *e) {
  const qlog_packet *p = &e->u.packet;

  (void)c;
  events_header(t, ctx, p);
  events_frames(t, ctx, p->frames, p->nframes, (unsigned)p->ack_delay_exponent);
  if (p->header && p->header->type == QUIC_PACKET_VERSION_NEGOTIATION) {
    for (size_t i = 0; i + 4 <= p->header->versions.len; i += 4) {
      quic_text_str(t, "  ");
      quic_text_hex(t, quic_bytes_of(p->header->versions.data + i, 4));
    }
  }
  if (p->trigger) {
    quic_text_str(t, "  (");
    qv_say_untrusted(t, p->trigger);
    quic_text_char(t, ')');
  }
}

static void events_odd_packet(quic_text *t, const qv_context *ctx,
                              const qv_connection *c, const qlog_event *e) {
  const qlog_packet *p = &e->u.packet;
  const char *why = e->type == QLOG_PACKET_LOST
                        ? qlog_names_at(&qlog_names_lost, p->lost)
                    : e->type == QLOG_PACKET_DROPPED
                        ? qlog_names_at(&qlog_names_drop, p->drop)
                        : NULL;

  events_packet(t, ctx, c, e);
  if (why) {
    quic_text_str(t, "  ");
    quic_text_str(t, why);
  }
}

static void events_bare_frames(quic_text *t, const qv_context *ctx,
                               const qv_connection *c, const qlog_event *e) {
  (void)c;
  events_frames(t, ctx, e->u.frames.frames, e->u.frames.nframes,
                (unsigned)e->u.frames.ack_delay_exponent);
}

/* All other events, by the table of fields. */

static void events_name_of(quic_text *t, const qlog_field *f) {
  quic_text_char(t, ' ');
  quic_text_str(t, f->name);
  quic_text_char(t, '=');
}

static void events_number(quic_text *t, const qlog_field *f, uint64_t v) {
  if (v == QLOG_NONE) {
    return;
  }
  events_name_of(t, f);
  switch (f->kind) {
  case QLOG_FIELD_MS:
    quic_close_duration(t, v);
    break;
  case QLOG_FIELD_THOUSANDTHS:
    quic_text_printf(t, "%llu.%03llu", (unsigned long long)(v / 1000),
                     (unsigned long long)(v % 1000));
    break;
  case QLOG_FIELD_VERSION:
    quic_text_hex_u64(t, v);
    break;
  default:
    quic_text_u64(t, v);
    break;
  }
}

static void events_octets(quic_text *t, const qlog_field *f, quic_bytes b) {
  if (b.len == 0) {
    return;
  }
  events_name_of(t, f);
  if (f->kind == QLOG_FIELD_TEXT || f->kind == QLOG_FIELD_ALPN) {
    quic_text_quoted(t, b, EVENTS_TEXT_MAX);
  } else if (b.len <= QUIC_CID_MAX_ANY) {
    quic_text_hex(t, b);
  } else {
    quic_text_u64(t, b.len);
    quic_text_str(t, " octets");
  }
}

static void events_endpoint(quic_text *t, const qlog_field *f,
                            const quic_addr *addr) {
  char text[QUIC_ADDR_TEXT];

  if (addr) {
    events_name_of(t, f);
    quic_text_str(t, quic_addr_text(addr, text, sizeof(text)));
  }
}

static void events_field(quic_text *t, const qlog_event *e,
                         const qlog_field *f) {
  const void *at = (const char *)&e->u + f->offset;
  const char *s;

  switch (f->kind) {
  case QLOG_FIELD_U64:
  case QLOG_FIELD_MS:
  case QLOG_FIELD_THOUSANDTHS:
  case QLOG_FIELD_VERSION:
  case QLOG_FIELD_RAW_LENGTH:
    events_number(t, f, *(const uint64_t *)at);
    break;
  case QLOG_FIELD_FLAG:
    if (*(const int *)at != QLOG_UNSET) {
      events_name_of(t, f);
      quic_text_str(t, *(const int *)at ? "true" : "false");
    }
    break;
  case QLOG_FIELD_NAME:
    s = qlog_names_at(f->names, *(const int *)at);
    if (s) {
      events_name_of(t, f);
      quic_text_str(t, s);
    }
    break;
  case QLOG_FIELD_STR:
    s = *(const char *const *)at;
    if (s) {
      events_name_of(t, f);
      quic_text_untrusted(t, quic_bytes_of(s, strlen(s)), EVENTS_TEXT_MAX);
    }
    break;
  case QLOG_FIELD_ADDR:
    if (f->name) {
      events_endpoint(t, f, *(const quic_addr *const *)at);
    }
    break;
  case QLOG_FIELD_ENDPOINT:
    events_endpoint(t, f, ((const qlog_endpoint *)at)->addr);
    break;
  default:
    events_octets(t, f, *(const quic_bytes *)at);
    break;
  }
}

static void events_fields(quic_text *t, const qv_context *ctx,
                          const qv_connection *c, const qlog_event *e) {
  (void)ctx;
  (void)c;
  for (const qlog_field *f = qlog_field_list(e->type);
       f->kind != QLOG_FIELD_END; f++) {
    events_field(t, e, f);
  }
}

static void events_closed(quic_text *t, const qv_context *ctx,
                          const qv_connection *c, const qlog_event *e) {
  static const char h3[] = "h3";
  const qlog_connection_closed *closed = &e->u.closed;

  if (closed->connection_error != QLOG_NONE) {
    quic_text_str(t, " transport ");
    cli_brief_error(t, QUIC_ROLE_TRANSPORT_ERROR, closed->connection_error,
                    (quic_bytes){NULL, 0});
  }
  if (closed->application_error != QLOG_NONE) {
    quic_text_str(t, " application ");
    cli_brief_error(t, QUIC_ROLE_APP_ERROR, closed->application_error,
                    quic_bytes_of(h3, sizeof(h3) - 1));
  }
  events_fields(t, ctx, c, e);
}

/* events_parameters: what was decoded, by name. */
static void events_parameters(quic_text *t, const qv_context *ctx,
                              const qv_connection *c, const qlog_event *e) {
  quic_tparams list;

  events_fields(t, ctx, c, e);
  if (e->u.parameters.parameters.len == 0) {
    return;
  }
  (void)!quic_tparams_decode(&list, e->u.parameters.parameters,
                             e->u.parameters.version);
  for (size_t i = 0; i < list.len; i++) {
    const quic_tparam *p = &list.items[i];
    const quic_tparam_info *info = quic_tparam_info_find(p->id);
    uint64_t value;

    quic_text_char(t, ' ');
    if (info) {
      quic_text_str(t, info->name);
    } else {
      quic_text_hex_u64(t, p->id);
    }
    if (info && info->kind == QUIC_TPARAM_INTEGER &&
        quic_tparam_integer(p, &value) == 0) {
      quic_text_char(t, '=');
      quic_text_u64(t, value);
    } else if (p->value.len) {
      quic_text_char(t, '=');
      quic_text_hex(t, quic_bytes_of(p->value.data,
                                     p->value.len > 20 ? 20 : p->value.len));
    }
  }
}

static void events_acked(quic_text *t, const qv_context *ctx,
                         const qv_connection *c, const qlog_event *e) {
  const qlog_packets_acked *a = &e->u.acked;

  events_fields(t, ctx, c, e);
  for (size_t i = 0; i < a->npacket_numbers && i < 16; i++) {
    quic_text_char(t, ' ');
    quic_text_u64(t, a->packet_numbers[i]);
  }
  if (a->npacket_numbers > 16) {
    quic_text_str(t, " and ");
    quic_text_u64(t, a->npacket_numbers - 16);
    quic_text_str(t, " more");
  }
}

static void events_said(quic_text *t, const qv_context *ctx,
                        const qv_connection *c, const qlog_event *e) {
  (void)c;
  cli_say_line(t, e, ctx->opt->colour);
}

static events_fn *const events_table[QLOG_EVENT_TYPES] = {
    [QLOG_PACKET_SENT] = events_packet,
    [QLOG_PACKET_RECEIVED] = events_packet,
    [QLOG_PACKET_DROPPED] = events_odd_packet,
    [QLOG_PACKET_BUFFERED] = events_odd_packet,
    [QLOG_PACKET_LOST] = events_odd_packet,
    [QLOG_FRAMES_CREATED] = events_bare_frames,
    [QLOG_FRAMES_PARSED] = events_bare_frames,
    [QLOG_MARKED_FOR_RETRANSMIT] = events_bare_frames,
    [QLOG_CONNECTION_CLOSED] = events_closed,
    [QLOG_PARAMETERS_SET] = events_parameters,
    [QLOG_PARAMETERS_RESTORED] = events_parameters,
    [QLOG_PACKETS_ACKED] = events_acked,
    [QLOG_H3_FRAME_CREATED] = events_said,
    [QLOG_H3_FRAME_PARSED] = events_said,
    [QLOG_H3_STREAM_TYPE_SET] = events_said,
    [QLOG_H3_DATAGRAM_CREATED] = events_said,
    [QLOG_H3_DATAGRAM_PARSED] = events_said,
    [QLOG_CAPSULE_CREATED] = events_said,
    [QLOG_CAPSULE_PARSED] = events_said,
};

/* events_mark shows the direction of packets and frames. */
static char events_mark(const qlog_event *e) {
  switch (e->type) {
  case QLOG_PACKET_SENT:
  case QLOG_H3_FRAME_CREATED:
  case QLOG_UDP_DATAGRAMS_SENT:
  case QLOG_FRAMES_CREATED:
    return '>';
  case QLOG_PACKET_RECEIVED:
  case QLOG_H3_FRAME_PARSED:
  case QLOG_UDP_DATAGRAMS_RECEIVED:
  case QLOG_FRAMES_PARSED:
    return '<';
  case QLOG_PACKET_LOST:
  case QLOG_PACKET_DROPPED:
  case QLOG_CONNECTION_CLOSED:
    return '!';
  default:
    return ' ';
  }
}

/* events_time writes seconds in eleven columns. */
static void events_time(quic_text *t, const qv_context *ctx,
                        const qv_connection *c, quic_time time) {
  char buf[48];
  quic_text digits;

  if (!ctx->opt->absolute) {
    time = quic_time_since(time, c->first);
  }
  quic_text_init(&digits, buf, sizeof(buf));
  quic_text_printf(&digits, "%llu.%06llu",
                   (unsigned long long)(time / QUIC_SECOND),
                   (unsigned long long)(time % QUIC_SECOND / QUIC_MICROSECOND));
  for (size_t i = digits.len; i < 11; i++) {
    quic_text_char(t, ' ');
  }
  quic_text_str(t, quic_text_cstr(&digits));
}

static void events_unknown(quic_text *t, const qlog_record *r) {
  size_t start = quic_text_pos(t);

  quic_text_str(t, "? ");
  quic_text_untrusted(t, r->space, EVENTS_TEXT_MAX);
  quic_text_char(t, ':');
  quic_text_untrusted(t, r->name, EVENTS_TEXT_MAX);
  quic_text_pad(t, start, EVENTS_NAME + 2);
  quic_text_char(t, ' ');
  quic_text_untrusted(t, r->text, EVENTS_TEXT_MAX);
}

static void events_line(quic_text *t, const qv_context *ctx,
                        const qv_connection *c, const qlog_record *r) {
  const qlog_event *e = r->event;
  const char *name;
  size_t start;

  events_time(t, ctx, c, r->time);
  quic_text_char(t, ' ');
  if (ctx->many || c->number) {
    quic_text_u64(t, c->number);
    quic_text_char(t, ' ');
  }
  if (!e) {
    events_unknown(t, r);
  } else {
    name = qlog_event_info_of(e->type)->name;
    quic_text_char(t, events_mark(e));
    quic_text_char(t, ' ');
    start = quic_text_pos(t);
    quic_text_str(t, name);
    quic_text_pad(t, start, EVENTS_NAME);
    (events_table[e->type] ? events_table[e->type] : events_fields)(t, ctx, c,
                                                                    e);
  }
  quic_text_char(t, '\n');
}

static void events_record(void *user, qv_connection *c, const qlog_record *r) {
  out_events *o = user;
  const qv_context *ctx = o->base.ctx;

  if (!qv_wanted(ctx, c) || !qv_in_window(ctx, c, r->time) ||
      !qv_select_match(&o->select, c, r)) {
    return;
  }
  if (ctx->opt->format == QV_JSON) {
    qlog_copy_value(&o->json, r->text);
    qlog_json_end(&o->json);
  } else {
    events_line(ctx->out, ctx, c, r);
  }
}

static void events_bad(void *user, const qlog_bad *bad) {
  out_events *o = user;
  const qv_context *ctx = o->base.ctx;
  quic_text *t = ctx->out;

  if (ctx->opt->format == QV_JSON || ctx->opt->filter || ctx->opt->window) {
    return;
  }
  quic_text_str(t, "            ! record ");
  quic_text_u64(t, bad->number);
  quic_text_str(t, " at octet ");
  quic_text_u64(t, bad->offset);
  quic_text_str(t, " could not be read: ");
  quic_text_str(t, bad->why);
  quic_text_char(t, '\n');
}

static void events_paused(void *user) {
  quic_text_flush(((out_events *)user)->base.ctx->out);
}

static void events_del(qv_out *base) {
  qv_select_free(&((out_events *)base)->select);
  qv_out_free(base);
}

qv_out *qv_out_events_new(const qv_context *ctx) {
  out_events *o = qv_out_alloc(ctx, sizeof(*o));

  if (!o) {
    return NULL;
  }
  if (qv_select_init(&o->select, ctx->mem, ctx->opt->filter)) {
    qv_mistake(ctx);
    qv_out_free(&o->base);
    return NULL;
  }
  qlog_json_init(&o->json, ctx->out);
  o->base.analyse = false;
  o->base.ops.record = events_record;
  o->base.ops.bad = events_bad;
  o->base.ops.paused = events_paused;
  o->base.del = events_del;
  return o ? &o->base : NULL;
}
