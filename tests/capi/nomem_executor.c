/* Tests of memory that runs out under executors, submits and maps (see nomem.h): each call returns a documented status
 * and takes nothing over, and the executor works as before.
 */
#include "nomem.h"

static weft_status attempt_executor_create(void) {
  probe_t probe = {0};
  weft_executor_options_t options;
  weft_executor_t *pool = UNTOUCHED(weft_executor_t);
  weft_status status;
  weft_executor_options_init(&options);
  options.name_prefix = "a prefix that is longer than any small buffer is";
  options.initializer = probe_target;
  options.initializer_ctx = &probe;
  options.initializer_drop = probe_drop;
  status = ARMED(weft_executor_create(NULL, &options, &pool));
  if (status == WEFT_OK)
    end_executor(pool);
  else
    CHECK(pool == UNTOUCHED(weft_executor_t));
  CHECK_EQUAL(probe_drops(&probe), status == WEFT_OK);
  return status;
}

static weft_status attempt_default_executor_configure(void) {
  probe_t probe = {0};
  weft_executor_options_t options;
  weft_status status;
  weft_executor_options_init(&options);
  options.name_prefix = "a prefix that is longer than any small buffer is";
  options.initializer = probe_target;
  options.initializer_ctx = &probe;
  options.initializer_drop = probe_drop;
  status = ARMED(weft_default_executor_configure(&options));
  CHECK_EQUAL(probe_drops(&probe), 0);
  if (status == WEFT_OK) CHECK_STATUS(weft_default_executor_configure(NULL), WEFT_OK);
  CHECK_EQUAL(probe_drops(&probe), status == WEFT_OK);
  return status;
}

/* Comes after the attempt above. The first attempt that gets through makes the default executor. */
static weft_status attempt_default_executor(void) {
  weft_executor_t *pool = UNTOUCHED(weft_executor_t);
  weft_status status = ARMED(weft_default_executor(&pool));
  if (status == WEFT_OK)
    weft_executor_unref(pool);
  else
    CHECK(pool == UNTOUCHED(weft_executor_t));
  return status;
}

static weft_status attempt_strand_create(void) {
  weft_executor_t *pool = make_pool(1), *strand = UNTOUCHED(weft_executor_t);
  weft_status status = ARMED(weft_strand_create(pool, &strand));
  if (status == WEFT_OK)
    weft_executor_unref(strand);
  else
    CHECK(strand == UNTOUCHED(weft_executor_t));
  end_executor(pool);
  return status;
}

static weft_status attempt_caller_run_create(void) {
  weft_executor_t *mine = UNTOUCHED(weft_executor_t);
  weft_status status = ARMED(weft_caller_run_create(NULL, NULL, &mine));
  if (status == WEFT_OK)
    weft_executor_unref(mine);
  else
    CHECK(mine == UNTOUCHED(weft_executor_t));
  return status;
}

/* Each submit has a fresh pool, so that the first worker has to be started too. */
static void check_submitted(weft_executor_t *pool, weft_status status, probe_t *probe, int count) {
  if (status != WEFT_OK) {
    CHECK_EQUAL(probe_runs(probe) + probe_drops(probe), 0);
    CHECK_EQUAL(stats_of(pool).queued, 0);
    end_future(submit(pool, return_ctx, NULL, NULL)); /* the pool works as before */
  }
  end_executor(pool);
  CHECK_EQUAL(probe_runs(probe), status == WEFT_OK ? count : 0);
  CHECK_EQUAL(probe_drops(probe), status == WEFT_OK ? count : 0);
}

static weft_status attempt_executor_submit(void) {
  weft_executor_t *pool = make_pool(2);
  probe_t probe = {0};
  weft_future_t *future = UNTOUCHED(weft_future_t);
  weft_status status = ARMED(weft_executor_submit(pool, NULL, probe_run, &probe, probe_drop, &future));
  if (status == WEFT_OK)
    end_future(future);
  else
    CHECK(future == UNTOUCHED(weft_future_t));
  check_submitted(pool, status, &probe, 1);
  return status;
}

