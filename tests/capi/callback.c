/* Tests of weft_future_add_done_callback (weft/future.h): each is called once, in order; on which thread it is called,
 * and when it is dropped. */
#include <weft/future.h>

#include "setup.h"

/* What the callbacks of a case have in common: the order in which they came. */
typedef struct roll {
  int next;
} roll_t;

typedef struct entry {
  roll_t *roll;
  int place; /* of this call among all calls; -1 before it */
  int32_t state;
  weft_future_t *future;
  pthread_t on;
  int drops;
  int place_at_drop;
  pthread_t dropped_on;
} entry_t;

static void enter(void *ctx, weft_future_t *future) {
  entry_t *entry = (entry_t *)ctx;
  entry->place = entry->roll->next++;
  entry->state = weft_future_state(future);
  entry->future = future;
  entry->on = pthread_self();
}

static void leave(void *ctx) {
  entry_t *entry = (entry_t *)ctx;
  ++entry->drops;
  entry->place_at_drop = entry->roll->next;
  entry->dropped_on = pthread_self();
}

static void prepare(entry_t *entries, size_t count, roll_t *roll) {
  size_t i;
  roll->next = 0;
  memset(entries, 0, count * sizeof *entries);
  for (i = 0; i < count; ++i) {
    entries[i].roll = roll;
    entries[i].place = -1;
  }
}

static void bad_arguments_change_nothing(void) {
  weft_future_t *future = make_promise(NULL);
  int drops = 0;
  CHECK_STATUS(weft_future_add_done_callback(NULL, enter, &drops, count_drop), WEFT_EINVAL);
  CHECK_STATUS(weft_future_add_done_callback(future, NULL, &drops, count_drop), WEFT_EINVAL);
  CHECK_STATUS(weft_future_set_result(future, NULL), WEFT_OK);
  CHECK_STATUS(weft_future_add_done_callback(future, NULL, &drops, count_drop), WEFT_EINVAL);
  weft_future_unref(future);
  CHECK_EQUAL(drops, 0);
}

static void finish(weft_future_t *future, int way) {
  weft_error_t *error = make_error(1);
  if (way == WEFT_FUTURE_RESULT) CHECK_STATUS(weft_future_set_result(future, NULL), WEFT_OK);
  if (way == WEFT_FUTURE_ERROR) CHECK_STATUS(weft_future_set_error(future, error), WEFT_OK);
  if (way == WEFT_FUTURE_CANCELLED) CHECK_STATUS(weft_future_cancel(future), WEFT_OK);
  weft_error_unref(error);
}

static void they_run_once_each_in_order_for_every_end(void) {
  int way;
  for (way = WEFT_FUTURE_RESULT; way <= WEFT_FUTURE_CANCELLED; ++way) {
    weft_future_t *future = make_promise(NULL);
    entry_t entries[40];
    roll_t roll;
    int i;
    prepare(entries, 40, &roll);
    for (i = 0; i < 40; ++i) REQUIRE_OK(weft_future_add_done_callback(future, enter, &entries[i], leave));
    CHECK_EQUAL(roll.next, 0);
    finish(future, way);
    CHECK_EQUAL(roll.next, 40);
    for (i = 0; i < 40; ++i) {
      CHECK_EQUAL(entries[i].place, i);
      CHECK_EQUAL(entries[i].state, way);
      CHECK(entries[i].future == future);
      CHECK(pthread_equal(entries[i].on, pthread_self()));
      CHECK_EQUAL(entries[i].drops, 1);
      CHECK_EQUAL(entries[i].place_at_drop, i + 1); /* right after the call */
      CHECK(pthread_equal(entries[i].dropped_on, pthread_self()));
    }
    weft_future_unref(future);
    CHECK_EQUAL(roll.next, 40);
  }
}

