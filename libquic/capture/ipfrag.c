#include "capture/ipfrag.h"

#include "base/reasm.h"
#include "capture/link.h"

#define IPFRAG_TOTAL_MAX 65535 /* octets of an IP payload in fragments */
#define IPFRAG_HOLES 1024

struct quic_ipfrag_entry {
  quic_list node;
  quic_ipfrag_key key;
  quic_time since;
  quic_rangeset wire; /* octets that went over the wire */
  quic_reasm data;    /* octets that were captured */
  size_t total;       /* 0 = the last fragment is missing */
  uint8_t proto;
  uint8_t ecn;
};

void quic_ipfrag_init(quic_ipfrag *fr, const quic_mem *mem) {
  memset(fr, 0, sizeof(*fr));
  fr->mem = mem;
  quic_list_init(&fr->entries);
}

static void ipfrag_entry_del(quic_ipfrag *fr, quic_ipfrag_entry *e) {
  if (e) {
    quic_rangeset_free(&e->wire);
    quic_reasm_free(&e->data);
    quic_mem_free(fr->mem, e);
  }
}

/* ipfrag_unlink takes |e| out of the table. */
static void ipfrag_unlink(quic_ipfrag *fr, quic_ipfrag_entry *e) {
  quic_list_remove(&e->node);
  fr->len--;
  fr->bytes -= e->data.cap;
}

static quic_ipfrag_entry *ipfrag_oldest(const quic_ipfrag *fr) {
  return QUIC_LIST_ITEM(fr->entries.next, quic_ipfrag_entry, node);
}

static void ipfrag_evict(quic_ipfrag *fr, quic_ipfrag_entry *e) {
  ipfrag_unlink(fr, e);
  ipfrag_entry_del(fr, e);
  fr->evicted++;
}

void quic_ipfrag_free(quic_ipfrag *fr) {
  while (fr->len) {
    ipfrag_evict(fr, ipfrag_oldest(fr));
  }
  ipfrag_entry_del(fr, fr->done);
  fr->done = NULL;
}

static void ipfrag_expire(quic_ipfrag *fr, quic_time now) {
  while (fr->len &&
         quic_time_since(now, ipfrag_oldest(fr)->since) > QUIC_IPFRAG_TIMEOUT) {
    ipfrag_evict(fr, ipfrag_oldest(fr));
  }
}

static quic_ipfrag_entry *ipfrag_find(const quic_ipfrag *fr,
                                      const quic_ipfrag_key *key) {
  for (quic_list *n = fr->entries.next; n != &fr->entries; n = n->next) {
    quic_ipfrag_entry *e = QUIC_LIST_ITEM(n, quic_ipfrag_entry, node);

    if (e->key.id == key->id && memcmp(&e->key, key, sizeof(*key)) == 0) {
      return e;
    }
  }
  return NULL;
}

static quic_ipfrag_entry *
ipfrag_entry_new(quic_ipfrag *fr, const quic_ipfrag_key *key, quic_time now) {
  quic_ipfrag_entry *e = quic_mem_zalloc(fr->mem, sizeof(*e));

  if (!e) {
    return NULL;
  }
  while (fr->len >= QUIC_LINK_FRAGMENTS_MAX) {
    ipfrag_evict(fr, ipfrag_oldest(fr));
  }
  e->key = *key;
  e->since = now;
  quic_rangeset_init(&e->wire, fr->mem, IPFRAG_HOLES);
  quic_reasm_init(&e->data, fr->mem, IPFRAG_TOTAL_MAX);
  quic_list_push_back(&fr->entries, &e->node);
  fr->len++;
  return e;
}

/* ipfrag_fits tells whether |piece| agrees with the total that |e| knows, or
   sets it. */
static bool ipfrag_fits(quic_ipfrag_entry *e, const quic_ipfrag_piece *piece) {
  size_t end = piece->offset + piece->wire_len;
  size_t seen = e->wire.len ? (size_t)e->wire.items[e->wire.len - 1].end : 0;

  if (e->total) {
    return piece->more ? end <= e->total : end == e->total;
  }
  if (!piece->more) {
    if (end < seen) {
      return false;
    }
    e->total = end;
  }
  return true;
}

static int ipfrag_store(quic_ipfrag *fr, quic_ipfrag_entry *e,
                        const quic_ipfrag_piece *piece) {
  size_t before = e->data.cap;
  int rv = quic_reasm_add(&e->data, piece->offset, piece->data);

  fr->bytes += e->data.cap - before;
  if (rv == 0) {
    rv = quic_rangeset_add(&e->wire, piece->offset,
                           piece->offset + piece->wire_len);
  }
  if (rv != 0) {
    return rv == QUIC_ERR_LIMIT ? QUIC_ERR_MALFORMED : rv;
  }
  if (piece->offset == 0) {
    e->proto = piece->proto;
  }
  /* RFC 3168 section 5.3: one mark marks the whole. */
  e->ecn = piece->ecn == 3 || e->ecn == 3 ? 3 : piece->ecn;
  while (fr->bytes > QUIC_LINK_FRAGMENT_BYTES && ipfrag_oldest(fr) != e) {
    ipfrag_evict(fr, ipfrag_oldest(fr));
  }
  return 0;
}

int quic_ipfrag_add(quic_ipfrag *fr, const quic_ipfrag_key *key,
                    const quic_ipfrag_piece *piece, quic_time now,
                    quic_ipfrag_whole *whole) {
  quic_ipfrag_entry *e;
  quic_range gap;
  int rv;

  if (piece->wire_len == 0 || piece->offset > IPFRAG_TOTAL_MAX ||
      piece->wire_len > IPFRAG_TOTAL_MAX - piece->offset ||
      (piece->more && piece->wire_len % 8 != 0)) {
    return QUIC_ERR_MALFORMED;
  }
  ipfrag_expire(fr, now);
  e = ipfrag_find(fr, key);
  if (!e) {
    e = ipfrag_entry_new(fr, key, now);
  }
  if (!e) {
    return QUIC_ERR_NOMEM;
  }
  if (!ipfrag_fits(e, piece)) {
    return QUIC_ERR_MALFORMED;
  }
  rv = ipfrag_store(fr, e, piece);
  if (rv != 0) {
    return rv;
  }
  if (e->total == 0 || quic_rangeset_gap(&e->wire, 0, e->total, &gap)) {
    return QUIC_ERR_AGAIN;
  }
  ipfrag_unlink(fr, e);
  ipfrag_entry_del(fr, fr->done);
  fr->done = e;
  whole->data = quic_reasm_ready(&e->data);
  if (whole->data.len > e->total) {
    whole->data.len = e->total;
  }
  whole->wire_len = e->total;
  whole->proto = e->proto;
  whole->ecn = e->ecn;
  return 0;
}
