// The hooks of the whole process, for log and misuse, as a member of a domain or of none.
//
// A hook that was set inside a domain goes with the domain. A hook of no domain runs and is dropped
// outside of all domains, whatever thread does it. Knows the slots of base/log.hpp and
// base/misuse.hpp as functions only.
#pragma once

#include <weft/host.h>

namespace weft::core {

// As weft_set_log_hook and weft_set_misuse_hook, for the domain that the calling thread is inside
// of.
weft_status set_log_hook_here(weft_log_hook_fn hook, void *ctx, weft_drop_fn drop) noexcept;
weft_status set_misuse_hook_here(weft_misuse_hook_fn hook, void *ctx, weft_drop_fn drop) noexcept;

} // namespace weft::core
