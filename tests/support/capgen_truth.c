#include "tests/support/capgen_truth.h"

#include <stdarg.h>
#include <stdlib.h>

#include "base/text.h"
#include "crypto/suite.h"
#include "wire/varint.h"

#define TRUTH_SAMPLE                                                           \
  20 /* octets from the packet number to the sample's end                      \
      */

void *capgen_grow(void *items, size_t *cap, size_t need, size_t size) {
  size_t n = *cap ? *cap : 16;
  void *grown = items;

  while (n < need) {
    n *= 2;
  }
  if (n != *cap) {
    grown = realloc(items, n * size);
    *cap = n;
  }
  if (!grown) {
    fputs("capgen: out of memory\n", stderr);
    abort();
  }
  return grown;
}

void capgen_datagram_clear(capgen_datagram *dg) {
  dg->len = dg->npackets = dg->nmarks = dg->text_len = 0;
  dg->ecn = 0;
}

void capgen_datagram_del(capgen_datagram *dg) {
  if (dg) {
    free(dg->data);
    free(dg->packets);
    free(dg->marks);
    free(dg->text);
    free(dg);
  }
}

/* The text of a frame. */

static void truth_add(capgen_datagram *dg, const char *fmt, ...)
    QUIC_PRINTF(2, 3);

static void truth_add(capgen_datagram *dg, const char *fmt, ...) {
  char piece[4096];
  va_list ap;
  int n;

  va_start(ap, fmt);
  n = vsnprintf(piece, sizeof(piece), fmt, ap);
  va_end(ap);
  if (n < 0 || (size_t)n >= sizeof(piece)) {
    abort();
  }
  dg->text =
      capgen_grow(dg->text, &dg->text_cap, dg->text_len + (size_t)n + 1, 1);
  memcpy(dg->text + dg->text_len, piece, (size_t)n + 1);
  dg->text_len += (size_t)n;
}

static void truth_u64(capgen_datagram *dg, const char *key, uint64_t v) {
  truth_add(dg, " %s=%llu", key, (unsigned long long)v);
}

static void truth_octets(capgen_datagram *dg, const char *key, quic_bytes b) {
  truth_add(dg, " %s=", key);
  for (size_t i = 0; i < b.len; i++) {
    truth_add(dg, "%s%02x", i ? ":" : "", b.data[i]);
  }
}

static void truth_phrase(capgen_datagram *dg, const char *key, quic_bytes b) {
  char buf[4096];
  quic_text t;

  quic_text_init(&t, buf, sizeof(buf));
  quic_text_untrusted(&t, b, 0);
  truth_add(dg, " %s=%s", key, quic_text_cstr(&t));
}

/* truth_ranges prints the gaps, or the lengths behind them. */
static void truth_ranges(capgen_datagram *dg, const char *key,
                         const quic_frame *f, bool lengths) {
  quic_reader rd;

  quic_reader_init(&rd, f->u.ack.ranges.data, f->u.ack.ranges.len);
  for (uint64_t i = 0; i < f->u.ack.range_count; i++) {
    uint64_t gap = quic_reader_varint(&rd);
    uint64_t len = quic_reader_varint(&rd);

    truth_add(dg, "%s%s%s%llu", i ? "" : " ", i ? "," : key, i ? "" : "=",
              (unsigned long long)(lengths ? len : gap));
  }
}

static void truth_ack(capgen_datagram *dg, const quic_frame *f,
                      const char *const keys[6]) {
  truth_u64(dg, keys[0], f->u.ack.largest);
  truth_u64(dg, keys[1], f->u.ack.delay);
  if (keys[5]) {
    truth_u64(dg, keys[5], f->u.ack.range_count);
  }
  truth_u64(dg, keys[2], f->u.ack.first_range);
  truth_ranges(dg, "ack.gap", f, false);
  truth_ranges(dg, "ack.ack_range", f, true);
  if (f->type & 1) {
    truth_u64(dg, keys[3], f->u.ack.ect0);
    truth_u64(dg, keys[4], f->u.ack.ect1);
    truth_u64(dg,
              f->type == QUIC_FRAME_ACK_ECN ? "ack.ecn_ce_count"
                                            : "path_ack.ecn_ce_count",
              f->u.ack.ce);
  }
}

static const char *const truth_ack_keys[6] = {
    "ack.largest_acknowledged", "ack.ack_delay",  "ack.first_ack_range",
    "ack.ect0_count",           "ack.ect1_count", NULL};
