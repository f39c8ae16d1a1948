// POSIX threads: the floor for creating and joining one.
#include "workloads/thread.hpp"

#include <pthread.h>

namespace {

struct thread {
  static void create_and_join() {
    pthread_t created;
    const int refused = pthread_create(
        &created, nullptr,
        [](void *) -> void * {
          ++bench::threads_run;
          return nullptr;
        },
        nullptr);
    if (refused == 0) pthread_join(created, nullptr);
  }
};

} // namespace

int main(int argc, char **argv) {
  return bench::run(argc, argv, "pthread", {{{"W7", bench::create_and_join<thread>}}});
}
