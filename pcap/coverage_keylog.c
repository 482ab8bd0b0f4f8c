#include "cli/colour.h"
#include "pcap/coverage_data.h"
#include "cli/para.h"

#define KEYLOG_SOURCES 16 /* files and blocks told apart */
#define KEYLOG_PLACES 3   /* examples of each kind of problem */
#define KEYLOG_LACKING 5  /* connections named that lack secrets */
#define KEYLOG_COUNT 7    /* columns of a number */
#define KEYLOG_INDENT 9

/* One file or block. */
typedef struct keylog_tally {
  uint16_t source;
  uint64_t randoms;
  uint64_t unseen;
} keylog_tally;

/* keylog_first returns the label that |entry| got first. */
static quic_keylog_label keylog_first(const quic_keylog_entry *entry) {
  quic_keylog_label best = QUIC_KEYLOG_LABELS;

  for (int label = 0; label < QUIC_KEYLOG_LABELS; label++) {
    if (entry->secrets[label].len &&
        (best == QUIC_KEYLOG_LABELS ||
         entry->source[label] < entry->source[best] ||
         (entry->source[label] == entry->source[best] &&
          entry->line[label] < entry->line[best]))) {
      best = (quic_keylog_label)label;
    }
  }
  return best;
}

static void keylog_none(const qd_coverage_view *view) {
  cli_para para;

  cli_para_init(&para);
  quic_text_str(&para.text, "no key log was given");
  if (view->cov->packets && view->cov->packets == view->cov->opened) {
    quic_text_str(&para.text, ", and none was needed");
  } else {
    quic_text_str(&para.text,
                  ": let the endpoint write one (SSLKEYLOGFILE=FILE in its "
                  "environment) and give it with -k FILE, or put it into the "
                  "capture: editcap --inject-secrets tls,FILE IN.pcapng "
                  "OUT.pcapng");
  }
  cli_para_put(&para, view->out, 0, 2);
}

static void keylog_head(const qd_coverage_view *view) {
  cli_para para;

  cli_para_init(&para);
  if (view->randoms == 0) {
    quic_text_str(&para.text, "key log: no secrets");
    if (!quic_keylog_has_lines(view->log)) {
      quic_text_str(&para.text,
                    "; it is empty or not in the SSLKEYLOGFILE format");
    }
  } else {
    quic_text_str(&para.text, "key log: ");
    quic_text_u64(&para.text, view->secrets);
    quic_text_str(&para.text, view->secrets == 1 ? " secret" : " secrets");
    quic_text_str(&para.text, " of ");
    quic_text_u64(&para.text, view->randoms);
    quic_text_str(&para.text, view->randoms == 1 ? " client random, "
                                                 : " client randoms, ");
    quic_text_u64(&para.text, view->claimed);
    quic_text_str(&para.text, " seen in the capture");
  }
  cli_colour_on(view->out, view->colour, CLI_COLOUR_BOLD);
  cli_para_put(&para, view->out, 0, 2);
  cli_colour_off(view->out, view->colour);
}

/* keylog_tally_of finds the row of |source|; the last is for all others. */
static keylog_tally *keylog_tally_of(keylog_tally *rows, size_t *n,
                                     uint16_t source) {
  for (size_t i = 0; i < *n; i++) {
    if (rows[i].source == source) {
      return &rows[i];
    }
  }
  if (*n == KEYLOG_SOURCES) {
    return &rows[KEYLOG_SOURCES];
  }
  rows[*n].source = source;
  return &rows[(*n)++];
}

/* Client randoms whose hello is not in the capture. */
static void keylog_unseen(const qd_coverage_view *view) {
  keylog_tally rows[KEYLOG_SOURCES + 1] = {{0, 0, 0}};
  const quic_keylog_entry *entry;
  size_t n = 0;

  for (size_t i = 0; (entry = quic_keylog_at(view->log, i)) != NULL; i++) {
    quic_keylog_label label = keylog_first(entry);

    if (label < QUIC_KEYLOG_LABELS) {
      keylog_tally *row = keylog_tally_of(rows, &n, entry->source[label]);

      row->randoms++;
      row->unseen += !entry->seen;
    }
  }
  for (size_t i = 0; i <= KEYLOG_SOURCES; i++) {
    cli_para para;

    if (rows[i].unseen == 0) {
      continue;
    }
    cli_para_init(&para);
    quic_text_str(&para.text, "  ");
    quic_text_u64(&para.text, rows[i].unseen);
    quic_text_str(&para.text, " of ");
    quic_text_u64(&para.text, rows[i].randoms);
    quic_text_str(&para.text, rows[i].randoms == 1 ? " client random in "
                                                   : " client randoms in ");
    if (i == KEYLOG_SOURCES) {
      quic_text_str(&para.text, "further key logs");
    } else {
      qd_coverage_source(view, rows[i].source, &para.text);
    }
    quic_text_str(&para.text, rows[i].unseen == 1 ? " was" : " were");
    quic_text_str(&para.text, " not seen in the capture");
    cli_para_put(&para, view->out, 0, 4);
  }
}

