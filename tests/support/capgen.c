#include "tests/support/capgen.h"

#include <stdlib.h>

#include "capture/reader.h"

/* 2026-12-01 09:00 UTC, when the certificate is valid. */
#define CAPGEN_START (UINT64_C(1796115600) * QUIC_SECOND)
#define CAPGEN_LINE 256 /* octets of a key log line at most */

static void capgen_fail(const char *what) {
  fprintf(stderr, "capgen: %s\n", what);
  abort();
}

capgen *capgen_new(const capgen_files *files, uint64_t seed) {
  capgen *g = calloc(1, sizeof(*g));

  if (!g) {
    capgen_fail("out of memory");
  }
  g->files = *files;
  g->link = capgen_link_at(0);
  g->notes = "";
  g->name = "";
  g->now = CAPGEN_START;
  g->step = QUIC_MILLISECOND;
  g->building = calloc(1, sizeof(*g->building));
  if (!g->building) {
    capgen_fail("out of memory");
  }
  quic_rng_init(&g->rng, seed);
  return g;
}

static void conn_del(capgen_conn *c) {
  quic_keys_free(&c->early);
  for (int side = 0; side < CAPGEN_SIDES; side++) {
    quic_keys_free(&c->initial[side]);
    quic_keys_free(&c->handshake[side]);
    for (int i = 0; i < CAPGEN_GENERATIONS; i++) {
      quic_keys_free(&c->app[side][i]);
    }
  }
  free(c);
}

static void capgen_start(capgen *g);

void capgen_del(capgen *g) {
  capgen_start(g);
  if (g->secrets == CAPGEN_SECRETS_LAST) {
    capgen_secrets(g);
  }
  if (g->secrets == CAPGEN_SECRETS_FILE && g->keylog_len) {
    fwrite(g->keylog, 1, g->keylog_len, g->files.keys);
  }
  while (g->all) {
    capgen_conn *c = g->all;

    g->all = c->next;
    conn_del(c);
  }
  while (g->held) {
    capgen_datagram *dg = g->held;

    g->held = dg->next;
    capgen_datagram_del(dg);
  }
  capgen_datagram_del(g->building);
  free(g->keylog);
  free(g->record_buf);
  free(g);
}

/* Records. */

/* record_room gives a writer with room for one record of |len| octets. */
static quic_writer record_room(capgen *g, size_t len) {
  quic_writer wr;

  g->record_buf = capgen_grow(g->record_buf, &g->record_cap, len + 128, 1);
  quic_writer_init(&wr, g->record_buf, g->record_cap);
  return wr;
}

static void record_write(capgen *g, const quic_writer *wr, int rv) {
  if (rv != 0) {
    capgen_fail(quic_err_text(rv));
  }
  fwrite(wr->base, 1, quic_writer_len(wr), g->files.capture);
}

void capgen_section(capgen *g) {
  quic_writer wr = record_room(g, 0);
  int rv = quic_capture_write_section(&wr, &g->format, "capgen");

  g->started = true;
  record_write(g, &wr, rv);
}

static void capgen_start(capgen *g) {
  if (g->started) {
    return;
  }
  if (g->pcap) {
    quic_writer wr = record_room(g, 0);
    int rv = quic_capture_write_pcap_header(
        &wr, &g->format, g->link->linktype,
        g->snaplen ? g->snaplen : QUIC_CAPTURE_PACKET_MAX);

    g->started = true;
    record_write(g, &wr, rv);
    return;
  }
  capgen_section(g);
}

void capgen_interface(capgen *g, const capgen_link *link) {
  quic_writer wr;
  int rv;

  g->link = link;
  capgen_start(g);
  if (g->pcap) {
    return;
  }
  wr = record_room(g, 0);
  rv =
      quic_capture_write_interface(&wr, &g->format, link->linktype, g->snaplen);
  record_write(g, &wr, rv);
  g->interface = g->interfaces++;
}

void capgen_record(capgen *g, quic_bytes frame) {
  uint32_t orig = (uint32_t)frame.len;
  quic_writer wr;
  int rv;

  if (g->pcap) {
    capgen_start(g);
  } else if (g->interfaces == 0) {
    capgen_interface(g, g->link);
  }
  if (g->snaplen && frame.len > g->snaplen) {
    frame.len = g->snaplen;
  }
  wr = record_room(g, frame.len);
  rv = g->pcap ? quic_capture_write_pcap_packet(&wr, &g->format, g->now, frame,
                                                orig)
               : quic_capture_write_packet(&wr, &g->format, g->interface,
                                           g->now, frame, orig);
  g->record++;
  record_write(g, &wr, rv);
}

/* How much of a datagram was captured: known when its last frame is. */
typedef struct sending {
  capgen *g;
  const capgen_datagram *dg;
  size_t captured;
} sending;

static void sending_frame(void *user, quic_bytes frame, size_t payload,
                          size_t quoted) {
  sending *se = user;
  uint32_t snaplen = se->g->snaplen;

  se->captured = quoted < se->dg->len ? quoted : se->dg->len;
  if (snaplen && snaplen < payload + se->captured) {
    se->captured = snaplen > payload ? snaplen - payload : 0;
  }
  capgen_record(se->g, frame);
}

void capgen_send(capgen *g, const capgen_datagram *dg) {
  sending se = {g, dg, 0};

  if (g->tap) {
    g->tap(g, dg);
    g->now += g->step;
    return;
  }
  capgen_link_frames(g->link, dg, sending_frame, &se);
  g->datagrams++;
  g->now += g->step;
  if (g->files.truth) {
    capgen_truth_write(g->files.truth, dg, g->record, se.captured, g->notes);
  }
}

void capgen_expect(capgen *g, const char *expr) {
  if (g->files.expect) {
    fprintf(g->files.expect, "%s\n", expr);
  }
}

/* Secrets. */

void capgen_keylog_text(capgen *g, const char *text) {
  size_t n = strlen(text);

  g->keylog = capgen_grow(g->keylog, &g->keylog_cap, g->keylog_len + n, 1);
  memcpy(g->keylog + g->keylog_len, text, n);
  g->keylog_len += n;
}

void capgen_keylog(capgen *g, quic_keylog_label label, const uint8_t *random,
                   const quic_secret *secret) {
  char line[CAPGEN_LINE];
  quic_writer wr;

  quic_writer_init(&wr, line, sizeof(line) - 1);
  if (quic_keylog_line(&wr, label, random, secret) != 0) {
    capgen_fail("key log line");
  }
  line[quic_writer_len(&wr)] = '\0';
  capgen_keylog_text(g, line);
}

void capgen_secrets(capgen *g) {
  quic_writer wr;
  int rv;

  if (g->keylog_len == 0) {
    return;
  }
  if (g->pcap) {
    capgen_fail("no secrets in a pcap");
  }
  capgen_start(g);
  wr = record_room(g, g->keylog_len);
  rv = quic_capture_write_secrets(&wr, &g->format, QUIC_CAPTURE_SECRETS_TLS,
                                  quic_bytes_of(g->keylog, g->keylog_len));
  record_write(g, &wr, rv);
  g->keylog_len = 0;
}
