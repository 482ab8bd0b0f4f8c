#include "cli/sink.h"

#include <errno.h>
#include <unistd.h>

static void sink_write(void *user, const char *data, size_t len) {
  cli_sink *sink = user;

  while (len && !sink->error) {
    ssize_t n = write(sink->fd, data, len);

    if (n < 0) {
      if (errno != EINTR) {
        sink->error = errno;
      }
      continue;
    }
    data += n;
    len -= (size_t)n;
  }
}

void cli_sink_init(cli_sink *sink, int fd) {
  memset(sink, 0, sizeof(*sink));
  quic_text_init(&sink->text, sink->buffer, sizeof(sink->buffer));
  sink->text.flush = sink_write;
  sink->text.user = sink;
  sink->fd = fd;
}

int cli_sink_flush(cli_sink *sink) {
  quic_text_flush(&sink->text);
  return sink->error;
}
