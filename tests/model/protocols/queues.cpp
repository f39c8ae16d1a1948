// task/completion_queue and thread/semaphore: each event and each permit goes to one waiter, and no waiter sleeps while
// one is free.
#include "protocols/world.hpp"
#include "task/completion_queue.hpp"
#include "task/future_tie.hpp"
#include "thread/semaphore.hpp"

using namespace weft::test;

namespace {

weft_status take_one(completion_queue &from, weft_event_t &event, deadline until) {
  std::size_t count = 0;
  const weft_status said = from.wait(&event, 1, until, count);
  check((said == WEFT_OK) == (count == 1), "an event, or a reason");
  return said;
}

MODEL("queue: two events, two waiters") {
  completion_queue *const queue = completion_queue::make();
  weft_event_t events[2] = {};
  actor poster([&] { check(queue->post(1, 10) == WEFT_OK && queue->post(2, 20) == WEFT_OK, "posted"); });
  actor other([&] { check(take_one(*queue, events[1], deadline::never()) == WEFT_OK, "one for each"); });
  check(take_one(*queue, events[0], deadline::never()) == WEFT_OK, "one for each");
  other.join();
  poster.join();
  check(events[0].tag + events[1].tag == 3 && events[0].tag != events[1].tag, "each event once");
  queue->unref_handle();
}

// The time of one waiter is over while it is told. Then the other waiter must not sleep beside the event.
MODEL("queue: a limit of time against an event, and another waiter") {
  completion_queue *const queue = completion_queue::make();
  weft_event_t mine{}, others{};
  weft_status said_mine = WEFT_OK;
  actor poster([&] { queue->post(1, 10); });
  actor other([&] {
    const weft_status said = take_one(*queue, others, deadline::never());
    check(said == WEFT_OK || said == WEFT_ECLOSED, "an event, or the end");
    others.tag = said == WEFT_OK ? others.tag : 0;
  });
  said_mine = take_one(*queue, mine, deadline::after(1'000));
  if (said_mine == WEFT_OK) queue->close(); // no further event comes for the other waiter
  other.join();
  poster.join();
  check((said_mine == WEFT_OK) != (others.tag == 1), "one of the two has it");
  queue->unref_handle();
}

MODEL("queue: closed while others post and wait") {
  completion_queue *const queue = completion_queue::make();
  weft_status posted = WEFT_OK;
  weft_event_t event{};
  actor poster([&] { posted = queue->post(1, 10); });
  actor closer([&] { queue->close(); });
  const weft_status said = take_one(*queue, event, deadline::never());
  poster.join();
  closer.join();
  check(said == WEFT_OK || said == WEFT_ECLOSED, "an event, or the end");
  std::size_t more = 0;
  queue->pop(&event, 1, more);
  check((said == WEFT_OK ? 1 : 0) + static_cast<int>(more) == (posted == WEFT_OK ? 1 : 0),
        "what was accepted is there");
  queue->unref_handle();
}

MODEL("queue: an event of a future, taken back or told") {
  completion_queue *const queue = completion_queue::make();
  task *const promise = task::create_promise(nullptr);
  promise->ref();
  check(future_tie::make(*promise, *queue, 7) == WEFT_OK, "tied");
  actor keeper([&] {
    promise->set_result(nullptr);
    promise->unref();
  });
  const weft_status undone = future_tie::undo(*promise, *queue, 7);
  keeper.join();
  weft_event_t event{};
  std::size_t count = 0;
  queue->pop(&event, 1, count);
  check(count == (undone == WEFT_OK ? 0u : 1u), "undone, or told");
  promise->unref();
  queue->unref_handle();
}

MODEL("queue: the last handle goes while a future is tied and ends") {
  completion_queue *const queue = completion_queue::make();
  task *const promise = task::create_promise(nullptr);
  promise->ref();
  check(future_tie::make(*promise, *queue, 7) == WEFT_OK, "tied");
  actor keeper([&] {
    promise->set_result(nullptr);
    promise->unref();
  });
  queue->unref_handle();
  promise->unref();
}

// --- semaphores ---

MODEL("semaphore: permits for two who sleep") {
  semaphore *const gate = semaphore::make(0);
  int news = 0;
  actor first([&] {
    check(gate->wait(deadline::never()) == WEFT_OK, "a permit");
    check(news == 1, "what the signal brings");
  });
  actor second([&] {
    check(gate->wait(deadline::never()) == WEFT_OK, "a permit");
    check(news == 1, "what the signal brings");
  });
  news = 1;
  check(gate->signal(1) == WEFT_OK && gate->signal(1) == WEFT_OK, "signalled");
  first.join();
  second.join();
  check(gate->value() == 0, "none is left");
  gate->unref();
}

MODEL("semaphore: a limit of time against a signal") {
  semaphore *const gate = semaphore::make(0);
  weft_status said[2] = {};
  actor first([&] { said[0] = gate->wait(deadline::after(1'000)); });
  actor second([&] { said[1] = gate->wait(deadline::after(2'000)); });
  gate->signal(1);
  first.join();
  second.join();
  int got = 0;
  for (const weft_status each : said) {
    check(each == WEFT_OK || each == WEFT_ETIMEDOUT, "a permit, or late");
    got += each == WEFT_OK ? 1 : 0;
  }
  check(got + gate->value() == 1, "no permit is lost, and none is made");
  gate->unref();
}

// The released waiter may free the semaphore at once.
MODEL("semaphore: freed by the one that it lets go") {
  semaphore *const gate = semaphore::make(0);
  actor signaller([gate] { gate->signal(1); });
  check(gate->wait(deadline::never()) == WEFT_OK, "a permit");
  gate->unref();
}

MODEL("semaphore: as a lock") {
  semaphore *const gate = semaphore::make(1);
  int inside = 0;
  const auto pass = [&] {
    check(gate->wait(deadline::never()) == WEFT_OK, "in");
    ++inside;
    gate->signal(1);
  };
  actor first(pass), second(pass);
  pass();
  first.join();
  second.join();
  check(inside == 3, "one at a time");
  gate->unref();
}

} // namespace
