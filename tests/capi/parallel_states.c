/* Tests of the states of a reduction (weft/parallel.h): of any size and alignment, each built and destroyed once. */
#include <weft/parallel.h>

#include "setup.h"

/* Two halves: the first one waits until the other is at work, so the other one has a state of its own. */
typedef struct wide {
  weft_executor_t *pool;
  gate_t *both;
  size_t size, align;
  int states;           /* atomic: built and not destroyed */
  int built, misplaced; /* atomic */
} wide_t;

static void init_wide(void *ctx, void *state) {
  wide_t *self = (wide_t *)ctx;
  __atomic_add_fetch(&self->built, 1, __ATOMIC_RELAXED);
  __atomic_add_fetch(&self->states, 1, __ATOMIC_RELAXED);
  if ((uintptr_t)state % self->align != 0) __atomic_add_fetch(&self->misplaced, 1, __ATOMIC_RELAXED);
  memset(state, 0, self->size);
}

static weft_status fill_wide(void *ctx, void *state, uint64_t begin, uint64_t end, weft_error_t **error) {
  wide_t *self = (wide_t *)ctx;
  (void)end;
  (void)error;
  if (begin == 0)
    gate_pass(self->both);
  else
    gate_open(self->both);
  memset(state, (int)begin + 1, self->size);
  return WEFT_OK;
}

static void add_wide(void *ctx, void *into, void *from) {
  unsigned char *left = (unsigned char *)into;
  const unsigned char *right = (const unsigned char *)from;
  size_t i;
  for (i = 0; i < ((wide_t *)ctx)->size; ++i) left[i] = (unsigned char)(left[i] + right[i]);
}

static void destroy_wide(void *ctx, void *state) {
  (void)state;
  __atomic_sub_fetch(&((wide_t *)ctx)->states, 1, __ATOMIC_RELAXED);
}

static unsigned char wide_result[70000];

static weft_status reduce_wide(void *ctx, void **result, weft_error_t **error) {
  wide_t *self = (wide_t *)ctx;
  weft_reduction_t how = {sizeof how, 0, 0, init_wide, fill_wide, add_wide, destroy_wide};
  weft_range_options_t options;
  (void)result;
  (void)error;
  weft_range_options_init(&options);
  options.grain = 1;
  how.state_size = self->size;
  how.state_align = (uint32_t)self->align;
  CHECK_STATUS(weft_parallel_reduce(self->pool, &options, 0, 2, &how, self, wide_result, NULL), WEFT_OK);
  return WEFT_OK;
}

static void states_of_any_size_and_alignment(void) {
  static const size_t sizes[] = {0, 1, 40, 600, sizeof wide_result}, aligns[] = {1, 8, 64, 4096};
  size_t s, a, i;
  for (s = 0; s < CHECK_COUNT_OF(sizes); ++s)
    for (a = 0; a < CHECK_COUNT_OF(aligns); ++a) {
      gate_t both = GATE_CLOSED;
      wide_t wide = {NULL, NULL, 0, 0, 0, 0, 0};
      size_t wrong = 0;
      wide.pool = make_pool(2);
      wide.both = &both;
      wide.size = sizes[s];
      wide.align = aligns[a];
      end_future(submit(wide.pool, reduce_wide, &wide, NULL));
      end_executor(wide.pool);
      CHECK_EQUAL(wide.built, 1);
      CHECK_EQUAL(wide.misplaced, 0);
      CHECK_EQUAL(wide.states, 0);
      for (i = 0; i < wide.size; ++i) wrong += wide_result[i] != 3;
      CHECK_EQUAL(wrong, 0);
    }
}

int main(int argc, char **argv) {
  static const check_case_t cases[] = {
      {"states of any size and alignment", states_of_any_size_and_alignment},
  };
  return check_main(cases, CHECK_COUNT_OF(cases), argc, argv);
}
