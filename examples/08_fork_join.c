/* Fork-join with groups: a sort that spawns one half, which an idle worker may steal, and does the
 * other half itself. A task that waits for its group runs what no other worker has taken. So the
 * recursion needs no more workers than there are.
 * Read on in include/weft/group.h. */
#include <weft/weft.h>

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { count = 200000 };

static weft_executor_t *pool;
static uint32_t numbers[count], spare[count];

static void check(weft_status status) {
  if (status == WEFT_OK) return;
  fprintf(stderr, "%s: %s\n", weft_status_name(status), weft_status_text(status));
  exit(1);
}

struct part {
  size_t begin, end;
};

static int compare(const void *a, const void *b) {
  uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;
  return (left > right) - (left < right);
}

static void merge(size_t begin, size_t middle, size_t end) {
  size_t left = begin, right = middle, to;
  for (to = begin; to < end; ++to)
    spare[to] = right == end || (left < middle && numbers[left] <= numbers[right]) ? numbers[left++] : numbers[right++];
  memcpy(numbers + begin, spare + begin, (end - begin) * sizeof *numbers);
}

static weft_status sort(void *ctx, void **result, weft_error_t **error) {
  struct part whole = *(struct part *)ctx, left = whole, right = whole;
  weft_group_t *halves;
  if (whole.end - whole.begin < 1000) {
    qsort(numbers + whole.begin, whole.end - whole.begin, sizeof *numbers, compare);
    return WEFT_OK;
  }
  left.end = right.begin = whole.begin + (whole.end - whole.begin) / 2;
  check(weft_group_create(pool, NULL, &halves));
  check(weft_group_spawn(halves, NULL, sort, &left, NULL)); /* left is on this stack, so this waits for it */
  sort(&right, result, error);
  check(weft_group_wait(halves, WEFT_FOREVER));
  weft_group_unref(halves);
  merge(whole.begin, right.begin, whole.end);
  return WEFT_OK;
}

int main(void) {
  struct part all = {0, count};
  weft_future_t *sorted;
  uint32_t seed = 1;
  size_t i, wrong = 0;

  for (i = 0; i < count; ++i) numbers[i] = seed = seed * 1664525u + 1013904223u;
  check(weft_executor_create(NULL, NULL, &pool));
  check(weft_executor_submit(pool, NULL, sort, &all, NULL, &sorted));
  check(weft_future_wait(sorted, WEFT_FOREVER));
  for (i = 1; i < count; ++i) wrong += numbers[i - 1] > numbers[i];
  printf("%d numbers sorted, %d of them in the wrong place\n", (int)count, (int)wrong);
  weft_future_unref(sorted);
  check(weft_executor_shutdown(pool, WEFT_SHUTDOWN_WAIT, WEFT_FOREVER));
  weft_executor_unref(pool);
  return 0;
}
