#include "pcap/inject.h"

#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>

#include "capture/writer.h"
#include "cli/interrupt.h"
#include "cli/outfile.h"
#include "pcap/source.h"

/* Octets of secrets in one block; more make several blocks. */
#define INJECT_SECRETS (4 << 20)
#define INJECT_LINE 256 /* a line of a key log is shorter */
#define INJECT_ROOM                                                            \
  (QUIC_CAPTURE_PACKET_MAX + 4096) /* what is written beside secrets */

#define INJECT_SECTION 0x0a0d0d0au
#define INJECT_LENGTH_AT 16 /* of a section, in its header */

typedef struct inject {
  const qd_inject_settings *set;
  qd_inject_report *report;
  qd_source *source;
  cli_outfile *file;
  quic_capture_format format; /* of the copy */
  bool pcap;                  /* the input is one */
  bool begun;                 /* the first record was seen */
  uint64_t sections;
  uint64_t copied, added; /* octets */
  quic_writer lines;      /* of secrets: all, unless |many| */
  bool many;              /* they take more than one block */
  uint8_t *room;          /* for a block that is made */
} inject;

static int inject_fail(inject *in, const char *fmt, ...) QUIC_PRINTF(2, 3);

static int inject_fail(inject *in, const char *fmt, ...) {
  va_list ap;

  va_start(ap, fmt);
  vsnprintf(in->report->text, sizeof(in->report->text), fmt, ap);
  va_end(ap);
  return QUIC_ERR_INVALID;
}

static void inject_put(inject *in, quic_bytes b) {
  quic_text_mem(cli_outfile_text(in->file), (const char *)b.data, b.len);
}

/* inject_made writes what was made in |in->room|. */
static int inject_made(inject *in, const quic_writer *wr, int rv) {
  if (rv != 0) {
    return inject_fail(in, "%s: offset %llu: %s", in->set->input,
                       (unsigned long long)qd_source_position(in->source),
                       "pcapng cannot hold this record");
  }
  inject_put(in, quic_bytes_of(wr->base, quic_writer_len(wr)));
  return 0;
}

/* inject_block writes |lines| as a Decryption Secrets Block. */
static int inject_block(inject *in, const quic_writer *lines) {
  quic_bytes secrets = quic_bytes_of(lines->base, quic_writer_len(lines));
  quic_writer wr;
  int rv;

  if (secrets.len == 0) {
    return 0;
  }
  quic_writer_init(&wr, in->room, INJECT_SECRETS + INJECT_ROOM);
  rv = quic_capture_write_secrets(&wr, &in->format, QUIC_CAPTURE_SECRETS_TLS,
                                  secrets);
  in->added += quic_writer_len(&wr);
  return inject_made(in, &wr, rv);
}

/* inject_secrets writes the used secrets, in the order of the key log. */
static int inject_secrets(inject *in) {
  quic_keylog *log = in->set->log;
  size_t n = quic_keylog_count(log);
  quic_writer *lines = &in->lines;
  int rv = 0;

  quic_writer_init(lines, lines->base, INJECT_SECRETS);
  for (size_t i = 0; i < n && rv == 0; i++) {
    const quic_keylog_entry *entry = quic_keylog_at(log, i);
    uint64_t before = in->report->secrets;

    for (int label = 0; label < QUIC_KEYLOG_LABELS && rv == 0; label++) {
      if (!entry->used[label]) {
        continue;
      }
      if (quic_writer_left(lines) < INJECT_LINE) {
        rv = inject_block(in, lines);
        quic_writer_init(lines, lines->base, INJECT_SECRETS);
        in->many = true;
      }
      if (quic_keylog_line(lines, (quic_keylog_label)label, entry->random,
                           &entry->secrets[label]) == 0) {
        in->report->secrets++;
      }
    }
    in->report->connections += in->report->secrets != before;
  }
  return rv ? rv : inject_block(in, lines);
}

/* inject_again repeats the secrets in a later section, which may be taken out
   of its file, as long as the copy grows by no more than what it had; readers
   keep those of the first section. */
static int inject_again(inject *in) {
  bool fits =
      !in->many && in->added + quic_writer_len(&in->lines) <= in->copied;

  return fits ? inject_block(in, &in->lines) : 0;
}

/* Records. */

