// How cancel tokens get their deadlines: deadlines.cpp.
#pragma once

#include <cstdint>

#include "task/cancel_token.hpp"

namespace weft::core {

// Make a token with one reference. It is cancelled after `timeout` at the latest. WEFT_OK,
// WEFT_ENOMEM; with a deadline of its own also WEFT_EAGAIN, WEFT_ESHUTDOWN.
weft_status make_cancel_token(cancel_token *parent, std::int64_t timeout, cancel_token *&out);

} // namespace weft::core
