#include "analysis/pinned.h"

#include "analysis/evidence.h"

#define PINNED_ODD_PART 10 /* one in so many cycles may be odd */
#define PINNED_FIN_PART 4  /* more ends of streams: the data came in pieces */
#define PINNED_LATE QUIC_MILLISECOND
#define PINNED_BREAK (50 * QUIC_MILLISECOND)
#define PINNED_COARSE_SUM (10 * QUIC_MILLISECOND)

void quic_pinned_init(quic_pinned *pin) {
  memset(pin, 0, sizeof(*pin));
  quic_flights_init(&pin->flights);
  pin->last_send = pin->start = QUIC_TIME_NEVER;
}

/* pinned_floor: some controllers never go below four packets. */
static uint64_t pinned_floor(const quic_picture *p) {
  if (!p->floor_told && p->cwnd_min != QLOG_NONE && p->cwnd_min > 3 * p->mds &&
      p->cwnd_min <= 4 * p->mds + p->mds / 4) {
    return p->cwnd_min;
  }
  return p->floor;
}

/* pinned_low: within 5 % of it. */
static bool pinned_low(const quic_picture *p, uint64_t window) {
  uint64_t floor = pinned_floor(p);

  return window <= floor + floor / 20;
}

static void pinned_begin(quic_pinned *pin, const quic_picture *p,
                         uint64_t window) {
  const quic_flight *f = &pin->flights.now;
  quic_spiral *s = &pin->now;

  pin->open = true;
  pin->told = p->told_cwnd;
  pin->states = p->states;
  pin->odd = pin->fins = pin->gaps = pin->begun = 0;
  pin->rtt_sum = pin->gap_sum = pin->delta_sum = pin->idle_sum = 0;
  pin->keep = 1;
  pin->keeping = false;
  *s = (quic_spiral){.from = f->first,
                     .to = f->first,
                     .record = f->record,
                     .last = f->record,
                     .window = window,
                     .floor = pinned_floor(p),
                     .mds = p->mds,
                     .recovery_ahead = pin->recovery_ahead,
                     .escape = QLOG_NONE};
}

/* pinned_settle computes means, and tells whether the stretch is one. */
static bool pinned_settle(const quic_pinned *pin, const quic_picture *p,
                          quic_spiral *s) {
  quic_duration span = s->to - s->from;

  if (s->cycles < QUIC_PINNED_CYCLES || span < QUIC_PINNED_TIME ||
      pin->odd > s->cycles / PINNED_ODD_PART ||
      pin->fins > s->cycles / PINNED_FIN_PART) {
    return false;
  }
  s->pair = span / s->cycles;
  s->rtt =
      p->vantage == QUIC_VANTAGE_NETWORK ? p->srtt : pin->rtt_sum / s->cycles;
  if (s->rtt == 0) {
    s->rtt = s->pair; /* below the log's resolution */
  }
  s->per_rtt = quic_evidence_ratio(s->rtt, s->pair);
  if (span / QUIC_PINNED_ROUNDS < s->rtt || s->per_rtt < 500 ||
      s->per_rtt > 2000) {
    return false;
  }
  if (s->changes) {
    s->single = span / s->changes;
  }
  s->gap = pin->gap_sum / s->cycles;
  if (pin->begun) {
    s->delta = pin->delta_sum / pin->begun;
    s->idle = pin->idle_sum / pin->begun;
  }
  if (s->gap && !(p->coarse && pin->gap_sum < PINNED_COARSE_SUM)) {
    s->escape = s->recovery_ahead / s->gap;
  }
  s->at_floor = true;
  s->in_recovery = s->ahead >= s->cycles / 2;
  s->empties = true;
  return true;
}

/* pinned_close ends the stretch. */
static bool pinned_close(quic_pinned *pin, const quic_picture *p, bool grew,
                         quic_spiral *out) {
  if (!pin->open) {
    return false;
  }
  pin->open = false;
  pin->now.escaped = grew;
  if (!pinned_settle(pin, p, &pin->now)) {
    return false;
  }
  *out = pin->now;
  return true;
}

/* The historic controller. */

/* pinned_shift: with nothing in flight it takes the time since its last send
   for idleness, and moves the start of recovery by it. */
static quic_duration pinned_shift(quic_pinned *pin, quic_time now) {
  quic_duration delta =
      pin->last_send == QUIC_TIME_NEVER ? 0 : now - pin->last_send;

  if (pin->start != QUIC_TIME_NEVER) {
    pin->start += delta;
  }
  return delta;
}

/* pinned_loss: a loss of a packet that was sent in recovery changes nothing. */
static void pinned_loss(quic_pinned *pin, quic_time now) {
  pin->lost = true;
  if (pin->start == QUIC_TIME_NEVER || pin->last_send == QUIC_TIME_NEVER ||
      pin->last_send > pin->start) {
    pin->start = now;
  }
  pin->recovery_ahead = pin->last_send == QUIC_TIME_NEVER
                            ? 0
                            : quic_time_since(pin->start, pin->last_send);
}

/* Cycles. */

static void pinned_step(quic_spiral *s, quic_spiral_step step, quic_time time,
                        uint64_t record, uint64_t value) {
  s->step[step].time = time;
  s->step[step].record = record;
  s->step[step].value = value;
}

