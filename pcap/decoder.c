#include "pcap/decoding.h"

#define DECODER_SCRATCH (256 << 10) /* octets: the longest packet */

int qd_decoder_new(qd_decoder **out, const qd_decoder_settings *settings) {
  qd_decoder *dec = quic_mem_zalloc(settings->mem, sizeof(*dec));

  *out = NULL;
  if (!dec) {
    return QUIC_ERR_NOMEM;
  }
  dec->settings = *settings;
  dec->keys_final = !settings->late_keys;
  dec->scratch_cap = DECODER_SCRATCH;
  dec->costly = UINT32_MAX;
  qd_conntab_init(&dec->tab, settings->mem, settings->crypto, settings->seed);
  qd_hold_init(&dec->hold, settings->mem, settings->patience, settings->fn,
               settings->user);
  qd_trial_init(&dec->trial, settings->crypto, settings->mem, QD_TRIAL_KEYS);
  dec->scratch = quic_mem_alloc(settings->mem, dec->scratch_cap);
  if (!dec->scratch) {
    qd_decoder_del(dec);
    return QUIC_ERR_NOMEM;
  }
  *out = dec;
  return 0;
}

void qd_decoder_del(qd_decoder *dec) {
  if (!dec) {
    return;
  }
  qd_ahead_del(dec->ahead);
  qd_hold_free(&dec->hold);
  qd_conntab_free(&dec->tab);
  quic_mem_free(dec->settings.mem, dec->scratch);
  quic_mem_free(dec->settings.mem, dec);
}

const qd_decoder_stats *qd_decoder_get_stats(const qd_decoder *dec) {
  return &dec->stats;
}

uint64_t qd_decoder_evicted(const qd_decoder *dec) {
  return dec->tab.evicted;
}

uint64_t qd_decoder_refused(const qd_decoder *dec) {
  return dec->tab.work.refused;
}

uint64_t qd_decoder_given_up(const qd_decoder *dec) {
  return dec->hold.given_up;
}

uint64_t qd_decoder_opened_ahead(const qd_decoder *dec) {
  return dec->ahead ? qd_ahead_used(dec->ahead) : 0;
}

/* decoder_padding emits what is left of the datagram as no packet. */
static void decoder_padding(qd_decoding *ctx, size_t len) {
  qd_packet p;

  qd_decoding_init(ctx, &p);
  p.raw = quic_bytes_of(ctx->dg->payload.data + ctx->pos, len);
  p.header.packet_len = len;
  p.state = QD_STATE_PADDING;
  p.reason = QD_REASON_PADDING;
  p.conn = ctx->conn;
  p.sender = ctx->sender;
  p.sender_known = ctx->conn != NULL;
  qd_decoding_emit(ctx, &p);
}

/* decoder_mix folds |len| octets into |hash|.  It picks a slot and is compared
   whole; a collision would only misplace a note, so speed comes first. */
