// What is to happen once nothing of a group is pending: an event in a completion queue, or a task
// that becomes ready.
//
// Owns an entry of the group's list. When it is told, and by which thread, is argued in README.md,
// "Groups: ties".
#pragma once

#include "exec/group.hpp"
#include "task/completion_queue.hpp"

namespace weft::core {

// An entry of the group's list.
class group_tie {
public:
  group_tie() noexcept = default;
  group_tie(const group_tie &) = delete;
  group_tie &operator=(const group_tie &) = delete;

  // Called once, after it has left the list. Frees it. Not under a lock.
  virtual void tell(weft_status end) noexcept = 0;
  // It is an event of this queue with this tag.
  virtual bool is_to(const completion_queue & /*queue*/, std::uint64_t /*tag*/) const noexcept { return false; }

  group_tie *next = nullptr; // under the group's mutex, or of the thread that has taken it out
  std::uint64_t number = 0;  // of this tie, from 1; fixed when it is added

protected:
  ~group_tie() = default;
};

class group_event final : public queue_entry, public group_tie {
public:
  group_event(group &of, completion_queue &queue, std::uint64_t tag) noexcept
      : queue_entry(tag, WEFT_EVENT_GROUP), group_(of), queue_(queue) {}

  helping_hand help() noexcept override;
  bool leave_source() noexcept override { return group_.forget(*this); }
  void tell(weft_status end) noexcept override { queue_.fulfil(*this, end); }
  void give_up() noexcept { queue_.give_up(*this); }
  bool is_to(const completion_queue &queue, std::uint64_t with_tag) const noexcept override {
    return &queue_ == &queue && tag() == with_tag;
  }

private:
  group &group_;            // alive as long as the tie is listed: README.md, "Groups: ties"
  completion_queue &queue_; // with a reference, while it is expected
};

class group_stage final : public group_tie {
public:
  group_stage(task &ready, executor &on) noexcept : ready_(ready), on_(on) {}

  void tell(weft_status end) noexcept override;

private:
  static void refuse(task &refused, executor &by, weft_status why) noexcept;

  task &ready_;  // with a reference, which becomes the queue's
  executor &on_; // with a handle, once it is listed
};

} // namespace weft::core
