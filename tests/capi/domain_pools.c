/* Tests of domains: pools that were made inside a domain are shut down with it, and the contexts of their hooks are
 * dropped. */
#include "domain.h"

typedef struct hooks {
  weft_domain_t *domain;
  gate_t gate;                           /* passed by the stop hook if at_gate is set */
  int at_gate;                           /* the stop hook passes the gate */
  int sleeps;                            /* the initializer sleeps until it is asked to stop */
  int starts, stops, drops, initialized; /* atomic */
} hooks_t;

static weft_status start_worker(void *ctx, weft_worker_t *worker, weft_error_t **error) {
  hooks_t *hooks = (hooks_t *)ctx;
  (void)worker;
  (void)error;
  CHECK(weft_domain_current() == hooks->domain);
  count_drop(&hooks->starts);
  return WEFT_OK;
}

static void stop_worker(void *ctx, weft_worker_t *worker) {
  hooks_t *hooks = (hooks_t *)ctx;
  (void)worker;
  CHECK(weft_domain_current() == hooks->domain);
  CHECK_EQUAL(count_of(&hooks->drops), 0);
  if (hooks->at_gate) gate_pass(&hooks->gate);
  count_drop(&hooks->stops);
}

static weft_status initialize(void *ctx, weft_error_t **error) {
  hooks_t *hooks = (hooks_t *)ctx;
  (void)error;
  CHECK(weft_domain_current() == hooks->domain);
  if (hooks->sleeps) {
    gate_open(&hooks->gate);
    gate_pass(&hooks->gate);
    CHECK_STATUS(weft_sleep(WEFT_FOREVER), WEFT_EINTERRUPTED);
  }
  count_drop(&hooks->initialized);
  return WEFT_OK;
}

static void drop_hooks(void *ctx) {
  hooks_t *hooks = (hooks_t *)ctx;
  CHECK(weft_domain_current() == hooks->domain);
  CHECK_EQUAL(count_of(&hooks->starts), count_of(&hooks->stops));
  count_drop(&hooks->drops);
}

static weft_executor_options_t options_of(hooks_t *hooks) {
  weft_executor_options_t options;
  weft_executor_options_init(&options);
  options.max_workers = 2;
  options.initializer = initialize;
  options.initializer_ctx = hooks;
  options.initializer_drop = drop_hooks;
  options.worker_start = start_worker;
  options.worker_stop = stop_worker;
  options.worker_ctx = hooks;
  options.worker_drop = drop_hooks;
  return options;
}

static weft_executor_t *make_pool_inside(hooks_t *hooks, uint32_t flags) {
  weft_executor_options_t options = options_of(hooks);
  weft_executor_t *pool = NULL;
  weft_domain_scope_t scope;
  options.flags = flags;
  hooks->domain = make_domain();
  enter(hooks->domain, &scope);
  CHECK_STATUS(weft_executor_create(NULL, &options, &pool), WEFT_OK);
  leave(&scope);
  return pool;
}

static void a_pool_ends_with_its_domain_though_handles_remain(void) {
  hooks_t hooks = {.gate = GATE_CLOSED};
  gate_t gate = GATE_CLOSED;
  weft_executor_t *pool = make_pool_inside(&hooks, 0);
  weft_future_t *busy[2], *pending, *late = UNTOUCHED(weft_future_t);
  int pending_drops = 0;
  CHECK_EQUAL(weft_domain_count(hooks.domain), 1);
  busy[0] = occupy_worker(pool, &gate); /* a task of the host, like the others */
  busy[1] = occupy_worker(pool, &gate);
  pending = submit(pool, count_run, &pending_drops, count_drop);
  CHECK_EQUAL(weft_domain_count(hooks.domain), 3); /* the pool and its workers */
  CHECK_STATUS(weft_domain_close(hooks.domain, WEFT_MILLISECOND), WEFT_ETIMEDOUT);
  CHECK_EQUAL(weft_future_state(pending), WEFT_FUTURE_CANCELLED);
  CHECK_EQUAL(count_of(&pending_drops), 1);
  CHECK_EQUAL(count_of(&hooks.drops), 0);
  gate_open(&gate);
  end_domain(hooks.domain);
  CHECK_EQUAL(count_of(&hooks.stops), 2);
  CHECK_EQUAL(count_of(&hooks.drops), 2);
  CHECK_STATUS(weft_executor_submit(pool, NULL, return_ctx, NULL, NULL, &late), WEFT_ESHUTDOWN);
  end_future(busy[0]);
  end_future(busy[1]);
  weft_future_unref(pending);
  weft_executor_unref(pool);
  CHECK_EQUAL(count_of(&hooks.drops), 2);
}

