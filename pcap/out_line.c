/* One line per packet:

     time conn direction type pn length  frames  TLS messages  [notes]

   A packet that shares its datagram with the one before has a "+" in front of
   its type.  This is what people look at first and longest, and nothing here
   uses printf. */

#include "pcap/output.h"
#include "cli/say.h"
#include "pcap/show.h"
#include "pcap/walk.h"
#include "wire/names.h"
#include "wire/tlspeek.h"

#define LINE_CONNS 4096 /* connections remembered, a power of two */
#define LINE_PATHS 2    /* address pairs of each, by path ID */
#define LINE_PN_WIDTH 8 /* columns of "pn=" and a number below LINE_PN_LONG */
#define LINE_PN_LONG 100000
#define LINE_PN_WIDE 14   /* columns in a connection with longer ones */
#define LINE_CERTS_MAX 32 /* certificates counted */

/* What was already said of a connection. */
typedef struct line_conn {
  uint64_t number; /* plus 1; 0 = free */
  struct {
    quic_addr client, server;
  } paths[LINE_PATHS];
  bool has_exponent[QD_SIDES];
  uint8_t exponent[QD_SIDES]; /* of ACK delays */
  bool wide; /* has long packet numbers: some begin at a random one */
} line_conn;

typedef struct out_line {
  qd_output base;
  qd_output_settings settings;
  quic_text *text;
  line_conn *conns; /* LINE_CONNS, by number */
  cli_aside aside;  /* what the packet to come says of HTTP/3 */
} out_line;

static void line_gap(quic_text *t) {
  quic_text_mem(t, "  ", 2);
}

/* Connections. */

/* line_know finds the slot of |conn|; another connection may have lost it. */
static line_conn *line_know(out_line *o, const qd_conn *conn) {
  line_conn *known = &o->conns[conn->number % LINE_CONNS];

  if (known->number != (uint64_t)conn->number + 1) {
    memset(known, 0, sizeof(*known));
    known->number = (uint64_t)conn->number + 1;
  }
  return known;
}

/* line_introduce says between whom a connection is, when that is news. */
static void line_introduce(out_line *o, const qd_packet *p) {
  line_conn *known = line_know(o, p->conn);
  bool from_client = !p->sender_known || p->sender == QD_CLIENT;
  const quic_addr *client = from_client ? &p->src : &p->dst;
  const quic_addr *server = from_client ? &p->dst : &p->src;
  quic_addr *c = &known->paths[p->path_id % LINE_PATHS].client;
  quic_addr *s = &known->paths[p->path_id % LINE_PATHS].server;
  quic_text *t = o->text;

  if ((quic_addr_eq(client, c) && quic_addr_eq(server, s)) ||
      (!p->sender_known && quic_addr_eq(client, s) &&
       quic_addr_eq(server, c)) ||
      (p->notes & QD_NOTE_ICMP)) {
    return;
  }
  cli_colour_on(t, o->settings.colour, CLI_COLOUR_BOLD);
  quic_text_str(t, "-- ");
  quic_text_u64(t, p->conn->number);
  line_gap(t);
  qd_show_addr(t, client);
  quic_text_str(t, p->sender_known ? " > " : " ? ");
  qd_show_addr(t, server);
  if (p->conn->version) {
    line_gap(t);
    qd_show_version(t, p->conn->version);
  }
  if (p->path_id) {
    quic_text_str(t, "  path ");
    quic_text_u64(t, p->path_id);
  }
  cli_colour_off(t, o->settings.colour);
  quic_text_char(t, '\n');
  *c = *client;
  *s = *server;
}

/* line_exponent is by how much the sender of |p| shifted its ACK delays.  The
   parameters are not in force before 1-RTT. */
static unsigned line_exponent(out_line *o, const qd_packet *p) {
  line_conn *known;

  if (p->header.type != QUIC_PACKET_1RTT || !p->conn) {
    return 3;
  }
  known = line_know(o, p->conn);
  if (!known->has_exponent[p->sender]) {
    known->exponent[p->sender] =
        (uint8_t)qd_show_ack_exponent(p->conn, p->sender);
    known->has_exponent[p->sender] = p->conn->sides[p->sender].has_tparams;
  }
  return known->exponent[p->sender];
}

