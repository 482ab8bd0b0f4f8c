/* Proves on a corpus of captures what no list of examples can: every frame and
   every header of every packet encodes to the octets that it was decoded from,
   every packet that was opened seals to the octets that were captured, and
   every prefix of every packet is handled.

     corpuscheck DIR...

   Captures are found by their names below DIR; keys are NAME.keys beside NAME,
   or keys.log in the same folder.  Prints TAP. */

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "capture/link.h"
#include "pcap/decoder.h"
#include "pcap/keyfiles.h"
#include "pcap/source.h"
#include "wire/frame.h"

#define CHECK_FILES_MAX 4096
#define CHECK_CUT_BYTES (40 << 10) /* longer captures are not cut whole */
#define CHECK_CUT_STEP 13

static struct {
  uint64_t files, packets, opened, sealed, frames, prefixes, cuts;
  uint64_t bad_headers, bad_frames, bad_seals;
} check;

static char *check_files[CHECK_FILES_MAX];
static size_t check_nfiles;

typedef struct check_run {
  qd_decoder *decoder;
  uint64_t frame;
  quic_time now;
  size_t snaplen; /* octets kept of each datagram; 0 = all */
  const char *path;
} check_run;

static void check_complain(const check_run *run, const qd_packet *p,
                           const char *what) {
  printf("# %s frame %llu packet %u: %s\n", run->path,
         (unsigned long long)p->frame, p->index, what);
}

/* check_exact copies to an exactly sized block, so that a sanitizer sees any
   read beyond it. */
static uint8_t *check_exact(const uint8_t *data, size_t len) {
  uint8_t *copy = malloc(len ? len : 1);

  if (!copy) {
    abort();
  }
  memcpy(copy, data, len);
  return copy;
}

static void check_frames(const check_run *run, const qd_packet *p) {
  uint8_t *buf = malloc(p->payload.len + 1);
  quic_reader rd;
  quic_frame f;

  if (!buf) {
    abort();
  }
  quic_reader_init(&rd, p->payload.data, p->payload.len);
  while (quic_frame_decode(&f, &rd) == 0) {
    quic_writer wr;

    check.frames++;
    quic_writer_init(&wr, buf, p->payload.len);
    if (quic_frame_encode(&f, &wr) != 0 ||
        !quic_bytes_eq(f.wire, quic_bytes_of(buf, quic_writer_len(&wr)))) {
      check.bad_frames++;
      check_complain(run, p, f.info->name);
    }
  }
  free(buf);
}

/* check_seal_with seals the opened packet again with |keys|. */
static bool check_seal_with(const qd_packet *p, const quic_keys *keys,
                            quic_hp *hp, bool loss_bits) {
  uint8_t *buf;
  quic_writer wr;
  bool same;

  if (!keys->suite || !hp) {
    return false;
  }
  buf = malloc(p->raw.len + 64);
  if (!buf) {
    abort();
  }
  quic_writer_init(&wr, buf, p->raw.len + 64);
  same = quic_packet_seal(keys, hp, &p->header, p->payload, p->path_id,
                          loss_bits, &wr) == 0 &&
         quic_bytes_eq(p->raw, quic_bytes_of(buf, quic_writer_len(&wr)));
  free(buf);
  return same;
}

static bool check_seal(const qd_packet *p) {
  const qd_keyring *ring = &p->conn->ring;
  const qd_app *app = ring->app[p->sender];

  for (size_t i = 0; i < ring->ninitials; i++) {
    const quic_keys *keys = &ring->initials[i].keys[p->sender];

    if (check_seal_with(p, keys, keys->hp, false)) {
      return true;
    }
  }
  if (check_seal_with(p, &ring->early.keys, ring->early.keys.hp, false) ||
      check_seal_with(p, &ring->handshake[p->sender].keys,
                      ring->handshake[p->sender].keys.hp, false)) {
    return true;
  }
  if (!app || !app->first.verified) {
    return false;
  }
  return check_seal_with(p,
                         p->generation ? &app->window[p->generation - app->base]
                                       : &app->first.keys,
                         app->first.keys.hp, ring->loss_bits) ||
         check_seal_with(p, &app->first.keys, app->first.keys.hp, false);
}

/* check_prefixes decodes the header and the payload of every length. */
static void check_prefixes(const qd_packet *p) {
  for (size_t len = 0; len < p->raw.len && len < 80; len++) {
    uint8_t *cut = check_exact(p->raw.data, len);
    quic_header h;

    check.prefixes++;
    (void)!quic_header_decode(&h, cut, len, p->raw.len, p->header.dcid.len);
    (void)!quic_header_decode(&h, cut, len, len, p->header.dcid.len);
    free(cut);
  }
  for (size_t len = 0; len < p->payload.len; len++) {
    uint8_t *cut = check_exact(p->payload.data, len);
    quic_reader rd;
    quic_frame f;

    check.prefixes++;
    quic_reader_init(&rd, cut, len);
    while (quic_frame_decode(&f, &rd) == 0) {
    }
    quic_reader_init(&rd, cut, len);
    while (quic_frame_decode_cut(&f, &rd) == 0) {
    }
    free(cut);
  }
}

