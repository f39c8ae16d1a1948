/* Tests of tasks that were to follow a group (weft_group_then) and are refused or called off: each is dropped, once. */
#include "domain.h"
#include "group_then.h"

static void an_executor_that_was_shut_down_drops_it(void) {
  weft_executor_t *pool = make_pool(1), *kinds[3];
  weft_group_t *group = make_group(pool);
  int i;
  kinds[0] = make_pool(1);
  kinds[1] = make_strand(pool);
  kinds[2] = make_caller_run();
  for (i = 0; i < 3; ++i) {
    probe_t probe = {0}, late = {0};
    CHECK_STATUS(weft_group_enter(group), WEFT_OK);
    CHECK_STATUS(weft_group_then(group, kinds[i], NULL, probe_run, &probe, probe_drop), WEFT_OK);
    CHECK_STATUS(weft_executor_shutdown(kinds[i], WEFT_SHUTDOWN_WAIT, WEFT_FOREVER), WEFT_OK);
    CHECK_EQUAL(probe_drops(&probe), 0);
    CHECK_STATUS(weft_group_leave(group), WEFT_OK);
    end_noted(&probe, 0);
    CHECK(pthread_equal(probe.dropped_on, pthread_self()));
    CHECK_STATUS(weft_group_then_task(group, kinds[i], make_task(&posted, NULL, &late)), WEFT_OK);
    end_noted(&late, 0);
    weft_executor_unref(kinds[i]);
  }
  weft_group_unref(group);
  end_executor(pool);
}

typedef struct heard {
  int times; /* atomic */
  int32_t code;
} heard_t;

static void hear(void *ctx, weft_thread_t *thread, const weft_error_t *error) {
  heard_t *self = (heard_t *)ctx;
  (void)thread;
  self->code = weft_error_code(error);
  __atomic_add_fetch(&self->times, 1, __ATOMIC_ACQ_REL);
}

static weft_status refuse_to_begin(void *ctx, weft_error_t **error) {
  (void)ctx;
  (void)error;
  return 42;
}

static void a_broken_pool_says_so_to_the_hook(void) {
  weft_runtime_t *runtime = make_runtime();
  weft_executor_options_t options;
  weft_executor_t *pool = make_pool(1), *broken = NULL;
  weft_group_t *group = make_group(pool);
  weft_future_t *future;
  heard_t heard = {0, 0};
  probe_t probe = {0};
  weft_executor_options_init(&options);
  options.max_workers = 1;
  options.initializer = refuse_to_begin;
  REQUIRE(CHECK_STATUS(weft_runtime_set_exception_hook(runtime, hear, &heard, NULL), WEFT_OK));
  REQUIRE(CHECK_STATUS(weft_executor_create(runtime, &options, &broken), WEFT_OK));
  CHECK_STATUS(weft_group_enter(group), WEFT_OK);
  CHECK_STATUS(weft_group_then(group, broken, NULL, probe_run, &probe, probe_drop), WEFT_OK);
  future = submit(broken, return_ctx, NULL, NULL);
  CHECK_STATUS(weft_future_wait(future, WEFT_FOREVER), WEFT_OK);
  weft_future_unref(future);
  CHECK_EQUAL(count_of(&heard.times), 0);
  CHECK_STATUS(weft_group_leave(group), WEFT_OK);
  end_noted(&probe, 0);
  CHECK_EQUAL(count_of(&heard.times), 1);
  CHECK_EQUAL(heard.code, WEFT_EBROKEN);
  weft_group_unref(group);
  weft_executor_unref(broken);
  CHECK_STATUS(weft_runtime_destroy(&runtime), WEFT_OK);
  end_executor(pool);
}

/* The worker that ends the group drops a refused follower in the middle of its counting. This drop spawns into other
 * groups, or shuts down the pool of the worker. */
typedef struct last {
  weft_executor_t *pool, *gone; /* gone: shut down */
  weft_group_t *next;
  int ran, drops, ends; /* atomic; ends: the drop shuts the pool down */
} last_t;

static void spawn_at_drop(void *ctx) {
  last_t *self = (last_t *)ctx;
  int i;
  for (i = 0; i < 5; ++i) CHECK_STATUS(weft_group_spawn(self->next, NULL, count_run, &self->ran, NULL), WEFT_OK);
  if (self->ends) CHECK_STATUS(weft_executor_shutdown(self->pool, WEFT_SHUTDOWN_CANCEL_PENDING, 0), WEFT_OK);
  weft_group_unref(self->next);
  count_drop(&self->drops);
}

static weft_status never_run(void *ctx, void **result, weft_error_t **error) {
  (void)ctx;
  (void)result;
  (void)error;
  CHECK(!"it was run");
  return WEFT_OK;
}