/* Secrets that every whole handshake has. */
static const quic_keylog_label keylog_basic[] = {
    QUIC_KEYLOG_CLIENT_HANDSHAKE, QUIC_KEYLOG_SERVER_HANDSHAKE,
    QUIC_KEYLOG_CLIENT_APP, QUIC_KEYLOG_SERVER_APP};

static size_t keylog_lacks(const quic_keylog_entry *entry) {
  size_t n = 0;

  for (size_t i = 0; i < sizeof(keylog_basic) / sizeof(keylog_basic[0]); i++) {
    n += entry->secrets[keylog_basic[i]].len == 0;
  }
  return n;
}

static void keylog_lacking_one(const qd_coverage_view *view,
                               const quic_keylog_entry *entry) {
  quic_keylog_label label = keylog_first(entry);
  const char *before = ") lacks ";
  cli_para para;

  cli_para_init(&para);
  quic_text_str(&para.text, "  client random ");
  qd_coverage_random(entry->random, &para.text);
  quic_text_str(&para.text, " (");
  qd_coverage_source(view, entry->source[label], &para.text);
  quic_text_str(&para.text, " line ");
  quic_text_u64(&para.text, entry->line[label]);
  for (size_t i = 0; i < sizeof(keylog_basic) / sizeof(keylog_basic[0]); i++) {
    if (entry->secrets[keylog_basic[i]].len == 0) {
      quic_text_str(&para.text, before);
      quic_text_str(&para.text, quic_keylog_label_name(keylog_basic[i]));
      before = ", ";
    }
  }
  cli_para_put(&para, view->out, 0, 4);
}

/* Connections of the capture whose entry is incomplete. */
static void keylog_lacking(const qd_coverage_view *view) {
  const quic_keylog_entry *entry;
  uint64_t n = 0;

  for (size_t i = 0; (entry = quic_keylog_at(view->log, i)) != NULL; i++) {
    if (!entry->seen || keylog_lacks(entry) == 0 ||
        keylog_first(entry) == QUIC_KEYLOG_LABELS) {
      continue;
    }
    if (n++ < KEYLOG_LACKING) {
      keylog_lacking_one(view, entry);
    }
  }
  if (n > KEYLOG_LACKING) {
    quic_text_str(view->out, "  and ");
    quic_text_u64(view->out, n - KEYLOG_LACKING);
    quic_text_str(view->out, " more that lack secrets\n");
  }
}

/* In the order in which they hurt. */
static const quic_keylog_problem_kind keylog_kinds[] = {
    QUIC_KEYLOG_CONFLICT,      QUIC_KEYLOG_BAD_LENGTH, QUIC_KEYLOG_BAD_RANDOM,
    QUIC_KEYLOG_BAD_LINE,      QUIC_KEYLOG_TOO_LONG,   QUIC_KEYLOG_TOO_MANY,
    QUIC_KEYLOG_UNKNOWN_LABEL, QUIC_KEYLOG_DUPLICATE,  QUIC_KEYLOG_LEGACY_LABEL,
};

static void keylog_places(const qd_coverage_view *view,
                          quic_keylog_problem_kind kind, uint64_t count,
                          quic_text *t) {
  const quic_keylog_problem *problem;
  uint64_t shown = 0;

  for (size_t i = 0; shown < KEYLOG_PLACES &&
                     (problem = quic_keylog_problem_at(view->log, i)) != NULL;
       i++) {
    if (problem->kind != kind) {
      continue;
    }
    quic_text_str(t, shown++ ? ", " : ": ");
    qd_coverage_source(view, problem->source, t);
    quic_text_str(t, " line ");
    quic_text_u64(t, problem->line);
    if (problem->label[0]) {
      quic_text_str(t, " \"");
      quic_text_untrusted(
          t, quic_bytes_of(problem->label, strlen(problem->label)), 0);
      quic_text_char(t, '"');
    }
  }
  if (shown && count > shown) {
    quic_text_str(t, ", ...");
  }
}

static void keylog_problems(const qd_coverage_view *view) {
  for (size_t i = 0; i < sizeof(keylog_kinds) / sizeof(keylog_kinds[0]); i++) {
    quic_keylog_problem_kind kind = keylog_kinds[i];
    uint64_t count = quic_keylog_problem_count(view->log, kind);
    cli_para para;

    if (count == 0) {
      continue;
    }
    cli_para_init(&para);
    quic_text_u64_width(&para.text, count, KEYLOG_COUNT);
    quic_text_str(&para.text, "  ");
    /* The last kind does no harm. */
    quic_text_str(&para.text, kind == QUIC_KEYLOG_LEGACY_LABEL ? "note: " : "");
    quic_text_str(&para.text, quic_keylog_problem_text(kind));
    keylog_places(view, kind, count, &para.text);
    cli_para_put(&para, view->out, 0, KEYLOG_INDENT);
  }
}

void qd_coverage_keylog(const qd_coverage_view *view) {
  if (!view->any || !view->log) {
    keylog_none(view);
    return;
  }
  keylog_head(view);
  keylog_unseen(view);
  keylog_lacking(view);
  keylog_problems(view);
}