typedef struct line_ctx {
  out_line *o;
  quic_text *t;
  const qd_packet *p;
} line_ctx;

/* line_frame prints |f|, which occurs |times| in a row. */
static void line_frame(const line_ctx *ctx, const cli_brief *how,
                       const quic_frame *f, uint64_t times) {
  line_gap(ctx->t);
  cli_brief_frame(ctx->t, f, times, how);
}

/* line_broken tells where and why the frames end before the packet does. */
static void line_broken(const line_ctx *ctx, const quic_frame *f,
                        const qd_walk *walk, int rv) {
  bool colour = ctx->o->settings.colour;

  line_gap(ctx->t);
  cli_colour_on(ctx->t, colour, CLI_COLOUR_BAD);
  if (f->info) {
    quic_text_str(ctx->t,
                  walk->missing && rv == QUIC_ERR_SHORT ? "cut " : "broken ");
    quic_text_str(ctx->t, f->info->name);
  } else if (rv == QUIC_ERR_UNSUPPORTED) {
    quic_text_str(ctx->t, "unknown frame ");
    quic_text_hex_u64(ctx->t, f->type);
  } else {
    quic_text_str(ctx->t,
                  walk->missing ? "cut frame type" : "broken frame type");
  }
  quic_text_str(ctx->t, ": ");
  qd_show_octets(ctx->t, qd_walk_rest(walk).len);
  quic_text_str(ctx->t, " not decoded");
  cli_colour_off(ctx->t, colour);
}

static void line_frames(const line_ctx *ctx) {
  quic_frame frames[2];
  quic_frame *now = &frames[0], *held = &frames[1], *swap;
  uint64_t times = 0; /* that |held| occurred */
  cli_brief how = {.exponent = line_exponent(ctx->o, ctx->p),
                   .colour = ctx->o->settings.colour,
                   .cut = "not captured"};
  qd_walk walk;
  int rv;

  if (ctx->p->conn) {
    how.alpn = qd_conn_alpn(ctx->p->conn);
  }

  qd_walk_init(&walk, ctx->p);
  for (;;) {
    rv = qd_walk_next(&walk, now);
    if (rv == 0 && times && !now->missing &&
        quic_bytes_eq(now->wire, held->wire)) {
      times++;
      continue;
    }
    if (times) {
      line_frame(ctx, &how, held, times);
    }
    if (rv != 0) {
      break;
    }
    swap = held;
    held = now;
    now = swap;
    times = 1;
  }
  if (rv != QUIC_ERR_END) {
    line_broken(ctx, now, &walk, rv);
  }
}

/* TLS messages. */

static void line_word(quic_text *t, const char *word) {
  quic_text_char(t, ' ');
  quic_text_str(t, word);
}

static void line_client_hello(quic_text *t, quic_bytes body) {
  quic_tls_hello hello;

  if (quic_tls_peek_client_hello(&hello, body) != 0) {
    line_word(t, "(broken)");
  }
  if (hello.sni.len) {
    quic_text_char(t, ' ');
    qd_show_word(t, hello.sni);
  }
  if (hello.alpn.len) {
    quic_text_char(t, ' ');
    qd_show_alpn(t, hello.alpn);
  }
  if (hello.psk) {
    line_word(t, "psk");
  }
  if (hello.early_data) {
    line_word(t, "early_data");
  }
  if (hello.ech) {
    line_word(t, "ech");
  }
}

/* line_id prints a registered name, or the number. */
static void line_id(quic_text *t, const char *name, uint16_t id) {
  quic_text_char(t, ' ');
  if (name) {
    quic_text_str(t, name);
  } else {
    quic_text_hex_u64(t, id);
  }
}

static void line_server_hello(quic_text *t, quic_bytes body) {
  quic_tls_hello hello;

  if (quic_tls_peek_server_hello(&hello, body) != 0) {
    line_word(t, "(broken)");
    return;
  }
  line_id(t, quic_name_cipher_suite(hello.cipher_suite), hello.cipher_suite);
  if (hello.key_share_group) {
    line_id(t, quic_name_group(hello.key_share_group), hello.key_share_group);
  }
  if (hello.psk) {
    line_word(t, "psk");
  }
}