static weft_status make_last(void *ctx, void **result, weft_error_t **error) {
  last_t *self = (last_t *)ctx;
  weft_group_t *group = make_group(self->pool);
  (void)result;
  (void)error;
  CHECK_STATUS(weft_group_spawn(group, NULL, count_run, &self->ran, NULL), WEFT_OK);
  CHECK_STATUS(weft_group_spawn(group, NULL, count_run, &self->ran, NULL), WEFT_OK);
  CHECK_STATUS(weft_group_then(group, self->gone, NULL, never_run, self, spawn_at_drop), WEFT_OK);
  weft_group_unref(group);
  return WEFT_OK;
}

static void a_drop_may_spawn(void) {
  weft_executor_t *gone = make_pool(1);
  int rounds = check_rounds(200, 5000), round;
  CHECK_STATUS(weft_executor_shutdown(gone, WEFT_SHUTDOWN_WAIT, WEFT_FOREVER), WEFT_OK);
  for (round = 0; round < rounds; ++round) {
    last_t last = {NULL, NULL, NULL, 0, 0, 0};
    weft_group_t *next;
    last.pool = make_pool(1 + (uint32_t)round % 2);
    last.gone = gone;
    next = make_group(last.pool);
    last.next = weft_group_ref(next);
    CHECK_STATUS(weft_executor_post(last.pool, NULL, make_last, &last, NULL), WEFT_OK);
    while (count_of(&last.drops) == 0) sched_yield();
    end_group(next);
    CHECK_EQUAL(count_of(&last.ran), 7);
    end_executor(last.pool);
  }
  weft_executor_unref(gone);
}

static void a_drop_may_call_off_all_that_its_pool_has(void) {
  weft_executor_t *gone = make_pool(1);
  int rounds = check_rounds(100, 2000), round;
  CHECK_STATUS(weft_executor_shutdown(gone, WEFT_SHUTDOWN_WAIT, WEFT_FOREVER), WEFT_OK);
  for (round = 0; round < rounds; ++round) {
    last_t last = {NULL, NULL, NULL, 0, 0, 1};
    probe_t probe = {0};
    weft_group_t *next;
    last.pool = make_pool(1);
    last.gone = gone;
    next = make_group(last.pool);
    last.next = weft_group_ref(next);
    CHECK_STATUS(weft_executor_post(last.pool, NULL, make_last, &last, NULL), WEFT_OK);
    /* Mostly the worker has already taken this task while it counts. */
    if (weft_executor_post(last.pool, NULL, probe_run, &probe, probe_drop) != WEFT_OK) probe_drop(&probe);
    while (count_of(&last.drops) == 0) sched_yield();
    CHECK(weft_group_wait(next, WEFT_FOREVER) == WEFT_ECANCELED || count_of(&last.ran) == 7);
    weft_group_unref(next);
    end_executor(last.pool);
    CHECK_EQUAL(probe_drops(&probe), 1);
  }
  weft_executor_unref(gone);
}

/* A task that spawn has refused may still follow the group. */
static void a_task_that_was_refused_may_follow(void) {
  weft_executor_t *gone = make_pool(1), *pool = make_pool(1);
  weft_group_t *group = make_group(gone);
  probe_t probe = {0}, other = {0};
  weft_task_t *task = make_task(&posted, NULL, &probe), *second = make_task(&posted, NULL, &other);
  CHECK_STATUS(weft_executor_shutdown(gone, WEFT_SHUTDOWN_WAIT, WEFT_FOREVER), WEFT_OK);
  CHECK_STATUS(weft_group_spawn_task(group, task), WEFT_ESHUTDOWN);
  CHECK_STATUS(weft_group_then_task(group, pool, task), WEFT_OK);
  CHECK_STATUS(weft_group_spawn_task(group, second), WEFT_ESHUTDOWN);
  CHECK_STATUS(weft_executor_submit_task(pool, second, NULL), WEFT_OK);
  weft_group_unref(group);
  end_executor(pool);
  end_noted(&probe, 1);
  end_noted(&other, 1);
  weft_executor_unref(gone);
}

/* --- what it belongs to --- */

static weft_status note_domain(void *ctx, void **result, weft_error_t **error) {
  (void)result;
  (void)error;
  *(weft_domain_t **)ctx = weft_domain_current();
  return WEFT_OK;
}

