/* A batch and a semaphore: twenty tasks are submitted at once, and at most three of them are at the
 * printer at a time. The executor has a context of its own. Its tasks find it there, and its drop
 * says how often the printer was used.
 * Read on in include/weft/semaphore.h and include/weft/context.h. */
#include <weft/weft.h>

#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum { tasks = 20, printers = 3 };

struct print_room {
  weft_semaphore_t *free_printers;
  pthread_mutex_t mutex;
  int busy, most_busy, pages; /* guarded by mutex */
};

static void check(weft_status status) {
  if (status == WEFT_OK) return;
  fprintf(stderr, "%s: %s\n", weft_status_name(status), weft_status_text(status));
  exit(1);
}

static void close_the_room(void *context) {
  struct print_room *room = context;
  printf("%d pages were printed\n", room->pages);
  weft_semaphore_unref(room->free_printers);
  pthread_mutex_destroy(&room->mutex);
  free(room);
}

static weft_status print_pages(void *ctx, void **result, weft_error_t **error) {
  struct print_room *room = weft_executor_context(weft_executor_current()); /* the context of this executor */
  uintptr_t pages = (uintptr_t)ctx;
  weft_status status;
  (void)error;
  /* A task that waits keeps its worker. A task that holds a printer needs no other worker to go on. */
  if ((status = weft_semaphore_wait(room->free_printers, 10 * WEFT_SECOND)) != WEFT_OK) return status;
  pthread_mutex_lock(&room->mutex);
  if (++room->busy > room->most_busy) room->most_busy = room->busy;
  room->pages += (int)pages;
  pthread_mutex_unlock(&room->mutex);
  pthread_mutex_lock(&room->mutex);
  --room->busy;
  pthread_mutex_unlock(&room->mutex);
  *result = (void *)(pages * pages);
  return weft_semaphore_signal(room->free_printers, 1);
}

int main(void) {
  struct print_room *room = calloc(1, sizeof *room);
  weft_executor_options_t options;
  weft_executor_t *pool;
  weft_call_t calls[tasks];
  weft_future_t *futures[tasks];
  void *square;
  uintptr_t sum = 0;
  int i;

  if (room == NULL || pthread_mutex_init(&room->mutex, NULL) != 0) return 1;
  check(weft_semaphore_create(printers, &room->free_printers));
  weft_executor_options_init(&options);
  options.max_workers = 8;
  check(weft_executor_create(NULL, &options, &pool));
  check(weft_executor_set_context(pool, room, close_the_room));

  for (i = 0; i < tasks; ++i) calls[i] = (weft_call_t){print_pages, (void *)(uintptr_t)(i + 1), NULL};
  check(weft_executor_submit_batch(pool, NULL, calls, tasks, futures)); /* all are accepted, or none */
  for (i = 0; i < tasks; ++i) {
    check(weft_future_result(futures[i], WEFT_FOREVER, &square));
    sum += (uintptr_t)square;
    weft_future_unref(futures[i]);
  }
  printf("%d tasks, the sum of their results is %u\n", tasks, (unsigned)sum);
  printf("never more than %d at once: %s\n", printers, room->most_busy <= printers ? "true" : "false");
  check(weft_executor_shutdown(pool, WEFT_SHUTDOWN_WAIT, WEFT_FOREVER));
  weft_executor_unref(pool); /* the last reference: the pool ends, and the context with it */
  return 0;
}
