#ifndef QUIC_QLOG_READ_H
#define QUIC_QLOG_READ_H

/* The converter from inside: what convert.c and the files read_*.c share.

   The members of an object are taken as they come, in one pass, and kept as
   tokens by their key (qlog_object).  Then whoever knows what the object is
   asks for its members, under the names of any draft.  A key is a small number
   that stands for a name (read_key.c). */

#include "base/rangeset.h"
#include "qlog/convert.h"
#include "qlog/field.h"
#include "qlog/scratch.h"
#include "qlog/token_parts.h"
#include "wire/tparam.h"

#define QLOG_KEYS_MAX 512
#define QLOG_KEY_SLOTS 2048 /* a power of 2 */
#define QLOG_KEY_LEN 48     /* the longest name that is compared in any case */
#define QLOG_READ_FRAMES_MAX ((size_t)1 << 20) /* of one record */
#define QLOG_READ_RANGES_MAX ((size_t)1 << 22) /* of all ACKs of a record */

typedef uint16_t qlog_key; /* 0 = a name that nobody asks for */

enum {
  QLOG_KEY_NONE,
#define QLOG_KEY(id, name) QLOG_KEY_##id,
#include "qlog/key.def"
#undef QLOG_KEY
  QLOG_KEYS_NAMED
};

#define QLOG_KEY_ENDS 16 /* octets of a name that its ends hold */

typedef struct qlog_key_name {
  quic_bytes text;
  uint64_t head, tail;
} qlog_key_name;

#define QLOG_KEY_QUOTED 32 /* octets of a name that is guessed */

/* A name as JSON has it, with its quotation marks and the colon, in words that
   overlap. */
typedef struct qlog_key_quoted {
  uint64_t words[4]; /* the first two and the last two octets times 8 */
  uint64_t mask;     /* of the first and last, where all of it is in one */
  uint8_t len;       /* octets of the whole */
  uint8_t need;      /* octets that must be there, for the words */
  uint8_t second, third, last; /* where the words begin */
} qlog_key_quoted;

/* What a guess goes by where no key stands before: in front of the first of an
   object.  The data of an event begins by its type. */
enum {
  QLOG_KEYS_RAW = QLOG_KEYS_MAX,
  QLOG_KEYS_HEADER,
  QLOG_KEYS_LEAF,
  QLOG_KEYS_DATA,
  QLOG_KEYS_CONTEXTS = QLOG_KEYS_DATA + QLOG_EVENT_TYPES
};

/* Loggers write their members in the same order each time, so that the key
   behind a key is mostly the one that was there before: one comparison finds
   it, without looking for its end. */
typedef struct qlog_keys {
  qlog_key_name names[QLOG_KEYS_MAX];
  size_t len;
  bool full; /* a name did not fit: the tables have too many */
  qlog_key slots[QLOG_KEY_SLOTS];
  qlog_key_quoted quoted[QLOG_KEYS_MAX];
  qlog_key after[QLOG_KEYS_CONTEXTS]; /* the key last seen behind; a guess */
} qlog_keys;

/* qlog_key_is_quoted tells whether |q| stands at |p|. */
static inline bool qlog_key_is_quoted(const qlog_key_quoted *q,
                                      const uint8_t *p, const uint8_t *end) {
  uint64_t differ;

  if (end - p < q->need) {
    return false;
  }
  differ = (qlog_plain_word(p) & q->mask) ^ q->words[0];
  differ |= (qlog_plain_word(p + q->last) & q->mask) ^ q->words[3];
  if (q->len > 16) {
    differ |= qlog_plain_word(p + q->second) ^ q->words[1];
    differ |= qlog_plain_word(p + q->third) ^ q->words[2];
  }
  return differ == 0;
}

void qlog_keys_init(qlog_keys *keys);

/* qlog_keys_add returns the key of |name|, which stays borrowed, and makes it
   one. */
qlog_key qlog_keys_add(qlog_keys *keys, const char *name);

/* qlog_keys_find returns the key of |name| or 0. */
qlog_key qlog_keys_find(const qlog_keys *keys, quic_bytes name);

/* qlog_keys_find_any_case tries |name| in lower case as well; |*folded| tells
   that it had to. */
qlog_key qlog_keys_find_any_case(const qlog_keys *keys, quic_bytes name,
                                 bool *folded);

/* A member's value: what the token was, and its text; of an array or object the
   octets of the whole. */
