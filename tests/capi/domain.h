/* domain.h: what the tests of domains share. */
#ifndef WEFT_TESTS_DOMAIN_H
#define WEFT_TESTS_DOMAIN_H

#include "setup.h"

static inline weft_domain_t *make_domain(void) {
  weft_domain_t *domain = NULL;
  CHECK_STATUS(weft_domain_create(NULL, NULL, &domain), WEFT_OK);
  return domain;
}

/* Closes the domain, and checks that nothing of it is left. */
static inline void end_domain(weft_domain_t *domain) {
  CHECK_STATUS(weft_domain_close(domain, WEFT_FOREVER), WEFT_OK);
  CHECK_EQUAL(weft_domain_count(domain), 0);
  CHECK_EQUAL(weft_domain_is_closed(domain), 1);
  weft_domain_unref(domain);
}

static inline void enter(weft_domain_t *domain, weft_domain_scope_t *scope) {
  CHECK_STATUS(weft_domain_enter(domain, scope), WEFT_OK);
}

static inline void leave(weft_domain_scope_t *scope) {
  CHECK_STATUS(weft_domain_leave(scope), WEFT_OK);
}

static inline weft_status close_at_once(void *ctx, weft_error_t **error) {
  (void)error;
  CHECK_STATUS(weft_domain_close((weft_domain_t *)ctx, 0), WEFT_ETIMEDOUT);
  return WEFT_OK;
}

/* Closes it on another thread, because the caller is inside the domain. */
static inline void close_elsewhere(weft_domain_t *domain) {
  weft_thread_t *thread = NULL;
  weft_domain_scope_t outside;
  enter(NULL, &outside);
  thread = start_thread(NULL, WEFT_DAEMON_NO, close_at_once, domain, NULL);
  leave(&outside);
  end_thread(thread);
}

#endif
