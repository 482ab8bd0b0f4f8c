#include "analysis/stretch.h"

#define STRETCH_WHOLE 100000

void quic_longest_add(quic_longest *l, const quic_stretch *s) {
  quic_duration length = quic_time_since(s->to, s->from);
  size_t i = l->len;

  l->count++;
  l->total += length;
  if (l->len < QUIC_FINDING_EACH_MAX) {
    l->len++;
  } else {
    /* The shortest gives way; all are in the order of time. */
    size_t least = 0;

    for (size_t k = 1; k < l->len; k++) {
      if (l->items[k].to - l->items[k].from <
          l->items[least].to - l->items[least].from) {
        least = k;
      }
    }
    if (l->items[least].to - l->items[least].from >= length) {
      return;
    }
    for (i = least; i + 1 < l->len; i++) {
      l->items[i] = l->items[i + 1];
    }
  }
  l->items[i] = *s;
  if (l->items[i].to < s->from) {
    l->items[i].to = s->from;
  }
}

quic_finding *quic_finding_of(quic_findings *f, quic_finding_id id,
                              const quic_stretch *s) {
  quic_finding *found = quic_findings_add(f, id, s->from, s->to);

  if (found) {
    found->record = s->record;
    found->last = s->last;
    found->side = s->side;
    found->stream_id = s->id;
  }
  return found;
}

const char *quic_duration_text(char buf[QUIC_DURATION_TEXT], quic_duration d) {
  quic_text text;

  quic_text_init(&text, buf, QUIC_DURATION_TEXT);
  quic_close_duration(&text, d);
  return quic_text_cstr(&text);
}

quic_time quic_over(const quic_picture *p) {
  const quic_close *c = quic_analysis_close(p->analysis);

  return !c->inferred && c->at.time < p->now ? c->at.time : p->now;
}

bool quic_eliciting(const qlog_packet *p) {
  for (size_t i = 0; i < p->nframes; i++) {
    const quic_frame *f = &p->frames[i];
    const quic_frame_info *info =
        f->info ? f->info : quic_frame_info_find(f->type);

    if (!info || info->flags & QUIC_FRAME_ELICITING) {
      return true;
    }
  }
  return !p->has_frames;
}

uint64_t quic_share(quic_duration part, quic_duration whole) {
  if (whole == 0) {
    return 0;
  }
  if (part >= whole) {
    return STRETCH_WHOLE;
  }
  return part > UINT64_MAX / STRETCH_WHOLE ? part / (whole / STRETCH_WHOLE)
                                           : part * STRETCH_WHOLE / whole;
}