static void a_hook_that_runs_is_waited_for(void) {
  hooks_t hooks = {.gate = GATE_CLOSED};
  weft_executor_t *pool = make_pool_inside(&hooks, 0);
  hooks.at_gate = 1;
  end_future(submit(pool, return_ctx, NULL, NULL));
  CHECK_STATUS(weft_domain_close(hooks.domain, 0), WEFT_ETIMEDOUT);
  gate_await(&hooks.gate, 1);
  CHECK_STATUS(weft_domain_close(hooks.domain, WEFT_MILLISECOND), WEFT_ETIMEDOUT);
  CHECK_EQUAL(count_of(&hooks.drops), 0);
  weft_executor_unref(pool);
  gate_open(&hooks.gate);
  end_domain(hooks.domain);
  CHECK_EQUAL(count_of(&hooks.drops), 2);
}

static void an_initializer_is_asked_to_stop(void) {
  hooks_t hooks = {.gate = GATE_CLOSED};
  weft_executor_t *pool = make_pool_inside(&hooks, 0);
  weft_future_t *future;
  hooks.sleeps = 1;
  future = submit(pool, return_ctx, NULL, NULL);
  gate_await(&hooks.gate, 1);
  end_domain(hooks.domain);
  CHECK_EQUAL(count_of(&hooks.initialized), 1);
  CHECK_EQUAL(count_of(&hooks.drops), 2);
  CHECK_EQUAL(weft_future_done(future), 1); /* run or cancelled */
  weft_future_unref(future);
  weft_executor_unref(pool);
}

static void one_without_workers_ends_at_once(void) {
  hooks_t hooks = {.gate = GATE_CLOSED};
  weft_executor_t *unused = make_pool_inside(&hooks, 0);
  end_domain(hooks.domain);
  CHECK_EQUAL(count_of(&hooks.drops), 2);
  CHECK_STATUS(weft_executor_shutdown(unused, WEFT_SHUTDOWN_WAIT, WEFT_FOREVER), WEFT_OK);
  weft_executor_unref(unused);
}

static void one_that_was_given_back_is_there_no_more(void) {
  hooks_t hooks = {.gate = GATE_CLOSED};
  weft_executor_t *used = make_pool_inside(&hooks, 0);
  end_future(submit(used, return_ctx, NULL, NULL));
  end_executor(used);
  CHECK_EQUAL(count_of(&hooks.drops), 2);
  CHECK_EQUAL(weft_domain_count(hooks.domain), 0);
  end_domain(hooks.domain);
}

static void one_that_was_shut_down_keeps_its_hooks_until_the_close(void) {
  hooks_t hooks = {.gate = GATE_CLOSED};
  weft_executor_t *pool = make_pool_inside(&hooks, 0);
  end_future(submit(pool, return_ctx, NULL, NULL));
  CHECK_STATUS(weft_executor_shutdown(pool, WEFT_SHUTDOWN_WAIT, WEFT_FOREVER), WEFT_OK);
  CHECK_EQUAL(count_of(&hooks.drops), 0);
  CHECK_EQUAL(weft_domain_count(hooks.domain), 1);
  end_domain(hooks.domain);
  CHECK_EQUAL(count_of(&hooks.drops), 2);
  weft_executor_unref(pool);
}

