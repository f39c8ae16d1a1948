// weft/task_options.h
#include <weft/task_options.h>

#include "base/name.hpp"
#include "submit.hpp"
#include "task/attachment.hpp"

using namespace weft::core;

weft_status weft::core::refuse_option(const char *field, const char *why) noexcept {
  log_option(struct_name<weft_task_options_t>, field, why);
  return WEFT_ENOTSUP;
}

extern "C" {

const char *weft_name(const char *name) {
  return name != nullptr ? interned(name) : nullptr;
}

const char *weft_task_name(void) {
  return current_task_name();
}

} // extern "C"