static weft_status attempt_executor_post(void) {
  weft_executor_t *pool = make_pool(2);
  probe_t probe = {0};
  weft_status status = ARMED(weft_executor_post(pool, NULL, probe_run, &probe, probe_drop));
  check_submitted(pool, status, &probe, 1);
  return status;
}

enum { batch = 20 };

static weft_status attempt_executor_submit_batch(void) {
  weft_executor_t *pool = make_pool(2);
  probe_t probe = {0};
  weft_call_t calls[batch];
  weft_future_t *futures[batch];
  weft_status status;
  int i;
  for (i = 0; i < batch; ++i) {
    calls[i].fn = probe_run;
    calls[i].ctx = &probe;
    calls[i].drop = probe_drop;
    futures[i] = UNTOUCHED(weft_future_t);
  }
  status = ARMED(weft_executor_submit_batch(pool, NULL, calls, batch, futures));
  for (i = 0; i < batch; ++i) {
    if (status == WEFT_OK)
      end_future(futures[i]);
    else
      CHECK(futures[i] == UNTOUCHED(weft_future_t));
  }
  check_submitted(pool, status, &probe, batch);
  return status;
}

static weft_status attempt_executor_map(void) {
  weft_executor_t *pool = make_pool(2);
  probe_t probe = {0};
  void *items[batch];
  weft_map_t *map = UNTOUCHED(weft_map_t);
  weft_future_t *future = NULL;
  weft_status status;
  int i;
  for (i = 0; i < batch; ++i) items[i] = &probe;
  status = ARMED(weft_executor_map(pool, NULL, probe_run, items, batch, probe_drop, &map));
  if (status == WEFT_OK) {
    for (i = 0; i < batch; ++i) {
      CHECK_STATUS(weft_map_next(map, &future), WEFT_OK);
      weft_future_unref(future);
    }
    weft_map_destroy(&map);
  } else {
    CHECK(map == UNTOUCHED(weft_map_t));
  }
  check_submitted(pool, status, &probe, batch);
  return status;
}

static weft_status run_in_room(void *room, weft_error_t **error) {
  (void)error;
  return probe_run(*(probe_t **)room, &(void *){NULL}, error);
}

static const weft_task_type_t room_type = {sizeof(weft_task_type_t), 0, sizeof(probe_t *), 0, run_in_room, NULL, NULL};

/* Too large for recycled memory. */
static const weft_task_type_t large_type = {sizeof(weft_task_type_t), 0, 10000, 0, run_in_room, NULL, NULL};

static weft_status attempt_task_create(void) {
  weft_task_t *task = UNTOUCHED(weft_task_t);
  weft_status status = ARMED(weft_task_create(&large_type, &task));
  if (status == WEFT_OK)
    weft_task_destroy(&task);
  else
    CHECK(task == UNTOUCHED(weft_task_t));
  return status;
}

static weft_status attempt_task_create_with(void) {
  weft_task_options_t options;
  weft_task_t *task = UNTOUCHED(weft_task_t);
  weft_status status;
  weft_task_options_init(&options);
  options.name = "a name";
  status = ARMED(weft_task_create_with(&large_type, &options, &task));
  if (status == WEFT_OK)
    weft_task_destroy(&task);
  else
    CHECK(task == UNTOUCHED(weft_task_t));
  return status;
}

static weft_status attempt_executor_submit_task(void) {
  weft_executor_t *pool = make_pool(2);
  probe_t probe = {0};
  weft_task_t *task = NULL;
  weft_future_t *future = UNTOUCHED(weft_future_t);
  weft_status status;
  CHECK_STATUS(weft_task_create(&room_type, &task), WEFT_OK);
  *(probe_t **)weft_task_room(task) = &probe;
  status = ARMED(weft_executor_submit_task(pool, task, &future));
  if (status == WEFT_OK) {
    end_future(future);
  } else {
    CHECK(future == UNTOUCHED(weft_future_t));
    weft_task_destroy(&task);
  }
  end_executor(pool);
  CHECK_EQUAL(probe_runs(&probe), status == WEFT_OK);
  return status;
}

