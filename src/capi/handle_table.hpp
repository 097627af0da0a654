// HandleTable: objects behind handles that are index, kind and generation, never an address.
//
// A look-up takes a reference with one compare-and-swap on the slot and no lock. erase() unlinks: later look-ups fail,
// and the object ends with the last reference. A slot's generation never comes back, so a stale, forged, foreign or
// doubly freed handle is told from a good one. Only insert() and the end of an object take the table's lock.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "opensspi/sspi.h"

namespace opensspi::capi {

static_assert(sizeof(ULONG_PTR) == 8, "a handle holds a generation of 64 bits");

enum class HandleKind : std::uint32_t { credential = 0xC4, context = 0xC7 };

// The first generation of a process, from the system's random numbers: a handle of another process fits none here.
std::uint64_t first_generation();

template <typename T, HandleKind kKind>
class HandleTable {
  struct Slot;

 public:
  // A reference that keeps the object alive; empty where the handle fits none.
  class Reference {
   public:
    Reference() = default;
    Reference(HandleTable* table, Slot* slot) : table_(table), slot_(slot) {}
    Reference(Reference&& other) noexcept : table_(other.table_), slot_(std::exchange(other.slot_, nullptr)) {}
    Reference& operator=(Reference&&) = delete;
    Reference(const Reference&) = delete;
    Reference& operator=(const Reference&) = delete;
    ~Reference() {
      if (slot_ != nullptr) table_->release(*slot_);
    }
    explicit operator bool() const { return slot_ != nullptr; }
    T* operator->() const { return slot_->object; }
    T& operator*() const { return *slot_->object; }

   private:
    HandleTable* table_ = nullptr;
    Slot* slot_ = nullptr;
  };

  HandleTable() = default;
  HandleTable(const HandleTable&) = delete;
  HandleTable& operator=(const HandleTable&) = delete;

  // For pthread_atfork(): a child's copy of the table is whole, and its lock free.
  void before_fork() { mutex_.lock(); }
  void after_fork() { mutex_.unlock(); }

  SecHandle insert(std::unique_ptr<T> object) {
    const std::scoped_lock lock(mutex_);
    const std::uint32_t index = take_free_slot();
    Slot& slot = slot_at(index);
    if (next_generation_ == 0) next_generation_ = first_generation();
    slot.generation.store(next_generation_, std::memory_order_relaxed);
    next_generation_ += kGenerationStep;
    slot.object = object.release();
    const SecHandle handle{make_lower(index), slot.generation.load(std::memory_order_relaxed)};
    slot.references.store(kLive | 1, std::memory_order_release);
    return handle;
  }

  Reference find(const SecHandle& handle) {
    Slot* slot = slot_of(handle);
    if (slot == nullptr) return {};
    std::uint64_t seen = slot->references.load(std::memory_order_relaxed);
    do {
      if ((seen & kLive) == 0) return {};
    } while (!slot->references.compare_exchange_weak(seen, seen + 1, std::memory_order_acquire));
    Reference reference(this, slot);
    // Stable while the reference is held; the slot may have been given anew since the handle was made.
    if (slot->generation.load(std::memory_order_relaxed) != handle.dwUpper) return {};
    return reference;
  }

  // Unlinks the object; false where the handle fits none (any more).
  bool erase(const SecHandle& handle) {
    const Reference reference = find(handle);
    if (!reference) return false;
    Slot& slot = *slot_of(handle);
    // The one who clears kLive drops the table's own reference; the caller's of above ends last.
    if ((slot.references.fetch_and(~kLive, std::memory_order_acq_rel) & kLive) == 0) return false;
    release(slot);
    return true;
  }

 private:
  struct Slot {
    std::atomic<std::uint64_t> references{0};  // kLive, and a count below it
    std::atomic<std::uint64_t> generation{0};
    T* object = nullptr;
    std::uint32_t index = 0;
  };

  static constexpr std::uint64_t kLive = 1ULL << 63;
  static constexpr std::uint64_t kGenerationStep = 0x9E3779B97F4A7C15;  // odd: all 2^64 come before one comes again
  static constexpr std::size_t kChunkSlots = 1024;
  static constexpr std::size_t kChunks = 16384;  // 16 million objects
  using Chunk = std::array<Slot, kChunkSlots>;

  static ULONG_PTR make_lower(std::uint32_t index) {
    return (static_cast<ULONG_PTR>(static_cast<std::uint32_t>(kKind)) << 32) | index;
  }

  Slot& slot_at(std::uint32_t index) {
    return (*chunks_[index / kChunkSlots].load(std::memory_order_relaxed))[index % kChunkSlots];
  }

  Slot* slot_of(const SecHandle& handle) {
    if (handle.dwLower >> 32 != static_cast<std::uint32_t>(kKind)) return nullptr;
    const auto index = static_cast<std::uint32_t>(handle.dwLower);
    if (index / kChunkSlots >= kChunks) return nullptr;
    Chunk* chunk = chunks_[index / kChunkSlots].load(std::memory_order_acquire);
    return chunk == nullptr ? nullptr : &(*chunk)[index % kChunkSlots];
  }

  std::uint32_t take_free_slot() {
    if (free_.empty()) add_chunk();
    const std::uint32_t index = free_.back();
    free_.pop_back();
    return index;
  }

  void add_chunk() {
    if (used_chunks_ == kChunks) throw std::bad_alloc();
    free_.reserve((used_chunks_ + 1) * kChunkSlots);  // so that giving a slot back never allocates
    auto chunk = std::make_unique<Chunk>();
    const auto first = static_cast<std::uint32_t>(used_chunks_ * kChunkSlots);
    for (std::uint32_t i = kChunkSlots; i-- > 0;) {
      (*chunk)[i].index = first + i;
      free_.push_back(first + i);
    }
    chunks_[used_chunks_].store(chunk.release(), std::memory_order_release);  // chunks stay for good
    ++used_chunks_;
  }

  void release(Slot& slot) {
    if (slot.references.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
    delete std::exchange(slot.object, nullptr);
    const std::scoped_lock lock(mutex_);
    slot.generation.store(0, std::memory_order_relaxed);
    free_.push_back(slot.index);
  }

  std::array<std::atomic<Chunk*>, kChunks> chunks_{};
  std::mutex mutex_;
  std::vector<std::uint32_t> free_;
  std::size_t used_chunks_ = 0;
  std::uint64_t next_generation_ = 0;
};

}  // namespace opensspi::capi
