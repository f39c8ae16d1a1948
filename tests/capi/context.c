/* Tests of weft/context.h: contexts of executors and groups, when and where they are dropped, and which executor runs
 * the calling code. */
#include "domain.h"
#include "group.h"

typedef struct hung {
  int drops; /* atomic */
  pthread_t dropped_on;
  gate_t dropped;
} hung_t;

static void drop_hung(void *ctx) {
  hung_t *hung = (hung_t *)ctx;
  hung->dropped_on = pthread_self();
  __atomic_add_fetch(&hung->drops, 1, __ATOMIC_ACQ_REL);
  gate_pass(&hung->dropped); /* already open: the gate counts and does not block */
}

static void ready(hung_t *hung) {
  static const gate_t closed = GATE_CLOSED;
  memset(hung, 0, sizeof *hung);
  hung->dropped = closed;
  gate_open(&hung->dropped);
}

#define CHECK_DROPPED_HERE(hung)                                                                                       \
  do {                                                                                                                 \
    CHECK_EQUAL(count_of(&(hung).drops), 1);                                                                           \
    CHECK(pthread_equal((hung).dropped_on, pthread_self()));                                                           \
  } while (0)

static void bad_arguments_are_refused(void) {
  weft_executor_t *pool = make_pool(1), *shared = NULL;
  void *old = UNTOUCHED(void);
  weft_drop_fn old_drop = probe_drop;
  int drops = 0;
  CHECK_STATUS(weft_executor_set_context(NULL, &drops, count_drop), WEFT_EINVAL);
  CHECK_STATUS(weft_group_set_context(NULL, &drops, count_drop), WEFT_EINVAL);
  CHECK(weft_executor_current() == NULL);
  CHECK_STATUS(weft_executor_swap_context(NULL, &drops, count_drop, &old, &old_drop), WEFT_EINVAL);
  CHECK_STATUS(weft_executor_swap_context(pool, &drops, count_drop, NULL, &old_drop), WEFT_EINVAL);
  CHECK_STATUS(weft_executor_swap_context(pool, &drops, count_drop, &old, NULL), WEFT_EINVAL);
  CHECK_STATUS(weft_group_swap_context(NULL, &drops, count_drop, &old, &old_drop), WEFT_EINVAL);
  CHECK_STATUS(weft_default_executor(&shared), WEFT_OK);
  CHECK_STATUS(weft_executor_swap_context(shared, &drops, count_drop, &old, &old_drop), WEFT_ENOTSUP);
  weft_executor_unref(shared);
  end_executor(pool);
  CHECK(old == UNTOUCHED(void) && old_drop == probe_drop);
  CHECK(weft_executor_context(NULL) == NULL);
  CHECK(weft_group_context(NULL) == NULL);
  CHECK_EQUAL(drops, 0);
}

static void one_is_replaced_by_another(void) {
  weft_executor_t *pool = make_pool(1);
  hung_t first, second;
  ready(&first);
  ready(&second);
  CHECK(weft_executor_context(pool) == NULL);
  CHECK_STATUS(weft_executor_set_context(pool, &first, drop_hung), WEFT_OK);
  CHECK(weft_executor_context(pool) == &first);
  CHECK_STATUS(weft_executor_set_context(pool, &second, drop_hung), WEFT_OK);
  CHECK_DROPPED_HERE(first);
  CHECK(weft_executor_context(pool) == &second);
  CHECK_STATUS(weft_executor_set_context(pool, NULL, NULL), WEFT_OK);
  CHECK_DROPPED_HERE(second);
  CHECK(weft_executor_context(pool) == NULL);
  CHECK_STATUS(weft_executor_set_context(pool, &first, NULL), WEFT_OK); /* without a drop it is only a pointer */
  CHECK(weft_executor_context(pool) == &first);
  end_executor(pool);
  CHECK_EQUAL(count_of(&first.drops), 1);
}

static void the_default_executor_takes_none(void) {
  weft_executor_t *all = NULL;
  int drops = 0;
  REQUIRE(CHECK_STATUS(weft_default_executor(&all), WEFT_OK));
  CHECK_STATUS(weft_executor_set_context(all, &drops, count_drop), WEFT_ENOTSUP);
  CHECK(weft_executor_context(all) == NULL);
  CHECK_EQUAL(drops, 0);
  weft_executor_unref(all);
}

