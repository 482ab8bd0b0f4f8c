#include "qlogview/axis.h"

typedef struct axis_scale {
  quic_unit unit;
  uint64_t scale; /* from this on */
  const char *suffix, *title;
} axis_scale;

#define K UINT64_C(1000)

/* Of each unit in rising order. */
static const axis_scale axis_scales[] = {
    {QUIC_UNIT_COUNT, 1, "", ""},
    {QUIC_UNIT_COUNT, K, "k", ""},
    {QUIC_UNIT_COUNT, K *K, "M", ""},
    {QUIC_UNIT_COUNT, K *K *K, "G", ""},
    {QUIC_UNIT_COUNT, K *K *K *K, "T", ""},
    {QUIC_UNIT_COUNT, K *K *K *K *K, "P", ""},
    {QUIC_UNIT_COUNT, K *K *K *K *K *K, "E", ""},
    {QUIC_UNIT_OCTETS, 1, "", "octets"},
    {QUIC_UNIT_OCTETS, K, "k", "octets"},
    {QUIC_UNIT_OCTETS, K *K, "M", "octets"},
    {QUIC_UNIT_OCTETS, K *K *K, "G", "octets"},
    {QUIC_UNIT_OCTETS, K *K *K *K, "T", "octets"},
    {QUIC_UNIT_OCTETS, K *K *K *K *K, "P", "octets"},
    {QUIC_UNIT_OCTETS, K *K *K *K *K *K, "E", "octets"},
    {QUIC_UNIT_NS, 1, "", "ns"},
    {QUIC_UNIT_NS, K, "", "\u00b5s"},
    {QUIC_UNIT_NS, K *K, "", "ms"},
    {QUIC_UNIT_NS, K *K *K, "", "s"},
    {QUIC_UNIT_TIME, 1, "", "ns"},
    {QUIC_UNIT_TIME, K, "", "\u00b5s"},
    {QUIC_UNIT_TIME, K *K, "", "ms"},
    {QUIC_UNIT_TIME, K *K *K, "", "s"},
    {QUIC_UNIT_BPS, 1, "", "bit/s"},
    {QUIC_UNIT_BPS, K, "", "kbit/s"},
    {QUIC_UNIT_BPS, K *K, "", "Mbit/s"},
    {QUIC_UNIT_BPS, K *K *K, "", "Gbit/s"},
    {QUIC_UNIT_MILLI, 1, "", "1/1000"},
    {QUIC_UNIT_MILLI, K, "", ""},
    {QUIC_UNIT_PERCENT_MILLI, K, "", "%"},
    {QUIC_UNIT_ID, 1, "", ""},
};

#undef K

/* axis_step returns the round number that is at least |raw|. */
static uint64_t axis_step(uint64_t raw) {
  static const unsigned times[] = {1, 2, 5, 10};
  uint64_t power = 1;

  while (power <= raw / 10) {
    power *= 10;
  }
  for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
    if (power > UINT64_MAX / times[i]) {
      break;
    }
    if (power * times[i] >= raw) {
      return power * times[i];
    }
  }
  return UINT64_MAX;
}

/* axis_scale_by takes |row| for how values are written.  Returns how many
   characters the largest one takes. */
static int axis_scale_by(qv_axis *a, const axis_scale *row) {
  int digits = (int)strlen(row->suffix);

  a->scale = row->scale;
  a->suffix = row->suffix;
  a->title = row->title;
  a->decimals = 0;
  for (uint64_t part = a->scale; part > 1 && a->step % part; part /= 10) {
    a->decimals++;
  }
  for (uint64_t v = a->hi / a->scale; v > 9; v /= 10) {
    digits++;
  }
  return digits + 1 + (a->decimals ? 1 + a->decimals : 0);
}

/* axis_units takes the largest scale below the values, or the smallest of all
   when the steps are too fine for it. */
static void axis_units(qv_axis *a) {
  const axis_scale *smallest = NULL;
  int len = 0;

  for (size_t i = 0; i < sizeof(axis_scales) / sizeof(axis_scales[0]); i++) {
    const axis_scale *row = &axis_scales[i];

    if (row->unit != a->unit) {
      continue;
    }
    smallest = smallest ? smallest : row;
    if (row == smallest || row->scale <= a->hi) {
      len = axis_scale_by(a, row);
    }
  }
  if (smallest && len > QV_AXIS_LABEL_MAX) {
    axis_scale_by(a, smallest);
  }
}

void qv_axis_fit(qv_axis *a, quic_unit unit, uint64_t min, uint64_t max,
                 int ticks) {
  uint64_t range = max > min ? max - min : 1,
           n = ticks > 0 ? (uint64_t)ticks : 1;
  uint64_t over;

  *a = (qv_axis){.unit = unit, .suffix = "", .title = ""};
  a->step = axis_step(range / n + (range % n != 0));
  a->lo = min - min % a->step;
  over = max % a->step;
  a->hi = over == 0                             ? max
          : max > UINT64_MAX - (a->step - over) ? UINT64_MAX
                                                : max + (a->step - over);
  if (a->hi <= a->lo) {
    if (a->lo > UINT64_MAX - a->step) {
      a->lo -= a->step;
    }
    a->hi = a->lo + a->step;
  }
  axis_units(a);
}

const char *qv_axis_title(const qv_axis *a) {
  return a->title;
}

void qv_axis_label(const qv_axis *a, uint64_t value, quic_text *t) {
  char buf[QV_AXIS_LABEL_OCTETS];
  uint64_t scale = a->scale ? a->scale : 1, rest = value % scale;
  quic_text label;

  if (value == 0) {
    quic_text_char(t, '0');
    return;
  }
  quic_text_init(&label, buf, sizeof(buf));
  quic_text_u64(&label, value / scale);
  for (int i = 0; i < a->decimals; i++) {
    if (i == 0) {
      quic_text_char(&label, '.');
    }
    scale /= 10;
    quic_text_char(&label, (char)('0' + rest / scale % 10));
    rest %= scale;
  }
  quic_text_str(&label, a->suffix);
  if (label.len > QV_AXIS_LABEL_MAX) {
    quic_text_str(t, "\u2026");
    quic_text_mem(t, buf + label.len - (QV_AXIS_LABEL_MAX - 1),
                  QV_AXIS_LABEL_MAX - 1);
    return;
  }
  quic_text_mem(t, buf, label.len);
}

bool qv_axis_next(const qv_axis *a, uint64_t *value) {
  if (*value >= a->hi || a->step > a->hi - *value) {
    return false;
  }
  *value += a->step;
  return true;
}

int qv_axis_place(const qv_axis *a, uint64_t value, int n) {
  double part;

  if (n <= 1 || value <= a->lo) {
    return 0;
  }
  if (value >= a->hi) {
    return n - 1;
  }
  part = (double)(value - a->lo) / (double)(a->hi - a->lo);
  return (int)(part * (n - 1) + 0.5);
}
