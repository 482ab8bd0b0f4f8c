#include "qlogview/out.h"

#include <stdlib.h>

void *qv_out_alloc(const qv_context *ctx, size_t size) {
  qv_out *o = quic_mem_zalloc(ctx->mem, size);

  if (o) {
    o->ctx = ctx;
    o->analyse = true;
    o->del = qv_out_free;
  }
  return o;
}

void qv_out_free(qv_out *o) {
  quic_mem_free(o->ctx->mem, o);
}

void qv_mistake(const qv_context *ctx) {
  if (ctx->mistake) {
    *ctx->mistake = true;
  }
}

static bool out_wanted(const char *want, const qv_connection *c) {
  unsigned long number;
  char *end;

  if (!want) {
    return true;
  }
  number = strtoul(want, &end, 10);
  if (end != want && *end == '\0' && number == c->number) {
    return true;
  }
  return *want && strncmp(c->group, want, strlen(want)) == 0;
}

bool qv_wanted(const qv_context *ctx, const qv_connection *c) {
  bool wanted = out_wanted(ctx->opt->connection, c);

  if (wanted && ctx->wanted) {
    *ctx->wanted = true;
  }
  return wanted;
}

bool qv_in_window(const qv_context *ctx, const qv_connection *c,
                  quic_time time) {
  quic_duration since = quic_time_since(time, c->first);

  return !ctx->opt->window || (since >= ctx->opt->from && since < ctx->opt->to);
}
