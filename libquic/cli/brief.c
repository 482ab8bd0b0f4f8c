#include "cli/brief.h"

#include "base/rangeset.h"
#include "cli/colour.h"
#include "wire/names.h"

#define BRIEF_RANGES_MAX 8 /* ACK ranges shown */
#define BRIEF_HEX_MAX 8    /* octets of a value that is shown whole */
#define BRIEF_HEX_CUT 8    /* octets shown of a longer one */

/* Words. */

void cli_brief_delay(quic_text *t, uint64_t raw, unsigned exponent) {
  uint64_t us = exponent < 64 ? raw << exponent : 0;
  char out[] = ".000ms";

  if (exponent >= 64 || us >> exponent != raw) {
    quic_text_str(t, "never");
  } else if (us < 1000) {
    quic_text_u64(t, us);
    quic_text_mem(t, "us", 2);
  } else {
    quic_text_u64(t, us / 1000);
    for (size_t i = 3, rest = us % 1000; i > 0; i--) {
      out[i] = (char)('0' + rest % 10);
      rest /= 10;
    }
    quic_text_mem(t, out, sizeof(out) - 1);
  }
}

static void brief_alert(quic_text *t, uint8_t alert) {
  const char *name = quic_name_tls_alert(alert);

  if (name) {
    quic_text_char(t, ' ');
    quic_text_str(t, name);
  } else {
    quic_text_str(t, " alert ");
    quic_text_u64(t, alert);
  }
}

void cli_brief_error(quic_text *t, quic_field_role role, uint64_t code,
                     quic_bytes alpn) {
  const char *name;

  if (role == QUIC_ROLE_APP_ERROR) {
    name = quic_name_app_error(alpn.data, alpn.len, code);
  } else {
    name = quic_name_transport_error(code);
  }
  if (!name) {
    quic_text_hex_u64(t, code);
    return;
  }
  quic_text_str(t, name);
  if (role == QUIC_ROLE_TRANSPORT_ERROR && code >= 0x100 && code <= 0x1ff) {
    brief_alert(t, (uint8_t)code);
  }
  quic_text_str(t, " (");
  quic_text_hex_u64(t, code);
  quic_text_char(t, ')');
}

void cli_brief_frame_type(quic_text *t, uint64_t type) {
  const quic_frame_info *info = quic_frame_info_find(type);

  if (info) {
    quic_text_str(t, info->name);
  } else {
    quic_text_hex_u64(t, type);
  }
}

/* Frames.  Each function prints what follows the name. */

typedef struct brief_ctx {
  quic_text *t;
  const cli_brief *how;
} brief_ctx;

typedef void brief_frame_fn(const brief_ctx *ctx, const quic_frame *f);

static void brief_number(quic_text *t, uint64_t v) {
  quic_text_char(t, ' ');
  quic_text_u64(t, v);
}

void cli_brief_hex(quic_text *t, quic_bytes b) {
  quic_text_char(t, ' ');
  if (b.len <= BRIEF_HEX_MAX) {
    quic_text_hex(t, b);
    return;
  }
  b.len = BRIEF_HEX_CUT;
  quic_text_hex(t, b);
  quic_text_str(t, "..");
}

/* brief_span prints where |data| lie in their stream: first and last octet. */
static void brief_span(quic_text *t, const quic_frame *f, uint64_t offset,
                       quic_bytes data) {
  uint64_t len = data.len + f->missing;

  if (!len) {
    quic_text_mem(t, " at", 3);
    brief_number(t, offset);
    return;
  }
  brief_number(t, offset);
  quic_text_char(t, '-');
  quic_text_u64(t, offset + len - 1);
}

static void brief_padding(const brief_ctx *ctx, const quic_frame *f) {
  brief_number(ctx->t, f->u.padding.count);
}

static void brief_crypto(const brief_ctx *ctx, const quic_frame *f) {
  brief_span(ctx->t, f, f->u.crypto.offset, f->u.crypto.data);
}

