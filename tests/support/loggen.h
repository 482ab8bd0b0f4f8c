#ifndef TESTS_SUPPORT_LOGGEN_H
#define TESTS_SUPPORT_LOGGEN_H

/* Makes qlogs whose truth is known: a simulated connection (loggen_sim.h) in
   which a scenario makes something go wrong, ended in a chosen way, rendered in
   the habits of one logger (loggen_write.h).  Rates, round trips, sizes, codes
   come from a seed, so the same specification gives the same octets.

   The label says what must and must not be found, from what really happened in
   the simulation, as far as this logger tells it.  What is in neither list is
   open. */

#include <stdio.h>

#include "tests/support/loggen_sim.h"
#include "tests/support/loggen_write.h"

#define LOGGEN_KEYS_MAX 56
#define LOGGEN_FACTS_MAX 24

typedef struct loggen_spec {
  const char *scenario;
  const char *writer;
  int vantage;        /* LG_CLIENT, LG_SERVER */
  const char *ending; /* "idle", "tls_alert:40", ...; NULL: the scenario's */
  uint64_t seed;
} loggen_spec;

/* How it ended.  Fields with several acceptable values have '|' between them;
   "-" = nothing to be said, "?" = whatever the logger makes of it. */
typedef struct loggen_close {
  char class[80]; /* quic_close_class_name */
  char side[24];  /* "client", "server", "-" */
  char space[16];
  uint64_t code;    /* LG_NONE */
  bool code_untold; /* "?" */
  char name[48];
  char phrase[64];
  char trigger[32]; /* of connection_closed, as the logger writes it */
} loggen_close;

typedef struct loggen_fact {
  const char *name;
  uint64_t value;
} loggen_fact;

typedef struct loggen_label {
  loggen_spec spec;
  const char *must[LOGGEN_KEYS_MAX], *mustnot[LOGGEN_KEYS_MAX];
  size_t nmust, nmustnot;
  loggen_close close;
  loggen_fact facts[LOGGEN_FACTS_MAX];
  size_t nfacts;
} loggen_label;

/* The names; NULL past the end. */
const char *loggen_scenario_at(size_t i);
const char *loggen_writer_at(size_t i);
const char *loggen_ending_at(size_t i);
const char *loggen_suffix(const char *writer); /* of its files: "sqlog" */

/* loggen_can says whether the writer, the vantage and the ending fit together:
   a server logs nothing of a client that never reached it. */
bool loggen_can(const loggen_spec *spec);

/* loggen_make writes the log to |out| and fills |label|.  Returns 0, or -1 when
   |spec| is not one. */
int loggen_make(const loggen_spec *spec, FILE *out, loggen_label *label);

/* loggen_label_head and loggen_label_write write the table of labels: tabs
   between the columns, commas inside them. */
void loggen_label_head(FILE *out);
void loggen_label_write(const loggen_label *label, const char *file, FILE *out);

/* For the parts of loggen. */

/* What a scenario and an ending draw. */
typedef struct lg_draw {
  quic_rng rng;
  int vantage, sender; /* |sender|: who sends most of the data */
  quic_duration rtt;
  uint64_t rate, total; /* bit/s, octets */
  quic_time base;       /* to be added to all times */
  const char *close_class, *close_trigger;
  int close_side; /* -1 = nobody */
  bool close_early;
  bool truncate;
  lg_tongue tongue;
  double hole, back; /* where in the log, 0 to 1; 0 = nowhere */
  bool garbage;
} lg_draw;

typedef struct lg_scenario {
  const char *name;
  void (*setup)(lg_settings *s, lg_draw *d);
  bool (*accept)(const lg_settings *s, const lg_facts *f);
  const char *must[4]; /* for the side it is made for */
  const char *may[12]; /* and what else may be found */
  const char *ending;  /* NULL = "app_client" */
} lg_scenario;

extern const lg_scenario lg_scenarios[];
extern const size_t lg_nscenarios;

uint64_t lg_between(lg_draw *d, uint64_t lo, uint64_t hi);
void lg_scenario_base(lg_settings *s, lg_draw *d);
int lg_ending_apply(const char *ending, lg_settings *s, lg_draw *d);
bool lg_ending_is_failure(const char *ending);
bool lg_ending_by_peer(const char *ending, int vantage);
bool lg_ending_fits(const char *ending, int vantage);
void lg_label_make(loggen_label *label, const lg_scenario *sc,
                   const lg_settings *s, const lg_draw *d, const lg_facts *f,
                   const lg_writer_kind *kind);

#endif /* !defined(TESTS_SUPPORT_LOGGEN_H) */