static void on_a_done_future_it_runs_at_once(void) {
  int way;
  for (way = WEFT_FUTURE_RESULT; way <= WEFT_FUTURE_CANCELLED; ++way) {
    weft_future_t *future = make_promise(NULL);
    entry_t entry;
    roll_t roll;
    prepare(&entry, 1, &roll);
    finish(future, way);
    CHECK_STATUS(weft_future_add_done_callback(future, enter, &entry, leave), WEFT_OK);
    CHECK_EQUAL(entry.place, 0);
    CHECK_EQUAL(entry.drops, 1);
    CHECK(pthread_equal(entry.on, pthread_self()));
    CHECK(pthread_equal(entry.dropped_on, pthread_self()));
    CHECK_STATUS(weft_future_add_done_callback(future, enter, &entry, NULL), WEFT_OK);
    CHECK_EQUAL(entry.place, 1);
    weft_future_unref(future);
  }
}

static void they_run_on_the_worker_that_finished_the_task(void) {
  weft_executor_t *pool = make_pool(1);
  gate_t gate = GATE_CLOSED;
  probe_t probe = {0};
  weft_future_t *future;
  entry_t entry;
  roll_t roll;
  prepare(&entry, 1, &roll);
  probe.gate = &gate;
  future = submit(pool, probe_run, &probe, probe_drop);
  gate_await(&gate, 1);
  REQUIRE_OK(weft_future_add_done_callback(future, enter, &entry, leave));
  gate_open(&gate);
  end_executor(pool);
  CHECK_EQUAL(entry.place, 0);
  CHECK_EQUAL(entry.drops, 1);
  CHECK_EQUAL(entry.state, WEFT_FUTURE_RESULT);
  CHECK(pthread_equal(entry.on, probe.ran_on));
  CHECK(pthread_equal(entry.dropped_on, probe.ran_on));
  weft_future_unref(future);
}

static void a_future_that_never_ends_drops_without_a_call(void) {
  weft_future_t *future = make_promise(NULL);
  entry_t entries[2];
  roll_t roll;
  prepare(entries, 2, &roll);
  REQUIRE_OK(weft_future_add_done_callback(future, enter, &entries[0], leave));
  REQUIRE_OK(weft_future_add_done_callback(future, enter, &entries[1], leave));
  weft_future_unref(future);
  CHECK_EQUAL(roll.next, 0);
  CHECK_EQUAL(entries[0].drops, 1);
  CHECK_EQUAL(entries[1].drops, 1);
}

/* A callback adds another one, cancels, reads and keeps a reference. It is called under no lock. */
static void use_it_inside(void *ctx, weft_future_t *future) {
  entry_t *entries = (entry_t *)ctx;
  void *result = NULL;
  CHECK_STATUS(weft_future_wait(future, WEFT_FOREVER), WEFT_OK);
  CHECK_STATUS(weft_future_result(future, WEFT_FOREVER, &result), WEFT_OK);
  CHECK_STATUS(weft_future_cancel(future), WEFT_EDONE);
  CHECK_STATUS(weft_future_set_result(future, NULL), WEFT_EINVALIDSTATE);
  CHECK_STATUS(weft_future_add_done_callback(future, enter, &entries[1], leave), WEFT_OK);
  enter(&entries[0], weft_future_ref(future));
}

static void a_callback_may_use_the_future(void) {
  weft_future_t *future = make_promise(NULL);
  entry_t entries[2];
  roll_t roll;
  prepare(entries, 2, &roll);
  REQUIRE_OK(weft_future_add_done_callback(future, use_it_inside, entries, leave));
  CHECK_STATUS(weft_future_set_result(future, &roll), WEFT_OK);
  CHECK_EQUAL(roll.next, 2);
  CHECK_EQUAL(entries[0].drops, 1);
  CHECK_EQUAL(entries[1].drops, 1);
  weft_future_unref(future);
  CHECK_EQUAL(weft_future_done(entries[0].future), 1);
  weft_future_unref(entries[0].future);
}

typedef struct resubmit {
  weft_executor_t *pool;
  gate_t reached; /* passed by the task that the callback submits */
} resubmit_t;

