#include "analysis/filter_parts.h"
#include "base/text.h"

/* --- tokens ------------------------------------------------------------- */

typedef enum filter_token {
  TOK_END,
  TOK_WORD,   /* bare: field, symbol, number, keyword, text */
  TOK_STRING, /* in quotes */
  TOK_OPEN,
  TOK_CLOSE,
  TOK_COMMA,
  TOK_AND,
  TOK_OR,
  TOK_NOT,
  TOK_EQ,
  TOK_NE,
  TOK_LT,
  TOK_LE,
  TOK_GT,
  TOK_GE,
  TOK_BAD
} filter_token;

typedef struct filter_parser {
  quic_filter *filter;
  const quic_filter_field *fields;
  size_t nfields;
  const char *expr;
  size_t len;
  size_t at;    /* behind the token */
  size_t start; /* of the token */
  filter_token token;
  unsigned depth;
  int rv;
  quic_filter_error *error;
} filter_parser;

/* filter_fail notes the first error and returns false, so that parsers can
   hand it up. */
static bool filter_fail(filter_parser *fp, int err, size_t column,
                        quic_text *text) {
  if (fp->rv == 0) {
    fp->rv = err;
    fp->error->column = column;
    if (text) {
      quic_text_cstr(text);
    }
  }
  return false;
}

/* filter_error_text starts the clause; a later error writes nowhere. */
static quic_text filter_error_text(filter_parser *fp, char scratch[1]) {
  quic_text t;

  if (fp->rv == 0) {
    quic_text_init(&t, fp->error->text, sizeof(fp->error->text));
  } else {
    quic_text_init(&t, scratch, 1);
  }
  return t;
}

static bool filter_expected(filter_parser *fp, const char *what) {
  char scratch[1];
  quic_text t = filter_error_text(fp, scratch);

  quic_text_str(&t, "expected ");
  quic_text_str(&t, what);
  return filter_fail(fp, QUIC_ERR_MALFORMED, fp->start, &t);
}

static bool filter_nomem(filter_parser *fp) {
  char scratch[1];
  quic_text t = filter_error_text(fp, scratch);

  quic_text_str(&t, "out of memory");
  return filter_fail(fp, QUIC_ERR_NOMEM, fp->start, &t);
}

static bool filter_is_word(char c) {
  return c != '\0' && !strchr(" \t\r\n()!<>=&|,\"", c);
}

/* filter_lex_string moves behind the closing quote. */
static filter_token filter_lex_string(filter_parser *fp) {
  while (++fp->at < fp->len) {
    if (fp->expr[fp->at] == '\\') {
      fp->at++;
    } else if (fp->expr[fp->at] == '"') {
      fp->at++;
      return TOK_STRING;
    }
  }
  fp->at = fp->len;
  (void)filter_expected(fp, "a closing quote");
  return TOK_BAD;
}

static filter_token filter_lex_operator(filter_parser *fp) {
  static const struct {
    char text[3];
    filter_token token;
  } rows[] = {{"&&", TOK_AND}, {"||", TOK_OR},   {"==", TOK_EQ},
              {"!=", TOK_NE},  {"<=", TOK_LE},   {">=", TOK_GE},
              {"<", TOK_LT},   {">", TOK_GT},    {"!", TOK_NOT},
              {"(", TOK_OPEN}, {")", TOK_CLOSE}, {",", TOK_COMMA}};

  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    size_t n = strlen(rows[i].text);

    if (strncmp(fp->expr + fp->at, rows[i].text, n) == 0) {
      fp->at += n;
      return rows[i].token;
    }
  }
  (void)filter_expected(fp, fp->expr[fp->at] == '='   ? "\"==\" for equality"
                            : fp->expr[fp->at] == '&' ? "\"&&\""
                                                      : "\"||\"");
  fp->at = fp->len;
  return TOK_BAD;
}

/* filter_next reads the next token. */
static void filter_next(filter_parser *fp) {
  while (fp->at < fp->len && strchr(" \t\r\n", fp->expr[fp->at])) {
    fp->at++;
  }
  fp->start = fp->at;
  if (fp->at >= fp->len) {
    fp->token = TOK_END;
  } else if (fp->expr[fp->at] == '"') {
    fp->token = filter_lex_string(fp);
  } else if (filter_is_word(fp->expr[fp->at])) {
    while (fp->at < fp->len && filter_is_word(fp->expr[fp->at])) {
      fp->at++;
    }
    fp->token = TOK_WORD;
  } else {
    fp->token = filter_lex_operator(fp);
  }
}

