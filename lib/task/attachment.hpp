// What some tasks have in front of them: the cancel token and the domain that they belong to, and a name. Tasks without
// any of these have none, and pay nothing.
//
// Lies in the task's own allocation, right before it; attached_bit of the task's word says that it is there. Made with
// the task; entered on the rolls when the task is submitted, taken off when it has ended. Read on in README.md, "Tasks
// that belong to something".
#pragma once

#include <cstddef>

#include "base/roll.hpp"
#include "task/cancel_token.hpp"
#include "task/task.hpp"
#include "thread/domain.hpp"

namespace weft::core {

// What a task is to belong to. Borrowed.
struct belonging {
  cancel_token *token = nullptr;
  domain *home = nullptr;
  const char *name = nullptr; // lives as long as the process
  bool none() const noexcept { return token == nullptr && home == nullptr && name == nullptr; }
};

class attachment {
public:
  static attachment &of(task &which) noexcept { return reinterpret_cast<attachment *>(&which)[-1]; }
  static const attachment &of(const task &which) noexcept { return reinterpret_cast<const attachment *>(&which)[-1]; }
  // Bytes in front of a task whose alignment this is.
  static std::size_t room(std::size_t align) noexcept { return (sizeof(attachment) + align - 1) & ~(align - 1); }

  attachment(const weft_task_type_t &type, const belonging &to) noexcept;
  ~attachment();
  attachment(const attachment &) = delete;
  attachment &operator=(const attachment &) = delete;

  const weft_task_type_t &type() const noexcept { return type_; }
  cancel_token *token() const noexcept { return by_token_.token; }
  domain *home() const noexcept { return by_domain_.home; }
  const char *name() const noexcept { return name_; } // or null

  // Before it is submitted. WEFT_OK; WEFT_ECANCELED, WEFT_ECLOSED.
  weft_status enter() noexcept;
  // It was refused. False: too late, it has been called off meanwhile, and whoever does so has its closure.
  bool retract() noexcept;
  // It must not start. The thread that called it off is about to cancel it; or the time of its token is over, and the
  // thread that keeps the deadlines is about to do so, unless a thread that fails to claim the task does (is_overdue).
  bool withheld() const noexcept {
    return (token() != nullptr && token()->cancelled()) || (home() != nullptr && home()->closed());
  }
  // The time of its token is over, and no thread has called the token off yet.
  bool is_overdue() const noexcept { return token() != nullptr && !token()->called_off() && token()->cancelled(); }
  // It has run, or was cancelled, and its closure is gone. The caller has a reference.
  void ended() noexcept;

private:
  task &self() noexcept { return *reinterpret_cast<task *>(this + 1); }

  // On a roll it has a reference to the task.
  struct entry : roll_entry {
    explicit entry(attachment &part) noexcept : whole(part) {}
    bool hold() noexcept override { return true; }
    bool begin_withdraw() noexcept override;
    void finish_withdraw() override;
    attachment &whole;
    bool cancels = false; // from the first step to the second: it was pending
  };
  struct token_entry final : entry {
    token_entry(attachment &part, cancel_token *on) noexcept : entry(part), token(on) {}
    cancel_token *const token; // with a reference, or null
  };

  struct domain_entry final : entry {
    domain_entry(attachment &part, domain *of) noexcept : entry(part), home(of) {}
    domain *const home; // with a reference, or null
  };
  bool retract_from_home() noexcept;
  bool has_result_to_drop() noexcept;

  const weft_task_type_t type_; // a copy: the original may lie in a library that is unloaded before the task is freed
  token_entry by_token_;
  domain_entry by_domain_;
  const char *const name_;
  // The domain counts it. Whoever has submitted it writes this, then whoever ends it, then the last reference.
  bool counted_ = false;
};

// The token of the task that this thread is in, innermost; null when it has none. Borrowed.
cancel_token *current_token() noexcept;

// The name of a task; null: it has none.
const char *name_of(const task &which) noexcept;
// The same of the task that this thread is in, innermost, or whose error it tells at the moment.
const char *current_task_name() noexcept;

// Submit tasks, all or none, as submit(tasks, count) does, which gets them once they are on their rolls. On failure
// they are the caller's as before. Those that are called off in between are accepted, and cancelled.
template <class Submit> weft_status submit_attached(task *const *tasks, std::size_t count, Submit submit) {
  weft_status status = WEFT_OK;
  std::size_t entered = 0;
  while (entered < count && status == WEFT_OK) {
    status = tasks[entered]->enter_rolls();
    if (status == WEFT_OK) ++entered;
  }
  if (status == WEFT_OK) status = submit(tasks, count);
  if (status == WEFT_OK) return WEFT_OK;
  bool called_off = false;
  while (entered != 0) called_off |= !tasks[--entered]->leave_rolls();
  if (!called_off) return status;
  for (std::size_t i = 0; i < count; ++i) {
    tasks[i]->cancel();
    tasks[i]->unref(); // the queue's
  }
  return WEFT_OK;
}

} // namespace weft::core
