#include "cli/colour.h"
#include "pcap/coverage_data.h"
#include "cli/para.h"
#include "pcap/show.h"

#define REPORT_COUNT 7   /* columns of a number of packets */
#define REPORT_CLAUSE 22 /* column where the clause behind a reason starts */

static void report_counted(quic_text *t, uint64_t n, const char *noun) {
  quic_text_u64(t, n);
  quic_text_char(t, ' ');
  quic_text_str(t, noun);
  if (n != 1) {
    quic_text_char(t, 's');
  }
}

void qd_coverage_random(const uint8_t *random, quic_text *t) {
  quic_text_hex(t, quic_bytes_of(random, 4));
  quic_text_str(t, "..");
  quic_text_hex(t, quic_bytes_of(random + QUIC_KEYLOG_RANDOM_LEN - 2, 2));
}

void qd_coverage_source(const qd_coverage_view *view, uint16_t source,
                        quic_text *t) {
  char buf[64];
  const char *name;

  if (!view->keys) {
    quic_text_str(t, "source ");
    quic_text_u64(t, source);
    return;
  }
  name = qd_keyfiles_name(view->keys, source, buf, sizeof(buf));
  quic_text_untrusted(t, quic_bytes_of(name, strlen(name)), 0);
}

/* Where |label| of |entry| stands: "keys.log line 12". */
static void report_place(const qd_coverage_view *view,
                         const quic_keylog_entry *entry,
                         quic_keylog_label label, quic_text *t) {
  qd_coverage_source(view, entry->source[label], t);
  quic_text_str(t, " line ");
  quic_text_u64(t, entry->line[label]);
}

/* Clauses: what is missing, and what to do. */

typedef struct report_cause {
  const qd_coverage_view *view;
  const qd_tally *tally;
  const qd_cause *cause;
} report_cause;

/* The labels that open packets like |cause|: one, or two when the sender is
   not known.  Returns how many. */
static size_t report_labels(const qd_cause *cause, quic_keylog_label out[2]) {
  qd_level level = (qd_level)cause->level;
  size_t n = 0;

  for (int side = 0; side < QD_SIDES && level < QD_LEVELS; side++) {
    quic_keylog_label label = qd_keyring_secret_label(level, (qd_side)side);

    if ((cause->sender == side || cause->sender == QD_COVERAGE_UNKNOWN) &&
        label < QUIC_KEYLOG_LABELS && (n == 0 || out[0] != label)) {
      out[n++] = label;
    }
  }
  return n;
}

static void report_label_names(const quic_keylog_label *labels, size_t n,
                               quic_text *t) {
  for (size_t i = 0; i < n; i++) {
    quic_text_str(t, i ? " or " : "");
    quic_text_str(t, quic_keylog_label_name(labels[i]));
  }
}

/* report_sibling names a secret that |entry| does have: of the same level if
   there is one. */
static void report_sibling(const qd_coverage_view *view,
                           const quic_keylog_entry *entry, qd_level level,
                           quic_text *t) {
  quic_keylog_label best = QUIC_KEYLOG_LABELS;

  for (int i = 0; i < QUIC_KEYLOG_LABELS; i++) {
    quic_keylog_label label = (quic_keylog_label)i;

    if (entry->secrets[label].len &&
        (best == QUIC_KEYLOG_LABELS ||
         qd_keyring_secret_label(level, QD_CLIENT) == label ||
         qd_keyring_secret_label(level, QD_SERVER) == label)) {
      best = label;
    }
  }
  if (best < QUIC_KEYLOG_LABELS) {
    quic_text_str(t, " (");
    quic_text_str(t, quic_keylog_label_name(best));
    quic_text_str(t, " is there: ");
    report_place(view, entry, best, t);
    quic_text_char(t, ')');
  }
}

/* The key log has an entry for the connection. */
static void report_no_label(const report_cause *rc,
                            const quic_keylog_entry *entry, quic_text *t) {
  quic_keylog_label labels[2];
  size_t n = report_labels(rc->cause, labels);

  if (n == 0) {
    quic_text_str(t, qd_reason_text(QD_REASON_NO_SECRET));
    return;
  }
  for (size_t i = 0; i < n; i++) {
    if (entry->secrets[labels[i]].len) {
      quic_text_str(t, quic_keylog_label_name(labels[i]));
      quic_text_str(t, " is there (");
      report_place(rc->view, entry, labels[i], t);
      quic_text_str(t, "), but it came after these packets were let go");
      return;
    }
  }
  quic_text_str(t, "the key log has no ");
  report_label_names(labels, n, t);
  quic_text_str(t, " for this client random");
  report_sibling(rc->view, entry, (qd_level)rc->cause->level, t);
  quic_text_str(t, "; the key log of the other endpoint may have it");
}