static void brief_stream(const brief_ctx *ctx, const quic_frame *f) {
  brief_number(ctx->t, f->u.stream.stream_id);
  brief_span(ctx->t, f, f->u.stream.offset, f->u.stream.data);
  if (f->type & 0x01) {
    quic_text_mem(ctx->t, " fin", 4);
  }
}

static void brief_range(quic_text *t, const quic_range *range) {
  brief_number(t, range->start);
  if (range->end != range->start) {
    quic_text_char(t, '-');
    quic_text_u64(t, range->end);
  }
}

/* brief_ack shows the newest ranges, in rising order. */
static void brief_ack(const brief_ctx *ctx, const quic_frame *f) {
  quic_range ranges[BRIEF_RANGES_MAX]; /* both ends belong to them */
  uint64_t total = f->u.ack.range_count + 1;
  quic_ack_iter it;
  size_t n = 0;

  quic_ack_iter_init(&it, f);
  while (n < BRIEF_RANGES_MAX &&
         quic_ack_iter_next(&it, &ranges[n].start, &ranges[n].end)) {
    n++;
  }
  for (size_t i = n; i-- > 0;) {
    brief_range(ctx->t, &ranges[i]);
  }
  if (total > n) {
    quic_text_str(ctx->t, " +");
    quic_text_u64(ctx->t, total - n);
    quic_text_str(ctx->t, " ranges");
  }
  if (f->u.ack.delay) {
    quic_text_str(ctx->t, " (");
    cli_brief_delay(ctx->t, f->u.ack.delay, ctx->how->exponent);
    quic_text_char(ctx->t, ')');
  }
  if (f->type & 0x01) {
    quic_text_str(ctx->t, " ecn");
    brief_number(ctx->t, f->u.ack.ect0);
    quic_text_char(ctx->t, '/');
    quic_text_u64(ctx->t, f->u.ack.ect1);
    quic_text_char(ctx->t, '/');
    quic_text_u64(ctx->t, f->u.ack.ce);
  }
}

static void brief_streams(const brief_ctx *ctx, const quic_frame *f) {
  quic_text_str(ctx->t, f->type & 0x01 ? " uni" : " bidi");
  brief_number(ctx->t, f->u.limit.limit);
}

static void brief_new_cid(const brief_ctx *ctx, const quic_frame *f) {
  brief_number(ctx->t, f->u.new_cid.sequence);
  cli_brief_hex(ctx->t, f->u.new_cid.cid);
  if (f->u.new_cid.retire_prior_to) {
    quic_text_str(ctx->t, " retire<");
    quic_text_u64(ctx->t, f->u.new_cid.retire_prior_to);
  }
}

static void brief_new_token(const brief_ctx *ctx, const quic_frame *f) {
  brief_number(ctx->t, f->u.new_token.token.len + f->missing);
}

static void brief_datagram(const brief_ctx *ctx, const quic_frame *f) {
  brief_number(ctx->t, f->u.datagram.data.len + f->missing);
}

static void brief_close(const brief_ctx *ctx, const quic_frame *f) {
  bool app = f->type == QUIC_FRAME_CONNECTION_CLOSE_APP;
  quic_text *t = ctx->t;

  quic_text_str(t, app ? " application " : " transport ");
  cli_brief_error(t, app ? QUIC_ROLE_APP_ERROR : QUIC_ROLE_TRANSPORT_ERROR,
                  f->u.close.error_code, ctx->how->alpn);
  if (!app && f->u.close.frame_type) {
    quic_text_str(t, " frame ");
    cli_brief_frame_type(t, f->u.close.frame_type);
  }
  if (f->u.close.reason.len) {
    quic_text_char(t, ' ');
    quic_text_quoted(t, f->u.close.reason, 0);
  }
}

