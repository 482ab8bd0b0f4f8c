#include "qlog/reader_parts.h"

/* Reading a record and looking at it take more code than the first cache of a
   processor holds.  In turns, each would push the other out every time; so
   records are read some at a time, and then told. */

qlog_event *reader_batch_event(qlog_reader *r) {
  if (r->batch_len == QLOG_READER_BATCH || qlog_convert_full(r->convert)) {
    reader_batch_end(r);
  }
  return &r->batch[r->batch_len].event;
}

qlog_record *reader_batch_record(qlog_reader *r) {
  return &r->batch[r->batch_len].record;
}

void reader_batch_add(qlog_reader *r) {
  r->batch_len++;
}

void reader_batch_tell(qlog_reader *r) {
  while (r->batch_told < r->batch_len) {
    r->ops->record(r->user, &r->batch[r->batch_told++].record);
  }
}

void reader_batch_end(qlog_reader *r) {
  reader_batch_tell(r);
  r->batch_len = r->batch_told = 0;
  qlog_convert_release(r->convert);
}