/* If nothing runs on an executor, it ends on the thread that gives back its last handle. */
static void one_that_rests_drops_it_with_the_last_handle(void) {
  weft_executor_t *pool = make_pool(1), *kinds[3];
  hung_t hung[3];
  int i;
  kinds[0] = make_strand(pool);
  kinds[1] = make_caller_run();
  kinds[2] = make_pool(1);
  for (i = 0; i < 3; ++i) {
    ready(&hung[i]);
    CHECK_STATUS(weft_executor_set_context(kinds[i], &hung[i], drop_hung), WEFT_OK);
    CHECK(weft_executor_ref(kinds[i]) == kinds[i]);
    weft_executor_unref(kinds[i]);
    CHECK_EQUAL(count_of(&hung[i].drops), 0);
    weft_executor_unref(kinds[i]);
    CHECK_DROPPED_HERE(hung[i]);
  }
  end_executor(pool);
}

/* --- which executor --- */

typedef struct asking {
  gate_t *gate; /* NULL: none */
  void *found;
  weft_executor_t *expected; /* borrowed */
} asking_t;

static weft_status ask(void *ctx, void **result, weft_error_t **error) {
  asking_t *self = (asking_t *)ctx;
  weft_executor_t *here;
  (void)result;
  (void)error;
  if (self->gate != NULL) gate_pass(self->gate);
  here = weft_executor_current();
  CHECK(here == self->expected);
  self->found = weft_executor_context(here);
  weft_executor_unref(weft_executor_ref(here)); /* this may be the only handle now */
  return WEFT_OK;
}

static void a_task_finds_its_executor(void) {
  weft_executor_t *pool = make_pool(1), *strand = make_strand(pool), *mine = make_caller_run();
  asking_t asking = {NULL, NULL, NULL};
  weft_group_t *group = make_group(pool);
  int on_pool, on_strand, on_mine;
  CHECK_STATUS(weft_executor_set_context(pool, &on_pool, NULL), WEFT_OK);
  CHECK_STATUS(weft_executor_set_context(strand, &on_strand, NULL), WEFT_OK);
  CHECK_STATUS(weft_executor_set_context(mine, &on_mine, NULL), WEFT_OK);
  asking.expected = pool;
  end_future(submit(pool, ask, &asking, NULL));
  CHECK(asking.found == &on_pool);
  asking.found = NULL;
  CHECK_STATUS(weft_group_spawn(group, NULL, ask, &asking, NULL), WEFT_OK);
  end_group(group);
  CHECK(asking.found == &on_pool);
  asking.expected = strand;
  end_future(submit(strand, ask, &asking, NULL));
  CHECK(asking.found == &on_strand);
  asking.expected = mine;
  CHECK_STATUS(weft_executor_post(mine, NULL, ask, &asking, NULL), WEFT_OK);
  CHECK_STATUS(weft_executor_run(mine, 0, WEFT_FOREVER, NULL), WEFT_OK);
  CHECK(asking.found == &on_mine);
  CHECK(weft_executor_current() == NULL);
  end_executor(mine);
  end_executor(strand);
  end_executor(pool);
}

/* The last handle is given back while a task runs. The task may still take one, and the context is dropped after the
 * task. */
static void check_the_last_task_finds_it(weft_executor_t *on) {
  asking_t asking = {NULL, NULL, NULL};
  gate_t gate = GATE_CLOSED;
  hung_t hung;
  pthread_t self = pthread_self();
  weft_future_t *future;
  ready(&hung);
  CHECK_STATUS(weft_executor_set_context(on, &hung, drop_hung), WEFT_OK);
  asking.gate = &gate;
  asking.expected = on;
  future = submit(on, ask, &asking, NULL);
  gate_await(&gate, 1);
  weft_executor_unref(on);
  CHECK_EQUAL(count_of(&hung.drops), 0);
  gate_open(&gate);
  end_future(future);
  CHECK(asking.found == &hung);
  gate_await(&hung.dropped, 1);
  CHECK_EQUAL(count_of(&hung.drops), 1);
  CHECK(!pthread_equal(hung.dropped_on, self));
}

