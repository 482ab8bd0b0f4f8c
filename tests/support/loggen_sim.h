#ifndef TESTS_SUPPORT_LOGGEN_SIM_H
#define TESTS_SUPPORT_LOGGEN_SIM_H

/* A discrete-event simulation of two QUIC endpoints and the link between them,
   true to RFC 9000 and 9002 in what a log shows: packets, acknowledgments, loss
   detection, probe timeouts, flow control, closing.  It encrypts nothing. */

#include "base/rng.h"
#include "tests/support/loggen_cc.h"
#include "tests/support/loggen_ranges.h"

#define LG_REQUESTS_MAX 160
#define LG_ACTIONS_MAX 32
#define LG_MOMENTS_MAX 12
#define LG_CONTROL_MAX 64

/* One direction of the link. */
typedef struct lg_way {
  uint64_t rate;  /* bit/s */
  uint64_t queue; /* octets */
  quic_duration delay, jitter;
  unsigned loss_pm; /* per mille, in [loss_from, loss_to) */
  quic_time loss_from, loss_to;
  unsigned reorder_pm;
  quic_duration reorder_by;
  quic_time dead_from, dead_to; /* everything is lost */
  quic_time step_at;            /* later packets take |step_by| longer */
  quic_duration step_by;
  size_t nspikes;
  quic_time spike_at[LG_MOMENTS_MAX]; /* holds packets back until spike_to */
  quic_time spike_to[LG_MOMENTS_MAX];
  quic_duration period; /* of a policer that drops |period_drop| each time */
  unsigned period_drop;
  size_t nbursts;
  quic_time burst_at[LG_MOMENTS_MAX];
  unsigned burst_drop;            /* packets of each burst */
  unsigned drop_first[LG_SPACES]; /* of a type, to be dropped */
  unsigned drop_fins;             /* packets that end a stream, to be dropped */
  uint64_t drop_stream;           /* a hole: this stream's octet... */
  uint64_t drop_offset;
  unsigned drop_times; /* ...is lost this often */
  uint32_t mtu;        /* from mtu_at on; 0 = any */
  quic_time mtu_at;
  bool bleach;      /* ECN marks are wiped */
  uint64_t mark_at; /* octets in the queue from which CE is set; 0 = never */
  /* state */
  quic_time busy, last;
  size_t burst;
  unsigned burst_left, period_left;
  quic_time period_next;
} lg_way;

typedef struct lg_request {
  quic_time at;
  uint64_t up, down;      /* octets */
  uint64_t chunk;         /* the answer comes in such pieces; 0 = at once */
  quic_duration every;    /* one after another */
  quic_duration thinking; /* before the answer */
  bool unheard;           /* HTTP/3 tells nothing of it */
} lg_request;

typedef enum lg_action_type {
  LG_DO_CLOSE,      /* side, code, flag: application, phrase */
  LG_DO_KEY_UPDATE, /* side */
  LG_DO_PING,       /* side */
  LG_DO_MIGRATE,    /* flag: nothing answers */
  LG_DO_STOP,       /* the client does not want stream |value| any more */
  LG_DO_RESET,      /* the server resets stream |value| */
  LG_DO_FORGET,     /* side: lost its state */
  LG_DO_DIE,        /* side: says nothing any more */
  LG_DO_SPEAK,      /* side: sends something, to be answered */
  LG_DO_MDS,        /* side: datagram size is |value| from now on */
  LG_DO_BAD_KEYS    /* side: cannot open what comes */
} lg_action_type;

typedef struct lg_action {
  lg_action_type type;
  quic_time at;
  int side;
  uint64_t code, value;
  bool flag;
  const char *phrase;
} lg_action;

/* How the handshake is made to fail. */
typedef enum lg_fail {
  LG_FAIL_NOT,
  LG_FAIL_CLOSE,   /* |fail_side| closes with |fail_code| */
  LG_FAIL_VERSION, /* Version Negotiation without a version in common */
  LG_FAIL_SILENT   /* nobody answers */
} lg_fail;

