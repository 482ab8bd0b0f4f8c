#include "tests/support/xmlvalid.h"

#include <ctype.h>
#include <string.h>

#include "base/text.h"

#define XML_DEPTH_MAX 64
#define XML_NAME_MAX 32

typedef struct xml {
  const char *p;
  char open[XML_DEPTH_MAX][XML_NAME_MAX];
  int depth;
} xml;

static void xml_space(xml *x) {
  while (*x->p == ' ' || *x->p == '\n') {
    x->p++;
  }
}

static bool xml_name(xml *x, char out[XML_NAME_MAX]) {
  size_t n = 0;

  if (!isalpha((unsigned char)*x->p)) {
    return false;
  }
  while ((isalnum((unsigned char)*x->p) || *x->p == '-' || *x->p == ':') &&
         n < XML_NAME_MAX - 1) {
    out[n++] = *x->p++;
  }
  out[n] = '\0';
  return true;
}

/* xml_text reads characters up to |end| or '<'. */
static bool xml_text(xml *x, char end) {
  static const char *const entities[] = {"&amp;", "&lt;", "&gt;", "&quot;"};

  while (*x->p && *x->p != '<' && *x->p != end) {
    uint32_t cp;
    size_t n = quic_text_utf8((const uint8_t *)x->p, strlen(x->p), &cp);

    if (*x->p == '&') {
      n = 0;
      for (int i = 0; i < 4; i++) {
        size_t len = strlen(entities[i]);

        n = strncmp(x->p, entities[i], len) == 0 ? len : n;
      }
    } else if (n && cp < ' ' && cp != '\n') {
      n = 0;
    }
    if (n == 0) {
      return false;
    }
    x->p += n;
  }
  return true;
}

static bool xml_attributes(xml *x) {
  char name[XML_NAME_MAX];

  for (xml_space(x); *x->p != '>' && *x->p != '/'; xml_space(x)) {
    if (!xml_name(x, name) || strncmp(x->p, "=\"", 2) != 0) {
      return false;
    }
    x->p += 2;
    if (!xml_text(x, '"') || *x->p++ != '"') {
      return false;
    }
  }
  return true;
}

/* xml_tag reads a tag behind its '<'. */
static bool xml_tag(xml *x) {
  bool closes = *x->p == '/';
  char name[XML_NAME_MAX];

  x->p += closes;
  if (!xml_name(x, name)) {
    return false;
  }
  if (closes) {
    return x->depth > 0 && strcmp(x->open[--x->depth], name) == 0 &&
           *x->p++ == '>';
  }
  if (!xml_attributes(x)) {
    return false;
  }
  if (*x->p == '/') {
    x->p++;
  } else if (x->depth == XML_DEPTH_MAX) {
    return false;
  } else {
    strcpy(x->open[x->depth++], name);
  }
  return *x->p++ == '>';
}

bool xmlvalid(const char *text) {
  xml x = {.p = text};

  do {
    if (*x.p++ != '<' || !xml_tag(&x) || (x.depth && !xml_text(&x, '<'))) {
      return false;
    }
  } while (x.depth);
  xml_space(&x);
  return *x.p == '\0';
}
