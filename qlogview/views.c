#include "qlogview/views.h"

#include "qlogview/svg.h"

#define VIEWS_SVG_EVERY 2 /* columns for three pixels */
#define VIEWS_TITLE 96

#define LEFT(id)                                                               \
  { QV_TRACK_##id, 0 }
#define RIGHT(id)                                                              \
  { QV_TRACK_##id, 1 }

static const qv_view views_table[] = {
    {.key = "congestion",
     .title = "Congestion control",
     .ntracks = 7,
     .tracks = {LEFT(SSTHRESH), LEFT(FLIGHT), LEFT(CWND), LEFT(LOSSES),
                LEFT(PTOS), LEFT(STATE), LEFT(BLOCKED)}},
    {.key = "rtt",
     .title = "Round trips",
     .ntracks = 6,
     .tracks = {LEFT(RTT_VARIANCE), LEFT(LATEST_RTT), LEFT(MIN_RTT),
                LEFT(SMOOTHED_RTT), LEFT(LOSSES), LEFT(PTOS)}},
    {.key = "packets",
     .title = "Packet numbers",
     .fit = true,
     .ntracks = 4,
     .tracks = {LEFT(PN_SENT), LEFT(PN_ACKED), LEFT(PN_LOST), LEFT(PTOS)}},
    {.key = "throughput",
     .title = "Throughput",
     .ntracks = 6,
     .tracks = {LEFT(GOODPUT_IN), LEFT(THROUGHPUT_IN), LEFT(GOODPUT),
                LEFT(DELIVERY), LEFT(THROUGHPUT), LEFT(LOSSES)}},
    {.key = "pacing",
     .title = "Pacing",
     .ntracks = 3,
     .tracks = {LEFT(PACING_RATE), LEFT(THROUGHPUT), LEFT(SENDS)}},
    {.key = "flow",
     .title = "Flow control of the connection",
     .ntracks = 6,
     .tracks = {LEFT(LIMIT_IN), LEFT(USED_IN), LEFT(LIMIT), LEFT(USED),
                LEFT(BLOCKED), LEFT(BLOCKED_FRAMES)}},
    {.key = "streams", .title = "Streams", .lanes = true},
    {.key = "loss",
     .title = "Losses",
     .ntracks = 5,
     .tracks = {LEFT(LOST), RIGHT(CE), LEFT(LOSSES), LEFT(PTOS), LEFT(STATE)}},
    {.key = "pto",
     .title = "Probe timeouts",
     .ntracks = 5,
     .tracks = {RIGHT(LATEST_RTT), LEFT(PTO_COUNT), LEFT(PTOS), LEFT(LOSSES),
                LEFT(RECEIPTS)}},
};

#undef LEFT
#undef RIGHT

#define VIEWS (sizeof(views_table) / sizeof(views_table[0]))

/* A view about to be drawn. */
typedef struct picture {
  const qv_view *view;
  const qv_view_source *src;
  qv_chart chart;
  qv_chart_series series[QV_CHART_SERIES_MAX];
  qv_track_id ids[QV_CHART_SERIES_MAX]; /* of tracks, by series */
  qv_column *columns;
  char title[VIEWS_TITLE];
} picture;

const qv_view *qv_view_at(size_t i) {
  return i < VIEWS ? &views_table[i] : NULL;
}

const qv_view *qv_view_find(const char *key) {
  for (size_t i = 0; i < VIEWS; i++) {
    if (strcmp(views_table[i].key, key) == 0) {
      return &views_table[i];
    }
  }
  return NULL;
}

bool qv_view_any(const qv_view *v, const qv_view_source *src) {
  uint64_t streams;

  for (size_t i = 0; i < v->ntracks; i++) {
    if (qv_tracks_series(src->tracks, v->tracks[i].id)) {
      return true;
    }
  }
  return v->lanes && src->lanes && qv_lanes_count(src->lanes, &streams) > 0;
}

static void views_track(picture *p, const qv_view_track *vt) {
  const qv_track *track = qv_track_of(vt->id);
  const quic_series *values = qv_tracks_series(p->src->tracks, vt->id);
  const qv_states *states = qv_tracks_states(p->src->tracks, vt->id);
  qv_chart_series *s = &p->series[p->chart.nseries];

  /* A curve that is not there is worth a word, a row is not. */
  if (!values && qv_chart_rowed(track->kind)) {
    return;
  }
  p->ids[p->chart.nseries++] = vt->id;
  *s = (qv_chart_series){.name = track->title,
                         .key = track->key,
                         .kind = track->kind,
                         .marker = track->marker,
                         .colour = track->colour,
                         .axis = vt->axis,
                         .names = states ? states->names : NULL,
                         .nnames = states ? states->n : 0};
  if (!qv_chart_rowed(track->kind)) {
    p->chart.unit[vt->axis] = track->unit;
  }
  if (values && quic_series_leaf(values) > p->chart.leaf) {
    p->chart.leaf = quic_series_leaf(values);
  }
}

static void views_lanes(picture *p) {
  const qv_lanes *lanes = p->src->lanes;
  qv_lane lane;

  for (size_t i = 0; p->view->lanes && lanes && qv_lanes_at(lanes, i, &lane) &&
                     i < QV_CHART_SERIES_MAX;
       i++) {
    p->series[p->chart.nseries++] = (qv_chart_series){
        .name = lane.name,
        .kind = QV_CHART_MARKS,
        .colour = lane.octets[0] >= lane.octets[1] ? QV_BLUE : QV_ORANGE};
    p->chart.leaf = qv_lanes_slot(lanes);
  }
}

/* views_begin prepares everything but the columns. */
static void views_begin(picture *p, const qv_view *v, const qv_view_source *src,
                        qv_view_range range) {
  quic_time first = 0, last = 0;
  quic_text t;

  *p = (picture){.view = v, .src = src};
  (void)qv_tracks_reach(src->tracks, &first, &last);
  if (last < QUIC_TIME_NEVER) {
    last++; /* the last event is in the picture */
  }
  p->chart = (qv_chart){.title = p->title,
                        .from = range.from < first ? first : range.from,
                        .to = range.to > last ? last : range.to,
                        .origin = first,
                        .fit = {v->fit, false},
                        .series = p->series};
  for (size_t i = 0; i < v->ntracks; i++) {
    views_track(p, &v->tracks[i]);
  }
  views_lanes(p);
  quic_text_init(&t, p->title, sizeof(p->title));
  quic_text_str(&t, v->title);
  if (!qv_view_any(v, src)) {
    quic_text_str(&t, ": the log has nothing of it");
  }
  quic_text_cstr(&t);
}

/* views_fill makes and fills |n| columns. */
static int views_fill(picture *p, size_t n) {
  size_t nseries = p->chart.nseries;

  p->chart.ncolumns = n;
  if (n == 0 || nseries == 0) {
    return 0;
  }
  p->columns =
      quic_mem_resize(p->src->mem, NULL, n * nseries, sizeof(*p->columns));
  if (!p->columns) {
    return QUIC_ERR_NOMEM;
  }
  for (size_t i = 0; i < nseries; i++) {
    qv_column *columns = &p->columns[i * n];

    p->series[i].columns = columns;
    if (p->view->lanes) {
      qv_lanes_columns(p->src->lanes, i, &p->chart, columns);
    } else {
      qv_tracks_columns(p->src->tracks, p->ids[i], &p->chart, columns);
    }
  }
  return 0;
}

static void views_end(picture *p) {
  quic_mem_free(p->src->mem, p->columns);
}

/* views_few says in the title how many of the streams have a row. */
static void views_few(picture *p, int rows) {
  uint64_t streams = 0;
  size_t lanes;
  quic_text t;

  if (!p->view->lanes || !p->src->lanes) {
    return;
  }
  lanes = qv_lanes_count(p->src->lanes, &streams);
  if (lanes <= (size_t)rows && lanes <= QV_LANES_MAX) {
    return;
  }
  quic_text_init(&t, p->title, sizeof(p->title));
  quic_text_printf(&t, "%s: %d rows of %s%llu", p->view->title,
                   lanes < (size_t)rows ? (int)lanes : rows,
                   lanes > QV_LANES_MAX ? "at least " : "",
                   (unsigned long long)streams);
  quic_text_cstr(&t);
}

int qv_view_draw(const qv_view *v, const qv_view_source *src,
                 qv_view_range range, qv_grid *g, qv_rect r,
                 qv_chart_mode mode) {
  qv_chart_layout lay;
  picture p;
  int rv;

  views_begin(&p, v, src, range);
  qv_chart_lay(&p.chart, r, mode, &lay);
  views_few(&p, lay.rows);
  rv = views_fill(&p, (size_t)lay.columns);
  if (rv == 0) {
    qv_chart_draw(&p.chart, g, r, mode);
  }
  views_end(&p);
  return rv;
}

int qv_view_svg(const qv_view *v, const qv_view_source *src,
                qv_view_range range, int w, int h, quic_text *t) {
  size_t n = w < 3 ? 1 : (size_t)w / 3 * VIEWS_SVG_EVERY;
  picture p;
  int rv;

  views_begin(&p, v, src, range);
  views_few(&p, QV_CHART_SERIES_MAX);
  rv = views_fill(&p, n > QV_CHART_COLUMNS_MAX ? QV_CHART_COLUMNS_MAX : n);
  if (rv == 0) {
    qv_svg_chart(&p.chart, w, h, t);
  }
  views_end(&p);
  return rv;
}

int qv_view_values(const qv_view *v, const qv_view_source *src,
                   qv_view_range range, size_t n, quic_text *t) {
  picture p;
  int rv;

  views_begin(&p, v, src, range);
  rv = views_fill(&p, n > QV_CHART_COLUMNS_MAX ? QV_CHART_COLUMNS_MAX : n);
  if (rv == 0) {
    qv_chart_values(&p.chart, t);
  }
  views_end(&p);
  return rv;
}
