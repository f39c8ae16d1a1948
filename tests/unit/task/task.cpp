// task/task.hpp: the states, the owner of the closure, references, and that everything is dropped exactly once.
#include <doctest/doctest.h>

#include <array>
#include <barrier>
#include <stdexcept>

#include <pthread.h>

#include "support.hpp"

using namespace weft::test;

namespace {

record &self() {
  return *current_record();
}

// Claims it, runs it and gives back the queue's reference, as a worker does.
void run_as_worker(task &which, const task_owner *serving = nullptr) {
  REQUIRE(which.try_claim());
  which.run_claimed(self(), serving);
  which.unref();
}

} // namespace

TEST_CASE("task: pending, running, result; too late for cancel from its start on") {
  work content;
  content.body = [](void **result, weft_error **) {
    *result = &*result;
    return WEFT_OK;
  };
  task *const t = content.make();
  CHECK(t->state() == pending);
  CHECK_FALSE(t->done());
  REQUIRE(t->try_claim());
  CHECK(t->state() == running);
  CHECK_FALSE(t->try_claim());
  CHECK(t->cancel() == WEFT_ERUNNING);
  CHECK(t->state() == running);
  t->run_claimed(self(), nullptr);
  CHECK(t->state() == with_result);
  CHECK(t->done());
  CHECK_FALSE(t->failed());
  CHECK(t->cancel() == WEFT_EDONE);
  CHECK(t->request_stop() == WEFT_EDONE);
  CHECK_FALSE(t->try_claim());
  CHECK(content.ran == 1);
  CHECK(content.dropped == 1);
  t->unref();
  t->unref();
}

TEST_CASE("task: cancelled, it never runs, and its context is dropped at once") {
  work content;
  task *const t = content.make();
  CHECK(t->cancel() == WEFT_OK);
  CHECK(t->state() == cancelled);
  CHECK(content.dropped == 1);
  CHECK(t->cancel() == WEFT_OK); // still true
  CHECK_FALSE(t->try_claim());
  CHECK(t->end()->finished());
  t->unref();
  t->unref();
  CHECK(content.ran == 0);
  CHECK(content.dropped == 1);
}

TEST_CASE("task: errors of every kind are kept") {
  const std::pair<work::body_fn, std::int32_t> cases[] = {
      {[](void **, weft_error **) { return WEFT_ETIMEDOUT; }, WEFT_ETIMEDOUT},
      {[](void **, weft_error **failure) {
         *failure = failure_of(0, "an error with the code 0");
         return WEFT_OK;
       },
       0},
      {[](void **, weft_error **) -> weft_status { throw std::runtime_error("thrown"); }, WEFT_EFAILED},
      {[](void **, weft_error **failure) -> weft_status {
         *failure = failure_of(5);
         throw std::bad_alloc();
       },
       WEFT_ENOMEM}};
  for (const auto &[body, code] : cases) {
    work content(body);
    task *const t = content.make();
    run_as_worker(*t);
    CHECK(t->state() == with_error);
    CHECK(t->failed());
    REQUIRE(t->failure() != nullptr);
    CHECK(t->failure()->code() == code);
    CHECK(content.dropped == 1);
    t->unref();
  }
}

TEST_CASE("task: the context is dropped before anybody is told of the outcome") {
  work content;
  task *const t = content.make();
  int dropped_by_then = -1;
  struct seen {
    work &content;
    int &into;
  } context{content, dropped_by_then};
  add_callback(
      *t,
      [](void *ctx, weft_future_t *) { static_cast<seen *>(ctx)->into = static_cast<seen *>(ctx)->content.dropped; },
      &context, nullptr);
  run_as_worker(*t);
  CHECK(dropped_by_then == 1);
  t->unref();
}

TEST_CASE("task: a result is dropped with the last reference, unless it was taken") {
  for (const bool taken : {false, true}) {
    int drops = 0;
    work content([&](void **result, weft_error **) {
      *result = &drops;
      return WEFT_OK;
    });
    task *const t = content.make([](void *result) { ++*static_cast<int *>(result); });
    run_as_worker(*t);
    CHECK(call_result(*t) == &drops);
    if (taken) {
      CHECK(t->take());
      CHECK_FALSE(t->take());
    }
    CHECK(t->taken() == taken);
    CHECK(drops == 0);
    t->unref();
    CHECK(drops == (taken ? 0 : 1));
  }
}

