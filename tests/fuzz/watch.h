#ifndef TESTS_FUZZ_WATCH_H
#define TESTS_FUZZ_WATCH_H

/* Takes the packets of a decoder, checks what may be said of each, and shows
   them in one of quicdump's ways.  No text may hold what a terminal acts on. */

#include "pcap/coverage.h"
#include "pcap/decoder.h"
#include "pcap/output.h"
#include "pcap/select.h"
#include "pcap/traces.h"
#include "pcap/walk.h"
#include "tests/fuzz/fuzz.h"

#define WATCH_FRAMES 256  /* more would be taken for earlier ones */
#define WATCH_INDICES 128 /* times 8: packets of one frame */

/* Ways of showing, and more bits. */
enum {
  WATCH_FLAT,
  WATCH_LINE,
  WATCH_TREE,
  WATCH_TREE_ALL, /* -vv */
  WATCH_HTTP,
  WATCH_SUMMARY,
  WATCH_DETAIL,
  WATCH_CLOSE,
  WATCH_AUDIT,
  WATCH_SLOW,
  WATCH_OUTPUTS,
  WATCH_COLOUR = 0x10,
  WATCH_ABSOLUTE = 0x20
};

/* Where a packet stands in the capture. */
typedef struct watch_place {
  uint64_t frame;
  uint32_t index;
} watch_place;

typedef struct watch {
  const quic_mem *mem;
  bool starved; /* memory runs out: order and completeness are off */
  bool colour;
  qd_output *output;
  qd_traces *traces;
  qd_coverage *coverage;
  const quic_filter *filter;
  quic_text text;
  uint64_t shown, late, padding, opened;
  watch_place last;  /* packet in order */
  watch_place again; /* packet shown again, or the last piece behind it */
  uint8_t seen[WATCH_FRAMES][WATCH_INDICES]; /* a bit for each packet shown */
  /* state of the text checker */
  uint32_t point;  /* of an unfinished character */
  unsigned more;   /* octets that it lacks */
  unsigned escape; /* octets since an escape sequence started */
  char buf[4096];
} watch;

/* --- text ------------------------------------------------------------------
 */

/* watch_point: a character that no terminal acts on. */
static inline bool watch_point(uint32_t c) {
  return (c >= 0x20 || c == '\n') && !(c >= 0x7f && c <= 0x9f) && c != 0x61c &&
         !(c >= 0x200b && c <= 0x200f) && !(c >= 0x2028 && c <= 0x202e) &&
         !(c >= 0x2060 && c <= 0x2069) && c != 0xfeff &&
         !(c >= 0xd800 && c <= 0xdfff) && c <= 0x10ffff;
}

static inline void watch_octet(watch *w, uint8_t c) {
  if (w->escape) {
    /* Only colours: ESC [ digits ; m */
    FUZZ_CHECK(w->escape == 1 ? c == '['
                              : c == ';' || c == 'm' || (c >= '0' && c <= '9'));
    w->escape = c == 'm' ? 0 : w->escape + 1;
    return;
  }
  if (w->more) {
    FUZZ_CHECK((c & 0xc0) == 0x80);
    w->point = w->point << 6 | (c & 0x3f);
    w->more--;
  } else if (c == 0x1b) {
    FUZZ_CHECK(w->colour);
    w->escape = 1;
    return;
  } else {
    FUZZ_CHECK(c < 0x80 || (c >= 0xc2 && c <= 0xf4));
    w->more = c < 0x80 ? 0 : c < 0xe0 ? 1 : c < 0xf0 ? 2 : 3;
    w->point = w->more ? c & (0x3fu >> w->more) : c;
  }
  FUZZ_CHECK(w->more || watch_point(w->point));
}

static inline void watch_text(void *user, const char *data, size_t len) {
  watch *w = user;

  for (size_t i = 0; i < len; i++) {
    watch_octet(w, (uint8_t)data[i]);
  }
}

/* --- packets ---------------------------------------------------------------
 */

