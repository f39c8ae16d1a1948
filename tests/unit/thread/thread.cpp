// thread/thread.hpp: start, join, refusals, stop requests, and joins that could never end.
#include <doctest/doctest.h>

#include <array>
#include <stdexcept>

#include <pthread.h>

#include "thread/blocking.hpp"
#include "thread/targets.hpp"

using namespace weft::test;

TEST_CASE("thread: from initial to stopped, its context dropped once, by then") {
  const auto home = new_roster();
  int told = 0;
  target does([&](weft_error **) {
    told = 42;
    return WEFT_OK;
  });
  const auto t = new_thread(home, does);
  CHECK(t->state() == WEFT_THREAD_INITIAL);
  CHECK(t->ident() == 0);
  CHECK(t->native_id() == 0);
  CHECK(t->join(deadline::past()) == WEFT_ENOTSTARTED);
  REQUIRE(t->start() == WEFT_OK);
  CHECK(t->ident() != 0);
  CHECK(t->native_id() != 0);
  CHECK(t->start() == WEFT_ESTARTED);
  CHECK(t->set_daemon(true) == WEFT_ESTARTED);
  CHECK(t->set_name("late") == WEFT_OK);
  CHECK(std::string(t->name()) == "late");
  REQUIRE(t->join(soon()) == WEFT_OK);
  CHECK(t->state() == WEFT_THREAD_STOPPED);
  CHECK(told == 42);
  CHECK(does.dropped == 1);
  CHECK(t->join(deadline::past()) == WEFT_OK); // a second join is allowed
  CHECK(t->start() == WEFT_ESTARTED);
}

TEST_CASE("thread: never started, it drops its context with the last reference") {
  target does([](weft_error **) { return WEFT_OK; });
  {
    const auto t = new_thread(new_roster(), does);
    CHECK(t->set_daemon(true) == WEFT_OK);
    CHECK(t->is_daemon());
    CHECK(t->set_name("early") == WEFT_OK);
    CHECK(std::string(t->name()) == "early");
    CHECK(does.dropped == 0);
  }
  CHECK(does.dropped == 1);
}

TEST_CASE("thread: runs on without a handle") {
  const auto home = new_roster();
  gate go, done;
  target does([&](weft_error **) {
    const bool ok = go.wait();
    done.open();
    return ok ? WEFT_OK : WEFT_ETIMEDOUT;
  });
  REQUIRE(new_thread(home, does)->start() == WEFT_OK);
  go.open();
  CHECK(done.wait());
  while (home->enumerate(nullptr, 0) != 0) std::this_thread::yield();
  CHECK(home->close_if_quiet(nullptr));
}

TEST_CASE("thread: a closed roster lets nobody in, and nothing has happened") {
  const auto home = new_roster();
  home->close();
  target does([](weft_error **) { return WEFT_OK; });
  {
    const auto t = new_thread(home, does);
    CHECK(t->start() == WEFT_ESHUTDOWN);
    CHECK(t->state() == WEFT_THREAD_INITIAL);
    CHECK(t->join(deadline::past()) == WEFT_ENOTSTARTED);
    CHECK(does.dropped == 0);
  }
  CHECK(does.dropped == 1);
}

TEST_CASE("thread: refused for a CPU that does not exist, it may be started again") {
  const auto home = new_roster();
  std::atomic<int> ran{0};
  target does([&](weft_error **) {
    ran.fetch_add(1);
    return WEFT_OK;
  });
  thread_settings settings;
  settings.affinity = {1023};
  const auto t = new_thread(home, does, settings);
  for (int i = 0; i < 3; ++i) CHECK(t->start() == WEFT_EINVAL);
  CHECK(t->state() == WEFT_THREAD_INITIAL);
  CHECK(ran == 0);
  CHECK(does.dropped == 0);
  CHECK(home->enumerate(nullptr, 0) == 0);
}

TEST_CASE("thread: idents are never used twice") {
  const auto home = new_roster();
  target does([](weft_error **) { return WEFT_OK; });
  std::uint64_t last = 0;
  for (int i = 0; i < 20; ++i) {
    const auto t = new_thread(home, does);
    REQUIRE(t->start() == WEFT_OK);
    REQUIRE(t->join(soon()) == WEFT_OK);
    REQUIRE(t->ident() > last);
    last = t->ident();
  }
}

