// Prints the layout of what libweft.so and libboost_thread share. boost.py compiles it against two versions of Boost,
// with -fno-access-control, and compares the outputs.
#include <cstddef>
#include <cstdio>

#include <boost/thread/thread.hpp>

using data = boost::detail::thread_data_base;

// The members must have the same places. A member that only one version has does not compile, or it moves others.
#define AT(member) std::printf(#member " %zu %zu\n", offsetof(data, member), sizeof(data::member))

// The place of a virtual function in the vtable.
template <class Function> static unsigned long place(Function function) {
  unsigned long word;
  __builtin_memcpy(&word, &function, sizeof word);
  return word;
}

int main() {
  std::printf("thread %zu %zu\n", sizeof(boost::thread), offsetof(boost::thread, thread_info));
  std::printf("attributes %zu %zu\n", sizeof(boost::thread::attributes), offsetof(boost::thread::attributes, val_));
  std::printf("data %zu\n", sizeof(data));
  AT(thread_handle);
  AT(data_mutex);
  AT(done_condition);
  AT(done);
  AT(join_started);
  AT(joined);
  AT(thread_exit_callbacks);
  AT(tss_data);
  AT(cond_mutex);
  AT(current_cond);
  AT(notify);
  AT(async_states_);
  AT(interrupt_enabled);
  AT(interrupt_requested);
  std::printf("run %lu\n", place(&data::run));
  std::printf("mutex %zu condition %zu\n", sizeof(boost::mutex), sizeof(boost::condition_variable));
}
