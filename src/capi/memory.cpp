#include "capi/memory.hpp"

#include <pthread.h>

#include <array>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <new>
#include <unordered_map>

#include "base/secret.hpp"
#include "capi/export.hpp"
#include "capi/failure.hpp"

namespace opensspi::capi {
namespace {

// Which memory is ours, and how much of it is to be wiped; split so that threads seldom meet.
struct Shard {
  std::mutex mutex;
  std::unordered_map<void*, std::size_t> sizes;
};

constexpr std::size_t kShards = 16;
using Shards = std::array<Shard, kShards>;

// They outlive threads that free at the end. A child process finds them whole and their locks free.
Shards& all_shards() {
  static Shards& shards = [] -> Shards& {
    auto& made = *new Shards;
    constexpr auto kBefore = [] {
      for (Shard& shard : all_shards()) shard.mutex.lock();
    };
    constexpr auto kAfter = [] {  // in both processes
      for (Shard& shard : all_shards()) shard.mutex.unlock();
    };
    pthread_atfork(kBefore, kAfter, kAfter);
    return made;
  }();
  return shards;
}

Shard& shard_of(const void* memory) { return all_shards()[(reinterpret_cast<std::uintptr_t>(memory) >> 5) % kShards]; }

}  // namespace

void* allocate(std::size_t size_bytes) {
  void* memory = std::calloc(1, size_bytes == 0 ? 1 : size_bytes);
  if (memory == nullptr) throw std::bad_alloc();
  Shard& shard = shard_of(memory);
  try {
    const std::scoped_lock lock(shard.mutex);
    shard.sizes.emplace(memory, size_bytes);
  } catch (...) {
    std::free(memory);
    throw;
  }
  return memory;
}

void* allocate_copy(Bytes bytes) {
  void* memory = allocate(bytes.size());
  copy_bytes({static_cast<std::uint8_t*>(memory), bytes.size()}, bytes);
  return memory;
}

SEC_WCHAR* allocate_text(std::u16string_view text) {
  SEC_WCHAR* front = nullptr;
  Block block(front, 0, Block::text_bytes(text));
  return block.put(text);
}

bool free_allocated(void* memory) {
  std::size_t size_bytes = 0;
  {
    Shard& shard = shard_of(memory);
    const std::scoped_lock lock(shard.mutex);
    const auto found = shard.sizes.find(memory);
    if (found == shard.sizes.end()) return false;
    size_bytes = found->second;
    shard.sizes.erase(found);
  }
  wipe(memory, size_bytes);
  std::free(memory);
  return true;
}

SEC_WCHAR* Block::put(std::u16string_view text) {
  auto* at = reinterpret_cast<SEC_WCHAR*>(memory_ + next_);
  if (!text.empty()) std::memcpy(at, text.data(), text.size() * sizeof(char16_t));
  at[text.size()] = 0;
  next_ += text_bytes(text);
  return at;
}

}  // namespace opensspi::capi

using namespace opensspi;

OPENSSPI_API SECURITY_STATUS FreeContextBuffer(void* pvContextBuffer) {
  return capi::guarded("FreeContextBuffer", [&]() -> Result<Status> {
    if (pvContextBuffer == nullptr || capi::free_allocated(pvContextBuffer)) return Status::ok;
    return fail(Status::invalid_parameter, "pvContextBuffer",
                "this memory is not of this interface, or was freed before");
  });
}
OPENSSPI_EXPORT(FreeContextBuffer);
