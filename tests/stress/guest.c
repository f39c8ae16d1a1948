/* guest.c: a plugin that registers everything there is, and whose tasks register more. It never cleans up, and knows
 * nothing of domains. unload.cpp loads and unloads it.
 */
#include "guest.h"

static uint64_t roll(host_t *host) {
  uint64_t z = __atomic_add_fetch(&host->seed, UINT64_C(0x9e3779b97f4a7c15), __ATOMIC_RELAXED);
  z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
  return z ^ (z >> 31);
}

static void come_in(host_t *host) {
  __atomic_add_fetch(&host->inside, 1, __ATOMIC_ACQ_REL);
  __atomic_add_fetch(&host->runs, 1, __ATOMIC_RELAXED);
}
static void go_out(host_t *host) {
  __atomic_sub_fetch(&host->inside, 1, __ATOMIC_ACQ_REL);
}

static void drop(void *ctx) {
  host_t *host = (host_t *)ctx;
  come_in(host);
  __atomic_add_fetch(&host->dropped, 1, __ATOMIC_RELAXED);
  go_out(host);
}

/* Counts the context before the call, because it may be dropped before the call returns. */
static void give(host_t *host) {
  __atomic_add_fetch(&host->given, 1, __ATOMIC_RELAXED);
}
static int took(host_t *host, weft_status status) {
  if (status != WEFT_OK) __atomic_sub_fetch(&host->given, 1, __ATOMIC_RELAXED);
  return status == WEFT_OK;
}

static void register_one(host_t *host);

static weft_status task(void *ctx, void **result, weft_error_t **error) {
  host_t *host = (host_t *)ctx;
  uint64_t what = roll(host) % 16;
  (void)error;
  come_in(host);
  *result = host;
  if (what < 6) register_one(host);
  if (what == 7) weft_sleep(WEFT_FOREVER); /* until the close asks it to stop */
  if (what == 8) weft_sleep(50 * WEFT_MICROSECOND);
  go_out(host);
  return what == 9 ? 17 : WEFT_OK;
}

static weft_status after(void *ctx, weft_future_t *source, void **result, weft_error_t **error) {
  (void)source;
  return task(ctx, result, error);
}

static weft_status tick(void *ctx, void **result, weft_error_t **error) {
  host_t *host = (host_t *)ctx;
  (void)result;
  (void)error;
  come_in(host);
  if (roll(host) % 8 == 0) register_one(host);
  go_out(host);
  return WEFT_OK;
}

static void hear_future(void *ctx, weft_future_t *future) {
  host_t *host = (host_t *)ctx;
  (void)future;
  come_in(host);
  if (roll(host) % 4 == 0) register_one(host);
  go_out(host);
}

static void hear_cancel(void *ctx) {
  come_in((host_t *)ctx);
  go_out((host_t *)ctx);
}

static void hear_error(void *ctx, weft_thread_t *thread, const weft_error_t *error) {
  (void)thread;
  (void)error;
  come_in((host_t *)ctx);
  go_out((host_t *)ctx);
}

static void hear_misuse(void *ctx, const char *what, const char *function) {
  (void)what;
  (void)function;
  come_in((host_t *)ctx);
  go_out((host_t *)ctx);
}

static void submit(host_t *host, weft_executor_t *to) {
  weft_task_options_t options;
  weft_future_t *future = NULL;
  weft_task_options_init(&options);
  if (roll(host) % 2 == 0) options.token = host->token;
  give(host);
  if (!took(host, weft_executor_submit(to, &options, task, host, drop, &future))) return;
  give(host);
  took(host, weft_future_add_done_callback(future, hear_future, host, drop));
  weft_future_unref(future);
}

/* A piece of work for a thread of the guest, a loop or a hook. */
static void live(host_t *host) {
  come_in(host);
  if (roll(host) % 4 == 0) register_one(host);
  if (roll(host) % 4 == 0) weft_sleep(WEFT_FOREVER); /* until the close asks it to stop */
  go_out(host);
}

static weft_status target(void *ctx, weft_error_t **error) {
  (void)error;
  live((host_t *)ctx);
  return WEFT_OK;
}

static void start_thread(host_t *host) {
  weft_thread_t *thread = NULL;
  if (__atomic_add_fetch(&host->threads, 1, __ATOMIC_RELAXED) > 4) return; /* at most four until it is unloaded */
  give(host);
  if (!took(host, weft_thread_create(NULL, NULL, target, host, drop, &thread))) return;
  if (roll(host) % 8 != 0) weft_thread_start(thread);
  if (roll(host) % 4 != 0) weft_thread_unref(thread); /* else its handle is lost */
}

