// A callback in the list of a future: allocated for one call of add_callback, or a part of something larger.
//
// Owns the entry only; when and where it is called is callback.cpp's matter. Read on there.
#pragma once

#include <weft/future.h>

#include "base/completion.hpp"

namespace weft::core {

class task;

struct callback : observer {
  // Whose memory it is, and so what follows the call.
  enum class storage {
    own,  // its own: drop(ctx), then it is freed. Of a future that never got done only that, without the call
    stop, // its own: a stop_callback, which is not called but dropped when the future is done
    lent, // part of something larger, which may be gone after the call. drop(ctx) is called in place of fn, when the
          // future never got done
  };

  callback(storage where, weft_future_fn called, void *context, weft_drop_fn dropped) noexcept
      : observer(nullptr), fn(called), ctx(context), drop(dropped), memory(where) {}

  weft_future_fn fn;
  void *ctx;
  weft_drop_fn drop;
  task *future = nullptr; // with a reference, while deferred
  const storage memory;
};

// Have it called once the future is done; when it is, at once and here. A lent one may be called before this returns.
void add_callback(task &future, callback &entry);

} // namespace weft::core
