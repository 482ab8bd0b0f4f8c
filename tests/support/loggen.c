/* A specification becomes a log and its label. */

#include "tests/support/loggen.h"

#include <stdlib.h>
#include <string.h>

#define LOGGEN_TRIES 400 /* until a scenario comes about */

static const lg_writer_kind *const loggen_kinds[LG_TONGUES] = {
    [LG_DRAFT14] = &lg_writer_draft14,
    [LG_QUICHE] = &lg_writer_quiche,
    [LG_NGTCP2] = &lg_writer_ngtcp2,
    [LG_PICOQUIC] = &lg_writer_picoquic,
    [LG_AIOQUIC] = &lg_writer_aioquic};

const char *loggen_scenario_at(size_t i) {
  return i < lg_nscenarios ? lg_scenarios[i].name : NULL;
}

const char *loggen_writer_at(size_t i) {
  return i < LG_TONGUES && loggen_kinds[i] ? loggen_kinds[i]->name : NULL;
}

static const lg_scenario *loggen_scenario(const char *name) {
  for (size_t i = 0; i < lg_nscenarios; i++) {
    if (strcmp(lg_scenarios[i].name, name) == 0) {
      return &lg_scenarios[i];
    }
  }
  return NULL;
}

static int loggen_tongue(const char *name) {
  for (int i = 0; i < LG_TONGUES; i++) {
    if (loggen_kinds[i] && strcmp(loggen_kinds[i]->name, name) == 0) {
      return i;
    }
  }
  return -1;
}

const char *loggen_suffix(const char *writer) {
  int t = loggen_tongue(writer);

  return t < 0 ? NULL : loggen_kinds[t]->suffix;
}

static const char *loggen_ending(const loggen_spec *spec,
                                 const lg_scenario *sc) {
  return spec->ending ? spec->ending : sc->ending ? sc->ending : "app_client";
}

/* Where nothing of what the other side says arrives any more. */
static bool loggen_deaf(const char *scenario) {
  return strcmp(scenario, "black_hole") == 0 ||
         strcmp(scenario, "key_update_failure") == 0;
}

bool loggen_can(const loggen_spec *spec) {
  const lg_scenario *sc = loggen_scenario(spec->scenario);
  int tongue = loggen_tongue(spec->writer);

  if (!sc || tongue < 0 ||
      !lg_ending_fits(loggen_ending(spec, sc), spec->vantage)) {
    return false;
  }
  if (loggen_deaf(sc->name) &&
      lg_ending_by_peer(loggen_ending(spec, sc), spec->vantage)) {
    return false;
  }
  /* cut or spoilt anywhere, one JSON text cannot be told from rubbish */
  return !(strcmp(sc->name, "log_garbage") == 0 && tongue >= LG_PICOQUIC);
}

/* What spoils a log on its way to the writer. */
typedef struct loggen_sieve {
  lg_writer *w;
  size_t at, from, to; /* events; those in [from, to) get lost */
  size_t back;         /* the event from which the clock is behind */
  quic_duration behind;
  quic_time start; /* what the log counts from */
} loggen_sieve;

static void loggen_sift(void *user, const lg_event *e) {
  loggen_sieve *s = user;
  lg_event copy = *e;

  s->at++;
  copy.time -= s->start;
  if (s->at >= s->from && s->at < s->to) {
    return;
  }
  if (s->back && s->at >= s->back && s->at < s->back + 40) {
    copy.time = copy.time > s->behind ? copy.time - s->behind : 0;
  }
  s->w->kind->event(s->w, &copy);
}

static void loggen_count(void *user, const lg_event *e) {
  (void)e;
  ++*(size_t *)user;
}

static void loggen_writer_init(lg_writer *w, const loggen_spec *spec,
                               lg_tongue tongue, uint64_t seed) {
  static const uint64_t bases[] = {0, 0, 0, 1000, 86400, 5000000};

  memset(w, 0, sizeof(*w));
  w->kind = loggen_kinds[tongue];
  w->tongue = tongue;
  w->vantage = spec->vantage;
  quic_rng_init(&w->rng, seed ^ 0x77726974);
  w->variant = (unsigned)quic_rng_below(&w->rng, 4);
  w->epoch = UINT64_C(1760000000000) + quic_rng_below(&w->rng, 40000000000);
  w->numbers =
      quic_rng_below(&w->rng, 4) ? 0 : quic_rng_below(&w->rng, 1u << 31);
  w->base = bases[quic_rng_below(&w->rng, 6)] * QUIC_SECOND;
  if (tongue == LG_QUICHE && w->variant == 1 && w->base > 0) {
    w->base = 500 * QUIC_SECOND; /* 32 bits resolve 31 us there */
  }
  for (size_t i = 0; i < 16; i++) {
    w->scid[i] = "0123456789abcdef"[quic_rng_below(&w->rng, 16)];
    w->dcid[i] = "0123456789abcdef"[quic_rng_below(&w->rng, 16)];
  }
  w->group = spec->vantage == LG_CLIENT ? w->dcid : w->scid;
}

