// weft/report.h
#include "runtime/end_report.hpp"

#include "guard.hpp"
#include "handle.hpp"

using namespace weft::core;

namespace {

const end_report::entry *entry_of(const weft_report_t *handle, size_t index) noexcept {
  return handle != nullptr ? static_cast<const end_report *>(handle)->at(index) : nullptr;
}

} // namespace

extern "C" {

weft_status weft_runtime_shutdown_report(weft_runtime_t *handle, int64_t timeout, int64_t grace, weft_report_t **out) {
  if (out == nullptr) return WEFT_EINVAL;
  return guard([&]() -> weft_status {
    shared<runtime> which;
    if (const weft_status status = runtime_of(handle, which); status != WEFT_OK) return status;
    end_report *made = nullptr;
    const weft_status status = which->shutdown(deadline::after(timeout), grace, made);
    if (made != nullptr) *out = made;
    return status;
  });
}

int32_t weft_report_safe_to_unload(const weft_report_t *handle) {
  if (handle == nullptr) return WEFT_EINVAL;
  return static_cast<const end_report *>(handle)->safe_to_unload();
}

size_t weft_report_count(const weft_report_t *handle) {
  return handle != nullptr ? static_cast<const end_report *>(handle)->entries().size() : 0;
}

const char *weft_report_text(const weft_report_t *handle, size_t index) {
  const end_report::entry *const it = entry_of(handle, index);
  return it != nullptr ? it->text.c_str() : "";
}

const char *weft_report_name(const weft_report_t *handle, size_t index) {
  const end_report::entry *const it = entry_of(handle, index);
  return it != nullptr ? it->name.c_str() : "";
}

const char *weft_report_executor(const weft_report_t *handle, size_t index) {
  const end_report::entry *const it = entry_of(handle, index);
  return it != nullptr ? it->executor.c_str() : "";
}

uint64_t weft_report_native_id(const weft_report_t *handle, size_t index) {
  const end_report::entry *const it = entry_of(handle, index);
  return it != nullptr ? it->native_id : 0;
}

int32_t weft_report_is_daemon(const weft_report_t *handle, size_t index) {
  const end_report::entry *const it = entry_of(handle, index);
  return it != nullptr && it->daemon;
}

uint32_t weft_report_runs(const weft_report_t *handle, size_t index) {
  const end_report::entry *const it = entry_of(handle, index);
  return it != nullptr ? it->runs : 0;
}

int64_t weft_report_age(const weft_report_t *handle, size_t index) {
  const end_report::entry *const it = entry_of(handle, index);
  return it != nullptr ? it->age : 0;
}

int64_t weft_report_busy(const weft_report_t *handle, size_t index) {
  const end_report::entry *const it = entry_of(handle, index);
  return it != nullptr ? it->busy : 0;
}

const char *weft_report_task_name(const weft_report_t *handle, size_t index) {
  const end_report::entry *const it = entry_of(handle, index);
  return it != nullptr && it->task != nullptr ? it->task : "";
}

uint64_t weft_report_function(const weft_report_t *handle, size_t index) {
  const end_report::entry *const it = entry_of(handle, index);
  return it != nullptr ? it->function : 0;
}

void weft_report_destroy(weft_report_t **handle) {
  if (handle == nullptr) return;
  delete static_cast<end_report *>(*handle);
  *handle = nullptr;
}

} // extern "C"
