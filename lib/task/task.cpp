#include "task/task.hpp"

#include <weft/cancel.h>

#include "base/atomic.hpp"
#include "base/forced_unwind.hpp"
#include "task/attachment.hpp"
#include "task/continuation.hpp"
#include "task/owner.hpp"
#include "task/sources.hpp"
#include "task/stop_callback.hpp"
#include "thread/wait_graph.hpp"

namespace weft::core {

constinit const std::size_t task::continuation_header = sizeof(continuation_task);
static_assert(sizeof(continuation_task) + block_heap::alignment <= 256); // see release_block()

task *task::create(const weft_task_type_t &type, std::uint32_t references, const belonging &to) noexcept {
  if (to.none()) return create(type, references);
  const std::size_t align = room_align(type), front = attachment::room(align);
  void *const block = allocate_block(front + size_of(type), align);
  if (block == nullptr) return nullptr;
  auto *const place = static_cast<unsigned char *>(block) + front;
  const auto *const belongs = ::new (place - sizeof(attachment)) attachment(type, to);
  auto *const made = ::new (place) task(belongs->type(), references);
  made->word_.store(made->word_.load(std::memory_order_relaxed) | attached_bit, std::memory_order_relaxed);
  made->build();
  return made;
}

void task::build_continuation() noexcept {
  ::new (&continuation::of(*this)) continuation(*this);
}

bool task::leave_pending(task_state next) noexcept {
  std::uint32_t seen = word_.load(std::memory_order_relaxed);
  do {
    if ((seen & (state_mask | attached_bit)) != pending && !may_leave_pending(seen, next)) return false;
  } while (!word_.compare_exchange_weak(seen, (seen & ~counted_bit) | next, std::memory_order_acq_rel,
                                        std::memory_order_relaxed));
  if ((seen & counted_bit) != 0) owner()->left_queue();
  return true;
}

// A task does not start if its token was cancelled or is past its deadline, or its domain was
// closed.
bool task::may_leave_pending(std::uint32_t seen, task_state next) const noexcept {
  return (seen & state_mask) == pending && (next != running || !attachment::of(*this).withheld());
}

bool task::end_overdue() {
  return state() == pending && attachment::of(*this).is_overdue() && cancel() == WEFT_OK;
}

bool task::set_counted() noexcept {
  std::uint32_t seen = word_.load(std::memory_order_relaxed);
  do {
    if ((seen & state_mask) != pending) return false;
  } while (!word_.compare_exchange_weak(seen, seen | counted_bit, std::memory_order_release, // publishes the owner
                                        std::memory_order_relaxed));
  return true;
}

// UBSan: a forced unwind is caught by a reference to no object; nothing reads it.
__attribute__((no_sanitize("null"))) outcome task::perform_here(record &self, const task_owner *serving,
                                                                const atomic<std::uint32_t> &stop_word,
                                                                const helping *helps) {
  weft_error *failure = nullptr;
  try {
    const frame_scope on_top(self, this, serving, &stop_word, helps);
    const region_scope regions(self);
    const weft_status status = type_->run(room(), &failure);
    self.back_from_user();
    if (failure == nullptr && status == WEFT_OK) return {with_result, nullptr};
    return {with_error, failure != nullptr ? static_cast<error *>(failure) : error::from_status(status)};
  } catch (const forced_unwind &) {
    // pthread_exit or a cancellation of the thread. The waiters must be told before the unwinding
    // goes on.
    if (failure != nullptr) static_cast<error *>(failure)->unref();
    error *const ended = error::make_or_enomem(WEFT_EFAILED, "thread_exit", "the thread was ended inside the task");
    if (is_spawned()) { // only its group keeps the outcome
      group().report(ended);
      ended->unref();
    } else {
      run_callbacks(*this, publish({with_error, ended}));
    }
    throw;
  } catch (...) {
    self.back_from_user();
    if (failure != nullptr) static_cast<error *>(failure)->unref();
    return {with_error, error::from_current_exception()};
  }
}

outcome task::perform_inside(record &self, const task_owner *serving, const atomic<std::uint32_t> &stop_word,
                             const helping *helps) {
  const regions_aside around(self);
  const inside_scope here(&self, home(), &word_);
  return perform_here(self, serving, stop_word, helps);
}

observer *task::publish(outcome end) noexcept {
  if (is_continuation()) continuation::of(*this).let_go(*this);
  if (end.state == with_error) *static_cast<error **>(room()) = end.failure;
  std::uint32_t seen = word_.load(std::memory_order_relaxed);
  if (is_known_to_one(seen))
    word_.store(seen + (end.state - running), std::memory_order_release);
  else // an addition, because a stop request may set its bit at any time
    seen = word_.fetch_add(end.state - running, std::memory_order_acq_rel);
  if (end.state == with_error && is_posted()) tell_of_error(end.failure);
  if ((seen & attached_bit) != 0) attachment::of(*this).ended();
  completion *const observers = this->end();
  return observers != nullptr ? observers->finish(end.state == with_error) : nullptr;
}

void task::tell_of_error(const weft_error *failure) {
  record *const self = existing_record();
  if (self == nullptr) return owner()->report(failure);
  struct telling { // also when the hook ends the thread
    record &self;
    const task *const before = self.told_of;
    const frame *const before_at = self.told_at;
    ~telling() {
      self.told_of = before;
      self.told_at = before_at;
    }
  } const at_end{*self};
  self->told_of = this;
  self->told_at = self->top;
  owner()->report(failure);
}

void task::run_claimed(record &self, const task_owner *serving, const helping *helps) {
  const outcome end = perform(self, serving, helps);
  // The task has forked, and this thread goes on in the child. The outcome is the parent's.
  if (inherited()) return;
  run_callbacks(*this, publish(end));
}

void task::meet_in_child() noexcept {
  if (!inherited()) return;
  std::uint32_t seen = word_.load(std::memory_order_relaxed);
  while (
      (seen & state_mask) < with_result &&
      !word_.compare_exchange_weak(seen, (seen & ~(state_mask | counted_bit)) | cancelled, std::memory_order_acq_rel))
    continue;
  if (completion *const observers = end(); observers != nullptr) observers->close_in_child();
}

weft_status task::too_late() const noexcept {
  switch (state()) {
  case cancelled:
    return WEFT_OK;
  case running:
    return WEFT_ERUNNING;
  default:
    return WEFT_EDONE;
  }
}

weft_status task::cancel() {
  if (!leave_pending(cancelled)) return too_late();
  // From now on the queue may pop the task and give its reference back, and a callback may drop the
  // caller's.
  ref();
  finish_cancel();
  unref();
  return WEFT_OK;
}

std::uint32_t task::cancel_or_stop() {
  if (cancel() == WEFT_OK) return WEFT_CANCEL_REMOVED;
  return request_stop() == WEFT_OK ? WEFT_CANCEL_ASKED : WEFT_CANCEL_TOO_LATE;
}

void task::finish_cancel() {
  drop_closure();
  end_attachment();
  if (completion *observers = end(); observers != nullptr) run_callbacks(*this, observers->finish(false));
}

void withdrawn_tasks::add(task &withdrawn) noexcept {
  if (reason_ != nullptr && (withdrawn.type().flags & type_is_inner) != 0) {
    withdrawn.cancel(); // its drop takes care of the tasks that it carries
    return withdrawn.unref();
  }
  if (reason_ != nullptr ? !withdrawn.claim_or_end() : !withdrawn.begin_cancel()) return withdrawn.unref();
  // A posted task that fails is reported by its owner. So its link_ stays the owner, and it is not
  // linked. (A task that carries others does not come here: it does not fail itself.)
  if (reason_ != nullptr && withdrawn.is_posted()) {
    withdrawn.drop_closure();
    reason_->ref();
    withdrawn.publish({with_error, reason_});
    return withdrawn.unref();
  }
  withdrawn.link_to(nullptr); // no thread asks for its owner any more
  if (last_ != nullptr)
    last_->link_to(&withdrawn);
  else
    first_ = &withdrawn;
  last_ = &withdrawn;
}

void withdrawn_tasks::finish() {
  for (task *t = first_; t != nullptr; t = t->linked()) t->drop_closure();
  gathered_callbacks callbacks;
  while (task *const next = first_) {
    first_ = next->linked();
    if (reason_ != nullptr) {
      reason_->ref();
      callbacks.add(*next, next->publish({with_error, reason_}));
    } else {
      next->end_attachment();
      if (completion *const observers = next->end(); observers != nullptr)
        callbacks.add(*next, observers->finish(false));
    }
    next->unref();
  }
  last_ = nullptr;
  callbacks.run();
}

void task::drop_closure() noexcept {
  if (type_->drop != nullptr && (type_->flags & type_is_promise) == 0) {
    const drop_scope here(home());
    type_->drop(room());
  }
  if (is_continuation()) continuation::of(*this).let_go(*this);
}

weft_status task::ask_to_stop() noexcept {
  const std::uint32_t seen = word_.fetch_or(stop_bit, std::memory_order_acq_rel);
  if ((seen & state_mask) >= with_result) return WEFT_EDONE;
  // Threads may also work for a promise that is pending: entered_promise.
  if ((seen & state_mask) == running || is_promise()) wait_graph::instance().wake_asked(word_);
  return WEFT_OK;
}

weft_status task::request_stop() {
  const weft_status status = ask_to_stop();
  if (status == WEFT_OK) run_stop_callbacks(*this);
  return status;
}

bool task::may_end(const void *object, const wait_graph &graph) noexcept {
  const auto &which = *static_cast<const task *>(object);
  if (graph.is_assumed(object)) return true;
  switch (which.state()) {
  case running:
    return !graph.stuck_inside(&which);
  case pending:
    // It is about to be cancelled.
    if (which.has_attachment() && attachment::of(which).withheld()) return true;
    if (const task_owner *const owner = which.pending_owner(); owner != nullptr) return owner->may_start(which, graph);
    // It has started just now.
    if (which.state() != pending) return may_end(object, graph);
    // It comes of other futures, or is a promise, which has no executor either.
    return sources_may_end(which, graph);
  default:
    return true;
  }
}

// A drop may give back the last reference to another task, and its drop the last one to a third.
// Beyond a depth such tasks are put on a list of this thread, linked through link_, and the
// outermost destroy() works that off.
void task::destroy() noexcept {
  if (leaves_nothing_behind()) return release_block();
  constexpr int deepest = 32;
  record *const self = runs_code_at_its_end() ? current_record() : nullptr;
  if (self == nullptr) return destroy_now();
  if (self->destroy_depth >= deepest) {
    link_to(std::exchange(self->dying, this));
    return;
  }
  ++self->destroy_depth;
  destroy_now();
  if (self->destroy_depth == 1)
    while (task *const next = self->dying) {
      self->dying = next->linked();
      next->destroy_now();
    }
  --self->destroy_depth;
}

// The usual end: the task has run, and its result needs no code.
bool task::leaves_nothing_behind() noexcept {
  return state() == with_result && type_->drop_result == nullptr && !is_continuation();
}

bool task::runs_code_at_its_end() noexcept {
  switch (state()) {
  case with_result:
    return type_->drop_result != nullptr || &result_owner(*this) != this;
  case with_error:
    return true;
  case cancelled:
    return false;
  default:
    return has_future();
  }
}

void task::destroy_now() noexcept {
  switch (state()) {
  case with_result:
    if (&result_owner(*this) != this)
      continuation::of(*this).forget_origin();
    else if (type_->drop_result != nullptr && !((type_->flags & (type_is_call | WEFT_TASK_MOVES)) != 0 && taken()))
      drop_result();
    break;
  case with_error:
    failure()->unref();
    break;
  case cancelled:
    break;
  default: // a promise that was never completed
    if (completion *observers = end(); observers != nullptr) drop_callbacks(observers->abandon());
  }
  release_block();
}

void task::drop_result() noexcept {
  const record *const self = existing_record();
  if (!has_attachment() && (self == nullptr || self->inside == nullptr)) [[likely]]
    return type_->drop_result(room());
  const drop_scope here(home());
  type_->drop_result(room());
}

domain *task::home() const noexcept {
  return has_attachment() ? attachment::of(*this).home() : nullptr;
}

void task::release_with_attachment() noexcept {
  if constexpr (misuse_checks) word_.store(0, std::memory_order_relaxed);
  const std::size_t size = size_of(*type_), align = room_align(*type_), front = attachment::room(align);
  attachment::of(*this).~attachment();
  free_block(reinterpret_cast<unsigned char *>(this) - front, front + size, align);
}

// --- what it belongs to ---

weft_status task::enter_rolls() noexcept {
  return has_attachment() ? attachment::of(*this).enter() : WEFT_OK;
}

bool task::leave_rolls() noexcept {
  return !has_attachment() || attachment::of(*this).retract();
}

void task::end_attachment() noexcept {
  if (has_attachment()) attachment::of(*this).ended();
}

} // namespace weft::core