TEST_CASE("thread: cannot join itself") {
  weft::core::thread *self = nullptr;
  weft_status answer = WEFT_OK;
  target does([&](weft_error **) {
    answer = self->join(deadline::never());
    return WEFT_OK;
  });
  const auto t = new_thread(new_roster(), does);
  self = t.get();
  REQUIRE(t->start() == WEFT_OK);
  REQUIRE(t->join(soon()) == WEFT_OK);
  CHECK(answer == WEFT_EDEADLK);
}

// Each thread of a circle joins the next without a time limit. Exactly one must be told, and then all end.
TEST_CASE("thread: a circle of joins is told to one of them") {
  for (const std::size_t length : {2u, 3u, 5u})
    for (int round = 0; round < 20; ++round) {
      CAPTURE(length);
      const auto home = new_roster();
      gate go;
      std::vector<shared<weft::core::thread>> all(length);
      std::vector<weft_status> answers(length, WEFT_EINVAL);
      std::vector<std::unique_ptr<target>> targets;
      for (std::size_t i = 0; i < length; ++i) {
        targets.push_back(std::make_unique<target>([&, i](weft_error **) {
          if (go.wait()) answers[i] = all[(i + 1) % length]->join(deadline::never());
          return WEFT_OK;
        }));
        all[i] = new_thread(home, *targets[i]);
      }
      for (const auto &t : all) REQUIRE(t->start() == WEFT_OK);
      go.open();
      for (const auto &t : all) REQUIRE(t->join(soon()) == WEFT_OK);
      std::size_t told = 0, fine = 0;
      for (const weft_status s : answers) {
        if (s == WEFT_EDEADLK) ++told;
        if (s == WEFT_OK) ++fine;
      }
      REQUIRE(told == 1);
      REQUIRE(fine == length - 1);
    }
}

TEST_CASE("thread: joins with a timeout make no circle; they time out or see the end") {
  const auto home = new_roster();
  gate go;
  std::array<shared<weft::core::thread>, 2> all;
  std::array<weft_status, 2> answers{};
  std::vector<std::unique_ptr<target>> targets;
  for (std::size_t i = 0; i < 2; ++i) {
    targets.push_back(std::make_unique<target>([&, i](weft_error **) {
      if (go.wait()) answers[i] = all[1 - i]->join(deadline::after((20 + 5 * static_cast<int>(i)) * WEFT_MILLISECOND));
      return WEFT_OK;
    }));
    all[i] = new_thread(home, *targets[i]);
  }
  for (const auto &t : all) REQUIRE(t->start() == WEFT_OK);
  go.open();
  for (const auto &t : all) REQUIRE(t->join(soon()) == WEFT_OK);
  CHECK((answers[0] == WEFT_ETIMEDOUT || answers[1] == WEFT_ETIMEDOUT));
  for (const weft_status s : answers) CHECK((s == WEFT_OK || s == WEFT_ETIMEDOUT));
}

TEST_CASE("thread: many may join one") {
  gate go;
  target does([&](weft_error **) { return go.wait() ? WEFT_OK : WEFT_ETIMEDOUT; });
  const auto t = new_thread(new_roster(), does);
  REQUIRE(t->start() == WEFT_OK);
  CHECK(t->join(deadline::past()) == WEFT_ETIMEDOUT);
  CHECK(t->join(deadline::after(1)) == WEFT_ETIMEDOUT);
  std::atomic<int> seen{0};
  crew joiners;
  for (int i = 0; i < 6; ++i)
    joiners.add([&] {
      if (t->join(soon()) == WEFT_OK) seen.fetch_add(1);
    });
  go.open();
  joiners.join();
  CHECK(seen == 6);
}

TEST_CASE("thread: a stop request ends its sleep, before or during it, and stays") {
  for (int round = 0; round < 50; ++round) {
    std::array<weft_status, 2> answers{};
    target does([&](weft_error **) {
      for (weft_status &a : answers) a = sleep_for(60 * WEFT_SECOND);
      return WEFT_OK;
    });
    const auto t = new_thread(new_roster(), does);
    REQUIRE(t->start() == WEFT_OK);
    if (round % 2 == 0) std::this_thread::yield();
    t->request_stop();
    REQUIRE(t->join(soon()) == WEFT_OK);
    REQUIRE(answers[0] == WEFT_EINTERRUPTED);
    REQUIRE(answers[1] == WEFT_EINTERRUPTED);
    t->request_stop(); // too late: a no-op
  }
}

