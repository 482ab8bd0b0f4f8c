#include "analysis/filter_quic.h"

#include "wire/names.h"

/* filter_frame_row returns the first row with the name of |info|: final frames
   stand before those of drafts. */
static const quic_frame_info *filter_frame_row(const quic_frame_info *info) {
  const quic_frame_info *row;

  for (size_t i = 0; (row = quic_frame_info_at(i)) != NULL; i++) {
    if (strcmp(row->short_name, info->short_name) == 0) {
      break;
    }
  }
  return row;
}

/* Each name once, with the rows that follow it directly: connection_close has
   two. */
bool quic_filter_frame_symbol(size_t i, quic_filter_symbol *out) {
  const quic_frame_info *row, *next;

  for (size_t at = 0; (row = quic_frame_info_at(at)) != NULL; at++) {
    if (filter_frame_row(row) != row || i-- > 0) {
      continue;
    }
    out->name = row->short_name;
    out->first = row->type_first;
    out->last = row->type_last;
    while ((next = quic_frame_info_at(++at)) != NULL &&
           next->type_first == out->last + 1 &&
           strcmp(next->short_name, out->name) == 0) {
      out->last = next->type_last;
    }
    return true;
  }
  return false;
}

/* Between 0x100 and 0x1ff a TLS alert and an HTTP/3 error share a number, so
   there each has a second value, which is what its name stands for. */
#define ERROR_SHARED_FIRST 0x100
#define ERROR_SHARED_LAST 0x1ff
#define ERROR_TRANSPORT (UINT64_C(1) << 62)
#define ERROR_APP (UINT64_C(1) << 63)

static uint64_t filter_error_value(uint64_t space, uint64_t code) {
  return code >= ERROR_SHARED_FIRST && code <= ERROR_SHARED_LAST ? space | code
                                                                 : code;
}

static const char *filter_error_transport(uint64_t code) {
  return quic_name_transport_error(code);
}

/* internal_error is a transport error, too, and taken for that. */
static const char *filter_error_alert(uint64_t code) {
  return code == 0x150 ? NULL : quic_name_tls_alert((uint8_t)code);
}

/* Where there are names. */
static const struct {
  const char *(*name)(uint64_t code);
  uint64_t space, first, last;
} filter_errors[] = {
    {filter_error_transport, ERROR_TRANSPORT, 0, 0xff},
    {filter_error_transport, ERROR_TRANSPORT, 0x3e75, 0x3e77},
    {filter_error_alert, ERROR_TRANSPORT, 0x100, 0x1ff},
    {quic_name_h3_error, ERROR_APP, 0x33, 0x33},
    {quic_name_h3_error, ERROR_APP, 0x100, 0x110},
    {quic_name_h3_error, ERROR_APP, 0x200, 0x202},
    {quic_name_h3_error, ERROR_APP, 0x045d4487, 0x045d4487},
    {quic_name_h3_error, ERROR_APP, 0x0817b3dd, 0x0817b3dd},
    {quic_name_h3_error, ERROR_APP, 0x170d7b68, 0x170d7b68},
    {quic_name_h3_error, ERROR_APP, 0x212c0d48, 0x212c0d48},
    {quic_name_h3_error, ERROR_APP, 0x3994bd84, 0x3994bd84},
};

bool quic_filter_error_symbol(size_t i, quic_filter_symbol *out) {
  if (i-- == 0) {
    out->name = "crypto_error";
    out->first = ERROR_TRANSPORT | ERROR_SHARED_FIRST;
    out->last = ERROR_TRANSPORT | ERROR_SHARED_LAST;
    return true;
  }
  for (size_t r = 0; r < sizeof(filter_errors) / sizeof(filter_errors[0]);
       r++) {
    for (uint64_t code = filter_errors[r].first; code <= filter_errors[r].last;
         code++) {
      const char *name = filter_errors[r].name(code);

      if (name && i-- == 0) {
        out->name = name;
        out->first = out->last =
            filter_error_value(filter_errors[r].space, code);
        return true;
      }
    }
  }
  return false;
}

/* Below this number no frame type is a draft's name for a later one. */
#define SELECT_DRAFT_TYPES 0xac

/* A draft's type also counts as the type that it became. */
bool quic_filter_frame_type(const quic_frame *f, quic_filter_visitor *v) {
  const quic_frame_info *row;

  if (quic_filter_number(v, f->type)) {
    return true;
  }
  if (f->type < SELECT_DRAFT_TYPES || !f->info) {
    return false;
  }
  row = filter_frame_row(f->info);
  return row && row != f->info &&
         quic_filter_number(v,
                            row->type_first + (f->type - f->info->type_first));
}

bool quic_filter_frame_streams(const quic_frame *f, quic_filter_visitor *v) {
  const quic_frame_field *field = f->info ? f->info->fields : NULL;

  for (; field && field->kind != QUIC_FIELD_END; field++) {
    if (field->kind == QUIC_FIELD_VARINT &&
        field->role == QUIC_ROLE_STREAM_ID &&
        quic_frame_field_present(f, field) &&
        quic_filter_number(v, quic_frame_uint(f, field))) {
      return true;
    }
  }
  return false;
}

bool quic_filter_error_code(bool app, uint64_t code, quic_filter_visitor *v) {
  uint64_t value = filter_error_value(app ? ERROR_APP : ERROR_TRANSPORT, code);

  return quic_filter_number(v, code) ||
         (value != code && quic_filter_number(v, value));
}

bool quic_filter_frame_errors(const quic_frame *f, quic_filter_visitor *v) {
  const quic_frame_field *field = f->info ? f->info->fields : NULL;

  for (; field && field->kind != QUIC_FIELD_END; field++) {
    bool app = field->role == QUIC_ROLE_APP_ERROR;

    if ((app || field->role == QUIC_ROLE_TRANSPORT_ERROR) &&
        quic_frame_field_present(f, field) &&
        quic_filter_error_code(app, quic_frame_uint(f, field), v)) {
      return true;
    }
  }
  return false;
}
