// A thread: created, started, joined. Also the object of a thread that weft did not start (foreign, or the main one).
//
// Owns the target's context, and shares the system's thread with the roster. Knows its roster, not the runtime. A
// thread of a domain is a member of it from its making to its end: thread/README.md, "Threads of a domain". Ownership:
// handles and the running thread itself hold references; the roster lists it without one, from start to end.
#pragma once

#include <cstdint>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include <weft/thread.h>

#include "base/atomic.hpp"
#include "base/clock.hpp"
#include "base/completion.hpp"
#include "base/misuse.hpp"
#include "base/refs.hpp"
#include "base/roll.hpp"
#include "thread/domain.hpp"
#include "thread/record.hpp"
#include "thread/roster.hpp"
#include "thread/signals.hpp"
#include "thread/system_thread.hpp"

struct weft_thread {};

namespace weft::core {

struct dependency;

enum class thread_role { target, worker, foreign, main };

struct thread_settings {
  std::string name; // empty: by the role
  bool daemon = false;
  thread_role role = thread_role::target;
  std::uint64_t stack_size = 0;
  std::int32_t nice = 0;
  std::vector<std::uint32_t> affinity;
  shared<domain> inside; // whose code it runs, all its life; null: nobody's
  signal_settings signals;
};

struct thread_target {
  weft_thread_fn fn = nullptr;
  void *ctx = nullptr;
  weft_drop_fn drop = nullptr;
};

class thread final : public weft_thread, public shared_object<thread>, private roll_entry {
public:
  // Throws std::bad_alloc, and then the target is still the caller's.
  thread(shared<roster> home, thread_settings settings, thread_target target);
  ~thread();
  // For the user: of the domain in the settings from here on. Throws as above. WEFT_ECLOSED: that is closed, and the
  // target is still the caller's.
  static weft_status make(shared<roster> home, thread_settings settings, const thread_target &target,
                          shared<thread> &out);

  weft_status start() noexcept;
  weft_status join(deadline until) noexcept;
  void request_stop() noexcept { raise(stop_bit_value()); }
  // By the thread itself, which goes on. True: it was asked to stop.
  bool clear_stop() noexcept;
  // The runtime has ended: like a stop request, but tasks on this thread see it too.
  void halt() noexcept;

  bool has_magic() const noexcept { return magic_.is_right(); }
  std::int32_t state() const noexcept;
  bool ended() const noexcept { return end_.finished(); }
  std::uint32_t flags() const noexcept { return flags_.load(std::memory_order_acquire); }
  bool is_daemon() const noexcept { return daemon_.load(std::memory_order_relaxed); }
  thread_role role() const noexcept { return settings_.role; }
  bool belongs_to(const roster &home) const noexcept { return home_.get() == &home; }
  weft_status set_daemon(bool daemon) noexcept;
  weft_status set_name(const char *name) noexcept;
  const char *name() const noexcept {
    const char *const later = renamed_.load(std::memory_order_acquire);
    return later != nullptr ? later : settings_.name.c_str();
  }
  std::uint64_t ident() const noexcept { return ident_.load(std::memory_order_relaxed); }
  std::uint64_t native_id() const noexcept; // 0: not started. Of one that has just been started, waits for it
  // For reports: when it began, of now_ns(), and what was given to it to run.
  std::int64_t started_at() const noexcept { return started_at_.load(std::memory_order_relaxed); }
  weft_thread_fn entry() const noexcept { return entry_; }
  // Of a thread that weft has started and that has not ended.
  record *own_record() const noexcept { return reserved_; }
  // By the thread itself.
  const signal_settings &signals() const noexcept { return settings_.signals; }