static void report_no_secret(const report_cause *rc, quic_text *t) {
  const qd_coverage_view *view = rc->view;
  const qd_block *block = rc->tally->block;
  const quic_keylog_entry *entry =
      view->log && block->has_random
          ? quic_keylog_find(view->log, block->random)
          : NULL;

  if (!view->any) {
    quic_text_str(t, "no key log was given");
  } else if (entry) {
    report_no_label(rc, entry, t);
  } else if (view->randoms == 0) {
    quic_text_str(t, "the key log has no secrets at all");
  } else {
    quic_text_str(t, "the key log has nothing for this client random; its ");
    report_counted(t, view->secrets, "secret");
    quic_text_str(t, view->secrets == 1 ? " is of " : " are of ");
    report_counted(t, view->randoms, "other connection");
    quic_text_str(t, ": take the key log of the captured run");
  }
}

/* Secrets of connections whose hello is missing, too. */
static uint64_t report_free(const report_cause *rc) {
  quic_keylog_label labels[2];
  size_t n = report_labels(rc->cause, labels);
  uint64_t most = 0;

  for (size_t i = 0; i < n; i++) {
    uint64_t have = rc->view->free[labels[i]];

    most = have > most ? have : most;
  }
  return most;
}

static void report_no_hello(const report_cause *rc, quic_text *t) {
  uint64_t unclaimed = report_free(rc);

  if (rc->cause->level == QD_LEVEL_INITIAL) {
    quic_text_str(t, "the client's first Initial was not captured, whose "
                     "connection ID makes the keys");
    return;
  }
  if (rc->tally->block->has_random) {
    quic_text_str(t, "the ClientHello came only behind them: ");
    report_no_secret(rc, t);
    return;
  }
  quic_text_str(t, "the ClientHello was not captured, ");
  if (!rc->view->any) {
    quic_text_str(t, "and no key log was given");
  } else if (unclaimed == 0) {
    quic_text_str(t, "and the key log has no unclaimed secret for them");
  } else if (unclaimed == 1) {
    quic_text_str(t, "and the one unclaimed secret does not open its packets");
  } else {
    quic_text_str(t, "and none of ");
    quic_text_u64(t, unclaimed);
    quic_text_str(t, " unclaimed secrets opens its packets");
  }
}

static void report_records(const qd_cause *cause, quic_text *t) {
  quic_text_str(t, cause->first == cause->last ? "record " : "records ");
  quic_text_u64(t, cause->first);
  if (cause->first != cause->last) {
    quic_text_str(t, " to ");
    quic_text_u64(t, cause->last);
  }
}

static void report_mark(const qd_mark *mark, quic_text *t) {
  quic_text_str(t, "packet number ");
  quic_text_u64(t, mark->pn);
  quic_text_str(t, " in record ");
  quic_text_u64(t, mark->record);
}

/* Between which opened packets those of |cause| stand. */
static void report_between(const qd_cause *cause, quic_text *t) {
  const qd_mark *before = &cause->before, *after = &cause->after;
  uint64_t between = after->pn - before->pn - 1;

  if (before->record) {
    quic_text_str(t, "; the last to open before was ");
    report_mark(before, t);
  }
  if (after->record) {
    quic_text_str(t, before->record ? ", the next " : "; the next to open is ");
    report_mark(after, t);
  } else if (before->record) {
    quic_text_str(t, ", none opens since");
  }
  if (before->record && after->record && after->pn > before->pn &&
      between > cause->count) {
    quic_text_str(t, ": ");
    report_counted(t, between - cause->count, "packet number");
    quic_text_str(t, " in between never showed up");
  }
}

static void report_aead_fail(const report_cause *rc, quic_text *t) {
  const qd_cause *cause = rc->cause;

  if (cause->level == QD_LEVEL_INITIAL) {
    quic_text_str(t, "the client's first connection ID gives other keys: "
                     "damaged packets, or an injected one");
  } else if (cause->scattered) {
    quic_text_str(t, "they stand among packets that open: damaged or "
                     "injected");
  } else {
    quic_text_str(t, "keys are there but do not fit: wrong key log");
    if (cause->level == QD_LEVEL_APP) {
      quic_text_str(t, ", damaged packets, or more than ");
      quic_text_u64(t, QD_GENERATIONS_AHEAD);
      quic_text_str(t, " key updates in a hole of the capture");
    } else {
      quic_text_str(t, " or damaged packets");
    }
  }
  quic_text_str(t, "; ");
  report_records(cause, t);
  if (cause->level == QD_LEVEL_APP && !cause->scattered) {
    report_between(cause, t);
  }
}