static void loggen_damage(const lg_draw *d, lg_writer *w, char *text,
                          size_t *len) {
  size_t cut;
  char *at;

  if (d->garbage) { /* a record loses its head */
    at = memmem(text + *len / 2, *len / 4, "\"name\"", 6);
    if (at) {
      memset(at, '#', 12);
    }
  }
  if (d->truncate) {
    cut = 20 + quic_rng_below(&w->rng, *len / 5);
    *len -= cut < *len / 2 ? cut : *len / 2;
    while (*len > 0 && (text[*len - 1] == '\n' || text[*len - 1] == '}')) {
      --*len;
    }
  }
}

/* Returns whether the end is missing. */
static bool loggen_render(const loggen_spec *spec, const lg_settings *s,
                          const lg_draw *d, uint64_t seed, size_t events,
                          quic_time start, FILE *out) {
  lg_writer w;
  loggen_sieve sieve = {.w = &w, .start = start};
  lg_facts facts;
  char *text = NULL;
  size_t len = 0;

  loggen_writer_init(&w, spec, d->tongue, seed);
  w.out = open_memstream(&text, &len);
  if (!w.out) {
    perror("loggen");
    exit(1);
  }
  if (d->hole > 0) {
    sieve.from = (size_t)((double)events * d->hole);
    sieve.to = sieve.from + events / 8 + 6;
  }
  if (d->back > 0) {
    sieve.back = (size_t)((double)events * d->back) + 1;
    sieve.behind = 1500 * LG_MS;
  }
  w.kind->head(&w);
  lg_sim_run(s, seed, spec->vantage, loggen_sift, &sieve, &facts);
  w.kind->tail(&w);
  fclose(w.out);
  loggen_damage(d, &w, text, &len);
  fwrite(text, 1, len, out);
  free(text);
  return d->truncate || (w.variant == 1 && w.kind->cuts);
}

int loggen_make(const loggen_spec *spec, FILE *out, loggen_label *label) {
  const lg_scenario *sc = loggen_scenario(spec->scenario);
  int tongue = loggen_tongue(spec->writer);
  const char *ending;
  lg_settings *s;
  lg_facts facts = {0};
  lg_draw d;
  uint64_t seed = spec->seed;
  size_t events = 0;
  bool cut, came = false;

  if (!sc || tongue < 0 || !loggen_can(spec)) {
    return -1;
  }
  s = malloc(sizeof(*s));
  if (!s) {
    return -1;
  }
  ending = loggen_ending(spec, sc);
  for (int i = 0; i < LOGGEN_TRIES && !came; i++) {
    memset(&d, 0, sizeof(d));
    seed = spec->seed * 1000 + (uint64_t)i;
    quic_rng_init(&d.rng, seed);
    d.vantage = d.sender = spec->vantage;
    d.tongue = (lg_tongue)tongue;
    lg_scenario_base(s, &d);
    sc->setup(s, &d);
    lg_ending_apply(ending, s, &d);
    events = 0;
    lg_sim_run(s, seed, spec->vantage, loggen_count, &events, &facts);
    came = (d.close_early || sc->accept(s, &facts)) &&
           (d.close_side < 0 ||
            (facts.closed &&
             facts.idled == (strcmp(d.close_class, "idle_timeout") == 0)));
  }
  if (!came) {
    fprintf(stderr, "loggen: %s does not come about with seed %llu\n", sc->name,
            (unsigned long long)spec->seed);
    free(s);
    return -1;
  }
  cut = loggen_render(spec, s, &d, seed, events, facts.start, out);
  memset(label, 0, sizeof(*label));
  label->spec = *spec;
  label->spec.ending = ending;
  lg_label_make(label, sc, s, &d, &facts, loggen_kinds[tongue]);
  label->facts[label->nfacts++] = (loggen_fact){"cut", cut};
  free(s);
  return ferror(out) ? -1 : 0;
}
