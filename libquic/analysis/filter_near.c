#include "analysis/filter_parts.h"

#define NEAR_MAX 32 /* longer words get no suggestion */

static size_t filter_least(size_t a, size_t b) {
  return a < b ? a : b;
}

/* filter_distance counts the edits from |word| to |name|: octets put in, left
   out, changed, or two neighbours swapped. */
static size_t filter_distance(quic_bytes word, const char *name) {
  size_t rows[3][NEAR_MAX + 1];
  size_t n = strlen(name);

  if (word.len > NEAR_MAX || n > NEAR_MAX) {
    return SIZE_MAX;
  }
  for (size_t i = 0; i <= word.len; i++) {
    size_t *row = rows[i % 3];
    const size_t *above = rows[(i + 2) % 3];
    const size_t *above2 = rows[(i + 1) % 3];

    row[0] = i;
    for (size_t j = 1; j <= n; j++) {
      uint8_t b = filter_lower((uint8_t)name[j - 1]);
      uint8_t a = i ? filter_lower(word.data[i - 1]) : 0;

      row[j] = row[j - 1] + 1;
      if (i) {
        row[j] = filter_least(row[j], above[j] + 1);
        row[j] = filter_least(row[j], above[j - 1] + (a == b ? 0 : 1));
      }
      if (i > 1 && j > 1 && a == filter_lower((uint8_t)name[j - 2]) &&
          b == filter_lower(word.data[i - 2])) {
        row[j] = filter_least(row[j], above2[j - 2] + 1);
      }
    }
  }
  return rows[word.len % 3][n];
}

/* filter_nearer keeps in |*best| the name that is fewest edits away, and no
   name that shares too little. */
static void filter_nearer(quic_bytes word, const char *name, const char **best,
                          size_t *least) {
  size_t d = filter_distance(word, name);

  if (d < *least && d <= (word.len + 2) / 3) {
    *least = d;
    *best = name;
  }
}

const char *quic_filter_near_field(const quic_filter_field *fields,
                                   size_t nfields, quic_bytes word) {
  const char *best = NULL;
  size_t least = SIZE_MAX;

  for (size_t i = 0; i < nfields; i++) {
    filter_nearer(word, fields[i].name, &best, &least);
  }
  return best;
}

/* The name is read from a symbol that the callee may rebuild, but its string is
   constant. */
const char *quic_filter_near_symbol(const quic_filter_field *field,
                                    quic_bytes word) {
  quic_filter_symbol sym;
  const char *best = NULL;
  size_t least = SIZE_MAX;

  for (size_t i = 0; field->symbol && field->symbol(i, &sym); i++) {
    filter_nearer(word, sym.name, &best, &least);
  }
  return best;
}