static const char *const truth_path_ack_keys[6] = {
    "path_ack.largest_acknowledged", "path_ack.ack_delay",
    "path_ack.first_ack_range",      "path_ack.ect0_count",
    "path_ack.ect1_count",           "path_ack.ack_range_count"};

/* The frames of RFC 9000, in tshark's words. */
static void truth_core(capgen_datagram *dg, const quic_frame *f) {
  switch (f->type) {
  case 0x00:
    break; /* depends on where it is cut */
  case 0x02:
  case 0x03:
    truth_ack(dg, f, truth_ack_keys);
    break;
  case 0x04:
    truth_u64(dg, "rsts.stream_id", f->u.reset_stream.stream_id);
    truth_u64(dg, "rsts.application_error_code", f->u.reset_stream.error_code);
    truth_u64(dg, "rsts.final_size", f->u.reset_stream.final_size);
    break;
  case 0x05:
    truth_u64(dg, "ss.stream_id", f->u.stop_sending.stream_id);
    truth_u64(dg, "ss.application_error_code", f->u.stop_sending.error_code);
    break;
  case 0x06:
    truth_u64(dg, "crypto.offset", f->u.crypto.offset);
    truth_u64(dg, "crypto.length", f->u.crypto.data.len);
    break;
  case 0x07:
    truth_u64(dg, "nt.length", f->u.new_token.token.len);
    break;
  case 0x10:
    truth_u64(dg, "md.maximum_data", f->u.limit.limit);
    break;
  case 0x11:
    truth_u64(dg, "msd.stream_id", f->u.limit.stream_id);
    truth_u64(dg, "msd.maximum_stream_data", f->u.limit.limit);
    break;
  case 0x12:
  case 0x13:
    truth_u64(dg, "ms.max_streams", f->u.limit.limit);
    break;
  case 0x18:
    truth_u64(dg, "nci.sequence", f->u.new_cid.sequence);
    truth_u64(dg, "nci.retire_prior_to", f->u.new_cid.retire_prior_to);
    truth_octets(dg, "nci.connection_id", f->u.new_cid.cid);
    break;
  case 0x19:
    truth_u64(dg, "rci.sequence", f->u.retire_cid.sequence);
    break;
  case 0x1a:
    truth_octets(dg, "path_challenge.data", f->u.path_challenge.data);
    break;
  case 0x1b:
    truth_octets(dg, "path_response.data", f->u.path_challenge.data);
    break;
  case 0x1c:
    truth_u64(dg, "cc.error_code", f->u.close.error_code);
    truth_u64(dg, "cc.frame_type", f->u.close.frame_type);
    truth_phrase(dg, "cc.reason_phrase", f->u.close.reason);
    break;
  case 0x1d:
    truth_u64(dg, "cc.error_code.app", f->u.close.error_code);
    truth_phrase(dg, "cc.reason_phrase", f->u.close.reason);
    break;
  case 0x31:
    truth_u64(dg, "dg.length", f->u.datagram.data.len);
    break;
  default:
    if (f->type >= 0x08 && f->type <= 0x0f) {
      truth_u64(dg, "stream.stream_id", f->u.stream.stream_id);
      if (f->type & 0x04) {
        truth_u64(dg, "stream.offset", f->u.stream.offset);
      }
      if (f->type & 0x02) {
        truth_u64(dg, "stream.length", f->u.stream.data.len);
      }
    }
    break;
  }
}

static void truth_path_new_cid(capgen_datagram *dg, const quic_frame *f) {
  const char *p = "path_new_connection_id";

  truth_add(dg,
            " %s.path_identifier=%llu %s.sequence_number=%llu"
            " %s.retire_prior_to=%llu",
            p, (unsigned long long)f->u.new_cid.path_id, p,
            (unsigned long long)f->u.new_cid.sequence, p,
            (unsigned long long)f->u.new_cid.retire_prior_to);
  truth_octets(dg, "path_new_connection_id.connection_id", f->u.new_cid.cid);
  truth_octets(dg, "path_new_connection_id.stateless_reset_token",
               f->u.new_cid.reset_token);
}

/* The frames that came later, in the words of their documents.  |type| is the
   number that the draft's one stands for. */
