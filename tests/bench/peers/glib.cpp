// GLib: GThreadPool. It has one function for all data, so the low byte of the data tells the type of the callable.
#include "frame/packed.hpp"
#include "workloads/pool.hpp"
#include "workloads/tree.hpp"

#include <glib.h>

#include <array>
#include <cstdint>

namespace {

using bench::small;
using call = void (*)(void *);

std::array<call, 256> calls;
std::uintptr_t calls_known = 0; // from 1, because data must not be NULL

template <small F> std::uintptr_t number_of() {
  static const std::uintptr_t number = [] {
    calls[++calls_known] = [](void *packed) { bench::unpack<F>(packed)(); };
    return calls_known;
  }();
  return number;
}

class pool {
public:
  explicit pool(unsigned workers)
      : native_(g_thread_pool_new(run, nullptr, static_cast<gint>(workers), TRUE, nullptr)) {}
  ~pool() { g_thread_pool_free(native_, FALSE, TRUE); }

  template <small F> void post(F f) {
    const auto packed = reinterpret_cast<std::uintptr_t>(bench::pack(f)); // addresses have 48 bits
    g_thread_pool_push(native_, reinterpret_cast<void *>(packed << 8 | number_of<F>()), nullptr);
  }

private:
  static void run(void *data, void *) {
    const auto packed = reinterpret_cast<std::uintptr_t>(data);
    calls[packed & 255](reinterpret_cast<void *>(packed >> 8));
  }

  GThreadPool *native_;
};

} // namespace

int main(int argc, char **argv) {
  return bench::run(argc, argv, "glib", {bench::pool<pool>(), bench::growing<pool>(), {{"W4", bench::tree<pool>}}});
}
