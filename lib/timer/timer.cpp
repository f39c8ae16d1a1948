#include "timer/timer.hpp"

#include <new>

#include "thread/blocking.hpp"
#include "thread/wait_graph.hpp"
#include "timer/timer_queue.hpp"

namespace weft::core {
namespace {

struct tick { // lies in the room of the task that carries the tick through the executor
  timer *of;  // the lease
  std::uint64_t ticket;
};

} // namespace

weft_status timer::make(timer_queue &queue, task_owner &owner, const call &what, const tick_settings &how,
                        timer *&out) noexcept {
  if (how.to.token != nullptr && how.to.token->cancelled()) return WEFT_ECANCELED;
  const shared<timer> made = adopt(new (std::nothrow) timer(queue, owner, what, how));
  if (!made) return WEFT_ENOMEM;
  if (const weft_status status = queue.enroll(); status != WEFT_OK) return status;
  made->drop_ = what.drop;
  if (!made->enter_domain(how.to.home)) return WEFT_ECLOSED;
  made->ref();
  out = made.get();
  return WEFT_OK;
}

weft_status timer::make_notifying(timer_queue &queue, task_owner &owner, completion_queue &events, std::uint64_t tag,
                                  timer *&out) noexcept {
  if (events.is_closed()) return WEFT_ECLOSED;
  const shared<timer> made = adopt(new (std::nothrow) timer(queue, owner, {}, {}));
  if (!made) return WEFT_ENOMEM;
  made->events_ = &events;
  made->ticks_ = new (std::nothrow) queue_entry(tag, WEFT_EVENT_TIMER);
  if (made->ticks_ == nullptr) return WEFT_ENOMEM;
  if (const weft_status status = queue.enroll(); status != WEFT_OK) return status;
  if (!made->enter_domain(current_domain())) return WEFT_ECLOSED;
  made->ref();
  out = made.get();
  return WEFT_OK;
}

timer::~timer() {
  if (ticks_ != nullptr) events_->let_go(*ticks_);
  if (home_) home_->remove(*this);
  if (!home_)
    drop_context();
  else if (gate_.shut())
    finish();
}

void timer::drop_context() noexcept {
  if (drop_ == nullptr) return;
  const drop_scope here(home_.get());
  drop_(ctx_);
}

// --- in a domain ---

// False: the domain is closed, and the context is the caller's. A timer that ticks into a
// completion queue runs no code of the domain, but without this would go on for ever.
bool timer::enter_domain(domain *home) noexcept {
  if (home == nullptr) return true;
  home_ = shared<domain>(home);
  if (home->enter(*this)) return true;
  queue_.dismiss(*this);
  drop_ = nullptr;
  home_ = nullptr;
  return false;
}

void timer::finish() noexcept {
  drop_context();
  home_->leave();
}

bool timer::begin_withdraw() noexcept {
  queue_.cancel(*this);
  return true;
}

void timer::finish_withdraw() {
  if (gate_.shut()) finish(); // else its tick does
  unref();
}

weft_status timer::run_inside(weft_error_t **failure) {
  if (!gate_.begin()) {
    queue_.cancel(*this); // armed while the domain was closed: not again
    return WEFT_OK;
  }
  struct ending { // also if the thread is ended inside
    timer &of;
    ~ending() {
      if (of.gate_.end()) of.finish();
    }
  } const at_end{*this};
  const inside_scope here(current_record(), home_.get());
  void *result = nullptr;
  return fn_(ctx_, &result, failure);
}

// --- arming and running ---

weft_status timer::arm(const timer_schedule &when) noexcept {
  if (home_ && home_->closed()) return WEFT_ECLOSED;
  if (token_ && token_->cancelled()) return WEFT_ECANCELED;
  const weft_status status = queue_.arm(*this, when);
  // The close may have come in between, and have found nothing to cancel. A close whose mark is not
  // seen here comes later, and cancels.
  if (status != WEFT_OK || !home_ || !home_->closed()) return status;
  queue_.cancel(*this);
  return WEFT_ECLOSED;
}

weft_status timer::cancel() noexcept {
  return queue_.cancel(*this);
}

weft_status timer::close(deadline until) noexcept {
  if (queue_.shut(*this)) idle_.finish(false);
  if (idle_.finished()) return WEFT_OK;
  record *const self = current_record();
  if (self == nullptr) return WEFT_ENOMEM;
  const task *const ticks_in = ticks_in_.load(std::memory_order_acquire);
  for (const frame *f = self->top; f != nullptr; f = f->below)
    // This thread runs the tick.
    if (f->running != nullptr && f->running == ticks_in) return WEFT_EDEADLK;
  const shared<timer> alive(this);
  return wait_for_completion(*self, idle_, {this, &timer::may_end}, until);
}

bool timer::may_end(const void *object, const wait_graph &graph) noexcept {
  const task *const ticks_in = static_cast<const timer *>(object)->ticks_in_.load(std::memory_order_acquire);
  return ticks_in == nullptr || !graph.stuck_inside(ticks_in);
}

void timer::unref_handle() noexcept {
  if (handles_.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
  queue_.dismiss(*this);
  unref();
}

task *timer::make_tick(std::uint64_t ticket) noexcept {
  static constexpr weft_task_type_t type{sizeof(weft_task_type_t),
                                         WEFT_TASK_POSTED | type_is_inner,
                                         sizeof(tick),
                                         alignof(tick),
                                         &timer::run_tick,
                                         &timer::drop_tick,
                                         nullptr};
  task *const carrier = task::create(type, 1, belonging{token_.get(), nullptr, name_});
  if (carrier == nullptr) return nullptr;
  if (priority_ != WEFT_PRIORITY_NORMAL) carrier->set_priority(priority_);
  ::new (carrier->room()) tick{this, ticket};
  return carrier;
}

weft_status timer::run_tick(void *room, weft_error **failure) {
  const tick here = *static_cast<tick *>(room);
  const shared<timer> lease = adopt(here.of);
  if (!lease->queue_.begin_tick(*lease, here.ticket)) return WEFT_OK;
  lease->ticks_in_.store(existing_record()->top->running, std::memory_order_release);
  struct ending { // also if the thread is ended inside
    timer &of;
    ~ending() {
      of.ticks_in_.store(nullptr, std::memory_order_release);
      of.queue_.end_tick(of);
    }
  } const at_end{*lease};
  if (lease->home_) return lease->run_inside(failure);
  void *result = nullptr;
  return lease->fn_(lease->ctx_, &result, failure);
}

void timer::drop_tick(void *room) {
  const tick here = *static_cast<tick *>(room);
  const shared<timer> lease = adopt(here.of);
  lease->queue_.lose_tick(*lease, here.ticket);
}

} // namespace weft::core
