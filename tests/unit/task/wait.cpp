// task/wait.hpp: waits for one future and for several, with and without the right to help.
#include <doctest/doctest.h>

#include <array>

#include "support.hpp"
#include "task/wait.hpp"

using namespace weft::test;

namespace {

// Promises that are released at the end of the scope.
template <std::size_t Count> struct promises {
  promises() {
    for (task *&p : all) p = task::create_promise(nullptr);
  }
  ~promises() {
    for (task *p : all) p->unref();
  }
  promises(const promises &) = delete;
  promises &operator=(const promises &) = delete;
  void fail(std::size_t i) {
    error *const failure = error::make(1, "k", "m");
    all[i]->set_error(failure);
    failure->unref();
  }
  std::array<task *, Count> all;
};

weft_status wait(const auto &of, std::uint32_t mode, deadline until) {
  future_set set;
  REQUIRE(set.assign(of.all.data(), of.all.size()));
  return set.wait(mode, until);
}

} // namespace

TEST_CASE("wait: a done future is no wait, a pending one times out") {
  promises<1> p;
  CHECK(wait_for_task(*p.all[0], deadline::past()) == WEFT_ETIMEDOUT);
  CHECK(wait_for_task(*p.all[0], deadline::after(WEFT_MILLISECOND)) == WEFT_ETIMEDOUT);
  p.all[0]->set_result(nullptr);
  CHECK(wait_for_task(*p.all[0], deadline::past()) == WEFT_OK);
  CHECK(wait_for_task(*p.all[0], deadline::never()) == WEFT_OK);
}

TEST_CASE("wait: an error and a cancellation end it too") {
  promises<2> p;
  p.fail(0);
  p.all[1]->cancel();
  for (task *t : p.all) CHECK(wait_for_task(*t, deadline::never()) == WEFT_OK);
}

TEST_CASE("wait: set by another thread while we wait") {
  for (int round = 0; round < 500; ++round) {
    promises<1> p;
    int outcome = 0; // plain, so that ThreadSanitizer judges the order
    std::thread other([&] {
      outcome = 42;
      p.all[0]->set_result(nullptr);
    });
    const weft_status answer = wait_for_task(*p.all[0], soon());
    const int seen = outcome;
    other.join();
    REQUIRE(answer == WEFT_OK);
    REQUIRE(seen == 42);
  }
}

TEST_CASE("wait: of several, all or the first or the first error") {
  promises<3> p;
  for (const std::uint32_t mode : {WEFT_ALL_COMPLETED, WEFT_FIRST_COMPLETED, WEFT_FIRST_EXCEPTION}) {
    CHECK(wait(p, mode, deadline::past()) == WEFT_ETIMEDOUT);
    CHECK(wait(p, mode, deadline::after(1)) == WEFT_ETIMEDOUT);
  }
  p.all[0]->cancel(); // counts as done, but not as an error
  CHECK(wait(p, WEFT_FIRST_COMPLETED, deadline::past()) == WEFT_OK);
  CHECK(wait(p, WEFT_FIRST_EXCEPTION, deadline::after(1)) == WEFT_ETIMEDOUT);
  CHECK(wait(p, WEFT_ALL_COMPLETED, deadline::after(1)) == WEFT_ETIMEDOUT);
  p.fail(1);
  CHECK(wait(p, WEFT_FIRST_EXCEPTION, deadline::past()) == WEFT_OK);
  CHECK(wait(p, WEFT_ALL_COMPLETED, deadline::after(1)) == WEFT_ETIMEDOUT);
  p.all[2]->set_result(nullptr);
  CHECK(wait(p, WEFT_ALL_COMPLETED, deadline::past()) == WEFT_OK);
}

TEST_CASE("wait: duplicates count once, and none is nothing to wait for") {
  promises<2> p;
  task *const repeated[] = {p.all[0], p.all[1], p.all[0], p.all[0], p.all[1]};
  future_set set;
  REQUIRE(set.assign(repeated, 5));
  CHECK(set.size() == 2);
  CHECK(set.note_done() == 0);
  p.all[0]->set_result(nullptr);
  CHECK(set.note_done() == 1);
  CHECK(set.wait(WEFT_ALL_COMPLETED, deadline::after(1)) == WEFT_ETIMEDOUT);
  p.all[1]->set_result(nullptr);
  CHECK(set.wait(WEFT_ALL_COMPLETED, deadline::past()) == WEFT_OK);
  CHECK(set.note_done() == 2);
  future_set none;
  REQUIRE(none.assign(nullptr, 0));
  CHECK(none.wait(WEFT_ALL_COMPLETED, deadline::never()) == WEFT_OK);
  CHECK(none.wait(WEFT_FIRST_COMPLETED, deadline::never()) == WEFT_OK);
}

