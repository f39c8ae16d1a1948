// One random program: executors, promises, and threads that do random things with them. Its records tell afterwards
// whether every promise of the contract was kept.
//
// random_program.cpp sets a program up and takes it down. random_actions.cpp is what its threads, tasks and callbacks
// do. random_tickets.cpp has the tasks, the callbacks and their checks. The whole program follows from its seed, except
// the order of events.
//
// The counters of the records are relaxed on purpose: they must not give an order that weft has promised to give. What
// the contract orders is kept in plain fields, so that ThreadSanitizer sees a broken promise.
//
// A program must end by itself. So it waits without limit only for what weft's wait graph can follow: never for a
// promise, and from inside a task or callback never for a task of a caller-run executor.
#ifndef WEFT_TESTS_STRESS_RANDOM_PROGRAM_HPP
#define WEFT_TESTS_STRESS_RANDOM_PROGRAM_HPP

#include "stress.hpp"

#include <array>
#include <vector>

namespace stress {

class program;
struct ticket;

template <class T> using relaxed = std::atomic<T>;
inline constexpr auto relax = std::memory_order_relaxed;

/// An executor of the program.
struct place {
  enum class kind { pool, strand, caller_run };
  kind what = kind::pool;
  executor handle;
  place *pool = nullptr; // of a strand
  std::uint32_t when_full = WEFT_FULL_FAIL, workers = 0;
  std::uint64_t max_queue = 0;
  bool waits_forever = false; // for WEFT_FULL_WAIT
  bool breaks = false;        // its initializer fails
  bool lasting = true;        // false: made while the program runs, and known only to its own tasks
  std::thread driver;         // of a caller-run executor
  relaxed<bool> closing{false}, cancelling{false}; // set before the call that does it
  relaxed<bool> ended{false};                      // shutdown with wait has returned
  // Of a strand, plain: only its tasks touch them.
  bool occupied = false;
  std::array<std::uint64_t, 64> last_order{};

  bool may_refuse_for_good() const noexcept {
    return closing.load(relax) || (pool != nullptr && pool->closing.load(relax));
  }
  bool may_cancel() const noexcept {
    return cancelling.load(relax) || (pool != nullptr && pool->cancelling.load(relax));
  }
  bool may_break() const noexcept { return breaks || (pool != nullptr && pool->breaks); }
};

/// A result that counts itself. Its number is plain; its maker wrote it.
struct value {
  ticket *of;
  int number;
};

/// What a task ends with.
enum class ending { value, nothing, status, error, exception };

/// A task or promise, from before it is submitted until the verdict.
struct ticket {
  // Written before it is submitted.
  program *of = nullptr;
  place *where = nullptr; // null: a promise
  std::uint64_t random = 0;
  ending end = ending::value;
  bool posted = false, in_room = false, of_map = false;
  bool takeable = false; // its result may be taken, so other threads must not read it
  std::uint32_t submitter = 0;
  std::uint64_t order = 0;
  int input = 0;
  weft_future_t *own = nullptr; // a promise's or task's reference, kept until the verdict; null: given back early
  // Written by the task, ordered by weft.
  int output = 0, dropped_before_done = 0;
  ticket *outer = nullptr; // the task whose wait runs it, on the same thread
  // Counters and marks.
  relaxed<weft_future_t *> shown{nullptr}; // for other threads; the release store publishes the fields above
  relaxed<int> runs{0}, drops{0}, result_drops{0}, takes{0}, cancels{0}, sets{0};
  relaxed<bool> accepted{false}, stop_asked{false}, stop_told{false}, cancel_tried{false}, take_tried{false},
      map_ended{false};