static inline void watch_header(const qd_packet *p) {
  const quic_header *h = &p->header;
  const quic_bytes *fields[] = {&h->dcid,  &h->scid,      &h->token,
                                &h->odcid, &h->retry_tag, &h->versions};

  for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
    FUZZ_CHECK(fuzz_inside(p->raw, *fields[i]));
  }
  FUZZ_CHECK(p->raw.len > 0 && h->packet_len == p->raw.len);
  (void)fuzz_sum(p->raw);
  FUZZ_CHECK(p->datagram_len >= p->raw.len);
}

static inline void watch_messages(const qd_packet *p) {
  FUZZ_CHECK(p->nmessages <= QD_MESSAGES_MAX);
  for (uint8_t i = 0; i < p->nmessages; i++) {
    const qd_message *m = &p->messages[i];
    quic_bytes octets = qd_conn_message(p->conn, p->sender, m);

    FUZZ_CHECK(m->len >= 4);
    FUZZ_CHECK(octets.len == 0 || octets.len == m->len);
    FUZZ_CHECK(octets.len == 0 || octets.data[0] == m->type);
    (void)fuzz_sum(octets);
  }
}

static inline void watch_state(const qd_packet *p) {
  if (qd_packet_opened(p)) {
    FUZZ_CHECK(p->reason == QD_REASON_NONE && p->conn && p->sender_known);
    FUZZ_CHECK(p->header.pn_len >= 1 && p->header.pn_len <= 4);
    FUZZ_CHECK(p->payload.len < p->raw.len);
    FUZZ_CHECK(p->state == QD_STATE_OPEN || p->header.missing);
    (void)fuzz_sum(p->payload);
    watch_messages(p);
  } else {
    FUZZ_CHECK(p->nmessages == 0);
    FUZZ_CHECK((p->reason == QD_REASON_NONE) == (p->state == QD_STATE_CLEAR));
  }
  /* Of a cut packet nobody can say that its tag is wrong. */
  FUZZ_CHECK(!(p->notes & QD_NOTE_RETRY_BAD) || p->header.missing == 0);
  FUZZ_CHECK((p->state == QD_STATE_PADDING) ==
             (p->reason == QD_REASON_PADDING));
  FUZZ_CHECK((p->state == QD_STATE_RESET) ==
             (p->reason == QD_REASON_RESET_TOKEN));
}

/* watch_again tells whether packet |index| of |frame| was shown before. */
static inline bool watch_again(watch *w, uint64_t frame, uint32_t index) {
  uint8_t *octet = &w->seen[frame % WATCH_FRAMES][index / 8 % WATCH_INDICES];
  uint8_t bit = (uint8_t)(1u << index % 8);
  bool again = *octet & bit;

  *octet |= bit;
  return again;
}

/* watch_order: each packet once, in the order of the capture.  One that was
   shown as closed may come again, open, with new pieces close behind it. */
static inline void watch_order(watch *w, const qd_packet *p) {
  watch_place place = {p->frame, p->index};
  bool again = watch_again(w, p->frame, p->index);
  bool piece =
      w->late && p->frame == w->again.frame && p->index == w->again.index + 1;

  FUZZ_CHECK(again == !!(p->notes & QD_NOTE_LATE));
  FUZZ_CHECK(!again || qd_packet_opened(p));
  w->shown += !again;
  w->late += again;
  w->padding += p->state == QD_STATE_PADDING;
  if (again || piece) {
    w->again = place;
    return;
  }
  FUZZ_CHECK(w->starved || w->shown == 1 || p->frame > w->last.frame ||
             (p->frame == w->last.frame && p->index > w->last.index));
  w->last = place;
}

static inline void watch_packet(void *user, const qd_packet *p) {
  watch *w = user;

  watch_order(w, p);
  watch_header(p);
  watch_state(p);
  w->opened += qd_packet_opened(p);
  if (w->output) {
    qd_output_start(w->output, p);
  }
  if (w->traces && qd_traces_packet(w->traces, p, true) != 0) {
    FUZZ_CHECK(w->starved);
  }
  if (w->output && w->output->packet) {
    w->output->packet(w->output, p);
  }
  if (w->coverage) {
    qd_coverage_packet(w->coverage, p);
  }
  (void)quic_filter_match(w->filter, p, qd_select_values);
}

