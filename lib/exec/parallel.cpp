// A loop is a group whose tasks are halves of a range. A *piece* is worked off from its front,
// chunk by chunk, and halves of what is left are given away before each chunk. In a reduction the
// halves of a piece meet in a *joint*.
//
// When a half is given away, which worker is woken for it, and why no piece outlives the call, is
// in README.md, "Loops"; the states of a reduction are in "Joints".
#include "exec/parallel.hpp"

#include <algorithm>
#include <cstddef>
#include <ctime>
#include <utility>

#include "base/atomic.hpp"
#include "base/block.hpp"
#include "base/clock.hpp"
#include "base/forced_unwind.hpp"
#include "exec/group.hpp"
#include "exec/pool.hpp"
#include "thread/domain.hpp"
#include "thread/record.hpp"
#include "thread/wait_graph.hpp"

namespace weft::core {
namespace {

// A chunk of less than this many cycles (some microseconds) makes the next one twice as long.
constexpr std::uint64_t short_chunk = 12'000;
// A thread that is not a worker keeps a loop of short calls to itself for so many cycles: to wake a
// worker costs more.
constexpr std::uint64_t worth_sharing = 12'000;
// A chunk of more than this many cycles (some tens of microseconds) is long.
constexpr std::uint64_t long_chunk = 100'000;

// So many indices (or grains) are few: each may be the long one, because the calls of one loop may
// differ.
constexpr std::uint64_t few_grains = 64;

// How long the next chunk will take: as the last one of the same piece, or of the piece that this
// was a half of.
enum class expected : std::uint8_t { unknown, short_one, long_one };

// One call. On the stack of the caller, which waits for all pieces.
struct loop final : private roll_entry {
  loop(pool &on, std::uint64_t grain, weft_range_fn body, const weft_reduction_t *how, void *ctx,
       group *pieces) noexcept
      : on(on), grain(grain),
        few(grain < UINT64_MAX / few_grains ? std::max<std::uint64_t>(grain, 1) * few_grains : UINT64_MAX), body(body),
        how(how), ctx(ctx), pieces(pieces) {}

  pool &on;
  const record *const caller = existing_record();
  const bool from_pool = serves(*caller, &on); // the caller is a worker, or acts for one
  bool was_short = true;                       // every chunk of the caller so far; the caller's
  bool is_known_short = false;                 // of the body; fixed before the first chunk
  const std::uint64_t grain, few;              // so many indices are few
  const weft_range_fn body;                    // of a loop; null for a reduction
  const weft_reduction_t *const how;
  void *const ctx;
  group *const pieces;              // all that was given away
  atomic<bool> ended{false};        // no further chunk begins
  atomic<std::uint32_t> at_work{1}; // threads that work on it, the caller included; orders nothing
  // The largest chunk that was short, while more than few indices were left; 0: none. A guess that
  // orders nothing.
  atomic<std::uint64_t> short_chunk_seen{0};
  atomic<std::uint32_t> on_offer{0};     // pieces given away by threads without a deque, not begun; orders nothing
  atomic<error *> failure{nullptr};      // the first, with a reference
  domain *const home = current_domain(); // the caller is inside of it, so it stays
  // Has stop_bit when the domain is closed. The release pairs with the acquire of stop_requested().
  atomic<std::uint32_t> word{0};

  ~loop() {
    if (error *const unread = failure.load(std::memory_order_acquire); unread != nullptr) unread->unref();
  }

  // Wait for all pieces, and ask them to stop if the code around this call is asked to. False: one
  // of them waited for what only the end of this call could bring. Then they are asked to stop, too,
  // because none may outlive this frame. In the child of a fork there are none.
  bool settle() {
    if (pieces->settle_until_asked() == WEFT_EINTERRUPTED) {
      ended.store(true, std::memory_order_relaxed);
      pieces->request_stop();
    }
    if (pieces->settle() || pieces->inherited()) return true;
    ended.store(true, std::memory_order_relaxed);
    pieces->cancel();
    pieces->settle(group::giving_up::never);
    return false;
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
    home->remove(*this); // waits for a close that is in hold()
    home->leave();
  }

