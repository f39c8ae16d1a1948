// A loop over a few indices whose bodies take long: as many run at once as there are workers, from outside and from
// inside a task, with and without a grain. The bodies come in rounds of as many as there are workers. Each waits for
// the others of its round, which is never complete if one of them must wait for the end of another.
//
// Each body first runs for 200 us. Else the last one of a round would be a short body, and a thread may take several
// short ones. From outside, only the bodies of the first round wait. With the caller there is one thread more than
// workers. So two workers may make up a round while the caller has the last two bodies, one behind the other.
#include <pthread.h>
#include <stdio.h>
#include <time.h>

#include <weft/weft.h>

enum { patience = 20 }; // seconds

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static unsigned arrived, round_size;
static int is_outside, missed;

static weft_status body(void *ctx, uint64_t begin, uint64_t end, weft_error_t **error) {
  struct timespec until;
  (void)ctx;
  (void)error;
  for (; begin < end; ++begin) {
    const int64_t long_enough = weft_now() + 200 * WEFT_MICROSECOND;
    unsigned mine;
    while (weft_now() < long_enough) continue;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += patience;
    pthread_mutex_lock(&mutex);
    mine = arrived++ / round_size;
    if (arrived % round_size == 0) pthread_cond_broadcast(&changed);
    while (arrived / round_size <= mine && !missed && !(is_outside && mine > 0))
      if (pthread_cond_timedwait(&changed, &mutex, &until) != 0) {
        missed = 1;
        pthread_cond_broadcast(&changed);
      }
    pthread_mutex_unlock(&mutex);
  }
  return WEFT_OK;
}

typedef struct run {
  weft_executor_t *pool;
  uint64_t count, grain;
} run_t;

static weft_status loop(void *ctx, void **result, weft_error_t **error) {
  const run_t *run = (const run_t *)ctx;
  weft_range_options_t options;
  (void)result;
  weft_range_options_init(&options);
  options.grain = run->grain;
  return weft_parallel_for(run->pool, &options, 0, run->count, body, NULL, error);
}

static int is_right(weft_executor_t *pool, unsigned workers, uint64_t count, uint64_t grain, int inside) {
  run_t run;
  weft_status status;
  run.pool = pool;
  run.count = count;
  run.grain = grain;
  arrived = 0;
  is_outside = !inside;
  round_size = count < workers ? (unsigned)count : workers;
  if (inside) {
    weft_future_t *done;
    weft_executor_submit(pool, NULL, loop, &run, NULL, &done);
    status = weft_future_wait(done, WEFT_FOREVER);
    weft_future_unref(done);
  } else {
    void *result = NULL;
    weft_error_t *error = NULL;
    status = loop(&run, &result, &error);
  }
  if (status == WEFT_OK && !missed && arrived == count) return 1;
  printf("%u bodies on %u workers, grain %u, from %s: not all of a round of %u ran at once\n", (unsigned)count, workers,
         (unsigned)grain, inside ? "inside" : "outside", round_size);
  return 0;
}

int main(void) {
  static const unsigned all_workers[] = {2, 4, 8};
  unsigned i, n, grain, inside, repeat;
  for (i = 0; i < 3; ++i) {
    const unsigned workers = all_workers[i];
    weft_executor_options_t options;
    weft_executor_t *pool;
    weft_executor_options_init(&options);
    options.max_workers = workers;
    if (weft_executor_create(NULL, &options, &pool) != WEFT_OK) return 1;
    for (n = 1; n <= 3 * workers; n < workers ? ++n : (n += workers))
      for (grain = 0; grain < 2; ++grain)
        for (inside = 0; inside < 2; ++inside)
          for (repeat = 0; repeat < 3; ++repeat)
            if (!is_right(pool, workers, n, grain, (int)inside)) return 1;
    weft_executor_unref(pool);
  }
  return 0;
}