static uint32_t inject_u32(const inject *in, const uint8_t *p) {
  return in->format.big_endian ? (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
                                     (uint32_t)p[2] << 8 | p[3]
                               : (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 |
                                     (uint32_t)p[1] << 8 | p[0];
}

/* inject_section copies a section header, whose length no longer holds: it
   becomes "not specified".  Secrets follow. */
static int inject_section(inject *in, quic_bytes raw) {
  static const uint8_t unspecified[8] = {0xff, 0xff, 0xff, 0xff,
                                         0xff, 0xff, 0xff, 0xff};
  const size_t behind = INJECT_LENGTH_AT + sizeof(unspecified);

  in->format.big_endian = raw.data[8] == 0x1a;
  inject_put(in, quic_bytes_of(raw.data, INJECT_LENGTH_AT));
  inject_put(in, quic_bytes_of(unspecified, sizeof(unspecified)));
  inject_put(in, quic_bytes_of(raw.data + behind, raw.len - behind));
  if (!in->set->log) {
    return 0;
  }
  return in->sections++ ? inject_again(in) : inject_secrets(in);
}

static int inject_pcapng(inject *in, const quic_capture_record *rec,
                         quic_bytes raw) {
  /* The type of a section header reads the same in both byte orders. */
  if (inject_u32(in, raw.data) == INJECT_SECTION) {
    return inject_section(in, raw);
  }
  if (rec->kind == QUIC_CAPTURE_SECRETS &&
      (!in->set->log || rec->secrets_type == QUIC_CAPTURE_SECRETS_TLS)) {
    in->report->dropped++;
    return 0;
  }
  inject_put(in, raw);
  return 0;
}

/* inject_header makes a section and an interface of the header of a pcap. */
static int inject_header(inject *in, quic_bytes raw) {
  uint32_t magic;
  quic_writer wr;
  int rv;

  in->format.big_endian = raw.data[0] == 0xa1;
  magic = inject_u32(in, raw.data);
  in->format.nanoseconds = magic == 0xa1b23c4d;
  quic_writer_init(&wr, in->room, INJECT_ROOM);
  rv = quic_capture_write_section(&wr, &in->format,
                                  "quicdump (h3kit) " H3KIT_VERSION);
  rv = inject_made(in, &wr, rv);
  if (rv == 0) {
    rv = inject_secrets(in);
  }
  if (rv != 0) {
    return rv;
  }
  quic_writer_init(&wr, in->room, INJECT_ROOM);
  /* The upper half of the field is about the FCS, which pcapng tells
     elsewhere. */
  rv = quic_capture_write_interface(&wr, &in->format,
                                    inject_u32(in, raw.data + 20) & 0xffff,
                                    inject_u32(in, raw.data + 16));
  return inject_made(in, &wr, rv);
}

static int inject_pcap(inject *in, const quic_capture_record *rec,
                       quic_bytes raw) {
  quic_writer wr;
  int rv;

  if (!in->set->log) {
    inject_put(in, raw);
    return 0;
  }
  if (rec->kind != QUIC_CAPTURE_PACKET) {
    return inject_header(in, raw);
  }
  quic_writer_init(&wr, in->room, INJECT_ROOM);
  rv = quic_capture_write_packet(&wr, &in->format, 0, rec->time, rec->data,
                                 rec->orig_len);
  return inject_made(in, &wr, rv);
}

static int inject_record(inject *in, const quic_capture_record *rec,
                         quic_bytes raw) {
  if (!in->begun) {
    in->begun = true;
    in->pcap = qd_source_plain(in->source);
  }
  in->copied += raw.len;
  return in->pcap ? inject_pcap(in, rec, raw) : inject_pcapng(in, rec, raw);
}

static int inject_copy(inject *in) {
  quic_capture_record rec;
  quic_bytes raw;
  int rv;

  for (;;) {
    rv = qd_source_block(in->source, &rec, &raw);
    if (cli_interrupted()) {
      return inject_fail(in, "%s: not written: interrupted", in->set->output);
    }
    if (rv == QUIC_ERR_SHORT) {
      in->report->cut = true;
      (void)inject_fail(in, "%s; what is before it is in %s",
                        qd_source_error(in->source), in->set->output);
      return 0;
    }
    if (rv == QUIC_ERR_END) {
      return 0;
    }
    if (rv != 0) {
      return inject_fail(in, "%s; %s is not written",
                         qd_source_error(in->source), in->set->output);
    }
    rv = inject_record(in, &rec, raw);
    if (rv != 0 || cli_outfile_error(in->file)) {
      return rv;
    }
  }
}

/* The whole. */

bool qd_inject_allowed(const char *input, const char *output,
                       qd_inject_report *report) {
  struct stat a, b;

  if ((strcmp(input, "-") == 0 ? fstat(0, &a) : stat(input, &a)) == 0 &&
      stat(output, &b) == 0 && S_ISREG(b.st_mode) && a.st_dev == b.st_dev &&
      a.st_ino == b.st_ino) {
    snprintf(report->text, sizeof(report->text),
             "%s is the capture that is read: give another name", output);
    return false;
  }
  return true;
}

static int inject_open(inject *in) {
  int error;
  int rv;

  in->room = quic_mem_alloc(in->set->mem, INJECT_SECRETS + INJECT_ROOM);
  quic_writer_init(&in->lines, quic_mem_alloc(in->set->mem, INJECT_SECRETS), 0);
  if (!in->room || !in->lines.base) {
    (void)inject_fail(in, "%s", quic_err_text(QUIC_ERR_NOMEM));
    return QUIC_ERR_NOMEM;
  }
  rv = qd_source_open(&in->source, in->set->mem, in->set->input);
  if (rv != 0) {
    (void)inject_fail(
        in, "%s", in->source ? qd_source_error(in->source) : quic_err_text(rv));
    return rv;
  }
  error = cli_outfile_new(&in->file, in->set->mem, in->set->output, true);
  if (error) {
    return inject_fail(in, "%s: %s", in->set->output, strerror(error));
  }
  return 0;
}

int qd_inject_run(const qd_inject_settings *settings,
                  qd_inject_report *report) {
  inject in = {.set = settings, .report = report};
  int error;
  int rv;

  memset(report, 0, sizeof(*report));
  if (!qd_inject_allowed(settings->input, settings->output, report)) {
    return QUIC_ERR_INVALID;
  }
  rv = inject_open(&in);
  if (rv == 0) {
    rv = inject_copy(&in);
  }
  if (rv == 0) {
    error = cli_outfile_error(in.file);
    error = error ? error : cli_outfile_commit(in.file);
    if (error) {
      rv = inject_fail(&in, "%s: %s", settings->output, strerror(error));
    }
  }
  cli_outfile_del(in.file);
  qd_source_close(in.source);
  quic_mem_free(settings->mem, in.lines.base);
  quic_mem_free(settings->mem, in.room);
  return rv;
}
