// What nearly every file of lib/, capi/ and the unit tests includes and seldom changes, compiled
// once for each target: Asio alone is half of the work of compiling a small file. Each file still
// includes what it uses.
#include <utility> // before Asio 1.74, which forgets it under C++20

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <new>
#include <string>
#include <vector>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/smart_ptr/intrusive_ptr.hpp>