static void report_truncated(const report_cause *rc, quic_text *t) {
  const qd_cause *cause = rc->cause;

  quic_text_u64(t, cause->captured);
  quic_text_str(t, " of ");
  quic_text_u64(t, cause->wire);
  quic_text_str(t, " octets were captured in record ");
  quic_text_u64(t, cause->first);
  quic_text_str(t, cause->icmp ? ": ICMP errors quote only the first ones"
                               : ": capture whole packets (tcpdump -s 0)");
}

static void report_unknown_cid(const report_cause *rc, quic_text *t) {
  quic_text_str(t, "their connection ID");
  if (rc->cause->cid_len) {
    quic_text_str(t, ", such as ");
    quic_text_hex(t, quic_bytes_of(rc->cause->cid, rc->cause->cid_len));
    quic_text_char(t, ',');
  }
  quic_text_str(t, " was not announced in anything that opened: another "
                   "connection between these addresses, whose start was not "
                   "captured");
}

static void report_unknown_version(const report_cause *rc, quic_text *t) {
  const quic_version *row = quic_version_find(rc->cause->version);

  quic_text_str(t, "version ");
  qd_show_version(t, rc->cause->version);
  if (rc->cause->versions_differ) {
    quic_text_str(t, " and others");
  }
  if (row && row->kind == QUIC_VERSION_KIND_GQUIC) {
    quic_text_str(t, " (Google QUIC)");
  }
  quic_text_str(t, ": ");
  quic_text_str(t, row && row->kind == QUIC_VERSION_KIND_GREASE
                       ? "sent to provoke Version Negotiation; nobody can "
                         "open it"
                       : qd_reason_text(QD_REASON_UNKNOWN_VERSION));
}

static void report_other(const report_cause *rc, quic_text *t) {
  quic_text_str(t, qd_reason_text((qd_reason)rc->cause->reason));
  quic_text_str(t, "; ");
  report_records(rc->cause, t);
}

typedef void report_clause(const report_cause *rc, quic_text *t);

static report_clause *const report_clauses[QD_REASONS] = {
    [QD_REASON_NO_SECRET] = report_no_secret,
    [QD_REASON_NO_HELLO] = report_no_hello,
    [QD_REASON_AEAD_FAIL] = report_aead_fail,
    [QD_REASON_TRUNCATED] = report_truncated,
    [QD_REASON_UNKNOWN_CID] = report_unknown_cid,
    [QD_REASON_UNKNOWN_VERSION] = report_unknown_version,
};

/* Blocks. */

static void report_count(const qd_coverage_view *view, uint64_t count,
                         const char *reason) {
  quic_text *out = view->out;
  size_t start;

  quic_text_u64_width(out, count, REPORT_COUNT);
  quic_text_str(out, "  ");
  cli_colour_on(out, view->colour, CLI_COLOUR_BAD);
  start = quic_text_pos(out);
  quic_text_str(out, reason);
  cli_colour_off(out, view->colour);
  quic_text_pad(out, start,
                REPORT_CLAUSE - REPORT_COUNT - 2 +
                    (quic_text_pos(out) - start - strlen(reason)));
}

/* report_cause_line says "the same" where |last|, the clause of the line
   before, would be repeated. */
static void report_cause_line(const report_cause *rc, cli_para *last) {
  static const char *const sides[] = {" (client)", " (server)", ""};
  const qd_cause *cause = rc->cause;
  report_clause *clause = report_clauses[cause->reason];
  const char *reason = qd_reason_name((qd_reason)cause->reason);
  size_t column = strlen(reason) + REPORT_COUNT + 2;
  cli_para para, why;

  report_count(rc->view, cause->count, reason);
  cli_para_init(&para);
  if (column >= REPORT_CLAUSE) {
    quic_text_char(&para.text, ' ');
  }
  quic_text_str(&para.text, cause->level < QD_LEVELS
                                ? qd_level_name((qd_level)cause->level)
                                : "long header");
  quic_text_str(&para.text, " from ");
  qd_show_addr(&para.text, &cause->addr);
  quic_text_str(&para.text, sides[cause->sender]);
  if (cause->icmp) {
    quic_text_str(&para.text, ", quoted by ICMP");
  }
  quic_text_str(&para.text, ": ");
  cli_para_init(&why);
  (clause ? clause : report_other)(rc, &why.text);
  if (strcmp(quic_text_cstr(&why.text), quic_text_cstr(&last->text)) == 0) {
    quic_text_str(&para.text, "the same");
  } else {
    quic_text_str(&para.text, quic_text_cstr(&why.text));
    cli_para_init(last);
    quic_text_str(&last->text, quic_text_cstr(&why.text));
  }
  cli_para_put(&para, rc->view->out,
               column < REPORT_CLAUSE ? REPORT_CLAUSE : column, REPORT_CLAUSE);
}