typedef struct qlog_value {
  quic_bytes text;
  uint64_t digits; /* qlog_number, if |read| */
  uint8_t behind;
  bool read;     /* a number was read on the way */
  uint8_t token; /* qlog_token */
  bool escaped;
} qlog_value;

typedef struct qlog_object {
  uint64_t present[QLOG_KEYS_MAX / 64];
  qlog_value values[QLOG_KEYS_MAX];
} qlog_object;

static inline bool qlog_object_has(const qlog_object *o, qlog_key key) {
  return o->present[key / 64] >> (key % 64) & 1;
}

static inline const qlog_value *qlog_object_get(const qlog_object *o,
                                                qlog_key key) {
  return qlog_object_has(o, key) ? &o->values[key] : NULL;
}

static inline void qlog_object_clear(qlog_object *o) {
  memset(o->present, 0, sizeof(o->present));
}

#define QLOG_READ_NAMES 5

/* Names of one thing, the newest first; 0 closes. */
typedef struct qlog_read_names {
  qlog_key keys[QLOG_READ_NAMES];
} qlog_read_names;

typedef struct qlog_read_plain {
  const qlog_field *field; /* NULL closes a list */
  qlog_read_names names;
} qlog_read_plain;

typedef struct qlog_read_step {
  uint8_t op; /* see read_frame.c */
  qlog_read_names names;
} qlog_read_step;

typedef struct qlog_read_row {
  qlog_read_step steps[QUIC_FRAME_FIELDS_MAX];
  uint8_t extra;
} qlog_read_row;

#define QLOG_READ_ROWS 64    /* rows of the frame table, at most */
#define QLOG_READ_TPARAMS 96 /* transport parameters with names, at most */
#define QLOG_READ_PLAINS 512 /* plain fields of all events, at most */

typedef struct qlog_read_tparam {
  qlog_key key;
  const quic_tparam_info *info;
} qlog_read_tparam;

/* A name of an event; see alias.c. */
typedef struct qlog_read_event {
  qlog_event_type type;
  uint8_t spaces;   /* categories that it is in */
  bool old;         /* not the draft's name */
  uint8_t next;     /* of the same name; 0 = none */
  const char *hint; /* what the name says besides; NULL */
} qlog_read_event;

#define QLOG_READ_RECENT 16 /* names of events that are remembered */
#define QLOG_READ_RECENT_LEN 64

/* What the name of an event was found to be; told apart by their length. */
typedef struct qlog_read_recent {
  const qlog_read_event *event; /* NULL: no draft has it */
  uint8_t len, space_len;
  bool folded, old; /* repairs */
  uint8_t text[QLOG_READ_RECENT_LEN];
} qlog_read_recent;

#define QLOG_READ_EVENTS 192 /* names of events, at most */

/* What a converter knows from its beginning on. */
typedef struct qlog_read_tables {
  qlog_keys keys;
  uint8_t frames[QLOG_KEYS_MAX];   /* row of the frame table + 1 */
  uint8_t packets[QLOG_KEYS_MAX];  /* read_packet.c: quic_packet_type + 1 */
  uint8_t spaces[QLOG_KEYS_MAX];   /* alias.c: category */
  uint8_t event_of[QLOG_KEYS_MAX]; /* index in |events|; 0 = none */
  qlog_read_event events[QLOG_READ_EVENTS];
  size_t nevents;
  qlog_read_plain plains[QLOG_READ_PLAINS];
  size_t nplains;
  uint16_t plain_of[QLOG_EVENT_TYPES];
  /* keys of the plain fields of an event, as qlog_object.present */
  uint64_t plain_keys[QLOG_EVENT_TYPES][QLOG_KEYS_MAX / 64];
  qlog_read_row rows[QLOG_READ_ROWS];
  qlog_read_tparam tparams[QLOG_READ_TPARAMS];
  size_t ntparams;
} qlog_read_tables;

/* Each fills its part. */
void qlog_read_init_events(qlog_read_tables *tables);
void qlog_read_init_plains(qlog_read_tables *tables);
void qlog_read_init_frames(qlog_read_tables *tables);
void qlog_read_init_packets(qlog_read_tables *tables);
void qlog_read_init_tparams(qlog_read_tables *tables);
void qlog_read_init_settings(qlog_read_tables *tables);

