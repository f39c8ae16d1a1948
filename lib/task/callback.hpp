// A callback in the list of a future: an allocation of add_callback(), or a part of something
// larger.
//
// Owns the entry only. callback.cpp has when and where it is called.
#pragma once

#include <weft/future.h>

#include "base/completion.hpp"

namespace weft::core {

class task;
struct record;

struct callback : observer {
  // The owner of its memory, and so what follows the call.
  enum class storage {
    // Its own: drop(ctx) follows, then it is freed. If the future goes undone, that happens without
    // the call.
    own,
    // Its own: a stop_callback. When the future is done it is dropped and not called.
    stop,
    // Part of something larger, which may be gone after the call. If the future goes undone,
    // drop(ctx) is called in the place of fn.
    lent,
  };

  callback(storage where, weft_future_fn called, void *context, weft_drop_fn dropped) noexcept
      : observer(nullptr), fn(called), ctx(context), drop(dropped), memory(where) {}

  weft_future_fn fn;
  void *ctx;
  weft_drop_fn drop;
  task *future = nullptr; // with a reference, while deferred
  const storage memory;
};

// Have the entry called when the future is done; if it is done, at once on this thread. A lent
// entry may be called before this returns.
void add_callback(task &future, callback &entry);

// Whether the thread of `who` will call the entry, but not before it returns from the callback that
// it is in. `who` is the calling thread, or it sleeps and the lock of the wait graph is held.
bool is_about_to_call(const record &who, const observer &entry) noexcept;

} // namespace weft::core