/* --- beginning and end -----------------------------------------------------
 */

static inline int watch_output(watch *w, unsigned mode) {
  static int (*const makers[WATCH_OUTPUTS])(qd_output **,
                                            const qd_output_settings *) = {
      qd_output_flat_new,   qd_output_line_new,  qd_output_tree_new,
      qd_output_tree_new,   qd_output_http_new,  qd_output_summary_new,
      qd_output_detail_new, qd_output_close_new, qd_output_audit_new,
      qd_output_slow_new};
  unsigned kind = (mode & 0x0f) % WATCH_OUTPUTS;
  qd_output_settings set = {.mem = w->mem,
                            .text = &w->text,
                            .colour = w->colour,
                            .verbosity = kind == WATCH_TREE_ALL ? 2 : 1,
                            .absolute_time = mode & WATCH_ABSOLUTE};
  qd_traces_settings follow = {.mem = w->mem,
                               .seed = {1, 2},
                               .outputs = &w->output,
                               .noutputs = 1,
                               .findings = kind == WATCH_SLOW};
  int rv = makers[kind](&w->output, &set);

  return rv == 0 ? qd_traces_new(&w->traces, &follow) : rv;
}

/* watch_filter compiles, once, a filter that asks for many fields, since
   nothing in it is likely to hold. */
static inline const quic_filter *watch_filter(void) {
  static const char expr[] =
      "sni == \"zz zz\" or alpn == \"zz zz\" or cid contains zz "
      "or src contains zz or frame == 0x99 or stream == 9999 "
      "or error == 9999 or tls == 99 or age == 1ns or note == 0 or "
      "version == 7";
  static quic_filter *filter;
  quic_filter_error error;

  if (!filter &&
      quic_filter_new(&filter, quic_mem_default(), expr, qd_select_fields,
                      qd_select_nfields, &error) != 0) {
    abort();
  }
  return filter;
}

/* watch_init starts to watch; |mode| is a way of showing, with more bits. */
static inline void watch_init(watch *w, const quic_mem *mem, unsigned mode) {
  memset(w, 0, offsetof(watch, buf));
  w->mem = mem;
  w->colour = mode & WATCH_COLOUR;
  quic_text_init(&w->text, w->buf, sizeof(w->buf));
  w->text.flush = watch_text;
  w->text.user = w;
  if (watch_output(w, mode) != 0) {
    w->traces = NULL; /* memory ran out; there may be an output */
  }
  if (qd_coverage_new(&w->coverage, mem) != 0) {
    w->coverage = NULL;
  }
  w->filter = watch_filter();
}

/* watch_finish checks the counts of |dec|, whose packets are all out, and
   writes the report about |log|. */
static inline void watch_finish(watch *w, const qd_decoder *dec,
                                quic_keylog *log) {
  const qd_decoder_stats *stats = qd_decoder_get_stats(dec);

  FUZZ_CHECK(stats->opened <= stats->encrypted);
  FUZZ_CHECK(stats->encrypted <= stats->packets);
  FUZZ_CHECK(w->shown - w->padding == stats->packets);
  FUZZ_CHECK(w->late <= stats->late);
  FUZZ_CHECK(w->opened == stats->opened);
  if (w->traces) {
    qd_traces_finish(w->traces);
  }
  if (w->output && w->output->finish) {
    w->output->finish(w->output);
  }
  if (w->coverage) {
    qd_coverage_report(w->coverage, NULL, log, stats, qd_decoder_evicted(dec),
                       qd_decoder_given_up(dec), &w->text, w->colour);
  }
  quic_text_flush(&w->text);
  FUZZ_CHECK(!w->more && !w->escape && !w->text.cut);
}

static inline void watch_free(watch *w) {
  qd_traces_del(w->traces);
  if (w->output) {
    w->output->del(w->output);
  }
  if (w->coverage) {
    qd_coverage_del(w->coverage);
  }
}

#endif /* !defined(TESTS_FUZZ_WATCH_H) */