  // Whether one more worker could work on it. A caller from outside works beside the workers, and
  // is counted as one of them.
  bool has_room() const noexcept { return on.workers().has_room_beside(at_work.load(std::memory_order_relaxed)); }

  void take(void *state, range chunk) {
    call([&](weft_error **with) {
      return body != nullptr ? body(ctx, chunk.begin, chunk.end, with)
                             : how->body(ctx, state, chunk.begin, chunk.end, with);
    });
  }
  bool init(void *state) {
    return call([&](weft_error **) { return how->init(ctx, state), WEFT_OK; });
  }
  void join(void *into, void *from) {
    call([&](weft_error **) { return how->join(ctx, into, from), WEFT_OK; });
  }

private:
  // UBSan: a forced unwind is caught by a reference to no object; nothing reads it.
  template <class F> __attribute__((no_sanitize("null"))) bool call(F of_the_user) {
    weft_error *with = nullptr;
    weft_status status = WEFT_OK;
    try {
      status = of_the_user(&with);
    } catch (const forced_unwind &) {
      fail(error::make_or_enomem(WEFT_EFAILED, "thread_exit", "the thread was ended inside the loop"));
      throw;
    } catch (...) {
      if (with != nullptr) static_cast<error *>(with)->unref();
      with = error::from_current_exception();
    }
    if (with == nullptr && status == WEFT_OK) return true;
    fail(with != nullptr ? static_cast<error *>(with) : error::from_status(status));
    return false;
  }

  // The whole withdrawal is under the lock of the roll: the loop lives no longer than its caller
  // waits.
  bool hold() noexcept override {
    ended.store(true, std::memory_order_relaxed);
    word.fetch_or(stop_bit, std::memory_order_acq_rel);
    wait_graph::instance().wake_asked(word);
    return false;
  }
  bool begin_withdraw() noexcept override { return false; }
  void finish_withdraw() override {}
};

// Where the halves of a piece meet: README.md, "Joints". The state of the right half has its room
// behind it.
struct joint {
  joint *const outer;     // of the piece that these are the halves of; null: that is all
  void *const left;       // the state of the left half, into which the right one is joined
  bool has_right = false; // the right half has a state of its own
  // Halves that have not ended. The decrement of each releases what it did to its state. The last
  // decrement acquires that, and so does work_off_right().
  atomic<std::uint32_t> open{2};

  static std::size_t alignment(const loop &of) noexcept {
    return std::max<std::size_t>(alignof(joint), of.how->state_align);
  }
  static std::size_t offset(const loop &of) noexcept {
    return (sizeof(joint) + alignment(of) - 1) & ~(alignment(of) - 1);
  }
  // Null: no memory.
  static joint *make(const loop &of, joint *outer, void *left) noexcept {
    void *const room = allocate_block(offset(of) + of.how->state_size, alignment(of));
    return room != nullptr ? ::new (room) joint{outer, left} : nullptr;
  }
  void free(const loop &of) noexcept { free_block(this, offset(of) + of.how->state_size, alignment(of)); }
  void *right(const loop &of) noexcept { return reinterpret_cast<std::byte *>(this) + offset(of); }
};

// A piece that is being worked off; in a reduction also the state that it goes into and the joint
// that it is half of.
class share {
public:
  share(loop &of, range piece, void *state, joint *innermost) noexcept
      : of_(of), piece_(piece), state_(state), innermost_(innermost) {}
  ~share() { // the thread is ended inside a function of the user's, or the piece was dropped
    if (innermost_ == nullptr) return;
    of_.ended.store(true, std::memory_order_relaxed);
    close();
  }
  share(const share &) = delete;
  share &operator=(const share &) = delete;

  void work_off(std::uint64_t chunk, expected next);
  // The right half of a joint, by the thread that has taken it.
  void work_off_right(std::uint64_t chunk, expected next);

private:
  bool give_half(std::uint64_t chunk, expected next, bool on_deque, bool calling);
  void close();

