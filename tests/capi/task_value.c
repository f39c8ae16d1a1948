/* Tests of weft_executor_submit_value and weft_group_spawn_value: a closure that moves by its bytes, in one call. */
#include <weft/cancel.h>
#include <weft/domain.h>
#include <weft/group.h>
#include <weft/task.h>

#include "cancel.h"
#include "room.h"

typedef struct closure {
  fate_t *fate;
  int64_t input;
} closure_t;

static weft_status run_closure(void *room, weft_error_t **error) {
  closure_t closure = *(closure_t *)room;
  outcome_t *outcome = (outcome_t *)room;
  (void)error;
  __atomic_add_fetch(&closure.fate->runs, 1, __ATOMIC_ACQ_REL);
  outcome->fate = closure.fate;
  outcome->square = closure.input * closure.input;
  return WEFT_OK;
}

static const weft_task_type_t closure_type = {
    sizeof(weft_task_type_t), 0, sizeof(closure_t), 0, run_closure, drop_closure, drop_outcome};
static const weft_task_type_t posted_type = {
    sizeof(weft_task_type_t), WEFT_TASK_POSTED, sizeof(closure_t), 0, run_closure, drop_closure, drop_outcome};
static const weft_task_type_t follow_on_type = {
    sizeof(weft_task_type_t), WEFT_TASK_CONTINUATION, sizeof(closure_t), 0, run_closure, drop_closure, drop_outcome};

static void it_runs_on_every_kind_of_executor(void) {
  weft_executor_t *pool = make_pool(2), *strand = make_strand(pool), *mine = make_caller_run();
  weft_executor_t *all[3];
  fate_t fate = {0, 0, 0};
  int i;
  all[0] = pool;
  all[1] = strand;
  all[2] = mine;
  for (i = 0; i < 3; ++i) {
    closure_t closure = {NULL, 0};
    weft_future_t *future = NULL;
    closure.fate = &fate;
    closure.input = i + 2;
    REQUIRE_OK(weft_executor_submit_value(all[i], NULL, &closure_type, &closure, sizeof closure, &future));
    memset(&closure, 0xdd, sizeof closure); /* the closure has moved */
    if (all[i] == mine) CHECK_STATUS(weft_executor_run(mine, 0, WEFT_FOREVER, NULL), WEFT_OK);
    CHECK_STATUS(weft_future_wait(future, WEFT_FOREVER), WEFT_OK);
    CHECK_EQUAL(((outcome_t *)weft_future_room(future))->square, (int64_t)(i + 2) * (i + 2));
    weft_future_unref(future);
  }
  end_executor(mine);
  end_executor(strand);
  end_executor(pool);
  check_fate(&fate, 3, 0, 3);
}

static void without_a_future(void) {
  weft_executor_t *pool = make_pool(2);
  fate_t fate = {0, 0, 0};
  closure_t closure = {NULL, 3};
  closure.fate = &fate;
  REQUIRE_OK(weft_executor_submit_value(pool, NULL, &posted_type, &closure, sizeof closure, NULL));
  REQUIRE_OK(weft_executor_submit_value(pool, NULL, &closure_type, &closure, sizeof closure, NULL));
  end_executor(pool);
  check_fate(&fate, 2, 0, 2);
}

static weft_status run_nothing(void *room, weft_error_t **error) {
  (void)room;
  (void)error;
  return WEFT_OK;
}

static void rooms_of_any_size(void) {
  static const uint32_t sizes[] = {0, 1, 7, 24, 600, 100000};
  static const uint32_t aligns[] = {0, 1, 64, 4096};
  static unsigned char closure[100000];
  weft_executor_t *mine = make_caller_run();
  size_t s, a;
  for (s = 0; s < CHECK_COUNT_OF(sizes); ++s)
    for (a = 0; a < CHECK_COUNT_OF(aligns); ++a) {
      weft_task_type_t type = {sizeof type, 0, 0, 0, run_nothing, NULL, NULL};
      weft_future_t *future = NULL;
      type.room_size = sizes[s];
      type.room_align = aligns[a];
      memset(closure, (int)(s + a + 1), sizes[s]);
      REQUIRE_OK(weft_executor_submit_value(mine, NULL, &type, sizes[s] != 0 ? closure : NULL, sizes[s], &future));
      CHECK_STATUS(weft_executor_run(mine, 0, WEFT_FOREVER, NULL), WEFT_OK);
      CHECK(memcmp(weft_future_room(future), closure, sizes[s]) == 0);
      weft_future_unref(future);
    }
  end_executor(mine);
}

