// task/promise.cpp: futures that the caller fills. The first call sets the outcome, every later one is refused.
#include <doctest/doctest.h>

#include <array>
#include <barrier>

#include "support.hpp"

using namespace weft::test;

namespace {

struct counting {
  int called = 0, dropped = 0;
  static void call(void *ctx, weft_future_t *) { ++static_cast<counting *>(ctx)->called; }
  static void drop(void *ctx) { ++static_cast<counting *>(ctx)->dropped; }
};

} // namespace

TEST_CASE("promise: set once; the first value stays") {
  int first = 1, second = 2;
  error *const failure = error::make(1, "k", "m");
  task *const p = task::create_promise(nullptr);
  CHECK(p->state() == pending);
  CHECK(p->set_result(&first) == WEFT_OK);
  CHECK(p->set_result(&second) == WEFT_EINVALIDSTATE);
  CHECK(p->set_error(failure) == WEFT_EINVALIDSTATE);
  CHECK(p->set_running() == WEFT_EINVALIDSTATE);
  CHECK(p->cancel() == WEFT_EDONE);
  CHECK(p->state() == with_result);
  CHECK(call_result(*p) == &first);
  p->unref();
  failure->unref();
}

TEST_CASE("promise: running, it can be set but not cancelled") {
  task *const p = task::create_promise(nullptr);
  CHECK(p->set_running() == WEFT_OK);
  CHECK(p->state() == running);
  CHECK(p->set_running() == WEFT_EINVALIDSTATE);
  CHECK(p->cancel() == WEFT_ERUNNING);
  CHECK(p->set_result(nullptr) == WEFT_OK);
  CHECK(p->state() == with_result);
  p->unref();
}

TEST_CASE("promise: cancelled, it takes nothing, and what was offered stays the caller's") {
  int drops = 0;
  error *const failure =
      error::make_foreign(1, "k", "m", "t", &drops, [](void *payload) { ++*static_cast<int *>(payload); });
  task *const p = task::create_promise([](void *result) { ++*static_cast<int *>(result); });
  CHECK(p->cancel() == WEFT_OK);
  CHECK(p->set_running() == WEFT_ECANCELED);
  CHECK(p->set_result(&drops) == WEFT_ECANCELED);
  CHECK(p->set_error(failure) == WEFT_ECANCELED);
  CHECK(p->cancel() == WEFT_OK);
  p->unref();
  CHECK(drops == 0);
  failure->unref();
  CHECK(drops == 1);
}

TEST_CASE("promise: takes a reference of its own to an error") {
  int drops = 0;
  error *const failure =
      error::make_foreign(1, "k", "m", "t", &drops, [](void *payload) { ++*static_cast<int *>(payload); });
  task *const p = task::create_promise(nullptr);
  CHECK(p->set_error(failure) == WEFT_OK);
  failure->unref();
  CHECK(drops == 0);
  CHECK(p->failure()->code() == 1);
  p->unref();
  CHECK(drops == 1);
}

TEST_CASE("promise: a room is filled between begin and finish, and destroyed with the last reference") {
  static int drops = 0;
  drops = 0;
  for (const std::size_t align : {0u, 1u, 8u, 64u, 4096u})
    for (const std::size_t size : {0u, 1u, 9u, 1000u}) {
      drops = 0;
      task *const p = task::create_room_promise(size, align, [](void *) { ++drops; }, {});
      REQUIRE(p != nullptr);
      REQUIRE(reinterpret_cast<std::uintptr_t>(p->room()) % (align == 0 ? 16 : align) == 0);
      CHECK(p->set_result(nullptr) == WEFT_EINVALIDSTATE);
      CHECK(p->finish_filling({with_result, nullptr}) == WEFT_EINVALIDSTATE); // begin_filling was not called
      CHECK(p->begin_filling() == WEFT_OK);
      CHECK(p->state() == running);
      CHECK(p->begin_filling() == WEFT_EINVALIDSTATE);
      CHECK(p->cancel() == WEFT_ERUNNING);
      std::fill_n(static_cast<unsigned char *>(p->room()), size, static_cast<unsigned char>(0xAB));
      CHECK(p->finish_filling({with_result, nullptr}) == WEFT_OK);
      CHECK(p->finish_filling({with_result, nullptr}) == WEFT_EINVALIDSTATE);
      CHECK(drops == 0);
      p->unref();
      REQUIRE(drops == 1);
    }
}

TEST_CASE("promise: a room whose filling failed holds an error, and nothing is destroyed") {
  static int drops = 0;
  drops = 0;
  for (const std::size_t size : {0u, 1u, 100u}) {
    task *const p = task::create_room_promise(size, 0, [](void *) { ++drops; }, {});
    CHECK(p->begin_filling() == WEFT_OK);
    CHECK(p->finish_filling({with_error, error::make(3, "k", "m")}) == WEFT_OK);
    CHECK(p->failure()->code() == 3);
    p->unref();
  }
  CHECK(drops == 0);
}

TEST_CASE("promise: a task's future cannot be set by hand") {
  error *const failure = error::make(1, "k", "m");
  work content;
  task *const t = content.make();
  CHECK(t->set_running() == WEFT_EINVALIDSTATE);
  CHECK(t->set_result(nullptr) == WEFT_EINVALIDSTATE);
  CHECK(t->set_error(failure) == WEFT_EINVALIDSTATE);
  CHECK(t->begin_filling() == WEFT_EINVALIDSTATE);
  CHECK(t->state() == pending);
  t->cancel();
  t->unref();
  t->unref();
  failure->unref();
}

TEST_CASE("promise: never kept, it drops the contexts of its callbacks without a call") {
  for (const bool started : {false, true}) {
    counting seen;
    task *const p = task::create_promise(nullptr);
    for (int i = 0; i < 3; ++i) REQUIRE(add_callback(*p, counting::call, &seen, counting::drop) == WEFT_OK);
    if (started) REQUIRE(p->set_running() == WEFT_OK);
    p->unref();
    CHECK(seen.called == 0);
    CHECK(seen.dropped == 3);
  }
}

TEST_CASE("promise: of many who set, run or cancel it, one wins") {
  constexpr int rounds = 1'000, setters = 3;
  std::array<weft_status, setters> answers{};
  std::array<int, setters> values{};
  std::atomic<task *> current{nullptr};
  std::barrier together(setters + 1);
  crew threads;
  for (std::size_t i = 0; i < setters; ++i)
    threads.add([&, i] {
      for (int round = 0; round < rounds; ++round) {
        together.arrive_and_wait();
        task *const p = current;
        answers[i] = i == 0 ? p->cancel() : p->set_result(&values[i]);
        together.arrive_and_wait();
      }
    });
  int wrong = 0;
  for (int round = 0; round < rounds; ++round) {
    task *const p = task::create_promise(nullptr);
    current = p;
    together.arrive_and_wait();
    together.arrive_and_wait();
    int winners = 0;
    for (std::size_t i = 0; i < setters; ++i) {
      if (answers[i] != WEFT_OK) continue;
      ++winners;
      if (i == 0 ? p->state() != cancelled : call_result(*p) != &values[i]) ++wrong;
    }
    if (winners != 1 || !p->done()) ++wrong;
    p->unref();
  }
  threads.join();
  CHECK(wrong == 0);
}
