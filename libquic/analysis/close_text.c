/* The verdict in words. */

#include "analysis/close.h"
#include "wire/names.h"

#define TEXT_HOUR (3600 * QUIC_SECOND)

void quic_close_duration(quic_text *out, quic_duration d) {
  if (d == QLOG_NONE) {
    quic_text_str(out, "?");
  } else if (d >= 48 * TEXT_HOUR) {
    quic_text_printf(out, "%llu days",
                     (unsigned long long)(d / (24 * TEXT_HOUR)));
  } else if (d >= 2 * TEXT_HOUR) {
    quic_text_printf(out, "%llu.%llu h", (unsigned long long)(d / TEXT_HOUR),
                     (unsigned long long)(d % TEXT_HOUR / (TEXT_HOUR / 10)));
  } else if (d >= QUIC_SECOND) {
    quic_text_printf(out, "%llu.%03llu s",
                     (unsigned long long)(d / QUIC_SECOND),
                     (unsigned long long)(d % QUIC_SECOND / QUIC_MILLISECOND));
  } else if (d >= QUIC_MILLISECOND) {
    quic_text_printf(
        out, "%llu.%llu ms", (unsigned long long)(d / QUIC_MILLISECOND),
        (unsigned long long)(d % QUIC_MILLISECOND / (QUIC_MILLISECOND / 10)));
  } else {
    quic_text_printf(out, "%llu us",
                     (unsigned long long)(d / QUIC_MICROSECOND));
  }
}

static const char *text_side(int side) {
  return side == QUIC_SIDE_UNKNOWN ? "one side" : quic_side_name(side);
}

static void text_count(quic_text *out, uint64_t n, const char *noun) {
  quic_text_u64(out, n);
  quic_text_char(out, ' ');
  quic_text_str(out, noun);
  if (n != 1) {
    quic_text_char(out, 's');
  }
}

/* text_when: where in the life of the connection that was. */
static void text_when(const quic_close *c, quic_text *out) {
  quic_text_str(out, ", ");
  if (c->since_handshake != QLOG_NONE && c->class != QUIC_CLOSED_HANDSHAKE) {
    quic_close_duration(out, c->since_handshake);
    quic_text_str(out, " after the handshake");
  } else {
    quic_close_duration(out, c->since_start);
    quic_text_str(out, " after the first packet");
  }
}

static void text_error(const quic_close *c, quic_text *out) {
  const char *space = quic_close_space_name(c->space);

  quic_text_str(out, space ? space : "unknown");
  quic_text_str(out, " error ");
  if (c->code == QLOG_NONE) {
    quic_text_str(out, "of unknown code");
    return;
  }
  if (c->name) {
    quic_text_printf(out, "%s (", c->name);
  }
  quic_text_hex_u64(out, c->code);
  if (c->name) {
    quic_text_char(out, ')');
  }
}

static void text_alert(const quic_close *c, quic_text *out) {
  const char *name = quic_name_tls_alert((uint8_t)c->alert);

  quic_text_printf(out, "TLS alert %d", c->alert);
  if (name) {
    quic_text_printf(out, " %s", name);
  }
  quic_text_str(out, " (");
  quic_text_hex_u64(out, c->code);
  quic_text_char(out, ')');
}

static void text_phrase(const quic_close *c, quic_text *out) {
  if (c->phrase_len) {
    quic_text_char(out, ' ');
    quic_text_quoted(out, quic_bytes_of(c->phrase, c->phrase_len), 0);
  }
}

/* text_frame: what made a transport error, where the closer says it. */
static void text_frame(const quic_close *c, quic_text *out) {
  const quic_frame_info *info;

  if (c->space != QUIC_CLOSE_SPACE_TRANSPORT || c->code == 0 ||
      c->frame_type == QLOG_NONE || c->frame_type == 0) {
    return;
  }
  info = quic_frame_info_find(c->frame_type);
  quic_text_str(out, " at a frame ");
  if (info) {
    quic_text_str(out, info->name);
  } else {
    quic_text_hex_u64(out, c->frame_type);
  }
}

static void text_open(const quic_close *c, quic_text *out) {
  if (c->open_requests) {
    quic_text_str(out, ", ");
    text_count(out, c->open_requests, "request");
    quic_text_str(out, " open");
  }
}