/* pinned_began: the flight before was emptied, and the next goes out. */
static void pinned_began(quic_pinned *pin, quic_duration delta) {
  const quic_flight *f = &pin->flights.now, *b = &pin->flights.before;
  quic_duration idle = quic_time_since(f->first, b->acked);
  quic_spiral *s = &pin->now;

  pin->begun++;
  pin->delta_sum += delta;
  pin->idle_sum += idle;
  if (s->cycles == pin->keep) {
    quic_duration ahead = pin->start == QUIC_TIME_NEVER
                              ? 0
                              : quic_time_since(pin->start, f->first);

    pin->keep = pin->keep == 1 ? 3 : 2 * pin->keep;
    pin->keeping = true;
    pinned_step(s, QUIC_SPIRAL_SEND_ACK, b->first, b->record, b->octets);
    pinned_step(s, QUIC_SPIRAL_FALSE_IDLE, f->first, f->record, idle);
    pinned_step(s, QUIC_SPIRAL_DELTA, f->first, f->record, delta);
    pinned_step(s, QUIC_SPIRAL_RECOVERY, f->first, f->record, ahead);
    pinned_step(s, QUIC_SPIRAL_STAGNATION, f->first, f->record, s->window);
  }
}

/* pinned_emptied counts the flight that was just acknowledged. */
static void pinned_emptied(quic_pinned *pin, const quic_picture *p,
                           const qlog_event *e) {
  const quic_flight *f = &pin->flights.now;
  quic_spiral *s = &pin->now;

  s->cycles++;
  s->to = e->time;
  s->last = quic_event_record(e);
  s->changes = p->states - pin->states;
  pin->odd += f->octets + p->mds <= s->window;
  pin->fins += f->fin;
  pin->rtt_sum += e->time - f->first;
  pin->gap_sum += f->last - f->first;
  if (pin->start != QUIC_TIME_NEVER && pin->start >= f->first) {
    s->ahead++;
  } else {
    pin->start = QUIC_TIME_NEVER; /* it left recovery */
  }
  if (pin->keeping) {
    pin->keeping = false;
    s->step[QUIC_SPIRAL_STAGNATION].time = e->time;
    s->step[QUIC_SPIRAL_STAGNATION].record = s->last;
  }
}

/* pinned_window: the window of the flight to come.  Where none is told it is
   what was sent last, if more was in flight before a loss. */
static uint64_t pinned_window(const quic_pinned *pin, const quic_picture *p) {
  uint64_t octets = pin->flights.before.octets;

  if (p->told_cwnd) {
    return p->metrics.congestion_window;
  }
  if (!pin->lost || pin->flights.peak < 4 * p->mds ||
      octets + p->mds / 2 < 2 * p->mds) {
    return UINT64_MAX;
  }
  return octets;
}

/* pinned_flight handles a flight that begins. */
static bool pinned_flight(quic_pinned *pin, const quic_picture *p,
                          quic_duration delta, quic_spiral *out) {
  const quic_flight *f = &pin->flights.now, *b = &pin->flights.before;
  bool ended = false;
  uint64_t window = pinned_window(pin, p);

  if (pin->open) {
    quic_duration rtt = b->acked - b->first, period = f->first - b->first;

    if (rtt < p->srtt) {
      rtt = p->srtt;
    }
    if (period > 4 * rtt + PINNED_BREAK) {
      ended = pinned_close(pin, p, false, out);
    } else {
      pin->odd += period > rtt + rtt / 2 + PINNED_LATE;
      pinned_began(pin, delta);
    }
  }
  if (!pin->open && pinned_low(p, window)) {
    pinned_begin(pin, p, window);
  }
  return ended;
}

/* pinned_moved: the window is not what it was. */
static bool pinned_moved(const quic_pinned *pin, const quic_picture *p,
                         bool *grew) {
  uint64_t was = pin->now.window;
  uint64_t now =
      pin->told ? p->metrics.congestion_window : pin->flights.now.octets;
  uint64_t slack = pin->told ? was / 20 : p->mds / 2;

  *grew = now > was + slack;
  return *grew || (pin->told && now + slack < was);
}

bool quic_pinned_event(quic_pinned *pin, const quic_picture *p,
                       const qlog_event *e, quic_spiral *out) {
  quic_flights_news news = quic_flights_event(&pin->flights, p, e);
  bool ended = false;
  bool grew = false;

  if (p->lost_now) {
    ended = pinned_close(pin, p, false, out);
    pinned_loss(pin, e->time);
    return ended;
  }
  if (pin->open && pinned_moved(pin, p, &grew)) {
    ended = pinned_close(pin, p, grew, out);
  }
  if (news == QUIC_FLIGHT_BEGAN) {
    quic_duration delta = pinned_shift(pin, e->time);

    ended |= pinned_flight(pin, p, delta, out);
  } else if (news == QUIC_FLIGHT_EMPTIED && pin->open) {
    pinned_emptied(pin, p, e);
  }
  pin->last_send = pin->flights.now.last;
  return ended;
}

bool quic_pinned_end(quic_pinned *pin, const quic_picture *p,
                     quic_spiral *out) {
  return pinned_close(pin, p, false, out);
}
