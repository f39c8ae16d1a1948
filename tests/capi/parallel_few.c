/* Loops (weft/parallel.h) with long bodies. The bodies of a loop over few indices run at once if there are workers for
 * them. Short bodies before them do not put many long ones into one chunk of another piece. */
#include <weft/parallel.h>

#include "setup.h"

/* A loop of few bodies: all of them must be at the gate before it opens. */
typedef struct few {
  weft_executor_t *pool;
  gate_t gate;
  uint64_t count, grain;
} few_t;

static weft_status pass_for_each(void *ctx, uint64_t begin, uint64_t end, weft_error_t **error) {
  (void)error;
  for (; begin < end; ++begin) gate_pass(&((few_t *)ctx)->gate);
  return WEFT_OK;
}

static weft_status loop_over_few(void *ctx, weft_error_t **error) {
  few_t *self = (few_t *)ctx;
  weft_range_options_t options;
  weft_range_options_init(&options);
  options.grain = self->grain;
  return weft_parallel_for(self->pool, &options, 0, self->count, pass_for_each, self, error);
}

static weft_status loop_over_few_in_task(void *ctx, void **result, weft_error_t **error) {
  (void)result;
  return loop_over_few(ctx, error);
}

static void few_long_bodies_run_at_once(void) {
  static const uint32_t workers[] = {2, 3, 4, 8};
  size_t w;
  for (w = 0; w < CHECK_COUNT_OF(workers); ++w) {
    weft_executor_t *pool = make_pool(workers[w]);
    uint64_t count;
    for (count = 1; count <= workers[w]; ++count) {
      int way;
      for (way = 0; way < 4; ++way) {
        few_t few = {NULL, GATE_CLOSED, 0, 0};
        few.pool = pool;
        few.count = count;
        few.grain = (uint64_t)way % 2;
        if (way < 2) {
          weft_thread_t *outside = start_thread(NULL, WEFT_DAEMON_NO, loop_over_few, &few, NULL);
          gate_await(&few.gate, (int)count);
          gate_open(&few.gate);
          end_thread(outside);
        } else {
          weft_future_t *inside = submit(pool, loop_over_few_in_task, &few, NULL);
          gate_await(&few.gate, (int)count);
          gate_open(&few.gate);
          end_future(inside);
        }
      }
    }
    end_executor(pool);
  }
}

/* The only worker finishes the first quarter, then takes back the second one, for which it has timed no body yet. */
typedef struct quarters {
  weft_executor_t *pool;
  uint64_t count, longest_of_first, begin_of_second;
} quarters_t;

static weft_status note_chunk(void *ctx, uint64_t begin, uint64_t end, weft_error_t **error) {
  quarters_t *self = (quarters_t *)ctx;
  (void)error;
  if (end <= self->count / 4 && end - begin > self->longest_of_first) self->longest_of_first = end - begin;
  if (begin == self->count / 4) self->begin_of_second = end - begin;
  return WEFT_OK;
}

static weft_status loop_over_quarters(void *ctx, void **result, weft_error_t **error) {
  quarters_t *self = (quarters_t *)ctx;
  (void)result;
  return weft_parallel_for(self->pool, NULL, 0, self->count, note_chunk, self, error);
}

static void another_piece_begins_with_small_chunks(void) {
  quarters_t quarters = {NULL, 1 << 20, 0, 0};
  quarters.pool = make_pool(1);
  end_future(submit(quarters.pool, loop_over_quarters, &quarters, NULL));
  end_executor(quarters.pool);
  CHECK(quarters.longest_of_first > quarters.count / 4 / 64);
  CHECK(quarters.begin_of_second > 0 && quarters.begin_of_second <= quarters.count / 4 / 64);
}

static const check_case_t cases[] = {
    {"few long bodies run at once", few_long_bodies_run_at_once},
    {"another piece begins with small chunks", another_piece_begins_with_small_chunks},
};

int main(int argc, char **argv) {
  return check_main(cases, CHECK_COUNT_OF(cases), argc, argv);
}
