/* Broken rules of HTTP/3 and QPACK, each in a connection of its own, with the
   error that it calls for. */

#include <stdlib.h>

#include "tests/support/capgen_http.h"
#include "tests/support/capgen_scenarios.h"

#define RULES_STEPS 5

/* What one side sends on a stream.  |octets| are hexadecimal; brackets put the
   number of octets between them in front. */
typedef struct rules_step {
  char from; /* 'c', 's'; 0 ends the list */
  uint64_t stream;
  const char *octets;
  char end; /* 'f': and ends it, 'r': resets it, 's': asks the peer to stop */
} rules_step;

#define RULES_RAW_CLIENT 1 /* opens no streams before */
#define RULES_RAW_SERVER 2

typedef struct rules_row {
  const char *name; /* also the server name */
  unsigned raw;
  rules_step steps[RULES_STEPS];
  const char *note; /* the stream, and the error */
} rules_row;

/* :method GET, :scheme https, :path /, :authority a. */
#define GET "d1 d7 c1 50 01 61"
#define REQUEST "01[0000" GET "]"
#define RESPONSE "01[0000 d9]"          /* :status 200 */
#define LENGTH_5 "01[0000 d9 54 01 35]" /* and content-length 5 */
#define MAX_PUSH_ID_3 "0d[03]"
#define PROMISE(id) "05[" id "0000" GET "]"

