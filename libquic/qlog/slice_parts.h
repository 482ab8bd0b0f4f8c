#ifndef QUIC_QLOG_SLICE_PARTS_H
#define QUIC_QLOG_SLICE_PARTS_H

/* The slicer from inside: what slice.c, slice_text.c and slice_json.c share. */

#include "qlog/scan.h"
#include "qlog/slice.h"

#define QLOG_SLICE_LEVELS 4 /* file, traces, trace, events */
#define QLOG_SLICE_KEY 32   /* octets of a key that are looked at */
#define QLOG_SLICE_SIGN 64  /* how records begin */
#define QLOG_SLICE_BEGIN 256

/* Where in the file we are. */
typedef enum slice_mode {
  SLICE_BEGIN, /* white space, or a word of JavaScript */
  SLICE_TEXTS, /* stream of texts */
  /* one JSON text: */
  SLICE_KEYS,     /* in an object of ours, in front of a key */
  SLICE_KEY,      /* inside that key */
  SLICE_COLON,    /* behind it */
  SLICE_VALUE,    /* in front of its value */
  SLICE_SKIP,     /* inside a value that belongs to the head */
  SLICE_ELEMENTS, /* in an array of ours, in front of an element */
  SLICE_ELEMENT,  /* inside a value in "traces" that is no object */
  SLICE_RECORD,   /* inside an element of "events" */
  SLICE_RESYNC,   /* behind a broken one, looking for the next */
  SLICE_AFTER,    /* behind it all */
  SLICE_LOST      /* the head is broken: nothing can be found any more */
} slice_mode;

typedef enum slice_level {
  SLICE_FILE,
  SLICE_TRACES,
  SLICE_TRACE,
  SLICE_EVENTS
} slice_level;

typedef struct slice_buf {
  uint8_t *data;
  size_t len, cap, max;
  bool over; /* more than |max| came; |data| is what came before */
} slice_buf;

struct qlog_slicer {
  const quic_mem *mem;
  qlog_slice_fn *fn;
  void *user;
  slice_mode mode;
  qlog_layout layout;
  const char *problem;
  char problem_text[64];
  uint64_t offset; /* of the octets that are being fed */
  /* how the file begins */
  uint8_t magic[4];
  uint8_t nmagic;
  uint8_t begin[QLOG_SLICE_BEGIN];
  size_t nbegin;
  uint64_t begin_at;
  slice_buf record;   /* what came of the current one before these octets */
  uint64_t record_at; /* its offset */
  size_t longest;     /* octets of the longest good record */
  uint64_t good;      /* how many there were */
  size_t bad;         /* octet where the one at hand is bad; SIZE_MAX: good */
  slice_buf replay;   /* one that is read a second time */
  uint64_t replayed;  /* offset up to which nothing is read again */
  /* stream of texts */
  bool separated;
  bool lines;     /* each line is one */
  bool line_feed; /* what came ends with one */
  uint8_t before; /* the last octet of the record that is no white space */
  /* one JSON text */
  slice_buf head, trace;
  uint8_t levels[QLOG_SLICE_LEVELS];
  uint8_t nlevels;
  uint8_t events_levels[QLOG_SLICE_LEVELS]; /* when last in "events" */
  uint8_t events_nlevels;                   /* 0: never */
  bool events_element;                      /* |in_element| then */
  uint64_t head_at;
  uint64_t at; /* of the octet at hand */
  uint64_t loose;
  bool comma;      /* the last element has one behind it */
  bool in_element; /* of "traces" */
  bool told;       /* TRACE was, TRACE_END was not */
  bool decided;    /* events were found: it is one JSON text */
  qlog_scan scan;
  uint8_t key[QLOG_SLICE_KEY];
  uint8_t key_len; /* QLOG_SLICE_KEY: longer */
  bool key_escape;
  /* how to find the next record behind a broken one */
  uint8_t sign[QLOG_SLICE_SIGN];
  uint8_t nsign;
  uint8_t opener;  /* { or [, which records begin with; 0 = not known */
  uint8_t sign_at; /* octets of it that were seen */
  uint8_t row_at;  /* of the end of a row and the start of the next */
  bool line;       /* nothing but white space since a line feed */
  bool cut;
};

/* slice_keep appends to a buffer.  Returns 0 or QUIC_ERR_NOMEM. */
int slice_keep(qlog_slicer *s, slice_buf *buf, const uint8_t *from,
               const uint8_t *to) QUIC_MUST_USE;

void slice_clear(slice_buf *buf);

/* slice_emit hands out the record that ends with the octets from |from| to
   |to|, |chunk| being what is fed, unless it is nothing but white space. */
int slice_emit(qlog_slicer *s, qlog_slice_kind kind, quic_bytes chunk,
               const uint8_t *from, const uint8_t *to, bool last,
               const char *why) QUIC_MUST_USE;

/* slice_tell hands out a kind without octets. */
int slice_tell(qlog_slicer *s, qlog_slice_kind kind) QUIC_MUST_USE;

/* slice_refuse: this is no qlog but |what|. */
int slice_refuse(qlog_slicer *s, const char *what) QUIC_MUST_USE;

/* slice_texts takes octets of a stream of texts, all of them. */
int slice_texts(qlog_slicer *s, quic_bytes chunk,
                const uint8_t *p) QUIC_MUST_USE;

/* slice_json_start takes the brace at |at| that opens the first text. */
int slice_json_start(qlog_slicer *s, uint64_t at) QUIC_MUST_USE;

/* slice_json takes octets of one JSON text from |*p| on.  It stops before the
   end of |chunk| only where the mode is SLICE_TEXTS. */
int slice_json(qlog_slicer *s, quic_bytes chunk,
               const uint8_t **p) QUIC_MUST_USE;
int slice_json_finish(qlog_slicer *s) QUIC_MUST_USE;

/* slice_resume looks for the next record, and takes the levels to be those
   where "events" stood last. */
void slice_resume(qlog_slicer *s);

/* slice_again goes on with a record of which the |n| octets of the sign were
   seen, or none. */
int slice_again(qlog_slicer *s, uint8_t n) QUIC_MUST_USE;

/* slice_resync looks for the next record: an object that begins as others did,
   any when there is none to compare with, a row on a line of its own or behind
   the end of one. */
int slice_resync(qlog_slicer *s, const uint8_t **p) QUIC_MUST_USE;

/* slice_take hands out the record that ends with the octets from |start| to
   |p|, and looks for others in it when it is bad. */
int slice_take(qlog_slicer *s, quic_bytes chunk, const uint8_t *start,
               const uint8_t *p, bool last, const char *why) QUIC_MUST_USE;

#endif /* !defined(QUIC_QLOG_SLICE_PARTS_H) */
