/* A death spiral, one cycle of it step by step. */

#include "analysis/spiral.h"
#include "qlogview/say.h"

typedef struct out_explain {
  qv_out base;
  bool found;
} out_explain;

static void explain_ended(void *user, qv_connection *c) {
  out_explain *o = user;
  const qv_context *ctx = o->base.ctx;
  const quic_spiral *s = quic_findings_spiral(c->findings);

  if (!qv_wanted(ctx, c)) {
    return;
  }
  if (ctx->many || c->number) {
    qv_say_connection(ctx->out, ctx, c);
    quic_text_char(ctx->out, '\n');
  }
  if (s) {
    o->found = true;
    quic_spiral_explain(s, ctx->opt->absolute ? 0 : c->first, ctx->out);
  } else {
    quic_text_str(ctx->out,
                  "no death spiral: no long interval without loss in which the "
                  "window stays at its floor while each ACK empties the "
                  "flight\n");
  }
}

static int explain_finish(qv_out *base) {
  return ((out_explain *)base)->found ? QV_EXIT_FOUND : 0;
}

qv_out *qv_out_explain_new(const qv_context *ctx) {
  out_explain *o = qv_out_alloc(ctx, sizeof(*o));

  if (o) {
    o->base.ops.ended = explain_ended;
    o->base.finish = explain_finish;
  }
  return o ? &o->base : NULL;
}