static const rules_row rules[] = {
    /* control streams */
    {"missing-settings",
     RULES_RAW_SERVER,
     {{'s', 3, "00 07[00]", 0}},
     "3 H3_MISSING_SETTINGS"},
    {"second-settings", 0, {{'s', 3, "04[]", 0}}, "3 H3_FRAME_UNEXPECTED"},
    {"second-control",
     0,
     {{'s', 15, "00 04[]", 0}},
     "15 H3_STREAM_CREATION_ERROR"},
    {"second-encoder", 0, {{'c', 14, "02", 0}}, "14 H3_STREAM_CREATION_ERROR"},
    {"second-decoder", 0, {{'c', 14, "03", 0}}, "14 H3_STREAM_CREATION_ERROR"},
    {"closed-control", 0, {{'s', 3, "", 'f'}}, "3 H3_CLOSED_CRITICAL_STREAM"},
    {"reset-control", 0, {{'c', 2, "", 'r'}}, "2 H3_CLOSED_CRITICAL_STREAM"},
    {"stopped-control",
     0,
     {{'c', 3, NULL, 's'}},
     "3 H3_CLOSED_CRITICAL_STREAM"},
    {"closed-encoder", 0, {{'s', 7, "", 'f'}}, "7 H3_CLOSED_CRITICAL_STREAM"},
    {"closed-decoder", 0, {{'c', 10, "", 'f'}}, "10 H3_CLOSED_CRITICAL_STREAM"},
    /* settings */
    {"settings-http2",
     RULES_RAW_CLIENT,
     {{'c', 2, "00 04[02 00]", 0}},
     "2 H3_SETTINGS_ERROR"},
    {"settings-reserved",
     RULES_RAW_CLIENT,
     {{'c', 2, "00 04[00 07]", 0}},
     "2 H3_SETTINGS_ERROR"},
    {"settings-twice",
     RULES_RAW_CLIENT,
     {{'c', 2, "00 04[06 4400 06 4400]", 0}},
     "2 H3_SETTINGS_ERROR"},
    {"settings-connect",
     RULES_RAW_SERVER,
     {{'s', 3, "00 04[08 02]", 0}},
     "3 H3_SETTINGS_ERROR"},
    {"settings-datagram",
     RULES_RAW_SERVER,
     {{'s', 3, "00 04[33 05]", 0}},
     "3 H3_SETTINGS_ERROR"},
    {"settings-cut",
     RULES_RAW_SERVER,
     {{'s', 3, "00 04[01 40]", 0}},
     "3 H3_FRAME_ERROR"},
    /* frames in wrong places */
    {"data-on-control", 0, {{'c', 2, "00[6162]", 0}}, "2 H3_FRAME_UNEXPECTED"},
    {"headers-on-control", 0, {{'s', 3, RESPONSE, 0}}, "3 H3_FRAME_UNEXPECTED"},
    {"promise-on-control",
     0,
     {{'s', 3, PROMISE("00"), 0}},
     "3 H3_FRAME_UNEXPECTED"},
    {"settings-on-request",
     0,
     {{'c', 0, REQUEST "04[]", 'f'}},
     "0 H3_FRAME_UNEXPECTED"},
    {"goaway-on-request",
     0,
     {{'c', 0, REQUEST, 'f'}, {'s', 0, RESPONSE "07[04]", 'f'}},
     "0 H3_FRAME_UNEXPECTED"},
    {"cancel-on-request",
     0,
     {{'c', 0, REQUEST "03[00]", 'f'}},
     "0 H3_FRAME_UNEXPECTED"},
    {"max-push-on-request",
     0,
     {{'c', 0, REQUEST MAX_PUSH_ID_3, 'f'}},
     "0 H3_FRAME_UNEXPECTED"},
    {"priority-on-request",
     0,
     {{'c', 0, REQUEST "800f0700[00 753d31]", 'f'}},
     "0 H3_FRAME_UNEXPECTED"},
    {"max-push-of-server",
     0,
     {{'s', 3, MAX_PUSH_ID_3, 0}},
     "3 H3_FRAME_UNEXPECTED"},
    {"priority-of-server",
     0,
     {{'s', 3, "800f0700[00 753d31]", 0}},
     "3 H3_FRAME_UNEXPECTED"},
    {"origin-of-client",
     0,
     {{'c', 2, "0c[0003616263]", 0}},
     "2 H3_FRAME_UNEXPECTED"},
    {"promise-of-client",
     0,
     {{'c', 2, MAX_PUSH_ID_3, 0}, {'c', 0, REQUEST PROMISE("00"), 'f'}},
     "0 H3_FRAME_UNEXPECTED"},
    {"promise-on-push",
     0,
     {{'c', 2, MAX_PUSH_ID_3, 0},
      {'s', 15, "01 00" RESPONSE PROMISE("01"), 'f'}},
     "15 H3_FRAME_UNEXPECTED"},
    {"http2-priority",
     0,
     {{'c', 0, REQUEST "02[0000000010]", 'f'}},
     "0 H3_FRAME_UNEXPECTED"},
    {"http2-ping",
     0,
     {{'c', 2, "06[0011223344556677]", 0}},
     "2 H3_FRAME_UNEXPECTED"},
    {"http2-window", 0, {{'s', 3, "08[00000001]", 0}}, "3 H3_FRAME_UNEXPECTED"},
    {"http2-continuation",
     0,
     {{'c', 0, REQUEST "09[0000]", 'f'}},
     "0 H3_FRAME_UNEXPECTED"},
    /* messages */
    {"data-first",
     0,
     {{'c', 0, "00[6162]" REQUEST, 'f'}},
     "0 H3_FRAME_UNEXPECTED"},
    {"data-behind-trailers",
     0,
     {{'c', 0,
       REQUEST "01[0000 2161 0162]"
               "00[63]",
       'f'}},
     "0 H3_FRAME_UNEXPECTED"},
    {"headers-behind-trailers",
     0,
     {{'c', 0,
       REQUEST "01[0000 2161 0162]"
               "01[0000 2161 0162]",
       'f'}},
     "0 H3_FRAME_UNEXPECTED"},
    {"data-behind-interim",
     0,
     {{'c', 0, REQUEST, 'f'}, {'s', 0, "01[0000 d8] 00[61]" RESPONSE, 'f'}},
     "0 H3_FRAME_UNEXPECTED"},
    {"empty-request", 0, {{'c', 0, "", 'f'}}, "0 H3_REQUEST_INCOMPLETE"},
    {"empty-response",
     0,
     {{'c', 0, REQUEST, 'f'}, {'s', 0, "", 'f'}},
     "0 H3_MESSAGE_ERROR"},
    {"only-interim",
     0,
     {{'c', 0, REQUEST, 'f'}, {'s', 0, "01[0000 d8]", 'f'}},
     "0 H3_MESSAGE_ERROR"},
    {"frame-cut", 0, {{'c', 0, "01 10 0000 d1", 'f'}}, "0 H3_FRAME_ERROR"},
    {"frame-cut-in-data",
     0,
     {{'c', 0, REQUEST "00 44 00 61 62", 'f'}},
     "0 H3_FRAME_ERROR"},
    {"frame-cut-in-length",
     0,
     {{'c', 0, REQUEST "00 44", 'f'}},
     "0 H3_FRAME_ERROR"},
    {"goaway-short", 0, {{'s', 3, "07[]", 0}}, "3 H3_FRAME_ERROR"},
    {"goaway-long", 0, {{'s', 3, "07[00 00]", 0}}, "3 H3_FRAME_ERROR"},
    {"max-push-long", 0, {{'c', 2, "0d[03 03]", 0}}, "2 H3_FRAME_ERROR"},
    {"cancel-short", 0, {{'c', 2, "03[40]", 0}}, "2 H3_FRAME_ERROR"},
    {"promise-short",
     0,
     {{'c', 0, REQUEST, 'f'}, {'s', 0, "05[]" RESPONSE, 'f'}},
     "0 H3_FRAME_ERROR"},
    /* fields */
    {"upper-case",
     0,
     {{'c', 0, "01[0000" GET "23 466f6f 01 78]", 'f'}},
     "0 H3_MESSAGE_ERROR"},
    {"bad-name",
     0,
     {{'c', 0, "01[0000" GET "23 66206f 01 78]", 'f'}},
     "0 H3_MESSAGE_ERROR"},
    {"bad-value",
     0,
     {{'c', 0, "01[0000" GET "23 666f6f 03 610d62]", 'f'}},
     "0 H3_MESSAGE_ERROR"},
    {"connection-field",
     0,
     {{'c', 0, "01[0000" GET "27 00 75706772616465 01 78]", 'f'}},
     "0 H3_MESSAGE_ERROR"},
    {"te",
     0,
     {{'c', 0, "01[0000" GET "22 7465 04 677a6970]", 'f'}},
     "0 H3_MESSAGE_ERROR"},
    {"no-method",
     0,
     {{'c', 0, "01[0000 d7 c1 50 01 61]", 'f'}},
     "0 H3_MESSAGE_ERROR"},
    {"no-scheme",
     0,
     {{'c', 0, "01[0000 d1 c1 50 01 61]", 'f'}},
     "0 H3_MESSAGE_ERROR"},
    {"no-path",
     0,
     {{'c', 0, "01[0000 d1 d7 50 01 61]", 'f'}},
     "0 H3_MESSAGE_ERROR"},
    {"no-authority",
     0,
     {{'c', 0, "01[0000 d1 d7 c1]", 'f'}},
     "0 H3_MESSAGE_ERROR"},
    {"empty-path",
     0,
     {{'c', 0, "01[0000 d1 d7 51 00 50 01 61]", 'f'}},
     "0 H3_MESSAGE_ERROR"},
    {"empty-authority",
     0,
     {{'c', 0, "01[0000 d1 d7 c1 50 00]", 'f'}},
     "0 H3_MESSAGE_ERROR"},
    {"host-differs",
     0,
     {{'c', 0, "01[0000" GET "24 686f7374 01 62]", 'f'}},
     "0 H3_MESSAGE_ERROR"},
    {"method-twice",
     0,
     {{'c', 0, "01[0000 d1" GET "]", 'f'}},
     "0 H3_MESSAGE_ERROR"},
    {"pseudo-late",
     0,
     {{'c', 0, "01[0000 d1 d7 c1 2161 0162 50 01 61]", 'f'}},
     "0 H3_MESSAGE_ERROR"},
    {"pseudo-unknown",
     0,
     {{'c', 0, "01[0000" GET "22 3a78 01 79]", 'f'}},
     "0 H3_MESSAGE_ERROR"},
    {"status-in-request",
     0,
     {{'c', 0, "01[0000" GET "d9]", 'f'}},
     "0 H3_MESSAGE_ERROR"},
    {"pseudo-in-trailers",
     0,
     {{'c', 0, REQUEST "01[0000 d1]", 'f'}},
     "0 H3_MESSAGE_ERROR"},
    {"no-status",
     0,
     {{'c', 0, REQUEST, 'f'}, {'s', 0, "01[0000 2161 0162]", 'f'}},
     "0 H3_MESSAGE_ERROR"},
    {"bad-status",
     0,
     {{'c', 0, REQUEST, 'f'}, {'s', 0, "01[0000 5f 09 02 3230]", 'f'}},
     "0 H3_MESSAGE_ERROR"},
    {"connect-path",
     0,
     {{'c', 0, "01[0000 cf c1 50 01 61]", 0}},
     "0 H3_MESSAGE_ERROR"},
    {"protocol-of-get",
     0,
     {{'c', 0, "01[0000" GET "27 02 3a70726f746f636f6c 01 78]", 'f'}},
     "0 H3_MESSAGE_ERROR"},
    {"length-long",
     0,
     {{'c', 0, REQUEST, 'f'}, {'s', 0, LENGTH_5 "00[616263]", 'f'}},
     "0 H3_MESSAGE_ERROR"},
    {"length-short",
     0,
     {{'c', 0, REQUEST, 'f'}, {'s', 0, LENGTH_5 "00[616263646566]", 'f'}},
     "0 H3_MESSAGE_ERROR"},
    {"length-none",
     0,
     {{'c', 0, REQUEST, 'f'}, {'s', 0, "01[0000 d9 54 02 3578] 00[61]", 'f'}},
     "0 H3_MESSAGE_ERROR"},
    /* identifiers */
    {"goaway-grows", 0, {{'s', 3, "07[04] 07[08]", 0}}, "3 H3_ID_ERROR"},
    {"goaway-client-grows", 0, {{'c', 2, "07[01] 07[02]", 0}}, "2 H3_ID_ERROR"},
    {"goaway-no-request", 0, {{'s', 3, "07[06]", 0}}, "3 H3_ID_ERROR"},
    {"max-push-falls", 0, {{'c', 2, "0d[05] 0d[03]", 0}}, "2 H3_ID_ERROR"},
    {"priority-no-request",
     0,
     {{'c', 2, "800f0700[06 753d31]", 0}},
     "2 H3_ID_ERROR"},
    {"promise-not-allowed",
     0,
     {{'c', 0, REQUEST, 'f'}, {'s', 0, PROMISE("00") RESPONSE, 'f'}},
     "0 H3_ID_ERROR"},
    {"promise-too-many",
     0,
     {{'c', 2, MAX_PUSH_ID_3, 0},
      {'c', 0, REQUEST, 'f'},
      {'s', 0, PROMISE("04") RESPONSE, 'f'}},
     "0 H3_ID_ERROR"},
    {"push-not-allowed",
     0,
     {{'s', 15, "01 00" RESPONSE, 'f'}},
     "15 H3_ID_ERROR"},
    {"push-twice",
     0,
     {{'c', 2, MAX_PUSH_ID_3, 0},
      {'s', 15, "01 02" RESPONSE, 'f'},
      {'s', 19, "01 02" RESPONSE, 'f'}},
     "19 H3_ID_ERROR"},
    {"cancel-too-far",
     0,
     {{'c', 2, MAX_PUSH_ID_3 "03[04]", 0}},
     "2 H3_ID_ERROR"},
    {"push-of-client",
     0,
     {{'c', 14, "01 00" REQUEST, 'f'}},
     "14 H3_STREAM_CREATION_ERROR"},
    {"server-bidi", 0, {{'s', 1, REQUEST, 'f'}}, "1 H3_STREAM_CREATION_ERROR"},
    /* QPACK */
    {"qpack-static",
     0,
     {{'c', 0, "01[0000" GET "ff 24]", 'f'}},
     "0 QPACK_DECOMPRESSION_FAILED"},
    {"qpack-cut",
     0,
     {{'c', 0, "01[0000 d1 50 05 61]", 'f'}},
     "0 QPACK_DECOMPRESSION_FAILED"},
    {"qpack-huffman",
     0,
     {{'c', 0, "01[0000 d1 50 84 ffffffff]", 'f'}},
     "0 QPACK_DECOMPRESSION_FAILED"},
    {"qpack-insert-count",
     0,
     {{'c', 0, "01[ff a1 01 00 80]", 'f'}},
     "0 QPACK_DECOMPRESSION_FAILED"},
    {"qpack-base",
     0,
     {{'c', 6, "3f e1 1f 43 61 62 63 01 78", 0}, {'c', 0, "01[02 85 80]", 'f'}},
     "0 QPACK_DECOMPRESSION_FAILED"},
    {"qpack-capacity",
     0,
     {{'c', 6, "3f e2 1f", 0}},
     "6 QPACK_ENCODER_STREAM_ERROR"},
    {"qpack-duplicate",
     0,
     {{'c', 6, "3f e1 1f 05", 0}},
     "6 QPACK_ENCODER_STREAM_ERROR"},
    {"qpack-insert-static",
     0,
     {{'s', 7, "3f e1 1f ff 40 01 61", 0}},
     "7 QPACK_ENCODER_STREAM_ERROR"},
    {"qpack-entry-size",
     0,
     {{'s', 7, "3f 09 43 616263 06 787878787878", 0}},
     "7 QPACK_ENCODER_STREAM_ERROR"},
    {"qpack-increment",
     0,
     {{'s', 11, "00", 0}},
     "11 QPACK_DECODER_STREAM_ERROR"},
    {"qpack-integer",
     0,
     {{'s', 11, "ff ffffffffffffffffff7f", 0}},
     "11 QPACK_DECODER_STREAM_ERROR"},
};

