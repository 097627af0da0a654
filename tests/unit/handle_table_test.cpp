// Handles: a good one finds its object from any thread, and no other one ever does.
#include <gtest/gtest.h>

#include <atomic>
#include <random>
#include <thread>
#include <vector>

#include "capi/handle_table.hpp"

namespace opensspi::capi {
namespace {

std::atomic<int> live_objects{0};

struct Counted {
  explicit Counted(int v) : value(v) { ++live_objects; }
  ~Counted() {
    value = -1;
    --live_objects;
  }
  std::atomic<int> value;
};

using Table = HandleTable<Counted, HandleKind::context>;

// Tables last as long as the process, as those of the interface do: their slots are never given back.
template <typename T>
T& lasting() {
  static auto* const kTables = new std::vector<T*>;
  kTables->push_back(new T);
  return *kTables->back();
}

TEST(HandleTable, FindsWhatWasInserted) {
  const int before = live_objects;
  Table& table = lasting<Table>();
  const SecHandle a = table.insert(std::make_unique<Counted>(1)), b = table.insert(std::make_unique<Counted>(2));
  EXPECT_EQ(table.find(a)->value, 1);
  EXPECT_EQ(table.find(b)->value, 2);
  EXPECT_TRUE(table.erase(a));
  EXPECT_TRUE(table.erase(b));
  EXPECT_EQ(live_objects, before);
}

TEST(HandleTable, IsNeverNoneOrInvalid) {
  Table& table = lasting<Table>();
  for (int i = 0; i < 100; ++i) {
    const SecHandle handle = table.insert(std::make_unique<Counted>(i));
    EXPECT_FALSE(handle.dwLower == 0 && handle.dwUpper == 0);
    EXPECT_FALSE(handle.dwLower == ~ULONG_PTR{0} && handle.dwUpper == ~ULONG_PTR{0});
    EXPECT_TRUE(table.erase(handle));
  }
}

TEST(HandleTable, StaleHandlesFindNothing) {
  Table& table = lasting<Table>();
  std::vector<SecHandle> stale;
  for (int i = 0; i < 3000; ++i) {  // slots are used again and again
    const SecHandle handle = table.insert(std::make_unique<Counted>(i));
    EXPECT_TRUE(table.erase(handle));
    EXPECT_FALSE(table.erase(handle)) << "freed twice";
    stale.push_back(handle);
  }
  const SecHandle good = table.insert(std::make_unique<Counted>(7));
  for (const SecHandle& handle : stale) EXPECT_FALSE(table.find(handle));
  EXPECT_TRUE(table.erase(good));
}

TEST(HandleTable, ForgedHandlesFindNothing) {
  Table& table = lasting<Table>();
  const SecHandle good = table.insert(std::make_unique<Counted>(1));
  for (unsigned bit = 0; bit < 64; ++bit) {
    EXPECT_FALSE(table.find({good.dwLower ^ (ULONG_PTR{1} << bit), good.dwUpper})) << bit;
    EXPECT_FALSE(table.find({good.dwLower, good.dwUpper ^ (ULONG_PTR{1} << bit)})) << bit;
  }
  EXPECT_FALSE(table.find({0, 0}));
  EXPECT_FALSE(table.find({~ULONG_PTR{0}, ~ULONG_PTR{0}}));
  EXPECT_FALSE(table.find({good.dwUpper, good.dwLower}));
  std::mt19937_64 random(20261123);
  for (int i = 0; i < 100000; ++i) EXPECT_FALSE(table.find({random(), random()}));
  EXPECT_TRUE(table.erase(good));
}

TEST(HandleTable, HandlesOfAnotherTableFindNothing) {
  Table& table = lasting<Table>();
  auto& other = lasting<HandleTable<Counted, HandleKind::credential>>();
  const SecHandle foreign = other.insert(std::make_unique<Counted>(1));
  const SecHandle own = table.insert(std::make_unique<Counted>(2));
  EXPECT_FALSE(table.find(foreign));
  EXPECT_FALSE(other.find(own));
  EXPECT_FALSE(table.erase(foreign));
  Table& twin = lasting<Table>();  // the same kind: generations begin at random
  const SecHandle of_twin = twin.insert(std::make_unique<Counted>(3));
  EXPECT_FALSE(table.find(of_twin));
  EXPECT_TRUE(other.erase(foreign) && table.erase(own) && twin.erase(of_twin));
}

TEST(HandleTable, AReferenceKeepsTheObjectAlive) {
  const int before = live_objects;
  Table& table = lasting<Table>();
  const SecHandle handle = table.insert(std::make_unique<Counted>(5));
  {
    const auto reference = table.find(handle);
    EXPECT_TRUE(table.erase(handle));
    EXPECT_FALSE(table.find(handle));
    EXPECT_EQ(reference->value, 5);
    EXPECT_EQ(live_objects, before + 1);
  }
  EXPECT_EQ(live_objects, before);
}

TEST(HandleTable, ManyObjectsAtOnce) {
  const int before = live_objects;
  Table& table = lasting<Table>();
  std::vector<SecHandle> handles;
  for (int i = 0; i < 5000; ++i) handles.push_back(table.insert(std::make_unique<Counted>(i)));
  for (int i = 0; i < 5000; ++i) EXPECT_EQ(table.find(handles[static_cast<std::size_t>(i)])->value, i);
  for (const SecHandle& handle : handles) EXPECT_TRUE(table.erase(handle));
  EXPECT_EQ(live_objects, before);
}

// Threads make, use and end objects, and use the handles of others, current and stale, all the time.
TEST(HandleTable, ManyThreads) {
  constexpr int kThreads = 6, kRounds = 4000, kShared = 64;
  Table& table = lasting<Table>();
  std::array<std::atomic<std::uint64_t>, 2 * kShared> shared{};  // handles as two words; a torn pair is a forged one
  std::atomic<int> found{0}, freed_twice{0};
  const auto work = [&](int thread) {
    std::mt19937 random(static_cast<unsigned>(thread));
    for (int round = 0; round < kRounds; ++round) {
      const std::size_t at = 2 * (random() % kShared);
      const SecHandle handle = table.insert(std::make_unique<Counted>(thread));
      const SecHandle old{shared[at].exchange(handle.dwLower), shared[at + 1].exchange(handle.dwUpper)};
      const std::size_t other = 2 * (random() % kShared);
      if (const auto reference = table.find({shared[other].load(), shared[other + 1].load()})) {
        EXPECT_GE(reference->value.load(), 0) << "an object that has ended";
        ++found;
      }
      if (table.erase(old) && table.erase(old)) ++freed_twice;
    }
  };
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) threads.emplace_back(work, i);
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(freed_twice, 0);
  EXPECT_GT(found, 0);
}

// One handle, ended by all threads at once: exactly one of them ends it.
TEST(HandleTable, EndedOnceByManyThreads) {
  Table& table = lasting<Table>();
  for (int round = 0; round < 500; ++round) {
    const SecHandle handle = table.insert(std::make_unique<Counted>(1));
    std::atomic<int> ended{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&] {
        {
          const auto reference = table.find(handle);
          EXPECT_TRUE(!reference || reference->value == 1);
        }
        ended += table.erase(handle) ? 1 : 0;
      });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(ended, 1);
  }
  EXPECT_EQ(table.find({0, 0}) ? 1 : 0, 0);
}

}  // namespace
}  // namespace opensspi::capi
