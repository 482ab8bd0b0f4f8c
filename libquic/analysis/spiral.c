#include "analysis/spiral.h"

#include "analysis/evidence.h"

static void spiral_place(const quic_spiral *s, quic_spiral_step step,
                         quic_time start, quic_text *out) {
  quic_text_printf(
      out, "%d. %s", (int)step + 1,
      quic_evidence_duration(quic_time_since(s->step[step].time, start)).s);
  if (s->step[step].record != QLOG_NONE) {
    quic_text_printf(out, "  record %llu",
                     (unsigned long long)s->step[step].record);
  }
  quic_text_str(out, "  ");
}

static void spiral_steps(const quic_spiral *s, quic_time start,
                         quic_text *out) {
  spiral_place(s, QUIC_SPIRAL_SEND_ACK, start, out);
  quic_text_printf(out,
                   "send and ACK: %llu B go out, all that the window allows\n",
                   (unsigned long long)s->step[QUIC_SPIRAL_SEND_ACK].value);
  spiral_place(s, QUIC_SPIRAL_FALSE_IDLE, start, out);
  quic_text_printf(
      out,
      "false idleness: the ACK left nothing in flight, %s later the next "
      "packet is sent\n",
      quic_evidence_duration(s->step[QUIC_SPIRAL_FALSE_IDLE].value).s);
  spiral_place(s, QUIC_SPIRAL_DELTA, start, out);
  quic_text_printf(
      out, "inflated delta: from the last send it was %s, one round trip\n",
      quic_evidence_duration(s->step[QUIC_SPIRAL_DELTA].value).s);
  spiral_place(s, QUIC_SPIRAL_RECOVERY, start, out);
  if (s->step[QUIC_SPIRAL_RECOVERY].value) {
    quic_text_printf(
        out,
        "perceived recovery: moved by that, its start lies %s ahead of this "
        "packet\n",
        quic_evidence_duration(s->step[QUIC_SPIRAL_RECOVERY].value).s);
  } else {
    quic_text_str(out, "perceived recovery: its start, moved by that, is not "
                       "ahead of this packet\n");
  }
  spiral_place(s, QUIC_SPIRAL_STAGNATION, start, out);
  quic_text_printf(out,
                   "stagnation: its ACK grows nothing, the window stays at "
                   "%llu B\n",
                   (unsigned long long)s->step[QUIC_SPIRAL_STAGNATION].value);
}

static const char *spiral_holds(bool yes) {
  return yes ? "yes" : "no";
}

static void spiral_ending(const quic_spiral *s, quic_text *out) {
  if (s->escape == QLOG_NONE) {
    quic_text_str(out, "escape: not to be told, the packets of a flight bear "
                       "the same time");
  } else {
    quic_text_printf(out, "escape: C / d = %s / %s, about %llu cycles",
                     quic_evidence_duration(s->recovery_ahead).s,
                     quic_evidence_duration(s->gap).s,
                     (unsigned long long)s->escape);
  }
  quic_text_printf(out, "; seen: %llu cycles, %s\n",
                   (unsigned long long)s->cycles,
                   s->escaped ? "then the window grew" : "not out of it");
}

void quic_spiral_explain(const quic_spiral *s, quic_time start,
                         quic_text *out) {
  quic_text_printf(out, "one of %llu cycles, each %s (RTT %s)\n",
                   (unsigned long long)s->cycles,
                   quic_evidence_duration(s->pair).s,
                   quic_evidence_duration(s->rtt).s);
  spiral_steps(s, start, out);
  quic_text_printf(out,
                   "needed: window at its floor: %s, in recovery: %s, each ACK "
                   "empties the flight: %s\n",
                   spiral_holds(s->at_floor), spiral_holds(s->in_recovery),
                   spiral_holds(s->empties));
  spiral_ending(s, out);
  quic_text_str(out,
                "cure: measure idleness from the later of the last ACK and the "
                "last send (lastack); never move the start past now (clamp); "
                "or newreno\n");
}
