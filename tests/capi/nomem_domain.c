/* Tests of memory that runs out under domains (see nomem.h). */
#include "nomem.h"

/* On a thread that weft has not met, so that it needs memory for that. */
typedef struct elsewhere {
  weft_domain_t *domain;
  weft_status (*attempt)(weft_domain_t *domain);
  weft_status status;
  int refused;
} elsewhere_t;

static void *run_elsewhere(void *ctx) {
  elsewhere_t *self = (elsewhere_t *)ctx;
  self->status = self->attempt(self->domain);
  self->refused = refused;
  return NULL;
}

static weft_status attempt_elsewhere(weft_domain_t *domain, weft_status (*attempt)(weft_domain_t *domain)) {
  elsewhere_t call = {NULL, NULL, WEFT_OK, 0};
  pthread_t thread;
  call.domain = domain;
  call.attempt = attempt;
  if (CHECK(pthread_create(&thread, NULL, run_elsewhere, &call) == 0)) pthread_join(thread, NULL);
  refused += call.refused;
  return call.status;
}

static weft_status attempt_create(void) {
  weft_domain_t *domain = UNTOUCHED(weft_domain_t);
  weft_status status = ARMED(weft_domain_create(NULL, NULL, &domain));
  if (status == WEFT_OK)
    weft_domain_unref(domain);
  else
    CHECK(domain == UNTOUCHED(weft_domain_t));
  return status;
}

static weft_status enter_here(weft_domain_t *domain) {
  weft_domain_scope_t scope;
  weft_status status = ARMED(weft_domain_enter(domain, &scope));
  if (status == WEFT_OK) CHECK_STATUS(weft_domain_leave(&scope), WEFT_OK);
  return status;
}

static weft_status close_here(weft_domain_t *domain) {
  return ARMED(weft_domain_close(domain, WEFT_FOREVER));
}

static weft_status attempt_enter(void) {
  weft_domain_t *domain = NULL;
  weft_status status;
  CHECK_STATUS(weft_domain_create(NULL, NULL, &domain), WEFT_OK);
  status = attempt_elsewhere(domain, enter_here);
  CHECK_EQUAL(weft_domain_count(domain), 0);
  weft_domain_unref(domain);
  return status;
}

static weft_status attempt_close(void) {
  weft_domain_t *domain = NULL;
  weft_status status;
  CHECK_STATUS(weft_domain_create(NULL, NULL, &domain), WEFT_OK);
  status = attempt_elsewhere(domain, close_here);
  CHECK_EQUAL(weft_domain_is_closed(domain), status == WEFT_OK);
  weft_domain_unref(domain);
  return status;
}

static void hear(void *ctx, weft_future_t *future) {
  (void)future;
  count_drop(ctx);
}

static weft_status attempt_callback(void) {
  int count = 0;
  weft_domain_t *domain = NULL;
  weft_domain_scope_t scope;
  weft_future_t *promise = make_promise(NULL);
  weft_status status;
  CHECK_STATUS(weft_domain_create(NULL, NULL, &domain), WEFT_OK);
  CHECK_STATUS(weft_domain_enter(domain, &scope), WEFT_OK);
  status = ARMED(weft_future_add_done_callback(promise, hear, &count, count_drop));
  CHECK_STATUS(weft_domain_leave(&scope), WEFT_OK);
  CHECK_EQUAL(weft_domain_count(domain), status == WEFT_OK);
  allocations_left = 0; /* closing needs none */
  CHECK_STATUS(disarm(weft_domain_close(domain, WEFT_FOREVER)), WEFT_OK);
  CHECK_EQUAL(count, status == WEFT_OK);
  weft_future_unref(promise);
  weft_domain_unref(domain);
  return status;
}

static const attempt_t attempts[] = {
    ATTEMPT(weft_domain_enter, attempt_enter),
    ATTEMPT(weft_domain_close, attempt_close),
    ATTEMPT(weft_domain_create, attempt_create),
    ATTEMPT(weft_future_add_done_callback, attempt_callback),
};

int main(int argc, char **argv) {
  return starve_all(attempts, CHECK_COUNT_OF(attempts), argc, argv);
}