static void the_last_task_still_finds_it(void) {
  weft_executor_t *pool = make_pool(1);
  check_the_last_task_finds_it(make_strand(pool));
  check_the_last_task_finds_it(make_pool(1));
  end_executor(pool);
}

/* --- groups --- */

static void a_group_drops_it_after_its_last_task(void) {
  weft_executor_t *pool = make_pool(1);
  gate_t gate = GATE_CLOSED;
  hung_t hung;
  weft_group_t *group = make_group(pool);
  ready(&hung);
  CHECK(weft_group_context(group) == NULL);
  CHECK_STATUS(weft_group_set_context(group, &hung, drop_hung), WEFT_OK);
  CHECK(weft_group_context(group) == &hung);
  CHECK_STATUS(weft_group_spawn(group, NULL, pass_gate, &gate, NULL), WEFT_OK);
  gate_await(&gate, 1);
  weft_group_unref(group);
  CHECK_EQUAL(count_of(&hung.drops), 0);
  gate_open(&gate);
  gate_await(&hung.dropped, 1);
  end_executor(pool);
  CHECK_EQUAL(count_of(&hung.drops), 1);
  CHECK(!pthread_equal(hung.dropped_on, pthread_self()));
}

/* The drop of one group's context spawns into the next group, while the worker counts. */
typedef struct chain {
  weft_group_t *next; /* with a reference */
  int *ran, *over;
} chain_t;

static void drop_spawns(void *ctx) {
  chain_t *chain = (chain_t *)ctx;
  int i;
  for (i = 0; i < 5; ++i) CHECK_STATUS(weft_group_spawn(chain->next, NULL, count_run, chain->ran, NULL), WEFT_OK);
  weft_group_unref(chain->next);
  count_drop(chain->over);
}

enum { links = 50 };

static weft_status make_chain(void *ctx, void **result, weft_error_t **error) {
  chain_t *first = (chain_t *)ctx; /* [links]; the last one spawns into the test's group */
  weft_executor_t *pool = weft_executor_current();
  int i;
  (void)result;
  (void)error;
  for (i = links - 1; i >= 0; --i) {
    weft_group_t *group = make_group(pool);
    CHECK_STATUS(weft_group_set_context(group, &first[i], drop_spawns), WEFT_OK);
    CHECK_STATUS(weft_group_spawn(group, NULL, count_run, first[i].ran, NULL), WEFT_OK);
    if (i > 0)
      first[i - 1].next = group;
    else
      weft_group_unref(group);
  }
  return WEFT_OK;
}

/* --- swapping --- */

static void one_is_swapped_for_another(void) {
  weft_executor_t *pool = make_pool(1);
  weft_group_t *group = make_group(pool);
  void *old = UNTOUCHED(void);
  weft_drop_fn old_drop = probe_drop;
  int first = 0, second = 0;
  CHECK_STATUS(weft_executor_swap_context(pool, &first, count_drop, &old, &old_drop), WEFT_OK);
  CHECK(old == NULL && old_drop == NULL);
  CHECK_STATUS(weft_executor_swap_context(pool, &second, NULL, &old, &old_drop), WEFT_OK);
  CHECK(old == &first && old_drop == count_drop);
  CHECK(weft_executor_context(pool) == &second);
  CHECK_STATUS(weft_executor_swap_context(pool, NULL, NULL, &old, &old_drop), WEFT_OK);
  CHECK(old == &second && old_drop == NULL);
  CHECK(weft_executor_context(pool) == NULL);
  CHECK_STATUS(weft_group_swap_context(group, &second, count_drop, &old, &old_drop), WEFT_OK);
  CHECK(old == NULL && old_drop == NULL);
  CHECK_STATUS(weft_group_swap_context(group, NULL, NULL, &old, &old_drop), WEFT_OK);
  CHECK(old == &second && old_drop == count_drop);
  weft_group_unref(group);
  end_executor(pool);
  CHECK_EQUAL(first, 0);
  CHECK_EQUAL(second, 0);
}