static void report_names(const qd_block *block, quic_text *t) {
  qd_show_addr(t, &block->addrs[QD_CLIENT]);
  quic_text_str(t, " > ");
  qd_show_addr(t, &block->addrs[QD_SERVER]);
  quic_text_str(t, "  ");
  qd_show_version(t, block->version);
  if (block->sni[0]) {
    quic_text_str(t, "  sni ");
    quic_text_untrusted(t, quic_bytes_of(block->sni, strlen(block->sni)),
                        QD_COVERAGE_SNI);
  }
  if (block->has_random) {
    quic_text_str(t, "  client random ");
    qd_coverage_random(block->random, t);
  }
}

/* report_block tells of one connection; |number| is SIZE_MAX for packets of
   none. */
static void report_block(const qd_coverage_view *view, const qd_tally *tally,
                         size_t number) {
  const qd_block *block = tally->block;
  uint64_t listed = 0;
  cli_para para, last;

  quic_text_char(view->out, '\n');
  cli_para_init(&para);
  if (number == SIZE_MAX) {
    quic_text_str(&para.text, "no connection");
  } else {
    quic_text_str(&para.text, "connection ");
    quic_text_u64(&para.text, number);
    quic_text_str(&para.text, "  ");
    report_names(block, &para.text);
  }
  quic_text_str(&para.text, ": ");
  quic_text_u64(&para.text, tally->closed);
  quic_text_str(&para.text, " of ");
  report_counted(&para.text, tally->packets, "packet");
  quic_text_str(&para.text, " not opened");
  cli_colour_on(view->out, view->colour, CLI_COLOUR_BOLD);
  cli_para_put(&para, view->out, 0, 2);
  cli_colour_off(view->out, view->colour);
  cli_para_init(&last);
  for (size_t i = 0; i < block->ncauses; i++) {
    report_cause rc = {view, tally, &block->causes[i]};

    if (block->causes[i].count) {
      report_cause_line(&rc, &last);
      listed += block->causes[i].count;
    }
  }
  if (listed < tally->closed) {
    quic_text_u64_width(view->out, tally->closed - listed, REPORT_COUNT);
    quic_text_str(view->out, "  more, not told apart for want of room\n");
  }
}

/* report_blocks returns how many connections have closed packets. */
static uint64_t report_blocks(const qd_coverage_view *view) {
  const qd_coverage *cov = view->cov;
  uint64_t n = 0, hidden = cov->rest.closed;

  for (size_t i = 0; i < cov->nconns; i++) {
    const qd_tally *tally = &cov->conns[i];

    if (tally->closed && tally->block) {
      report_block(view, tally, i);
    } else {
      hidden += tally->closed;
    }
    n += tally->closed != 0;
  }
  if (cov->stray.closed && cov->stray.block) {
    report_block(view, &cov->stray, SIZE_MAX);
  } else {
    hidden += cov->stray.closed;
  }
  if (hidden) {
    quic_text_char(view->out, '\n');
    report_counted(view->out, hidden, "packet");
    quic_text_str(view->out, " not opened in connections that are not told "
                             "apart for want of room\n");
  }
  return n + (cov->stray.closed != 0) + 2 * (hidden != 0);
}

static void report_reasons(const qd_coverage_view *view) {
  const char *before = "reasons: ";
  cli_para para;

  cli_para_init(&para);
  for (int i = 0; i < QD_REASONS; i++) {
    if (view->cov->reasons[i]) {
      quic_text_str(&para.text, before);
      quic_text_u64(&para.text, view->cov->reasons[i]);
      quic_text_char(&para.text, ' ');
      quic_text_str(&para.text, qd_reason_name((qd_reason)i));
      before = ", ";
    }
  }
  quic_text_char(view->out, '\n');
  cli_para_put(&para, view->out, 0, 2);
}

/* Totals. */