  loop &of_;
  range piece_;
  void *state_;
  joint *innermost_;
};

// A half that was given away, in the room of a task.
struct given_half {
  loop *of;
  range piece;
  joint *beside; // of a reduction
  std::uint64_t chunk;
  expected next;
  bool on_deque;

  void begin() const noexcept {
    if (!on_deque) of->on_offer.fetch_sub(1, std::memory_order_relaxed);
  }
  static weft_status run(void *room, weft_error ** /*failure*/) {
    const given_half self = *static_cast<given_half *>(room);
    self.begin();
    record *const here = existing_record();
    struct working { // the caller, which may take back what it has given away, is counted already
      atomic<std::uint32_t> &count;
      const std::uint32_t threads;
      working(loop &of, const record *who) noexcept : count(of.at_work), threads(who != of.caller ? 1 : 0) {
        count.fetch_add(threads, std::memory_order_relaxed);
      }
      ~working() { count.fetch_sub(threads, std::memory_order_relaxed); }
    } const counted(*self.of, here);
    const inside_scope inside(self.of->home != nullptr ? here : nullptr, self.of->home, &self.of->word);
    share(*self.of, self.piece, nullptr, self.beside).work_off_right(self.chunk, self.next);
    return WEFT_OK;
  }
  // The pool cancels what is pending.
  static void drop(void *room) {
    const given_half self = *static_cast<given_half *>(room);
    self.begin();
    self.of->ended.store(true, std::memory_order_relaxed);
    const share never_begun(*self.of, self.piece, nullptr, self.beside);
  }
};

bool give(group &to, const given_half &half, bool calling) {
  static constexpr weft_task_type_t type{
      sizeof(weft_task_type_t), WEFT_TASK_POSTED, sizeof(given_half), alignof(given_half), &given_half::run,
      &given_half::drop,        nullptr};
  task *const made = task::create(type, 1);
  if (made == nullptr) return false;
  ::new (made->room()) given_half(half);
  if (!half.on_deque) half.of->on_offer.fetch_add(1, std::memory_order_relaxed);
  if (to.spawn(*made, calling) == WEFT_OK) return true;
  half.begin();
  task::discard(made);
  return false;
}

// False: no memory, or the pool takes no more.
bool share::give_half(std::uint64_t chunk, expected next, bool on_deque, bool calling) {
  const std::uint64_t middle = piece_.begin + (piece_.end - piece_.begin) / 2;
  joint *const between = of_.how != nullptr ? joint::make(of_, innermost_, state_) : nullptr;
  if (of_.how != nullptr && between == nullptr) return false;
  if (!give(*of_.pieces, {&of_, {middle, piece_.end}, between, chunk, next, on_deque}, calling)) {
    if (between != nullptr) between->free(of_);
    return false;
  }
  piece_.end = middle;
  innermost_ = between;
  return true;
}

// This half has ended. Joins where it is the last of two. If the user's function ends the thread,
// ~share() closes the joints further out.
void share::close() {
  struct freeing {
    loop &of;
    joint *which;
    ~freeing() {
      if (which->has_right && of.how->destroy != nullptr) of.how->destroy(of.ctx, which->right(of));
      which->free(of);
    }
  };
  while (innermost_ != nullptr) {
    joint *const last = std::exchange(innermost_, innermost_->outer);
    if (last->open.fetch_sub(1, std::memory_order_acq_rel) != 1) {
      innermost_ = nullptr; // the other half goes on
      return;
    }
    const freeing at_end{of_, last};
    if (last->has_right && !of_.ended.load(std::memory_order_relaxed)) of_.join(last->left, last->right(of_));
  }
}

// Whether the owner of a piece gives half of it away before its next chunk.
//
// A thread that is not a worker has no deque: what it gives away calls a worker in any case. While
// chunks are short it gives away only if one more worker may work on the loop. It must have found
// room at two looks: a worker that has just come to the end of its piece does not search yet, and
// another one, woken in its place, would take its CPU.
class giving {
public:
  giving(const loop &of, const worker *me, std::uint64_t now) noexcept : of_(of), me_(me), began_(now) {}

