#include "analysis/filter_parts.h"

static bool filter_number_holds(const quic_filter *f, const filter_insn *in,
                                uint64_t v) {
  const filter_operand *o;

  if (in->cmp == CMP_SET) {
    return v != 0;
  }
  o = &f->operands[in->operand];
  switch (in->cmp) {
  case CMP_LT:
    return v < o->first;
  case CMP_LE:
    return v <= o->last;
  case CMP_GT:
    return v > o->last;
  case CMP_GE:
    return v >= o->first;
  default:
    for (size_t i = 0; i < in->noperands; i++) {
      if (v >= o[i].first && v <= o[i].last) {
        return true;
      }
    }
    return false;
  }
}

/* filter_text_at compares without regard to case; |want| is in lower case. */
static bool filter_text_at(const uint8_t *p, const uint8_t *want, size_t len) {
  for (size_t i = 0; i < len; i++) {
    if (filter_lower(p[i]) != want[i]) {
      return false;
    }
  }
  return true;
}

static bool filter_text_contains(quic_bytes value, const uint8_t *want,
                                 size_t len) {
  if (len == 0) {
    return true;
  }
  for (size_t i = 0; i + len <= value.len; i++) {
    if (filter_text_at(value.data + i, want, len)) {
      return true;
    }
  }
  return false;
}

static bool filter_text_holds(const quic_filter *f, const filter_insn *in,
                              quic_bytes v) {
  const filter_operand *o;

  if (in->cmp == CMP_SET) {
    return v.len != 0;
  }
  o = &f->operands[in->operand];
  for (size_t i = 0; i < in->noperands; i++) {
    const uint8_t *want = f->pool + o[i].text;

    if (in->cmp == CMP_CONTAINS
            ? filter_text_contains(v, want, o[i].len)
            : v.len == o[i].len && filter_text_at(v.data, want, v.len)) {
      return true;
    }
  }
  return false;
}

bool quic_filter_number(quic_filter_visitor *v, uint64_t value) {
  if (!v->hit && v->insn->field->type == QUIC_FILTER_NUMBER) {
    v->hit = filter_number_holds(v->filter, v->insn, value);
  }
  return v->hit;
}

bool quic_filter_text(quic_filter_visitor *v, quic_bytes value) {
  if (!v->hit && v->insn->field->type == QUIC_FILTER_TEXT) {
    v->hit = filter_text_holds(v->filter, v->insn, value);
  }
  return v->hit;
}

bool quic_filter_match(const quic_filter *filter, const void *record,
                       quic_filter_values_fn *values) {
  bool flag = false;

  for (size_t i = 0; i < filter->len; i++) {
    const filter_insn *in = &filter->insns[i];

    if (in->op == OP_TEST) {
      quic_filter_visitor v = {filter, in, false};

      values(record, in->field->id, &v);
      flag = v.hit;
    } else if (in->op == OP_NOT) {
      flag = !flag;
    } else if (flag == (in->op == OP_JUMP_TRUE)) {
      i = in->target - 1; /* targets lie ahead */
    }
  }
  return flag;
}
