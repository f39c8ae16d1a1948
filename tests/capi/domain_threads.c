/* Tests of domains: threads that were made inside a domain are stopped, and the close waits for their very end. */
#include "domain.h"

typedef struct life {
  weft_domain_t *domain;
  weft_executor_t *later;
  gate_t running, ending;
  pthread_key_t key;
  int drops, ends;
} life_t;

static void drop_life(void *ctx) {
  life_t *life = (life_t *)ctx;
  CHECK(weft_domain_current() == life->domain);
  count_drop(&life->drops);
}

static weft_status sleep_until_stopped(void *ctx, weft_error_t **error) {
  life_t *life = (life_t *)ctx;
  (void)error;
  CHECK(weft_domain_current() == life->domain);
  gate_open(&life->running);
  gate_pass(&life->running);
  CHECK_STATUS(weft_sleep(WEFT_FOREVER), WEFT_EINTERRUPTED);
  CHECK_EQUAL(weft_stop_requested(), 1);
  return WEFT_OK;
}

/* Makes and starts a thread inside the domain, and returns its handle. */
static weft_thread_t *start_inside(life_t *life, weft_thread_fn target) {
  weft_domain_scope_t scope;
  weft_thread_t *thread;
  enter(life->domain, &scope);
  thread = start_thread(NULL, WEFT_DAEMON_NO, target, life, drop_life);
  leave(&scope);
  return thread;
}

static void a_running_thread_is_stopped_and_waited_for(void) {
  life_t life = {.running = GATE_CLOSED};
  life.domain = make_domain();
  weft_thread_unref(start_inside(&life, sleep_until_stopped));
  gate_await(&life.running, 1);
  CHECK_EQUAL(weft_domain_count(life.domain), 1);
  end_domain(life.domain);
  CHECK_EQUAL(count_of(&life.drops), 1);
}

static void a_daemon_is_waited_for_too(void) {
  life_t life = {.running = GATE_CLOSED};
  weft_domain_scope_t scope;
  weft_thread_t *thread;
  life.domain = make_domain();
  enter(life.domain, &scope);
  thread = start_thread(NULL, WEFT_DAEMON_YES, sleep_until_stopped, &life, drop_life);
  leave(&scope);
  end_domain(life.domain);
  CHECK_EQUAL(count_of(&life.drops), 1);
  CHECK_EQUAL(weft_thread_state(thread), WEFT_THREAD_STOPPED);
  CHECK_STATUS(weft_thread_join(thread, 0), WEFT_OK);
  weft_thread_unref(thread);
}

/* The last code of a thread: the destructor of a key. */
static void end_life(void *value) {
  life_t *life = (life_t *)value;
  CHECK(weft_domain_current() == life->domain);
  CHECK_STATUS(weft_domain_close(life->domain, WEFT_FOREVER), WEFT_EDEADLK);
  gate_pass(&life->ending);
  count_drop(&life->ends);
}

static weft_status set_key(void *ctx, weft_error_t **error) {
  life_t *life = (life_t *)ctx;
  (void)error;
  CHECK(pthread_setspecific(life->key, life) == 0);
  return WEFT_OK;
}

static void the_end_of_a_thread_is_part_of_it(void) {
  life_t life = {.ending = GATE_CLOSED};
  weft_thread_t *thread;
  if (!CHECK(pthread_key_create(&life.key, end_life) == 0)) return;
  life.domain = make_domain();
  thread = start_inside(&life, set_key);
  gate_await(&life.ending, 1);
  CHECK_STATUS(weft_domain_close(life.domain, WEFT_MILLISECOND), WEFT_ETIMEDOUT);
  CHECK_EQUAL(weft_domain_count(life.domain), 1);
  CHECK_EQUAL(count_of(&life.drops), 1);
  gate_open(&life.ending);
  end_domain(life.domain);
  CHECK_EQUAL(count_of(&life.ends), 1);
  weft_thread_unref(thread);
  pthread_key_delete(life.key);
}

static void one_that_never_started_loses_its_context(void) {
  life_t life = {0};
  weft_domain_scope_t scope;
  weft_thread_t *thread = NULL, *given_back = NULL;
  life.domain = make_domain();
  enter(life.domain, &scope);
  REQUIRE_OK(weft_thread_create(NULL, NULL, set_key, &life, drop_life, &thread));
  REQUIRE_OK(weft_thread_create(NULL, NULL, set_key, &life, drop_life, &given_back));
  leave(&scope);
  CHECK_EQUAL(weft_domain_count(life.domain), 2);
  weft_thread_unref(given_back);
  CHECK_EQUAL(weft_domain_count(life.domain), 1);
  CHECK_EQUAL(count_of(&life.drops), 1);
  end_domain(life.domain);
  CHECK_EQUAL(count_of(&life.drops), 2);
  CHECK_STATUS(weft_thread_start(thread), WEFT_ECLOSED);
  CHECK_EQUAL(weft_thread_state(thread), WEFT_THREAD_INITIAL);
  CHECK_STATUS(weft_thread_join(thread, 0), WEFT_ENOTSTARTED);
  weft_thread_unref(thread);
  CHECK_EQUAL(count_of(&life.drops), 2);
}