  bool wants_to(expected next, bool few_left) noexcept {
    const scheduler &workers = of_.on.workers();
    const bool is_short = next == expected::short_one;
    if (me_ != nullptr)
      return is_short && !few_left ? me_->spawned.empty() : me_->spawned.size() < workers.most_at_once();
    if (is_short && few_left && of_.has_room()) return true;
    const std::uint32_t offered = of_.on_offer.load(std::memory_order_relaxed);
    switch (next) {
    case expected::unknown: // this thread and those of the halves may work on it at once
      return offered + 1 < workers.most_at_once();
    case expected::long_one:
      return offered < workers.most_at_once();
    default:
      return wants_to_share();
    }
  }

private:
  bool wants_to_share() noexcept {
    if (cycles() - began_ <= worth_sharing || !of_.has_room()) {
      had_room_ = false;
      return false;
    }
    return of_.on.workers().somebody_searches() || std::exchange(had_room_, true);
  }

  const loop &of_;
  const worker *const me_;
  const std::uint64_t began_;
  bool had_room_ = false;
};

void share::work_off(std::uint64_t chunk, expected next) {
  record *const self = current_record();
  const worker *const me = of_.on.workers().worker_of(self);
  std::uint64_t now = cycles(); // where the last chunk has ended and the next one begins
  giving away(of_, me, now);
  bool alone = false;      // nothing can be given away
  bool uncalled = false;   // no worker was woken for the half that waits, because there was no room
  std::uint64_t given = 0; // indices, since the last chunk
  while (piece_.begin != piece_.end && !of_.ended.load(std::memory_order_relaxed)) {
    if (self != nullptr && stop_requested(*self)) {
      of_.ended.store(true, std::memory_order_relaxed);
      break;
    }
    const std::uint64_t left = piece_.end - piece_.begin;
    const bool few_left = !of_.is_known_short && left <= of_.few;
    if (left > chunk && !alone && away.wants_to(next, few_left)) {
      uncalled = next == expected::short_one && !of_.from_pool && !of_.has_room();
      alone = !give_half(chunk, next, me != nullptr, next == expected::short_one && !uncalled);
      given += left - (piece_.end - piece_.begin);
      now = cycles();
      continue;
    }
    if (given != 0 && next != expected::short_one) { // all at once: one by one takes too long
      of_.on.workers().call_several(std::min<std::uint64_t>(given / chunk, of_.on.workers().most_at_once() - 1));
      now = cycles();
    }
    given = 0;
    if (me != nullptr && uncalled && of_.has_room()) { // a thread has left since
      uncalled = false;
      if (!me->spawned.empty()) of_.on.workers().call_for_spawned();
    }
    const range following{piece_.begin, piece_.begin + std::min(chunk, left)};
    of_.take(state_, following);
    const std::uint64_t start = std::exchange(now, cycles());
    const std::uint64_t took = now - start;
    piece_.begin = following.end;
    next = took < long_chunk ? expected::short_one : expected::long_one;
    if (next == expected::long_one && self == of_.caller) of_.was_short = false;
    if (of_.grain == 0 && took < short_chunk) chunk *= 2;
    if (next == expected::short_one && left > of_.few && of_.short_chunk_seen.load(std::memory_order_relaxed) < chunk)
      of_.short_chunk_seen.store(chunk, std::memory_order_relaxed);
  }
  close();
}

// If the left half has ended, the right one goes on with its state: README.md, "Joints".
void share::work_off_right(std::uint64_t chunk, expected next) {
  if (joint *const at = innermost_; at != nullptr) {
    const bool goes_on = at->open.load(std::memory_order_acquire) == 1;
    state_ = goes_on ? at->left : at->right(of_);
    if (!goes_on && !of_.ended.load(std::memory_order_relaxed)) at->has_right = of_.init(state_);
  }
  // The thread that gave this piece away had not ended a chunk yet. What other pieces have found
  // since spares this one most of the small chunks. No chunk is a large part of it, because its
  // calls may be longer.
  if (const std::uint64_t size = piece_.end - piece_.begin; next == expected::unknown && size > of_.few)
    if (const std::uint64_t seen = of_.short_chunk_seen.load(std::memory_order_relaxed); seen != 0) {
      chunk = std::max(chunk, std::min(seen, size / few_grains));
      next = expected::short_one;
    }
  work_off(chunk, next);
}

weft_status run(loop &of, range all, void *result, error **failure) {
  record *const self = existing_record();
  if (!of.begin()) return WEFT_ECLOSED;
  struct member {
    loop &which;
    ~member() { which.end(); }
  } const for_its_time{of};
  pool &on = of.on;
  if (!of.from_pool && !on.workers().enter_as_guest()) return on.is_broken() ? WEFT_EBROKEN : WEFT_ESHUTDOWN;
  const shared<task_owner> alive(&on); // a body may drop the last handle
  struct leaving {
    pool *of;
    ~leaving() {
      if (of != nullptr) of->leave_as_guest();
    }
  } const at_end{of.from_pool ? nullptr : &on};
  weft_status status = WEFT_OK;
  {
    // A stop request to the code around this call applies here, and wakes this thread as it would
    // there.
    const frame *const around = self->top;
    const frame_scope serving(*self, around != nullptr ? around->running : nullptr, &on,
                              around != nullptr ? around->word : nullptr, around != nullptr ? around->helps : nullptr);
    // Beside it the loop has its own word: the domain may close although the task or thread around
    // it goes on.
    const inside_scope here(of.home != nullptr ? self : nullptr, of.home, &of.word, true);
    // The pieces refer to this frame, so they end first, also if the body ends this thread.
    struct settling {
      loop &which;
      bool unwound = true;
      ~settling() {
        if (!unwound) return;
        which.ended.store(true, std::memory_order_relaxed);
        which.settle();
      }
    } guard{of};
    const void *const body =
        of.body != nullptr ? reinterpret_cast<const void *>(of.body) : reinterpret_cast<const void *>(of.how->body);
    of.is_known_short = !of.from_pool && on.loops().knows(body);
    share(of, all, result, nullptr)
        .work_off(of.grain != 0 ? of.grain : 1, of.is_known_short ? expected::short_one : expected::unknown);
    status = of.settle() ? of.pieces->verdict() : WEFT_EDEADLK;
    guard.unwound = false;
    if (!of.from_pool) on.loops().note(body, of.was_short);
  }
  if (status == WEFT_EDEADLK) return status; // an error of a body that only follows from it does not count
  if (of.failure.load(std::memory_order_acquire) != nullptr) {
    if (failure != nullptr) *failure = of.failure.exchange(nullptr, std::memory_order_acquire);
    return WEFT_EFAILED;
  }
  // The group of the pieces has failed, and no body has: the pool broke, and dropped pieces that it
  // had taken.
  if (status == WEFT_EFAILED) return WEFT_EBROKEN;
  if (!of.ended.load(std::memory_order_relaxed)) return status;
  if (of.home != nullptr && of.home->closed()) return WEFT_ECLOSED;
  return status != WEFT_OK ? status : WEFT_EINTERRUPTED;
}

weft_status with_pieces(pool &on, std::uint64_t grain, range all, weft_range_fn body, const weft_reduction_t *how,
                        void *ctx, void *result, error **failure) {
  if (all.begin == all.end) return WEFT_OK;
  if (current_record() == nullptr) return WEFT_ENOMEM;
  const group::handle pieces(group::make(&on, WEFT_GROUP_SCOPED));
  if (!pieces) return WEFT_ENOMEM;
  loop of(on, grain, body, how, ctx, pieces.get());
  return run(of, all, result, failure);
}

} // namespace

weft_status parallel_for(pool &on, std::uint64_t grain, range all, weft_range_fn body, void *ctx, error **failure) {
  return with_pieces(on, grain, all, body, nullptr, ctx, nullptr, failure);
}

weft_status parallel_reduce(pool &on, std::uint64_t grain, range all, const weft_reduction_t &how, void *ctx,
                            void *result, error **failure) {
  return with_pieces(on, grain, all, nullptr, &how, ctx, result, failure);
}

} // namespace weft::core