static void truth_later(capgen_datagram *dg, const quic_frame *f,
                        uint64_t type) {
  switch (type) {
  case 0x24:
    truth_u64(dg, "reset_stream_at.stream_id", f->u.reset_stream.stream_id);
    truth_u64(dg, "reset_stream_at.application_protocol_error_code",
              f->u.reset_stream.error_code);
    truth_u64(dg, "reset_stream_at.final_size", f->u.reset_stream.final_size);
    truth_u64(dg, "reset_stream_at.reliable_size",
              f->u.reset_stream.reliable_size);
    break;
  case 0x3e:
  case 0x3f:
    truth_u64(dg, "path_ack.path_identifier", f->u.ack.path_id);
    truth_ack(dg, f, truth_path_ack_keys);
    break;
  case 0x3e75:
    truth_u64(dg, "path_abandon.path_identifier", f->u.path.path_id);
    truth_u64(dg, "path_abandon.error_code", f->u.path.value);
    break;
  case 0x3e76:
    truth_u64(dg, "path_status_backup.path_identifier", f->u.path.path_id);
    truth_u64(dg, "path_status_backup.path_status_sequence_number",
              f->u.path.value);
    break;
  case 0x3e77:
    truth_u64(dg, "path_status_available.path_identifier", f->u.path.path_id);
    truth_u64(dg, "path_status_available.path_status_sequence_number",
              f->u.path.value);
    break;
  case 0x3e78:
    truth_path_new_cid(dg, f);
    break;
  case 0x3e79:
    truth_u64(dg, "path_retire_connection_id.path_identifier",
              f->u.retire_cid.path_id);
    truth_u64(dg, "path_retire_connection_id.sequence_number",
              f->u.retire_cid.sequence);
    break;
  case 0x3e7a:
    truth_u64(dg, "max_path_id.maximum_path_identifier", f->u.limit.limit);
    break;
  case 0x3e7b:
    truth_u64(dg, "paths_blocked.maximum_path_identifier", f->u.limit.limit);
    break;
  case 0x3e7c:
    truth_u64(dg, "path_cids_blocked.path_identifier", f->u.retire_cid.path_id);
    truth_u64(dg, "path_cids_blocked.next_sequence_number",
              f->u.retire_cid.sequence);
    break;
  default:
    break;
  }
}

/* truth_final maps the multipath drafts' numbers to the final ones. */
static uint64_t truth_final(uint64_t type) {
  static const uint16_t finals[16] = {
      0x3e,   0x3f,   0,      0, 0,      0x3e75, 0,      0x3e76,
      0x3e77, 0x3e78, 0x3e79, 0, 0x3e7a, 0x3e7b, 0x3e7c, 0};

  return (type & ~UINT64_C(0xf)) == 0x15228c00 ? finals[type & 0xf] : type;
}

/* truth_data: how many octets at the end of |f| may be cut. */
static size_t truth_data(const quic_frame *f) {
  switch (f->type) {
  case QUIC_FRAME_CRYPTO:
    return f->u.crypto.data.len;
  case QUIC_FRAME_NEW_TOKEN:
    return f->u.new_token.token.len;
  case QUIC_FRAME_CONNECTION_CLOSE:
  case QUIC_FRAME_CONNECTION_CLOSE_APP:
    return f->u.close.reason.len;
  case QUIC_FRAME_DATAGRAM:
  case QUIC_FRAME_DATAGRAM + 1:
    return f->u.datagram.data.len;
  default:
    return f->type >= 0x08 && f->type <= 0x0f ? f->u.stream.data.len : 0;
  }
}

void capgen_truth_frame(capgen_datagram *dg, const quic_frame *f, size_t start,
                        size_t len) {
  capgen_mark *mark;

  dg->marks = capgen_grow(dg->marks, &dg->marks_cap, dg->nmarks + 1,
                          sizeof(*dg->marks));
  mark = &dg->marks[dg->nmarks++];
  mark->start = start;
  mark->head = len - truth_data(f);
  mark->len = len;
  mark->zeros = f->type == QUIC_FRAME_PADDING;
  mark->text = dg->text_len;
  truth_add(dg, "0x%llx", (unsigned long long)f->type);
  truth_core(dg, f);
  truth_later(dg, f, truth_final(f->type));
  dg->text_len++; /* keeps the NUL */
}

/* Lines. */

static void truth_frames(FILE *out, const capgen_datagram *dg,
                         const capgen_truth *tp, uint64_t record, unsigned at,
                         size_t captured) {
  unsigned n = 0;

  for (size_t i = 0; i < tp->nmarks; i++) {
    const capgen_mark *mark = &dg->marks[tp->first_mark + i];
    size_t left = captured > mark->start ? captured - mark->start : 0;

    if (left == 0 || (!mark->zeros && left < mark->head)) {
      return;
    }
    fprintf(out, "F %llu %u %u %s", (unsigned long long)record, at, n++,
            dg->text + mark->text);
    if (mark->zeros) {
      fprintf(out, " padding_length=%zu", left < mark->len ? left : mark->len);
    }
    fputc('\n', out);
  }
}

