#include "qlogview/progress.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/text.h"

#define PROGRESS_STEP ((uint64_t)1 << 20)
#define PROGRESS_FIRST 300 /* ms before the line appears */
#define PROGRESS_EVERY 100 /* ms */
#define PROGRESS_NAME 40   /* octets of the name */

static int64_t progress_now(void) {
  struct timespec t;

  clock_gettime(CLOCK_MONOTONIC, &t);
  return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

void qv_progress_init(qv_progress *p, bool enabled, const char *name) {
  p->enabled = enabled && isatty(STDERR_FILENO);
  p->shown = false;
  p->name = name;
  p->next = PROGRESS_STEP;
  p->begun = p->enabled ? progress_now() : 0;
  p->last = p->begun + PROGRESS_FIRST - PROGRESS_EVERY;
}

void qv_progress_step(qv_progress *p, uint64_t done, uint64_t total) {
  char buf[512];
  quic_text t;
  int64_t now;

  if (!p->enabled || done < p->next) {
    return;
  }
  p->next = done + PROGRESS_STEP;
  now = progress_now();
  if (now < p->last + PROGRESS_EVERY) {
    return;
  }
  p->last = now;
  quic_text_init(&t, buf, sizeof(buf));
  quic_text_str(&t, "\r");
  quic_text_untrusted(&t, quic_bytes_of(p->name, strlen(p->name)),
                      PROGRESS_NAME);
  quic_text_printf(&t, ": %llu MB", (unsigned long long)(done / 1000000));
  if (total) {
    quic_text_printf(&t, " of %llu MB, %llu %%",
                     (unsigned long long)(total / 1000000),
                     (unsigned long long)(done * 100 / total));
  }
  quic_text_printf(
      &t, ", %llu MB/s  ",
      (unsigned long long)(done / 1000 /
                           (uint64_t)(now > p->begun ? now - p->begun : 1)));
  fputs(quic_text_cstr(&t), stderr);
  fflush(stderr);
  p->shown = true;
}

void qv_progress_end(qv_progress *p) {
  if (p->shown) {
    fputs("\r\033[K", stderr);
    fflush(stderr);
    p->shown = false;
  }
}