TEST_CASE("task: no result drop after an error or a cancellation") {
  static int drops = 0;
  drops = 0;
  work failing([](void **result, weft_error **) {
    *result = &drops;
    return WEFT_EFAILED;
  });
  task *t = failing.make([](void *) { ++drops; });
  run_as_worker(*t);
  t->unref();
  work never;
  t = never.make([](void *) { ++drops; });
  t->cancel();
  t->unref();
  t->unref();
  CHECK(drops == 0);
}

TEST_CASE("task: an error lives until the last reference goes") {
  int drops = 0;
  work content([&](void **, weft_error **failure) {
    *failure = error::make_foreign(1, "k", "m", "tag", &drops, [](void *payload) { ++*static_cast<int *>(payload); });
    return WEFT_OK;
  });
  task *const t = content.make();
  run_as_worker(*t);
  CHECK(drops == 0);
  t->unref();
  CHECK(drops == 1);
}

// As an executor does that can no longer run the task. The caller's reference stays.
void withdraw(task &pending_one, error *reason) {
  withdrawn_tasks all(reason);
  pending_one.ref();
  all.add(pending_one);
  all.finish();
}

TEST_CASE("task: a withdrawn one that fails ends what has not started, and only that") {
  error *const reason = error::make(WEFT_EBROKEN, "k", "broken");
  work content;
  task *t = content.make();
  withdraw(*t, reason);
  CHECK(t->state() == with_error);
  CHECK(t->failure() == reason);
  CHECK(content.dropped == 1);
  CHECK(content.ran == 0);
  t->unref();
  t->unref();
  work cancelled_before;
  t = cancelled_before.make();
  t->cancel();
  withdraw(*t, reason);
  CHECK(t->state() == cancelled);
  CHECK(cancelled_before.dropped == 1);
  t->unref();
  t->unref();
  reason->unref();
}

TEST_CASE("task: a counted one tells its owner exactly once that it has left the queue") {
  error *const reason = error::make(WEFT_EBROKEN, "k", "broken");
  for (const int way : {0, 1, 2}) {
    CAPTURE(way);
    noting_owner owner;
    work content;
    task *const t = content.make();
    t->set_owner(&owner);
    t->set_counted();
    CHECK(owner.left == 0);
    if (way == 0)
      t->cancel();
    else if (way == 1)
      REQUIRE(t->try_claim());
    else
      withdraw(*t, reason);
    CHECK(owner.left == 1);
    if (way == 1) t->run_claimed(self(), &owner);
    t->cancel();
    CHECK(owner.left == 1);
    t->unref();
    t->unref();
  }
  noting_owner owner;
  work content;
  task *const t = content.make();
  t->set_owner(&owner);
  t->set_counted();
  t->clear_counted(); // the executor refused it
  t->cancel();
  CHECK(owner.left == 0);
  t->unref();
  t->unref();
  reason->unref();
}

TEST_CASE("task: posted, it has no future, and its error goes to the owner") {
  noting_owner owner;
  work content([](void **, weft_error **) { return WEFT_EFULL; });
  task *const t = content.make_posted();
  CHECK_FALSE(t->has_future());
  CHECK(t->end() == nullptr);
  t->set_owner(&owner);
  run_as_worker(*t, &owner);
  CHECK(content.dropped == 1);
  REQUIRE(owner.reported.size() == 1);
  CHECK(owner.reported[0] == WEFT_EFULL);
  work never;
  task *const unwanted = never.make_posted();
  unwanted->set_owner(&owner);
  CHECK(unwanted->cancel() == WEFT_OK);
  unwanted->unref();
  CHECK(never.dropped == 1);
  CHECK(owner.reported.size() == 1);
}

TEST_CASE("task: a stop request is seen inside, whether it came before the start or after it") {
  for (const bool before : {true, false}) {
    std::array<bool, 2> seen{};
    task *t = nullptr;
    work content([&](void **, weft_error **) {
      seen[0] = stop_requested(self());
      t->request_stop();
      seen[1] = stop_requested(self());
      return WEFT_OK;
    });
    t = content.make();
    if (before) CHECK(t->request_stop() == WEFT_OK);
    CHECK(t->state() == pending);
    run_as_worker(*t);
    CHECK(seen[0] == before);
    CHECK(seen[1]);
    CHECK(t->state() == with_result);
    CHECK_FALSE(stop_requested(self()));
    t->unref();
  }
}