/* The domain no longer counts a context that was swapped out, so its close does not wait for it. */
static void a_domain_lets_go_of_what_is_taken_away(void) {
  weft_executor_t *pool = make_pool(1);
  weft_group_t *group = make_group(pool);
  weft_domain_t *domain = make_domain();
  weft_domain_scope_t scope;
  void *old = NULL;
  weft_drop_fn old_drop = NULL;
  int drops = 0;
  CHECK_STATUS(weft_domain_enter(domain, &scope), WEFT_OK);
  CHECK_STATUS(weft_executor_set_context(pool, &drops, count_drop), WEFT_OK);
  CHECK_STATUS(weft_domain_leave(&scope), WEFT_OK);
  CHECK_EQUAL(weft_domain_count(domain), 1);
  CHECK_STATUS(weft_executor_swap_context(pool, NULL, NULL, &old, &old_drop), WEFT_OK);
  CHECK(old == &drops && old_drop == count_drop);
  end_domain(domain); /* the close has nothing to wait for */
  CHECK_EQUAL(drops, 0);
  weft_group_unref(group);
  end_executor(pool);
}

static void a_drop_may_spawn(void) {
  weft_executor_t *pool = make_pool(2);
  chain_t chain[links];
  int turns = check_rounds(50, 5000), turn, i;
  for (turn = 0; turn < turns; ++turn) {
    weft_group_t *last = make_group(pool);
    int ran = 0, over = 0;
    for (i = 0; i < links; ++i) {
      chain[i].ran = &ran;
      chain[i].over = &over;
    }
    chain[links - 1].next = weft_group_ref(last);
    CHECK_STATUS(weft_executor_post(pool, NULL, make_chain, chain, NULL), WEFT_OK);
    while (count_of(&over) < links) sched_yield();
    CHECK_STATUS(weft_group_wait(last, WEFT_FOREVER), WEFT_OK);
    CHECK_EQUAL(count_of(&ran), 6 * links);
    weft_group_unref(last);
  }
  end_executor(pool);
}

/* --- domains --- */

static void note_domain(void *ctx) {
  *(weft_domain_t **)ctx = weft_domain_current();
}

static void a_domain_counts_it(void) {
  weft_executor_t *pool = make_pool(1);
  weft_domain_t *domain = make_domain(), *seen = NULL;
  weft_group_t *group = make_group(pool);
  weft_domain_scope_t scope;
  int drops = 0;
  CHECK_STATUS(weft_domain_enter(domain, &scope), WEFT_OK);
  CHECK_STATUS(weft_executor_set_context(pool, &seen, note_domain), WEFT_OK);
  CHECK_STATUS(weft_group_set_context(group, &drops, NULL), WEFT_OK); /* no drop function: not counted */
  CHECK_STATUS(weft_domain_leave(&scope), WEFT_OK);
  CHECK_EQUAL(weft_domain_count(domain), 1);
  CHECK_STATUS(weft_domain_close(domain, 0), WEFT_ETIMEDOUT);
  CHECK(seen == NULL);
  CHECK_STATUS(weft_executor_set_context(pool, NULL, NULL), WEFT_OK);
  CHECK(seen == domain); /* the drop runs inside the domain */
  CHECK_STATUS(weft_domain_close(domain, 0), WEFT_OK);
  weft_domain_unref(domain);
  weft_group_unref(group);
  end_executor(pool);
}

typedef struct inside_closed {
  weft_domain_t *domain;
  weft_executor_t *pool;
  weft_group_t *group;
  gate_t gate;
  int drops;
} inside_closed_t;