static void line_encrypted_extensions(quic_text *t, quic_bytes body) {
  quic_tls_hello hello;

  if (quic_tls_peek_encrypted_extensions(&hello, body) != 0) {
    line_word(t, "(broken)");
  }
  if (hello.alpn.len) {
    quic_text_char(t, ' ');
    qd_show_alpn(t, hello.alpn);
  }
  if (hello.early_data) {
    line_word(t, "early_data");
  }
}

/* line_certificate counts the chain. */
static void line_certificate(quic_text *t, quic_bytes body) {
  quic_bytes der;
  size_t n = 0;

  while (n < LINE_CERTS_MAX && quic_tls_peek_certificate(body, n, &der) == 0) {
    n++;
  }
  quic_text_char(t, ' ');
  quic_text_u64(t, n);
}

static void line_message(const line_ctx *ctx, const qd_message *msg) {
  quic_bytes body = {NULL, 0};
  quic_text *t = ctx->t;

  if (ctx->p->conn) {
    body = qd_conn_message(ctx->p->conn, ctx->p->sender, msg);
  }
  if (body.len >= 4) {
    body = quic_bytes_of(body.data + 4, body.len - 4);
  }
  line_gap(t);
  quic_text_str(t, qd_show_message(msg->type, body));
  if (!body.len) {
    return;
  }
  switch (msg->type) {
  case QUIC_TLS_CLIENT_HELLO:
    line_client_hello(t, body);
    break;
  case QUIC_TLS_SERVER_HELLO:
    line_server_hello(t, body);
    break;
  case QUIC_TLS_ENCRYPTED_EXTENSIONS:
    line_encrypted_extensions(t, body);
    break;
  case QUIC_TLS_CERTIFICATE:
    line_certificate(t, body);
    break;
  default:
    break;
  }
}

/* The line. */

static void line_start(out_line *o, const qd_packet *p) {
  bool colour = o->settings.colour;
  quic_text *t = o->text;
  char direction[3] = {' ', qd_show_direction(p), ' '};

  qd_show_seconds(t, p->time, o->settings.absolute_time ? 0 : o->base.start,
                  11);
  if (colour) {
    cli_colour_on(t, true, CLI_COLOUR_DIM);
  }
  if (p->conn) {
    quic_text_u64_width(t, p->conn->number, 3);
  } else {
    quic_text_mem(t, "  -", 3);
  }
  quic_text_mem(t, direction, sizeof(direction));
  if (colour) {
    cli_colour_off(t, true);
    cli_colour_on(t, true, qd_show_type_colour(p));
  }
}

static size_t line_pn_width(out_line *o, const qd_packet *p) {
  line_conn *known = p->conn ? line_know(o, p->conn) : NULL;

  if (known && qd_packet_opened(p) && p->header.pn >= LINE_PN_LONG) {
    known->wide = true;
  }
  return known && known->wide ? LINE_PN_WIDE : LINE_PN_WIDTH;
}

/* line_header prints type, packet number and length. */
static void line_header(out_line *o, const qd_packet *p) {
  quic_text *t = o->text;
  size_t at = quic_text_pos(t);

  quic_text_char(t, p->index ? '+' : ' ');
  quic_text_str(t, qd_show_type(p));
  quic_text_pad(t, at, 11);
  if (o->settings.colour) {
    cli_colour_off(t, true);
  }
  at = quic_text_pos(t);
  if (qd_packet_opened(p)) {
    quic_text_mem(t, "pn=", 3);
    quic_text_u64(t, p->header.pn);
  }
  quic_text_pad(t, at, line_pn_width(o, p));
  quic_text_u64_width(t, qd_show_len(p), 6);
}

/* line_version names versions other than 1, where a handshake begins. */
static void line_version(quic_text *t, const quic_header *h) {
  if (h->is_long && h->version != QUIC_VERSION_1 &&
      (h->type == QUIC_PACKET_INITIAL || h->type == QUIC_PACKET_RETRY ||
       h->type == QUIC_PACKET_UNKNOWN)) {
    line_gap(t);
    qd_show_version(t, h->version);
  }
}

