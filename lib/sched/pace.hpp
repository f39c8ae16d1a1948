// Decides when a worker looks at the clock: by time, although its tasks may be so short that a look
// after each of them would cost a third of it.
//
// Owns no clock: the caller reads cycles() when a look is due. README.md, "Turns".
#pragma once

#include <algorithm>
#include <cstdint>

namespace weft::core {

class pace {
public:
  // The length of a turn in cycles(): about 100 microseconds; 125 to 60 for counters of 2 to 4 GHz.
  static constexpr std::uint64_t turn = 250'000;
  // The most tasks between two looks.
  static constexpr std::int32_t most_unlooked = 16;
  // So many looks in a row must find short tasks before the distance of looks doubles. A few short
  // tasks between long ones must not double it, or the long ones behind them would run without a
  // look.
  static constexpr std::int32_t looks_to_relax = 16;

  // `ended` more tasks have ended. True: look now.
  bool is_look_due(std::int32_t ended) noexcept { return (until_look_ -= ended) <= 0; }
  // How many more tasks may end until the next look, if those of a strand inside of them do not
  // bring it about before.
  std::int32_t until_look() const noexcept { return std::max(until_look_, 1); }

  // The last stretch between two looks was longer than a quarter of a turn. Then a look follows
  // each task.
  bool has_long_tasks() const noexcept { return was_long_; }

  // True: a turn has gone by since this function returned true last. While tasks are as long as
  // they were, the time between two looks is at most a quarter of a turn, or one task.
  bool look(std::uint64_t now) noexcept {
    const std::uint64_t ran = now - looked_at_;
    looked_at_ = now;
    was_long_ = ran > turn / 4;
    if (was_long_) look_after_ = 1;
    if (ran >= turn / 16) {
      short_looks_ = 0;
    } else if (look_after_ < most_unlooked && ++short_looks_ == looks_to_relax) {
      look_after_ *= 2;
      short_looks_ = 0;
    }
    until_look_ = look_after_;
    if (now - turn_began_ < turn) return false;
    turn_began_ = now;
    return true;
  }

  // The worker has come, or has rested.
  void restart(std::uint64_t now) noexcept { looked_at_ = turn_began_ = now; }

private:
  std::int32_t look_after_ = 1, until_look_ = 1;
  std::int32_t short_looks_ = 0; // in a row, since look_after_ has changed
  bool was_long_ = false;
  std::uint64_t looked_at_ = 0, turn_began_ = 0;
};

} // namespace weft::core