static void a_cancelled_one_is_dropped(void) {
  weft_executor_t *mine = make_caller_run();
  fate_t fate = {0, 0, 0};
  closure_t closure = {NULL, 3};
  weft_future_t *future = NULL;
  closure.fate = &fate;
  REQUIRE_OK(weft_executor_submit_value(mine, NULL, &closure_type, &closure, sizeof closure, &future));
  CHECK_STATUS(weft_future_cancel(future), WEFT_OK);
  check_fate(&fate, 0, 1, 0);
  weft_future_unref(future);
  end_executor(mine);
  check_fate(&fate, 0, 1, 0);
}

static void what_is_refused_stays_the_callers(void) {
  weft_executor_t *pool = make_pool(1);
  fate_t fate = {0, 0, 0};
  closure_t closure = {NULL, 5};
  weft_task_type_t type = closure_type;
  weft_task_options_t options;
  weft_cancel_token_t *token = make_token(NULL);
  weft_future_t *out = UNTOUCHED(weft_future_t);
  closure.fate = &fate;
  CHECK_STATUS(weft_executor_submit_value(NULL, NULL, &type, &closure, sizeof closure, &out), WEFT_EINVAL);
  CHECK_STATUS(weft_executor_submit_value(pool, NULL, NULL, &closure, sizeof closure, &out), WEFT_EINVAL);
  CHECK_STATUS(weft_executor_submit_value(pool, NULL, &type, NULL, sizeof closure, &out), WEFT_EINVAL);
  CHECK_STATUS(weft_executor_submit_value(pool, NULL, &type, &closure, sizeof closure + 1, &out), WEFT_EINVAL);
  CHECK_STATUS(weft_executor_submit_value(pool, NULL, &type, &closure, SIZE_MAX, &out), WEFT_EINVAL);
  CHECK_STATUS(weft_executor_submit_value(pool, NULL, &posted_type, &closure, sizeof closure, &out), WEFT_EINVAL);
  CHECK_STATUS(weft_executor_submit_value(pool, NULL, &follow_on_type, &closure, sizeof closure, &out), WEFT_EINVAL);
  type.run = NULL;
  CHECK_STATUS(weft_executor_submit_value(pool, NULL, &type, &closure, sizeof closure, &out), WEFT_EINVAL);
  type.run = run_closure;
  weft_task_options_init(&options);
  options.priority = WEFT_PRIORITY_LOW + 1;
  CHECK_STATUS(weft_executor_submit_value(pool, &options, &type, &closure, sizeof closure, &out), WEFT_EINVAL);
  weft_task_options_init(&options);
  options.size = 4;
  CHECK_STATUS(weft_executor_submit_value(pool, &options, &type, &closure, sizeof closure, &out), WEFT_EINVAL);
  {
    struct {
      weft_task_options_t known;
      uint64_t newer;
    } later;
    weft_task_options_init(&later.known);
    later.known.size = sizeof later;
    later.newer = 1;
    CHECK_STATUS(weft_executor_submit_value(pool, &later.known, &type, &closure, sizeof closure, &out), WEFT_ENOTSUP);
  }
  weft_task_options_init(&options);
  options.token = token;
  CHECK_STATUS(weft_cancel_token_cancel(token), WEFT_OK);
  CHECK_STATUS(weft_executor_submit_value(pool, &options, &type, &closure, sizeof closure, &out), WEFT_ECANCELED);
  CHECK_STATUS(weft_executor_shutdown(pool, 0, 0), WEFT_OK);
  CHECK_STATUS(weft_executor_submit_value(pool, NULL, &type, &closure, sizeof closure, &out), WEFT_ESHUTDOWN);
  CHECK(out == UNTOUCHED(weft_future_t));
  CHECK(closure.fate == &fate && closure.input == 5);
  check_fate(&fate, 0, 0, 0);
  weft_cancel_token_unref(token);
  weft_executor_unref(pool);
}

