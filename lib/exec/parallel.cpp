// A piece is worked off from its front, chunk by chunk. Before each chunk its owner looks whether the half that it gave
// away last is still waiting; if it is not (it was stolen), half of the rest is given away again. So there is always
// something to steal while anybody works, and hardly more splits than thefts.
//
// A loop in a domain is a member of it while the call runs, and all of its pieces are inside. The close asks them to
// stop by a word of the loop's own, for on other workers they are no tasks of the domain.
#include "exec/parallel.hpp"

#include <atomic>
#include <cxxabi.h>
#include <utility>

#include "base/block.hpp"
#include "base/clock.hpp"
#include "exec/group.hpp"
#include "exec/pool.hpp"
#include "thread/domain.hpp"
#include "thread/record.hpp"
#include "thread/wait_graph.hpp"

namespace weft::core {
namespace {

// A chunk of less than this many cycles (some microseconds) makes the next one twice as long.
constexpr std::uint64_t short_chunk = 12'000;
// A thread that is no worker keeps everything to itself for so long: to wake a worker costs more than that.
constexpr std::uint64_t worth_sharing = 12'000;

// One call. Lives on the caller's stack, which waits for all pieces.
struct loop final : private roll_entry {
  loop(pool &on, std::uint64_t grain, weft_range_fn body, const weft_reduction_t *how, void *ctx,
       group *pieces) noexcept
      : on(on), grain(grain), body(body), how(how), ctx(ctx), pieces(pieces) {}

  pool &on;
  const std::uint64_t grain;
  const weft_range_fn body; // of a loop; null for a reduction
  const weft_reduction_t *const how;
  void *const ctx;
  group *const pieces;                   // of a loop: all that was given away
  std::atomic<bool> ended{false};        // leave out what has not begun
  std::atomic<error *> failure{nullptr}; // the first, with a reference
  domain *const home = current_domain(); // the caller is inside of it, so it stays
  // Has stop_bit when the domain is closed. Its release pairs with the acquire of those who look whether to stop.
  std::atomic<std::uint32_t> word{0};

  ~loop() {
    if (error *const unread = failure.load(std::memory_order_acquire); unread != nullptr) unread->unref();
  }

  void fail(error *with) noexcept {
    error *none = nullptr;
    if (!failure.compare_exchange_strong(none, with, std::memory_order_acq_rel)) with->unref();
    ended.store(true, std::memory_order_relaxed);
  }

  // False: the domain is closed.
  bool begin() noexcept { return home == nullptr || home->enter(*this); }
  void end() noexcept {
    if (home == nullptr) return;
    home->remove(*this); // waits for a close that is just here
    home->leave();
  }

  // UBSan: a forced unwind is caught by a reference to no object; nothing reads it.
  __attribute__((no_sanitize("null"))) void call(void *state, range chunk) {
    weft_error *with = nullptr;
    weft_status status = WEFT_OK;
    try {
      status = body != nullptr ? body(ctx, chunk.begin, chunk.end, &with)
                               : how->body(ctx, state, chunk.begin, chunk.end, &with);
    } catch (const abi::__forced_unwind &) {
      fail(error::make_or_enomem(WEFT_EFAILED, "thread_exit", "the thread was ended inside the loop"));
      throw;
    } catch (...) {
      if (with != nullptr) static_cast<error *>(with)->unref();
      with = error::from_current_exception();
    }
    if (with != nullptr)
      fail(static_cast<error *>(with));
    else if (status != WEFT_OK)
      fail(error::from_status(status));
  }

private:
  // All under the lock of the roll: the loop lives no longer than its caller waits.
  bool hold() noexcept override {
    ended.store(true, std::memory_order_relaxed);
    word.fetch_or(stop_bit, std::memory_order_acq_rel);
    wait_graph::instance().wake_inside(word);
    return false;
  }
  bool begin_withdraw() noexcept override { return false; }
  void finish_withdraw() override {}
};

void work_off(loop &of, range piece, void *state, std::uint64_t chunk);

// The half that was given away, in the room of a task.
struct given_piece {
  loop *of;
  range piece;
  void *state;
  std::uint64_t chunk;

