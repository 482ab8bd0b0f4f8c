#include "analysis/gate.h"

#define GATE_SOON (5 * QUIC_MILLISECOND) /* a sender goes on within that */

void quic_gate_init(quic_gate *g) {
  *g = (quic_gate){.limit = QLOG_NONE,
                   .half = QUIC_TIME_NEVER,
                   .full = QUIC_TIME_NEVER,
                   .full_record = QLOG_NONE,
                   .raised = QUIC_TIME_NEVER,
                   .raised_record = QLOG_NONE,
                   .old_limit = QLOG_NONE};
}

void quic_gate_told(quic_gate *g, const quic_gate_view *v) {
  if (g->full == QUIC_TIME_NEVER) {
    g->full = v->now;
    g->full_record = v->record;
  }
  g->told = true;
}

/* gate_soon: the sender went on as one does that was only waiting. */
static bool gate_soon(const quic_gate *g, const quic_gate_view *v) {
  quic_duration took = quic_time_since(v->now, g->raised);
  quic_duration soon = v->srtt / 4 > GATE_SOON ? v->srtt / 4 : GATE_SOON;

  if (!v->remote) {
    return took <= soon;
  }
  /* From the raise a whole round trip passes until its effect is seen. */
  return v->srtt && took + soon >= v->srtt && took <= 2 * v->srtt + soon;
}

static void gate_wait(const quic_gate *g, const quic_gate_view *v,
                      quic_time until, uint64_t record, quic_wait *out) {
  quic_duration late =
      g->half == QUIC_TIME_NEVER || g->raised == QUIC_TIME_NEVER
          ? 0
          : quic_time_since(g->raised, g->half);

  /* Its sender sees the raise a round trip after what it answers. */
  out->late = v->remote ? late : late > v->srtt ? late - v->srtt : 0;
  out->at = (quic_stretch){g->full, until,     g->full_record,
                           record,  QLOG_NONE, QUIC_SIDE_UNKNOWN};
}

/* gate_raise: a higher limit. */
static void gate_raise(quic_gate *g, uint64_t limit, const quic_gate_view *v) {
  if (g->full != QUIC_TIME_NEVER && g->raised == QUIC_TIME_NEVER) {
    g->raised = v->now;
    g->raised_record = v->record;
  } else if (g->full == QUIC_TIME_NEVER) {
    /* What is under way may still stop at the old one. */
    g->old_limit = g->limit;
    g->raised = v->remote ? v->now : QUIC_TIME_NEVER;
    g->raised_record = v->record;
  }
  g->limit = limit;
  if (g->full == QUIC_TIME_NEVER) {
    g->start = g->value;
    g->half = QUIC_TIME_NEVER;
  }
}

/* gate_move: more was used.  Returns whether that ends a wait. */
static bool gate_move(quic_gate *g, uint64_t value, const quic_gate_view *v,
                      quic_wait *out) {
  bool waited = false;

  if (g->full != QUIC_TIME_NEVER && g->raised != QUIC_TIME_NEVER) {
    waited = g->told || gate_soon(g, v);
    if (waited) {
      gate_wait(g, v, v->remote ? v->now : g->raised,
                v->remote ? v->record : g->raised_record, out);
    }
    g->start = g->value;
    g->half = g->raised = QUIC_TIME_NEVER;
    g->told = false;
    g->old_limit = QLOG_NONE;
  }
  /* Who says so in the midst of sending is blocked behind it. */
  if (!g->told || v->now != g->full) {
    g->full = QUIC_TIME_NEVER;
    g->told = false;
  }
  g->value = value;
  return waited;
}

/* gate_mark notes when half of the credit is used, and all of it. */
static void gate_mark(quic_gate *g, const quic_gate_view *v) {
  uint64_t left = g->limit > g->value ? g->limit - g->value : 0;

  if (g->half == QUIC_TIME_NEVER && g->limit > g->start &&
      g->value - g->start >= (g->limit - g->start) / 2) {
    g->half = v->now;
  }
  if (g->full != QUIC_TIME_NEVER) {
    return;
  }
  if (left < v->slack || left == 0) {
    g->raised = QUIC_TIME_NEVER;
  } else if (g->value != g->old_limit) {
    return;
  }
  g->full = v->now;
  g->full_record = v->record;
}

bool quic_gate_step(quic_gate *g, uint64_t value, uint64_t limit,
                    const quic_gate_view *v, quic_wait *out) {
  bool waited = false;

  if (limit == QLOG_NONE) {
    g->value = value;
    return false;
  }
  if (g->limit == QLOG_NONE) {
    g->limit = limit;
  } else if (limit > g->limit) {
    gate_raise(g, limit, v);
  }
  if (value > g->value) {
    waited = gate_move(g, value, v, out);
    gate_mark(g, v);
  }
  return waited;
}

bool quic_gate_untold(quic_gate *g, const quic_gate_view *v, quic_wait *out) {
  if (g->full == QUIC_TIME_NEVER || !g->told) {
    return false;
  }
  gate_wait(g, v, v->now, v->record, out);
  g->full = QUIC_TIME_NEVER;
  g->told = false;
  return true;
}

bool quic_gate_open(const quic_gate *g, bool unfinished,
                    const quic_gate_view *v, quic_wait *out) {
  if (g->full == QUIC_TIME_NEVER || g->raised != QUIC_TIME_NEVER ||
      (!g->told && (!unfinished || g->value < g->limit))) {
    return false;
  }
  gate_wait(g, v, v->now, QLOG_NONE, out);
  return true;
}