typedef struct lg_end_settings {
  lg_cc_kind cc;
  lg_parameters tp;
  uint64_t mds, initial_window;
  quic_duration gap; /* between two packets of a burst */
  bool pacing, careful;
  unsigned ack_every;         /* ack-eliciting packets for one ACK */
  quic_duration ack_delay;    /* at most */
  quic_duration credit_delay; /* MAX_* come this much later */
  unsigned credit_percent;    /* consumed before credit is raised */
  bool tell_blocked;          /* sends *_BLOCKED */
  bool ecn;
  uint64_t plateau_percent; /* PLATEAU: what is left */
  quic_time plateau_at;
  uint64_t streams_step; /* MAX_STREAMS for each stream that ended */
  bool no_settings;      /* its HTTP/3 control stream never comes */
} lg_end_settings;

typedef struct lg_settings {
  lg_way way[LG_SIDES]; /* by the sender */
  lg_end_settings end[LG_SIDES];
  lg_request requests[LG_REQUESTS_MAX];
  size_t nrequests;
  lg_action actions[LG_ACTIONS_MAX];
  size_t nactions;
  uint64_t hello, server_hello, flight, finished; /* octets of CRYPTO */
  lg_fail fail;
  int fail_side;
  uint64_t fail_code;
  const char *fail_phrase;
  quic_time stop; /* the log ends then */
  bool http3;
  bool idle_closes; /* the client leaves closing to the idle timeout */
  bool close_done;  /* |close| when all requests are over */
  lg_action close;
  quic_duration linger; /* between the last answer and |close| */
} lg_settings;

typedef struct lg_space {
  uint64_t next;   /* packet number */
  lg_packet *sent; /* by number */
  size_t cap;
  uint64_t first;         /* all below are acknowledged or lost */
  uint64_t largest;       /* acknowledged, LG_NONE */
  lg_ranges received;     /* packet numbers */
  unsigned unacked;       /* ack-eliciting ones without an ACK */
  quic_time ack_at;       /* LG_NONE */
  quic_time received_at;  /* of the largest one */
  quic_time eliciting_at; /* last one sent; LG_NONE */
  quic_time loss_at;
  uint64_t flying; /* ack-eliciting in flight */
  uint64_t crypto_len, crypto_next;
  lg_ranges crypto_lost, crypto_got;
  bool discarded;
  uint64_t ce; /* received */
  uint64_t ect0;
} lg_space;

typedef struct lg_stream {
  uint64_t id;
  uint64_t total, next; /* written by the application; sent once */
  bool fin, fin_sent, fin_lost, done, reset;
  uint64_t send_max;
  lg_ranges lost, acked;
  lg_ranges got;
  uint64_t highest, consumed, recv_max;
  uint64_t final; /* LG_NONE */
  bool read_all;
  quic_time credit_at; /* when a late MAX_STREAM_DATA is due */
  const lg_request *request;
  uint64_t written; /* of the answer */
  bool blocked_told;
} lg_stream;

typedef enum lg_limit {
  LG_LIMIT_APP,
  LG_LIMIT_WINDOW,
  LG_LIMIT_PACING,
  LG_LIMIT_CONNECTION,
  LG_LIMIT_STREAM,
  LG_LIMIT_STREAMS,
  LG_LIMIT_AMPLIFICATION,
  LG_LIMITS
} lg_limit;

/* What really happened to an endpoint, for the label. */
typedef struct lg_facts {
  uint64_t sent, received, dropped, lost, lost_octets, spurious;
  uint64_t app_lost; /* in the 1-RTT space */
  unsigned pto_max;
  uint64_t probes, persistent, changes;
  quic_duration limited[LG_LIMITS];
  quic_duration longest[LG_LIMITS];
  uint64_t cycles, best_cycles; /* at the floor without loss */
  uint64_t cycle_changes, best_changes;
  quic_time cycles_from, best_from, best_to;
  quic_duration best_rtt;
  uint64_t pinned_lost;       /* packets lost at the floor */
  quic_duration pinned;       /* time at the floor */
  uint64_t longest_run;       /* of packets lost in a row */
  double fall;                /* largest, as a share of the window */
  quic_duration longest_hole; /* of a stream while others moved */
  quic_duration srtt_max, rtt_min, rtt_max;
  quic_duration silence; /* longest time sending without an answer */
  quic_time silence_from;
  quic_duration ack_delay_max; /* received after the handshake */
  quic_duration hold_max;      /* own ACKs */
  uint64_t late_acks;
  uint64_t resets, key_drops, missing_keys, path_failed;
  uint64_t ce;
  quic_time last_loss;
  quic_time start; /* of its log */
  bool closed;     /* it knows of the end */
  bool idled;      /* by the idle timeout */
  uint64_t frozen; /* packets acknowledged while NAIVE froze */
} lg_facts;

