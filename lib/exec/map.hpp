// One map: the items of weft_executor_map, submitted at once or some ahead, read in their order.
//
// Owns the items that were not submitted, and the futures that were not yielded. Knows its executor
// only as a thing to submit to.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include <weft/map.h>

#include "base/clock.hpp"
#include "base/misuse.hpp"
#include "exec/executor.hpp"
#include "task/attachment.hpp"

namespace weft::core {

// The function for each item, and the options of its task.
struct map_call {
  weft_task_fn fn;
  weft_drop_fn drop, result_drop;
  std::uint32_t priority;
  belonging to; // borrowed
};

class map {
public:
  // Submits what may be ahead. On WEFT_OK the caller deletes `out`, which owns the items. Otherwise
  // nothing was accepted.
  static weft_status make(executor &on, const weft_map_options_t &options, const map_call &each, void *const *items,
                          std::size_t count, map *&out);
  ~map();
  map(const map &) = delete;
  map &operator=(const map &) = delete;

  bool has_magic() const noexcept { return magic_.is_right(); }
  // The next future, done, with a reference.
  weft_status next(task *&out);
  bool inherited() const noexcept { return on_.inherited(); }

private:
  struct item {
    void *ctx = nullptr;
    task *future = nullptr; // with a reference, from its submission until it is yielded
  };
  map(executor &on, const weft_map_options_t &options, const map_call &each, std::size_t count) noexcept;

  weft_status submit_ahead();
  weft_status submit_one(item &which);
  weft_status give_up(item &which);
  void drop_item(const item &which) noexcept;
  void cancel_rest();

  executor &on_; // with a handle
  const weft_task_fn fn_;
  weft_drop_fn drop_ = nullptr; // null until make() has succeeded
  const weft_drop_fn result_drop_;
  const std::uint32_t priority_;
  const char *const name_;
  const shared<cancel_token> token_; // or null
  shared<domain> home_;              // or null; the domain counts the map
  const deadline until_;
  const std::size_t count_, ahead_;
  std::unique_ptr<item[]> items_;
  std::size_t submitted_ = 0, yielded_ = 0;
  bool over_ = false;
  [[no_unique_address]] magic_word<0x2bad5eed0e440005> magic_;
};

} // namespace weft::core
