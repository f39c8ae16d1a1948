/* A loop of one thread that polls, as in servers and user interfaces. It submits work to a pool,
 * and reads the results when it polls. weft calls no callback of the loop from other threads. A
 * timer of weft ticks in the same loop. */
#include <weft/weft.h>

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

enum { requests = 5, patience = 100 }; /* the tags: a request's number, or patience for the timer */

struct request {
  weft_future_t *future;
  char answer[64];
};

static void check(weft_status status) {
  if (status == WEFT_OK) return;
  fprintf(stderr, "%s: %s\n", weft_status_name(status), weft_status_text(status));
  exit(1);
}

/* Runs on a thread of the pool. */
static weft_status look_up(void *ctx, void **result, weft_error_t **error) {
  intptr_t number = (intptr_t)ctx;
  if (number == 3) return weft_error_create(404, "LookupError", "there is no third", error);
  *result = (void *)(number * number);
  return WEFT_OK;
}

/* Runs in the loop. The future is done, so reading it does not block. */
static void finish(struct request *request, const weft_event_t *event) {
  if (event->status == WEFT_EFAILED) {
    weft_error_t *error;
    check(weft_future_exception(request->future, 0, &error));
    snprintf(request->answer, sizeof request->answer, "%s", weft_error_message(error));
    weft_error_unref(error);
  } else {
    void *result;
    check(weft_future_result(request->future, 0, &result));
    snprintf(request->answer, sizeof request->answer, "%d", (int)(intptr_t)result);
  }
  weft_future_unref(request->future);
}

int main(void) {
  struct request all[requests];
  struct pollfd watched[1]; /* a server polls its sockets, too */
  weft_queue_t *queue;
  weft_executor_t *pool;
  weft_timer_t *timer;
  int32_t fd;
  int open = requests, ticked = 0, i;

  check(weft_executor_create(NULL, NULL, &pool));
  check(weft_queue_create(NULL, &queue));
  check(weft_queue_fd(queue, &fd));
  watched[0].fd = fd;
  watched[0].events = POLLIN;

  for (i = 0; i < requests; ++i) {
    check(weft_executor_submit(pool, NULL, look_up, (void *)(intptr_t)i, NULL, &all[i].future));
    check(weft_future_notify(all[i].future, queue, (uint64_t)i));
  }
  check(weft_timer_create_notify(pool, queue, patience, &timer));
  check(weft_timer_arm(timer, 20 * WEFT_MILLISECOND));

  while (open > 0 || !ticked) {
    weft_event_t events[16];
    size_t count, e;
    if (poll(watched, 1, -1) < 0) return 1;
    check(weft_queue_pop(queue, events, 16, &count));
    for (e = 0; e < count; ++e) {
      if (events[e].kind == WEFT_EVENT_TIMER) {
        ticked = 1;
      } else {
        finish(&all[events[e].tag], &events[e]);
        --open;
      }
    }
  }
  for (i = 0; i < requests; ++i) printf("%d: %s\n", i, all[i].answer);
  printf("and the timer has ticked\n");

  weft_timer_unref(timer);
  weft_queue_unref(queue);
  weft_executor_unref(pool);
  return 0;
}
