/* A whole capture, from the file to the text.  Two octets come first: how
   packets are shown and what the decoder is told; the rest is the file.

   The AEAD is the null one, except that a tag whose last octet is 0xa5 is taken
   as right: so a mutated packet still opens. */

#include "capture/reader.h"
#include "tests/fuzz/script.h"
#include "tests/fuzz/watch.h"

#define CAPFILE_LENIENT 0xa5
#define CAPFILE_RECORDS_MAX 255

typedef struct capfile_run {
  qd_decoder *dec;
  quic_link *link;
  quic_keylog *keylog;
  uint64_t frame;
  quic_time now;
  watch watch;
} capfile_run;

static int capfile_open(quic_aead *aead, const uint8_t nonce[12],
                        quic_bytes aad, quic_bytes sealed, uint8_t *out) {
  int rv = quic_crypto_null()->aead_open(aead, nonce, aad, sealed, out);

  if (rv != QUIC_ERR_AUTH || sealed.data[sealed.len - 1] != CAPFILE_LENIENT) {
    return rv;
  }
  memmove(out, sealed.data, sealed.len - QUIC_AEAD_TAG_LEN);
  return 0;
}

static void capfile_datagram(void *user, const quic_datagram *dg) {
  capfile_run *run = user;

  qd_decoder_datagram(run->dec, run->frame, run->now, dg);
}

static void capfile_record(capfile_run *run, const quic_capture_record *rec) {
  if (rec->kind == QUIC_CAPTURE_SECRETS &&
      rec->secrets_type == QUIC_CAPTURE_SECRETS_TLS) {
    qd_decoder_flush(run->dec);
    script_need(quic_keylog_feed(run->keylog, 1, rec->data));
    qd_decoder_keys_changed(run->dec);
  }
  if (rec->kind != QUIC_CAPTURE_PACKET) {
    return;
  }
  run->frame = rec->number;
  run->now = rec->has_time ? rec->time : run->now;
  if (quic_link_decode(run->link, rec->linktype, rec->data, rec->orig_len,
                       run->now, capfile_datagram, run) == QUIC_ERR_NOMEM) {
    abort();
  }
}

static void capfile_read(capfile_run *run, quic_bytes file) {
  quic_capture_reader *cr;
  quic_capture_record rec;
  size_t pos = 0, used, need, n = 0;
  int rv;

  if (file.len == 0) {
    return;
  }
  script_need(quic_capture_reader_new(&cr, quic_mem_default()));
  do {
    uint8_t *record;

    rv = quic_capture_reader_next(
        cr, quic_bytes_of(file.data + pos, file.len - pos), true, &used, &need,
        &rec);
    if (rv == 0) {
      record = fuzz_copy(rec.data);
      rec.data.data = record;
      capfile_record(run, &rec);
      free(record);
    }
    pos += used;
  } while ((rv == 0 || (rv == QUIC_ERR_MALFORMED && used)) &&
           ++n < CAPFILE_RECORDS_MAX);
  quic_capture_reader_del(cr);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static capfile_run run;
  quic_crypto crypto = *quic_crypto_null();
  qd_decoder_settings set = {.mem = quic_mem_default(), .seed = {1, 2}};
  quic_reader rd;
  uint8_t show, flags;

  quic_reader_init(&rd, data, size);
  show = quic_reader_u8(&rd);
  flags = quic_reader_u8(&rd);
  crypto.aead_open = capfile_open;
  run.frame = 0;
  run.now = 0;
  script_need(quic_link_new(&run.link, quic_mem_default()));
  script_need(quic_keylog_new(&run.keylog, quic_mem_default()));
  script_need(script_keylog(run.keylog, 0));
  script_need(script_keylog(run.keylog, 2));
  watch_init(&run.watch, set.mem, show);
  set.crypto = &crypto;
  set.keylog = run.keylog;
  set.late_keys = flags & 1;
  set.patience = flags & 2 ? 0 : QUIC_TIME_NEVER;
  set.fn = watch_packet;
  set.user = &run.watch;
  script_need(qd_decoder_new(&run.dec, &set));
  if (flags & 4) {
    qd_decoder_ahead(run.dec, 0, true);
  }
  capfile_read(&run, quic_reader_rest(&rd));
  qd_decoder_finish(run.dec);
  watch_finish(&run.watch, run.dec, run.keylog);
  watch_free(&run.watch); /* it holds connections of the decoder */
  qd_decoder_del(run.dec);
  quic_keylog_del(run.keylog);
  quic_link_del(run.link);
  return 0;
}
