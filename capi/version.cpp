// weft/version.h
#include <weft/version.h>

#include <algorithm>
#include <array>
#include <string_view>

#define WEFT_TEXT_OF(x) #x
#define WEFT_TEXT(x) WEFT_TEXT_OF(x)

namespace {

// In alphabetical order. One name for each part that an older library may not have.
constexpr std::array features{
    "allocator",        "blocking_regions",
    "caller_run",       "cancel_tokens",
    "cleanup",          "completion_queues",
    "contexts",         "continuations",
    "default_executor", "domains",
    "executors",        "fork",
    "futures",          "groups",
    "host_workers",     "join",
    "log_hook",         "map",
    "misuse_hook",      "parallel",
    "priorities",       "promises",
    "runtimes",         "semaphores",
    "shutdown_report",  "stats",
    "strands",          "task_rooms",
    "threads",          "timers",
    "worker_hooks",
};

} // namespace

extern "C" {

uint32_t weft_version(void) {
  return WEFT_VERSION;
}

const char *weft_version_string(void) {
  return WEFT_TEXT(WEFT_VERSION_MAJOR) "." WEFT_TEXT(WEFT_VERSION_MINOR) "." WEFT_TEXT(WEFT_VERSION_PATCH);
}

int32_t weft_has_feature(const char *name) {
  if (name == nullptr) return WEFT_EINVAL;
  return std::find(features.begin(), features.end(), std::string_view(name)) != features.end();
}

const char *weft_feature(size_t index) {
  return index < features.size() ? features[index] : nullptr;
}

} // extern "C"
