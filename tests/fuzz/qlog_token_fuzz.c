/* JSON texts: passing over a value agrees with taking all its tokens, and
   nothing leaves the text. */

#include "qlog/token.h"
#include "tests/fuzz/fuzz.h"

static void token_numbers(quic_bytes text) {
  uint64_t whole = 0, scaled = 0;
  bool negative, good = qlog_token_u64(text, &whole);

  if (qlog_token_scaled(text, 0, &scaled, &negative)) {
    FUZZ_CHECK(!good || (whole == scaled && !negative));
  } else {
    FUZZ_CHECK(!good);
  }
  for (unsigned decimals = 1; decimals <= QLOG_DECIMALS_MAX; decimals++) {
    uint64_t more;

    if (qlog_token_scaled(text, decimals, &more, &negative)) {
      FUZZ_CHECK(more / 10 == scaled || decimals == 1);
      FUZZ_CHECK(decimals > 1 || more / 10 == scaled);
      scaled = more;
    } else {
      break;
    }
  }
}

static void token_string(quic_bytes text) {
  uint8_t *out = malloc(text.len + 1);
  size_t n;

  if (!out) {
    abort();
  }
  n = qlog_token_unescape(text, out, text.len);
  FUZZ_CHECK(n <= text.len);
  FUZZ_CHECK(qlog_token_unescape(text, out, n) == n);
  FUZZ_CHECK(qlog_token_unescape(text, out, n / 2) <= n / 2);
  free(out);
}

/* token_all takes all tokens and returns how many. */
static size_t token_all(qlog_tokens *t, quic_bytes text) {
  size_t n = 0;
  qlog_token token;

  qlog_tokens_init(t, text);
  while ((token = qlog_tokens_next(t)) != QLOG_TOKEN_END &&
         token != QLOG_TOKEN_ERROR) {
    FUZZ_CHECK(t->depth <= QLOG_DEPTH_MAX && t->at > t->start);
    if (token == QLOG_TOKEN_KEY || token == QLOG_TOKEN_STRING) {
      FUZZ_CHECK(fuzz_inside(text, t->text));
      token_string(t->text);
    } else if (token == QLOG_TOKEN_NUMBER) {
      FUZZ_CHECK(fuzz_inside(text, t->text));
      token_numbers(t->text);
    }
    n++;
  }
  FUZZ_CHECK((token == QLOG_TOKEN_ERROR) == (t->why != NULL));
  FUZZ_CHECK(qlog_tokens_next(t) == token);
  return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  uint8_t *copy = fuzz_copy(quic_bytes_of(data, size));
  quic_bytes text = quic_bytes_of(copy, size), span;
  qlog_tokens all, skip;
  bool good;

  FUZZ_CHECK(token_all(&all, text) <= size);
  qlog_tokens_init(&skip, text);
  good = qlog_tokens_skip(&skip, qlog_tokens_next(&skip), &span);
  if (good) {
    FUZZ_CHECK(fuzz_inside(text, span));
    good = qlog_tokens_next(&skip) == QLOG_TOKEN_END;
  }
  FUZZ_CHECK(good == !all.why);
  FUZZ_CHECK(skip.loose == all.loose && skip.at == all.at);
  if (!good) {
    FUZZ_CHECK(skip.where == all.where && skip.why == all.why);
    FUZZ_CHECK(all.where >= all.start && all.where <= all.end);
  }
  token_numbers(text);
  free(copy);
  return 0;
}
