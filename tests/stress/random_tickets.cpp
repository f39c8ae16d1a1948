// The tasks and callbacks of a random program, and what must hold when a thread sees that one of them is done.
#include "random_program.hpp"

#include <new>
#include <stdexcept>

namespace stress {
namespace {

constexpr std::int32_t status_code = 77, error_code = 55;

int output_of(int input) {
  return input * 3 + 1;
}

// What the room of a task holds: first the closure, then the result.
struct room_content {
  ticket *of;
  int number; // the number of the result, plain
};

} // namespace

const weft_task_type_t program::room_type{
    sizeof(weft_task_type_t), 0, sizeof(room_content), alignof(room_content), &run_room, &drop_room, &drop_room_result};

here &program::at() const {
  static thread_local here mine;
  if (mine.program != serial_) {
    mine = here{};
    mine.program = serial_;
    mine.thread = threads_.fetch_add(1, relax);
  }
  return mine;
}

// --- what a task does ---

weft_status program::run_steps(ticket &self, weft_error_t **error) {
  program &of = *self.of;
  place &where = *self.where;
  VERIFY(self.runs.fetch_add(1, relax) == 0);
  VERIFY(self.drops.load(relax) == 0 && self.cancels.load(relax) == 0);
  VERIFY(!where.ended.load(relax) && (where.pool == nullptr || !where.pool->ended.load(relax)));
  VERIFY(self.input == static_cast<int>(self.random % 1000));
  if (self.stop_told.load(relax)) VERIFY(weft_stop_requested() == 1);
  here &mine = of.at();
  self.outer = mine.task;
  if (weft_stop_requested() == 1) VERIFY(self.may_be_stopped());
  if (where.what == place::kind::strand) {
    VERIFY(!where.occupied);
    where.occupied = true;
    if (self.submitter < where.last_order.size()) {
      VERIFY(where.last_order[self.submitter] < self.order);
      where.last_order[self.submitter] = self.order;
    }
  }
  mine.task = &self;
  ++mine.depth;
  dice random(self.random);
  for (std::uint32_t steps = mine.depth > 3 ? 0 : random.below(3); steps > 0; --steps) of.act(random);
  --mine.depth;
  mine.task = self.outer;
  if (where.what == place::kind::strand) where.occupied = false;
  VERIFY(!where.ended.load(relax));
  self.output = output_of(self.input);
  if (self.posted && self.end != ending::value && self.end != ending::nothing) counts.hooks.fetch_add(1, relax);
  switch (self.end) {
  case ending::status:
    return status_code;
  case ending::error:
    VERIFY_OK(weft_error_create(error_code, "random", nullptr, error));
    return WEFT_OK;
  case ending::exception:
    throw std::runtime_error("random");
  default:
    return WEFT_OK;
  }
}

weft_status program::run_ticket(void *ctx, void **result, weft_error_t **error) {
  ticket &self = *static_cast<ticket *>(ctx);
  const weft_status status = run_steps(self, error);
  if (status == WEFT_OK && *error == nullptr && self.end == ending::value && !self.posted) {
    counts.values.fetch_add(1, relax);
    *result = new value{&self, output_of(self.input)};
  }
  return status;
}

void program::drop_ticket(void *ctx) {
  ticket &self = *static_cast<ticket *>(ctx);
  VERIFY(self.drops.fetch_add(1, relax) == 0);
  if (self.runs.load(relax) != 0) {
    VERIFY(self.output == output_of(self.input));
    self.dropped_before_done = 1;
  } else {
    VERIFY(self.may_be_cancelled() || self.where->may_break());
  }
  counts.drops.fetch_sub(1, std::memory_order_release); // the judge's acquire pairs with it
}

void program::drop_value(void *result) {
  if (result == nullptr) return;
  auto *const it = static_cast<value *>(result);
  VERIFY(it->of->result_drops.fetch_add(1, relax) == 0);
  VERIFY(it->of->takes.load(relax) == 0);
  delete it;
  counts.values.fetch_sub(1, std::memory_order_release); // the judge's acquire pairs with it
}

weft_status program::run_room(void *room, weft_error_t **error) {
  auto *const content = static_cast<room_content *>(room);
  ticket &self = *content->of;
  weft_status status = WEFT_OK;
  try {
    status = run_steps(self, error);
  } catch (...) {
    drop_ticket(&self); // the closure must be dropped in this case, too
    throw;
  }
  if (status == WEFT_OK && *error == nullptr) {
    counts.values.fetch_add(1, relax);
    ::new (room) room_content{&self, output_of(self.input)};
  }
  drop_ticket(&self);
  return status;
}

void program::drop_room(void *room) {
  drop_ticket(static_cast<room_content *>(room)->of);
}

void program::drop_room_result(void *room) {
  VERIFY(static_cast<room_content *>(room)->of->result_drops.fetch_add(1, relax) == 0);
  counts.values.fetch_sub(1, std::memory_order_release); // the judge's acquire pairs with it
}

// --- what a callback does ---

void program::called(void *ctx, weft_future_t *done) {
  note &self = *static_cast<note *>(ctx);
  ticket &on = *self.on;
  program &of = *on.of;
  VERIFY(self.calls.fetch_add(1, relax) == 0 && self.drops.load(relax) == 0);
  here &mine = of.at();
  const bool at_once = self.adding.load(relax) && self.adder == &mine;
  on.look(done);
  if (!at_once && on.where != nullptr && weft_future_cancelled(done) == 0) VERIFY(!on.where->ended.load(relax));
  ++mine.depth;
  ++mine.callbacks;
  dice random(self.random);
  for (std::uint32_t steps = mine.depth > 3 ? 0 : random.below(2); steps > 0; --steps) of.act(random);
  --mine.callbacks;
  --mine.depth;
}

void program::note_dropped(void *ctx) {
  note &self = *static_cast<note *>(ctx);
  VERIFY(self.calls.load(relax) == 1);
  VERIFY(self.drops.fetch_add(1, relax) == 0);
  counts.drops.fetch_sub(1, std::memory_order_release); // the judge's acquire pairs with it
}

// --- what must hold ---

bool ticket::may_be_cancelled() const noexcept {
  if (cancel_tried.load(relax)) return true;
  if (where == nullptr) return false;
  return where->may_cancel() ||
         (of_map && (map_ended.load(relax) || where->may_refuse_for_good() || where->may_break()));
}

void ticket::look(weft_future_t *future) {
  const std::int32_t state = weft_future_state(future);
  VERIFY(state >= WEFT_FUTURE_RESULT);
  VERIFY(weft_future_done(future) == 1 && weft_future_running(future) == 0);
  VERIFY(weft_future_cancelled(future) == (state == WEFT_FUTURE_CANCELLED ? 1 : 0));
  weft_error_t *failure = nullptr;
  const weft_status answer = weft_future_exception(future, 0, &failure);
  const error held(failure);
  void *result = nullptr;
  const weft_status read = in_room ? WEFT_OK : weft_future_result(future, 0, &result);
  if (state == WEFT_FUTURE_CANCELLED) {
    VERIFY_STATUS(answer, WEFT_ECANCELED);
    VERIFY(may_be_cancelled() && runs.load(relax) == 0 && output == 0);
    VERIFY(in_room || read == WEFT_ECANCELED);
    return;
  }
  VERIFY_OK(answer);
  VERIFY((state == WEFT_FUTURE_ERROR) == (failure != nullptr));
  if (where != nullptr) {
    if (failure != nullptr && weft_error_code(failure) == WEFT_EBROKEN) {
      VERIFY(where->may_break() && runs.load(relax) == 0 && output == 0);
      return;
    }
    // Plain memory, written by the task and by its drop: both happened before.
    VERIFY(output == output_of(input) && dropped_before_done == 1);
    const bool should_fail = end == ending::status || end == ending::error || end == ending::exception;
    VERIFY(should_fail == (failure != nullptr));
    if (end == ending::status) VERIFY(weft_error_code(failure) == status_code);
    if (end == ending::error) VERIFY(weft_error_code(failure) == error_code);
  }
  if (failure != nullptr) {
    VERIFY(in_room || read == WEFT_EFAILED);
  } else if (in_room) {
    VERIFY(static_cast<room_content *>(weft_future_room(future))->number == output_of(input));
  } else if (read == WEFT_EINVALIDSTATE) {
    VERIFY(take_tried.load(relax));
  } else {
    VERIFY_OK(read);
    VERIFY((result != nullptr) == (where == nullptr || end == ending::value));
    if (result != nullptr && !takeable) {
      VERIFY(static_cast<value *>(result)->of == this);
      if (where != nullptr) VERIFY(static_cast<value *>(result)->number == output_of(input));
    }
  }
}

void ticket::verdict() {
  if (!accepted.load(relax)) {
    VERIFY(runs.load(relax) == 0 && drops.load(relax) == 0 && result_drops.load(relax) == 0);
    return;
  }
  VERIFY(runs.load(relax) <= 1);
  VERIFY(result_drops.load(relax) + takes.load(relax) <= 1);
  if (where == nullptr) {
    VERIFY(runs.load(relax) == 0 && sets.load(relax) + (cancels.load(relax) > 0 ? 1 : 0) == 1);
    return;
  }
  VERIFY(drops.load(relax) == 1);
  if (runs.load(relax) == 0) VERIFY(may_be_cancelled() || where->may_break());
  if (cancels.load(relax) > 0) VERIFY(runs.load(relax) == 0);
  const bool made_result =
      runs.load(relax) == 1 && !posted && (end == ending::value || (in_room && end == ending::nothing));
  VERIFY(result_drops.load(relax) + takes.load(relax) == (made_result ? 1 : 0));
}

} // namespace stress