struct qlog_convert {
  const quic_mem *mem;
  qlog_read_tables tables;
  const qlog_convert_in *in;
  uint64_t *repairs;              /* the trace's, or ... */
  uint64_t unheard[QLOG_REPAIRS]; /* where nobody wants to know */
  const char *hint;               /* of qlog_read_event */
  qlog_event_type type;           /* of the event */
  qlog_read_recent recent[QLOG_READ_RECENT];
  bool microseconds;
  bool rows;
  bool ack_raw; /* ack_delay as on the wire */
  bool http3;   /* an error had a name of HTTP/3 */
  qlog_scratch scratch;
  qlog_object top, frame, item; /* data; frames[i]; elements of other lists */
  quic_frame *frames;
  size_t nframes, frames_cap;
  bool lent;          /* an event points to |frames| */
  quic_range *ranges; /* of the ACK that is being read; |end| inclusive */
  size_t nranges, ranges_cap;
  size_t ranges_left; /* of QLOG_READ_RANGES_MAX */
  quic_h3_frame *h3;
};

/* --- alias.c ---------------------------------------------------------------
 */

/* qlog_read_event_find returns the row of an event, NULL when no draft has it;
   repairs are counted. */
const qlog_read_event *qlog_read_event_find(qlog_convert *c,
                                            const qlog_convert_in *in);

/* --- objects ---------------------------------------------------------------
 */

/* qlog_read_data takes the members of |json| into |c->top|, and its frames into
   |c->frames|.  Returns 0 or QUIC_ERR_MALFORMED. */
int qlog_read_data(qlog_convert *c, quic_bytes json, qlog_convert_error *error);

/* qlog_read_span takes the members of an object that is a member itself into
   |o|.  Returns false when |v| is no object; NULL is none. */
bool qlog_read_span(qlog_convert *c, const qlog_value *v, qlog_object *o);

/* qlog_read_list begins to walk an array that is a member, and
   qlog_read_list_next takes the next value of it, as the value of a member.
   Return false when |v| is no array, and at its end. */
bool qlog_read_list(qlog_convert *c, const qlog_value *v, qlog_tokens *t);
bool qlog_read_list_next(qlog_tokens *t, qlog_value *v);

/* qlog_read_list_next_object is the same for an array of objects, the members
   of which are taken into |c->item|; others are passed over. */
bool qlog_read_list_next_object(qlog_convert *c, qlog_tokens *t);

/* qlog_read_ranges takes an array of ACK ranges whose bracket was just
   returned into |c->ranges|.  False on an error of |t|. */
bool qlog_read_ranges(qlog_convert *c, qlog_tokens *t);

/* qlog_read_ack makes the fields of an ACK frame out of |c->ranges|.  Returns
   false when there are none. */
bool qlog_read_ack(qlog_convert *c, quic_frame *f);

/* --- values ----------------------------------------------------------------
   Absent values (and null) leave |*out| as it is and return false; those of the
   wrong kind as well, and are counted. */

static inline void qlog_read_repair(qlog_convert *c, qlog_repair repair) {
  c->repairs[repair]++;
}

static inline void qlog_read_bad(qlog_convert *c) {
  qlog_read_repair(c, QLOG_REPAIR_BAD_VALUE);
}

/* qlog_read_first returns the member of |o| that is there under the first of
   |names|; under another than the newest that is counted. */
const qlog_value *qlog_read_first_old(qlog_convert *c, const qlog_object *o,
                                      const qlog_read_names *names);

static inline const qlog_value *qlog_read_first(qlog_convert *c,
                                                const qlog_object *o,
                                                const qlog_read_names *names) {
  const qlog_key newest = names->keys[0];

  if (qlog_object_has(o, newest)) {
    return &o->values[newest];
  }
  return names->keys[1] ? qlog_read_first_old(c, o, names) : NULL;
}

/* qlog_value_u64_other reads what was not read on the way. */
bool qlog_value_u64_other(qlog_convert *c, const qlog_value *v, uint64_t *out);

static inline bool qlog_value_u64(qlog_convert *c, const qlog_value *v,
                                  uint64_t *out) {
  if (!v) {
    return false;
  }
  if (v->read && v->behind == 0) {
    *out = v->digits;
    return true;
  }
  return qlog_value_u64_other(c, v, out);
}

bool qlog_value_thousandths(qlog_convert *c, const qlog_value *v,
                            uint64_t *out);
bool qlog_value_duration(qlog_convert *c, const qlog_value *v, uint64_t *out);
bool qlog_value_flag(qlog_convert *c, const qlog_value *v, int *out);

