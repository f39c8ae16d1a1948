// weft/map.h
#include "exec/map.hpp"

#include "guard.hpp"
#include "handle.hpp"
#include "submit.hpp"

using namespace weft::core;

extern "C" {

weft_status weft_executor_map(weft_executor_t *executor, const weft_map_options_t *options, weft_task_fn fn,
                              void *const *items, size_t count, weft_drop_fn drop, weft_map_t **out) {
  if (bad(executor) || fn == nullptr || out == nullptr || (items == nullptr && count != 0)) return WEFT_EINVAL;
  if (const weft_status forked = answer_of(executor); forked != WEFT_OK) return forked;
  return guard([&]() -> weft_status {
    weft_map_options_t read;
    if (const weft_status status = read_options(options, read); status != WEFT_OK) return status;
    if (check_options(read).is_zero("flags", read.flags).fails()) return WEFT_EINVAL;
    task_settings tasks;
    if (const weft_status status = read_task_options(read.tasks, tasks, "weft_executor_map"); status != WEFT_OK)
      return status;
    if (const weft_status status = check_priority(tasks.priority, executor); status != WEFT_OK) return status;
    map *made = nullptr;
    const weft_status status =
        map::make(*unwrap(executor), read, {fn, drop, tasks.result_drop, tasks.priority, tasks.to}, items, count, made);
    if (status == WEFT_OK) *out = wrap(made);
    return status;
  });
}

weft_status weft_map_next(weft_map_t *map, weft_future_t **out) {
  if (bad(map) || out == nullptr) return WEFT_EINVAL;
  if (const weft_status forked = answer_of(map); forked != WEFT_OK) return forked;
  return guard([&]() -> weft_status {
    task *next = nullptr;
    const weft_status status = unwrap(map)->next(next);
    if (status == WEFT_OK) *out = wrap_future(next);
    return status;
  });
}

void weft_map_destroy(weft_map_t **map) {
  if (bad(map)) return;
  if (!bad(*map) && !is_anothers(*map)) delete unwrap(*map);
  *map = nullptr;
}

} // extern "C"
