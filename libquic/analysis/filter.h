#ifndef QUIC_ANALYSIS_FILTER_H
#define QUIC_ANALYSIS_FILTER_H

/* The filter language of quicdump and qlogview: small boolean expressions over
   named fields.

     conn == 0 && frame == connection_close
     type in (initial, handshake) or not decrypted
     stream == 4 and dir == client && len > 1200
     sni contains "example"

   Operators: == != < <= > >= (integers), ==, !=, contains (text), in (...),
   not in, not contains, && || ! and their words and or not, parentheses.  A
   field alone is true when it has a value that is not 0 or empty.  A field may
   have many values (frames of a packet): a comparison holds when it holds for
   one of them; != is the negation of ==.  Numbers are decimal or 0x
   hexadecimal, with k, M, G behind (powers of 1000); durations take ns us ms s
   and come out as nanoseconds (1.5ms), shares take % and come out as
   thousandths of a per cent (0.5%).  Texts are bare words or in quotes,
   where a backslash makes the next octet literal.  Names, symbols, words and
   texts are compared without regard to ASCII case.  A program gives the fields
   by table, with the symbols that stand for numbers. */

#include "base/bytes.h"
#include "base/err.h"
#include "base/mem.h"

#define QUIC_FILTER_LEN_MAX 4096 /* octets of an expression */
#define QUIC_FILTER_DEPTH_MAX 64 /* nested parentheses and nots */

typedef enum quic_filter_type {
  QUIC_FILTER_NUMBER, /* uint64_t */
  QUIC_FILTER_TEXT    /* bytes, compared without regard to ASCII case */
} quic_filter_type;

/* A symbol stands for a range of numbers: stream = 0x08 to 0x0f. */
typedef struct quic_filter_symbol {
  const char *name;
  uint64_t first;
  uint64_t last;
} quic_filter_symbol;

typedef struct quic_filter_field {
  const char *name;
  quic_filter_type type;
  const char *help; /* one line for --help-filter */
  int id;           /* the program's own */
  /* Returns symbol |i| of the field, or false past the end; NULL = none. */
  bool (*symbol)(size_t i, quic_filter_symbol *out);
} quic_filter_field;

/* What the evaluator calls back with for each value of a field. */
typedef struct quic_filter_visitor quic_filter_visitor;

/* quic_filter_number and quic_filter_text hand one value of the asked field to
   the evaluator. They return true when no further value is needed. */
bool quic_filter_number(quic_filter_visitor *v, uint64_t value);
bool quic_filter_text(quic_filter_visitor *v, quic_bytes value);

/* Gives every value of field |id| of |record| to |v|, by the two functions. */
typedef void quic_filter_values_fn(const void *record, int id,
                                   quic_filter_visitor *v);

typedef struct quic_filter quic_filter;

typedef struct quic_filter_error {
  size_t column;  /* 0-based octet in the expression */
  char text[160]; /* one clause, what was expected; printable */
} quic_filter_error;

/* quic_filter_new compiles |expr| over |fields| (|nfields| rows, which must
   outlive the filter).  Returns 0, QUIC_ERR_MALFORMED with |*error| filled,
   QUIC_ERR_LIMIT (too long or deep, also filled), or QUIC_ERR_NOMEM. */
int quic_filter_new(quic_filter **out, const quic_mem *mem, const char *expr,
                    const quic_filter_field *fields, size_t nfields,
                    quic_filter_error *error) QUIC_MUST_USE;
void quic_filter_del(quic_filter *filter);

/* quic_filter_match evaluates the filter on |record|. */
bool quic_filter_match(const quic_filter *filter, const void *record,
                       quic_filter_values_fn *values);

#endif /* !defined(QUIC_ANALYSIS_FILTER_H) */
