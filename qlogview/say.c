#include "qlogview/say.h"

/* say_scaled writes |v| with one decimal in the largest unit that it fills. */
static void say_scaled(quic_text *t, uint64_t v, const char *const *units,
                       size_t n) {
  uint64_t size = 1;
  size_t i = 0;

  while (i + 1 < n && v / size >= 1000) {
    size *= 1000;
    i++;
  }
  quic_text_u64(t, v / size);
  if (i) {
    quic_text_printf(t, ".%llu", (unsigned long long)(v % size / (size / 10)));
  }
  quic_text_char(t, ' ');
  quic_text_str(t, units[i]);
}

void qv_say_octets(quic_text *t, uint64_t octets) {
  static const char *const units[] = {"B", "KB", "MB", "GB", "TB"};

  say_scaled(t, octets, units, 5);
}

void qv_say_rate(quic_text *t, uint64_t bits_per_second) {
  static const char *const units[] = {"bit/s", "kbit/s", "Mbit/s", "Gbit/s",
                                      "Tbit/s"};

  say_scaled(t, bits_per_second, units, 5);
}

void qv_say_number(quic_text *t, uint64_t n) {
  char digits[24];
  quic_text d;

  quic_text_init(&d, digits, sizeof(digits));
  quic_text_u64(&d, n);
  for (size_t i = 0; i < d.len; i++) {
    if (i && (d.len - i) % 3 == 0 && d.len > 4) {
      quic_text_char(t, ' ');
    }
    quic_text_char(t, digits[i]);
  }
}

void qv_say_count(quic_text *t, uint64_t n, const char *noun) {
  qv_say_number(t, n);
  quic_text_char(t, ' ');
  quic_text_str(t, noun);
  if (n != 1) {
    quic_text_char(t, 's');
  }
}

void qv_say_percent(quic_text *t, uint64_t milli) {
  milli = (milli + 50) / 100;
  quic_text_printf(t, "%llu.%llu %%", (unsigned long long)(milli / 10),
                   (unsigned long long)(milli % 10));
}

void qv_say_time(quic_text *t, const qv_context *ctx, const qv_connection *c,
                 quic_time time) {
  if (!ctx->opt->absolute) {
    time = quic_time_since(time, c->first);
  }
  quic_text_printf(t, "%llu.%06llu s", (unsigned long long)(time / QUIC_SECOND),
                   (unsigned long long)(time % QUIC_SECOND / QUIC_MICROSECOND));
}

void qv_say_value(quic_text *t, const qv_context *ctx, const qv_connection *c,
                  quic_unit unit, uint64_t value) {
  switch (unit) {
  case QUIC_UNIT_OCTETS:
    qv_say_octets(t, value);
    break;
  case QUIC_UNIT_NS:
    quic_close_duration(t, value);
    break;
  case QUIC_UNIT_TIME:
    qv_say_time(t, ctx, c, value);
    break;
  case QUIC_UNIT_BPS:
    qv_say_rate(t, value);
    break;
  case QUIC_UNIT_MILLI:
    quic_text_printf(t, "%llu.%03llu", (unsigned long long)(value / 1000),
                     (unsigned long long)(value % 1000));
    break;
  case QUIC_UNIT_PERCENT_MILLI:
    qv_say_percent(t, value);
    break;
  case QUIC_UNIT_ID:
    quic_text_u64(t, value);
    break;
  default:
    qv_say_number(t, value);
    break;
  }
}

void qv_say_untrusted(quic_text *t, const char *s) {
  quic_text_untrusted(t, quic_bytes_of(s, strlen(s)), 0);
}

const char *qv_vantage_name(const qv_connection *c) {
  return c->vantage == QUIC_VANTAGE_NETWORK  ? "network"
         : c->vantage == QUIC_VANTAGE_SERVER ? "server"
                                             : "client";
}

void qv_say_connection(quic_text *t, const qv_context *ctx,
                       const qv_connection *c) {
  if (ctx->many) {
    qv_say_untrusted(t, ctx->path);
    quic_text_str(t, ": ");
  }
  quic_text_str(t, "connection ");
  quic_text_u64(t, c->number);
  if (c->group[0]) {
    quic_text_char(t, ' ');
    qv_say_untrusted(t, c->group);
  }
  quic_text_printf(t, ", by the %s", qv_vantage_name(c));
  if (!c->vantage_told) {
    quic_text_str(t, ", as it seems");
  }
}

void qv_say_severity(quic_text *t, bool colour, quic_severity severity) {
  static const cli_colour colours[] = {CLI_COLOUR_DIM, CLI_COLOUR_NOTE,
                                       CLI_COLOUR_BAD};
  static const char *const names[] = {"note    ", "warning ", "CRITICAL"};

  cli_colour_on(t, colour, colours[severity]);
  quic_text_str(t, names[severity]);
  cli_colour_off(t, colour);
}