typedef struct lg_sim lg_sim;

typedef struct lg_end {
  lg_sim *sim;
  int side;
  const lg_end_settings *set;
  lg_space space[LG_SPACES];
  lg_stream **streams;
  size_t nstreams, turn;
  lg_cc cc;
  lg_metrics metrics;
  uint64_t mds, flight, flight_max; /* octets in flight; the most lately */
  quic_time flight_reset;
  unsigned probes; /* to be sent whatever the window says */
  lg_packet_type probe_space;
  lg_frame control[LG_CONTROL_MAX];
  size_t ncontrol;
  uint64_t data_max, data_sent, data_recv, data_consumed, recv_max;
  quic_time credit_at;
  uint64_t streams_max, streams_opened, streams_recv_max;
  bool hello_done, keys[LG_SPACES], complete, confirmed, validated;
  bool closed, dead, forgot, bad_keys, silent, phase, ended;
  quic_time bad_keys_at;
  uint64_t rx, tx;
  quic_time next_send, wants; /* LG_NONE: nothing to send */
  quic_time last_rx, idle_from, anti_deadlock;
  quic_time sample_at; /* the first round trip was measured */
  quic_time round;     /* of PLATEAU */
  lg_limit limit;
  quic_time limit_since;
  bool data_blocked_told, ecn_failed;
  quic_time challenge_at;
  const char *cc_state;
  quic_time cc_since;
  unsigned starts; /* of its first flight */
  lg_facts facts;
  void (*log)(void *user, const lg_event *e);
  void *user;
} lg_end;

typedef struct lg_item {
  quic_time at;
  uint64_t order;
  lg_packet *packet; /* NULL: |action| or |request| */
  const lg_action *action;
  const lg_request *request;
  int side; /* that gets it; of a request: 1 + number of the stream whose
               answer goes on, or 0 */
} lg_item;

struct lg_sim {
  const lg_settings *set;
  lg_way way[LG_SIDES];
  quic_rng rng;
  quic_time now;
  lg_end end[LG_SIDES];
  lg_item *heap;
  size_t nheap, cap;
  uint64_t order;
  size_t requests_done;
  bool closing;
  const lg_request *waiting[LG_REQUESTS_MAX]; /* for a stream */
  size_t nwaiting;
};

/* lg_sim_run plays |set| with |seed|; the events of |vantage| go to |log|.
   |facts| gets what happened to it. */
void lg_sim_run(const lg_settings *set, uint64_t seed, int vantage,
                void (*log)(void *user, const lg_event *e), void *user,
                lg_facts *facts);

/* The parts. */
void lg_sim_push(lg_sim *s, lg_item item);
void lg_way_send(lg_sim *s, int from, const lg_packet *p);
bool lg_chance(quic_rng *rng, unsigned per_mille);

void lg_begin(lg_end *e); /* what is told first */
void lg_emit(lg_end *e, const lg_event *ev);
void lg_emit_metrics(lg_end *e);
void lg_emit_packet(lg_end *e, lg_event_type type, const lg_packet *p,
                    const char *trigger);

void lg_output(lg_end *e);
lg_packet *lg_send(lg_end *e, lg_packet *p); /* gives it a number */
void lg_control(lg_end *e, const lg_frame *f);
void lg_close(lg_end *e, uint64_t code, bool application, const char *phrase,
              const char *trigger);

void lg_receive(lg_end *e, const lg_packet *p);

void lg_rtt(lg_end *e, quic_duration latest, quic_duration ack_delay);
quic_duration lg_pto(const lg_end *e, bool application);
void lg_detect(lg_end *e, lg_packet_type space);
quic_time lg_deadline(const lg_end *e);
void lg_timers(lg_end *e);
void lg_discard(lg_end *e, lg_packet_type space);
void lg_requeue(lg_end *e, const lg_packet *p);

lg_stream *lg_stream_of(lg_end *e, uint64_t id);
void lg_app_start(lg_end *e); /* the handshake is complete */
void lg_app_request(lg_sim *s, const lg_request *r);
void lg_app_read(lg_end *e, lg_stream *st);
void lg_app_write(lg_end *e, lg_stream *st);
void lg_app_act(lg_sim *s, const lg_action *a);
void lg_app_credit(lg_end *e, lg_stream *st, bool now);

#endif /* !defined(TESTS_SUPPORT_LOGGEN_SIM_H) */
