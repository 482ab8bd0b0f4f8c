/* Large captures for measuring, without truth: HTTP/3 all of them. */

#include "tests/support/capgen_http.h"
#include "tests/support/capgen_scenarios.h"

#define BULK_PIECE 1320          /* octets of stream data: packets of 1350 */
#define BULK_LARGE (1000 * 1000) /* octets of every other response */
#define BULK_SMALL 5000          /* and of those between */
#define BULK_CONNECTIONS 8       /* with ChaCha20-Poly1305 */

static capgen_options bulk_options(void) {
  capgen_options opt = capgen_defaults();

  opt.alpn = "h3";
  opt.max_data = opt.max_stream_data = UINT64_C(1) << 40;
  opt.max_streams = UINT64_C(1) << 40;
  return opt;
}

static capgen *bulk_new(const capgen_files *files) {
  capgen *g = capgen_new(files, 22);

  g->secrets = CAPGEN_SECRETS_FIRST;
  g->step = 20 * QUIC_MICROSECOND;
  return g;
}

/* bulk_get fetches |len| octets; every other packet is acknowledged. */
static void bulk_get(capgen_http *h, uint64_t id, size_t len) {
  static const char *const more[] = {"accept",
                                     "*/*",
                                     "accept-language",
                                     "en-US,en;q=0.5",
                                     "cookie",
                                     "session=5b2c9e7a41d8f0366f0d8a417e9c2b55",
                                     NULL};
  char path[64], length[24];
  const char *answer[] = {":status",
                          "200",
                          "content-type",
                          "application/octet-stream",
                          "content-length",
                          length,
                          "cache-control",
                          "max-age=604800",
                          "server",
                          "capgen",
                          NULL};
  capgen_request rq = {.path = path, .more = more};
  capgen_buf b = {NULL, 0, 0}, part;

  snprintf(path, sizeof(path), "/files/%llu.bin", (unsigned long long)id / 4);
  snprintf(length, sizeof(length), "%zu", len);
  capgen_http_ask(h, id, &rq);
  capgen_http_wait(h);
  capgen_http_headers(h, CAPGEN_SERVER, id, &b, answer);
  capgen_buf_data(&b, len);
  for (size_t at = 0; at < b.len; at += part.cap) {
    size_t left = b.len - at;

    part.data = b.data + at;
    part.len = part.cap = left < 2 * BULK_PIECE ? left : 2 * BULK_PIECE;
    capgen_http_send(h, CAPGEN_SERVER, id, &part, at + part.cap == b.len);
    capgen_http_ack(h, CAPGEN_CLIENT);
  }
  capgen_buf_free(&b);
}

/* bulk_connection carries about |bytes| octets of content. */
static void bulk_connection(capgen *g, const capgen_options *opt,
                            uint64_t bytes) {
  capgen_http *h = capgen_http_conn(g, opt, NULL);
  uint64_t done = 0;

  h->piece = BULK_PIECE;
  h->delay = QUIC_MILLISECOND;
  capgen_http_open(h);
  for (uint64_t id = 0; done < bytes; id += 4) {
    size_t len = id % 8 ? BULK_SMALL : BULK_LARGE;

    len = bytes - done < len ? (size_t)(bytes - done) : len;
    bulk_get(h, id, len);
    done += len;
  }
  capgen_http_close(h, CAPGEN_CLIENT, 0x100, "");
  capgen_http_del(h);
}

void capgen_bulk(const capgen_files *files, uint64_t bytes) {
  capgen *g = bulk_new(files);
  capgen_options opt = bulk_options();

  bulk_connection(g, &opt, bytes);
  capgen_del(g);
}

void capgen_bulk_chacha(const capgen_files *files, uint64_t bytes) {
  capgen *g = bulk_new(files);
  capgen_options opt = bulk_options();

  opt.suite = 0x1303;
  for (unsigned i = 0; i < BULK_CONNECTIONS; i++) {
    opt.addr[CAPGEN_CLIENT].port = (uint16_t)(50000 + i);
    bulk_connection(g, &opt, bytes / BULK_CONNECTIONS);
  }
  capgen_del(g);
}

void capgen_bulk_streams(const capgen_files *files, uint64_t streams) {
  capgen *g = bulk_new(files);
  capgen_options opt = bulk_options();

  capgen_http_many(g, &opt, (unsigned)streams);
  capgen_del(g);
}
