// What some tasks have in front of them: the cancel token and the domain that they belong to, and a
// name. Tasks without any of these have no attachment and pay nothing.
//
// Lies in the allocation of the task, right before it; `attached_bit` of the task's word says so.
// It is made with the task, enters the rolls at the submit, and leaves them at the task's end.
// Knows tokens and domains as rolls only. Read on in README.md, "Tasks that belong to something".
#pragma once

#include <cstddef>

#include "base/roll.hpp"
#include "task/cancel_token.hpp"
#include "task/task.hpp"
#include "thread/domain.hpp"

namespace weft::core {

// What a new task is to belong to. Borrowed.
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
  // How many bytes it takes in front of a task with this alignment.
  static std::size_t room(std::size_t align) noexcept { return (sizeof(attachment) + align - 1) & ~(align - 1); }

  attachment(const weft_task_type_t &type, const belonging &to) noexcept;
  ~attachment();
  attachment(const attachment &) = delete;
  attachment &operator=(const attachment &) = delete;

  const weft_task_type_t &type() const noexcept { return type_; }
  cancel_token *token() const noexcept { return by_token_.token; }
  domain *home() const noexcept { return by_domain_.home; }
  const char *name() const noexcept { return name_; } // or null

  // Before the submit. WEFT_OK, WEFT_ECANCELED, WEFT_ECLOSED.
  weft_status enter() noexcept;
  // The submit was refused. False: too late, a withdrawal has the task and drops its closure.
  bool retract() noexcept;
  // The task must not start. Either a withdrawal has set the mark of the token or domain and is
  // about to cancel the task. Or the deadline of the token has passed: then the thread that keeps
  // the deadlines is about to cancel it, unless a thread whose claim fails does so first
  // (is_overdue).
  bool withheld() const noexcept {
    return (token() != nullptr && token()->cancelled()) || (home() != nullptr && home()->closed());
  }
  // The deadline of its token has passed, and no thread has set the token's mark yet.
  bool is_overdue() const noexcept { return token() != nullptr && !token()->called_off() && token()->cancelled(); }
  // The task has run, or was cancelled and its closure is gone. The caller has a reference.
  void ended() noexcept;

private:
  task &self() noexcept { return *reinterpret_cast<task *>(this + 1); }

  // While it is on a roll it has a reference to the task.
  struct entry : roll_entry {
    explicit entry(attachment &part) noexcept : whole(part) {}
    bool hold() noexcept override { return true; }
    bool begin_withdraw() noexcept override;
    void finish_withdraw() override;
    attachment &whole;
    // Between the two steps of a withdrawal: the task was pending, and the second step ends it.
    bool cancels = false;
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

  // A copy: the original may lie in a library that is unloaded before the task is freed.
  const weft_task_type_t type_;
  token_entry by_token_;
  domain_entry by_domain_;
  const char *const name_;
  // The domain counts the task. Written by the thread that submits it, then by the one that ends
  // it, then by the one that gives the last reference back.
  bool counted_ = false;
};

// The token of the innermost task that this thread is in. Null: it has none. Borrowed.
cancel_token *current_token() noexcept;

// The name of a task, or null.
const char *name_of(const task &which) noexcept;
// The name of the innermost task that this thread is in, or of the task whose error it is telling
// the exception hook.
const char *current_task_name() noexcept;

// Submit tasks, all or none. `submit(tasks, count)` gets them when all are on their rolls. On
// failure they are the caller's as before. If a withdrawal has taken one of them meanwhile, all
// count as accepted, and all are cancelled.
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
