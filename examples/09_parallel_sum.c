/* Loops over index ranges: squares that are made in parallel, then added in parallel. The range is
 * split while other threads are free to take a piece. The calling thread takes part.
 * Read on in include/weft/parallel.h. */
#include <weft/weft.h>

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum { count = 1000000 };

static uint64_t squares[count];

static void check(weft_status status) {
  if (status == WEFT_OK) return;
  fprintf(stderr, "%s: %s\n", weft_status_name(status), weft_status_text(status));
  exit(1);
}

static weft_status square(void *ctx, uint64_t begin, uint64_t end, weft_error_t **error) {
  uint64_t i;
  (void)ctx;
  (void)error;
  for (i = begin; i < end; ++i) squares[i] = i * i;
  return WEFT_OK;
}

/* Each piece has a sum. The sums are joined in the order of the pieces. */
static void start_sum(void *ctx, void *sum) {
  (void)ctx;
  *(uint64_t *)sum = 0;
}

static weft_status add_piece(void *ctx, void *sum, uint64_t begin, uint64_t end, weft_error_t **error) {
  uint64_t i;
  (void)ctx;
  (void)error;
  for (i = begin; i < end; ++i) *(uint64_t *)sum += squares[i];
  return WEFT_OK;
}

static void join_sums(void *ctx, void *into, void *from) {
  (void)ctx;
  *(uint64_t *)into += *(uint64_t *)from;
}

int main(void) {
  static const weft_reduction_t add = {sizeof add, 0, sizeof(uint64_t), start_sum, add_piece, join_sums, NULL};
  weft_executor_t *pool;
  uint64_t sum = 0;

  check(weft_executor_create(NULL, NULL, &pool));
  check(weft_parallel_for(pool, NULL, 0, count, square, NULL, NULL));
  check(weft_parallel_reduce(pool, NULL, 0, count, &add, NULL, &sum, NULL));
  printf("the squares below %d squared add up to %llu\n", (int)count, (unsigned long long)sum);
  check(weft_executor_shutdown(pool, WEFT_SHUTDOWN_WAIT, WEFT_FOREVER));
  weft_executor_unref(pool);
  return 0;
}