static void submit_in_callback(void *ctx, weft_future_t *future) {
  resubmit_t *resubmit = (resubmit_t *)ctx;
  (void)future;
  CHECK_STATUS(weft_executor_post(resubmit->pool, NULL, pass_gate, &resubmit->reached, NULL), WEFT_OK);
}

static void a_callback_may_submit(void) {
  gate_t gate = GATE_CLOSED;
  resubmit_t resubmit = {NULL, GATE_CLOSED};
  weft_future_t *future;
  resubmit.pool = make_pool(1);
  future = occupy_worker(resubmit.pool, &gate);
  REQUIRE_OK(weft_future_add_done_callback(future, submit_in_callback, &resubmit, NULL));
  gate_open(&gate);
  gate_await(&resubmit.reached, 1);
  gate_open(&resubmit.reached);
  weft_future_unref(future);
  end_executor(resubmit.pool);
}

static void drop_handle(void *ctx, weft_future_t *future) {
  (void)future;
  weft_future_unref((weft_future_t *)ctx);
}

static void a_callback_may_drop_the_last_handle(void) {
  weft_future_t *future = make_promise(count_drop);
  int drops = 0;
  REQUIRE_OK(weft_future_add_done_callback(future, drop_handle, future, NULL));
  CHECK_STATUS(weft_future_set_result(future, &drops), WEFT_OK);
  CHECK_EQUAL(drops, 1);
}

/* A chain in which the end of each future ends the next one. */
typedef struct link {
  weft_future_t *next;
} link_t;

static void pass_on(void *ctx, weft_future_t *future) {
  link_t *link = (link_t *)ctx;
  (void)future;
  CHECK_STATUS(weft_future_set_result(link->next, NULL), WEFT_OK);
}

static void drop_link(void *ctx) {
  link_t *link = (link_t *)ctx;
  weft_future_unref(link->next);
  free(link);
}

static void *end_the_first(void *ctx) {
  CHECK_STATUS(weft_future_set_result((weft_future_t *)ctx, NULL), WEFT_OK);
  return NULL;
}

static void long_chains_need_no_stack(void) {
  int length = CHECK_SANITIZED ? 100000 : 1000000, i;
  weft_future_t *first = make_promise(NULL), *last = weft_future_ref(first);
  pthread_attr_t attributes;
  pthread_t thread;
  for (i = 0; i < length; ++i) {
    weft_future_t *next = make_promise(NULL);
    link_t *link = (link_t *)malloc(sizeof *link);
    REQUIRE(link != NULL);
    link->next = weft_future_ref(next);
    REQUIRE_OK(weft_future_add_done_callback(last, pass_on, link, drop_link));
    weft_future_unref(last);
    last = next;
  }
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, 256 << 10);
  REQUIRE(pthread_create(&thread, &attributes, end_the_first, first) == 0);
  pthread_join(thread, NULL);
  pthread_attr_destroy(&attributes);
  CHECK_EQUAL(weft_future_done(last), 1);
  weft_future_unref(first);
  weft_future_unref(last);
}

static void long_chains_that_never_end_need_no_stack_either(void) {
  int length = CHECK_SANITIZED ? 20000 : 200000, i;
  weft_future_t *first = make_promise(NULL), *last = weft_future_ref(first);
  for (i = 0; i < length; ++i) {
    weft_future_t *next = make_promise(NULL);
    link_t *link = (link_t *)malloc(sizeof *link);
    REQUIRE(link != NULL);
    link->next = weft_future_ref(next);
    REQUIRE_OK(weft_future_add_done_callback(last, pass_on, link, drop_link));
    weft_future_unref(last);
    last = next;
  }
  weft_future_unref(last);
  weft_future_unref(first); /* each drop gives back the only handle of the next */
}

/* Adding races with finishing: each callback runs once, in either order. */
typedef struct race {
  weft_future_t *future;
  gate_t start;
  int calls, drops; /* atomic */
} race_t;

