/* What must and must not be found, from what happened and what this logger
   tells. */

#include <inttypes.h>
#include <string.h>

#include "tests/support/loggen.h"
#include "wire/names.h"

static void label_add(const char **list, size_t *n, const char *key) {
  for (size_t i = 0; i < *n; i++) {
    if (strcmp(list[i], key) == 0) {
      return;
    }
  }
  if (*n < LOGGEN_KEYS_MAX) {
    list[(*n)++] = key;
  }
}

static bool label_in(const char *const *list, size_t n, const char *key) {
  for (size_t i = 0; i < n && list[i]; i++) {
    if (strcmp(list[i], key) == 0) {
      return true;
    }
  }
  return false;
}

/* Whether the logger tells enough for |key|, seen from |vantage|. */
static bool label_tells(const lg_writer_kind *k, const char *key, int vantage,
                        const lg_facts *f) {
  static const char *const by_loss[] = {
      "spurious_loss", "persistent_congestion", "tail_loss", "loss_periodic",
      "loss_burst",    "mtu_black_hole",        NULL};
  static const char *const by_rtt[] = {"rtt_spike", "rtt_step", "bufferbloat",
                                       NULL};
  bool coarse = k->tongue == LG_NGTCP2;

  if (label_in(by_loss, 8, key)) {
    return k->losses;
  }
  if (label_in(by_rtt, 4, key) && coarse) {
    return f->rtt_min >= 5 * LG_MS;
  }
  if (strcmp(key, "keys_missing") == 0) {
    return k->dropped && f->missing_keys >= 3;
  }
  if (strcmp(key, "key_update_failure") == 0) {
    return k->dropped;
  }
  if (strcmp(key, "pto_storm") == 0) {
    return k->tongue != LG_PICOQUIC && k->tongue != LG_AIOQUIC;
  }
  if (strcmp(key, "ecn") == 0) {
    return k->ecn;
  }
  if (strcmp(key, "http3") == 0) {
    return k->tongue == LG_DRAFT14;
  }
  if (strcmp(key, "stream_limit") == 0 || strcmp(key, "migration") == 0) {
    return vantage == LG_CLIENT;
  }
  if (strcmp(key, "amplification_blocked") == 0) {
    return vantage == LG_SERVER && f->limited[LG_LIMIT_AMPLIFICATION] > LG_MS;
  }
  if (strcmp(key, "stream_stall") == 0) {
    return f->app_lost >= 3 && k->losses;
  }
  return true;
}

/* What did not happen at all. */
static void label_not_facts(loggen_label *l, const lg_facts *f) {
  const struct {
    const char *key;
    bool not ;
  } rows[] = {
      {"death_spiral", f->best_cycles < 8},
      {"app_limited_freeze", f->frozen == 0},
      {"window_at_floor", f->pinned_lost == 0 && f->best_cycles == 0},
      {"window_collapse", f->fall < 0.52},
      {"persistent_congestion", f->persistent == 0 && f->lost < 10},
      {"spurious_loss", f->spurious == 0},
      {"loss_burst", f->longest_run < 2},
      {"loss_periodic", f->app_lost < 3},
      {"tail_loss", f->lost == 0 && f->probes == 0},
      {"pto_storm", f->pto_max < 2},
      {"black_hole", f->probes == 0},
      {"rtt_spike", f->rtt_max < 3 * f->rtt_min},
      {"rtt_step", f->rtt_max < f->rtt_min * 5 / 4},
      {"bufferbloat", f->srtt_max < 2 * f->rtt_min},
      {"ack_delay", f->ack_delay_max <= 26 * LG_MS},
      {"flow_control_connection", f->limited[LG_LIMIT_CONNECTION] == 0},
      {"flow_control_stream", f->limited[LG_LIMIT_STREAM] == 0},
      {"stream_limit", f->limited[LG_LIMIT_STREAMS] == 0},
      {"amplification_blocked", f->limited[LG_LIMIT_AMPLIFICATION] == 0},
      {"handshake_stall", f->probes == 0 && f->missing_keys == 0},
      {"keys_missing", f->missing_keys == 0 && f->key_drops == 0},
      {"streams_reset", f->resets == 0},
      {"stream_stall", f->lost == 0},
  };

  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    if (rows[i].not ) {
      label_add(l->mustnot, &l->nmustnot, rows[i].key);
    }
  }
}

/* What only its own scenario makes happen. */
static void label_not_alien(loggen_label *l) {
  static const char *const keys[] = {"death_spiral",      "app_limited_freeze",
                                     "bandwidth_plateau", "window_never_grows",
                                     "ack_delay",         "ack_starvation",
                                     "slow_credit",       "key_update_failure",
                                     "mtu_black_hole",    "ecn",
                                     "migration",         "http3"};

  for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
    label_add(l->mustnot, &l->nmustnot, keys[i]);
  }
}

static bool label_is(const char *ending, const char *name) {
  size_t len = strcspn(ending, ":");

  return strlen(name) == len && memcmp(ending, name, len) == 0;
}

