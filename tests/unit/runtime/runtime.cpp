// runtime/runtime.hpp: handles, and the end of an isolated runtime. The end of the process is in tests/process.
#include <doctest/doctest.h>

#include <vector>

#include "exec/pools.hpp"
#include "thread/blocking.hpp"
#include "thread/targets.hpp"

using namespace weft::test;

TEST_CASE("runtime: null is the default one, always the same") {
  const shared<runtime> one = runtime::of(nullptr), two = runtime::of(nullptr);
  CHECK(one);
  CHECK(one == two);
  CHECK(one.get() == runtime::process());
}

TEST_CASE("runtime: a handle is known until it is forgotten") {
  runtime *const made = runtime::create();
  REQUIRE(made != nullptr);
  CHECK(runtime::of(made).get() == made);
  CHECK(runtime::forget(made));
  CHECK_FALSE(runtime::forget(made));
  CHECK_FALSE(runtime::of(made));
  made->unref();
}

TEST_CASE("runtime: shutdown of an empty one, and again") {
  const world w;
  CHECK(w.home->shutdown(deadline::past()) == WEFT_OK);
  CHECK(w.home->closed());
  CHECK(w.home->shutdown(deadline::never()) == WEFT_OK);
}

TEST_CASE("runtime: shutdown waits for regular threads, those that they start included, and then lets nobody in") {
  const world w;
  const shared<roster> home = w.as_roster();
  std::atomic<int> ended{0};
  target last([&](weft_error **) {
    ended.fetch_add(1);
    return WEFT_OK;
  });
  target first([&](weft_error **) {
    const weft_status status = new_thread(home, last)->start();
    ended.fetch_add(1);
    return status;
  });
  REQUIRE(new_thread(home, first)->start() == WEFT_OK);
  CHECK(w.home->shutdown(soon()) == WEFT_OK);
  CHECK(ended == 2);
  target late([](weft_error **) { return WEFT_OK; });
  CHECK(new_thread(home, late)->start() == WEFT_ESHUTDOWN);
}

TEST_CASE("runtime: shutdown finishes what its pools have, and cancels what nobody runs") {
  const world w;
  const handle<pool> p(w.new_pool(2));
  const handle<caller_run> c(w.new_caller_run());
  std::vector<work> contents(100);
  for (work &content : contents) {
    task *t = content.make_posted();
    REQUIRE(p->submit(&t, 1) == WEFT_OK);
  }
  work pending_there;
  task *const t = submit(*c, pending_there);
  CHECK(w.home->shutdown(soon()) == WEFT_OK);
  int ran = 0;
  for (work &content : contents) ran += content.ran;
  CHECK(ran == 100);
  CHECK(t->state() == cancelled);
  t->unref();
  weft_status answer = WEFT_OK;
  work late;
  CHECK(submit(*p, late, &answer) == nullptr);
  CHECK(answer == WEFT_ESHUTDOWN);
}

TEST_CASE("runtime: when the time is over, everybody is asked to stop, and a second call waits on") {
  const world w;
  gate in;
  weft_status answer = WEFT_OK;
  target does([&](weft_error **) {
    in.open();
    answer = sleep_for(60 * WEFT_SECOND);
    return WEFT_OK;
  });
  REQUIRE(new_thread(w.as_roster(), does)->start() == WEFT_OK);
  REQUIRE(in.wait());
  CHECK(w.home->shutdown(deadline::after(WEFT_MILLISECOND)) == WEFT_ETIMEDOUT);
  CHECK(w.home->shutdown(soon()) == WEFT_OK);
  CHECK(answer == WEFT_EINTERRUPTED);
}

TEST_CASE("runtime: daemons are not waited for, but asked to stop") {
  const world w;
  gate in;
  weft_status answer = WEFT_OK;
  target does([&](weft_error **) {
    in.open();
    answer = sleep_for(WEFT_FOREVER);
    return WEFT_OK;
  });
  thread_settings settings;
  settings.daemon = true;
  const auto t = new_thread(w.as_roster(), does, settings);
  REQUIRE(t->start() == WEFT_OK);
  REQUIRE(in.wait());
  CHECK(w.home->shutdown(deadline::never()) == WEFT_OK);
  CHECK(t->join(soon()) == WEFT_OK);
  CHECK(answer == WEFT_EINTERRUPTED);
}

TEST_CASE("runtime: its own threads and tasks cannot end it") {
  const world w;
  weft_status from_thread = WEFT_OK, from_task = WEFT_OK;
  target does([&](weft_error **) {
    from_thread = w.home->shutdown(deadline::never());
    return WEFT_OK;
  });
  const auto t = new_thread(w.as_roster(), does);
  REQUIRE(t->start() == WEFT_OK);
  CHECK(t->join(soon()) == WEFT_OK);
  CHECK(from_thread == WEFT_EDEADLK);
  const handle<pool> p(w.new_pool(1));
  work content([&](void **, weft_error **) {
    from_task = w.home->shutdown(deadline::never());
    return WEFT_OK;
  });
  task *posted = content.make_posted();
  REQUIRE(p->submit(&posted, 1) == WEFT_OK);
  CHECK(w.home->shutdown(soon()) == WEFT_OK);
  CHECK(from_task == WEFT_EDEADLK);
}
