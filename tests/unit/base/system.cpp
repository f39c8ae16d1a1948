// base/system.hpp: CPU quotas read from made-up file trees, and thread names cut to the system's length.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>

#include <sched.h>
#include <unistd.h>

#include "base/system.hpp"

using namespace weft::core;
namespace fs = std::filesystem;

namespace {

// A made-up /proc and /sys/fs/cgroup.
class fake_system {
public:
  fake_system() {
    std::string pattern = (fs::temp_directory_path() / "weft-unit-XXXXXX").string();
    REQUIRE(mkdtemp(pattern.data()) != nullptr);
    root_ = pattern;
  }
  ~fake_system() {
    std::error_code ignored;
    fs::remove_all(root_, ignored);
  }
  fake_system(const fake_system &) = delete;
  fake_system &operator=(const fake_system &) = delete;

  void groups(const std::string &text) const { write("proc/self/cgroup", text); }
  void file(const std::string &path, const std::string &text) const { write("cgroup/" + path, text); }
  std::uint32_t limit() const { return cgroup_cpu_limit((root_ / "proc").string(), (root_ / "cgroup").string()); }

private:
  void write(const std::string &path, const std::string &text) const {
    fs::create_directories((root_ / path).parent_path());
    std::ofstream(root_ / path) << text;
  }
  fs::path root_;
};

} // namespace

TEST_CASE("system: no groups at all is no quota") {
  const fake_system fake;
  CHECK(fake.limit() == 0);
  fake.groups("");
  CHECK(fake.limit() == 0);
  fake.groups("0::/\n");
  CHECK(fake.limit() == 0);
}

TEST_CASE("system: version 2, a quota is rounded up to whole CPUs") {
  const fake_system fake;
  fake.groups("0::/slice/group\n");
  struct {
    const char *text;
    std::uint32_t cpus;
  } const cases[] = {{"max 100000\n", 0},    {"100000 100000\n", 1}, {"150000 100000\n", 2}, {"200000 100000\n", 2},
                     {"200001 100000\n", 3}, {"1000 100000\n", 1},   {"400000 50000\n", 8}};
  for (const auto &c : cases) {
    CAPTURE(c.text);
    fake.file("slice/group/cpu.max", c.text);
    CHECK(fake.limit() == c.cpus);
  }
}

TEST_CASE("system: version 2, the tightest group on the way to the root counts") {
  const fake_system fake;
  fake.groups("0::/slice/group\n");
  fake.file("slice/group/cpu.max", "800000 100000\n");
  CHECK(fake.limit() == 8);
  fake.file("slice/cpu.max", "300000 100000\n");
  CHECK(fake.limit() == 3);
  fake.file("cpu.max", "600000 100000\n");
  CHECK(fake.limit() == 3);
  fake.file("slice/cpu.max", "max 100000\n");
  CHECK(fake.limit() == 6);
}

TEST_CASE("system: version 2, the root of a container's name space") {
  const fake_system fake;
  fake.groups("0::/\n");
  fake.file("cpu.max", "200000 100000\n");
  CHECK(fake.limit() == 2);
}

TEST_CASE("system: version 2, a path that only the host sees falls back to the root") {
  const fake_system fake;
  fake.groups("0::/kubepods/pod1/abc\n");
  fake.file("cpu.max", "400000 100000\n");
  CHECK(fake.limit() == 4);
}

TEST_CASE("system: version 1, quota over period, -1 is none") {
  const fake_system fake;
  fake.groups("11:memory:/box\n4:cpu,cpuacct:/box\n1:name=systemd:/init\n");
  fake.file("cpu,cpuacct/box/cpu.cfs_period_us", "100000\n");
  fake.file("cpu,cpuacct/box/cpu.cfs_quota_us", "-1\n");
  CHECK(fake.limit() == 0);
  fake.file("cpu,cpuacct/box/cpu.cfs_quota_us", "250000\n");
  CHECK(fake.limit() == 3);
  fake.file("cpu,cpuacct/cpu.cfs_period_us", "100000\n");
  fake.file("cpu,cpuacct/cpu.cfs_quota_us", "100000\n");
  CHECK(fake.limit() == 1);
}

TEST_CASE("system: version 1, mounted as cpu alone") {
  const fake_system fake;
  fake.groups("4:cpu,cpuacct:/box\n");
  fake.file("cpu/box/cpu.cfs_period_us", "50000\n");
  fake.file("cpu/box/cpu.cfs_quota_us", "200000\n");
  CHECK(fake.limit() == 4);
}