TEST_CASE("thread: a stop request does not reach into tasks, a halt does") {
  std::array<bool, 4> seen{};
  weft::core::thread *self = nullptr;
  static const char anything = 0;
  const auto *const some_task = reinterpret_cast<const task *>(&anything); // never dereferenced
  target does([&](weft_error **) {
    record &mine = *current_record();
    std::atomic<std::uint32_t> word{0};
    self->request_stop();
    seen[0] = stop_requested(mine);
    {
      const frame_scope inside(mine, some_task, nullptr, &word);
      seen[1] = stop_requested(mine);
      self->halt();
      seen[2] = stop_requested(mine);
    }
    seen[3] = stop_requested(mine);
    return WEFT_OK;
  });
  const auto t = new_thread(new_roster(), does);
  self = t.get();
  REQUIRE(t->start() == WEFT_OK);
  REQUIRE(t->join(soon()) == WEFT_OK);
  CHECK(seen == std::array<bool, 4>{true, false, true, true});
}

namespace {

struct heard {
  static void tell(void *ctx, weft_thread *where, const weft_error *failure) {
    auto *self = static_cast<heard *>(ctx);
    self->name = static_cast<weft::core::thread *>(where)->name();
    self->code = static_cast<const error *>(failure)->code();
    ++self->times;
  }
  std::string name;
  std::int32_t code = 0;
  int times = 0;
};

} // namespace

TEST_CASE("thread: whatever its target ends with that is no success goes to the hook") {
  const auto home = new_roster();
  heard hook;
  home->set_hook(new_hook(heard::tell, &hook, nullptr));
  const std::pair<target::body_fn, std::int32_t> cases[] = {{[](weft_error **) { return WEFT_EFULL; }, WEFT_EFULL},
                                                            {[](weft_error **failure) {
                                                               *failure = failure_of(77);
                                                               return WEFT_OK;
                                                             },
                                                             77},
                                                            {[](weft_error **failure) -> weft_status {
                                                               *failure = failure_of(77);
                                                               throw std::runtime_error("after an error was stored");
                                                             },
                                                             WEFT_EFAILED}};
  int expected = 0;
  for (const auto &[body, code] : cases) {
    target does(body);
    thread_settings settings;
    settings.name = "unlucky";
    const auto t = new_thread(home, does, settings);
    REQUIRE(t->start() == WEFT_OK);
    REQUIRE(t->join(soon()) == WEFT_OK);
    CHECK(hook.times == ++expected);
    CHECK(hook.code == code);
    CHECK(hook.name == "unlucky");
    CHECK(does.dropped == 1);
  }
}

TEST_CASE("thread: ended by pthread_exit, it is stopped like any other") {
  const auto home = new_roster();
  heard hook;
  home->set_hook(new_hook(heard::tell, &hook, nullptr));
  target does([](weft_error **) -> weft_status { pthread_exit(nullptr); });
  const auto t = new_thread(home, does);
  REQUIRE(t->start() == WEFT_OK);
  CHECK(t->join(soon()) == WEFT_OK);
  CHECK(does.dropped == 1);
  CHECK(hook.times == 0);
  CHECK(home->enumerate(nullptr, 0) == 0);
}

TEST_CASE("thread: a foreign thread gets one object, which stops with it") {
  const auto home = new_roster();
  shared<weft::core::thread> found;
  bool same = false, alive = false;
  std::thread([&] {
    found = weft::core::thread::current(*home);
    same = weft::core::thread::current(*home) == found.get();
    alive = found->state() == WEFT_THREAD_STARTED;
  }).join();
  REQUIRE(found);
  CHECK(same);
  CHECK(alive);
  CHECK(found->role() == thread_role::foreign);
  CHECK(found->state() == WEFT_THREAD_STOPPED);
  CHECK(found->join(soon()) == WEFT_OK);
  CHECK(home->enumerate(nullptr, 0) == 0);
}
