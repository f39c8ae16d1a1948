#include "thread/signals.hpp"

#include <pthread.h>

#include "thread/record.hpp"
#include "thread/thread.hpp"

namespace weft::core {
namespace {

// Signals that a host waits for on threads of its own: they are sent to the process, and any thread
// that does not block them may get them. Not in the list:
// - what a thread causes itself (faults, SIGSYS, SIGPIPE, SIGXFSZ);
// - what the terminal's job control stops and resumes;
// - what profilers time (SIGPROF, SIGVTALRM);
// - what collectors and runtimes send to single threads (SIGPWR, SIGXCPU, SIGURG).
sigset_t signals_of_the_host() noexcept {
  sigset_t set;
  sigemptyset(&set);
  for (const int each : {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGALRM, SIGCHLD, SIGIO, SIGWINCH})
    sigaddset(&set, each);
  for (int each = SIGRTMIN; each <= SIGRTMAX; ++each) sigaddset(&set, each);
  return set;
}

bool same(const sigset_t &a, const sigset_t &b) noexcept {
  for (int each = 1; each <= SIGRTMAX; ++each)
    if (sigismember(&a, each) != sigismember(&b, each)) return false;
  return true;
}

const thread *own_object() noexcept {
  const record *const self = existing_record();
  return self != nullptr ? self->object : nullptr;
}

sigset_t current_mask() noexcept {
  sigset_t now;
  sigemptyset(&now);
  pthread_sigmask(SIG_SETMASK, nullptr, &now);
  return now;
}

} // namespace

signal_settings signal_settings::from_here(bool blocks) noexcept {
  return {blocks, true, process_signal_mask()};
}

void signal_settings::settle_for_start() noexcept {
  const thread *const starter = own_object();
  if (blocks || (starter != nullptr && starter->signals().blocks))
    *this = from_here(blocks);
  else
    fixed = false; // the system passes the mask on
}

sigset_t signal_settings::mask() const noexcept {
  sigset_t all = base;
  if (blocks) {
    const sigset_t more = signals_of_the_host();
    for (int each = 1; each <= SIGRTMAX; ++each)
      if (sigismember(&more, each) == 1) sigaddset(&all, each);
  }
  return all;
}

sigset_t process_signal_mask() noexcept {
  sigset_t now = current_mask();
  const thread *const object = own_object();
  if (object == nullptr || !object->signals().blocks) return now;
  const sigset_t added = signals_of_the_host();
  for (int each = 1; each <= SIGRTMAX; ++each)
    if (sigismember(&added, each) == 1 && sigismember(&object->signals().base, each) == 0) sigdelset(&now, each);
  return now;
}

void restore_mask_in_child(const signal_settings &of_this_thread) noexcept {
  if (!of_this_thread.blocks || !same(current_mask(), of_this_thread.mask())) return;
  pthread_sigmask(SIG_SETMASK, &of_this_thread.base, nullptr);
}

} // namespace weft::core