static quic_bytes filter_lexeme(const filter_parser *fp) {
  return quic_bytes_of(fp->expr + fp->start, fp->at - fp->start);
}

static bool filter_same(quic_bytes word, const char *name) {
  size_t n = strlen(name);

  if (word.len != n) {
    return false;
  }
  for (size_t i = 0; i < n; i++) {
    if (filter_lower(word.data[i]) != filter_lower((uint8_t)name[i])) {
      return false;
    }
  }
  return true;
}

static bool filter_keyword(const filter_parser *fp, const char *keyword) {
  return fp->token == TOK_WORD && filter_same(filter_lexeme(fp), keyword);
}

/* filter_at tells whether the token is |token|, or the word |keyword|. */
static bool filter_at(const filter_parser *fp, filter_token token,
                      const char *keyword) {
  return fp->token == token || filter_keyword(fp, keyword);
}

/* --- errors that help ---------------------------------------------------- */

/* filter_suggest appends "no X "word"", and the nearest one that there is. */
static void filter_suggest(quic_text *t, const char *what, quic_bytes word,
                           const char *near) {
  quic_text_str(t, what);
  quic_text_str(t, " \"");
  quic_text_untrusted(t, word, 40);
  quic_text_char(t, '"');
  if (near) {
    quic_text_str(t, "; nearest is ");
    quic_text_str(t, near);
  }
}

/* filter_no_field says which names there are. */
static bool filter_no_field(filter_parser *fp) {
  char scratch[1];
  quic_text t = filter_error_text(fp, scratch);

  if (fp->token == TOK_WORD) {
    quic_bytes word = filter_lexeme(fp);
    const char *near = quic_filter_near_field(fp->fields, fp->nfields, word);

    filter_suggest(&t, "no field", word, near);
    if (near) {
      return filter_fail(fp, QUIC_ERR_MALFORMED, fp->start, &t);
    }
    quic_text_str(&t, ", ");
  }
  quic_text_str(&t, "expected a field name:");
  for (size_t i = 0; i < fp->nfields; i++) {
    size_t n = strlen(fp->fields[i].name);

    if (t.len + n + 6 > t.cap) {
      quic_text_str(&t, " ...");
      break;
    }
    quic_text_str(&t, i ? ", " : " ");
    quic_text_str(&t, fp->fields[i].name);
  }
  return filter_fail(fp, QUIC_ERR_MALFORMED, fp->start, &t);
}

/* --- operands ----------------------------------------------------------- */

static int filter_digit(uint8_t c) {
  return c >= '0' && c <= '9'   ? c - '0'
         : c >= 'a' && c <= 'f' ? c - 'a' + 10
         : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                : 16;
}

/* filter_unit returns what a suffix multiplies with, or 0. */
static uint64_t filter_unit(quic_bytes suffix) {
  static const struct {
    const char *name;
    uint64_t factor;
  } units[] = {{"", 1},           {"k", 1000},       {"M", 1000000},
               {"G", 1000000000}, {"ns", 1},         {"us", 1000},
               {"ms", 1000000},   {"s", 1000000000}, {"%", 1000}};

  for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
    if (quic_bytes_eq(suffix,
                      quic_bytes_of(units[i].name, strlen(units[i].name)))) {
      return units[i].factor;
    }
  }
  return 0;
}

/* filter_add_digit appends one digit to |*v|.  False when it overflows. */
static bool filter_add_digit(uint64_t *v, unsigned base, unsigned digit) {
  if (*v > (UINT64_MAX - digit) / base) {
    return false;
  }
  *v = *v * base + digit;
  return true;
}

typedef enum filter_parsed {
  PARSED_OK,
  PARSED_NO_NUMBER,
  PARSED_TOO_BIG
} filter_parsed;

/* filter_scale multiplies |*v| with the suffix |unit| and adds the |fraction|
   digits, which must come out as an integer. */
static filter_parsed filter_scale(uint64_t *v, quic_bytes fraction,
                                  quic_bytes unit) {
  uint64_t factor = filter_unit(unit);

  if (factor == 0) {
    return PARSED_NO_NUMBER;
  }
  if (*v > UINT64_MAX / factor) {
    return PARSED_TOO_BIG;
  }
  *v *= factor;
  for (size_t i = 0; i < fraction.len; i++) {
    uint64_t digit = (uint64_t)(fraction.data[i] - '0');

    factor /= 10;
    if (factor == 0 && digit != 0) {
      return PARSED_NO_NUMBER;
    }
    if (digit * factor > UINT64_MAX - *v) {
      return PARSED_TOO_BIG;
    }
    *v += digit * factor;
  }
  return PARSED_OK;
}

