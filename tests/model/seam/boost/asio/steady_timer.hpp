// See io_context.hpp.
#pragma once

#include "boost/asio/io_context.hpp"