static void one_that_the_system_refuses_stays_a_member(void) {
  static const uint32_t nowhere[] = {1023};
  life_t life = {.running = GATE_CLOSED};
  weft_domain_scope_t scope;
  weft_thread_options_t options;
  weft_thread_t *thread = NULL;
  weft_thread_options_init(&options);
  options.affinity = nowhere;
  options.affinity_count = 1;
  life.domain = make_domain();
  enter(life.domain, &scope);
  REQUIRE_OK(weft_thread_create(NULL, &options, sleep_until_stopped, &life, drop_life, &thread));
  leave(&scope);
  CHECK_STATUS(weft_thread_start(thread), WEFT_EINVAL);
  CHECK_EQUAL(weft_domain_count(life.domain), 1);
  CHECK_EQUAL(count_of(&life.drops), 0);
  end_domain(life.domain);
  CHECK_EQUAL(count_of(&life.drops), 1);
  CHECK_STATUS(weft_thread_start(thread), WEFT_ECLOSED);
  weft_thread_unref(thread);
}

static weft_status give_more(void *ctx, weft_error_t **error) {
  life_t *life = (life_t *)ctx;
  weft_thread_t *thread = UNTOUCHED(weft_thread_t);
  weft_future_unref(submit(life->later, return_ctx, life, drop_life));
  sleep_until_stopped(ctx, error);
  CHECK_STATUS(weft_thread_create(NULL, NULL, set_key, life, drop_life, &thread), WEFT_ECLOSED);
  CHECK(thread == UNTOUCHED(weft_thread_t));
  CHECK_STATUS(weft_domain_close(life->domain, WEFT_FOREVER), WEFT_EDEADLK);
  return WEFT_OK;
}

static void what_a_thread_gives_belongs_to_its_domain(void) {
  life_t life = {.running = GATE_CLOSED};
  life.later = make_caller_run();
  life.domain = make_domain();
  weft_thread_unref(start_inside(&life, give_more));
  gate_await(&life.running, 1);
  CHECK_EQUAL(weft_domain_count(life.domain), 2);
  end_domain(life.domain);
  CHECK_EQUAL(count_of(&life.drops), 2);
  weft_executor_unref(life.later);
}

static weft_status look_around(void *ctx, weft_error_t **error) {
  (void)error;
  CHECK(weft_domain_current() == NULL);
  gate_pass((gate_t *)ctx);
  return WEFT_OK;
}

/* A thread belongs to the domain in which it was made, not to the one in which it is started. */
static void a_thread_from_outside_stays_outside(void) {
  gate_t gate = GATE_CLOSED;
  weft_domain_t *domain = make_domain();
  weft_domain_scope_t scope;
  weft_thread_t *thread = NULL;
  REQUIRE_OK(weft_thread_create(NULL, NULL, look_around, &gate, NULL, &thread));
  enter(domain, &scope);
  CHECK_STATUS(weft_thread_start(thread), WEFT_OK);
  leave(&scope);
  gate_await(&gate, 1);
  CHECK_EQUAL(weft_domain_count(domain), 0);
  end_domain(domain);
  gate_open(&gate);
  end_thread(thread);
}

/* --- starting against closing --- */

static weft_status end_at_once(void *ctx, weft_error_t **error) {
  (void)ctx;
  (void)error;
  return WEFT_OK;
}

typedef struct starter {
  gate_t *line;
  weft_thread_t *which;
} starter_t;

static weft_status start_it(void *ctx, weft_error_t **error) {
  starter_t *starter = (starter_t *)ctx;
  weft_status status;
  (void)error;
  gate_pass(starter->line);
  status = weft_thread_start(starter->which);
  CHECK(status == WEFT_OK || status == WEFT_ECLOSED);
  return WEFT_OK;
}

static void whoever_comes_first_the_context_goes_once(void) {
  int i;
  for (i = 0; i < 100; ++i) {
    gate_t line = GATE_CLOSED;
    life_t life = {0};
    starter_t starter = {NULL, NULL};
    weft_domain_scope_t scope;
    weft_thread_t *other;
    starter.line = &line;
    life.domain = make_domain();
    enter(life.domain, &scope);
    REQUIRE_OK(weft_thread_create(NULL, NULL, end_at_once, &life, drop_life, &starter.which));
    leave(&scope);
    other = start_thread(NULL, WEFT_DAEMON_NO, start_it, &starter, NULL);
    gate_await(&line, 1);
    gate_open(&line);
    CHECK_STATUS(weft_domain_close(life.domain, WEFT_FOREVER), WEFT_OK);
    CHECK_EQUAL(count_of(&life.drops), 1);
    end_thread(other);
    weft_thread_unref(starter.which);
    CHECK_EQUAL(count_of(&life.drops), 1);
    weft_domain_unref(life.domain);
  }
}

int main(int argc, char **argv) {
  static const check_case_t cases[] = {
      {"a running thread is stopped and waited for", a_running_thread_is_stopped_and_waited_for},
      {"a daemon is waited for, too", a_daemon_is_waited_for_too},
      {"the end of a thread is part of it", the_end_of_a_thread_is_part_of_it},
      {"one that never started loses its context", one_that_never_started_loses_its_context},
      {"one that the system refuses stays a member", one_that_the_system_refuses_stays_a_member},
      {"what a thread gives belongs to its domain", what_a_thread_gives_belongs_to_its_domain},
      {"a thread from outside stays outside", a_thread_from_outside_stays_outside},
      {"whoever comes first, the context goes once", whoever_comes_first_the_context_goes_once},
  };
  return check_main(cases, CHECK_COUNT_OF(cases), argc, argv);
}
