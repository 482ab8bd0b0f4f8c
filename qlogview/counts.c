#include "qlogview/counts.h"

void qv_counts_init(qv_counts *counts, bool sent_is_client) {
  memset(counts, 0, sizeof(*counts));
  counts->sent_is_client = sent_is_client;
}

static void counts_frames(qv_counts *counts, int side, const quic_frame *frames,
                          size_t n) {
  for (size_t i = 0; i < n; i++) {
    size_t row = frames[i].info
                     ? (size_t)(frames[i].info - quic_frame_info_at(0))
                     : QV_COUNTS_FRAMES;

    if (row < QV_COUNTS_FRAMES) {
      counts->frames[row][side]++;
    } else {
      counts->unknown_frames[side]++;
    }
  }
}

static int counts_or_untold(int value, int untold) {
  return value >= 0 && value < untold ? value : untold;
}

static void counts_packet(qv_counts *counts, const qlog_event *e,
                          qv_counts_way way) {
  const qlog_packet *p = &e->u.packet;

  if (p->header && p->header->type < QUIC_PACKET_TYPES) {
    counts->packets[p->header->type][way]++;
  }
  if (way <= QV_COUNTS_SERVER) {
    counts_frames(counts, (int)way, p->frames, p->nframes);
  } else if (way == QV_COUNTS_DROPPED) {
    counts->drops[counts_or_untold(p->drop, QV_COUNTS_DROPS - 1)]++;
  } else if (way == QV_COUNTS_LOST) {
    counts->losses[counts_or_untold(p->lost, QV_COUNTS_LOSSES - 1)]++;
  }
}

void qv_counts_event(qv_counts *counts, const qlog_event *e) {
  counts->total++;
  if (!e) {
    counts->unknown++;
    return;
  }
  counts->events[e->type]++;
  switch (e->type) {
  case QLOG_PACKET_SENT:
    counts_packet(counts, e,
                  counts->sent_is_client ? QV_COUNTS_CLIENT : QV_COUNTS_SERVER);
    break;
  case QLOG_PACKET_RECEIVED:
    counts_packet(counts, e,
                  counts->sent_is_client ? QV_COUNTS_SERVER : QV_COUNTS_CLIENT);
    break;
  case QLOG_PACKET_DROPPED:
    counts_packet(counts, e, QV_COUNTS_DROPPED);
    break;
  case QLOG_PACKET_BUFFERED:
    counts_packet(counts, e, QV_COUNTS_BUFFERED);
    break;
  case QLOG_PACKET_LOST:
    counts_packet(counts, e, QV_COUNTS_LOST);
    break;
  default:
    break;
  }
}