TEST_CASE("system: version 1, cpuset and cpuacct are other controllers") {
  const fake_system fake;
  fake.groups("4:cpuset:/box\n5:cpuacct:/box\n");
  for (const char *controller : {"cpuset", "cpuacct", "cpu"}) {
    fake.file(std::string(controller) + "/box/cpu.cfs_period_us", "100000\n");
    fake.file(std::string(controller) + "/box/cpu.cfs_quota_us", "100000\n");
  }
  CHECK(fake.limit() == 0);
}

TEST_CASE("system: both versions side by side, the tighter counts") {
  const fake_system fake;
  fake.groups("4:cpu:/a\n0::/b\n");
  fake.file("cpu/a/cpu.cfs_period_us", "100000\n");
  fake.file("cpu/a/cpu.cfs_quota_us", "500000\n");
  CHECK(fake.limit() == 5);
  fake.file("b/cpu.max", "200000 100000\n");
  CHECK(fake.limit() == 2);
}

TEST_CASE("system: a path may hold colons") {
  const fake_system fake;
  fake.groups("0::/odd:name\n");
  fake.file("odd:name/cpu.max", "200000 100000\n");
  CHECK(fake.limit() == 2);
}

TEST_CASE("system: garbage is no quota") {
  const fake_system fake;
  fake.groups("nonsense\n\n::\n0::/g\n");
  for (const char *text : {"", "what 100000\n", "100000\n", "-5 100000\n", "100000 0\n", "100000 -1\n"}) {
    CAPTURE(text);
    fake.file("g/cpu.max", text);
    CHECK(fake.limit() == 0);
  }
  fake.file("g/cpu.max", "1e300 1\n"); // absurd, but no overflow
  CHECK(fake.limit() >= 1);
}

TEST_CASE("system: usable CPUs are at least one and at most the mask") {
  cpu_set_t mask;
  REQUIRE(sched_getaffinity(0, sizeof mask, &mask) == 0);
  CHECK(usable_cpus() >= 1);
  CHECK(usable_cpus() <= static_cast<std::uint32_t>(CPU_COUNT(&mask)));
  CHECK(usable_cpus() == usable_cpus());
}

TEST_CASE("system: native ids differ between threads") {
  CHECK(current_native_id() == static_cast<std::uint64_t>(getpid())); // doctest runs on the main thread
  std::uint64_t other = 0;
  std::thread([&other] { other = current_native_id(); }).join();
  CHECK(other != 0);
  CHECK(other != current_native_id());
}

TEST_CASE("system: names up to 15 bytes stay") {
  CHECK(system_thread_name("") == "");
  CHECK(system_thread_name("short") == "short");
  CHECK(system_thread_name("exactly15bytes!") == "exactly15bytes!");
}

TEST_CASE("system: the number at the end survives, with its separator") {
  CHECK(system_thread_name("a-long-thread-name") == "a-long-thread-n");
  CHECK(system_thread_name("a-long-prefix_12") == "a-long-prefi_12");
  CHECK(system_thread_name("a-long-prefix-for-it-7") == "a-long-prefix-7");
  CHECK(system_thread_name("abcdefghijklmnop4095") == "abcdefghijk4095");
  CHECK(system_thread_name("prefix_1234567890123") == "p_1234567890123");
}

TEST_CASE("system: a number that does not fit is cut like text") {
  CHECK(system_thread_name("12345678901234567890") == "123456789012345");
  CHECK(system_thread_name("x123456789012345") == "x12345678901234");
}

TEST_CASE("system: never inside a character") {
  const std::string umlaut = "\xC3\xA4", euro = "\xE2\x82\xAC", smile = "\xF0\x9F\x98\x80";
  // The cut falls on each byte of a character of two, three and four bytes.
  for (std::size_t lead = 9; lead <= 15; ++lead)
    for (const std::string &character : {umlaut, euro, smile}) {
      const std::string head(lead, 'a');
      const std::string name = system_thread_name(head + character + character + character);
      CAPTURE(lead);
      CAPTURE(name);
      CHECK(name.size() <= 15);
      CHECK(name.size() > 15 - character.size());
      std::string whole = head;
      while (whole.size() + character.size() <= 15) whole += character;
      CHECK(name == whole);
    }
  CHECK(system_thread_name("aaaaaaaaaaa" + umlaut + umlaut + "_7") == "aaaaaaaaaaa" + umlaut + "_7");
  CHECK(system_thread_name("aaaaaaaaaaaa" + umlaut + umlaut + "_7") == "aaaaaaaaaaaa_7");
}

TEST_CASE("system: the result never exceeds what the system takes") {
  for (std::size_t length = 0; length < 40; ++length)
    for (std::size_t digits = 0; digits <= length; ++digits) {
      const std::string name = std::string(length - digits, 'n') + std::string(digits, '9');
      CHECK(system_thread_name(name).size() == std::min<std::size_t>(length, 15));
    }
}
