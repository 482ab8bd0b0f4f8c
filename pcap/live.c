#include "pcap/live.h"

#include <errno.h>
#include <poll.h>
#include <pcap/pcap.h>
#include <string.h>

#include "cli/complain.h"
#include "cli/interrupt.h"
#include "pcap/privilege.h"

#define LIVE_SNAPLEN QUIC_CAPTURE_PACKET_MAX
#define LIVE_BUFFER (16 << 20) /* octets, in the kernel */
#define LIVE_POLL_MS 200       /* between looks at the key logs */
#define LIVE_BLOCK_MS 50       /* how long the kernel gathers packets */
#define LIVE_BATCH 256         /* packets taken at a time */
#define LIVE_DRAIN 1024        /* batches taken after the end was asked for */

typedef struct live_run {
  qd_session *session;
  uint32_t linktype;
  uint64_t number;
  bool nanoseconds;
  bool more;
} live_run;

static void live_packet(u_char *user, const struct pcap_pkthdr *h,
                        const u_char *bytes) {
  live_run *run = (live_run *)(void *)user;
  quic_capture_record rec = {.kind = QUIC_CAPTURE_PACKET};

  if (!run->more) {
    return;
  }
  rec.data = quic_bytes_of(bytes, h->caplen);
  rec.number = ++run->number;
  rec.linktype = run->linktype;
  rec.orig_len = h->len > h->caplen ? h->len : h->caplen;
  rec.has_time = true;
  rec.time = (quic_time)h->ts.tv_sec * QUIC_SECOND +
             (quic_time)h->ts.tv_usec * (run->nanoseconds ? 1 : 1000);
  run->more = qd_session_record(run->session, &rec);
}

/* live_fail prints the one line that says what failed and what to do. */
static int live_fail(const char *interface, const char *what,
                     const char *advice) {
  cli_complain("%s: %s%s%s", interface, what, *advice ? "; " : "", advice);
  return QD_EXIT_INPUT;
}

static int live_open(pcap_t **out, const qd_options *opt, bool *nanoseconds) {
  char errbuf[PCAP_ERRBUF_SIZE] = "";
  pcap_t *cap = pcap_create(opt->interface, errbuf);
  int rv;

  *out = NULL;
  if (!cap) {
    return live_fail(opt->interface, errbuf, "");
  }
  *nanoseconds =
      pcap_set_tstamp_precision(cap, PCAP_TSTAMP_PRECISION_NANO) == 0;
  (void)pcap_set_snaplen(cap, LIVE_SNAPLEN);
  (void)pcap_set_promisc(cap, 0);
  (void)pcap_set_timeout(cap, LIVE_BLOCK_MS);
  /* Each packet on its own takes a slot of the longest packet's size, so that
     few have room in the buffer. */
  (void)pcap_set_immediate_mode(cap, opt->unordered);
  (void)pcap_set_buffer_size(cap, LIVE_BUFFER);
  rv = pcap_activate(cap);
  if (rv < 0) {
    const char *detail = pcap_geterr(cap);

    rv = live_fail(opt->interface,
                   rv == PCAP_ERROR || rv == PCAP_ERROR_NO_SUCH_DEVICE
                       ? detail
                       : pcap_statustostr(rv),
                   rv == PCAP_ERROR_PERM_DENIED
                       ? "run it with sudo, or give it CAP_NET_RAW"
                   : rv == PCAP_ERROR_NO_SUCH_DEVICE
                       ? "see 'ip link' for the interfaces"
                       : "");
    pcap_close(cap);
    return rv;
  }
  *out = cap;
  return 0;
}

static int live_filter(pcap_t *cap, const qd_options *opt) {
  const char *expr = opt->bpf;
  struct bpf_program program;
  int rv = 0;

  if (!opt->bpf) {
    return 0;
  }
  if (pcap_compile(cap, &program, expr, 1, PCAP_NETMASK_UNKNOWN) != 0) {
    cli_complain("capture filter '%s': %s", expr, pcap_geterr(cap));
    return QD_EXIT_USAGE;
  }
  if (pcap_setfilter(cap, &program) != 0) {
    rv = live_fail(opt->interface, pcap_geterr(cap), "");
  }
  pcap_freecode(&program);
  return rv;
}

/* live_loop takes packets until a signal, -c, or an error of the interface. */
static int live_loop(pcap_t *cap, live_run *run, const qd_options *opt) {
  struct pollfd pfd = {pcap_get_selectable_fd(cap), POLLIN, 0};

  while (!cli_interrupted() && run->more) {
    int n;

    if (poll(&pfd, 1, LIVE_POLL_MS) < 0 && errno != EINTR) {
      return live_fail(opt->interface, strerror(errno), "");
    }
    n = pcap_dispatch(cap, LIVE_BATCH, live_packet, (u_char *)run);
    if (n == PCAP_ERROR) {
      return live_fail(opt->interface, pcap_geterr(cap), "");
    }
    qd_session_poll(run->session);
  }
  /* What arrived before the signal still counts, as far as there is an end;
     the kernel may be gathering it. */
  (void)poll(NULL, 0, 2 * LIVE_BLOCK_MS);
  for (int i = 0; i < LIVE_DRAIN && run->more; i++) {
    if (pcap_dispatch(cap, LIVE_BATCH, live_packet, (u_char *)run) <= 0) {
      break;
    }
  }
  return 0;
}

int qd_live_run(qd_session *se, const qd_options *opt) {
  live_run run = {.session = se, .more = true};
  struct pcap_stat stat;
  char why[160];
  pcap_t *cap;
  int status = live_open(&cap, opt, &run.nanoseconds);

  if (status == 0) {
    status = live_filter(cap, opt);
  }
  if (status == 0 && !qd_privilege_drop(opt->user, why, sizeof(why))) {
    status = live_fail(opt->interface, why, "");
  }
  if (status) {
    if (cap) {
      pcap_close(cap);
    }
    return status;
  }
  run.linktype = (uint32_t)pcap_datalink(cap);
  if (run.linktype == DLT_RAW) {
    run.linktype = 101; /* LINKTYPE_RAW: the one DLT that differs here */
  }
  (void)pcap_setnonblock(cap, 1, why);
  cli_interrupt_install();
  qd_session_note(se, "capturing on %s; Ctrl-C ends it", opt->interface);
  qd_session_poll(se);
  status = live_loop(cap, &run, opt);
  if (pcap_stats(cap, &stat) == 0 && stat.ps_drop) {
    qd_session_note(se, "%u packets were dropped by the kernel", stat.ps_drop);
  }
  pcap_close(cap);
  return qd_session_finish(se, status);
}