/* The thread entered the domain before it was closed. */
static void a_closed_domain_takes_no_pool(void) {
  hooks_t hooks = {.gate = GATE_CLOSED};
  weft_executor_options_t options = options_of(&hooks);
  weft_executor_t *pool = UNTOUCHED(weft_executor_t);
  weft_domain_scope_t scope;
  hooks.domain = make_domain();
  enter(hooks.domain, &scope);
  close_elsewhere(hooks.domain);
  CHECK_STATUS(weft_executor_create(NULL, &options, &pool), WEFT_ECLOSED);
  CHECK(pool == UNTOUCHED(weft_executor_t));
  leave(&scope);
  CHECK_EQUAL(count_of(&hooks.drops), 0);
  end_domain(hooks.domain);
}

static weft_status close_it(void *ctx, void **result, weft_error_t **error) {
  (void)result;
  (void)error;
  CHECK(weft_domain_current() == NULL); /* the task belongs to the host */
  CHECK_STATUS(weft_domain_close((weft_domain_t *)ctx, WEFT_FOREVER), WEFT_EDEADLK);
  return WEFT_OK;
}

static void a_task_on_its_worker_cannot_close_it(void) {
  hooks_t hooks = {.gate = GATE_CLOSED};
  weft_executor_t *pool = make_pool_inside(&hooks, 0);
  end_future(submit(pool, close_it, hooks.domain, NULL));
  CHECK_EQUAL(weft_domain_is_closed(hooks.domain), 0);
  weft_executor_unref(pool);
  end_domain(hooks.domain);
  CHECK_EQUAL(count_of(&hooks.drops), 2);
}

typedef struct latecomer {
  weft_executor_t *pool;
  weft_timer_t *timer;
  int drops;
} latecomer_t;

/* A drop of the host, called in the middle of the close, before or after the pool begins to end. */
static void submit_from_drop(void *ctx) {
  latecomer_t *latecomer = (latecomer_t *)ctx;
  weft_future_t *future = UNTOUCHED(weft_future_t);
  weft_domain_scope_t outside;
  enter(NULL, &outside);
  CHECK_STATUS(weft_executor_submit(latecomer->pool, NULL, return_ctx, NULL, NULL, &future), WEFT_ESHUTDOWN);
  CHECK_STATUS(weft_timer_arm(latecomer->timer, 0), WEFT_ESHUTDOWN);
  leave(&outside);
  ++latecomer->drops;
}

static void whoever_is_outside_is_told_of_the_pool(void) {
  latecomer_t latecomer = {NULL, NULL, 0};
  weft_executor_t *unused = make_caller_run();
  weft_task_options_t options;
  weft_domain_scope_t scope;
  weft_future_t *before = NULL, *after = NULL;
  weft_domain_t *domain = make_domain();
  weft_task_options_init(&options);
  options.domain = domain;
  REQUIRE_OK(weft_executor_submit(unused, &options, return_ctx, &latecomer, submit_from_drop, &before));
  enter(domain, &scope);
  latecomer.pool = make_pool(1);
  leave(&scope);
  REQUIRE_OK(weft_executor_submit(unused, &options, return_ctx, &latecomer, submit_from_drop, &after));
  REQUIRE_OK(weft_timer_create(latecomer.pool, NULL, return_ctx, NULL, NULL, &latecomer.timer));
  end_domain(domain);
  CHECK_EQUAL(latecomer.drops, 2);
  weft_timer_unref(latecomer.timer);
  weft_future_unref(before);
  weft_future_unref(after);
  weft_executor_unref(latecomer.pool);
  weft_executor_unref(unused);
}

/* --- threads of the host on a pool of the domain --- */

static weft_status work_for(void *ctx, weft_error_t **error) {
  (void)error;
  CHECK_STATUS(weft_executor_work((weft_executor_t *)ctx, WEFT_FOREVER), WEFT_OK);
  CHECK(weft_domain_current() == NULL);
  return WEFT_OK;
}