/* The findings about how it ended. */
static void label_ending(loggen_label *l, const lg_draw *d,
                         const lg_writer_kind *k) {
  static const struct {
    const char *ending, *key;
    bool events; /* only by connection_closed */
  } rows[] = {{"idle", "idle_timeout", true},
              {"reset", "stateless_reset", false},
              {"tls_alert", "tls_alert", false},
              {"handshake", "handshake_failure", false},
              {"version", "version_failure", false},
              {"unreachable", "unreachable", false}};
  const char *ending = l->spec.ending;
  bool error = l->close.code != LG_NONE && l->close.code != 0 &&
               l->close.code != 0x100 && !d->close_early;
  bool blind = label_is(ending, "reset") &&
               (k->tongue == LG_AIOQUIC || k->tongue == LG_PICOQUIC);

  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    if (!label_is(ending, rows[i].ending)) {
      bool akin = d->close_early || strcmp(l->close.class, "open_at_end") == 0;

      if (!akin || i == 1 || i == 4) {
        label_add(l->mustnot, &l->nmustnot, rows[i].key);
      }
    } else if (!blind && (k->closes || !rows[i].events)) {
      label_add(l->must, &l->nmust, rows[i].key);
    }
  }
  if (error) {
    label_add(l->must, &l->nmust, "close_error");
  } else if (!d->close_early) {
    label_add(l->mustnot, &l->nmustnot, "close_error");
  }
}

/* label_early: what loggers make of an end before there was a connection:
   ngtcp2 closes with a code of its own, quiche tells one phrase for all. */
static void label_early(loggen_close *c, const lg_writer_kind *k) {
  if (k->tongue == LG_NGTCP2) {
    c->code_untold = true;
    strcpy(c->space, "?");
    strcpy(c->name, "?");
  }
  if (k->tongue == LG_QUICHE) {
    strcpy(c->phrase, "?");
  }
}

static void label_code(loggen_close *c, const lg_settings *s, const lg_draw *d,
                       const lg_writer_kind *k, const char *ending) {
  bool fails = s->fail == LG_FAIL_CLOSE;
  const lg_action *a = &s->close;
  const char *name, *phrase;
  bool app;

  for (size_t i = 0; i < s->nactions; i++) {
    if (s->actions[i].type == LG_DO_CLOSE) {
      a = &s->actions[i];
    }
  }
  if (!fails && (a->type != LG_DO_CLOSE || d->close_side < 0 ||
                 label_is(ending, "reset"))) {
    if (d->close_early) {
      label_early(c, k);
    }
    return;
  }
  app = !fails && a->flag;
  c->code = fails ? s->fail_code : a->code;
  phrase = fails ? s->fail_phrase : a->phrase;
  name = app                ? quic_name_h3_error(c->code)
         : c->code >= 0x100 ? quic_name_tls_alert((uint8_t)c->code)
                            : quic_name_transport_error(c->code);
  snprintf(c->space, sizeof(c->space), "%s", app ? "application" : "transport");
  snprintf(c->name, sizeof(c->name), "%s", name ? name : "-");
  snprintf(c->phrase, sizeof(c->phrase), "%s",
           k->tongue == LG_NGTCP2 ? "?"
           : phrase               ? phrase
                                  : "");
}

static void label_close(loggen_label *l, const lg_settings *s, const lg_draw *d,
                        const lg_writer_kind *k) {
  loggen_close *c = &l->close;
  const char *more = "", *trigger = d->close_trigger;
  bool silent =
      label_is(l->spec.ending, "idle") || label_is(l->spec.ending, "reset");

  memset(c, 0, sizeof(*c));
  c->code = LG_NONE;
  strcpy(c->space, "-");
  strcpy(c->name, "-");
  if (!k->closes && silent && k->tongue != LG_NGTCP2) {
    more = "|open_at_end|vanished|unknown";
  } else if (!k->closes && silent) {
    more = label_is(l->spec.ending, "idle") ? "|open_at_end" : "";
  } else if (label_is(l->spec.ending, "open") || d->truncate) {
    more = "|vanished|idle_timeout";
  } else if (label_is(l->spec.ending, "handshake_timeout")) {
    more = "|idle_timeout|handshake_failure";
  }
  if (label_is(l->spec.ending, "idle") && strcmp(more, "") == 0 &&
      s->nactions > 0) {
    more = "|vanished"; /* the other side died meanwhile */
  }
  snprintf(c->class, sizeof(c->class), "%s%s", d->close_class, more);
  snprintf(c->side, sizeof(c->side), "%s",
           *more == '|' && silent && k->tongue != LG_NGTCP2 ? "?"
           : d->close_side < 0                              ? "-"
           : d->close_side == LG_CLIENT                     ? "client"
                                                            : "server");
  if (k->tongue == LG_QUICHE && trigger && d->close_early) {
    trigger = "handshake_timeout";
  }
  snprintf(c->trigger, sizeof(c->trigger), "%s",
           k->closes && trigger ? trigger : "-");
  label_code(c, s, d, k, l->spec.ending);
  if (k->tongue == LG_QUICHE && c->code != LG_NONE && !d->close_early &&
      (strcmp(c->space, "application") == 0 || c->code == 0)) {
    strcpy(c->trigger, "clean"); /* as quiche calls it */
  }
}

