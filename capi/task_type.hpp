// What a caller gives for a task with room: checks its type and a closure that moves by its bytes,
// and makes the task of both.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include <weft/task.h>

#include "options.hpp"
#include "task/attachment.hpp"
#include "task/task.hpp"

namespace weft::core {

inline bool may_be_flags(std::uint32_t flags) noexcept {
  return flags == WEFT_TASK_POSTED || (flags & ~(WEFT_TASK_CONTINUATION | WEFT_TASK_MOVES)) == 0;
}

inline bool sound(const weft_task_type_t &type) noexcept {
  constexpr std::uint32_t largest = 1u << 30, widest = 4096;
  const bool is_sound = type.size >= sizeof type && type.size <= widest && may_be_flags(type.flags) &&
                        type.run != nullptr && type.room_size <= largest && type.room_align <= widest &&
                        (type.room_align & (type.room_align - 1)) == 0; // std::has_single_bit calls a function
  if (is_sound) return true; // on the path of each submit; the rest names the field
  return !check_options(type)
              .that(type.size >= sizeof type && type.size <= widest, "size", type.size, "40 to 4096")
              .that(may_be_flags(type.flags), "flags", type.flags,
                    "WEFT_TASK_POSTED, or any of WEFT_TASK_CONTINUATION and WEFT_TASK_MOVES")
              .that(type.run != nullptr, "run", 0, "a function")
              .at_most("room_size", type.room_size, largest)
              .that(type.room_align <= widest && (type.room_align & (type.room_align - 1)) == 0, "room_align",
                    type.room_align, "0, or a power of two up to 4096")
              .fails();
}

// Whether the type is sound and the closure fits into its room. A null type is not sound.
inline bool is_value_of(const weft_task_type_t *type, const void *closure, std::size_t size) noexcept {
  return type != nullptr && sound(*type) && size <= type->room_size && (closure != nullptr || size == 0);
}

// The usual closure is a pointer or a number. For that, a call of the C library takes longer than
// the copy.
inline void copy_closure(void *room, const void *closure, std::size_t size) noexcept {
  if (size == sizeof(void *))
    std::memcpy(room, closure, sizeof(void *));
  else if (size != 0)
    std::memcpy(room, closure, size);
}

// Null: no memory.
inline task *create_of_value(const weft_task_type_t &type, std::uint32_t references, const belonging &to,
                             const void *closure, std::size_t size) noexcept {
  void *room = nullptr;
  task *made = nullptr;
  if (to.none()) [[likely]]
    made = task::create(type, references, room);
  else if (made = task::create(type, references, to); made != nullptr)
    room = made->room();
  if (made != nullptr) copy_closure(room, closure, size);
  return made;
}

} // namespace weft::core