static int rules_digit(char c) {
  return c >= '0' && c <= '9'   ? c - '0'
         : c >= 'a' && c <= 'f' ? c - 'a' + 10
                                : -1;
}

/* rules_octets appends what |text| says, until its end or a bracket, and
   returns where it stopped. */
static const char *rules_octets(capgen_buf *b, const char *text) {
  while (*text && *text != ']') {
    if (*text == ' ') {
      text++;
    } else if (*text == '[') {
      capgen_buf inside = {NULL, 0, 0};

      text = rules_octets(&inside, text + 1);
      if (*text++ != ']') {
        abort();
      }
      capgen_buf_varint(b, inside.len);
      capgen_buf_octets(b, inside.data, inside.len);
      capgen_buf_free(&inside);
    } else {
      int high = rules_digit(text[0]), low = rules_digit(text[1]);
      uint8_t octet = (uint8_t)(high << 4 | low);

      if (high < 0 || low < 0) {
        abort();
      }
      capgen_buf_octets(b, &octet, 1);
      text += 2;
    }
  }
  return text;
}

static void rules_take(capgen_http *h, const rules_step *step) {
  capgen_side side = step->from == 'c' ? CAPGEN_CLIENT : CAPGEN_SERVER;
  capgen_buf b = {NULL, 0, 0};

  if (step->end == 's') {
    capgen_http_stop(h, side, step->stream, 0x100);
    return;
  }
  rules_octets(&b, step->octets);
  if (b.len || step->end == 'f') {
    capgen_http_send(h, side, step->stream, &b, step->end == 'f');
  }
  if (step->end == 'r') {
    capgen_http_reset(h, side, step->stream, 0x102);
  }
  capgen_buf_free(&b);
}