  static weft_status run(void *room, weft_error ** /*failure*/) {
    const given_piece self = *static_cast<given_piece *>(room);
    const inside_scope here(self.of->home != nullptr ? existing_record() : nullptr, self.of->home, &self.of->word);
    work_off(*self.of, self.piece, self.state, self.chunk);
    return WEFT_OK;
  }
};

bool give(group &to, const given_piece &half) {
  static constexpr weft_task_type_t type{sizeof(weft_task_type_t),
                                         WEFT_TASK_POSTED,
                                         sizeof(given_piece),
                                         alignof(given_piece),
                                         &given_piece::run,
                                         nullptr,
                                         nullptr};
  task *const made = task::create(type, 1);
  if (made == nullptr) return false;
  ::new (made->room()) given_piece(half);
  if (to.spawn(*made) == WEFT_OK) return true;
  task::discard(made);
  return false;
}

// Take the second half of the piece to others, and the first half here; then join them. False: it could not be given.
bool split_reduction(loop &of, range &piece, void *state, std::uint64_t chunk) {
  const std::size_t size = of.how->state_size, align = of.how->state_align;
  const group::handle pair(group::make(of.on, WEFT_GROUP_SCOPED));
  void *const other = pair ? allocate_block(size, align) : nullptr;
  if (other == nullptr) return false;
  struct freeing {
    loop &of;
    group &pair;
    void *which;
    std::size_t size, align;
    bool unwound = true;
    ~freeing() {
      if (unwound) { // the thread is ended inside the body: who has the other half still works on its state
        of.ended.store(true, std::memory_order_relaxed);
        pair.settle();
      }
      if (of.how->destroy != nullptr) of.how->destroy(of.ctx, which);
      free_block(which, size, align);
    }
  } at_end{of, *pair, other, size, align};
  of.how->init(of.ctx, other);
  const std::uint64_t middle = piece.begin + (piece.end - piece.begin) / 2;
  const bool given = give(*pair, {&of, {middle, piece.end}, other, chunk});
  if (given) {
    work_off(of, {piece.begin, middle}, state, chunk);
    pair->settle();
  }
  at_end.unwound = false;
  if (!given) return false;
  if (pair->verdict() != WEFT_OK) of.ended.store(true, std::memory_order_relaxed); // the pool has dropped it
  if (!of.ended.load(std::memory_order_relaxed)) of.how->join(of.ctx, state, other);
  return true;
}

bool wants_to_share(const loop &of, const worker *me, std::uint64_t began) noexcept {
  if (me != nullptr) return me->spawned.empty();
  return cycles() - began > worth_sharing && of.on.has_room_for_more();
}

void work_off(loop &of, range piece, void *state, std::uint64_t chunk) {
  record *const self = current_record();
  const worker *const me = of.on.workers().worker_of(self);
  const std::uint64_t began = cycles();
  bool alone = false; // no memory to give anything away
  while (piece.begin != piece.end && !of.ended.load(std::memory_order_relaxed)) {
    if (self != nullptr && stop_requested(*self)) of.ended.store(true, std::memory_order_relaxed);
    const std::uint64_t left = piece.end - piece.begin;
    if (left > chunk && !alone && wants_to_share(of, me, began)) {
      if (of.how != nullptr) {
        if (split_reduction(of, piece, state, chunk)) return;
        alone = true;
      } else {
        const std::uint64_t middle = piece.begin + left / 2;
        alone = !give(*of.pieces, {&of, {middle, piece.end}, nullptr, chunk});
        if (!alone) piece.end = middle;
      }
      continue;
    }
    const range next{piece.begin, piece.begin + std::min(chunk, left)};
    const std::uint64_t start = of.grain == 0 ? cycles() : 0;
    of.call(state, next);
    piece.begin = next.end;
    if (of.grain == 0 && cycles() - start < short_chunk) chunk *= 2;
  }
}

weft_status run(loop &of, range all, void *result, error **failure) {
  record *const self = current_record();
  if (self == nullptr) return WEFT_ENOMEM;
  if (!of.begin()) return WEFT_ECLOSED;
  struct member {
    loop &which;
    ~member() { which.end(); }
  } const for_its_time{of};
  pool &on = of.on;
  const bool inside = serves(*self, &on);
  if (!inside && !on.workers().enter_as_guest()) return on.is_broken() ? WEFT_EBROKEN : WEFT_ESHUTDOWN;
  const shared<task_owner> alive(&on); // a body may drop the last handle
  struct leaving {
    pool *of;
    ~leaving() {
      if (of != nullptr) of->leave_as_guest();
    }
  } const at_end{inside ? nullptr : &on};
  weft_status status = WEFT_OK;
  {
    // Stop requests mean what is around us, and wake us as they would there.
    const frame *const around = self->top;
    const frame_scope serving(*self, around != nullptr ? around->running : nullptr, &on,
                              around != nullptr ? around->word : nullptr);
    // Beside it the loop's own, for the domain may end without the task or thread around us.
    const inside_scope here(of.home != nullptr ? self : nullptr, of.home, &of.word, true);
    struct settling { // the pieces refer to our frame, so they end before it also when the body ends this thread
      loop &which;
      bool unwound = true;
      ~settling() {
        if (!unwound || which.pieces == nullptr) return;
        which.ended.store(true, std::memory_order_relaxed);
        which.pieces->settle();
      }
    } guard{of};
    work_off(of, all, result, of.grain != 0 ? of.grain : 1);
    if (of.pieces != nullptr) {
      of.pieces->settle();
      status = of.pieces->verdict();
    }
    guard.unwound = false;
  }
  if (of.failure.load(std::memory_order_acquire) != nullptr) {
    if (failure != nullptr) *failure = of.failure.exchange(nullptr, std::memory_order_acquire);
    return WEFT_EFAILED;
  }
  if (!of.ended.load(std::memory_order_relaxed)) return status;
  return of.home != nullptr && of.home->closed() ? WEFT_ECLOSED : WEFT_EINTERRUPTED;
}

} // namespace

weft_status parallel_for(pool &on, std::uint64_t grain, range all, weft_range_fn body, void *ctx, error **failure) {
  if (all.begin == all.end) return WEFT_OK;
  const group::handle pieces(group::make(on, WEFT_GROUP_SCOPED));
  if (!pieces) return WEFT_ENOMEM;
  loop of(on, grain, body, nullptr, ctx, pieces.get());
  return run(of, all, nullptr, failure);
}

weft_status parallel_reduce(pool &on, std::uint64_t grain, range all, const weft_reduction_t &how, void *ctx,
                            void *result, error **failure) {
  if (all.begin == all.end) return WEFT_OK;
  loop of(on, grain, nullptr, &how, ctx, nullptr);
  return run(of, all, result, failure);
}

} // namespace weft::core
