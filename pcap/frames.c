#include "pcap/frames.h"

#include "pcap/walk.h"

void qd_frames_init(qd_frames *fs, const quic_mem *mem) {
  memset(fs, 0, sizeof(*fs));
  fs->mem = mem;
}

void qd_frames_free(qd_frames *fs) {
  quic_mem_free(fs->mem, fs->items);
  fs->items = NULL;
  fs->len = fs->cap = 0;
}

int qd_frames_read(qd_frames *fs, const qd_packet *p) {
  qd_walk walk;
  int rv;

  fs->len = 0;
  fs->error = 0;
  fs->failed = 0;
  fs->rest = (quic_bytes){0};
  qd_walk_init(&walk, p);
  for (;;) {
    void *items = fs->items;

    if (quic_mem_grow(fs->mem, &items, &fs->cap, fs->len + 1,
                      sizeof(*fs->items)) != 0) {
      fs->rest = qd_walk_rest(&walk);
      return QUIC_ERR_NOMEM;
    }
    fs->items = items;
    rv = qd_walk_next(&walk, &fs->items[fs->len]);
    if (rv != 0) {
      break;
    }
    fs->len++;
  }
  if (rv != QUIC_ERR_END) {
    fs->error = rv;
    fs->failed = fs->items[fs->len].type;
    fs->rest = qd_walk_rest(&walk);
  }
  return 0;
}