static uint64_t decoder_mix(uint64_t hash, const void *data, size_t len) {
  const uint8_t *p = data;
  uint64_t word;

  for (; len >= sizeof(word); len -= sizeof(word), p += sizeof(word)) {
    memcpy(&word, p, sizeof(word));
    hash = (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
    hash ^= hash >> 32;
  }
  word = 0;
  memcpy(&word, p, len);
  hash = (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
  return hash ^ hash >> 29;
}

/* decoder_duplicate: the same octets between the same addresses, just before.
   Both ends and the length are enough: the last 16 octets are an AEAD tag. */
static bool decoder_duplicate(qd_decoder *dec, quic_time now,
                              const quic_datagram *dg) {
  size_t end = dg->payload.len < 24 ? dg->payload.len : 24;
  uint64_t hash = dec->settings.seed[0] ^ dg->payload.len ^
                  (uint64_t)dg->src.port << 32 ^ (uint64_t)dg->dst.port << 48;
  qd_recent *slot;
  bool same;

  hash = decoder_mix(hash, dg->src.ip, sizeof(dg->src.ip));
  hash = decoder_mix(hash, dg->dst.ip, sizeof(dg->dst.ip));
  hash = decoder_mix(hash, dg->payload.data, end);
  hash = decoder_mix(hash, dg->payload.data + dg->payload.len - end, end);
  slot = &dec->recent[hash & (QD_DUPLICATES - 1)];
  same = slot->hash == hash &&
         quic_time_since(now, slot->time) < QD_DUPLICATE_WINDOW;
  slot->hash = hash;
  slot->time = now;
  return same;
}

/* decoder_zeros returns how many octets at |pos| are 0. */
static size_t decoder_zeros(quic_bytes b, size_t pos) {
  size_t n = 0;

  while (pos + n < b.len && b.data[pos + n] == 0) {
    n++;
  }
  return n;
}

/* decoder_packet handles what stands at ctx->pos; returns the octets it takes,
   0 when this is no QUIC. */
static size_t decoder_packet(qd_decoding *ctx) {
  uint8_t first = ctx->dg->payload.data[ctx->pos];
  const qd_flow *flow = ctx->flow;

  if (first & QUIC_FIRST_LONG) {
    return qd_decoding_long(ctx);
  }
  if (!(first & QUIC_FIRST_FIXED) &&
      (!flow || flow->nconns == 0 || flow->conns[0]->gquic)) {
    size_t used = qd_decoding_gquic(ctx);

    if (used) {
      return used;
    }
  }
  return qd_decoding_short(ctx);
}

static void decoder_fill_work(qd_work *work, size_t len) {
  work->left += QD_WORK_DATAGRAM + (int64_t)len * QD_WORK_OCTET;
  if (work->left > QD_WORK_MAX) {
    work->left = QD_WORK_MAX;
  }
}

static void decoder_datagram(void *user, uint64_t frame, quic_time now,
                             const quic_datagram *dg) {
  qd_decoder *dec = user;
  qd_decoding ctx = {.dec = dec, .dg = dg, .frame = frame, .now = now};
  bool quic = false;

  if (dec->stopped && frame != dec->frame) {
    return;
  }
  dec->frame = frame;
  dec->stats.datagrams++;
  qd_hold_expire(&dec->hold, now);
  decoder_fill_work(&dec->tab.work, dg->payload.len);
  if (dg->payload.len == 0) {
    return;
  }
  ctx.flow = qd_conntab_flow(&dec->tab, &dg->src, &dg->dst);
  ctx.notes = dg->in_icmp ? QD_NOTE_ICMP : 0;
  if (!dg->in_icmp && decoder_duplicate(dec, now, dg)) {
    ctx.notes |= QD_NOTE_DUPLICATE;
    dec->stats.duplicates++;
  }
  while (ctx.pos < dg->payload.len) {
    size_t zeros = ctx.pos ? decoder_zeros(dg->payload, ctx.pos) : 0;
    size_t used = 0;

    if (zeros < dg->payload.len - ctx.pos) {
      used = decoder_packet(&ctx);
    }
    if (used == 0) {
      /* Zeros may fill a segment; what follows them may be a packet. */
      used = zeros ? zeros : dg->payload.len - ctx.pos;
      if (!quic) {
        break;
      }
      decoder_padding(&ctx, used);
    } else if (ctx.pos == 0) {
      quic = true;
      dec->stats.quic_datagrams++;
    }
    ctx.pos += used;
  }
}

void qd_decoder_datagram(qd_decoder *dec, uint64_t frame, quic_time now,
                         const quic_datagram *dg) {
  if (!dec->tab.ahead || !qd_ahead_push(dec->ahead, frame, now, dg)) {
    decoder_datagram(dec, frame, now, dg);
  }
}

void qd_decoder_ahead(qd_decoder *dec, unsigned threads, bool eager) {
  qd_ahead_settings set = {.mem = dec->settings.mem,
                           .tab = &dec->tab,
                           .threads = threads,
                           .eager = eager,
                           .fn = decoder_datagram,
                           .user = dec};

  if (!dec->ahead && qd_ahead_new(&dec->ahead, &set) != 0) {
    dec->ahead = NULL;
  }
  dec->costly = !dec->ahead ? UINT32_MAX : eager ? 0 : QD_AHEAD_COST;
}

void qd_decoder_flush(qd_decoder *dec) {
  if (dec->tab.ahead) {
    qd_ahead_flush(dec->ahead);
  }
}

void qd_decoder_stop(qd_decoder *dec) {
  dec->stopped = true;
}

static void decoder_claim_entry(qd_decoder *dec, qd_conn *conn) {
  quic_keylog_entry *entry =
      conn->facts.has_random
          ? quic_keylog_find(dec->settings.keylog, conn->facts.random)
          : NULL;

  if (entry) {
    entry->seen = true;
    qd_keyring_add_entry(&conn->ring, entry);
  }
}

void qd_decoder_keys_changed(qd_decoder *dec) {
  quic_list *at;

  qd_decoder_flush(dec);
  at = dec->tab.lru.next;
  while (dec->settings.keylog && at != &dec->tab.lru) {
    qd_conn *conn = QUIC_LIST_ITEM(at, qd_conn, lru);

    at = at->next;
    if (!conn->ring.suite_proven || !quic_list_empty(&conn->pending)) {
      decoder_claim_entry(dec, conn);
      conn->ring.facts++;
      qd_decoding_retry(dec, conn);
    }
  }
}

void qd_decoder_set_patience(qd_decoder *dec, quic_duration patience) {
  qd_decoder_flush(dec);
  dec->hold.patience = patience;
}

void qd_decoder_tick(qd_decoder *dec, quic_time now) {
  qd_decoder_flush(dec);
  qd_hold_tick(&dec->hold, now);
}

void qd_decoder_finish(qd_decoder *dec) {
  qd_decoder_keys_changed(dec);
  dec->keys_final = true;
  qd_hold_finish(&dec->hold);
}
