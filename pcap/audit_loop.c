/* Two endpoints that lost a connection may answer each other's stateless resets
   with resets.  Such datagrams belong to no connection, so that all of UDP is
   looked at: what could be short headers, to and fro, without a pause. */

#include "pcap/audit_data.h"

#define LOOP_FORM 0xc0   /* header form and fixed bit */
#define LOOP_SIZE_MIN 21 /* RFC 9000 §10.3 */
#define LOOP_SIZE_MAX 43 /* what answers a shorter one is shorter still */
#define LOOP_EVEN_MAX 1500
#define LOOP_BITS_MIN 8 /* first octets that differ: resets are random */
#define LOOP_PAUSE QUIC_SECOND

static int loop_bits(uint64_t bits) {
  int n = 0;

  for (; bits; bits &= bits - 1) {
    n++;
  }
  return n;
}

/* loop_key writes both addresses, the smaller one first, and returns which of
   them |src| is. */
static int loop_key(uint8_t *key, const quic_addr *src, const quic_addr *dst) {
  uint8_t x[AUDIT_KEY_MAX / 2], y[AUDIT_KEY_MAX / 2];
  int from;

  (void)audit_key_addr(x, src);
  (void)audit_key_addr(y, dst);
  from = memcmp(x, y, sizeof(x)) > 0;
  memcpy(key, from ? y : x, sizeof(x));
  memcpy(key + sizeof(x), from ? x : y, sizeof(x));
  return from;
}

static void loop_report(qd_audit *a, const audit_pair *pr,
                        const audit_run *run) {
  qd_audit_case c = audit_case(&pr->item);

  c.client = pr->addr[0];
  c.server = pr->addr[1];
  c.first = run->first;
  c.last = run->last;
  c.weight = c.facts[0] = run->len;
  c.facts[1] = run->from;
  c.facts[2] = run->to;
  audit_add(a, QD_AUDIT_RESETS, &c);
}

/* loop_fell and loop_was_even judge a run that is over. */
static void loop_fell(qd_audit *a, const audit_pair *pr) {
  if (pr->fall.len >= QD_AUDIT_LOOP_MIN) {
    loop_report(a, pr, &pr->fall);
  }
}

static void loop_was_even(qd_audit *a, const audit_pair *pr) {
  if (pr->even.len >= QD_AUDIT_LOOP_EVEN_MIN && !pr->known &&
      loop_bits(pr->bits) >= LOOP_BITS_MIN) {
    loop_report(a, pr, &pr->even);
  }
}

void audit_pair_settle(qd_audit *a, audit_item *item) {
  const audit_pair *pr = (const audit_pair *)(const void *)item;

  loop_fell(a, pr);
  loop_was_even(a, pr);
}

static void run_step(audit_run *run, uint64_t frame, size_t size) {
  if (run->len++ == 0) {
    run->first = frame;
    run->from = size;
  }
  run->last = frame;
  run->to = size;
}

static void loop_step(qd_audit *a, audit_pair *pr, int from, quic_time now,
                      size_t size) {
  bool answers =
      pr->from == !from && quic_time_since(now, pr->time) <= LOOP_PAUSE;

  if (!answers || size >= pr->size) {
    loop_fell(a, pr);
    pr->fall.len = 0;
  }
  if (!answers || size != pr->size) {
    loop_was_even(a, pr);
    pr->even.len = 0;
    pr->bits = 0;
  }
  if (size <= LOOP_SIZE_MAX) {
    run_step(&pr->fall, a->frame, size);
  }
  run_step(&pr->even, a->frame, size);
  pr->from = (int8_t)from;
  pr->time = now;
  pr->size = size;
}

void qd_audit_datagram(qd_audit *a, uint64_t frame, quic_time now,
                       const quic_datagram *dg) {
  uint8_t key[AUDIT_KEY_MAX];
  audit_pair *pr;
  bool made;
  int from;

  if (dg->in_icmp || dg->payload.len == 0 || dg->wire_len < LOOP_SIZE_MIN ||
      dg->wire_len > LOOP_EVEN_MAX ||
      (dg->payload.data[0] & LOOP_FORM) != QUIC_FIRST_FIXED) {
    return;
  }
  a->frame = frame;
  from = loop_key(key, &dg->src, &dg->dst);
  pr = audit_take(a, AUDIT_PAIRS, key, sizeof(key), &made);
  if (!pr) {
    return;
  }
  if (made) {
    pr->addr[from] = dg->src;
    pr->addr[!from] = dg->dst;
    pr->from = -1;
  }
  loop_step(a, pr, from, now, dg->wire_len);
  pr->bits |= (uint64_t)1 << (dg->payload.data[0] & 0x3f);
}

void audit_loop_known(qd_audit *a, const qd_packet *p) {
  uint8_t key[AUDIT_KEY_MAX];
  audit_pair *pr;

  (void)loop_key(key, &p->src, &p->dst);
  pr = audit_look(a, AUDIT_PAIRS, key, sizeof(key));
  if (pr && !pr->known) {
    loop_was_even(a, pr); /* before the connection there was none */
    pr->even.len = 0;
    pr->known = true;
  }
}
