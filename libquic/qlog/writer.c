#include "qlog/copy.h"
#include "qlog/dialect.h"
#include "qlog/write.h"

#define WRITER_RS "\x1e" /* RFC 7464 */

static const struct {
  unsigned bit;
  const char *uri;
} writer_schemas[] = {
    {QLOG_SCHEMA_QUIC, "urn:ietf:params:qlog:events:quic-13"},
    {QLOG_SCHEMA_HTTP3, "urn:ietf:params:qlog:events:http3-13"},
    {QLOG_SCHEMA_HTTP, "urn:ietf:params:qlog:events:http-13"},
    /* these two have no numbers of drafts */
    {QLOG_SCHEMA_LOGLEVEL, "urn:ietf:params:qlog:events:loglevel"},
    {QLOG_SCHEMA_SIMULATION, "urn:ietf:params:qlog:events:simulation"},
};

static const char writer_custom[] =
    "Fields of no schema: capture_frame (number of the record in the capture), "
    "datagram_id (packets with the same one shared a UDP datagram), "
    "datagram_length, ecn, path_id (multipath), side (whose it is), inferred "
    "(worked out from what was seen, not told by the endpoint), acked_ranges";

/* What the plain fields leave to a function; most events have none. */
static qlog_write_rest *const writer_rests[QLOG_EVENT_TYPES] = {
    [QLOG_CONNECTION_CLOSED] = qlog_write_closed,
    [QLOG_PARAMETERS_SET] = qlog_write_parameters,
    [QLOG_PARAMETERS_RESTORED] = qlog_write_parameters,
    [QLOG_PACKET_SENT] = qlog_write_packet,
    [QLOG_PACKET_RECEIVED] = qlog_write_packet,
    [QLOG_PACKET_DROPPED] = qlog_write_packet,
    [QLOG_PACKET_BUFFERED] = qlog_write_packet,
    [QLOG_PACKET_LOST] = qlog_write_packet,
    [QLOG_PACKETS_ACKED] = qlog_write_acked,
    [QLOG_UDP_DATAGRAMS_SENT] = qlog_write_datagrams,
    [QLOG_UDP_DATAGRAMS_RECEIVED] = qlog_write_datagrams,
    [QLOG_UDP_DATAGRAM_DROPPED] = qlog_write_datagrams,
    [QLOG_FRAMES_CREATED] = qlog_write_frame_list,
    [QLOG_FRAMES_PARSED] = qlog_write_frame_list,
    [QLOG_MARKED_FOR_RETRANSMIT] = qlog_write_frame_list,
    [QLOG_H3_PARAMETERS_SET] = qlog_write_h3_settings,
    [QLOG_H3_PARAMETERS_RESTORED] = qlog_write_h3_settings,
    [QLOG_H3_STREAM_TYPE_SET] = qlog_write_h3_stream,
    [QLOG_H3_FRAME_CREATED] = qlog_write_h3_frame,
    [QLOG_H3_FRAME_PARSED] = qlog_write_h3_frame,
    [QLOG_CAPSULE_CREATED] = qlog_write_capsule,
    [QLOG_CAPSULE_PARSED] = qlog_write_capsule,
    [QLOG_SIMULATION_SCENARIO] = qlog_write_simulation,
};

/* writer_begin and writer_end frame an event: as a record, or as a line of the
   array of events. */
static void writer_begin(qlog_writer *w) {
  quic_text *out = w->json.out;

  if (!w->compat) {
    quic_text_mem(out, WRITER_RS, 1);
  } else if (w->any) {
    quic_text_mem(out, ",\n", 2);
  }
  w->any = true;
  w->json.comma = false;
}

static void writer_end(qlog_writer *w) {
  if (!w->compat) {
    qlog_json_end(&w->json);
  }
}

/* writer_data writes the header of a packet first, else the plain fields. */
static void writer_data(qlog_writer *w, const qlog_event *e) {
  qlog_write_rest *rest = writer_rests[e->type];

  if (rest == qlog_write_packet) {
    rest(w, e);
    rest = NULL;
  }
  qlog_write_fields(w, e);
  if (rest) {
    rest(w, e);
  }
}