static void a_thread_of_the_host_comes_back(void) {
  hooks_t hooks = {.gate = GATE_CLOSED};
  weft_executor_t *pool = make_pool_inside(&hooks, WEFT_EXECUTOR_HOST_WORKERS);
  weft_thread_t *thread = start_thread(NULL, WEFT_DAEMON_NO, work_for, pool, NULL);
  end_future(submit(pool, return_ctx, NULL, NULL));
  end_domain(hooks.domain);
  CHECK_EQUAL(count_of(&hooks.stops), 1);
  CHECK_EQUAL(count_of(&hooks.drops), 2);
  end_thread(thread);
  weft_executor_unref(pool);
}

typedef struct guest {
  weft_executor_t *pool;
  gate_t gate;
} guest_t;

static weft_status pass_in_loop(void *ctx, uint64_t begin, uint64_t end, weft_error_t **error) {
  (void)begin;
  (void)end;
  (void)error;
  gate_pass((gate_t *)ctx);
  return WEFT_OK;
}

static weft_status loop_as_guest(void *ctx, weft_error_t **error) {
  guest_t *guest = (guest_t *)ctx;
  weft_status status = weft_parallel_for(guest->pool, NULL, 0, 1, pass_in_loop, &guest->gate, NULL);
  (void)error;
  CHECK(status == WEFT_OK || status == WEFT_ECANCELED);
  return WEFT_OK;
}

/* While a guest loops on the pool, the pool may still need workers, and workers need the hooks. */
static void a_guest_of_the_pool_is_waited_for(void) {
  hooks_t hooks = {.gate = GATE_CLOSED};
  guest_t guest = {NULL, GATE_CLOSED};
  weft_thread_t *thread;
  guest.pool = make_pool_inside(&hooks, 0);
  thread = start_thread(NULL, WEFT_DAEMON_NO, loop_as_guest, &guest, NULL);
  gate_await(&guest.gate, 1);
  CHECK_STATUS(weft_domain_close(hooks.domain, WEFT_MILLISECOND), WEFT_ETIMEDOUT);
  CHECK_EQUAL(count_of(&hooks.drops), 0);
  gate_open(&guest.gate);
  end_domain(hooks.domain);
  CHECK_EQUAL(count_of(&hooks.drops), 2);
  end_thread(thread);
  weft_executor_unref(guest.pool);
}

/* --- the default executor --- */

static void the_default_executor_is_nobodys(void) {
  hooks_t hooks = {.gate = GATE_CLOSED};
  weft_executor_options_t options = options_of(&hooks);
  weft_domain_scope_t scope;
  weft_executor_t *pool = NULL;
  weft_domain_t *domain = make_domain();
  enter(domain, &scope);
  CHECK_STATUS(weft_default_executor_configure(&options), WEFT_ENOTSUP);
  REQUIRE_OK(weft_default_executor(&pool)); /* made here, but shared by the whole process */
  end_future(submit(pool, return_ctx, NULL, NULL));
  leave(&scope);
  end_domain(domain);
  end_future(submit(pool, return_ctx, NULL, NULL));
  weft_executor_unref(pool);
}

int main(int argc, char **argv) {
  static const check_case_t cases[] = {
      {"a pool ends with its domain though handles remain", a_pool_ends_with_its_domain_though_handles_remain},
      {"a hook that runs is waited for", a_hook_that_runs_is_waited_for},
      {"an initializer is asked to stop", an_initializer_is_asked_to_stop},
      {"one without workers ends at once", one_without_workers_ends_at_once},
      {"one that was given back is there no more", one_that_was_given_back_is_there_no_more},
      {"one that was shut down keeps its hooks until the close",
       one_that_was_shut_down_keeps_its_hooks_until_the_close},
      {"a closed domain takes no pool", a_closed_domain_takes_no_pool},
      {"a task on its worker cannot close it", a_task_on_its_worker_cannot_close_it},
      {"whoever is outside is told of the pool", whoever_is_outside_is_told_of_the_pool},
      {"a thread of the host comes back", a_thread_of_the_host_comes_back},
      {"a guest of the pool is waited for", a_guest_of_the_pool_is_waited_for},
      {"the default executor is nobody's", the_default_executor_is_nobodys},
  };
  return check_main(cases, CHECK_COUNT_OF(cases), argc, argv);
}
