#ifndef QV_VIEWS_H
#define QV_VIEWS_H

/* The pictures that have a name: which tracks a view shows and on which scale,
   drawn into a grid, as SVG or as numbers. */

#include "qlogview/lanes.h"
#include "qlogview/tracks.h"

#define QV_VIEW_TRACKS_MAX 8

typedef struct qv_view_track {
  qv_track_id id;
  uint8_t axis; /* 0 left, 1 right */
} qv_view_track;

typedef struct qv_view {
  const char *key;   /* "congestion" */
  const char *title; /* "Congestion control" */
  bool fit;          /* the left scale need not begin at 0 */
  bool lanes;        /* a row for each stream */
  size_t ntracks;
  qv_view_track tracks[QV_VIEW_TRACKS_MAX]; /* later ones over earlier ones */
} qv_view;

/* qv_view_at returns view |i|, NULL past the end; qv_view_find the one called
   |key|, or NULL. */
const qv_view *qv_view_at(size_t i);
const qv_view *qv_view_find(const char *key);

/* What views are drawn from. */
typedef struct qv_view_source {
  const quic_mem *mem;
  const qv_tracks *tracks;
  const qv_lanes *lanes; /* NULL: no streams */
} qv_view_source;

/* What is shown: [from, to); from 0 to QUIC_TIME_NEVER is all there is. */
typedef struct qv_view_range {
  quic_time from, to;
} qv_view_range;

/* qv_view_any tells whether |v| has anything to show of |src|. */
bool qv_view_any(const qv_view *v, const qv_view_source *src);

/* qv_view_draw draws |v| into |r| of |g|.  Returns 0 or QUIC_ERR_NOMEM. */
int qv_view_draw(const qv_view *v, const qv_view_source *src,
                 qv_view_range range, qv_grid *g, qv_rect r,
                 qv_chart_mode mode) QUIC_MUST_USE;

/* qv_view_svg appends |v| as SVG of |w| by |h| pixels, as qv_svg_chart.
   Returns 0 or QUIC_ERR_NOMEM. */
int qv_view_svg(const qv_view *v, const qv_view_source *src,
                qv_view_range range, int w, int h, quic_text *t) QUIC_MUST_USE;

/* qv_view_values appends |v| in |n| (up to QV_CHART_COLUMNS_MAX) columns as
   CSV, as qv_chart_values.  Returns 0 or QUIC_ERR_NOMEM. */
int qv_view_values(const qv_view *v, const qv_view_source *src,
                   qv_view_range range, size_t n, quic_text *t) QUIC_MUST_USE;

#endif /* !defined(QV_VIEWS_H) */
