// The threads of one runtime that are alive, the gate that new ones pass, and the exception hook.
//
// Owns the list of threads, which has no references, and the list of departed ones. Knows no
// executor. The runtime derives from it: so the layers below reach what they need of the runtime
// without knowing it. Read on in README.md, "The end of a thread".
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
  // The hook belongs to the domain that the calling thread is inside of. WEFT_OK, WEFT_ENOMEM;
  // WEFT_ECLOSED: that domain is closed.
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
  // Null until make() has succeeded: the context is the caller's until then.
  weft_drop_fn drop_ = nullptr;
  shared<domain> home_; // or null
  domain_gate gate_;    // with a domain
};

class roster : public shared_object<roster> {
public:
  virtual ~roster();

  // Called for each thread that starts. False: the runtime has ended.
  bool admit(thread &entering) noexcept;
  void leave(thread &leaving) noexcept; // harmless if it was not admitted
  // As leave(), by the thread itself at its very end. Its system thread is remembered until the
  // system knows it no longer.
  void depart(thread &leaving) noexcept;
  // Clear the departed threads away that are gone. Called after a join, so that the next thread to
  // end need not do it.
  void forget_departed() noexcept;
  // At the end of the process, which waits for no daemon: detach the system's threads, so that none
  // is left neither joined nor detached.
  void let_go_of_threads() noexcept;
  // Wait until all departed threads are gone. False: the time is over.
  bool await_departed(deadline until) noexcept;

  bool inherited() const noexcept { return native_.is_another(); }

  // False until the last regular thread has ended at a shutdown. From then on no thread starts.
  bool closed() const noexcept;
  // Close, unless a regular thread other than `except` is alive. True: closed now or before.
  bool close_if_quiet(const thread *except) noexcept;
  void close() noexcept;

  // Writes at most `capacity` references into `threads`, and returns how many started threads there
  // are.
  std::size_t enumerate(weft_thread **threads, std::size_t capacity) const noexcept;

  // A listed thread that satisfies `wanted`, with a reference; or null.
  template <class Wanted> thread *find(Wanted wanted) const noexcept;
  // Look at each listed thread, under the lock.
  template <class Visit> void visit(Visit visit) const;
  // Halt each listed thread that satisfies `wanted`.
  template <class Wanted> void halt(Wanted wanted) noexcept;

  void set_hook(shared<exception_hook> hook) noexcept;
  // Tell the hook, or stderr. `where` is null if the thread has no object. `name`: of the task, or
  // null.
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
