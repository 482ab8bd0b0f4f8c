#include "qlogview/oddities.h"

#include "qlogview/say.h"

void qv_oddities_init(qv_oddities *odd) {
  memset(odd, 0, sizeof(*odd));
}

static size_t oddities_copy(char *out, size_t at, size_t cap, quic_bytes b) {
  size_t n = b.len < cap - at ? b.len : cap - at;

  if (n) {
    memcpy(out + at, b.data, n);
  }
  return at + n;
}

void qv_oddities_unknown(qv_oddities *odd, quic_bytes space, quic_bytes name) {
  char full[QV_ODDITIES_NAME_MAX + 1];
  size_t len = 0;

  if (space.len) {
    len = oddities_copy(full, 0, QV_ODDITIES_NAME_MAX - 1, space);
    full[len++] = ':';
  }
  len = oddities_copy(full, len, QV_ODDITIES_NAME_MAX, name);
  full[len] = '\0';
  for (size_t i = 0; i < odd->nnames; i++) {
    if (strcmp(odd->names[i].name, full) == 0) {
      odd->names[i].count++;
      return;
    }
  }
  if (odd->nnames == QV_ODDITIES_NAMES) {
    odd->other_names++;
    return;
  }
  memcpy(odd->names[odd->nnames].name, full, sizeof(full));
  odd->names[odd->nnames++].count = 1;
}

void qv_oddities_add(qv_oddities *odd, const qlog_bad *bad) {
  qv_oddities_bad *b;

  if (odd->nbad == QV_ODDITIES_BAD) {
    return;
  }
  b = &odd->bad[odd->nbad++];
  b->number = bad->number;
  b->offset = bad->offset;
  b->at = bad->at;
  b->why = bad->why;
  b->len = bad->text.len < sizeof(b->text) ? bad->text.len : sizeof(b->text);
  if (b->len) {
    memcpy(b->text, bad->text.data, b->len);
  }
}

void qv_oddities_trace(qv_oddities *odd, const qlog_trace *trace) {
  if (trace->version.len) {
    size_t n = oddities_copy(odd->version, 0, QV_TITLE_MAX, trace->version);

    odd->version[n] = '\0';
  }
}

/* What is said. */

static void oddities_title(quic_text *t, const char *title) {
  size_t start = quic_text_pos(t);

  quic_text_str(t, title);
  quic_text_pad(t, start, 12);
}

static void oddities_bad(quic_text *t, const qv_oddities *odd, uint64_t count) {
  oddities_title(t, "unreadable");
  qv_say_count(t, count, "record");
  quic_text_char(t, '\n');
  for (size_t i = 0; i < odd->nbad; i++) {
    const qv_oddities_bad *b = &odd->bad[i];

    oddities_title(t, "");
    quic_text_printf(t, "record %llu at octet %llu: %s, at its octet %zu: ",
                     (unsigned long long)b->number,
                     (unsigned long long)b->offset, b->why, b->at);
    quic_text_untrusted(t, quic_bytes_of(b->text, b->len), 0);
    quic_text_char(t, '\n');
  }
  if (count > odd->nbad) {
    oddities_title(t, "");
    quic_text_str(t, "and ");
    qv_say_number(t, count - odd->nbad);
    quic_text_str(t, " more\n");
  }
}

static void oddities_names(quic_text *t, const qv_oddities *odd) {
  for (size_t i = 0; i < odd->nnames; i++) {
    oddities_title(t, i ? "" : "unknown");
    qv_say_untrusted(t, odd->names[i].name);
    quic_text_str(t, ", ");
    qv_say_count(t, odd->names[i].count, "event");
    quic_text_char(t, '\n');
  }
  if (odd->other_names) {
    oddities_title(t, "");
    qv_say_number(t, odd->other_names);
    quic_text_str(t, " of other names\n");
  }
}

static void oddities_repairs(quic_text *t, const qlog_reader_stats *s) {
  bool any = false;

  for (int i = 0; i < QLOG_REPAIRS; i++) {
    if (s->repairs[i]) {
      oddities_title(t, any ? "" : "repaired");
      quic_text_str(t, qlog_repair_text((qlog_repair)i));
      quic_text_str(t, ", ");
      qv_say_count(t, s->repairs[i], "time");
      quic_text_char(t, '\n');
      any = true;
    }
  }
}

