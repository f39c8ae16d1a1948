// task/completion_queue.hpp and task/future_tie.hpp: entries and when they are freed, which waiters are woken, and help
// inside a task.
#include <doctest/doctest.h>

#include <array>
#include <memory>
#include <thread>
#include <vector>

#include "support.hpp"
#include "task/completion_queue.hpp"
#include "task/future_tie.hpp"

using namespace weft::test;

namespace {

struct handle_end {
  void operator()(completion_queue *held) const noexcept { held->unref_handle(); }
};
using queue_handle = std::unique_ptr<completion_queue, handle_end>;

queue_handle make_queue() {
  return queue_handle(completion_queue::make());
}

std::vector<std::uint64_t> tags_in(completion_queue &queue) {
  std::array<weft_event_t, 16> events{};
  std::size_t count = 0;
  static_cast<void>(queue.pop(events.data(), events.size(), count));
  std::vector<std::uint64_t> tags;
  for (std::size_t i = 0; i < count; ++i) tags.push_back(events[i].tag);
  return tags;
}

weft_status wait_for_one(completion_queue &queue, weft_event_t &event, deadline until = soon()) {
  std::size_t count = 0;
  return queue.wait(&event, 1, until, count);
}

// Counts the living entries, and fulfils itself for a helper if it may.
struct counted_entry final : queue_entry {
  explicit counted_entry(int &lives, bool helps = false) : queue_entry(7, WEFT_EVENT_USER), alive(lives), can(helps) {
    ++alive;
  }
  ~counted_entry() override { --alive; }
  helping_hand help() noexcept override {
    if (!can) return {};
    can = false;
    return {&lend, this};
  }
  static lent lend(void *what, const helper &) {
    auto &self = *static_cast<counted_entry *>(what);
    self.of->fulfil(self, WEFT_OK);
    return lent::yes;
  }
  int &alive;
  bool can;
  completion_queue *of = nullptr;
};

} // namespace

TEST_CASE("completion_queue: an expected entry is freed when it is taken out, and when it comes too late") {
  int lives = 0;
  const queue_handle queue = make_queue();
  auto *const first = new (std::nothrow) counted_entry(lives), *const second = new (std::nothrow) counted_entry(lives);
  REQUIRE(queue->expect(*first));
  REQUIRE(queue->expect(*second));
  CHECK(tags_in(*queue).empty());
  queue->fulfil(*first, WEFT_OK);
  CHECK(lives == 2);
  CHECK(tags_in(*queue) == std::vector<std::uint64_t>{7});
  CHECK(lives == 1);
  queue->close();
  queue->fulfil(*second, WEFT_OK);
  CHECK(lives == 0);
  auto *const third = new (std::nothrow) counted_entry(lives);
  CHECK_FALSE(queue->expect(*third));
  CHECK_FALSE(queue->add(*third, WEFT_OK));
  delete third;
}

TEST_CASE("completion_queue: with the last handle everything in it goes, and ties are safe") {
  int lives = 0;
  queue_handle queue = make_queue();
  auto *const queued = new (std::nothrow) counted_entry(lives), *const tied = new (std::nothrow) counted_entry(lives);
  REQUIRE(queue->add(*queued, WEFT_OK));
  REQUIRE(queue->expect(*tied));
  completion_queue &still_there = *queue;
  queue.reset();
  CHECK(lives == 1);
  still_there.fulfil(*tied, WEFT_OK);
  CHECK(lives == 0);
}

TEST_CASE("completion_queue: a kept entry adds up while it waits, and is freed once, whoever goes first") {
  int lives = 0;
  const queue_handle queue = make_queue();
  for (const bool taken_first : {true, false}) {
    auto *const kept = new (std::nothrow) counted_entry(lives);
    wake_list nobody;
    queue->add_again(*kept, 2, nobody);
    queue->add_again(*kept, 3, nobody);
    if (!taken_first) queue->let_go(*kept);
    CHECK(lives == 1);
    weft_event_t event{};
    std::size_t count = 0;
    CHECK(queue->pop(&event, 1, count) == WEFT_OK);
    CHECK(count == 1);
    CHECK(event.value == 5);
    CHECK(lives == (taken_first ? 1 : 0));
    if (!taken_first) continue;
    queue->add_again(*kept, 1, nobody);
    CHECK(queue->pop(&event, 1, count) == WEFT_OK);
    CHECK(event.value == 1);
    queue->let_go(*kept);
    CHECK(lives == 0);
  }
}

