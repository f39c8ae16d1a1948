/* A queue is given back while it is tied to a future and a group that stay pending. The queue and its ties stayed as
 * long as these did, and no call could undo the ties. */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>

#include <weft/weft.h>

static long blocks; /* blocks that weft holds; atomic */

static void *allocate(void *ctx, size_t size, size_t align) {
  (void)ctx;
  __atomic_add_fetch(&blocks, 1, __ATOMIC_RELAXED);
  return memalign(align, size);
}

static void release(void *ctx, void *block, size_t size, size_t align) {
  (void)ctx;
  (void)size;
  (void)align;
  if (block != NULL) __atomic_sub_fetch(&blocks, 1, __ATOMIC_RELAXED);
  free(block);
}

int main(void) {
  enum { rounds = 20000 };
  weft_future_t *promise;
  weft_executor_t *pool;
  weft_group_t *group;
  long before, more;
  int i;
  if (weft_set_allocator(allocate, release, NULL) != WEFT_OK) return 1;
  if (weft_future_create(NULL, &promise) != WEFT_OK || weft_executor_create(NULL, NULL, &pool) != WEFT_OK ||
      weft_group_create(pool, NULL, &group) != WEFT_OK || weft_group_enter(group) != WEFT_OK)
    return 1;
  before = __atomic_load_n(&blocks, __ATOMIC_RELAXED);
  for (i = 0; i < rounds; ++i) {
    weft_queue_t *queue;
    if (weft_queue_create(NULL, &queue) != WEFT_OK || weft_future_notify(promise, queue, 1) != WEFT_OK ||
        weft_group_notify(group, queue, 2) != WEFT_OK)
      return 1;
    weft_queue_unref(queue);
  }
  more = __atomic_load_n(&blocks, __ATOMIC_RELAXED) - before;
  weft_future_set_result(promise, NULL);
  weft_future_unref(promise);
  weft_group_leave(group);
  weft_group_unref(group);
  weft_executor_unref(pool);
  if (more > 16) printf("%d queues that were tied and given back leave %ld blocks of memory\n", rounds, more);
  return more > 16;
}