/* qlog_value_name finds a text among |names|, whatever its letter case. */
bool qlog_value_name(qlog_convert *c, const qlog_value *v,
                     const qlog_names *names, int *out);

/* Texts are copied; qlog_value_str terminates with NUL. */
bool qlog_value_text(qlog_convert *c, const qlog_value *v, quic_bytes *out);
bool qlog_value_str(qlog_convert *c, const qlog_value *v, const char **out);

/* qlog_value_hex also takes digits behind "0x" and between colons. */
bool qlog_value_hex(qlog_convert *c, const qlog_value *v, quic_bytes *out);

/* qlog_value_token takes octets as hexadecimals, {data} or {raw: {data}};
   |*length| gets their number if told (may be NULL). */
bool qlog_value_token(qlog_convert *c, const qlog_value *v, quic_bytes *out,
                      uint64_t *length);

/* qlog_value_version takes hexadecimals or an integer. */
bool qlog_value_version(qlog_convert *c, const qlog_value *v, uint32_t *out);
bool qlog_value_versions(qlog_convert *c, const qlog_value *v, quic_bytes *out);

/* qlog_value_numbers takes an array of integers. */
bool qlog_value_numbers(qlog_convert *c, const qlog_value *v,
                        const uint64_t **out, size_t *n);

/* qlog_value_details takes an object of texts; other values are told as they
   stand in the log. */
bool qlog_value_details(qlog_convert *c, const qlog_value *v,
                        const quic_field **out, size_t *n);

/* qlog_value_addr takes an address out of the texts of its parts; |port| may be
   NULL. */
bool qlog_value_addr(qlog_convert *c, const qlog_value *ip,
                     const qlog_value *port, const quic_addr **out);

/* qlog_value_is: a text without escapes that is |name| in any case. */
bool qlog_value_is(const qlog_value *v, const char *name);

/* qlog_read_hex decodes |text|, which has an even number of hexadecimals.
   Returns false when it has anything else. */
bool qlog_read_hex(quic_bytes text, uint8_t *out);

/* --- errors ----------------------------------------------------------------
   read_error.c: from names to codes. */

typedef enum qlog_error_space {
  QLOG_ERROR_TRANSPORT,
  QLOG_ERROR_APPLICATION
} qlog_error_space;

/* qlog_read_error finds the code of |v|, a number or a name; |*http3| is set
   when the name is one of HTTP/3's.  Nothing is counted. */
bool qlog_read_error(const qlog_value *v, qlog_error_space space,
                     uint64_t *code, bool *http3);

/* qlog_read_error_code finds a code told as a number beside the name. */
bool qlog_read_error_code(const qlog_object *o, uint64_t *code);

/* --- frames ----------------------------------------------------------------
 */

/* qlog_read_frame makes a frame of |c->frame| and puts it behind
   |c->frames|. */
void qlog_read_frame(qlog_convert *c);

#define QLOG_READ_FRAMES_FEW 32 /* frames of a record that are copied */

/* qlog_read_frames returns the frames so far, to be kept with the event; NULL
   without memory. */
const quic_frame *qlog_read_frames(qlog_convert *c);

/* qlog_read_frame_type returns the type that a frame of that name has, without
   flags; QLOG_NONE when there is none. */
uint64_t qlog_read_frame_type(qlog_convert *c, const qlog_value *v);

/* --- events ----------------------------------------------------------------
 */

/* qlog_read_plains reads the plain fields of |e|. */
void qlog_read_plains(qlog_convert *c, qlog_event *e);

/* qlog_read_endpoint reads |v|, NULL when there is none. */
void qlog_read_endpoint(qlog_convert *c, const qlog_value *v,
                        qlog_endpoint *out);

/* What plain fields leave, out of |c->top|. */
typedef void qlog_read_rest(qlog_convert *c, qlog_event *e);

qlog_read_rest qlog_read_packet, qlog_read_closed, qlog_read_parameters,
    qlog_read_datagrams, qlog_read_frame_list, qlog_read_acked,
    qlog_read_started, qlog_read_cid, qlog_read_metrics, qlog_read_timer,
    qlog_read_h3_stream, qlog_read_h3_frame, qlog_read_h3_settings,
    qlog_read_capsule, qlog_read_simulation;

#endif /* !defined(QUIC_QLOG_READ_H) */