static weft_status attempt_executor_submit_value(void) {
  weft_executor_t *pool = make_pool(2);
  probe_t probe = {0}, *closure = &probe;
  weft_future_t *future = UNTOUCHED(weft_future_t);
  const weft_status status =
      ARMED(weft_executor_submit_value(pool, NULL, &room_type, &closure, sizeof closure, &future));
  if (status == WEFT_OK)
    end_future(future);
  else
    CHECK(future == UNTOUCHED(weft_future_t));
  end_executor(pool);
  CHECK_EQUAL(probe_runs(&probe), status == WEFT_OK);
  return status;
}

static weft_status attempt_executor_submit_tasks(void) {
  weft_executor_t *pool = make_pool(2);
  probe_t probe = {0};
  weft_task_t *tasks[batch];
  weft_status status;
  int i;
  for (i = 0; i < batch; ++i) {
    CHECK_STATUS(weft_task_create(&room_type, &tasks[i]), WEFT_OK);
    *(probe_t **)weft_task_room(tasks[i]) = &probe;
  }
  status = ARMED(weft_executor_submit_tasks(pool, tasks, batch, NULL));
  if (status != WEFT_OK)
    for (i = 0; i < batch; ++i) weft_task_destroy(&tasks[i]);
  end_executor(pool);
  CHECK_EQUAL(probe_runs(&probe), status == WEFT_OK ? batch : 0);
  return status;
}

static weft_status attempt_executor_work(void) {
  weft_executor_options_t options;
  weft_executor_t *pool = NULL;
  int runs = 0;
  weft_status status;
  weft_executor_options_init(&options);
  options.max_workers = 1;
  options.flags = WEFT_EXECUTOR_HOST_WORKERS;
  CHECK_STATUS(weft_executor_create(NULL, &options, &pool), WEFT_OK);
  CHECK_STATUS(weft_executor_post(pool, NULL, count_run, &runs, NULL), WEFT_OK);
  status = ARMED(weft_executor_work(pool, 0));
  CHECK_EQUAL(count_of(&runs), status == WEFT_ETIMEDOUT);
  weft_executor_unref(pool);
  return status == WEFT_ETIMEDOUT ? WEFT_OK : status; /* the call got through */
}

int main(int argc, char **argv) {
  static const attempt_t attempts[] = {
      ATTEMPT(weft_executor_create, attempt_executor_create),
      ATTEMPT(weft_default_executor_configure, attempt_default_executor_configure),
      ATTEMPT(weft_default_executor, attempt_default_executor),
      ATTEMPT_SKIPPED(weft_strand_create, attempt_strand_create, "Asio 1.74 itself crashes there"),
      ATTEMPT(weft_caller_run_create, attempt_caller_run_create),
      ATTEMPT_THAT_STARTS_THREADS(weft_executor_submit, attempt_executor_submit),
      ATTEMPT_THAT_STARTS_THREADS(weft_executor_post, attempt_executor_post),
      ATTEMPT_THAT_STARTS_THREADS(weft_executor_submit_batch, attempt_executor_submit_batch),
      ATTEMPT_THAT_STARTS_THREADS(weft_executor_map, attempt_executor_map),
      ATTEMPT(weft_executor_work, attempt_executor_work),
      ATTEMPT(weft_task_create, attempt_task_create),
      ATTEMPT(weft_task_create_with, attempt_task_create_with),
      ATTEMPT_THAT_STARTS_THREADS(weft_executor_submit_task, attempt_executor_submit_task),
      ATTEMPT_THAT_STARTS_THREADS(weft_executor_submit_value, attempt_executor_submit_value),
      ATTEMPT_THAT_STARTS_THREADS(weft_executor_submit_tasks, attempt_executor_submit_tasks),
  };
  return starve_all(attempts, CHECK_COUNT_OF(attempts), argc, argv);
}