static void count_call(void *ctx, weft_future_t *future) {
  CHECK_EQUAL(weft_future_done(future), 1);
  __atomic_add_fetch(&((race_t *)ctx)->calls, 1, __ATOMIC_ACQ_REL);
}

static void count_race_drop(void *ctx) {
  __atomic_add_fetch(&((race_t *)ctx)->drops, 1, __ATOMIC_ACQ_REL);
}

static void *add_callbacks(void *ctx) {
  race_t *race = (race_t *)ctx;
  int i;
  gate_pass(&race->start);
  for (i = 0; i < 10; ++i)
    CHECK_STATUS(weft_future_add_done_callback(race->future, count_call, race, count_race_drop), WEFT_OK);
  return NULL;
}

static void adding_against_finishing_loses_none(void) {
  int i, rounds = check_rounds(50, 5000);
  for (i = 0; i < rounds; ++i) {
    race_t race = {NULL, GATE_CLOSED, 0, 0};
    pthread_t threads[2];
    size_t k;
    race.future = make_promise(NULL);
    for (k = 0; k < 2; ++k) REQUIRE(pthread_create(&threads[k], NULL, add_callbacks, &race) == 0);
    gate_await(&race.start, 2);
    gate_open(&race.start);
    CHECK_STATUS(weft_future_set_result(race.future, NULL), WEFT_OK);
    for (k = 0; k < 2; ++k) pthread_join(threads[k], NULL);
    weft_future_unref(race.future);
    CHECK_EQUAL(count_of(&race.calls), 20);
    CHECK_EQUAL(count_of(&race.drops), 20);
  }
}

typedef struct noted {
  int calls, drops;
} noted_t;

static void note_call(void *ctx, weft_future_t *future) {
  (void)future;
  ++((noted_t *)ctx)->calls;
}

static void note_drop(void *ctx) {
  ++((noted_t *)ctx)->drops;
}

static void one_is_taken_back(void) {
  weft_future_t *promise = make_promise(NULL);
  noted_t first = {0, 0}, second = {0, 0};
  CHECK_STATUS(weft_future_remove_callback(NULL, note_call, &first), WEFT_EINVAL);
  CHECK_STATUS(weft_future_remove_callback(promise, NULL, &first), WEFT_EINVAL);
  CHECK_STATUS(weft_future_remove_callback(promise, note_call, &first), WEFT_EINVALIDSTATE);
  CHECK_STATUS(weft_future_add_done_callback(promise, note_call, &first, note_drop), WEFT_OK);
  CHECK_STATUS(weft_future_add_done_callback(promise, note_call, &second, note_drop), WEFT_OK);
  CHECK_STATUS(weft_future_add_done_callback(promise, note_call, &first, NULL), WEFT_OK);
  CHECK_STATUS(weft_future_remove_callback(promise, note_call, &first), WEFT_OK);
  CHECK_EQUAL(first.drops, 1); /* the first of the two had a drop */
  CHECK_STATUS(weft_future_remove_callback(promise, note_call, &first), WEFT_OK);
  CHECK_STATUS(weft_future_remove_callback(promise, note_call, &first), WEFT_EINVALIDSTATE);
  CHECK_EQUAL(first.drops, 1);
  CHECK_STATUS(weft_future_set_result(promise, NULL), WEFT_OK);
  CHECK_EQUAL(first.calls, 0);
  CHECK_EQUAL(second.calls, 1);
  CHECK_EQUAL(second.drops, 1);
  CHECK_STATUS(weft_future_remove_callback(promise, note_call, &second), WEFT_EDONE);
  weft_future_unref(promise);
}