/* text_bare: a close of which no code is told. */
static void text_bare(const quic_close *c, quic_text *out) {
  quic_text_str(out, c->trigger == QLOG_CLOSE_CLEAN ? " closed without an error"
                     : c->trigger == QLOG_CLOSE_ERROR
                         ? " closed with an error that is not told"
                     : c->trigger == QLOG_CLOSE_ABORTED
                         ? " aborted the connection"
                         : " closed, and the log does not tell why");
  text_phrase(c, out);
  text_when(c, out);
  text_open(c, out);
}

static void text_told(const quic_close *c, quic_text *out) {
  quic_text_str(out, text_side(c->by));
  if (c->space == QUIC_CLOSE_SPACE_NONE) {
    text_bare(c, out);
    return;
  }
  if (c->class == QUIC_CLOSED_HANDSHAKE) {
    quic_text_str(out, c->alert >= 0 ? " ended the handshake with "
                                     : " closed during the handshake with ");
  } else if (c->space == QUIC_CLOSE_SPACE_TRANSPORT && c->code == 0) {
    quic_text_str(out, " closed without an error, ");
  } else {
    quic_text_str(out, " closed with ");
  }
  if (c->alert >= 0) {
    text_alert(c, out);
  } else {
    text_error(c, out);
  }
  text_phrase(c, out);
  text_frame(c, out);
  if (c->goaway) {
    quic_text_str(out, " after GOAWAY");
    if (c->goaway_by != c->by) {
      quic_text_printf(out, " of the %s", text_side(c->goaway_by));
    }
  }
  text_when(c, out);
  text_open(c, out);
  if (c->answered) {
    const quic_close_frame *other = &c->frames[!c->by];

    quic_text_printf(out, "; %s answered", text_side(!c->by));
    if (other->code != c->code || other->space != c->space) {
      quic_text_printf(out, " with %s error ",
                       quic_close_space_name(other->space));
      quic_text_hex_u64(out, other->code);
    }
  }
}

static void text_reset(const quic_close *c, quic_text *out) {
  if (c->by == QUIC_SIDE_UNKNOWN) {
    quic_text_str(out, "stateless reset: a peer no longer knew the connection");
  } else {
    quic_text_printf(out,
                     "%s sent a stateless reset: it no longer knew the "
                     "connection",
                     text_side(c->by));
  }
  text_when(c, out);
  text_open(c, out);
}

static void text_limit(const quic_close *c, quic_text *out) {
  if (c->idle_floor) {
    quic_text_str(out, "3 PTOs of ");
    quic_close_duration(out, c->idle_timeout / 3);
    quic_text_printf(out, ", more than the %s's max_idle_timeout",
                     text_side(c->idle_by));
    return;
  }
  if (c->idle_by != QUIC_SIDE_UNKNOWN) {
    quic_text_printf(out, "the %s's ", text_side(c->idle_by));
  }
  quic_text_str(out, "max_idle_timeout of ");
  quic_close_duration(out, c->idle_timeout);
}

static void text_idle(const quic_close *c, quic_text *out) {
  if (!c->inferred) {
    quic_text_str(out, "idle timeout, as the endpoint says");
    text_when(c, out);
  } else {
    quic_text_str(out, "idle timeout must have fired: silent ");
    quic_close_duration(out, c->silence);
    quic_text_str(out, c->silence < c->idle_timeout ? ", the whole of "
                                                    : ", longer than ");
    text_limit(c, out);
  }
  text_open(c, out);
}

static void text_version(const quic_close *c, quic_text *out) {
  char version[QUIC_VERSION_TEXT];

  if (!c->version) {
    quic_text_str(out, "no version in common, and nothing followed");
    return;
  }
  quic_text_printf(out, "server does not speak %s",
                   quic_version_text(c->version, version));
  quic_text_str(out, c->class == QUIC_CLOSED_SUPERSEDED
                         ? ": the client started over as another connection"
                         : ", and nothing followed its Version Negotiation");
}

static bool text_shows(const quic_close *c, quic_close_shows shows) {
  for (size_t i = 0; i < c->nevidence; i++) {
    if (c->evidence[i].shows == shows) {
      return true;
    }
  }
  return false;
}

static void text_superseded(const quic_close *c, quic_text *out) {
  if (text_shows(c, QUIC_SHOWS_VERSIONS)) {
    text_version(c, out);
    return;
  }
  quic_text_str(out, "the client started over as another connection");
  text_when(c, out);
}

