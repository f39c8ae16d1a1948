// What ties a group to a completion queue, until nothing of the group is pending. See group_tie.cpp.
#pragma once

#include "exec/group.hpp"
#include "task/completion_queue.hpp"

namespace weft::core {

class group_tie final : public queue_entry {
public:
  group_tie(group &of, completion_queue &queue, std::uint64_t tag) noexcept
      : queue_entry(tag, WEFT_EVENT_GROUP), group_(of), queue_(queue) {}

  helping_hand help() noexcept override;
  void tell(weft_status status) noexcept { queue_.fulfil(*this, status); }
  void give_up() noexcept { queue_.give_up(*this); }
  bool is_to(const completion_queue &queue, std::uint64_t with_tag) const noexcept {
    return &queue_ == &queue && tag() == with_tag;
  }

  group_tie *next = nullptr; // under the mutex of the group, or by who has taken it out
  std::uint64_t number = 0;  // how many the group has had with this one; fixed when it is added

private:
  group &group_;            // alive as long as the tie is listed, see group_tie.cpp
  completion_queue &queue_; // with a reference, while it is expected
};

} // namespace weft::core
