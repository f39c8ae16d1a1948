// base/completion.hpp: observers are told exactly once, callbacks come back in order, removal is final.
#include <doctest/doctest.h>

#include <array>
#include <barrier>
#include <memory>
#include <vector>

#include "base/completion.hpp"
#include "support.hpp"

using namespace weft::test;

namespace {

struct listener : observer {
  listener() noexcept : observer(tell) {}
  static void tell(observer &self, bool failed, wake_list &sleepers) noexcept {
    auto &me = static_cast<listener &>(self);
    me.told.fetch_add(1);
    me.failed = failed;
    if (me.sleeper != nullptr) sleepers.add(*me.sleeper);
  }
  std::atomic<int> told{0};
  bool failed = false;
  parker *sleeper = nullptr;
};

struct note : observer {
  explicit note(int n) noexcept : observer(nullptr), number(n) {}
  int number;
};

std::vector<int> numbers_of(const observer *first) {
  std::vector<int> all;
  for (; first != nullptr; first = first->next) all.push_back(static_cast<const note *>(first)->number);
  return all;
}

} // namespace

TEST_CASE("completion: without observers it just finishes") {
  completion end;
  CHECK_FALSE(end.finished());
  CHECK(end.finish(false) == nullptr);
  CHECK(end.finished());
}

TEST_CASE("completion: an observer is told once, with the kind of end") {
  for (const bool failed : {false, true}) {
    completion end;
    listener one;
    REQUIRE(end.add(one));
    CHECK(one.told == 0);
    CHECK(end.finish(failed) == nullptr);
    CHECK(one.told == 1);
    CHECK(one.failed == failed);
    CHECK_FALSE(end.remove(one)); // too late
    CHECK(one.told == 1);
  }
}

TEST_CASE("completion: who comes after the end is refused") {
  completion end;
  end.finish(false);
  listener late;
  CHECK_FALSE(end.add(late));
  CHECK_FALSE(end.remove(late));
  CHECK(late.told == 0);
}

TEST_CASE("completion: removing one that was never added, or twice, says so") {
  completion end;
  listener never, once;
  CHECK_FALSE(end.remove(never));
  REQUIRE(end.add(once));
  CHECK(end.remove(once));
  CHECK_FALSE(end.remove(once));
  end.finish(false);
  CHECK(once.told == 0);
}

TEST_CASE("completion: an observer may be added again after its removal") {
  completion end;
  listener one;
  REQUIRE(end.add(one));
  REQUIRE(end.remove(one));
  REQUIRE(end.add(one));
  end.finish(false);
  CHECK(one.told == 1);
}

TEST_CASE("completion: removal at each place of the list leaves the others") {
  for (std::size_t gone = 0; gone < 4; ++gone) {
    CAPTURE(gone);
    completion end;
    std::array<listener, 4> all;
    for (listener &l : all) REQUIRE(end.add(l));
    REQUIRE(end.remove(all[gone]));
    end.finish(false);
    for (std::size_t i = 0; i < all.size(); ++i) CHECK(all[i].told == (i == gone ? 0 : 1));
  }
}

TEST_CASE("completion: callbacks come back in the order of adding, listeners between them are told") {
  completion end;
  note first(1), second(2), third(3);
  listener between;
  REQUIRE(end.add(first));
  REQUIRE(end.add(between));
  REQUIRE(end.add(second));
  REQUIRE(end.add(third));
  CHECK(numbers_of(end.finish(false)) == std::vector{1, 2, 3});
  CHECK(between.told == 1);
}

TEST_CASE("completion: the order holds when the head was removed") {
  completion end;
  note first(1), second(2), third(3);
  listener head;
  REQUIRE(end.add(head));
  REQUIRE(end.add(first));
  REQUIRE(end.add(second));
  REQUIRE(end.remove(head));
  REQUIRE(end.add(third));
  CHECK(numbers_of(end.finish(false)) == std::vector{1, 2, 3});
}

