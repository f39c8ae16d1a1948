/* A thread that is extended: its argument is an object in which the thread leaves what it has
 * found. Here it fetches a URL over HTTP, and keeps the status or the reason of the failure. main
 * reads both after the join.
 * With URLs as arguments it fetches those; otherwise two pages of a server inside this program.
 * Read on in 03_daemon_heartbeat.c: a thread that is not joined. */
#include "http/http.h"

#include <weft/weft.h>

#include <stdio.h>
#include <stdlib.h>

static void check(weft_status status) {
  if (status == WEFT_OK) return;
  fprintf(stderr, "%s: %s\n", weft_status_name(status), weft_status_text(status));
  exit(1);
}

struct fetcher {
  const char *url;
  int status; /* 0: there is none, for the reason below */
  char reason[100];
  weft_thread_t *thread;
};

static weft_status run(void *ctx, weft_error_t **error) {
  struct fetcher *self = ctx;
  (void)error;
  self->status = http_fetch(self->url, self->reason, sizeof self->reason);
  return WEFT_OK; /* a missing page is a result, not a failure of the thread */
}

static void fetcher_start(struct fetcher *self, const char *url) {
  self->url = url;
  check(weft_thread_create(NULL, NULL, run, self, NULL, &self->thread));
  check(weft_thread_start(self->thread));
}

static void fetcher_join(struct fetcher *self) {
  check(weft_thread_join(self->thread, WEFT_FOREVER)); /* the thread does not use the object any more */
  weft_thread_unref(self->thread);
  if (self->status != 0)
    printf("%s: %d\n", self->url, self->status);
  else
    printf("%s: %s\n", self->url, self->reason);
}

static void fetch_all(const char *const *urls, size_t count) {
  struct fetcher *fetchers = calloc(count, sizeof *fetchers);
  size_t i;
  if (fetchers == NULL) check(WEFT_ENOMEM);
  for (i = 0; i < count; ++i) fetcher_start(&fetchers[i], urls[i]);
  for (i = 0; i < count; ++i) fetcher_join(&fetchers[i]);
  free(fetchers);
}

int main(int argc, char **argv) {
  if (argc > 1) {
    fetch_all((const char *const *)argv + 1, (size_t)argc - 1);
  } else {
    char found[64], closed[64];
    const char *urls[] = {found, closed};
    http_server *server = http_server_start();
    if (server == NULL) return 1;
    http_server_url(server, "/ok/1", found, sizeof found);
    http_server_url(server, "/empty/1", closed, sizeof closed);
    fetch_all(urls, 2);
    http_server_stop(server);
  }
  return 0;
}