/* The share is rounded down: 100.0 % is all. */
static void report_totals(const qd_coverage_view *view, uint64_t closed) {
  const qd_coverage *cov = view->cov;
  uint64_t share = cov->packets ? cov->opened * 1000 / cov->packets : 1000;
  quic_text *out = view->out;

  report_counted(out, cov->packets, "protected packet");
  quic_text_str(out, " in ");
  report_counted(out, cov->seen, "connection");
  if (closed == 0) {
    quic_text_str(out, cov->packets == 1 ? ", opened\n" : ", all opened\n");
    return;
  }
  quic_text_str(out, ", ");
  quic_text_u64(out, cov->opened);
  quic_text_str(out, " opened (");
  quic_text_u64(out, share / 10);
  quic_text_char(out, '.');
  quic_text_u64(out, share % 10);
  quic_text_str(out, " %), ");
  quic_text_u64(out, closed);
  quic_text_str(out, " not\n");
}

static void report_none(const qd_coverage_view *view,
                        const qd_decoder_stats *stats) {
  quic_text_str(view->out, "no QUIC packets: ");
  if (stats->datagrams == 0) {
    quic_text_str(view->out, "the capture holds no UDP datagrams\n");
    return;
  }
  if (stats->datagrams == 1) {
    quic_text_str(view->out, "the one UDP datagram is no QUIC");
  } else {
    quic_text_str(view->out, "none of ");
    quic_text_u64(view->out, stats->datagrams);
    quic_text_str(view->out, " UDP datagrams is QUIC");
  }
  quic_text_str(view->out, view->any ? "\n"
                                     : ",\nas far as that can be told without "
                                       "the handshake and without keys\n");
}

/* Packets that have nothing to open, and what else bears on the figures. */
static void report_notes(const qd_coverage_view *view,
                         const qd_decoder_stats *stats, uint64_t evicted,
                         uint64_t given_up) {
  const qd_coverage *cov = view->cov;
  const struct {
    uint64_t count;
    const char *one, *many;
  } rows[] = {
      {cov->negotiations, "Version Negotiation packet, which is not protected",
       "Version Negotiation packets, which are not protected"},
      {cov->retries, "Retry, which is not protected",
       "Retries, which are not protected"},
      {cov->resets, "stateless reset: it carries a token, not a payload",
       "stateless resets: they carry a token, not a payload"},
      {cov->paddings, "datagram with bytes behind its last packet",
       "datagrams with bytes behind their last packet"},
      {cov->unauthenticated,
       "opened packet was cut by the capture: its frames are unauthenticated",
       "opened packets were cut by the capture: unauthenticated frames"},
      {stats->late, "opened packet had to wait for its key",
       "opened packets had to wait for their keys"},
      {given_up, "packet was let go while it waited for a key: out of room",
       "packets were let go while they waited for keys: out of room"},
      {evicted, "connection was forgotten for want of room",
       "connections were forgotten for want of room"},
  };

  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    if (rows[i].count) {
      cli_colour_on(view->out, view->colour, CLI_COLOUR_DIM);
      quic_text_str(view->out, "note: ");
      quic_text_u64(view->out, rows[i].count);
      quic_text_char(view->out, ' ');
      quic_text_str(view->out, rows[i].count == 1 ? rows[i].one : rows[i].many);
      cli_colour_off(view->out, view->colour);
      quic_text_char(view->out, '\n');
    }
  }
}

static void report_survey(qd_coverage_view *view) {
  const quic_keylog_entry *entry;

  for (size_t i = 0; view->log && (entry = quic_keylog_at(view->log, i)); i++) {
    view->randoms++;
    view->claimed += entry->seen;
    for (int label = 0; label < QUIC_KEYLOG_LABELS; label++) {
      view->secrets += entry->secrets[label].len != 0;
      view->free[label] += entry->secrets[label].len && !entry->seen;
    }
  }
  view->any = view->keys ? qd_keyfiles_any(view->keys) : view->randoms != 0;
}

void qd_coverage_report(qd_coverage *cov, const qd_keyfiles *keys,
                        quic_keylog *log, const qd_decoder_stats *stats,
                        uint64_t evicted, uint64_t given_up, quic_text *out,
                        bool colour) {
  qd_coverage_view view = {
      .cov = cov, .keys = keys, .log = log, .out = out, .colour = colour};
  uint64_t closed = cov->packets - cov->opened;

  report_survey(&view);
  if (cov->packets == 0 && cov->seen == 0) {
    report_none(&view, stats);
  } else {
    report_totals(&view, closed);
  }
  report_notes(&view, stats, evicted, given_up);
  if (report_blocks(&view) > 1) {
    report_reasons(&view);
  }
  quic_text_char(out, '\n');
  qd_coverage_keylog(&view);
}
