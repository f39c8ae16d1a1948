// task/as_completed.hpp: each future comes once, the done ones first, and no reference to a yielded one is kept.
#include <doctest/doctest.h>

#include <memory>
#include <set>
#include <vector>

#include "support.hpp"
#include "task/as_completed.hpp"

using namespace weft::test;

namespace {

using iterator = std::unique_ptr<as_completed>;

iterator over(const std::vector<task *> &futures, deadline until = deadline::after(60 * WEFT_SECOND)) {
  return iterator(as_completed::make(futures.data(), futures.size(), until));
}

std::vector<task *> some_promises(std::size_t count) {
  std::vector<task *> all;
  for (std::size_t i = 0; i < count; ++i) all.push_back(task::create_promise(nullptr));
  return all;
}

void unref_all(const std::vector<task *> &all) {
  for (task *t : all) t->unref();
}

// The next future, whose reference is given back here; null if there is none.
task *yielded(as_completed &from, weft_status expected = WEFT_OK) {
  task *next = nullptr;
  CHECK(from.next(next) == expected);
  if (next != nullptr) next->unref();
  return next;
}

} // namespace

TEST_CASE("as_completed: nothing is at its end at once") {
  const auto each = over({});
  yielded(*each, WEFT_EEND);
  yielded(*each, WEFT_EEND);
}

TEST_CASE("as_completed: what is done comes first, the rest as it gets done") {
  const auto all = some_promises(4);
  all[2]->set_result(nullptr);
  {
    const auto each = over(all);
    CHECK(yielded(*each) == all[2]);
    all[3]->cancel();
    CHECK(yielded(*each) == all[3]);
    all[0]->set_result(nullptr);
    all[1]->set_result(nullptr);
    CHECK(yielded(*each) == all[0]);
    CHECK(yielded(*each) == all[1]);
    yielded(*each, WEFT_EEND);
  }
  unref_all(all);
}

TEST_CASE("as_completed: duplicates come once") {
  const auto all = some_promises(2);
  all[0]->set_result(nullptr);
  all[1]->set_result(nullptr);
  {
    const auto each = over({all[0], all[1], all[0], all[1], all[0]});
    std::set<task *> seen{yielded(*each), yielded(*each)};
    CHECK(seen == std::set<task *>(all.begin(), all.end()));
    yielded(*each, WEFT_EEND);
  }
  unref_all(all);
}

TEST_CASE("as_completed: without time it still yields all that are done, then times out, and may be asked again") {
  const auto all = some_promises(3);
  all[0]->set_result(nullptr);
  all[2]->set_result(nullptr);
  {
    const auto each = over(all, deadline::past());
    std::set<task *> seen{yielded(*each), yielded(*each)};
    CHECK(seen == std::set<task *>{all[0], all[2]});
    yielded(*each, WEFT_ETIMEDOUT);
    all[1]->set_result(nullptr);
    CHECK(yielded(*each) == all[1]);
    yielded(*each, WEFT_EEND);
  }
  unref_all(all);
}

TEST_CASE("as_completed: it keeps no reference to what it has yielded, and gives the rest back at its end") {
  const auto all = some_promises(3);
  all[1]->set_result(nullptr);
  auto each = over(all);
  task *next = nullptr;
  REQUIRE(each->next(next) == WEFT_OK);
  REQUIRE(next == all[1]);
  next->unref();
  CHECK(all[1]->is_last_reference());
  CHECK_FALSE(all[0]->is_last_reference());
  each.reset();
  for (task *t : all) CHECK(t->is_last_reference());
  all[0]->set_result(nullptr); // must not touch the iterator, which has ended
  unref_all(all);
}

TEST_CASE("as_completed: ended while some are done but not yielded") {
  const auto all = some_promises(3);
  {
    const auto each = over(all);
    all[0]->set_result(nullptr);
    all[1]->cancel();
  }
  for (task *t : all) CHECK(t->is_last_reference());
  unref_all(all);
}

TEST_CASE("as_completed: other threads finish them while we iterate; each comes once") {
  for (int round = 0; round < 200; ++round) {
    const auto all = some_promises(12);
    std::set<task *> seen;
    int wrong = 0;
    {
      crew setters;
      for (std::size_t part = 0; part < 3; ++part)
        setters.add([&, part] {
          for (std::size_t i = part; i < all.size(); i += 3) all[i]->set_result(nullptr);
        });
      const auto each = over(all);
      task *next = nullptr;
      weft_status status;
      while ((status = each->next(next)) == WEFT_OK) {
        if (!next->done() || !seen.insert(next).second) ++wrong;
        next->unref();
      }
      if (status != WEFT_EEND) ++wrong;
    }
    REQUIRE(wrong == 0);
    REQUIRE(seen.size() == all.size());
    unref_all(all);
  }
}

TEST_CASE("as_completed: inside an executor it runs what is pending, one at a time") {
  noting_owner owner;
  owner.lends_out = true;
  const frame_scope serving(*current_record(), nullptr, &owner, nullptr);
  work contents[3];
  std::vector<task *> all;
  for (work &w : contents) {
    all.push_back(w.make());
    all.back()->set_owner(&owner);
  }
  {
    const auto each = over(all, deadline::never());
    for (int ran = 1; ran <= 3; ++ran) {
      CHECK(yielded(*each) != nullptr);
      CHECK(contents[0].ran + contents[1].ran + contents[2].ran == ran);
    }
    yielded(*each, WEFT_EEND);
  }
  unref_all(all);
  unref_all(all);
}

TEST_CASE("as_completed: asked to stop, and what could never end") {
  noting_owner owner;
  owner.starts = false;
  work content;
  const std::vector<task *> all{content.make()};
  all[0]->set_owner(&owner);
  {
    const auto each = over(all, deadline::never());
    yielded(*each, WEFT_EDEADLK);
    std::atomic<std::uint32_t> word{stop_bit};
    const frame_scope inside(*current_record(), nullptr, nullptr, &word);
    yielded(*each, WEFT_EINTERRUPTED);
    all[0]->cancel();
    CHECK(yielded(*each) == all[0]); // a done future comes even so
  }
  unref_all(all);
  unref_all(all);
}