static void it_belongs_to_a_token_and_has_a_priority(void) {
  weft_executor_t *pool = make_pool(1);
  weft_cancel_token_t *token = make_token(NULL);
  weft_task_options_t options;
  fate_t fate = {0, 0, 0};
  closure_t closure = {NULL, 3};
  gate_t gate = GATE_CLOSED;
  weft_future_t *future = NULL, *running = occupy_worker(pool, &gate);
  closure.fate = &fate;
  weft_task_options_init(&options);
  options.token = token;
  options.priority = WEFT_PRIORITY_HIGH;
  REQUIRE_OK(weft_executor_submit_value(pool, &options, &closure_type, &closure, sizeof closure, &future));
  CHECK_STATUS(weft_cancel_token_cancel(token), WEFT_OK);
  CHECK_STATUS(weft_future_wait(future, 0), WEFT_OK);
  CHECK_EQUAL(weft_future_state(future), WEFT_FUTURE_CANCELLED);
  check_fate(&fate, 0, 1, 0);
  weft_future_unref(future);
  weft_cancel_token_unref(token);
  gate_open(&gate);
  end_future(running);
  end_executor(pool);
}

static const weft_task_type_t spawned_type = {
    sizeof(weft_task_type_t), WEFT_TASK_POSTED, sizeof(closure_t), 0, run_closure, drop_closure, NULL};

typedef struct spawning {
  weft_group_t *group;
  fate_t fate;
} spawning_t;

static weft_status spawn_two(void *ctx, void **result, weft_error_t **error) {
  spawning_t *self = (spawning_t *)ctx;
  int i;
  (void)result;
  (void)error;
  for (i = 0; i < 2; ++i) {
    closure_t closure = {NULL, 7};
    closure.fate = &self->fate;
    CHECK_STATUS(weft_group_spawn_value(self->group, NULL, &spawned_type, &closure, sizeof closure), WEFT_OK);
    memset(&closure, 0xdd, sizeof closure); /* the closure has moved */
  }
  return WEFT_OK;
}

static void it_is_spawned_from_anywhere(void) {
  weft_executor_t *pool = make_pool(2);
  spawning_t spawning = {NULL, {0, 0, 0}};
  REQUIRE_OK(weft_group_create(pool, NULL, &spawning.group));
  CHECK_STATUS(spawn_two(&spawning, NULL, NULL), WEFT_OK);
  end_future(submit(pool, spawn_two, &spawning, NULL));
  CHECK_STATUS(weft_group_wait(spawning.group, WEFT_FOREVER), WEFT_OK);
  check_fate(&spawning.fate, 4, 0, 0);
  weft_group_unref(spawning.group);
  end_executor(pool);
}

static void it_is_spawned_inside_of_a_domain(void) {
  weft_executor_t *pool = make_pool(1);
  weft_domain_t *domain = NULL;
  weft_domain_scope_t scope;
  spawning_t spawning = {NULL, {0, 0, 0}};
  REQUIRE_OK(weft_group_create(pool, NULL, &spawning.group));
  REQUIRE_OK(weft_domain_create(NULL, NULL, &domain));
  REQUIRE_OK(weft_domain_enter(domain, &scope));
  CHECK_STATUS(spawn_two(&spawning, NULL, NULL), WEFT_OK);
  CHECK_STATUS(weft_group_wait(spawning.group, WEFT_FOREVER), WEFT_OK);
  REQUIRE_OK(weft_domain_leave(&scope));
  CHECK_STATUS(weft_domain_close(domain, WEFT_FOREVER), WEFT_OK);
  weft_domain_unref(domain);
  check_fate(&spawning.fate, 2, 0, 0);
  weft_group_unref(spawning.group);
  end_executor(pool);
}