static void writer_event(qlog_sink *sink, const qlog_event *e) {
  qlog_writer *w = (qlog_writer *)sink;
  qlog_json *j = &w->json;

  if ((unsigned)e->type >= QLOG_EVENT_TYPES) {
    return;
  }
  writer_begin(w);
  qlog_json_object(j);
  WRITE_KEY(j, "time");
  qlog_json_since(j, e->time, w->reference);
  WRITE_KEY(j, "name");
  qlog_json_str(j, qlog_dialect_name(e->type, w->compat));
  if (e->tuple) {
    qlog_json_key_str(j, "tuple", e->tuple);
  }
  if (e->group) {
    qlog_json_key_str(j, "group_id", e->group);
  }
  WRITE_KEY(j, "data");
  qlog_json_object(j);
  writer_data(w, e);
  if (e->side) {
    qlog_json_key_str(j, "side", e->side);
  }
  qlog_json_object_end(j);
  qlog_json_object_end(j);
  writer_end(w);
}

/* writer_told: members of a foreign event that are told anew, or of which its
   name was made; |user|: it had none as such. */
static bool writer_told(const void *user, quic_bytes key) {
  static const char *const told[] = {"time",     "time_format", "name",
                                     "category", "group_id",    "ODCID",
                                     "data",     "type",        "event"};
  enum { PARTS = 2 };
  size_t n = sizeof(told) / sizeof(told[0]) - (*(const bool *)user ? 0 : PARTS);

  for (size_t i = 0; i < n; i++) {
    if (qlog_token_is(key, told[i])) {
      return true;
    }
  }
  return false;
}

static void writer_name(qlog_json *j, const qlog_foreign *e) {
  char tmp[512];
  quic_text t;

  quic_text_init(&t, tmp, sizeof(tmp));
  if (e->space.len > 0) {
    quic_text_mem(&t, (const char *)e->space.data, e->space.len);
    quic_text_char(&t, ':');
  }
  quic_text_mem(&t, (const char *)e->name.data, e->name.len);
  qlog_json_text(j, quic_bytes_of(t.buf, t.len));
}

void qlog_writer_foreign(qlog_writer *w, const qlog_foreign *e) {
  qlog_json *j = &w->json;
  const bool nameless = !qlog_copy_has(e->record, "name");

  writer_begin(w);
  qlog_json_object(j);
  WRITE_KEY(j, "time");
  qlog_json_since(j, e->time, w->reference);
  WRITE_KEY(j, "name");
  writer_name(j, e);
  if (e->group) {
    qlog_json_key_str(j, "group_id", e->group);
  }
  qlog_copy_members(j, e->record, writer_told, &nameless);
  WRITE_KEY(j, "data");
  if (e->data.len > 0) {
    qlog_copy_value(j, e->data);
  } else {
    qlog_json_object(j);
    qlog_json_object_end(j);
  }
  qlog_json_object_end(j);
  writer_end(w);
}

/* --- the head --------------------------------------------------------------
 */

static void writer_str(qlog_json *j, const char *key, const char *s) {
  if (s) {
    qlog_json_key_str(j, key, s);
  }
}

static void writer_vantage(qlog_json *j, const qlog_writer_settings *set) {
  static const char *const names[] = {"unknown", "client", "server", "network"};

  qlog_json_key(j, "vantage_point");
  qlog_json_object(j);
  writer_str(j, "name", set->name);
  qlog_json_key_str(j, "type", names[set->vantage]);
  if (set->vantage == QLOG_VANTAGE_NETWORK) {
    qlog_json_key_str(j, "flow",
                      set->flow == QLOG_VANTAGE_NETWORK ? "unknown"
                                                        : names[set->flow]);
  }
  qlog_json_object_end(j);
}

static void writer_schema_list(qlog_json *j, unsigned schemas) {
  if (schemas == 0) {
    schemas = ~QLOG_SCHEMA_SIMULATION & 0xff;
  }
  qlog_json_key(j, "event_schemas");
  qlog_json_array(j);
  for (size_t i = 0; i < sizeof(writer_schemas) / sizeof(writer_schemas[0]);
       i++) {
    if (schemas & writer_schemas[i].bit) {
      qlog_json_str(j, writer_schemas[i].uri);
    }
  }
  qlog_json_array_end(j);
}