  // The object of the calling thread, made if need be; borrowed from its record. Null: memory is exhausted.
  // `home` is where a foreign thread gets listed.
  static thread *current(roster &home) noexcept;
  // The object of the main thread; borrowed, lives for ever. Null: memory is exhausted.
  static thread *main(roster &home) noexcept;
  static thread *main_if_made() noexcept; // the same; null also: nobody has asked for it yet
  // While the process is forked, and in the child, under that lock.
  static native_mutex &main_lock() noexcept;
  static void forget_main() noexcept;
  // From before a fork: of no use in this process.
  bool inherited() const noexcept { return home_->inherited(); }

  // When nobody needs it any more, see runtime/cleanup.cpp.
  static void release_main() noexcept;

  // At the very end of the thread it belongs to: leave the roster, tell the joiners, give the thread's reference back.
  void finish_on_thread_end() noexcept;

  // Whether the end of this thread is possible, for the wait graph.
  static bool may_end(const void *object, const class wait_graph &graph) noexcept;
  completion &end() noexcept { return end_; }
  // Collect the system's thread after end() has finished. Many may call it.
  void reap() noexcept;

private:
  friend class roster;
  enum phase : std::uint32_t { initial, starting, refused, alive, stopped };

  static std::uint32_t stop_bit_value() noexcept;
  void raise(std::uint32_t bit) noexcept;
  weft_status launch() noexcept;
  weft_status take_launch_back(weft_status why) noexcept;
  bool may_be_refused() const noexcept;
  bool create_system_thread(std::uint64_t stack_size);
  void body() noexcept(false);
  weft_status settle_on_cpus(std::uint64_t native_id) const noexcept;
  weft_status settle_in(std::uint64_t native_id) noexcept;
  weft_status rename(const char *name) noexcept;
  void adopt_calling_thread(record &self, std::uint64_t native_id) noexcept;
  weft_status join_in_the_system(record &self, const dependency &on) noexcept;
  void drop(const thread_target &target) noexcept;
  void drop_target() noexcept { drop(std::exchange(target_, {})); }

  // --- in a domain ---
  bool join_domain() noexcept;
  void leave_domain() noexcept;
  void give_up() noexcept;
  bool hold() noexcept override { return try_ref(); }
  bool begin_withdraw() noexcept override;
  void finish_withdraw() override;

  const shared<roster> home_;
  thread_settings settings_; // name: until the start under mutex_, then fixed
  // The name that it was given after its start, interned; null: none. The release pairs with the acquire of name().
  atomic<const char *> renamed_{nullptr};
  const weft_thread_fn entry_;
  thread_target target_;   // the running thread's; before the start under mutex_, and then the last handle's
  native_mutex mutex_;     // start against the setters and against the domain; nothing is called under it
  bool given_up_ = false;  // under mutex_: its domain was closed before it started
  bool in_domain_ = false; // written by who makes it, then by who ends it: the thread, or give_up(), or the last handle
  scope life_{};           // the outermost of its record, in a domain

  // Written by start() and by the thread; the release of each store pairs with the acquire of whoever reads on from it.
  atomic<std::uint32_t> phase_{initial};
  bool stack_refused_ = false;    // written by start() before the thread is created
  bool place_refused_ = false;    // of a worker: its nice value or its CPUs; its own thread's
  weft_status refusal_ = WEFT_OK; // written by the new thread before phase_ becomes refused
  atomic<std::uint32_t> flags_{0};
  atomic<bool> daemon_;
  atomic<std::uint64_t> ident_{0};     // written before phase_ becomes alive
  atomic<std::uint64_t> native_id_{0}; // written by the thread; its release pairs with the acquire of native_id()
  record *reserved_ = nullptr;         // from launch() to the end of the thread
  completion end_;
  atomic<std::int64_t> started_at_{0}; // for reports
  shared<system_thread> system_;       // written by start(), before the thread exists

  thread *next_ = nullptr, *prev_ = nullptr; // the roster's, under its mutex
  bool listed_ = false;                      // the roster's, under its mutex
  [[no_unique_address]] magic_word<0x2bad5eed0e440002> magic_;
};

} // namespace weft::core
