// base/refs.hpp: the last reference deletes the object, and try_ref never revives an object that has ended.
#include <doctest/doctest.h>

#include "base/refs.hpp"
#include "support.hpp"

using namespace weft::test;

namespace {

class counted final : public shared_object<counted> {
public:
  explicit counted(std::atomic<int> &deaths) noexcept : deaths_(deaths) {}
  ~counted() { deaths_.fetch_add(1); }

private:
  std::atomic<int> &deaths_;
};

// A function apart from the cases, not inlined: else the compiler gives a false warning of a use after the end.
[[gnu::noinline]] void give_back(const counted *object) {
  object->unref();
}

} // namespace

TEST_CASE("refs: the object dies with its last reference") {
  std::atomic<int> deaths{0};
  auto *object = new counted(deaths);
  object->ref();
  give_back(object);
  CHECK(deaths == 0);
  CHECK(object->try_ref());
  give_back(object);
  give_back(object);
  CHECK(deaths == 1);
}

TEST_CASE("refs: shared counts, adopt does not") {
  std::atomic<int> deaths{0};
  {
    const shared<counted> first = adopt(new counted(deaths));
    const shared<counted> second(first); // NOLINT: the copy is what is tested
    CHECK(second.get() == first.get());
    CHECK(deaths == 0);
  }
  CHECK(deaths == 1);
}

TEST_CASE("refs: taken by many threads and given back, it dies once") {
  constexpr int rounds = 2'000;
  std::atomic<int> deaths{0};
  for (int round = 0; round < rounds; ++round) {
    auto *object = new counted(deaths);
    object->ref(); // for the other thread
    std::thread other([object] {
      const bool taken = object->try_ref();
      give_back(object);
      if (taken) give_back(object);
    });
    give_back(object);
    other.join();
  }
  CHECK(deaths == rounds);
}