static void it_belongs_to_the_domain_of_the_caller(void) {
  weft_executor_t *pool = make_pool(1);
  weft_group_t *group = make_group(pool);
  weft_domain_t *domain = make_domain(), *seen = NULL;
  weft_domain_scope_t scope;
  probe_t probe = {0};
  enter(domain, &scope);
  CHECK_STATUS(weft_group_then(group, pool, NULL, note_domain, &seen, NULL), WEFT_OK);
  leave(&scope);
  while (weft_domain_count(domain) != 0) sched_yield();
  CHECK(seen == domain);
  CHECK_STATUS(weft_group_enter(group), WEFT_OK);
  enter(domain, &scope);
  CHECK_STATUS(weft_group_then(group, pool, NULL, probe_run, &probe, probe_drop), WEFT_OK);
  leave(&scope);
  CHECK_EQUAL(weft_domain_count(domain), 1);
  end_domain(domain); /* the close does not wait for the group */
  end_noted(&probe, 0);
  CHECK(pthread_equal(probe.dropped_on, pthread_self()));
  CHECK_STATUS(weft_group_leave(group), WEFT_OK);
  weft_group_unref(group);
  end_executor(pool);
  end_noted(&probe, 0);
}

typedef struct late {
  weft_executor_t *pool;
  weft_group_t *group;
  weft_domain_t *domain;
  gate_t gate;
  probe_t probe;
} late_t;

static weft_status follow_when_closed(void *ctx, weft_error_t **error) {
  late_t *self = (late_t *)ctx;
  weft_domain_scope_t scope;
  weft_task_t *task;
  (void)error;
  enter(self->domain, &scope);
  task = make_task(&posted, NULL, &self->probe);
  gate_pass(&self->gate);
  CHECK_STATUS(weft_group_then(self->group, self->pool, NULL, probe_run, &self->probe, probe_drop), WEFT_ECLOSED);
  CHECK_STATUS(weft_group_then_task(self->group, self->pool, task), WEFT_ECLOSED);
  weft_task_destroy(&task);
  leave(&scope);
  return WEFT_OK;
}

static void a_closed_domain_has_nothing_follow(void) {
  late_t late;
  gate_t gate = GATE_CLOSED;
  weft_thread_t *thread;
  memset(&late, 0, sizeof late);
  late.gate = gate;
  late.pool = make_pool(1);
  late.group = make_group(late.pool);
  late.domain = make_domain();
  thread = start_thread(NULL, WEFT_DAEMON_NO, follow_when_closed, &late, NULL);
  gate_await(&late.gate, 1);
  CHECK_STATUS(weft_domain_close(late.domain, 0), WEFT_ETIMEDOUT);
  gate_open(&late.gate);
  end_thread(thread);
  end_domain(late.domain);
  weft_group_unref(late.group);
  end_executor(late.pool);
  CHECK_EQUAL(probe_runs(&late.probe) + probe_drops(&late.probe), 0);
}

static void a_token_calls_it_off(void) {
  weft_executor_t *pool = make_pool(1);
  weft_group_t *group = make_group(pool);
  weft_cancel_token_t *token = NULL;
  probe_t probe = {0}, late = {0};
  weft_task_t *task;
  REQUIRE(CHECK_STATUS(weft_cancel_token_create(NULL, WEFT_FOREVER, &token), WEFT_OK));
  CHECK_STATUS(weft_group_enter(group), WEFT_OK);
  CHECK_STATUS(weft_group_then_task(group, pool, make_task(&posted, token, &probe)), WEFT_OK);
  CHECK_STATUS(weft_cancel_token_cancel(token), WEFT_OK);
  end_noted(&probe, 0);
  task = make_task(&posted, token, &late);
  CHECK_STATUS(weft_group_then_task(group, pool, task), WEFT_ECANCELED);
  weft_task_destroy(&task);
  CHECK_STATUS(weft_group_leave(group), WEFT_OK);
  weft_group_unref(group);
  end_executor(pool);
  end_noted(&probe, 0);
  CHECK_EQUAL(probe_drops(&late), 0);
  weft_cancel_token_unref(token);
}

int main(int argc, char **argv) {
  static const check_case_t cases[] = {
      {"an executor that was shut down drops it", an_executor_that_was_shut_down_drops_it},
      {"a broken pool says so to the hook", a_broken_pool_says_so_to_the_hook},
      {"a drop may spawn", a_drop_may_spawn},
      {"a drop may call off all that its pool has", a_drop_may_call_off_all_that_its_pool_has},
      {"a task that was refused may follow", a_task_that_was_refused_may_follow},
      {"it belongs to the domain of the caller", it_belongs_to_the_domain_of_the_caller},
      {"a closed domain has nothing follow", a_closed_domain_has_nothing_follow},
      {"a token calls it off", a_token_calls_it_off},
  };
  return check_main(cases, CHECK_COUNT_OF(cases), argc, argv);
}
