// thread/record.hpp: one record for each thread, reused after the thread's end; frames; stop requests.
#include <doctest/doctest.h>

#include <set>

#include "support.hpp"
#include "thread/record.hpp"

using namespace weft::test;

TEST_CASE("record: a thread has none until it needs one, and then always the same") {
  record *before = nullptr, *made = nullptr, *again = nullptr, *existing = nullptr;
  std::thread([&] {
    before = existing_record();
    made = current_record();
    again = current_record();
    existing = existing_record();
  }).join();
  CHECK(before == nullptr);
  CHECK(made != nullptr);
  CHECK(again == made);
  CHECK(existing == made);
}

TEST_CASE("record: threads that live at the same time have different ones") {
  constexpr int many = 8;
  record *found[many] = {};
  gate all_there;
  std::atomic<int> arrived{0};
  std::atomic<int> late{0};
  crew threads;
  for (record *&mine : found)
    threads.add([&] {
      mine = current_record();
      if (arrived.fetch_add(1) + 1 == many) all_there.open();
      if (!all_there.wait()) late.fetch_add(1);
    });
  threads.join();
  CHECK(late == 0);
  CHECK(std::set<record *>(found, found + many).size() == many);
}

TEST_CASE("record: threads that come one after the other share records, and find them clean") {
  std::set<record *> seen;
  for (int i = 0; i < 50; ++i) {
    record *found = nullptr;
    bool clean = false;
    std::thread([&] {
      found = current_record();
      clean = found->top == nullptr && found->object == nullptr && found->worker == nullptr &&
              found->deferred == nullptr && found->callback_depth == 0;
      found->sleeper.unpark(); // a permit that is not taken; the next owner must tolerate it
      found->worker = found;   // must not be there for the next owner
    }).join();
    REQUIRE(found != nullptr);
    REQUIRE(clean);
    seen.insert(found);
  }
  CHECK(seen.size() <= 10); // the free list may also hold records of earlier cases
}

TEST_CASE("record: thread-local destructors still have it") {
  struct at_end {
    record **into;
    ~at_end() { *into = current_record(); }
  };
  record *during = nullptr, *in_destructor = nullptr;
  std::thread([&] {
    thread_local at_end probe{&in_destructor};
    probe.into = &in_destructor;
    during = current_record();
  }).join();
  CHECK(during != nullptr);
  CHECK(in_destructor == during);
}

TEST_CASE("record: frames lie on top of one another and go in turn") {
  record self;
  noting_owner pool, other;
  CHECK_FALSE(serves(self, &pool));
  {
    const frame_scope outer(self, nullptr, &pool, nullptr);
    CHECK(serves(self, &pool));
    {
      const frame_scope inner(self, nullptr, &other, nullptr);
      CHECK(serves(self, &pool));
      CHECK(serves(self, &other));
      CHECK(self.top->owner == &other);
    }
    CHECK_FALSE(serves(self, &other));
    CHECK(self.top->owner == &pool);
  }
  CHECK(self.top == nullptr);
}

TEST_CASE("record: only the innermost task's flag counts") {
  record self;
  std::atomic<std::uint32_t> outer{0}, inner{0};
  CHECK_FALSE(stop_requested(self));
  const frame_scope below(self, nullptr, nullptr, &outer);
  outer |= stop_bit;
  CHECK(stop_requested(self));
  const frame_scope above(self, nullptr, nullptr, &inner);
  CHECK_FALSE(stop_requested(self));
  inner |= stop_bit;
  CHECK(stop_requested(self));
}