  bool may_be_cancelled() const noexcept;
  /// A stop request to a waiter also reaches the task that it runs.
  bool may_be_stopped() const noexcept {
    return stop_asked.load(relax) || (outer != nullptr && outer->may_be_stopped());
  }
  /// Checks everything that must hold for a thread that has seen it done.
  void look(weft_future_t *future);
  void verdict();
};

/// A callback that was added.
struct note {
  ticket *on = nullptr;
  std::uint64_t random = 0;
  const void *adder = nullptr; // the thread that adds it
  relaxed<int> calls{0}, drops{0};
  relaxed<bool> adding{false};
};

/// What this thread is doing in the program; the innermost task.
struct here {
  ticket *task = nullptr;    // the task it runs, if any
  int depth = 0;             // tasks and callbacks on its stack
  int callbacks = 0;         // how many of them are callbacks
  std::uint32_t thread = 0;  // its number in this program
  std::uint64_t orders = 0;  // how many tasks it has submitted
  std::uint64_t program = 0; // the program to which the numbers belong
};

class program {
public:
  explicit program(std::uint64_t seed);
  ~program();
  program(const program &) = delete;
  program &operator=(const program &) = delete;
  /// Runs the program, ends everything, and checks.
  void run();

  // --- for actions ---
  /// Does one random thing, on any thread.
  void act(dice &random);
  here &at() const; // of the calling thread
  ticket *new_ticket(place *where, dice &random);
  ticket *some_ticket(dice &random); // a ticket that was shown, or null
  void show(ticket &made, weft_future_t *future, dice &random);

  static weft_status run_ticket(void *ctx, void **result, weft_error_t **error);
  static void drop_ticket(void *ctx);
  static void drop_value(void *result);
  static const weft_task_type_t room_type;

private:
  friend struct ticket;
  void make_places(dice &random);
  void make_place(place &made, dice &random, bool lasting);
  void drive(place &of);
  void play(std::uint64_t random, std::uint32_t steps);
  void end_place(place &which, dice &random);
  void complete_promises();
  void judge();
  static weft_status run_steps(ticket &self, weft_error_t **error);
  static weft_status run_room(void *room, weft_error_t **error);
  static void drop_room(void *room);
  static void drop_room_result(void *room);

  place *some_place(dice &random);
  bool accepts(weft_status status, const place &where, bool batch);
  bool sound(weft_status status, std::int64_t timeout) const;
  std::int64_t some_timeout(dice &random, const ticket *awaited);
  bool inside() const { return at().depth > 0; }
  // Whether a wait without limit for this may never end.
  bool may_never_end(const ticket *awaited) const {
    return awaited->where == nullptr || (inside() && awaited->where->what == place::kind::caller_run);
  }

  void submit(dice &random);
  void submit_to(place &where, dice &random);
  void submit_batch(dice &random);
  void submit_room(dice &random);
  void use(ticket &made, weft_future_t *future, dice &random);
  void wait_for(ticket &awaited, weft_future_t *future, dice &random);
  void cancel(ticket &which, weft_future_t *future);
  void request_stop(ticket &which, weft_future_t *future);
  void add_callback(ticket &which, weft_future_t *future, dice &random);
  void wait_for_several(dice &random);
  void iterate_completed(dice &random);
  void map(dice &random);
  void make_promise(dice &random);
  void complete(ticket &promise, weft_future_t *future, dice &random);
  void shut_down(dice &random);
  void use_own_executor(dice &random);
  void run_some(dice &random);
  static void called(void *ctx, weft_future_t *done);
  static void note_dropped(void *ctx);

  static constexpr std::size_t most_tickets = 500, most_notes = 400, most_places = 24;
  const std::uint64_t seed_, serial_;
  mutable std::atomic<std::uint32_t> threads_{0}; // threads that have asked for their number
  bool with_shutdowns_ = false;
  std::size_t lasting_ = 0; // how many of the places all threads may use
  std::vector<place> places_;
  std::atomic<std::size_t> place_count_{0};
  std::vector<ticket> tickets_;
  std::atomic<std::size_t> ticket_count_{0};
  std::vector<note> notes_;
  std::atomic<std::size_t> note_count_{0};
};

/// Counts of what is under way, over all programs: accepted tasks and callbacks not yet dropped, living results, errors
/// that the exception hook has still to report. Never destroyed. Programs run one after the other.
struct under_way {
  relaxed<std::int64_t> drops{0}, values{0}, hooks{0};
};
extern under_way counts;
void await_zero(const relaxed<std::int64_t> &count);

} // namespace stress

#endif
