/* Tests of memory that runs out under domains (see nomem.h). */
#include "nomem.h"

/* The attempt is made on a thread that weft has not met, so the record of the thread needs memory too. */
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

/* --- objects that are made inside, and closed without memory --- */

static int counted;

static weft_status end_at_once(void *ctx, weft_error_t **error) {
  (void)ctx;
  (void)error;
  return WEFT_OK;
}

static void hear_misuse(void *ctx, const char *what, const char *function) {
  (void)ctx;
  (void)what;
  (void)function;
}

static weft_status make_thread(void) {
  weft_thread_t *thread = NULL;
  weft_status status = ARMED(weft_thread_create(NULL, NULL, end_at_once, &counted, count_drop, &thread));
  weft_thread_unref(thread);
  return status;
}

static weft_status start_inside(void) {
  weft_thread_t *thread = NULL;
  weft_status status;
  CHECK_STATUS(weft_thread_create(NULL, NULL, end_at_once, &counted, count_drop, &thread), WEFT_OK);
  status = ARMED(weft_thread_start(thread));
  if (status == WEFT_OK) CHECK_STATUS(weft_thread_join(thread, WEFT_FOREVER), WEFT_OK);
  if (status != WEFT_OK) CHECK_EQUAL(count_of(&counted), 0);
  weft_thread_unref(thread);
  if (status != WEFT_OK) counted = 0; /* the unref has dropped the argument; the caller expects 0 */
  return status;
}

static weft_status make_pool_inside(void) {
  weft_executor_options_t options;
  weft_executor_t *pool = NULL;
  weft_status status;
  weft_executor_options_init(&options);
  options.initializer = end_at_once;
  options.initializer_ctx = &counted;
  options.initializer_drop = count_drop;
  status = ARMED(weft_executor_create(NULL, &options, &pool));
  weft_executor_unref(pool);
  return status;
}

static weft_status make_promise_inside(void) {
  weft_future_t *future = NULL;
  weft_status status = ARMED(weft_future_create(count_drop, &future));
  if (status != WEFT_OK) return status;
  CHECK_STATUS(weft_future_set_result(future, &counted), WEFT_OK);
  weft_future_unref(future);
  return status;
}

static weft_status set_hook_inside(void) {
  return ARMED(weft_set_misuse_hook(hear_misuse, &counted, count_drop));
}

static weft_status attempt_inside(weft_status (*make)(void)) {
  weft_domain_t *domain = NULL;
  weft_domain_scope_t scope;
  weft_status status;
  counted = 0;
  CHECK_STATUS(weft_domain_create(NULL, NULL, &domain), WEFT_OK);
  CHECK_STATUS(weft_domain_enter(domain, &scope), WEFT_OK);
  status = make();
  CHECK_STATUS(weft_domain_leave(&scope), WEFT_OK);
  allocations_left = 0; /* closing needs none */
  CHECK_STATUS(disarm(weft_domain_close(domain, WEFT_FOREVER)), WEFT_OK);
  CHECK_EQUAL(count_of(&counted), status == WEFT_OK);
  weft_domain_unref(domain);
  return status;
}

static weft_status attempt_thread(void) {
  return attempt_inside(make_thread);
}
static weft_status attempt_start(void) {
  return attempt_inside(start_inside);
}
static weft_status attempt_pool(void) {
  return attempt_inside(make_pool_inside);
}
static weft_status attempt_promise(void) {
  return attempt_inside(make_promise_inside);
}
static weft_status attempt_hook(void) {
  return attempt_inside(set_hook_inside);
}

static const attempt_t attempts[] = {
    ATTEMPT(weft_thread_create, attempt_thread),
    ATTEMPT_THAT_STARTS_THREADS(weft_thread_start, attempt_start),
    ATTEMPT(weft_executor_create, attempt_pool),
    ATTEMPT_RECYCLED(weft_future_create, attempt_promise),
    ATTEMPT(weft_set_misuse_hook, attempt_hook),
    ATTEMPT(weft_domain_enter, attempt_enter),
    ATTEMPT_RECYCLED(weft_domain_close, attempt_close),
    ATTEMPT(weft_domain_create, attempt_create),
    ATTEMPT(weft_future_add_done_callback, attempt_callback),
};

int main(int argc, char **argv) {
  return starve_all(attempts, CHECK_COUNT_OF(attempts), argc, argv);
}
