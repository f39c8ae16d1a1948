// A coroutine sees a stop request to its future, and ends at its next await. The maker of a promise can read a request,
// and is called back.
#include <weft/weft.hpp>

#include <atomic>
#include <chrono>
#include <cstdio>

namespace {

using namespace std::chrono_literals;

weft::future<int> go_round(weft::executor_ref pool, std::atomic<bool> &seen, std::atomic<int> &rounds) {
  co_await weft::resume_on(pool);
  try {
    for (;;) {
      co_await pool.submit_after(1ms, [] {});
      ++rounds;
    }
  } catch (const weft::interrupted &) {
    seen = weft::this_thread::stop_requested();
    throw;
  }
}

int fail(const char *what) {
  std::puts(what);
  return 1;
}

} // namespace

int main() {
  const weft::executor pool({.max_workers = 2});
  std::atomic<bool> seen{false};
  std::atomic<int> rounds{0};
  const auto circling = go_round(pool, seen, rounds);
  while (rounds == 0) weft::this_thread::sleep_for(1ms);
  if (!circling.request_stop() || !circling.stop_requested()) return fail("the request is not accepted");
  if (!circling.wait(30s)) return fail("the coroutine goes on");
  try {
    static_cast<void>(circling.result());
    return fail("the coroutine has a result");
  } catch (const weft::interrupted &) {
  }
  if (!seen) return fail("the coroutine has not seen the request");

  const weft::promise<int> work;
  int heard = 0;
  if (!work.set_running() || work.stop_requested()) return fail("a new promise is asked to stop");
  if (!work.on_stop([&heard] { ++heard; })) return fail("a running promise is done");
  if (!work.get_future().request_stop() || !work.stop_requested() || heard != 1)
    return fail("the maker of the promise does not hear of the request");
  if (!work.on_stop([&heard] { ++heard; }) || heard != 2) return fail("a late callback is not called");
  work.get_future().request_stop();
  work.set_value(1);
  if (heard != 2 || work.on_stop([&heard] { ++heard; })) return fail("a callback is called twice");
  return 0;
}