void qv_oddities_say(const qv_oddities *odd, const qv_file *file,
                     quic_text *t) {
  const qlog_reader_stats *s = &file->stats;

  oddities_title(t, "the log");
  quic_text_str(t, qlog_layout_name(s->layout));
  if (odd->version[0]) {
    quic_text_str(t, ", ");
    qv_say_untrusted(t, odd->version);
  }
  quic_text_str(t, "; ");
  qv_say_octets(t, s->octets);
  quic_text_str(t, ", ");
  qv_say_count(t, s->traces, "trace");
  quic_text_str(t, ", ");
  qv_say_count(t, file->connections, "connection");
  quic_text_char(t, '\n');
  oddities_title(t, "records");
  qv_say_number(t, s->records);
  quic_text_str(t, ", of these ");
  qv_say_count(t, s->events, "event");
  quic_text_str(t, "; the largest has ");
  qv_say_octets(t, s->record_largest);
  quic_text_char(t, '\n');
  if (s->bad) {
    oddities_bad(t, odd, s->bad);
  }
  oddities_names(t, odd);
  oddities_repairs(t, s);
  if (s->truncated || file->cut) {
    oddities_title(t, "cut");
    quic_text_str(t, "the end of the file is missing\n");
  }
  if (file->early) {
    oddities_title(t, "memory");
    qv_say_count(t, file->early, "connection");
    quic_text_str(t, " ended early to save it\n");
  }
}

static void oddities_json_lists(qlog_json *j, const qv_oddities *odd) {
  qlog_json_key(j, "unknown_events");
  qlog_json_object(j);
  for (size_t i = 0; i < odd->nnames; i++) {
    qlog_json_key_text(
        j, quic_bytes_of(odd->names[i].name, strlen(odd->names[i].name)));
    qlog_json_u64(j, odd->names[i].count);
  }
  qlog_json_object_end(j);
  qlog_json_key(j, "bad_records");
  qlog_json_array(j);
  for (size_t i = 0; i < odd->nbad; i++) {
    const qv_oddities_bad *b = &odd->bad[i];

    qlog_json_object(j);
    qlog_json_key_u64(j, "record", b->number);
    qlog_json_key_u64(j, "offset", b->offset);
    qlog_json_key_u64(j, "at", b->at);
    qlog_json_key_str(j, "why", b->why);
    qlog_json_key_text_value(j, "text", quic_bytes_of(b->text, b->len));
    qlog_json_object_end(j);
  }
  qlog_json_array_end(j);
}

void qv_oddities_json(const qv_oddities *odd, const qv_file *file,
                      qlog_json *j) {
  const qlog_reader_stats *s = &file->stats;

  qlog_json_key_str(j, "layout", qlog_layout_name(s->layout));
  qlog_json_key_text_value(j, "version",
                           quic_bytes_of(odd->version, strlen(odd->version)));
  qlog_json_key_u64(j, "octets", s->octets);
  qlog_json_key_u64(j, "traces", s->traces);
  qlog_json_key_u64(j, "connections", file->connections);
  qlog_json_key_u64(j, "ended_early", file->early);
  qlog_json_key_u64(j, "records", s->records);
  qlog_json_key_u64(j, "events", s->events);
  qlog_json_key_u64(j, "unknown", s->unknown);
  qlog_json_key_u64(j, "bad", s->bad);
  qlog_json_key_u64(j, "record_largest", s->record_largest);
  qlog_json_key_bool(j, "truncated", s->truncated || file->cut);
  qlog_json_key(j, "repairs");
  qlog_json_object(j);
  for (int i = 0; i < QLOG_REPAIRS; i++) {
    if (s->repairs[i]) {
      qlog_json_key_u64(j, qlog_repair_name((qlog_repair)i), s->repairs[i]);
    }
  }
  qlog_json_object_end(j);
  oddities_json_lists(j, odd);
}
