// A thread: created, started, joined. Also the object of a thread that weft did not start: a
// foreign one or the main one.
//
// Owns the target's context, and shares the system's thread with the roster. Knows its roster, not
// the runtime. Handles and the running thread itself hold references. The roster lists it without
// one, from its start to its end. Read on in README.md: "The end of a thread", "Stop requests",
// "Threads of a domain".
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
  shared<domain> inside; // whose code it runs, all its life; null: no domain's
  signal_settings signals;
};

struct thread_target {
  weft_thread_fn fn = nullptr;
  void *ctx = nullptr;
  weft_drop_fn drop = nullptr;
};

class thread final : public weft_thread, public shared_object<thread>, private roll_entry {
public:
  // Throws std::bad_alloc; then the target stays the caller's.
  thread(shared<roster> home, thread_settings settings, thread_target target);
  ~thread();
  // For the user: from here on a member of the domain in the settings. Throws as above.
  // WEFT_ECLOSED: that domain is closed, and the target stays the caller's.
  static weft_status make(shared<roster> home, thread_settings settings, const thread_target &target,
                          shared<thread> &out);

  weft_status start() noexcept;
  weft_status join(deadline until) noexcept;
  void request_stop() noexcept { raise(stop_bit_value()); }
  // Called by the thread itself, which goes on. True: it was asked to stop.
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
  // 0: not started. If the thread has just been started, waits for it.
  std::uint64_t native_id() const noexcept;
  // For reports: when it began (now_ns()), and the function that it was given.
  std::int64_t started_at() const noexcept { return started_at_.load(std::memory_order_relaxed); }
  weft_thread_fn entry() const noexcept { return entry_; }
  // Only of a thread that weft has started and that has not ended.
  record *own_record() const noexcept { return reserved_; }
  // Called by the thread itself.
  const signal_settings &signals() const noexcept { return settings_.signals; }

  // The object of the calling thread, made if there is none, borrowed from its record. Null: no
  // memory. `home` lists a foreign thread.
  static thread *current(roster &home) noexcept;
  // The object of the main thread. Borrowed; lives for ever. Null: no memory.
  static thread *main(roster &home) noexcept;
  static thread *main_if_made() noexcept; // the same; null: no thread has asked for it yet
  // While the process is forked. The second one in the child, under that lock.
  static native_mutex &main_lock() noexcept;
  static void forget_main() noexcept;
  // Made before a fork: of no use in this process.
  bool inherited() const noexcept { return home_->inherited(); }

  // When it is not needed any more: runtime/cleanup.cpp.
  static void release_main() noexcept;

  // At the very end of the thread: leave the roster, tell the joiners, give the thread's reference
  // back.
  void finish_on_thread_end() noexcept;

  // For the wait graph: whether this thread can still end.
  static bool may_end(const void *object, const class wait_graph &graph) noexcept;
  completion &end() noexcept { return end_; }
  // Join the system's thread after end() has finished. Several threads may call it.
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
  // The name that was given after the start, interned; or null. The release pairs with the acquire
  // of name().
  atomic<const char *> renamed_{nullptr};
  const weft_thread_fn entry_;
  // Before the start under mutex_; then the running thread's; after it the last handle's.
  thread_target target_;
  // Orders start() with the setters and with the domain. Nothing is called under it.
  native_mutex mutex_;
  // Under mutex_: its domain was closed before it started.
  bool given_up_ = false;
  // Written by the maker, then by what ends the membership: the thread, give_up(), or the last
  // handle.
  bool in_domain_ = false;
  scope life_{}; // the outermost scope of its record, in a domain

  // Written by start() and by the thread. The release of each store pairs with the acquire of a
  // thread that then reads what was written before.
  atomic<std::uint32_t> phase_{initial};
  bool stack_refused_ = false; // written by start() before the thread is created
  // Of a worker: the system has refused its nice value or its CPUs. Only the thread itself uses it.
  bool place_refused_ = false;
  weft_status refusal_ = WEFT_OK; // written by the new thread before phase_ becomes refused
  // stop_bit and halt_bit. The release of raise() pairs with the acquire of flags(), and the lock
  // of the graph orders it with a thread that goes to sleep: README.md, "Stop requests".
  atomic<std::uint32_t> flags_{0};
  atomic<bool> daemon_;            // written under mutex_ before the start; orders nothing
  atomic<std::uint64_t> ident_{0}; // written before phase_ becomes alive
  // Written by the thread. The release pairs with the acquire of native_id().
  atomic<std::uint64_t> native_id_{0};
  record *reserved_ = nullptr; // from launch() to the end of the thread
  completion end_;
  atomic<std::int64_t> started_at_{0}; // for reports; orders nothing
  shared<system_thread> system_;       // written by start() before the thread exists

  thread *next_ = nullptr, *prev_ = nullptr; // the roster's, under its mutex
  bool listed_ = false;                      // the roster's, under its mutex
  [[no_unique_address]] magic_word<0x2bad5eed0e440002> magic_;
};

} // namespace weft::core
