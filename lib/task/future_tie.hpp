// What ties a future to a completion queue: an entry of the queue and a callback of the future in
// one block.
//
// Holds no reference to the future. While the tie is listed in the queue, the future is alive: its
// end, or its destruction undone, first calls the callback, and that takes the tie out of the list.
// Read on in README.md, "Completion queues".
#pragma once

#include "task/callback.hpp"
#include "task/completion_queue.hpp"
#include "task/task.hpp"

namespace weft::core {

class future_tie final : public queue_entry {
public:
  // WEFT_OK, WEFT_ECLOSED, WEFT_ENOMEM.
  static weft_status make(task &future, completion_queue &queue, std::uint64_t tag);

  // Undo one tie with this tag before its event has come. WEFT_OK, WEFT_EDONE, WEFT_EINVALIDSTATE.
  // The caller has a reference to the future.
  static weft_status undo(task &future, completion_queue &queue, std::uint64_t tag) noexcept;

  helping_hand help() noexcept override;
  bool leave_source() noexcept override;

private:
  future_tie(task &future, completion_queue &queue, std::uint64_t tag) noexcept
      : queue_entry(tag, WEFT_EVENT_FUTURE), callback_(callback::storage::lent, &done, this, &given_up),
        future_(future), queue_(queue) {}

  static void done(void *ctx, weft_future_t *future);
  static void given_up(void *ctx);

  callback callback_;
  task &future_;
  completion_queue &queue_; // with a reference, while it is tied
};

} // namespace weft::core
