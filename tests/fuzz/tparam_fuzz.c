/* Transport parameters in both layouts.  The first octet chooses layout and
   sender. */

#include "base/reader.h"
#include "tests/fuzz/fuzz.h"
#include "wire/header.h"
#include "wire/tparam.h"

static const quic_version *tparam_old_version(void) {
  const quic_version *version;

  for (size_t i = 0; (version = quic_version_at(i)); i++) {
    if (version->tparam_fixed16) {
      return version;
    }
  }
  return NULL;
}

static void tparam_check(const quic_tparams *list, const quic_tparam *p,
                         quic_bytes body, bool from_client) {
  const quic_tparam_info *info = quic_tparam_info_find(p->id);
  const char *problem = quic_tparam_problem(p, from_client);
  quic_preferred_address pa;
  uint64_t value;
  int rv = quic_tparam_integer(p, &value);

  FUZZ_CHECK(fuzz_inside(body, p->value));
  FUZZ_CHECK(p->id_width >= 1 && p->id_width <= 8);
  FUZZ_CHECK(p->len_width >= 1 && p->len_width <= 8);
  FUZZ_CHECK(quic_tparams_find(list, p->id)->id == p->id);
  FUZZ_CHECK(quic_tparams_find(list, p->id) <= p);
  (void)quic_tparam_reserved(p->id);
  FUZZ_CHECK(!problem || (info && problem[0]));
  FUZZ_CHECK(!info || info->id == p->id);
  if (info && info->kind == QUIC_TPARAM_INTEGER && !problem) {
    FUZZ_CHECK(rv == 0 && value >= info->min && value <= info->max);
    FUZZ_CHECK(quic_tparams_find(list, p->id) != p ||
               quic_tparams_integer(list, p->id) == value);
  }
  if (quic_tparam_preferred(p, &pa) == 0) {
    FUZZ_CHECK(pa.ipv4.len == 4 && pa.ipv6.len == 16);
    FUZZ_CHECK(pa.reset_token.len == QUIC_RESET_TOKEN_LEN);
    FUZZ_CHECK(
        fuzz_inside(p->value, pa.ipv4) && fuzz_inside(p->value, pa.ipv6) &&
        fuzz_inside(p->value, pa.cid) && fuzz_inside(p->value, pa.reset_token));
    FUZZ_CHECK(4 + 2 + 16 + 2 + 1 + pa.cid.len + 16 == p->value.len);
  } else {
    FUZZ_CHECK(!info || info->kind != QUIC_TPARAM_PREFERRED || problem);
  }
}

/* tparam_encode writes |list|; what it gives must be how |body| starts, and all
   of it if |whole|. */
static void tparam_encode(const quic_tparams *list, quic_bytes body,
                          const quic_version *version, bool whole) {
  uint8_t *out = malloc(body.len);
  quic_writer wr;

  quic_writer_init(&wr, out, body.len);
  FUZZ_CHECK(quic_tparams_encode(list, &wr, version) == 0);
  FUZZ_CHECK(!whole || quic_writer_len(&wr) == body.len);
  FUZZ_CHECK(quic_writer_len(&wr) == 0 ||
             memcmp(out, body.data, quic_writer_len(&wr)) == 0);
  free(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static quic_tparams list;
  const quic_version *version = NULL;
  quic_reader rd;
  uint8_t flags, *copy;
  quic_bytes body;
  int rv;

  quic_reader_init(&rd, data, size);
  flags = quic_reader_u8(&rd);
  body = quic_reader_rest(&rd);
  copy = fuzz_copy(body);
  body.data = copy;
  if (flags & 1) {
    version = tparam_old_version();
  }
  rv = quic_tparams_decode(&list, body, version);
  FUZZ_CHECK(rv == 0 || rv == QUIC_ERR_SHORT || rv == QUIC_ERR_LIMIT ||
             rv == QUIC_ERR_MALFORMED);
  FUZZ_CHECK(list.len <= QUIC_TPARAMS_MAX);
  FUZZ_CHECK(rv != QUIC_ERR_LIMIT || list.len == QUIC_TPARAMS_MAX);
  for (size_t i = 0; i < list.len; i++) {
    tparam_check(&list, &list.items[i], body, flags & 2);
  }
  if (rv == 0 || !version) {
    tparam_encode(&list, body, version, rv == 0);
  }
  free(copy);
  return 0;
}