TEST_CASE("completion: abandon gives the callbacks back") {
  completion none;
  CHECK(none.abandon() == nullptr);
  completion some;
  note first(1), second(2);
  REQUIRE(some.add(first));
  REQUIRE(some.add(second));
  CHECK(numbers_of(some.abandon()) == std::vector{1, 2});
}

TEST_CASE("completion: more sleepers than a wake_list holds are all woken") {
  constexpr std::size_t many = 40;
  completion end;
  std::array<parker, many> sleepers;
  std::array<listener, many> all;
  for (std::size_t i = 0; i < many; ++i) {
    all[i].sleeper = &sleepers[i];
    REQUIRE(end.add(all[i]));
  }
  end.finish(false);
  for (parker &p : sleepers) CHECK(p.park(deadline::past()));
}

TEST_CASE("completion: what happened before finish is seen after finished") {
  for (int round = 0; round < 500; ++round) {
    completion end;
    int outcome = 0; // plain, so that ThreadSanitizer judges the order
    std::thread other([&] {
      outcome = round + 1;
      end.finish(false);
    });
    while (!end.finished()) std::this_thread::yield();
    REQUIRE(outcome == round + 1);
    other.join();
  }
}

// Each observer is either told exactly once or removed in time, and never both.
TEST_CASE("completion: add and remove against finish") {
  constexpr int rounds = 3'000, others = 2;
  std::unique_ptr<completion> end;
  std::barrier together(others + 1);
  std::array<std::atomic<int>, others> wrong{};
  crew threads;
  for (int i = 0; i < others; ++i)
    threads.add([&, i] {
      for (int round = 0; round < rounds; ++round) {
        together.arrive_and_wait();
        listener mine, kept;
        const bool added = end->add(mine);
        const bool added_too = end->add(kept);
        const bool removed = end->remove(mine);
        if (mine.told != (added && !removed ? 1 : 0)) ++wrong[static_cast<std::size_t>(i)];
        if (removed && !added) ++wrong[static_cast<std::size_t>(i)];
        while (added_too && kept.told == 0) std::this_thread::yield();
        end->remove(kept); // waits until no thread is inside it
        together.arrive_and_wait();
        if (kept.told != (added_too ? 1 : 0)) ++wrong[static_cast<std::size_t>(i)];
        together.arrive_and_wait();
      }
    });
  for (int round = 0; round < rounds; ++round) {
    end = std::make_unique<completion>();
    together.arrive_and_wait();
    if (round % 2 == 0) std::this_thread::yield();
    end->finish(false);
    together.arrive_and_wait();
    together.arrive_and_wait();
  }
  threads.join();
  for (const auto &w : wrong) CHECK(w == 0);
}

TEST_CASE("completion: the first callback that is wanted is taken out, and no other") {
  completion end;
  listener waiter;
  std::array<note, 4> notes{note(1), note(2), note(3), note(2)};
  const auto has_number = [](const observer &callback, const void *what) noexcept {
    return static_cast<const note &>(callback).number == *static_cast<const int *>(what);
  };
  const auto take = [&](int number) { return end.take_callback(has_number, &number); };
  CHECK(take(1) == nullptr); // there is no observer
  REQUIRE(end.add(waiter));
  CHECK(take(1) == nullptr);
  for (note &each : notes) REQUIRE(end.add(each));
  CHECK(take(2) == &notes[1]);
  CHECK(take(4) == nullptr);
  CHECK(numbers_of(end.finish(false)) == std::vector<int>{1, 3, 2});
  CHECK(waiter.told == 1);
  CHECK(take(3) == nullptr); // the completion has finished

  completion second;
  REQUIRE(second.add(notes[1])); // what was taken out may be added elsewhere
  int wanted = 2;
  CHECK(second.take_callback(has_number, &wanted) == &notes[1]);
  CHECK(second.finish(false) == nullptr);
}
