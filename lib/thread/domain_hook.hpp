// The hooks of the whole process, set from inside of a domain or not: one that belongs to a domain goes with it, and
// one of nobody's is outside, whoever causes it to be called or takes it away.
#pragma once

#include <weft/host.h>

namespace weft::core {

// As weft_set_log_hook and weft_set_misuse_hook, for the thread that calls.
weft_status set_log_hook_here(weft_log_hook_fn hook, void *ctx, weft_drop_fn drop) noexcept;
weft_status set_misuse_hook_here(weft_misuse_hook_fn hook, void *ctx, weft_drop_fn drop) noexcept;

} // namespace weft::core