static void a_cancelled_group_drops_it(void) {
  weft_executor_t *pool = make_pool(1);
  spawning_t spawning = {NULL, {0, 0, 0}};
  REQUIRE_OK(weft_group_create(pool, NULL, &spawning.group));
  CHECK_STATUS(weft_group_cancel(spawning.group), WEFT_OK);
  CHECK_STATUS(spawn_two(&spawning, NULL, NULL), WEFT_OK);
  CHECK_STATUS(weft_group_wait(spawning.group, WEFT_FOREVER), WEFT_ECANCELED);
  check_fate(&spawning.fate, 0, 2, 0);
  weft_group_unref(spawning.group);
  end_executor(pool);
}

static weft_status refuse_to_begin(void *ctx, weft_error_t **error) {
  (void)ctx;
  (void)error;
  return 42;
}

static void what_a_group_refuses_stays_the_callers(void) {
  weft_executor_options_t options;
  weft_executor_t *pool = make_pool(1), *broken = NULL;
  weft_group_t *group = NULL, *of_broken = NULL;
  weft_task_type_t type = spawned_type;
  fate_t fate = {0, 0, 0};
  closure_t closure = {NULL, 5};
  weft_future_t *first;
  closure.fate = &fate;
  REQUIRE_OK(weft_group_create(pool, NULL, &group));
  CHECK_STATUS(weft_group_spawn_value(NULL, NULL, &type, &closure, sizeof closure), WEFT_EINVAL);
  CHECK_STATUS(weft_group_spawn_value(group, NULL, NULL, &closure, sizeof closure), WEFT_EINVAL);
  CHECK_STATUS(weft_group_spawn_value(group, NULL, &type, NULL, sizeof closure), WEFT_EINVAL);
  CHECK_STATUS(weft_group_spawn_value(group, NULL, &type, &closure, sizeof closure + 1), WEFT_EINVAL);
  CHECK_STATUS(weft_group_spawn_value(group, NULL, &closure_type, &closure, sizeof closure), WEFT_EINVAL);
  CHECK_STATUS(weft_group_spawn_value(group, NULL, &follow_on_type, &closure, sizeof closure), WEFT_EINVAL);
  type.run = NULL;
  CHECK_STATUS(weft_group_spawn_value(group, NULL, &type, &closure, sizeof closure), WEFT_EINVAL);
  type.run = run_closure;
  CHECK_STATUS(weft_executor_shutdown(pool, 0, 0), WEFT_OK);
  CHECK_STATUS(weft_group_spawn_value(group, NULL, &type, &closure, sizeof closure), WEFT_ESHUTDOWN);
  weft_executor_options_init(&options);
  options.max_workers = 1;
  options.initializer = refuse_to_begin;
  REQUIRE_OK(weft_executor_create(NULL, &options, &broken));
  REQUIRE_OK(weft_group_create(broken, NULL, &of_broken));
  first = submit(broken, return_ctx, NULL, NULL);
  CHECK_STATUS(weft_future_result(first, WEFT_FOREVER, NULL), WEFT_EFAILED);
  weft_future_unref(first);
  CHECK_STATUS(weft_group_spawn_value(of_broken, NULL, &type, &closure, sizeof closure), WEFT_EBROKEN);
  CHECK(closure.fate == &fate && closure.input == 5);
  check_fate(&fate, 0, 0, 0);
  weft_group_unref(of_broken);
  weft_group_unref(group);
  end_executor(broken);
  weft_executor_unref(pool);
}

int main(int argc, char **argv) {
  static const check_case_t cases[] = {
      {"it runs on every kind of executor", it_runs_on_every_kind_of_executor},
      {"without a future", without_a_future},
      {"rooms of any size", rooms_of_any_size},
      {"a cancelled one is dropped", a_cancelled_one_is_dropped},
      {"what is refused stays the caller's", what_is_refused_stays_the_callers},
      {"it belongs to a token and has a priority", it_belongs_to_a_token_and_has_a_priority},
      {"it is spawned from anywhere", it_is_spawned_from_anywhere},
      {"it is spawned inside of a domain", it_is_spawned_inside_of_a_domain},
      {"a cancelled group drops it", a_cancelled_group_drops_it},
      {"what a group refuses stays the caller's", what_a_group_refuses_stays_the_callers},
  };
  return check_main(cases, CHECK_COUNT_OF(cases), argc, argv);
}
