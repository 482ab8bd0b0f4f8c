#include "qlogview/lists.h"

#include <unistd.h>

#include "cli/sink.h"
#include "qlogview/select.h"
#include "qlogview/views.h"

#define LISTS_KEY 22 /* columns of a key */

static void lists_views(quic_text *t) {
  const qv_view *view;

  quic_text_str(t, "Views of --print and --svg:\n\n");
  for (size_t i = 0; (view = qv_view_at(i)); i++) {
    size_t start = quic_text_pos(t);

    quic_text_str(t, "  ");
    quic_text_str(t, view->key);
    quic_text_pad(t, start, LISTS_KEY);
    quic_text_str(t, view->title);
    quic_text_char(t, '\n');
  }
}

static const char *lists_unit(const qv_track *track) {
  if (track->kind == QV_CHART_BANDS) {
    return "name";
  }
  return track->unit == QUIC_UNIT_OCTETS ? "octets"
         : track->unit == QUIC_UNIT_NS   ? "ms"
         : track->unit == QUIC_UNIT_BPS  ? "bit/s"
                                         : "number";
}

static void lists_series(quic_text *t) {
  quic_text_str(t, "Series of --csv:\n\n");
  for (int i = 0; i < QV_TRACKS; i++) {
    const qv_track *track = qv_track_of((qv_track_id)i);
    size_t start = quic_text_pos(t);

    if (track->how != QV_TRACK_SELF) {
      continue;
    }
    quic_text_str(t, "  ");
    quic_text_str(t, track->key);
    quic_text_pad(t, start, LISTS_KEY);
    quic_text_str(t, track->title);
    quic_text_str(t, ", ");
    quic_text_str(t, lists_unit(track));
    quic_text_char(t, '\n');
  }
}

int qv_lists(const qv_options *opt) {
  cli_sink sink;

  cli_sink_init(&sink, STDOUT_FILENO);
  if (opt->mode == QV_EVENTS) {
    qv_select_help(&sink.text);
  } else if (opt->mode == QV_CSV) {
    lists_series(&sink.text);
  } else {
    lists_views(&sink.text);
  }
  return cli_sink_flush(&sink) == 0 ? 0 : QV_EXIT_INPUT;
}
