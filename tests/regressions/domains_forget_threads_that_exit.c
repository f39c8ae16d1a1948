/* A thread that ends inside a domain's scope, by pthread_exit, has left the scope: the close does not wait for it. */
#include <pthread.h>
#include <stdio.h>
#include <weft/weft.h>

static weft_domain_t *domain;

static void enter_and_exit(void) {
  weft_domain_scope_t outer, outside, inner;
  if (weft_domain_enter(domain, &outer) == WEFT_OK && weft_domain_enter(NULL, &outside) == WEFT_OK &&
      weft_domain_enter(domain, &inner) == WEFT_OK)
    pthread_exit(NULL);
}

static void *of_the_host(void *ctx) {
  enter_and_exit();
  return ctx;
}

static weft_status of_weft(void *ctx, weft_error_t **error) {
  (void)ctx;
  (void)error;
  enter_and_exit();
  return WEFT_OK;
}

int main(void) {
  pthread_t foreign;
  weft_thread_t *thread;
  weft_status status;
  if (weft_domain_create(NULL, NULL, &domain) != WEFT_OK || pthread_create(&foreign, NULL, of_the_host, NULL) != 0 ||
      pthread_join(foreign, NULL) != 0 || weft_thread_create(NULL, NULL, of_weft, NULL, NULL, &thread) != WEFT_OK ||
      weft_thread_start(thread) != WEFT_OK || weft_thread_join(thread, WEFT_FOREVER) != WEFT_OK)
    return puts("cannot begin"), 1;
  weft_thread_unref(thread);
  status = weft_domain_close(domain, 30 * WEFT_SECOND);
  if (status != WEFT_OK)
    return printf("the close says %s, with %d left\n", weft_status_name(status), (int)weft_domain_count(domain)), 1;
  weft_domain_unref(domain);
  return 0;
}