static void label_facts(loggen_label *l, const lg_draw *d, const lg_facts *f) {
  uint64_t rtt = f->best_rtt ? f->best_rtt : d->rtt;
  const loggen_fact all[] = {
      {"sent", f->sent},
      {"received", f->received},
      {"dropped", f->dropped},
      {"lost", f->lost},
      {"lost_octets", f->lost_octets},
      {"spurious", f->spurious},
      {"longest_run", f->longest_run},
      {"probes", f->probes},
      {"pto_max", f->pto_max},
      {"persistent", f->persistent},
      {"states", f->changes},
      {"cycles", f->best_cycles},
      {"cycle_changes", f->best_changes},
      {"cycles_per_rtt_milli",
       f->best_to > f->best_from
           ? (f->best_cycles - 1) * 1000 * rtt / (f->best_to - f->best_from)
           : 0},
      {"cycles_from_us", quic_time_since(f->best_from, f->start) / 1000},
      {"cycles_to_us", quic_time_since(f->best_to, f->start) / 1000},
      {"rtt_min_us", f->rtt_min == LG_NONE ? 0 : f->rtt_min / 1000},
      {"rtt_max_us", f->rtt_max / 1000},
      {"blocked_connection_us", f->limited[LG_LIMIT_CONNECTION] / 1000},
      {"blocked_stream_us", f->limited[LG_LIMIT_STREAM] / 1000},
      {"app_limited_us", f->limited[LG_LIMIT_APP] / 1000},
      {"resets", f->resets},
      {"frozen", f->frozen}};

  l->nfacts = sizeof(all) / sizeof(all[0]);
  memcpy(l->facts, all, sizeof(all));
}

void lg_label_make(loggen_label *l, const lg_scenario *sc, const lg_settings *s,
                   const lg_draw *d, const lg_facts *f,
                   const lg_writer_kind *k) {
  size_t n = 0;

  label_close(l, s, d, k);
  for (size_t i = 0; i < 4 && sc->must[i] && !d->close_early; i++) {
    if (label_tells(k, sc->must[i], l->spec.vantage, f)) {
      label_add(l->must, &l->nmust, sc->must[i]);
    }
  }
  if (f->pto_max >= 4 && !d->close_early &&
      label_tells(k, "pto_storm", l->spec.vantage, f)) {
    label_add(l->must, &l->nmust, "pto_storm");
  }
  label_not_facts(l, f);
  label_not_alien(l);
  label_ending(l, d, k);
  /* what may be found, and what must, is not forbidden */
  for (size_t i = 0; i < l->nmustnot; i++) {
    const char *key = l->mustnot[i];

    if (!label_in(l->must, l->nmust, key) && !label_in(sc->may, 12, key) &&
        !label_in(sc->must, 4, key)) {
      l->mustnot[n++] = key;
    }
  }
  l->nmustnot = n;
  if (d->truncate || d->hole > 0 || d->back > 0 || d->garbage) {
    label_add(l->must, &l->nmust, "log_quality");
  }
  label_facts(l, d, f);
}

void loggen_label_head(FILE *out) {
  fputs("file\tscenario\twriter\tvantage\tending\tseed\tmust\tmustnot\tclass\t"
        "side\tspace\tcode\tname\tphrase\ttrigger\tfacts\n",
        out);
}

static void label_list(FILE *out, const char *const *list, size_t n) {
  fputs(n ? "\t" : "\t-", out);
  for (size_t i = 0; i < n; i++) {
    fprintf(out, "%s%s", i ? "," : "", list[i]);
  }
}

void loggen_label_write(const loggen_label *l, const char *file, FILE *out) {
  const loggen_close *c = &l->close;

  fprintf(out, "%s\t%s\t%s\t%s\t%s\t%" PRIu64, file, l->spec.scenario,
          l->spec.writer, l->spec.vantage == LG_CLIENT ? "client" : "server",
          l->spec.ending, l->spec.seed);
  label_list(out, l->must, l->nmust);
  label_list(out, l->mustnot, l->nmustnot);
  fprintf(out, "\t%s\t%s\t%s\t", c->class, c->side, c->space);
  if (c->code_untold) {
    fputc('?', out);
  } else if (c->code == LG_NONE) {
    fputs("-", out);
  } else {
    fprintf(out, "%" PRIu64, c->code);
  }
  fprintf(out, "\t%s\t%s\t%s\t", c->name, c->phrase[0] ? c->phrase : "-",
          c->trigger);
  for (size_t i = 0; i < l->nfacts; i++) {
    fprintf(out, "%s%s=%" PRIu64, i ? "," : "", l->facts[i].name,
            l->facts[i].value);
  }
  fputc('\n', out);
}