/* filter_parse_number reads 12, 0x1f, 64k, 1.5ms. */
static filter_parsed filter_parse_number(quic_bytes w, uint64_t *v) {
  bool hex = w.len > 2 && w.data[0] == '0' && (w.data[1] | 0x20) == 'x';
  unsigned base = hex ? 16 : 10;
  size_t first = hex ? 2 : 0, i = first, dot;

  *v = 0;
  for (; i < w.len && filter_digit(w.data[i]) < (int)base; i++) {
    if (!filter_add_digit(v, base, (unsigned)filter_digit(w.data[i]))) {
      return PARSED_TOO_BIG;
    }
  }
  if (i == first || (hex && i < w.len)) {
    return PARSED_NO_NUMBER;
  }
  dot = i;
  if (i + 1 < w.len && w.data[i] == '.' && filter_digit(w.data[i + 1]) < 10) {
    for (i++; i < w.len && filter_digit(w.data[i]) < 10;) {
      i++;
    }
    dot++;
  }
  return filter_scale(v, quic_bytes_of(w.data + dot, i - dot),
                      quic_bytes_of(w.data + i, w.len - i));
}

static bool filter_find_symbol(const quic_filter_field *field, quic_bytes word,
                               filter_operand *out) {
  quic_filter_symbol sym;

  for (size_t i = 0; field->symbol && field->symbol(i, &sym); i++) {
    if (filter_same(word, sym.name)) {
      out->first = sym.first;
      out->last = sym.last;
      return true;
    }
  }
  return false;
}

/* filter_number_operand: a symbol of the field comes before a number, for
   there are symbols such as 0rtt. */
static bool filter_number_operand(filter_parser *fp,
                                  const quic_filter_field *field,
                                  filter_operand *out) {
  quic_bytes word = filter_lexeme(fp);
  char scratch[1];
  quic_text t;

  if (fp->token == TOK_STRING) {
    word = quic_bytes_of(word.data + 1, word.len - 2);
  }
  if (filter_find_symbol(field, word, out)) {
    return true;
  }
  switch (filter_parse_number(word, &out->first)) {
  case PARSED_OK:
    out->last = out->first;
    return true;
  case PARSED_TOO_BIG:
    t = filter_error_text(fp, scratch);
    quic_text_str(&t, "the number exceeds 2^64 - 1");
    return filter_fail(fp, QUIC_ERR_MALFORMED, fp->start, &t);
  default:
    t = filter_error_text(fp, scratch);
    quic_text_str(&t, field->name);
    filter_suggest(&t, field->symbol ? " has no value" : " is a number, not",
                   word, quic_filter_near_symbol(field, word));
    return filter_fail(fp, QUIC_ERR_MALFORMED, fp->start, &t);
  }
}

/* filter_text_operand copies the text into the pool, in lower case; in quotes
   a backslash makes the next octet literal. */
static bool filter_text_operand(filter_parser *fp, filter_operand *out) {
  quic_filter *f = fp->filter;
  quic_bytes word = filter_lexeme(fp);
  bool quoted = fp->token == TOK_STRING;
  size_t end = quoted ? word.len - 1 : word.len;

  if (quic_mem_grow(f->mem, (void **)&f->pool, &f->pool_cap,
                    f->pool_len + word.len, 1) != 0) {
    return filter_nomem(fp);
  }
  out->text = f->pool_len;
  for (size_t i = quoted ? 1 : 0; i < end; i++) {
    if (quoted && word.data[i] == '\\') {
      i++;
    }
    f->pool[f->pool_len++] = filter_lower(word.data[i]);
  }
  out->len = f->pool_len - out->text;
  return true;
}

/* filter_operand_next reads one value and appends it to the operands. */
static bool filter_operand_next(filter_parser *fp, filter_insn *in) {
  quic_filter *f = fp->filter;
  filter_operand o = {0, 0, 0, 0};

  if (fp->token != TOK_WORD && fp->token != TOK_STRING) {
    return filter_expected(fp, "a value");
  }
  if (!(in->field->type == QUIC_FILTER_NUMBER
            ? filter_number_operand(fp, in->field, &o)
            : filter_text_operand(fp, &o))) {
    return false;
  }
  if (quic_mem_grow(f->mem, (void **)&f->operands, &f->operands_cap,
                    f->noperands + 1, sizeof(o)) != 0) {
    return filter_nomem(fp);
  }
  f->operands[f->noperands++] = o;
  in->noperands++;
  filter_next(fp);
  return true;
}

