// signal_cases.cpp: what the system sees of weft's threads: which signals they take, and which names they have.
#include "cases.hpp"

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdio>
#include <dirent.h>
#include <iterator>
#include <pthread.h>
#include <sys/syscall.h>

namespace process {
namespace {

std::atomic<int> handled;
std::atomic<int> handled_elsewhere;
pid_t host; // the thread on which handlers must run

pid_t own_tid() {
  return static_cast<pid_t>(syscall(SYS_gettid));
}

void count_signal(int) {
  ++handled;
  if (own_tid() != host) ++handled_elsewhere;
}

weft_status spin_until(void *ctx, void **, weft_error_t **) {
  auto *stop = static_cast<std::atomic<bool> *>(ctx);
  while (!*stop) {
  }
  return WEFT_OK;
}

// The main thread waits. Busy and idle workers could take the signals, if they did not block them.
int signals_run_on_a_host_thread() {
  static std::atomic<bool> stop = false;
  host = own_tid();
  std::signal(SIGUSR1, count_signal);
  weft_executor_t *pool = make_pool(3);
  weft_executor_t *idle = make_pool(1);
  weft_future_t *future = nullptr;
  EXPECT(weft_executor_submit(idle, nullptr, task_say_now, const_cast<char *>("idle"), nullptr, &future), WEFT_OK);
  EXPECT(weft_future_wait(future, WEFT_FOREVER), WEFT_OK);
  weft_future_unref(future);
  for (int i = 0; i < 2; ++i) EXPECT(weft_executor_post(pool, nullptr, spin_until, &stop, nullptr), WEFT_OK);
  for (int i = 0; i < 200; ++i) {
    int before = handled;
    kill(getpid(), SIGUSR1);
    while (handled == before) weft_sleep(WEFT_MICROSECOND);
  }
  stop = true;
  say(handled == 200 ? "200 handled" : "some were lost");
  say(handled_elsewhere == 0 ? "all here" : "some elsewhere");
  return 0;
}

// Reads the mask with which a worker runs tasks.
weft_status read_mask(void *ctx, void **, weft_error_t **) {
  pthread_sigmask(SIG_SETMASK, nullptr, static_cast<sigset_t *>(ctx));
  return WEFT_OK;
}

void say_wrong_signal(int signal, const char *what) {
  char line[64];
  std::snprintf(line, sizeof line, "signal %d is %s", signal, what);
  say(line);
}

int workers_block_the_signals_of_the_host_alone() {
  sigset_t mask;
  sigset_t mine_before;
  sigset_t mine_after;
  weft_executor_t *pool = make_pool(1);
  weft_future_t *future = nullptr;
  pthread_sigmask(SIG_SETMASK, nullptr, &mine_before);
  EXPECT(weft_executor_submit(pool, nullptr, read_mask, &mask, nullptr, &future), WEFT_OK);
  EXPECT(weft_future_wait(future, WEFT_FOREVER), WEFT_OK);
  weft_future_unref(future);
  const int of_the_host[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGALRM, SIGCHLD, SIGIO, SIGWINCH};
  for (int signal = 1; signal <= SIGRTMAX; ++signal) {
    const bool blocked = std::find(std::begin(of_the_host), std::end(of_the_host), signal) != std::end(of_the_host) ||
                         signal >= SIGRTMIN;
    if (sigismember(&mask, signal) != (blocked ? 1 : 0)) say_wrong_signal(signal, blocked ? "not blocked" : "blocked");
  }
  pthread_sigmask(SIG_SETMASK, nullptr, &mine_after); // the start of threads must not change the host's mask
  for (int signal = 1; signal < 32; ++signal)
    if (sigismember(&mine_before, signal) != sigismember(&mine_after, signal)) say_wrong_signal(signal, "changed here");
  return 0;
}

weft_status read_mask_in_thread(void *ctx, weft_error_t **) {
  return read_mask(ctx, nullptr, nullptr);
}

// By the option, workers block what the maker of the pool blocks, with or without what weft blocks by itself.
int the_option_chooses_the_mask() {
  sigset_t mine;
  sigset_t seen;
  sigemptyset(&mine);
  sigaddset(&mine, SIGPROF);
  pthread_sigmask(SIG_BLOCK, &mine, nullptr);
  for (const uint32_t choice : {0u, WEFT_SIGNALS_INHERIT, WEFT_SIGNALS_BLOCK}) {
    weft_executor_options_t options;
    weft_executor_options_init(&options);
    options.max_workers = 1;
    options.signals = choice;
    weft_executor_t *pool = nullptr;
    weft_future_t *future = nullptr;
    EXPECT(weft_executor_create(nullptr, &options, &pool), WEFT_OK);
    pthread_sigmask(SIG_UNBLOCK, &mine, nullptr); // the mask at the creation of the pool counts
    EXPECT(weft_executor_submit(pool, nullptr, read_mask, &seen, nullptr, &future), WEFT_OK);
    EXPECT(weft_future_wait(future, WEFT_FOREVER), WEFT_OK);
    pthread_sigmask(SIG_BLOCK, &mine, nullptr);
    weft_future_unref(future);
    weft_executor_unref(pool);
    if (sigismember(&seen, SIGPROF) != 1) say("the worker does not inherit");
    if (sigismember(&seen, SIGTERM) != (choice == WEFT_SIGNALS_INHERIT ? 0 : 1)) say("the pool's choice is not heeded");

    weft_thread_options_t thread_options;
    weft_thread_options_init(&thread_options);
    thread_options.signals = choice;
    weft_thread_t *thread = nullptr;
    EXPECT(weft_thread_create(nullptr, &thread_options, read_mask_in_thread, &seen, nullptr, &thread), WEFT_OK);
    EXPECT(weft_thread_start(thread), WEFT_OK);
    EXPECT(weft_thread_join(thread, WEFT_FOREVER), WEFT_OK);
    weft_thread_unref(thread);
    if (sigismember(&seen, SIGPROF) != 1) say("the thread does not inherit");
    if (sigismember(&seen, SIGTERM) != (choice == WEFT_SIGNALS_BLOCK ? 1 : 0)) say("the thread's choice is not heeded");
  }
  pthread_sigmask(SIG_SETMASK, nullptr, &mine);
  EXPECT(weft_process_signal_mask(&seen), WEFT_OK); // on a thread of the host: its own mask
  if (sigismember(&seen, SIGPROF) != 1 || sigismember(&seen, SIGTERM) != 0) say("the mask of the process is another");
  return 0;
}

int weft_installs_no_handler() {
  weft_executor_t *pool = make_pool(2);
  weft_future_t *future = nullptr;
  EXPECT(weft_executor_submit(
             pool, nullptr, read_mask, new sigset_t, [](void *set) { delete static_cast<sigset_t *>(set); }, &future),
         WEFT_OK);
  EXPECT(weft_future_wait(future, WEFT_FOREVER), WEFT_OK);
  weft_future_unref(future);
  for (int signal : {SIGUSR1, SIGUSR2, SIGTERM, SIGINT, SIGHUP, SIGALRM, SIGCHLD, SIGPIPE, SIGQUIT}) {
    struct sigaction action;
    sigaction(signal, nullptr, &action);
    if (action.sa_handler != SIG_DFL && action.sa_handler != SIG_IGN) say_wrong_signal(signal, "handled");
  }
  return 0;
}

void say_fault(int) {
  say("fault handled");
  _exit(14);
}

weft_status raise_fault(void *, void **, weft_error_t **) {
  std::raise(SIGFPE);
  return WEFT_OK;
}

int a_fault_in_a_task_reaches_its_handler() {
  std::signal(SIGFPE, say_fault);
  EXPECT(weft_executor_post(make_pool(1), nullptr, raise_fault, nullptr, nullptr), WEFT_OK);
  for (;;) pause();
}

int a_signal_ends_the_process_as_ever() {
  EXPECT(weft_executor_post(make_pool(1), nullptr, task_block_forever, nullptr, nullptr), WEFT_OK);
  std::raise(SIGTERM);
  return 0;
}

// Whether a thread of this process has that name in the system.
bool a_thread_is_called(const char *name) {
  bool found = false;
  DIR *threads = opendir("/proc/self/task");
  while (dirent *entry = readdir(threads)) {
    char path[300];
    char line[64] = "";
    std::snprintf(path, sizeof path, "/proc/self/task/%s/comm", entry->d_name);
    if (std::FILE *file = std::fopen(path, "r")) {
      if (std::fgets(line, sizeof line, file) != nullptr) line[std::strcspn(line, "\n")] = '\0';
      std::fclose(file);
    }
    if (std::strcmp(line, name) == 0) found = true;
  }
  closedir(threads);
  return found;
}

struct named_thread {
  std::atomic<bool> stop = false;
  static weft_status spin(void *ctx, weft_error_t **) {
    while (!static_cast<named_thread *>(ctx)->stop) weft_sleep(WEFT_MILLISECOND);
    return WEFT_OK;
  }
};

// A name has at most 15 bytes. A number at its end survives the cut, because it tells the threads apart.
int the_system_sees_the_names() {
  static named_thread state;
  weft_executor_options_t options;
  weft_executor_options_init(&options);
  options.name_prefix = "downloads-of-everything";
  weft_executor_t *pool = nullptr;
  static std::atomic<bool> stop = false;
  weft_thread_t *threads[] = {
      start(WEFT_DAEMON_NO, named_thread::spin, &state, "reader"),
      start(WEFT_DAEMON_NO, named_thread::spin, &state, "a-rather-long-name-42"),
  };
  for (weft_thread_t *thread : threads) // when a thread has its native id, it has its name
    if (weft_thread_native_id(thread) == 0) return 1;
  EXPECT(weft_executor_create(nullptr, &options, &pool), WEFT_OK);
  for (int i = 0; i < 2; ++i) EXPECT(weft_executor_post(pool, nullptr, spin_until, &stop, nullptr), WEFT_OK);
  weft_executor_stats_t stats = {};
  stats.size = sizeof stats;
  while (stats.workers_alive < 2) EXPECT(weft_executor_stats(pool, &stats), WEFT_OK);
  // A worker counts from its start on, and sets its name a moment later. If it never does, the time limit reports it.
  while (!a_thread_is_called("downloads-of-_0") || !a_thread_is_called("downloads-of-_1")) continue;
  say(a_thread_is_called("reader") ? "reader" : "no reader");
  say(a_thread_is_called("a-rather-long42") || a_thread_is_called("a-rather-lon-42") ? "42" : "no 42");
  say(a_thread_is_called("downloads-of-_0") ? "worker 0" : "no worker 0");
  say(a_thread_is_called("downloads-of-_1") ? "worker 1" : "no worker 1");
  state.stop = true;
  stop = true;
  for (weft_thread_t *thread : threads) {
    EXPECT(weft_thread_join(thread, WEFT_FOREVER), WEFT_OK);
    weft_thread_unref(thread);
  }
  weft_executor_unref(pool);
  return 0;
}

const named_case cases[] = {
    {"signals-run-on-a-host-thread", signals_run_on_a_host_thread},
    {"workers-block-the-signals-of-the-host-alone", workers_block_the_signals_of_the_host_alone},
    {"the-option-chooses-the-mask", the_option_chooses_the_mask},
    {"weft-installs-no-handler", weft_installs_no_handler},
    {"a-fault-in-a-task-reaches-its-handler", a_fault_in_a_task_reaches_its_handler},
    {"a-signal-ends-the-process-as-ever", a_signal_ends_the_process_as_ever},
    {"the-system-sees-the-names", the_system_sees_the_names},
};

} // namespace

std::span<const named_case> signal_cases() {
  return cases;
}

} // namespace process
