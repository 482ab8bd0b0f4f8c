#include "qlogview/roll.h"

#include "cli/complain.h"
#include "qlogview/say.h"

#define ROLL_LINE_MAX 2048

void qv_roll_init(qv_roll *roll, const quic_mem *mem) {
  memset(roll, 0, sizeof(*roll));
  roll->mem = mem;
}

static void roll_names_free(const quic_mem *mem, qv_roll_names *n) {
  for (size_t i = 0; i < n->kept; i++) {
    quic_mem_free(mem, n->names[i]);
  }
}

void qv_roll_free(qv_roll *roll) {
  roll_names_free(roll->mem, &roll->others);
  roll_names_free(roll->mem, &roll->failed);
}

static void roll_name(qv_roll *roll, qv_roll_names *n, const char *name) {
  size_t len = strlen(name) + 1;

  n->count++;
  if (n->kept == QV_ROLL_NAMES_MAX) {
    return;
  }
  n->names[n->kept] = quic_mem_alloc(roll->mem, len);
  if (n->names[n->kept]) {
    memcpy(n->names[n->kept++], name, len);
  }
}

/* roll_claims: the name says that this is a qlog. */
static bool roll_claims(const char *path) {
  const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;

  return strstr(base, ".qlog") || strstr(base, ".sqlog");
}

qv_rolled qv_roll_file(qv_roll *roll, const qv_context *ctx,
                       const qv_file *file, bool failed) {
  if (!failed) {
    roll->read++;
    roll->damaged += file->stats.bad != 0 || file->stats.truncated || file->cut;
    return QV_ROLL_READ;
  }
  if (file->no_qlog && !ctx->named && !roll_claims(ctx->path)) {
    roll_name(roll, &roll->others, ctx->path);
    return QV_ROLL_OTHER;
  }
  roll_name(roll, &roll->failed, ctx->path);
  return QV_ROLL_FAILED;
}

qv_rolled qv_roll_tell(qv_roll *roll, const qv_context *ctx,
                       const qv_file *file, bool failed) {
  qv_rolled rolled = qv_roll_file(roll, ctx, file, failed);

  if (rolled == QV_ROLL_FAILED && file->no_qlog) {
    cli_complain("%s: %s", ctx->path, file->problem);
  }
  return rolled;
}

/* What lines there are. */
enum { ROLL_DAMAGED, ROLL_FAILED, ROLL_OTHERS, ROLL_LINES };

/* roll_list names files through |put|. */
static void roll_list(quic_text *t, const qv_roll_names *n, const char *what,
                      void (*put)(quic_text *t, const char *name)) {
  qv_say_count(t, n->count, "file");
  quic_text_str(t, what);
  for (size_t i = 0; i < n->kept; i++) {
    quic_text_str(t, i ? ", " : ": ");
    put(t, n->names[i]);
  }
  if (n->kept && n->count > n->kept) {
    quic_text_str(t, ", and ");
    qv_say_number(t, n->count - n->kept);
    quic_text_str(t, " more");
  }
}

/* roll_line writes a line without its end; false when there is none. */
static bool roll_line(const qv_roll *roll, int line, quic_text *t,
                      void (*put)(quic_text *t, const char *name)) {
  switch (line) {
  case ROLL_DAMAGED:
    if (roll->damaged) {
      qv_say_count(t, roll->damaged, "file");
      quic_text_str(t, " damaged, and read as far as possible: see --stats");
    }
    return roll->damaged != 0;
  case ROLL_FAILED:
    if (roll->failed.count) {
      roll_list(t, &roll->failed, " could not be read", put);
    }
    return roll->failed.count != 0;
  default:
    if (roll->others.count) {
      roll_list(t, &roll->others,
                roll->others.count == 1 ? " is no qlog" : " are no qlogs", put);
    }
    return roll->others.count != 0;
  }
}

void qv_roll_say(const qv_roll *roll, quic_text *t) {
  for (int line = 0; line < ROLL_LINES; line++) {
    if (roll_line(roll, line, t, qv_say_untrusted)) {
      quic_text_char(t, '\n');
    }
  }
}

void qv_roll_complain(const qv_roll *roll) {
  for (int line = 0; line < ROLL_LINES; line++) {
    char buf[ROLL_LINE_MAX];
    quic_text t;

    quic_text_init(&t, buf, sizeof(buf));
    /* Complaints are escaped as a whole. */
    if (roll_line(roll, line, &t, quic_text_str)) {
      cli_complain("%s", quic_text_cstr(&t));
    }
  }
}

int qv_roll_status(const qv_roll *roll, int status) {
  return roll->failed.count ? QV_EXIT_INPUT : status;
}