TEST_CASE("completion_queue: help is asked for inside a task only, from each entry, until something has run") {
  int lives = 0;
  const queue_handle queue = make_queue();
  auto *const idle = new (std::nothrow) counted_entry(lives), *const helps =
                                                                  new (std::nothrow) counted_entry(lives, true);
  helps->of = queue.get();
  REQUIRE(queue->expect(*idle));
  REQUIRE(queue->expect(*helps));
  weft_event_t event{};
  CHECK(wait_for_one(*queue, event, deadline::after(1)) == WEFT_ETIMEDOUT);
  const noting_owner owner;
  const frame_scope inside(*current_record(), nullptr, &owner, nullptr);
  CHECK(wait_for_one(*queue, event, deadline::never()) == WEFT_OK);
  CHECK(event.tag == 7);
  CHECK(wait_for_one(*queue, event, deadline::after(1)) == WEFT_ETIMEDOUT);
  queue->fulfil(*idle, WEFT_ECANCELED);
  CHECK(wait_for_one(*queue, event) == WEFT_OK);
  CHECK(event.status == WEFT_ECANCELED);
  CHECK(lives == 0);
}

TEST_CASE("completion_queue: what is there comes though the waiter was asked to stop; else he is told so") {
  const queue_handle queue = make_queue();
  std::atomic<std::uint32_t> word{stop_bit};
  const frame_scope inside(*current_record(), nullptr, nullptr, &word);
  weft_event_t event{};
  REQUIRE(queue->post(1, 2) == WEFT_OK);
  CHECK(wait_for_one(*queue, event) == WEFT_OK);
  CHECK(wait_for_one(*queue, event) == WEFT_EINTERRUPTED);
}

TEST_CASE("completion_queue: no event lies there while somebody sleeps, though waiters give up all the time") {
  const queue_handle queue = make_queue();
  constexpr std::uint64_t posts = 20'000;
  std::atomic<std::uint64_t> taken{0};
  {
    crew threads;
    for (int i = 0; i < 2; ++i)
      threads.add([&] { // sleeps without limit: a lost wake-up would leave it there
        weft_event_t event{};
        while (wait_for_one(*queue, event, deadline::never()) == WEFT_OK) taken.fetch_add(1);
      });
    threads.add([&] { // its waits end at once, again and again
      weft_event_t event{};
      for (weft_status status = WEFT_OK; status != WEFT_ECLOSED;) {
        status = wait_for_one(*queue, event, deadline::after(1));
        if (status == WEFT_OK) taken.fetch_add(1);
      }
    });
    for (std::uint64_t i = 0; i < posts; ++i) {
      REQUIRE(queue->post(i, 0) == WEFT_OK);
      if (i % 16 == 0)
        for (const deadline until = soon(); taken.load() != i + 1 && !until.passed();) std::this_thread::yield();
    }
    for (const deadline until = soon(); taken.load() != posts && !until.passed();) std::this_thread::yield();
    queue->close();
  }
  CHECK(taken.load() == posts);
}

TEST_CASE("future_tie: a pending task of an owner that lends is run by the waiter; a promise is left alone") {
  noting_owner owner;
  owner.lends_out = true;
  const queue_handle queue = make_queue();
  work content;
  task *const pending_task = content.make();
  pending_task->set_owner(&owner);
  task *const promise = task::create_promise(nullptr);
  REQUIRE(future_tie::make(*promise, *queue, 1) == WEFT_OK);
  REQUIRE(future_tie::make(*pending_task, *queue, 2) == WEFT_OK);
  {
    const frame_scope inside(*current_record(), nullptr, &owner, nullptr);
    weft_event_t event{};
    CHECK(wait_for_one(*queue, event, deadline::never()) == WEFT_OK);
    CHECK(event.tag == 2);
  }
  CHECK(content.ran == 1);
  CHECK(promise->is_last_reference());
  promise->unref(); // abandoned
  weft_event_t event{};
  CHECK(wait_for_one(*queue, event, deadline::past()) == WEFT_OK);
  CHECK(event.tag == 1);
  CHECK(event.status == WEFT_ECANCELED);
  pending_task->unref();
  pending_task->unref();
}