static void check_packet(void *user, const qd_packet *p) {
  const check_run *run = user;

  if (run->snaplen || p->state == QD_STATE_PADDING) {
    return;
  }
  check.packets++;
  if (p->state == QD_STATE_CLEAR) {
    uint8_t *buf = malloc(p->raw.len);
    quic_writer wr;

    if (!buf) {
      abort();
    }
    quic_writer_init(&wr, buf, p->raw.len);
    if (quic_header_encode(&p->header, &wr) != 0 ||
        !quic_bytes_eq(p->raw, quic_bytes_of(buf, quic_writer_len(&wr)))) {
      check.bad_headers++;
      check_complain(run, p, "the header does not encode to itself");
    }
    free(buf);
  }
  if (p->state != QD_STATE_OPEN) {
    return;
  }
  check.opened++;
  check_frames(run, p);
  if (p->conn && (check_seal(p))) {
    check.sealed++;
  } else {
    check.bad_seals++;
    check_complain(run, p, "does not seal to itself");
  }
  check_prefixes(p);
}

static void check_datagram(void *user, const quic_datagram *dg) {
  check_run *run = user;
  quic_datagram cut = *dg;
  uint8_t *copy;

  if (!run->snaplen) {
    qd_decoder_datagram(run->decoder, run->frame, run->now, dg);
    return;
  }
  cut.payload.len =
      dg->payload.len < run->snaplen ? dg->payload.len : run->snaplen;
  copy = check_exact(dg->payload.data, cut.payload.len);
  cut.payload.data = copy;
  check.cuts++;
  qd_decoder_datagram(run->decoder, run->frame, run->now, &cut);
  free(copy);
}

static void check_secrets(void *user, const quic_capture_record *rec) {
  if (qd_keyfiles_secrets(user, rec) != 0) {
    abort();
  }
}

static void check_file(const char *path, size_t snaplen) {
  const quic_mem *mem = quic_mem_default();
  check_run run = {.path = path, .snaplen = snaplen};
  qd_decoder_settings set = {.mem = mem,
                             .crypto = quic_crypto_gnutls(),
                             .fn = check_packet,
                             .user = &run};
  quic_capture_record rec;
  qd_keyfiles *keys;
  quic_link *link;
  qd_source *src;
  char log[4200];
  char *slash;

  if (qd_keyfiles_new(&keys, mem) != 0 || quic_link_new(&link, mem) != 0) {
    abort();
  }
  snprintf(log, sizeof(log), "%s.keys", path);
  if (qd_keyfiles_add(keys, log, false) != 0) {
    snprintf(log, sizeof(log), "%s", path);
    slash = strrchr(log, '/');
    snprintf(slash ? slash + 1 : log, 16, "keys.log");
    if (qd_keyfiles_add(keys, log, true) != 0) {
      abort();
    }
  }
  if (qd_keyfiles_finish(keys) != 0) {
    abort();
  }
  set.keylog = qd_keyfiles_log(keys);
  if (qd_decoder_new(&run.decoder, &set) != 0) {
    abort();
  }
  if (qd_source_open(&src, mem, path) == 0 &&
      qd_source_secrets(src, check_secrets, keys) == 0) {
    while (qd_source_next(src, &rec) == 0) {
      if (rec.kind == QUIC_CAPTURE_PACKET) {
        run.frame = rec.number;
        run.now = rec.time;
        (void)quic_link_decode(link, rec.linktype, rec.data, rec.orig_len,
                               run.now, check_datagram, &run);
      }
    }
  }
  qd_decoder_finish(run.decoder);
  qd_source_close(src);
  qd_decoder_del(run.decoder);
  quic_link_del(link);
  qd_keyfiles_del(keys);
}

static int check_found(const char *path, const struct stat *st, int type,
                       struct FTW *ftw) {
  static const char *const ends[] = {".pcap", ".pcapng", ".cap"};

  (void)st;
  (void)ftw;
  for (size_t i = 0; type == FTW_F && i < sizeof(ends) / sizeof(ends[0]); i++) {
    size_t n = strlen(path), e = strlen(ends[i]);

    if (n > e && strcmp(path + n - e, ends[i]) == 0 &&
        check_nfiles < CHECK_FILES_MAX) {
      check_files[check_nfiles++] = strdup(path);
    }
  }
  return 0;
}

int main(int argc, char **argv) {
  unsigned long long sizes = 0;

  for (int i = 1; i < argc; i++) {
    if (nftw(argv[i], check_found, 16, FTW_PHYS) != 0) {
      perror(argv[i]);
      return 2;
    }
  }
  for (size_t i = 0; i < check_nfiles; i++) {
    struct stat st;

    check.files++;
    check_file(check_files[i], 0);
    if (stat(check_files[i], &st) == 0 && st.st_size <= CHECK_CUT_BYTES) {
      for (size_t len = 1; len < 1500; len += CHECK_CUT_STEP) {
        check_file(check_files[i], len);
        sizes++;
      }
    }
    free(check_files[i]);
  }
  printf("# %llu captures: %llu packets, %llu opened, %llu sealed again, %llu "
         "frames, %llu prefixes, %llu cut datagrams in %llu runs\n",
         (unsigned long long)check.files, (unsigned long long)check.packets,
         (unsigned long long)check.opened, (unsigned long long)check.sealed,
         (unsigned long long)check.frames, (unsigned long long)check.prefixes,
         (unsigned long long)check.cuts, sizes);
  printf("%sok 1 - every header encodes to itself\n",
         check.bad_headers ? "not " : "");
  printf("%sok 2 - every frame encodes to itself\n",
         check.bad_frames || !check.frames ? "not " : "");
  printf("%sok 3 - every opened packet seals to itself\n",
         check.bad_seals || !check.sealed ? "not " : "");
  printf("ok 4 - every prefix is handled\n");
  return check.bad_headers || check.bad_frames || check.bad_seals;
}
