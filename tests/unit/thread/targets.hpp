// For tests of the class of threads: a roster without a runtime, and targets made of lambdas.
#pragma once

#include <functional>
#include <string>
#include <utility>

#include "support.hpp"
#include "thread/roster.hpp"
#include "thread/thread.hpp"

namespace weft::test {

// What a thread runs, with a count of its drops. Must outlive the thread.
struct target {
  using body_fn = std::function<weft_status(weft_error **)>;
  explicit target(body_fn does) : body(std::move(does)) {}
  thread_target as_target() {
    return {[](void *ctx, weft_error **failure) { return static_cast<target *>(ctx)->body(failure); }, this,
            [](void *ctx) { static_cast<target *>(ctx)->dropped.fetch_add(1); }};
  }
  body_fn body;
  std::atomic<int> dropped{0};
};

inline shared<roster> new_roster() {
  return adopt(new roster);
}

inline shared<exception_hook> new_hook(weft_exception_hook_fn fn, void *ctx, weft_drop_fn drop) {
  shared<exception_hook> made;
  REQUIRE(exception_hook::make(fn, ctx, drop, made) == WEFT_OK);
  return made;
}

inline shared<weft::core::thread> new_thread(const shared<roster> &home, target &does, thread_settings settings = {}) {
  return adopt(new weft::core::thread(home, std::move(settings), does.as_target()));
}

} // namespace weft::test