static void text_silent_talker(const quic_close *c, quic_text *out) {
  quic_text_printf(out, "%s sent ", text_side(quic_side_other(c->by)));
  text_count(out, c->unanswered, "packet");
  if (c->probes) {
    quic_text_str(out, " (");
    text_count(out, c->probes, "probe");
    quic_text_char(out, ')');
  }
  if (c->unanswered_time) {
    quic_text_str(out, " in ");
    quic_close_duration(out, c->unanswered_time);
  }
}

static void text_no_answer(const quic_close *c, quic_text *out) {
  quic_text_str(out, "no answer: ");
  if (c->unanswered) {
    text_silent_talker(c, out);
    quic_text_str(out, ", the server none");
  } else {
    quic_text_str(out, "nothing came from the server");
  }
  if (c->space != QUIC_CLOSE_SPACE_NONE) {
    quic_text_str(out, "; then client closed with ");
    text_error(c, out);
  }
}

static void text_stalled(const quic_close *c, quic_text *out) {
  quic_text_printf(out, "handshake never completed: %s silent for ",
                   text_side(c->by));
  quic_close_duration(out, c->silent[c->by]);
  if (c->state == QUIC_STATE_INITIAL && text_shows(c, QUIC_SHOWS_RETRY)) {
    quic_text_str(out, " after the Retry");
  } else if (c->limited && c->by == QUIC_SIDE_SERVER) {
    quic_text_str(out, " at 3 times what the client sent");
  }
  if (c->unanswered) {
    quic_text_str(out, ", ");
    text_silent_talker(c, out);
  }
}

static void text_vanished(const quic_close *c, quic_text *out) {
  quic_text_printf(out, "%s fell silent", text_side(c->by));
  text_when(c, out);
  quic_text_str(out, ": ");
  text_silent_talker(c, out);
  quic_text_str(out, " without an answer");
  text_open(c, out);
}

static void text_not(const quic_close *c, quic_text *out) {
  if (c->local != QUIC_SIDE_UNKNOWN) {
    quic_text_str(out, "no close recorded: the log ends at ");
    quic_close_duration(out, c->length);
    quic_text_str(out, ", ");
  } else {
    quic_text_str(out, "still open: the trace ends ");
  }
  if (c->silence == 0) {
    quic_text_str(out, "with its last packet");
  } else {
    quic_close_duration(out, c->silence);
    quic_text_str(out, " after the last packet");
  }
  if (c->idle_timeout == 0) {
    quic_text_str(out, ", and neither side has an idle timeout");
  } else if (c->idle_timeout != QLOG_NONE) {
    quic_text_str(out, ", before ");
    text_limit(c, out);
  }
  text_open(c, out);
}

static void text_unknown(const quic_close *c, quic_text *out) {
  bool both = c->silent[QUIC_SIDE_CLIENT] != QLOG_NONE &&
              c->silent[QUIC_SIDE_SERVER] != QLOG_NONE;

  quic_text_str(out, "not determinable: ");
  quic_text_str(out, both ? "the last packets were not opened"
                          : "only one direction is in the trace");
  if (c->silence) {
    quic_text_str(out, ", silent ");
    quic_close_duration(out, c->silence);
  }
}

void quic_close_sentence(const quic_close *c, quic_text *out) {
  typedef void text_fn(const quic_close *, quic_text *);
  static text_fn *const texts[QUIC_CLOSED_CLASSES] = {
      [QUIC_CLOSED_NOT] = text_not,
      [QUIC_CLOSED_TRANSPORT] = text_told,
      [QUIC_CLOSED_APPLICATION] = text_told,
      [QUIC_CLOSED_HANDSHAKE] = text_told,
      [QUIC_CLOSED_IDLE] = text_idle,
      [QUIC_CLOSED_RESET] = text_reset,
      [QUIC_CLOSED_VERSION] = text_version,
      [QUIC_CLOSED_NO_ANSWER] = text_no_answer,
      [QUIC_CLOSED_STALLED] = text_stalled,
      [QUIC_CLOSED_VANISHED] = text_vanished,
      [QUIC_CLOSED_SUPERSEDED] = text_superseded,
      [QUIC_CLOSED_UNKNOWN] = text_unknown,
  };

  texts[c->class](c, out);
}