static void brief_value(const brief_ctx *ctx, const quic_frame *f,
                        const quic_frame_field *field) {
  if (field->kind != QUIC_FIELD_VARINT) {
    cli_brief_hex(ctx->t, quic_frame_bytes(f, field));
  } else if (field->role == QUIC_ROLE_APP_ERROR ||
             field->role == QUIC_ROLE_TRANSPORT_ERROR) {
    quic_text_char(ctx->t, ' ');
    cli_brief_error(ctx->t, field->role, quic_frame_uint(f, field),
                    ctx->how->alpn);
  } else {
    brief_number(ctx->t, quic_frame_uint(f, field));
  }
}

/* brief_fields prints the fields of any row.  What a third and later number
   means is not clear from its place, so it has its name. */
static void brief_fields(const brief_ctx *ctx, const quic_frame *f) {
  const quic_frame_field *field = f->info->fields;

  for (size_t n = 0; field->kind != QUIC_FIELD_END; field++) {
    if (!quic_frame_field_present(f, field)) {
      continue;
    }
    if (n++ >= 2) {
      quic_text_char(ctx->t, ' ');
      quic_text_str(ctx->t, field->name);
    }
    brief_value(ctx, f, field);
  }
}

/* brief_path_frame prints the frames that exist a second time with a path ID in
   front, and all others of high numbers. */
static void brief_path_frame(const brief_ctx *ctx, const quic_frame *f) {
  const quic_frame_field *field = f->info->fields;

  for (; field->kind != QUIC_FIELD_END; field++) {
    if (field->kind == QUIC_FIELD_RANGES) {
      quic_text_str(ctx->t, " path");
      brief_number(ctx->t, f->u.ack.path_id);
      brief_ack(ctx, f);
      return;
    }
    if (field->kind == QUIC_FIELD_LV8) {
      quic_text_str(ctx->t, " path");
      brief_number(ctx->t, f->u.new_cid.path_id);
      brief_new_cid(ctx, f);
      return;
    }
  }
  brief_fields(ctx, f);
}

#define BRIEF_TYPES 0x32
static brief_frame_fn *const brief_table[BRIEF_TYPES] = {
    [0x00] = brief_padding,  [0x02] = brief_ack,       [0x03] = brief_ack,
    [0x06] = brief_crypto,   [0x07] = brief_new_token, [0x08] = brief_stream,
    [0x09] = brief_stream,   [0x0a] = brief_stream,    [0x0b] = brief_stream,
    [0x0c] = brief_stream,   [0x0d] = brief_stream,    [0x0e] = brief_stream,
    [0x0f] = brief_stream,   [0x12] = brief_streams,   [0x13] = brief_streams,
    [0x16] = brief_streams,  [0x17] = brief_streams,   [0x18] = brief_new_cid,
    [0x1c] = brief_close,    [0x1d] = brief_close,     [0x30] = brief_datagram,
    [0x31] = brief_datagram,
};

void cli_brief_frame(quic_text *t, const quic_frame *f, uint64_t times,
                     const cli_brief *how) {
  brief_ctx ctx = {t, how};
  bool close = f->type == QUIC_FRAME_CONNECTION_CLOSE ||
               f->type == QUIC_FRAME_CONNECTION_CLOSE_APP;
  brief_frame_fn *fn =
      f->type < BRIEF_TYPES ? brief_table[f->type] : brief_path_frame;

  if (!f->info) {
    quic_text_str(t, "frame ");
    quic_text_hex_u64(t, f->type);
    return;
  }
  if (how->colour && close) {
    cli_colour_on(t, true, CLI_COLOUR_BAD);
  }
  quic_text_str(t, f->info->name);
  (fn ? fn : brief_fields)(&ctx, f);
  if (f->missing && how->cut) {
    quic_text_str(t, " (");
    quic_text_u64(t, f->missing);
    quic_text_char(t, ' ');
    quic_text_str(t, how->cut);
    quic_text_char(t, ')');
  }
  if (times > 1) {
    quic_text_str(t, " x");
    quic_text_u64(t, times);
  }
  if (how->colour && close) {
    cli_colour_off(t, true);
  }
}
