// thread/roster.hpp: which threads are in it, which may still enter, and where errors are reported.
#include <doctest/doctest.h>

#include "thread/roster_find.hpp"
#include "thread/targets.hpp"

using namespace weft::test;

namespace {

// A started thread that waits until it is released.
struct waiting {
  waiting(const shared<roster> &home, bool daemon)
      : does([this](weft_error **) { return go.wait() ? WEFT_OK : WEFT_ETIMEDOUT; }) {
    thread_settings settings;
    settings.daemon = daemon;
    self = new_thread(home, does, settings);
    REQUIRE(self->start() == WEFT_OK);
  }
  ~waiting() { end(); }
  void end() {
    go.open();
    CHECK(self->join(soon()) == WEFT_OK);
  }
  gate go;
  target does;
  shared<weft::core::thread> self;
};

} // namespace

TEST_CASE("roster: counts and hands out those that are alive, as many as fit") {
  const auto home = new_roster();
  CHECK(home->enumerate(nullptr, 0) == 0);
  waiting one(home, false), two(home, true);
  weft_thread *found[3] = {};
  CHECK(home->enumerate(found, 1) == 2);
  CHECK(found[1] == nullptr);
  static_cast<weft::core::thread *>(found[0])->unref();
  CHECK(home->enumerate(found, 3) == 2);
  for (int i = 0; i < 2; ++i) static_cast<weft::core::thread *>(found[i])->unref();
  one.end();
  CHECK(home->enumerate(nullptr, 0) == 1);
}

TEST_CASE("roster: a regular thread keeps it open, a daemon or the excepted one does not") {
  {
    const auto home = new_roster();
    waiting regular(home, false);
    CHECK_FALSE(home->close_if_quiet(nullptr));
    CHECK_FALSE(home->closed());
    CHECK(home->close_if_quiet(regular.self.get()));
    CHECK(home->closed());
  }
  const auto home = new_roster();
  waiting daemon(home, true);
  CHECK(home->close_if_quiet(nullptr));
  CHECK(home->close_if_quiet(nullptr)); // it was closed before
}

TEST_CASE("roster: find gives a reference to one that fits, or null") {
  const auto home = new_roster();
  waiting one(home, false), two(home, true);
  const auto daemon = adopt(home->find([](const weft::core::thread &t) { return t.is_daemon(); }));
  CHECK(daemon == two.self);
  CHECK(home->find([](const weft::core::thread &) { return false; }) == nullptr);
}

TEST_CASE("roster: halt reaches those that fit") {
  const auto home = new_roster();
  waiting one(home, false), two(home, true);
  home->halt([](const weft::core::thread &t) { return t.is_daemon(); });
  CHECK((one.self->flags() & halt_bit) == 0);
  CHECK((two.self->flags() & halt_bit) != 0);
}

TEST_CASE("roster: the hook's context is dropped when another takes its place, and with the roster") {
  int told[2] = {}, drops[2] = {};
  {
    const auto home = new_roster();
    struct both {
      int *told, *drops;
    } contexts[2] = {{&told[0], &drops[0]}, {&told[1], &drops[1]}};
    const auto hook = [](void *ctx, weft_thread *, const weft_error *) { ++*static_cast<both *>(ctx)->told; };
    const auto drop = [](void *ctx) { ++*static_cast<both *>(ctx)->drops; };
    error *const failure = error::make(1, "k", "m");
    home->set_hook(new_hook(hook, &contexts[0], drop));
    home->report(nullptr, failure);
    home->set_hook(new_hook(hook, &contexts[1], drop));
    CHECK(drops[0] == 1);
    home->report(nullptr, failure);
    home->report(nullptr, failure);
    failure->unref();
  }
  CHECK(told[0] == 1);
  CHECK(told[1] == 2);
  CHECK(drops[0] == 1);
  CHECK(drops[1] == 1);
}

TEST_CASE("roster: a hook may replace itself while it runs") {
  struct context {
    roster *home;
    int told = 0, dropped = 0, dropped_while_told = -1;
  } mine;
  const auto home = new_roster();
  mine.home = home.get();
  home->set_hook(new_hook(
      [](void *ctx, weft_thread *, const weft_error *) {
        auto *c = static_cast<context *>(ctx);
        ++c->told;
        c->home->set_hook(nullptr);
        c->dropped_while_told = c->dropped;
      },
      &mine, [](void *ctx) { ++static_cast<context *>(ctx)->dropped; }));
  error *const failure = error::make(1, "k", "m");
  home->report(nullptr, failure);
  failure->unref();
  CHECK(mine.told == 1);
  CHECK(mine.dropped_while_told == 0);
  CHECK(mine.dropped == 1);
}
