#include "task/call.hpp"

#include <new>

namespace weft::core {
namespace {

struct owned_call : call {
  // Survives the call: the result takes the place of the fields before it.
  weft_drop_fn result_drop;
};

// Drops the context when the call is over, in whatever way. No observer is told the outcome before.
struct context_guard {
  const call &of;
  ~context_guard() {
    if (of.drop != nullptr) of.drop(of.ctx);
  }
};

weft_status run_call(void *room, weft_error **failure) {
  const call what = *static_cast<call *>(room);
  void *result = nullptr;
  const context_guard drop_at_end{what};
  const weft_status status = what.fn(what.ctx, &result, failure);
  *static_cast<void **>(room) = result;
  return status;
}

void drop_call(void *room) {
  const call what = *static_cast<call *>(room);
  if (what.drop != nullptr) what.drop(what.ctx);
}

void drop_owned_result(void *room) {
  const auto *owned = static_cast<owned_call *>(room);
  owned->result_drop(*static_cast<void **>(room));
}

constexpr std::uint32_t struct_size = sizeof(weft_task_type_t);
constexpr weft_task_type_t posted_type{
    struct_size, WEFT_TASK_POSTED | type_is_call, sizeof(call), alignof(call), run_call, drop_call, nullptr};
constexpr weft_task_type_t plain_type{struct_size, type_is_call, sizeof(call), alignof(call),
                                      run_call,    drop_call,    nullptr};
constexpr weft_task_type_t owned_type{struct_size, type_is_call, sizeof(owned_call), alignof(owned_call),
                                      run_call,    drop_call,    drop_owned_result};

// Inline, with a type that is known at compile time, so its sizes are too.
[[gnu::always_inline]] inline task *create_of(const weft_task_type_t &type, std::uint32_t references,
                                              const belonging &to) noexcept {
  return to.none() ? task::create(type, references) : task::create(type, references, to);
}

} // namespace

task *create_call(const call &what, weft_drop_fn result_drop, const belonging &to) noexcept {
  if (result_drop != nullptr) {
    task *const made = create_of(owned_type, 2, to);
    if (made != nullptr) ::new (made->room()) owned_call{what, result_drop};
    return made;
  }
  task *const made = create_of(plain_type, 2, to);
  if (made != nullptr) ::new (made->room()) call(what);
  return made;
}

task *create_posted_call(const call &what, const belonging &to) noexcept {
  task *const made = create_of(posted_type, 1, to);
  if (made != nullptr) ::new (made->room()) call(what);
  return made;
}

} // namespace weft::core
