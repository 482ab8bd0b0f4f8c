#include "pcap/report.h"
#include "pcap/show.h"
#include "wire/names.h"

/* The handshake: its steps, what it agreed upon, and what both sides declared
   in their transport parameters. */

static void handshake_step(quic_text *t, const quic_phases *ph,
                           quic_phase phase, quic_time start) {
  const quic_mark *m = &ph->at[phase];
  const quic_mark *first = &ph->at[QUIC_PHASE_CLIENT_INITIAL];
  size_t at;

  if (!quic_mark_set(m)) {
    return;
  }
  qd_report_name(t, quic_phase_name(phase));
  at = quic_text_pos(t);
  if (quic_mark_set(first)) {
    quic_text_char(t, '+');
    quic_close_duration(t, quic_time_since(m->time, first->time));
  }
  quic_text_pad(t, at, 12);
  qd_report_mark(t, m, start);
  quic_text_char(t, '\n');
}

static void handshake_early(quic_text *t, const quic_phases *ph) {
  if (ph->early == QUIC_EARLY_NONE) {
    return;
  }
  qd_report_name(t, "0-RTT");
  quic_text_str(t, quic_early_name(ph->early));
  quic_text_str(t, ": ");
  quic_text_u64(t, ph->early_packets);
  quic_text_str(t, " packets, ");
  qd_show_bytes(t, ph->early_octets);
  if (ph->early_lost_octets) {
    quic_text_str(t, ", ");
    qd_show_bytes(t, ph->early_lost_octets);
    quic_text_str(t, " for nothing");
  }
  quic_text_char(t, '\n');
}

static void handshake_delay(quic_text *t, const quic_phases *ph,
                            quic_time start) {
  uint64_t flights =
      ph->flights[QUIC_SIDE_CLIENT] + ph->flights[QUIC_SIDE_SERVER];

  if (quic_mark_set(&ph->stall_end)) {
    qd_report_name(t, "longest silence");
    quic_close_duration(t, ph->stall);
    quic_text_str(t, ", ended by ");
    qd_report_mark(t, &ph->stall_end, start);
    quic_text_char(t, '\n');
  }
  if (flights) {
    qd_report_name(t, "sent again");
    for (int side = 0; side < QUIC_SIDES; side++) {
      quic_text_str(t, side ? ", " : "");
      quic_text_str(t, quic_side_name(side));
      quic_text_char(t, ' ');
      quic_text_u64(t, ph->flights[side]);
      quic_text_str(t, " packets (");
      qd_show_bytes(t, ph->crypto_repeated[side]);
      quic_text_char(t, ')');
    }
    quic_text_char(t, '\n');
  }
  if (ph->received) {
    qd_report_name(t, "amplification");
    quic_text_u64(t, ph->ratio_max / 100);
    quic_text_char(t, '.');
    quic_text_u64(t, ph->ratio_max / 10 % 10);
    quic_text_u64(t, ph->ratio_max % 10);
    quic_text_str(t, " of 3 before validation");
    if (ph->limit_broken) {
      quic_text_str(t, ": above the limit (RFC 9000 8.1)");
    } else if (ph->limit_reached) {
      quic_text_str(t, ": the limit was reached, the server waited ");
      quic_close_duration(t, ph->limit_wait);
    }
    quic_text_char(t, '\n');
  }
}

static void handshake_tls(quic_text *t, const qd_trace *tr) {
  const qd_facts *facts = &tr->conn->facts;
  const char *name;

  if (!facts->suite && !facts->alpn_len) {
    return;
  }
  qd_report_name(t, "TLS");
  name = quic_name_cipher_suite(facts->suite);
  quic_text_str(t, name ? name : "suite unknown");
  name = facts->group ? quic_name_group(facts->group) : NULL;
  if (name) {
    quic_text_str(t, ", ");
    quic_text_str(t, name);
  }
  if (facts->psk) {
    quic_text_str(t, ", resumption offered");
  }
  if (facts->ech) {
    quic_text_str(t, ", ECH offered");
  }
  quic_text_char(t, '\n');
  if (facts->alpn_len) {
    qd_report_name(t, "ALPN");
    qd_show_alpn(t, quic_bytes_of(facts->alpn, facts->alpn_len));
    quic_text_str(t, " offered");
    if (facts->alpn_chosen_len) {
      quic_text_str(t, ", ");
      qd_show_word(t,
                   quic_bytes_of(facts->alpn_chosen, facts->alpn_chosen_len));
      quic_text_str(t, " chosen");
    }
    quic_text_char(t, '\n');
  }
}

void qd_report_handshake(quic_text *t, const qd_trace *tr, quic_time start) {
  const quic_phases *ph = quic_analysis_phases(tr->analysis);

  for (int phase = 0; phase < QUIC_PHASES_MAX; phase++) {
    handshake_step(t, ph, (quic_phase)phase, start);
  }
  handshake_early(t, ph);
  handshake_delay(t, ph, start);
  handshake_tls(t, tr);
}

/* Transport parameters. */

/* parameters_decode stores what |side| declared; false = not seen. */
static bool parameters_decode(const qd_conn *conn, int side,
                              quic_tparams *list) {
  const qd_endpoint *end = &conn->sides[side];

  list->len = 0;
  if (!end->has_tparams) {
    return false;
  }
  /* What is cut or malformed keeps what was before. */
  (void)!quic_tparams_decode(list,
                             quic_bytes_of(end->tparams, end->tparams_len),
                             quic_version_find(conn->version));
  return true;
}