/* filter_operand_list reads the values of in (...). */
static bool filter_operand_list(filter_parser *fp, filter_insn *in) {
  if (fp->token != TOK_OPEN) {
    return filter_expected(fp, "\"(\" and a list");
  }
  do {
    filter_next(fp);
    if (!filter_operand_next(fp, in)) {
      return false;
    }
  } while (fp->token == TOK_COMMA);
  if (fp->token != TOK_CLOSE) {
    return filter_expected(fp, "\",\" or \")\"");
  }
  filter_next(fp);
  return true;
}

/* --- expressions -------------------------------------------------------- */

/* filter_emit appends |in|; its index goes to |*at| unless NULL. */
static bool filter_emit(filter_parser *fp, filter_insn in, size_t *at) {
  quic_filter *f = fp->filter;

  if (quic_mem_grow(f->mem, (void **)&f->insns, &f->cap, f->len + 1,
                    sizeof(in)) != 0) {
    return filter_nomem(fp);
  }
  if (at) {
    *at = f->len;
  }
  f->insns[f->len++] = in;
  return true;
}

static bool filter_emit_not(filter_parser *fp) {
  filter_insn in = {OP_NOT, CMP_SET, NULL, 0, 0, 0};

  return filter_emit(fp, in, NULL);
}

static bool filter_deeper(filter_parser *fp) {
  char scratch[1];
  quic_text t;

  if (++fp->depth <= QUIC_FILTER_DEPTH_MAX) {
    return true;
  }
  t = filter_error_text(fp, scratch);
  quic_text_str(&t, "nested more than ");
  quic_text_u64(&t, QUIC_FILTER_DEPTH_MAX);
  quic_text_str(&t, " deep");
  return filter_fail(fp, QUIC_ERR_LIMIT, fp->start, &t);
}

static const quic_filter_field *filter_find_field(const filter_parser *fp) {
  for (size_t i = 0; fp->token == TOK_WORD && i < fp->nfields; i++) {
    if (filter_same(filter_lexeme(fp), fp->fields[i].name)) {
      return &fp->fields[i];
    }
  }
  return NULL;
}

/* filter_wrong_type refuses an operator that the field's type lacks. */
static bool filter_wrong_type(filter_parser *fp,
                              const quic_filter_field *field) {
  bool text = field->type == QUIC_FILTER_TEXT;
  char scratch[1];
  quic_text t = filter_error_text(fp, scratch);

  quic_text_str(&t, field->name);
  quic_text_str(&t, text ? " is text: use ==, !=, contains or in"
                         : " is a number: contains needs text");
  return filter_fail(fp, QUIC_ERR_MALFORMED, fp->start, &t);
}

/* filter_word_operator reads in, contains, and their negations; a field alone
   has none. */
static bool filter_word_operator(filter_parser *fp, filter_insn *in,
                                 bool *negate) {
  if (filter_keyword(fp, "not")) {
    *negate = true;
    filter_next(fp);
    if (!filter_keyword(fp, "in") && !filter_keyword(fp, "contains")) {
      return filter_expected(fp, "in or contains behind not");
    }
  }
  if (filter_keyword(fp, "in")) {
    in->cmp = CMP_EQ;
    filter_next(fp);
    return filter_operand_list(fp, in);
  }
  if (filter_keyword(fp, "contains")) {
    if (in->field->type != QUIC_FILTER_TEXT) {
      return filter_wrong_type(fp, in->field);
    }
    in->cmp = CMP_CONTAINS;
    filter_next(fp);
    return filter_operand_next(fp, in);
  }
  return true;
}

/* filter_compare reads the operator and its values, if there is one.  |*negate|
   says that the result must be turned. */
static bool filter_compare(filter_parser *fp, filter_insn *in, bool *negate) {
  static const struct {
    filter_token token;
    filter_cmp cmp;
    bool orders;
  } rows[] = {{TOK_EQ, CMP_EQ, false}, {TOK_NE, CMP_EQ, false},
              {TOK_LT, CMP_LT, true},  {TOK_LE, CMP_LE, true},
              {TOK_GT, CMP_GT, true},  {TOK_GE, CMP_GE, true}};

  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    if (fp->token != rows[i].token) {
      continue;
    }
    if (rows[i].orders && in->field->type == QUIC_FILTER_TEXT) {
      return filter_wrong_type(fp, in->field);
    }
    *negate = fp->token == TOK_NE;
    in->cmp = rows[i].cmp;
    filter_next(fp);
    return filter_operand_next(fp, in);
  }
  return filter_word_operator(fp, in, negate);
}

