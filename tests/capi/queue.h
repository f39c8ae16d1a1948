/* queue.h: what the tests of completion queues share: making one, taking events out, and asking its descriptor. */
#ifndef WEFT_TESTS_QUEUE_H
#define WEFT_TESTS_QUEUE_H

#include <weft/queue.h>

#include <poll.h>

#include "setup.h"

static inline weft_queue_t *make_queue(void) {
  weft_queue_t *queue = NULL;
  CHECK_STATUS(weft_queue_create(NULL, &queue), WEFT_OK);
  return queue;
}

static inline int fd_of(weft_queue_t *queue) {
  int32_t fd = -1;
  CHECK_STATUS(weft_queue_fd(queue, &fd), WEFT_OK);
  return fd;
}

/* Asks whether the descriptor is readable now, as a host would. */
static inline int is_readable(int fd) {
  struct pollfd entry = {0, POLLIN, 0};
  entry.fd = fd;
  return poll(&entry, 1, 0) == 1 && (entry.revents & POLLIN) != 0;
}

static inline void expect_event(const weft_event_t *event, uint64_t tag, uint32_t kind, weft_status status,
                                uint64_t value) {
  CHECK_EQUAL(event->tag, tag);
  CHECK_EQUAL(event->kind, kind);
  CHECK_STATUS(event->status, status);
  CHECK_EQUAL(event->value, value);
  CHECK_EQUAL(event->reserved, 0);
}

static inline size_t pop_some(weft_queue_t *queue, weft_event_t *events, size_t max) {
  size_t count = 99;
  CHECK_STATUS(weft_queue_pop(queue, events, max, &count), WEFT_OK);
  return count;
}

/* Takes out the only event that is in the queue now. */
static inline void pop_the_one(weft_queue_t *queue, uint64_t tag, uint32_t kind, weft_status status, uint64_t value) {
  weft_event_t events[2];
  memset(events, 0xff, sizeof events);
  if (CHECK_EQUAL(pop_some(queue, events, 2), 1)) expect_event(&events[0], tag, kind, status, value);
}

static inline void expect_none(weft_queue_t *queue) {
  weft_event_t event;
  CHECK_EQUAL(pop_some(queue, &event, 1), 0);
}

/* Waits for the next event. */
static inline weft_event_t await_event(weft_queue_t *queue) {
  weft_event_t event = {0, 0, 0, 0, 0};
  size_t count = 0;
  CHECK_STATUS(weft_queue_wait(queue, &event, 1, WEFT_FOREVER, &count), WEFT_OK);
  CHECK_EQUAL(count, 1);
  return event;
}

static inline void await_the_event(weft_queue_t *queue, uint64_t tag, uint32_t kind, weft_status status,
                                   uint64_t value) {
  weft_event_t event = await_event(queue);
  expect_event(&event, tag, kind, status, value);
}

#endif