static weft_status piece(void *ctx, uint64_t begin, uint64_t end, weft_error_t **error) {
  host_t *host = (host_t *)ctx;
  (void)begin;
  (void)end;
  (void)error;
  come_in(host);
  if (roll(host) % 16 == 0) register_one(host);
  if (roll(host) % 16 == 0) weft_sleep(20 * WEFT_MICROSECOND);
  go_out(host);
  return WEFT_OK;
}

static void run_loop(host_t *host) {
  weft_range_options_t options;
  weft_range_options_init(&options);
  options.grain = 1;
  weft_parallel_for(host->pool, &options, 0, 8, piece, host, NULL);
}

static weft_status begin_work(void *ctx, weft_worker_t *worker, weft_error_t **error) {
  (void)worker;
  return target(ctx, error);
}
static void end_work(void *ctx, weft_worker_t *worker) {
  (void)worker;
  come_in((host_t *)ctx);
  go_out((host_t *)ctx);
}

/* A pool that is never shut down, and whose handle is mostly lost. */
static void make_pool(host_t *host) {
  weft_executor_options_t options;
  weft_executor_t *pool = NULL;
  if (__atomic_add_fetch(&host->pools, 1, __ATOMIC_RELAXED) > 2) return;
  weft_executor_options_init(&options);
  options.max_workers = 2;
  options.initializer = target;
  options.initializer_ctx = options.worker_ctx = host;
  options.initializer_drop = options.worker_drop = drop;
  options.worker_start = begin_work;
  options.worker_stop = end_work;
  give(host);
  give(host);
  if (weft_executor_create(NULL, &options, &pool) != WEFT_OK) {
    __atomic_sub_fetch(&host->given, 2, __ATOMIC_RELAXED);
    return;
  }
  submit(host, pool);
  if (roll(host) % 4 == 0) weft_executor_unref(pool);
}

static void make_promise(host_t *host) {
  weft_future_t *promise = NULL;
  uint64_t what = roll(host) % 4;
  if (weft_future_create(drop, &promise) != WEFT_OK) return;
  if (what == 0) {
    give(host);
    took(host, weft_future_set_result(promise, host));
  }
  if (what < 2) weft_future_unref(promise); /* else its handle is lost */
}

static void register_one(host_t *host) {
  weft_future_t *future = NULL, *promise = host->promises[roll(host) % 4];
  weft_timer_t *timer = NULL;
  switch (roll(host) % 16) {
  case 0:
    submit(host, host->strand);
    return;
  case 1:
    give(host);
    took(host, weft_executor_post(host->pool, NULL, task, host, drop));
    return;
  case 2:
    give(host);
    took(host, weft_group_spawn(host->group, NULL, task, host, drop));
    return;
  case 3:
    give(host);
    took(host, weft_future_add_done_callback(promise, hear_future, host, drop));
    return;
  case 4:
    give(host);
    if (took(host, weft_future_then(promise, host->pool, WEFT_THEN_ALWAYS, NULL, after, host, drop, &future)))
      weft_future_unref(future);
    return;
  case 5:
    give(host);
    if (!took(host, weft_timer_create(host->pool, NULL, tick, host, drop, &timer))) return;
    weft_timer_arm_every(timer, 0, 20 * WEFT_MICROSECOND, WEFT_MISSED_SKIP);
    return; /* as a careless plugin does: its handle is lost, and it goes on ticking */
  case 6:
    give(host);
    took(host, weft_cancel_token_on_cancel(host->token, hear_cancel, host, drop, NULL));
    return;
  case 7:
    give(host);
    took(host,
         weft_executor_post_after(host->pool, (int64_t)(roll(host) % 500) * WEFT_MICROSECOND, NULL, task, host, drop));
    return;
  case 8:
    start_thread(host);
    return;
  case 9:
    run_loop(host);
    return;
  case 10:
    make_pool(host);
    return;
  case 11:
    make_promise(host);
    return;
  default:
    submit(host, host->pool);
    return;
  }
}

__attribute__((visibility("default"))) void guest_begin(host_t *host) {
  int i;
  come_in(host);
  give(host);
  took(host, weft_runtime_set_exception_hook(NULL, hear_error, host, drop));
  give(host);
  took(host, weft_set_misuse_hook(hear_misuse, host, drop));
  for (i = 0; i < 40; ++i) register_one(host);
  go_out(host);
}