static bool filter_test(filter_parser *fp) {
  filter_insn in = {OP_TEST, CMP_SET, NULL, 0, 0, 0};
  bool negate = false;

  in.field = filter_find_field(fp);
  if (!in.field) {
    return filter_no_field(fp);
  }
  in.operand = fp->filter->noperands;
  filter_next(fp);
  return filter_compare(fp, &in, &negate) && filter_emit(fp, in, NULL) &&
         (!negate || filter_emit_not(fp));
}

static bool filter_or(filter_parser *fp);

static bool filter_unary(filter_parser *fp) {
  unsigned depth = fp->depth;
  bool negate = false;

  for (; filter_at(fp, TOK_NOT, "not"); filter_next(fp)) {
    negate = !negate;
    if (!filter_deeper(fp)) {
      return false;
    }
  }
  if (fp->token == TOK_OPEN) {
    if (!filter_deeper(fp)) {
      return false;
    }
    filter_next(fp);
    if (!filter_or(fp)) {
      return false;
    }
    if (fp->token != TOK_CLOSE) {
      return filter_expected(fp, "and, or, or \")\"");
    }
    filter_next(fp);
  } else if (!filter_test(fp)) {
    return false;
  }
  fp->depth = depth;
  return !negate || filter_emit_not(fp);
}

/* filter_chain reads operands that |token| joins: a jump behind each skips the
   rest as soon as the flag decides. */
static bool filter_chain(filter_parser *fp, filter_token token,
                         const char *keyword, filter_op jump,
                         bool (*operand)(filter_parser *)) {
  filter_insn in = {jump, CMP_SET, NULL, 0, 0, 0};

  if (!operand(fp)) {
    return false;
  }
  while (filter_at(fp, token, keyword)) {
    size_t at = 0;

    if (!filter_emit(fp, in, &at)) {
      return false;
    }
    filter_next(fp);
    if (!operand(fp)) {
      return false;
    }
    fp->filter->insns[at].target = fp->filter->len;
  }
  return true;
}

static bool filter_and(filter_parser *fp) {
  return filter_chain(fp, TOK_AND, "and", OP_JUMP_FALSE, filter_unary);
}

static bool filter_or(filter_parser *fp) {
  return filter_chain(fp, TOK_OR, "or", OP_JUMP_TRUE, filter_and);
}

static void filter_parse(filter_parser *fp) {
  char scratch[1];
  quic_text t;

  if (fp->len > QUIC_FILTER_LEN_MAX) {
    t = filter_error_text(fp, scratch);
    quic_text_str(&t, "longer than ");
    quic_text_u64(&t, QUIC_FILTER_LEN_MAX);
    quic_text_str(&t, " octets");
    (void)filter_fail(fp, QUIC_ERR_LIMIT, QUIC_FILTER_LEN_MAX, &t);
    return;
  }
  filter_next(fp);
  if (filter_or(fp) && fp->token != TOK_END) {
    (void)filter_expected(fp, "and, or, or the end");
  }
}

int quic_filter_new(quic_filter **out, const quic_mem *mem, const char *expr,
                    const quic_filter_field *fields, size_t nfields,
                    quic_filter_error *error) {
  quic_filter *filter = quic_mem_zalloc(mem, sizeof(*filter));
  filter_parser fp;

  *out = NULL;
  memset(error, 0, sizeof(*error));
  memset(&fp, 0, sizeof(fp));
  fp.filter = filter;
  fp.fields = fields;
  fp.nfields = nfields;
  fp.expr = expr;
  fp.len = strlen(expr);
  fp.error = error;
  if (!filter) {
    (void)filter_nomem(&fp);
    return fp.rv;
  }
  filter->mem = mem;
  filter_parse(&fp);
  if (fp.rv != 0) {
    quic_filter_del(filter);
    return fp.rv;
  }
  *out = filter;
  return 0;
}

void quic_filter_del(quic_filter *filter) {
  if (filter) {
    quic_mem_free(filter->mem, filter->insns);
    quic_mem_free(filter->mem, filter->operands);
    quic_mem_free(filter->mem, filter->pool);
    quic_mem_free(filter->mem, filter);
  }
}
