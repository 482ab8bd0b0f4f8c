/* The decoder on sealed datagrams that a script builds (script.h).  Three
   octets come first: how packets are shown, what the decoder is told, and after
   how many requests memory runs out.  Neither patience nor opening ahead may
   make a difference to what is opened in the end, so a script may run twice. */

#include "tests/fuzz/script.h"
#include "tests/fuzz/watch.h"

enum {
  DECODER_LATE_KEYS = 0x01,
  DECODER_IMPATIENT = 0x02, /* for a second; or not at all: */
  DECODER_HASTY = 0x04,
  DECODER_NO_KEYS = 0x08, /* the key log is empty */
  DECODER_NO_KEYLOG = 0x10,
  DECODER_TWICE = 0x20,
  DECODER_AHEAD = 0x40 /* packets are opened ahead */
};

typedef struct decoder_run {
  qd_decoder *dec;
  quic_keylog *keylog;
  uint64_t frame;
  watch watch;
  script script;
} decoder_run;

/* An allocator that fails for a while. */
typedef struct decoder_mem {
  quic_mem mem;
  unsigned left; /* requests until then */
} decoder_mem;

static void *decoder_resize(void *user, void *ptr, size_t size) {
  decoder_mem *dm = user;

  if (size && --dm->left == 0) {
    dm->left = 256; /* then again */
    return NULL;
  }
  return quic_mem_default()->resize(quic_mem_default()->user, ptr, size);
}

static void decoder_datagram(void *user, quic_time now,
                             const quic_datagram *dg) {
  decoder_run *run = user;

  qd_decoder_datagram(run->dec, ++run->frame, now, dg);
}

static void decoder_keys(void *user, int entry) {
  decoder_run *run = user;

  qd_decoder_flush(run->dec);
  if (run->keylog && script_keylog(run->keylog, entry) == 0) {
    qd_decoder_keys_changed(run->dec);
  }
}

static void decoder_tick(void *user, quic_time now) {
  decoder_run *run = user;

  qd_decoder_tick(run->dec, now);
}

static quic_keylog *decoder_keylog(uint8_t flags) {
  quic_keylog *kl = NULL;

  if (flags & DECODER_NO_KEYLOG) {
    return NULL;
  }
  if (quic_keylog_new(&kl, quic_mem_default()) != 0) {
    abort();
  }
  for (int i = 0; i < SCRIPT_ENTRIES && !(flags & DECODER_NO_KEYS); i++) {
    script_need(script_keylog(kl, i));
  }
  return kl;
}

/* decoder_run_once runs |input| and stores what was counted.  |left| is the
   number of requests after which memory runs out, or 0. */
static void decoder_run_once(quic_bytes input, uint8_t show, uint8_t flags,
                             uint64_t seed, uint8_t left,
                             qd_decoder_stats *stats) {
  static decoder_run run;
  decoder_mem dm = {{&dm, decoder_resize}, left};
  script_sink sink = {&run, decoder_datagram, decoder_keys, decoder_tick};
  qd_decoder_settings set = {.mem = left ? &dm.mem : quic_mem_default(),
                             .crypto = quic_crypto_null(),
                             .seed = {seed, 2},
                             .late_keys = flags & DECODER_LATE_KEYS,
                             .fn = watch_packet,
                             .user = &run.watch};

  run.frame = 0;
  set.keylog = run.keylog = decoder_keylog(flags);
  set.patience = flags & DECODER_HASTY       ? 0
                 : flags & DECODER_IMPATIENT ? QUIC_SECOND
                                             : QUIC_TIME_NEVER;
  watch_init(&run.watch, set.mem, show);
  run.watch.starved = left != 0;
  if (qd_decoder_new(&run.dec, &set) == 0) {
    if (flags & DECODER_AHEAD) {
      qd_decoder_ahead(run.dec, 0, true);
    }
    script_run(&run.script, &sink, input);
    qd_decoder_finish(run.dec);
    watch_finish(&run.watch, run.dec, run.keylog);
    *stats = *qd_decoder_get_stats(run.dec);
  }
  watch_free(&run.watch); /* it holds connections of the decoder */
  qd_decoder_del(run.dec);
  quic_keylog_del(run.keylog);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  qd_decoder_stats first = {0}, second = {0};
  quic_reader rd;
  uint8_t show, flags, left;
  quic_bytes input;

  quic_reader_init(&rd, data, size);
  show = quic_reader_u8(&rd);
  flags = quic_reader_u8(&rd);
  left = quic_reader_u8(&rd);
  input = quic_reader_rest(&rd);
  decoder_run_once(input, show, flags, 1, left, &first);
  if (flags & DECODER_TWICE && left == 0) {
    flags ^= DECODER_HASTY | DECODER_AHEAD;
    decoder_run_once(input, WATCH_LINE, flags, 1, 0, &second);
    FUZZ_CHECK(first.quic_datagrams == second.quic_datagrams);
    FUZZ_CHECK(first.packets == second.packets);
    FUZZ_CHECK(first.encrypted == second.encrypted);
    FUZZ_CHECK(first.opened == second.opened);
  }
  return 0;
}