static weft_status set_when_closed(void *ctx, weft_error_t **error) {
  inside_closed_t *self = (inside_closed_t *)ctx;
  weft_domain_scope_t scope;
  void *old = UNTOUCHED(void);
  weft_drop_fn old_drop = probe_drop;
  (void)error;
  CHECK_STATUS(weft_domain_enter(self->domain, &scope), WEFT_OK);
  gate_pass(&self->gate);
  CHECK_STATUS(weft_executor_set_context(self->pool, &self->drops, count_drop), WEFT_ECLOSED);
  CHECK_STATUS(weft_group_set_context(self->group, &self->drops, count_drop), WEFT_ECLOSED);
  CHECK_STATUS(weft_executor_swap_context(self->pool, &self->drops, count_drop, &old, &old_drop), WEFT_ECLOSED);
  CHECK_STATUS(weft_group_swap_context(self->group, &self->drops, count_drop, &old, &old_drop), WEFT_ECLOSED);
  CHECK(old == UNTOUCHED(void) && old_drop == probe_drop);
  CHECK_STATUS(weft_domain_leave(&scope), WEFT_OK);
  return WEFT_OK;
}

static void a_closed_domain_takes_none(void) {
  inside_closed_t closed = {NULL, NULL, NULL, GATE_CLOSED, 0};
  weft_thread_t *thread;
  closed.domain = make_domain();
  closed.pool = make_pool(1);
  closed.group = make_group(closed.pool);
  thread = start_thread(NULL, WEFT_DAEMON_NO, set_when_closed, &closed, NULL);
  gate_await(&closed.gate, 1);
  CHECK_STATUS(weft_domain_close(closed.domain, 0), WEFT_ETIMEDOUT);
  gate_open(&closed.gate);
  end_thread(thread);
  CHECK_STATUS(weft_domain_close(closed.domain, WEFT_FOREVER), WEFT_OK);
  CHECK_EQUAL(closed.drops, 0);
  CHECK(weft_executor_context(closed.pool) == NULL);
  weft_domain_unref(closed.domain);
  weft_group_unref(closed.group);
  end_executor(closed.pool);
}

static weft_status tick(void *ctx, void **result, weft_error_t **error) {
  (void)ctx;
  (void)result;
  (void)error;
  return WEFT_OK;
}

static void handles_of_timers_do_not_keep_it(void) {
  int drops = 0;
  weft_executor_t *pool = make_pool(1), *strand = make_strand(pool), *loop = make_caller_run();
  weft_timer_t *on_strand = NULL, *on_loop = NULL;
  REQUIRE_OK(weft_timer_create(strand, NULL, tick, NULL, NULL, &on_strand));
  REQUIRE_OK(weft_timer_create(loop, NULL, tick, NULL, NULL, &on_loop));
  REQUIRE_OK(weft_timer_arm(on_loop, 3600 * WEFT_SECOND));
  REQUIRE_OK(weft_executor_set_context(strand, &drops, count_drop));
  REQUIRE_OK(weft_executor_set_context(loop, &drops, count_drop));
  weft_executor_unref(strand);
  CHECK_EQUAL(drops, 1);
  weft_executor_unref(loop);
  CHECK_EQUAL(drops, 2);
  CHECK_STATUS(weft_timer_arm(on_strand, 0), WEFT_ESHUTDOWN);
  weft_timer_unref(on_strand);
  weft_timer_unref(on_loop);
  CHECK_EQUAL(drops, 2);
  end_executor(pool);
}

int main(int argc, char **argv) {
  static const check_case_t cases[] = {
      {"bad arguments are refused", bad_arguments_are_refused},
      {"one is replaced by another", one_is_replaced_by_another},
      {"the default executor takes none", the_default_executor_takes_none},
      {"one that rests drops it with the last handle", one_that_rests_drops_it_with_the_last_handle},
      {"a task finds its executor", a_task_finds_its_executor},
      {"the last task still finds it", the_last_task_still_finds_it},
      {"a group drops it after its last task", a_group_drops_it_after_its_last_task},
      {"one is swapped for another", one_is_swapped_for_another},
      {"a domain lets go of what is taken away", a_domain_lets_go_of_what_is_taken_away},
      {"a drop may spawn", a_drop_may_spawn},
      {"a domain counts it", a_domain_counts_it},
      {"a closed domain takes none", a_closed_domain_takes_none},
      {"handles of timers do not keep it", handles_of_timers_do_not_keep_it},
  };
  return check_main(cases, CHECK_COUNT_OF(cases), argc, argv);
}
