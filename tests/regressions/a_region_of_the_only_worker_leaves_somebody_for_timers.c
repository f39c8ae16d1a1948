// The only worker of a pool is in a blocking region until a delayed task of the pool has run. The task is armed before
// the region, or inside it.
#include <pthread.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include <weft/weft.h>

static weft_executor_t *pool;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int has_run;

static weft_status tick(void *ctx, void **result, weft_error_t **error) {
  (void)ctx;
  (void)result;
  (void)error;
  pthread_mutex_lock(&mutex);
  has_run = 1;
  pthread_cond_broadcast(&changed);
  pthread_mutex_unlock(&mutex);
  return WEFT_OK;
}

/* ctx: "inside", or NULL. The result is NULL when the tick came. */
static weft_status blocks(void *ctx, void **result, weft_error_t **error) {
  struct timespec until;
  (void)error;
  clock_gettime(CLOCK_REALTIME, &until);
  until.tv_sec += 20;
  weft_blocking_begin();
  if (ctx != NULL) weft_executor_post_after(pool, 50 * WEFT_MILLISECOND, NULL, tick, NULL, NULL);
  pthread_mutex_lock(&mutex);
  while (!has_run)
    if (pthread_cond_timedwait(&changed, &mutex, &until) != 0) break;
  if (!has_run) *result = "late";
  pthread_mutex_unlock(&mutex);
  weft_blocking_end();
  return WEFT_OK;
}

int main(void) {
  int inside;
  for (inside = 0; inside < 2; ++inside) {
    weft_executor_options_t options;
    weft_future_t *done;
    void *late = NULL;
    weft_executor_options_init(&options);
    options.max_workers = 1;
    if (weft_executor_create(NULL, &options, &pool) != WEFT_OK) return 1;
    has_run = 0;
    if (!inside) weft_executor_post_after(pool, 50 * WEFT_MILLISECOND, NULL, tick, NULL, NULL);
    weft_executor_submit(pool, NULL, blocks, inside ? "inside" : NULL, NULL, &done);
    weft_future_result(done, WEFT_FOREVER, &late);
    weft_future_unref(done);
    if (late != NULL) {
      printf("what was armed %s the region did not run during it\n", inside ? "inside of" : "before");
      return 1;
    }
    weft_executor_unref(pool);
  }
  return 0;
}
