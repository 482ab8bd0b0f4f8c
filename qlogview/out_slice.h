#ifndef QV_OUT_SLICE_H
#define QV_OUT_SLICE_H

#include "qlogview/out.h"

/* qv_out_slice_new makes the output of --slice: chosen records as they are,
   under the heads that they had. */
qv_out *qv_out_slice_new(const qv_context *ctx);

#endif /* !defined(QV_OUT_SLICE_H) */
