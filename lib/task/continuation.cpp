// The life of a continuation:
//
//  1. Linked. Its entry is in the source's list, and that list owns one reference to it. Pending, without an owner.
//  2. The source is done: source_done(). Either its outcome is handed on, or the link takes a reference to the source,
//     for fn will read it, and the task is submitted, from where on it is like any other: the list's reference is the
//     queue's now. Or it is run here.
//  3. It has run, or was cancelled at any point: let_go() cuts what is left of the link, and gives back what goes with
//     it. A continuation of a million links therefore keeps nothing but itself.
//
// Cancelled before 2, the entry is taken out of the list; should it be on its way already, source_done() finds the task
// no longer pending and cleans up. Whoever ends the link releases the executor: exactly one of withdraw() (true),
// source_done() and source_gone() does.
#include "task/continuation.hpp"

#include <new>

#include "thread/record.hpp"

namespace weft::core {

void continuation::start(task &made, task &source, std::uint32_t when, stage where) {
  continuation &self = of(made);
  self.when_ = when;
  self.where_ = where;
  self.link_.attach(source); // *this may be gone
}

void continuation::let_go(task &self) {
  if (link_.release_held() || !link_.withdraw()) return;
  leave_stage();
  self.unref(); // the list's; whoever calls this has one, too
}

void continuation::leave_stage() {
  if (where_.executor != nullptr) where_.calls->release(where_.executor);
}

bool continuation::runs_after(const task &source) const noexcept {
  switch (when_) {
  case WEFT_THEN_RESULT:
    return source.state() == with_result;
  case WEFT_THEN_ERROR:
    return source.state() == with_error;
  default:
    return true;
  }
}

void continuation::source_done(void *ctx, weft_future_t *handle) {
  task &self = *static_cast<task *>(ctx);
  task &source = *reinterpret_cast<task *>(handle);
  continuation &mine = of(self);
  if (mine.runs_after(source)) {
    mine.link_.hold(source);
    // A cancellation before this line may have missed that the link has a reference now.
    if (self.state() == pending) return mine.run_on_stage(self);
    mine.link_.release_held();
  } else {
    mine.link_.cut();
    mine.hand_on(self, source);
  }
  mine.leave_stage();
  self.unref();
}

void continuation::source_gone(void *ctx) {
  task &self = *static_cast<task *>(ctx);
  continuation &mine = of(self);
  mine.link_.cut();
  if (self.begin_cancel()) self.finish_cancel();
  mine.leave_stage();
  self.unref();
}

void continuation::hand_on(task &self, task &source) {
  if (source.state() == cancelled) {
    if (self.begin_cancel()) self.finish_cancel();
    return;
  }
  if (!self.claim_or_end()) return;
  self.drop_closure();
  if (source.failed()) {
    source.failure()->ref();
    return run_callbacks(self, self.publish({with_error, source.failure()}));
  }
  // Of a chain that hands on, all refer to the first, so that nothing between is kept and reading takes one step.
  origin_ = &result_owner(source);
  origin_->ref();
  run_callbacks(self, self.publish({with_result, nullptr}));
}

// With the list's reference. Not to be touched once an executor has accepted it.
void continuation::run_on_stage(task &self) {
  const stage where = where_;
  struct leaving {
    const stage &of;
    ~leaving() {
      if (of.executor != nullptr) of.calls->release(of.executor);
    }
  } const at_end{where};
  if (where.executor != nullptr) {
    const weft_status status = where.calls->submit(where.executor, self);
    if (status == WEFT_OK) return;
    fail(self, where.calls->refusal(where.executor, status));
    return self.unref();
  }
  struct holding { // also when the thread is ended inside fn
    task &which;
    ~holding() { which.unref(); }
  } const list_reference{self};
  record *const here = current_record();
  if (here == nullptr) return fail(self, error::from_status(WEFT_ENOMEM));
  if (self.claim_or_end()) self.run_claimed(*here, nullptr);
}

// The reason's reference is ours.
void continuation::fail(task &self, error *reason) {
  if (!self.claim_or_end()) return reason->unref();
  self.drop_closure();
  run_callbacks(self, self.publish({with_error, reason}));
}

task *current_source() noexcept {
  const record *const self = existing_record();
  if (self == nullptr || self->top == nullptr) return nullptr;
  const task *const here = self->top->running;
  if (here == nullptr || !here->is_continuation()) return nullptr;
  return continuation::of(*here).link().held_source();
}

// --- of plain C ---

namespace {

struct owned_continuation : continuation_call {
  weft_drop_fn result_drop; // survives the call: the result takes the place of the fields before it
};

weft_status run_call(void *room, weft_error **failure) {
  const continuation_call what = *static_cast<continuation_call *>(room);
  struct dropping { // before anybody is told of the outcome
    const continuation_call &of;
    ~dropping() {
      if (of.drop != nullptr) of.drop(of.ctx);
    }
  } const at_end{what};
  void *result = nullptr;
  const weft_status status = what.fn(what.ctx, reinterpret_cast<weft_future_t *>(current_source()), &result, failure);
  *static_cast<void **>(room) = result;
  return status;
}

void drop_call(void *room) {
  const continuation_call what = *static_cast<continuation_call *>(room);
  if (what.drop != nullptr) what.drop(what.ctx);
}

void drop_owned_result(void *room) {
  const auto *owned = static_cast<owned_continuation *>(room);
  owned->result_drop(*static_cast<void **>(room));
}

constexpr std::uint32_t struct_size = sizeof(weft_task_type_t);
constexpr std::uint32_t call_flags = WEFT_TASK_CONTINUATION | type_is_call;
constexpr weft_task_type_t plain_type{
    struct_size, call_flags, sizeof(continuation_call), alignof(continuation_call), run_call, drop_call, nullptr};
constexpr weft_task_type_t owned_type{struct_size, call_flags, sizeof(owned_continuation), alignof(owned_continuation),
                                      run_call,    drop_call,  drop_owned_result};

} // namespace

task *create_continuation(const continuation_call &what, weft_drop_fn result_drop, const belonging &to) noexcept {
  task *const made = task::create(result_drop != nullptr ? owned_type : plain_type, 2, to);
  if (made == nullptr) return nullptr;
  if (result_drop != nullptr)
    ::new (made->room()) owned_continuation{what, result_drop};
  else
    ::new (made->room()) continuation_call(what);
  return made;
}

} // namespace weft::core