static void rules_make(capgen *g, unsigned number, const rules_row *row) {
  capgen_options opt = capgen_defaults();
  capgen_http *h;

  opt.sni = row->name;
  opt.addr[CAPGEN_CLIENT].port = (uint16_t)(20000 + number);
  h = capgen_http_conn(g, &opt, NULL);
  if (!(row->raw & RULES_RAW_SERVER)) {
    capgen_http_open_side(h, CAPGEN_SERVER);
  }
  if (!(row->raw & RULES_RAW_CLIENT)) {
    capgen_http_open_side(h, CAPGEN_CLIENT);
  }
  for (const rules_step *step = row->steps;
       step < row->steps + RULES_STEPS && step->from; step++) {
    rules_take(h, step);
  }
  capgen_http_note(h, row->note);
  capgen_http_close(h, CAPGEN_CLIENT, 0x100, "");
  capgen_http_del(h);
}

static void make_rules(capgen *g, unsigned arg) {
  (void)arg;
  g->step = 137 * QUIC_MICROSECOND;
  for (unsigned i = 0; i < CAPGEN_COUNT(rules); i++) {
    rules_make(g, i, &rules[i]);
  }
  capgen_expect(g, "broken == 1 and class == application_close");
}

const capgen_scenario capgen_rules_scenarios[] = {
    {"rules", make_rules, 0, CAPGEN_SECRETS_FIRST, false},
    {NULL, NULL, 0, CAPGEN_SECRETS_FIRST, false},
};