static void writer_common(qlog_json *j, const qlog_writer_settings *set) {
  qlog_json_key(j, "common_fields");
  qlog_json_object(j);
  writer_str(j, "group_id", set->group);
  qlog_json_key_str(j, "time_format", "relative_to_epoch");
  qlog_json_key(j, "reference_time");
  qlog_json_object(j);
  qlog_json_key_str(j, "clock_type", set->monotonic ? "monotonic" : "system");
  qlog_json_key(j, "epoch");
  if (set->monotonic) {
    qlog_json_str(j, "unknown");
  } else {
    qlog_json_date(j, set->reference);
  }
  qlog_json_object_end(j);
  qlog_json_object_end(j);
}

static void writer_head(qlog_json *j, const qlog_writer_settings *set) {
  qlog_json_object(j);
  qlog_json_key_str(j, "file_schema", "urn:ietf:params:qlog:file:sequential");
  qlog_json_key_str(j, "serialization_format", "application/qlog+json-seq");
  writer_str(j, "title", set->title);
  writer_str(j, "description", set->description);
  qlog_json_key(j, "trace");
  qlog_json_object(j);
  writer_str(j, "description", set->undescribed ? NULL : writer_custom);
  writer_vantage(j, set);
  writer_common(j, set);
  writer_schema_list(j, set->schemas);
  qlog_json_object_end(j);
  qlog_json_object_end(j);
  qlog_json_end(j);
}

/* The version first: QVIS wants it at the top. */
static void writer_head_compat(qlog_json *j, const qlog_writer_settings *set) {
  qlog_json_object(j);
  qlog_json_key_str(j, "qlog_version", "0.3");
  qlog_json_key_str(j, "qlog_format", "JSON");
  writer_str(j, "title", set->title);
  writer_str(j, "description", set->description);
  qlog_json_key(j, "traces");
  qlog_json_array(j);
  qlog_json_object(j);
  writer_str(j, "title", set->title);
  writer_str(j, "description", set->undescribed ? NULL : writer_custom);
  writer_vantage(j, set);
  qlog_json_key(j, "common_fields");
  qlog_json_object(j);
  writer_str(j, "ODCID", set->group);
  writer_str(j, "group_id", set->group);
  qlog_json_key(j, "protocol_type");
  qlog_json_array(j);
  qlog_json_str(j, "QUIC");
  qlog_json_str(j, "HTTP3");
  qlog_json_array_end(j);
  qlog_json_key_str(j, "time_format", "relative");
  qlog_json_key(j, "reference_time");
  qlog_json_ms(j, set->monotonic ? 0 : set->reference);
  qlog_json_object_end(j);
  qlog_json_key(j, "events");
  qlog_json_array(j);
  qlog_json_end(j);
}

int qlog_writer_new(qlog_writer **out, const quic_mem *mem,
                    const qlog_writer_settings *settings) {
  qlog_writer *w = quic_mem_zalloc(mem, sizeof(*w));

  *out = w;
  if (!w) {
    return QUIC_ERR_NOMEM;
  }
  w->sink.event = writer_event;
  w->mem = mem;
  w->reference = settings->reference;
  w->raw_max = settings->raw_max;
  w->compat = settings->compat;
  qlog_json_init(&w->json, settings->out);
  if (w->compat) {
    writer_head_compat(&w->json, settings);
  } else {
    quic_text_mem(settings->out, WRITER_RS, 1);
    writer_head(&w->json, settings);
  }
  return 0;
}

qlog_sink *qlog_writer_sink(qlog_writer *w) {
  return &w->sink;
}

void qlog_writer_finish(qlog_writer *w) {
  if (w->compat) {
    quic_text_str(w->json.out, "\n]}]}\n");
  }
  quic_text_flush(w->json.out);
}

void qlog_writer_del(qlog_writer *w) {
  if (w) {
    quic_mem_free(w->mem, w->ranges);
    quic_mem_free(w->mem, w);
  }
}