TEST_CASE("wait: a timed-out wait leaves nothing behind in the futures") {
  promises<3> p;
  for (int i = 0; i < 10; ++i) CHECK(wait(p, WEFT_FIRST_COMPLETED, deadline::after(1)) == WEFT_ETIMEDOUT);
  for (task *t : p.all) CHECK(t->set_result(nullptr) == WEFT_OK); // would touch observers that have ended
}

TEST_CASE("wait: several set by other threads in any order, in each mode") {
  for (int round = 0; round < 300; ++round)
    for (const std::uint32_t mode : {WEFT_ALL_COMPLETED, WEFT_FIRST_COMPLETED, WEFT_FIRST_EXCEPTION}) {
      promises<4> p;
      crew setters;
      for (std::size_t half = 0; half < 2; ++half)
        setters.add([&, half] {
          p.all[2 * half]->set_result(nullptr);
          if (round % 2 == 0)
            p.fail(2 * half + 1);
          else
            p.all[2 * half + 1]->cancel();
        });
      future_set set;
      REQUIRE(set.assign(p.all.data(), p.all.size()));
      const weft_status answer = set.wait(mode, soon());
      const std::size_t done = set.note_done();
      const bool error_seen = p.all[1]->failed() || p.all[3]->failed();
      setters.join();
      REQUIRE(answer == WEFT_OK);
      if (mode == WEFT_FIRST_COMPLETED) REQUIRE(done >= 1);
      if (mode == WEFT_ALL_COMPLETED) REQUIRE(done == 4);
      if (mode == WEFT_FIRST_EXCEPTION) REQUIRE((error_seen || done == 4));
    }
}

TEST_CASE("wait: asked to stop, it comes back at once with the future as it was") {
  promises<2> p;
  std::atomic<std::uint32_t> word{stop_bit};
  const frame_scope inside(*current_record(), nullptr, nullptr, &word);
  CHECK(wait_for_task(*p.all[0], deadline::never()) == WEFT_EINTERRUPTED);
  CHECK(wait(p, WEFT_ALL_COMPLETED, deadline::never()) == WEFT_EINTERRUPTED);
  CHECK(p.all[0]->state() == pending);
}

TEST_CASE("wait: a thread that acts for nobody never asks to run the task") {
  noting_owner owner;
  owner.lends_out = true;
  work content;
  task *const t = content.make();
  t->set_owner(&owner);
  CHECK(wait_for_task(*t, deadline::after(1)) == WEFT_ETIMEDOUT);
  CHECK(owner.lends == 0);
  t->cancel();
  t->unref();
  t->unref();
}

TEST_CASE("wait: inside an executor, what is pending is run here") {
  noting_owner owner;
  owner.lends_out = true;
  const frame_scope serving(*current_record(), nullptr, &owner, nullptr);
  work content;
  task *const t = content.make();
  t->set_owner(&owner);
  CHECK(wait_for_task(*t, deadline::never()) == WEFT_OK);
  CHECK(content.ran == 1);
  t->unref();
  t->unref();

  work several[3];
  task *all[3];
  for (std::size_t i = 0; i < 3; ++i) {
    all[i] = several[i].make();
    all[i]->set_owner(&owner);
  }
  {
    future_set set;
    REQUIRE(set.assign(all, 3));
    CHECK(set.wait(WEFT_ALL_COMPLETED, deadline::never()) == WEFT_OK);
  }
  for (work &w : several) CHECK(w.ran == 1);
  for (task *a : all) {
    a->unref();
    a->unref();
  }
}

TEST_CASE("wait: the first of several runs one of them here, not all") {
  noting_owner owner;
  owner.lends_out = true;
  const frame_scope serving(*current_record(), nullptr, &owner, nullptr);
  work several[3];
  task *all[3];
  for (std::size_t i = 0; i < 3; ++i) {
    all[i] = several[i].make();
    all[i]->set_owner(&owner);
  }
  {
    future_set set;
    REQUIRE(set.assign(all, 3));
    CHECK(set.wait(WEFT_FIRST_COMPLETED, deadline::never()) == WEFT_OK);
  }
  CHECK(several[0].ran + several[1].ran + several[2].ran == 1);
  for (task *a : all) {
    a->cancel();
    a->unref();
    a->unref();
  }
}

TEST_CASE("wait: what nobody will ever start is told to those who would wait for good") {
  noting_owner owner;
  owner.starts = false;
  work content;
  task *const t = content.make();
  t->set_owner(&owner);
  CHECK(wait_for_task(*t, deadline::never()) == WEFT_EDEADLK);
  CHECK(wait_for_task(*t, deadline::after(1)) == WEFT_ETIMEDOUT);
  {
    future_set set;
    REQUIRE(set.assign(&t, 1));
    CHECK(set.wait(WEFT_ALL_COMPLETED, deadline::never()) == WEFT_EDEADLK);
  }
  t->cancel();
  t->unref();
  t->unref();
}