static const char *truth_type(const capgen_truth *tp) {
  static const char *const names[QUIC_PACKET_TYPES] = {
      "initial", "0rtt", "handshake", "retry", "1rtt", "vn", "?"};

  return names[tp->type];
}

static void truth_packet(FILE *out, const capgen_truth *tp, uint64_t record,
                         unsigned at, bool opened) {
  fprintf(out, "P %llu %u ", (unsigned long long)record, at);
  if (tp->state == CAPGEN_PADDING) {
    fputs("? - - - - None\n", out);
    return;
  }
  fputs(truth_type(tp), out);
  if (tp->is_long) {
    fprintf(out, " 0x%08x ", (unsigned)tp->version);
  } else {
    fputs(" - ", out);
  }
  for (size_t i = 0; i < tp->dcid_len; i++) {
    fprintf(out, "%02x", tp->dcid[i]);
  }
  if (tp->dcid_len == 0) {
    fputc('-', out);
  }
  if (opened) {
    fprintf(out, " %llu %c", (unsigned long long)tp->pn,
            tp->type != QUIC_PACKET_1RTT ? '-'
            : tp->key_phase              ? '1'
                                         : '0');
  } else {
    fputs(" - -", out);
  }
  fprintf(out, " %zu\n", tp->len);
}

/* truth_outcome says what becomes of |tp| when |have| octets of it are there;
   |*reason| why it is closed. */
static const char *truth_outcome(const capgen_truth *tp, size_t have,
                                 const char **reason) {
  static const char *const names[] = {"open", "closed", "clear", "reset",
                                      "padding"};
  bool cut = have < tp->len;

  *reason = tp->state == CAPGEN_RESET     ? "reset_token"
            : tp->state == CAPGEN_PADDING ? "padding"
                                          : tp->reason;
  if (cut && tp->state == CAPGEN_OPEN) {
    if (have >= tp->pn_offset + TRUTH_SAMPLE && have > tp->payload) {
      return "unauthenticated";
    }
    *reason = "truncated";
    return "closed";
  }
  return names[tp->state];
}

/* truth_deep writes the line for tests.  Of a packet without a hello the side
   is a guess, which is not told. */
static void truth_deep(FILE *out, const capgen_datagram *dg,
                       const capgen_truth *tp, const char *state,
                       const char *reason, const char *notes) {
  const char *own = tp->notes ? tp->notes : dg->text + tp->notes_at;
  bool opened = state[0] == 'o' || state[0] == 'u';

  fprintf(out, "conn=%d %s %s reason=%s generation=%u path=%u notes=%s%s%s\n",
          tp->conn,
          strcmp(reason, "no_hello") == 0 ? "-"
          : tp->side == CAPGEN_CLIENT     ? "client"
                                          : "server",
          state, reason, (unsigned)(opened ? tp->generation : 0),
          (unsigned)tp->path_id, notes, *notes && *own ? "," : "", own);
}

void capgen_truth_write(FILE *out, const capgen_datagram *dg, uint64_t record,
                        size_t captured, const char *notes) {
  for (size_t i = 0; i < dg->npackets; i++) {
    const capgen_truth *tp = &dg->packets[i];
    size_t have, payload;
    const char *reason, *state;
    bool opened;

    if (tp->start >= captured || tp->state == CAPGEN_NOTHING) {
      return;
    }
    have = captured - tp->start < tp->len ? captured - tp->start : tp->len;
    state = truth_outcome(tp, have, &reason);
    opened = state[0] == 'o' || state[0] == 'u';
    truth_packet(out, tp, record, (unsigned)i, opened);
    if (opened) {
      payload = have > tp->payload ? have - tp->payload : 0;
      if (payload > tp->len - tp->payload - QUIC_AEAD_TAG_LEN) {
        payload = tp->len - tp->payload - QUIC_AEAD_TAG_LEN;
      }
      truth_frames(out, dg, tp, record, (unsigned)i, payload);
    }
    fprintf(out, "# %llu %zu ", (unsigned long long)record, i);
    truth_deep(out, dg, tp, state, reason, notes);
  }
}