static void parameters_value(quic_text *t, const quic_tparams *list,
                             const quic_tparam_info *info) {
  const quic_tparam *p = quic_tparams_find(list, info->id);
  uint64_t value;

  if (!p) {
    if (info->kind == QUIC_TPARAM_INTEGER && info->has_default) {
      quic_text_char(t, '(');
      quic_text_u64(t, info->default_value);
      quic_text_char(t, ')');
    } else {
      quic_text_char(t, '-');
    }
    return;
  }
  switch (info->kind) {
  case QUIC_TPARAM_INTEGER:
    if (quic_tparam_integer(p, &value) == 0) {
      quic_text_u64(t, value);
    } else {
      quic_text_str(t, "broken");
    }
    break;
  case QUIC_TPARAM_FLAG:
    quic_text_str(t, "yes");
    break;
  case QUIC_TPARAM_VERSIONS:
    quic_text_hex(t, p->value);
    break;
  default:
    quic_text_hex(
        t, quic_bytes_of(p->value.data, p->value.len < 20 ? p->value.len : 20));
    break;
  }
}

/* parameters_problems tells what a side's parameters break. */
static void parameters_problems(quic_text *t, const quic_tparams *list,
                                int side) {
  for (size_t i = 0; i < list->len; i++) {
    const quic_tparam *p = &list->items[i];
    const char *problem = quic_tparam_problem(p, side == QUIC_SIDE_CLIENT);
    const quic_tparam_info *info = quic_tparam_info_find(p->id);

    if (!problem && quic_tparams_find(list, p->id) != p) {
      problem = "stands twice";
    }
    if (problem) {
      qd_report_name(t, "");
      quic_text_str(t, "! ");
      quic_text_str(t, quic_side_name(side));
      quic_text_char(t, ' ');
      if (info) {
        quic_text_str(t, info->name);
      } else {
        quic_text_hex_u64(t, p->id);
      }
      quic_text_str(t, ": ");
      quic_text_str(t, problem);
      quic_text_char(t, '\n');
    }
  }
}

static bool parameters_same(const quic_tparams *all, uint64_t id, size_t before,
                            const quic_tparams *other) {
  for (size_t i = 0; i < before; i++) {
    if (all->items[i].id == id) {
      return true;
    }
  }
  return other && quic_tparams_find(other, id);
}

static void parameters_row(quic_text *t, const quic_tparams *lists,
                           const bool *seen, const quic_tparam_info *info) {
  size_t at = quic_text_pos(t);

  quic_text_str(t, "    ");
  quic_text_str(t, info->name);
  quic_text_pad(t, at, 43);
  for (int side = 0; side < QUIC_SIDES; side++) {
    quic_text_char(t, ' ');
    at = quic_text_pos(t);
    if (seen[side]) {
      parameters_value(t, &lists[side], info);
    } else {
      quic_text_char(t, '?');
    }
    if (side == 0) {
      quic_text_pad(t, at, 20);
    }
  }
  if (*info->unit) {
    quic_text_char(t, ' ');
    quic_text_str(t, info->unit);
  }
  quic_text_char(t, '\n');
}

void qd_report_parameters(quic_text *t, const qd_trace *tr) {
  static const uint64_t always[] = {
      QUIC_TPARAM_MAX_IDLE_TIMEOUT,
      QUIC_TPARAM_MAX_UDP_PAYLOAD_SIZE,
      QUIC_TPARAM_INITIAL_MAX_DATA,
      QUIC_TPARAM_INITIAL_MAX_STREAM_DATA_BIDI_LOCAL,
      QUIC_TPARAM_INITIAL_MAX_STREAM_DATA_BIDI_REMOTE,
      QUIC_TPARAM_INITIAL_MAX_STREAM_DATA_UNI,
      QUIC_TPARAM_INITIAL_MAX_STREAMS_BIDI,
      QUIC_TPARAM_INITIAL_MAX_STREAMS_UNI,
      QUIC_TPARAM_ACK_DELAY_EXPONENT,
      QUIC_TPARAM_MAX_ACK_DELAY,
      QUIC_TPARAM_ACTIVE_CONNECTION_ID_LIMIT};
  const size_t nalways = sizeof(always) / sizeof(always[0]);
  quic_tparams lists[QUIC_SIDES];
  bool seen[QUIC_SIDES];

  for (int side = 0; side < QUIC_SIDES; side++) {
    seen[side] = parameters_decode(tr->conn, side, &lists[side]);
  }
  if (!seen[0] && !seen[1]) {
    return;
  }
  quic_text_str(t,
                "  parameters, () = default                  client          "
                "     server\n");
  for (size_t i = 0; i < nalways; i++) {
    const quic_tparam_info *info = quic_tparam_info_find(always[i]);

    if (info) {
      parameters_row(t, lists, seen, info);
    }
  }
  for (int side = 0; side < QUIC_SIDES; side++) {
    for (size_t i = 0; i < lists[side].len; i++) {
      uint64_t id = lists[side].items[i].id;
      const quic_tparam_info *info = quic_tparam_info_find(id);
      bool shown =
          parameters_same(&lists[side], id, i, side ? &lists[0] : NULL);

      for (size_t k = 0; k < nalways; k++) {
        shown = shown || always[k] == id;
      }
      if (info && !shown) {
        parameters_row(t, lists, seen, info);
      }
    }
  }
  parameters_problems(t, &lists[0], QUIC_SIDE_CLIENT);
  parameters_problems(t, &lists[1], QUIC_SIDE_SERVER);
}
