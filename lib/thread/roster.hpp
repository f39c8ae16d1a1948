// All threads of one runtime that are alive, the gate through which new ones pass, and the exception hook.
//
// The runtime derives from it, so that the layers below can reach what they need of the runtime without knowing it.
#pragma once

#include <cstddef>
#include <mutex>

#include <weft/error.h>
#include <weft/runtime.h>

#include "base/atomic.hpp"
#include "base/clock.hpp"
#include "base/fork.hpp"
#include "base/refs.hpp"
#include "base/roll.hpp"
#include "thread/domain.hpp"

namespace weft::core {

class system_thread;
class thread;

class exception_hook final : public shared_object<exception_hook>, private roll_entry {
public:
  // It belongs to the domain that the calling thread is inside of. WEFT_OK, WEFT_ENOMEM; WEFT_ECLOSED: that is closed.
  static weft_status make(weft_exception_hook_fn fn, void *ctx, weft_drop_fn drop,
                          shared<exception_hook> &out) noexcept;
  ~exception_hook();

  bool exists() const noexcept { return fn_ != nullptr; }
  // False: its domain is closed. Passes on what the hook throws.
  bool call(thread *where, const weft_error *failure);

private:
  exception_hook(weft_exception_hook_fn fn, void *ctx) noexcept : fn_(fn), ctx_(ctx) {}
  void finish() noexcept;

  // On the domain's roll without a reference: the destructor takes it off.
  bool hold() noexcept override { return try_ref(); }
  bool begin_withdraw() noexcept override { return true; }
  void finish_withdraw() override;

  const weft_exception_hook_fn fn_;
  void *const ctx_;
  weft_drop_fn drop_ = nullptr; // until make() has succeeded the context is the caller's
  shared<domain> home_;         // or null
  domain_gate gate_;            // with a domain
};

class roster : public shared_object<roster> {
public:
  virtual ~roster();

  // A thread that starts passes here. False: the runtime has ended.
  bool admit(thread &entering) noexcept;
  void leave(thread &leaving) noexcept; // harmless for one that was not admitted
  // As leave, by the thread itself at its very end: what is left of it is remembered until the system has taken it.
  void depart(thread &leaving) noexcept;
  // Clear those away that are gone. By who has joined one, so that the next thread to end need not.
  void forget_departed() noexcept;
  // At the end of the process, which waits for no daemon: let go of the system's threads, so that none of them is left
  // neither joined nor detached.
  void let_go_of_threads() noexcept;
  // Wait until nothing is left of those who have departed. False: the time is over.
  bool await_departed(deadline until) noexcept;

  bool inherited() const noexcept { return native_.is_another(); }

  // False until the last regular thread has ended at a shutdown; from then on nothing new starts.
  bool closed() const noexcept;
  // Close unless a regular thread other than `except` is alive. True: closed now or before.
  bool close_if_quiet(const thread *except) noexcept;
  void close() noexcept;

  // At most `capacity` references into `threads`; the answer is how many there are.
  std::size_t enumerate(weft_thread **threads, std::size_t capacity) const noexcept;

  // Any thread that is alive, started by weft, and satisfies `wanted`; with a reference, or null.
  template <class Wanted> thread *find(Wanted wanted) const noexcept;
  // Look at each, under the lock.
  template <class Visit> void visit(Visit visit) const;
  // Halt every thread that satisfies `wanted`.
  template <class Wanted> void halt(Wanted wanted) noexcept;

  void set_hook(shared<exception_hook> hook) noexcept;
  // Tell the hook, or stderr. `where` may be null when the thread has no object.
  // name: of the task, or null.
  void report(thread *where, const weft_error *failure, const char *name = nullptr);

private:
  void unlist_locked(thread &leaving) noexcept;
  system_thread *take_gone_locked() noexcept;
  static void reap_all(system_thread *gone) noexcept;

  const native_process native_;
  mutable native_mutex mutex_;
  system_thread *departed_ = nullptr; // under mutex_; each with a reference
  thread *first_ = nullptr;           // under mutex_
  bool closed_ = false;               // under mutex_
  shared<exception_hook> hook_;       // under mutex_
};

} // namespace weft::core