static void line_clear(quic_text *t, const quic_header *h) {
  line_gap(t);
  if (h->type == QUIC_PACKET_VERSION_NEGOTIATION) {
    qd_show_versions(t, h->versions);
    return;
  }
  quic_text_str(t, "token");
  quic_text_char(t, ' ');
  quic_text_u64(t, h->token.len);
  quic_text_str(t, "  scid");
  cli_brief_hex(t, h->scid);
}

/* line_reset shows the token, which ends the datagram. */
static void line_reset(quic_text *t, const qd_packet *p) {
  if (p->raw.len >= QUIC_RESET_TOKEN_LEN && !p->header.missing) {
    quic_text_str(t, "  token ");
    quic_text_hex(t,
                  quic_bytes_of(p->raw.data + p->raw.len - QUIC_RESET_TOKEN_LEN,
                                QUIC_RESET_TOKEN_LEN));
  }
}

static void line_closed(const line_ctx *ctx) {
  const qd_packet *p = ctx->p;

  line_gap(ctx->t);
  if (!p->conn) {
    qd_show_addr(ctx->t, &p->src);
    quic_text_str(ctx->t, " > ");
    qd_show_addr(ctx->t, &p->dst);
    line_gap(ctx->t);
  }
  cli_colour_on(ctx->t, ctx->o->settings.colour, CLI_COLOUR_BAD);
  qd_show_closed(ctx->t, p);
  cli_colour_off(ctx->t, ctx->o->settings.colour);
}

static void line_content(const line_ctx *ctx) {
  switch (ctx->p->state) {
  case QD_STATE_OPEN:
  case QD_STATE_UNAUTHENTICATED:
    line_frames(ctx);
    break;
  case QD_STATE_CLEAR:
    line_clear(ctx->t, &ctx->p->header);
    break;
  case QD_STATE_RESET:
    line_reset(ctx->t, ctx->p);
    break;
  case QD_STATE_CLOSED:
    line_closed(ctx);
    break;
  case QD_STATE_PADDING:
    break;
  }
}

static void line_notes(const line_ctx *ctx) {
  if (!qd_show_has_notes(ctx->p)) {
    return;
  }
  line_gap(ctx->t);
  cli_colour_on(ctx->t, ctx->o->settings.colour, CLI_COLOUR_NOTE);
  quic_text_char(ctx->t, '[');
  qd_show_notes(ctx->t, ctx->p);
  quic_text_char(ctx->t, ']');
  cli_colour_off(ctx->t, ctx->o->settings.colour);
}

static void line_packet(qd_output *out, const qd_packet *p) {
  out_line *o = (out_line *)(void *)out;
  line_ctx ctx = {o, o->text, p};

  qd_output_start(&o->base, p);
  if (p->conn) {
    line_introduce(o, p);
  }
  line_start(o, p);
  line_header(o, p);
  line_version(o->text, &p->header);
  line_content(&ctx);
  for (uint8_t i = 0; i < p->nmessages && i < QD_MESSAGES_MAX; i++) {
    line_message(&ctx, &p->messages[i]);
  }
  quic_text_mem(o->text, o->aside.buffer, o->aside.text.len);
  cli_aside_clear(&o->aside);
  line_notes(&ctx);
  quic_text_char(o->text, '\n');
}

static void line_event(qd_output *out, struct qd_trace *tr,
                       const qlog_event *e) {
  out_line *o = (out_line *)(void *)out;

  (void)tr;
  cli_say_line(&o->aside.text, e, o->settings.colour);
}

static void line_del(qd_output *out) {
  out_line *o = (out_line *)(void *)out;

  if (o) {
    quic_mem_free(o->settings.mem, o->conns);
    quic_mem_free(o->settings.mem, o);
  }
}

int qd_output_line_new(qd_output **out, const qd_output_settings *settings) {
  out_line *o = quic_mem_zalloc(settings->mem, sizeof(*o));

  *out = NULL;
  if (!o) {
    return QUIC_ERR_NOMEM;
  }
  o->base.packet = line_packet;
  o->base.event = line_event;
  cli_aside_clear(&o->aside);
  o->base.del = line_del;
  o->settings = *settings;
  o->text = settings->text;
  o->conns = quic_mem_zalloc(settings->mem, LINE_CONNS * sizeof(*o->conns));
  if (!o->conns) {
    line_del(&o->base);
    return QUIC_ERR_NOMEM;
  }
  *out = &o->base;
  return 0;
}
