#include "qpack/queue.h"

void qpack_queue_init(qpack_queue *queue, const quic_mem *mem) {
  memset(queue, 0, sizeof(*queue));
  queue->mem = mem;
}

void qpack_queue_free(qpack_queue *queue) {
  quic_mem_free(queue->mem, queue->data);
  qpack_queue_init(queue, queue->mem);
}

int qpack_queue_add(qpack_queue *queue, const qpack_instruction *ins) {
  size_t len = qpack_instruction_len(ins);
  void *data = queue->data;
  quic_writer wr;

  if (len > QPACK_QUEUE_MAX - qpack_queue_len(queue)) {
    return QUIC_ERR_LIMIT;
  }
  if (queue->done && queue->len + len > queue->cap) {
    queue->len -= queue->done;
    memmove(queue->data, queue->data + queue->done, queue->len);
    queue->done = 0;
  }
  if (quic_mem_grow(queue->mem, &data, &queue->cap, queue->len + len, 1) != 0) {
    return QUIC_ERR_NOMEM;
  }
  queue->data = data;
  quic_writer_init(&wr, queue->data + queue->len, len);
  qpack_instruction_write(ins, &wr);
  queue->len += len;
  return 0;
}

void qpack_queue_undo(qpack_queue *queue, size_t octets) {
  queue->len -= octets;
}

size_t qpack_queue_take(qpack_queue *queue, uint8_t *out, size_t cap) {
  size_t len = qpack_queue_len(queue);

  if (len > cap) {
    len = cap;
  }
  if (len) {
    memcpy(out, queue->data + queue->done, len);
    queue->done += len;
  }
  if (queue->done == queue->len) {
    queue->done = queue->len = 0;
  }
  return len;
}
