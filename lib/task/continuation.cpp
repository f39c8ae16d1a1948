// What happens to a continuation, in the steps of README.md, "Continuations": start() is S1,
// source_done() and source_gone() are S2, let_go() is S3.
#include "task/continuation.hpp"

#include <new>

#include "base/misuse.hpp"
#include "thread/record.hpp"
#include "thread/wait_graph.hpp"

namespace weft::core {
namespace {

// Beside WEFT_THEN_...: every outcome is handed on.
constexpr std::uint32_t never = 3;

} // namespace

void continuation::start(task &made, task &source, std::uint32_t when, stage where) {
  continuation &self = of(made);
  self.when_ = when;
  self.where_ = where;
  self.link_.attach(source); // *this may be gone
}

void continuation::start_flattening(task &made, task &source) {
  continuation &self = of(made);
  self.when_ = never;
  self.flattens_ = true;
  self.link_.attach(source); // *this may be gone
}

void continuation::let_go(task &self) {
  if (link_.release_held() || !link_.withdraw()) return;
  leave_stage();
  self.unref(); // the list's; the caller has another one
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
  case never:
    return false;
  default:
    return true;
  }
}

void continuation::source_done(void *ctx, weft_future_t *handle) {
  task &self = *static_cast<task *>(ctx);
  task &source = *reinterpret_cast<task *>(handle);
  continuation &mine = of(self);
  if (mine.flattens_ && source.state() == with_result) return mine.follow_result(self, source);
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
  // In a chain that hands a result on, all refer to the first. So nothing between is kept, and
  // reading takes one step.
  origin_ = &result_owner(source);
  origin_->ref();
  run_callbacks(self, self.publish({with_result, nullptr}));
}

namespace {

// Takes the future that is the result of the source. Null: there is none, and `why` says so. The
// result of C++ is destroyed in any case, so its room is emptied.
task *take_inner(task &source, const task &self, weft_status &why) noexcept {
  task &owner = result_owner(source);
  why = WEFT_EINVALIDSTATE;
  if (owner.is_gathering() || !owner.take()) return nullptr; // a handed on index is no future
  task *&place = *static_cast<task **>(owner.room());
  task *const inner = place;
  if ((owner.type().flags & (type_is_call | WEFT_TASK_MOVES)) == 0) place = nullptr;
  if (inner == nullptr) return nullptr;
  if (misuse_checks && (!inner->has_magic() || !inner->has_future())) {
    report_misuse("future", "weft_future_flatten");
    why = WEFT_EINVAL;
    return nullptr;
  }
  if (in_child()) inner->meet_in_child();
  if (inner != &self) return inner;
  why = WEFT_EDEADLK;
  inner->unref();
  return nullptr;
}

} // namespace

// The result of the source is a reference to a future, which becomes the source: README.md, "A
// future of a future". With the list's reference, which goes over to the list of the new source.
void continuation::follow_result(task &self, task &source) {
  flattens_ = false;
  weft_status why;
  struct holding {
    task &which;
    ~holding() { which.unref(); }
  };
  task *const inner = take_inner(source, self, why);
  if (inner == nullptr) {
    const holding list_reference{self};
    link_.cut();
    return fail(self, error::from_status(why));
  }
  struct result { // what a child of a fork has inherited is not its own to give back
    task &of;
    ~result() {
      if (!of.inherited()) of.unref();
    }
  } const reference{*inner};
  self.ref();
  const holding kept{self};
  link_.attach_next(*inner);
  // A cancellation may have missed that the link leads further.
  link_.synchronise();
  if (self.state() != pending) return let_go(self);
  // A thread that waits for it may be able to run the inner task, or the wait can never end now.
  wait_graph::instance().tell_news_to_all();
}

// With the list's reference. After an executor has accepted the task it must not be touched.
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

// Takes the reference to the reason.
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
  // Survives the call: the result takes the place of the fields before it.
  weft_drop_fn result_drop;
};

weft_status run_call(void *room, weft_error **failure) {
  const continuation_call what = *static_cast<continuation_call *>(room);
  struct dropping { // before any observer is told the outcome
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

constexpr weft_task_type_t flattening_type{struct_size, call_flags, sizeof(void *), alignof(void *),
                                           nullptr,     nullptr,    nullptr};

} // namespace

task *create_flattening() noexcept {
  return task::create(flattening_type, 2);
}

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