TEST_CASE("task: while it runs, the thread serves its executor") {
  noting_owner owner;
  std::array<bool, 2> seen{};
  work content([&](void **, weft_error **) {
    seen = {serves(self(), &owner), self().top != nullptr && self().top->running != nullptr};
    return WEFT_OK;
  });
  task *const t = content.make();
  run_as_worker(*t, &owner);
  CHECK(seen == std::array<bool, 2>{true, true});
  CHECK_FALSE(serves(self(), &owner));
  t->unref();
}

TEST_CASE("task: a thread that is ended inside the task tells whoever waits") {
  work content([](void **, weft_error **) -> weft_status { pthread_exit(nullptr); });
  task *const t = content.make();
  std::thread([t] {
    if (t->try_claim()) t->run_claimed(self(), nullptr);
  }).join();
  CHECK(t->state() == with_error);
  CHECK(content.dropped == 1);
  t->unref();
  t->unref();
}

TEST_CASE("task: rooms are aligned as their types ask, and of their size") {
  for (const std::uint32_t flags : {0u, WEFT_TASK_POSTED})
    for (std::uint32_t align = 0; align <= 4096; align = align == 0 ? 1 : align * 2)
      for (const std::uint32_t size : {0u, 1u, 24u, 1000u, 70'000u}) {
        const weft_task_type_t type{sizeof type, flags, size, align, nullptr, nullptr, nullptr};
        task *const t = task::create(type, 1);
        REQUIRE(t != nullptr);
        REQUIRE(reinterpret_cast<std::uintptr_t>(t->room()) % (align == 0 ? 16 : align) == 0);
        std::fill_n(static_cast<unsigned char *>(t->room()), size, static_cast<unsigned char>(0xAB)); // for ASan
        task::discard(t);
      }
}

TEST_CASE("task: an unsubmitted one goes without touching its closure") {
  work content;
  task *const t = content.make();
  task::discard(t);
  CHECK(content.dropped == 0);
  CHECK(content.ran == 0);
}

// Exactly one of cancel and claim wins, and the context is dropped once in either case.
TEST_CASE("task: cancel against claim") {
  constexpr int rounds = 3'000;
  std::atomic<task *> current{nullptr};
  std::atomic<weft_status> answer{WEFT_OK};
  std::barrier together(2);
  std::thread canceller([&] {
    for (int i = 0; i < rounds; ++i) {
      together.arrive_and_wait();
      task *const t = current;
      for (int pause = i % 64 * 64; pause > 0; --pause) relax(); // so that either side wins now and then
      answer = t->cancel();
      t->unref();
      together.arrive_and_wait();
    }
  });
  int wrong = 0, ran = 0;
  noting_owner owner;
  for (int i = 0; i < rounds; ++i) {
    work content;
    task *const t = content.make();
    t->set_owner(&owner);
    t->set_counted();
    current = t;
    together.arrive_and_wait();
    if (t->try_claim()) t->run_claimed(self(), &owner);
    t->unref();
    together.arrive_and_wait();
    ran += content.ran;
    if (content.dropped != 1 || (answer == WEFT_OK) == (content.ran == 1) || owner.left != i + 1) ++wrong;
  }
  canceller.join();
  CHECK(wrong == 0);
  MESSAGE("the claim won " << ran << " of " << rounds);
}

// Each reference is given back on another thread. The result must be dropped once, after all of them.
TEST_CASE("task: references given back by many threads") {
  constexpr int rounds = 300, threads = 3;
  std::atomic<int> drops{0};
  for (int i = 0; i < rounds; ++i) {
    work content([&](void **result, weft_error **) {
      *result = &drops;
      return WEFT_OK;
    });
    task *const t = content.make([](void *result) { static_cast<std::atomic<int> *>(result)->fetch_add(1); });
    for (int k = 0; k < threads; ++k) t->ref();
    crew others;
    for (int k = 0; k < threads; ++k) others.add([t] { t->unref(); });
    if (t->try_claim()) t->run_claimed(self(), nullptr);
    t->unref();
    others.join();
    t->unref();
    REQUIRE(drops == i + 1);
  }
}

TEST_CASE("task: a long chain of results that own the next future goes without a deep stack") {
  constexpr int length = 300'000;
  task *head = nullptr;
  for (int i = 0; i < length; ++i) {
    task *const promise = task::create_promise([](void *next) {
      if (next != nullptr) static_cast<task *>(next)->unref();
    });
    REQUIRE(promise != nullptr);
    REQUIRE(promise->set_result(head) == WEFT_OK);
    head = promise;
  }
  head->unref();
}