/* In a domain the callback is linked to the future in another way, and the domain counts it. */
static void one_of_a_domain_is_taken_back(void) {
  weft_future_t *promise = make_promise(NULL);
  weft_domain_t *domain = NULL;
  weft_domain_scope_t scope;
  noted_t noted = {0, 0};
  REQUIRE_OK(weft_domain_create(NULL, NULL, &domain));
  CHECK_STATUS(weft_domain_enter(domain, &scope), WEFT_OK);
  CHECK_STATUS(weft_future_add_done_callback(promise, note_call, &noted, note_drop), WEFT_OK);
  CHECK_STATUS(weft_domain_leave(&scope), WEFT_OK);
  CHECK_EQUAL(weft_domain_count(domain), 1);
  CHECK_STATUS(weft_future_remove_callback(promise, note_call, &noted), WEFT_OK);
  CHECK_EQUAL(noted.drops, 1);
  CHECK_EQUAL(weft_domain_count(domain), 0);
  CHECK_STATUS(weft_domain_close(domain, 0), WEFT_OK);
  CHECK_STATUS(weft_future_set_result(promise, NULL), WEFT_OK);
  CHECK_EQUAL(noted.calls, 0);
  weft_domain_unref(domain);
  weft_future_unref(promise);
}

typedef struct contest {
  weft_future_t *promise;
  int calls, drops;
  gate_t start;
} contest_t;

static void count_contest_call(void *ctx, weft_future_t *future) {
  (void)future;
  count_drop(&((contest_t *)ctx)->calls);
}

static void count_contest_drop(void *ctx) {
  count_drop(&((contest_t *)ctx)->drops);
}

static weft_status finish_contest(void *ctx, void **result, weft_error_t **error) {
  contest_t *contest = (contest_t *)ctx;
  (void)result;
  (void)error;
  gate_pass(&contest->start);
  CHECK_STATUS(weft_future_set_result(contest->promise, NULL), WEFT_OK);
  return WEFT_OK;
}

static void taking_back_against_finishing_calls_or_drops(void) {
  weft_executor_t *pool = make_pool(1);
  int turns = check_rounds(500, 50000), turn;
  for (turn = 0; turn < turns; ++turn) {
    contest_t contest = {NULL, 0, 0, GATE_CLOSED};
    weft_future_t *other;
    weft_status status;
    contest.promise = make_promise(NULL);
    CHECK_STATUS(weft_future_add_done_callback(contest.promise, count_contest_call, &contest, count_contest_drop),
                 WEFT_OK);
    other = submit(pool, finish_contest, &contest, NULL);
    gate_await(&contest.start, 1);
    gate_open(&contest.start);
    status = weft_future_remove_callback(contest.promise, count_contest_call, &contest);
    end_future(other);
    CHECK_EQUAL(contest.calls, status != WEFT_OK);
    CHECK_EQUAL(contest.drops, 1);
    weft_future_unref(contest.promise);
  }
  end_executor(pool);
}

int main(int argc, char **argv) {
  static const check_case_t cases[] = {
      {"bad arguments change nothing", bad_arguments_change_nothing},
      {"they run once each, in order, for every end", they_run_once_each_in_order_for_every_end},
      {"on a done future it runs at once", on_a_done_future_it_runs_at_once},
      {"they run on the worker that finished the task", they_run_on_the_worker_that_finished_the_task},
      {"a future that never ends drops without a call", a_future_that_never_ends_drops_without_a_call},
      {"a callback may use the future", a_callback_may_use_the_future},
      {"a callback may submit", a_callback_may_submit},
      {"a callback may drop the last handle", a_callback_may_drop_the_last_handle},
      {"one is taken back", one_is_taken_back},
      {"one of a domain is taken back", one_of_a_domain_is_taken_back},
      {"taking back against finishing calls or drops", taking_back_against_finishing_calls_or_drops},
      {"long chains need no stack", long_chains_need_no_stack},
      {"long chains that never end need no stack either", long_chains_that_never_end_need_no_stack_either},
      {"adding against finishing loses none", adding_against_finishing_loses_none},
  };
  return check_main(cases, CHECK_COUNT_OF(cases), argc, argv);
}
