// Counts every allocation of the process, the library's included. In one source of a program only.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace {
std::atomic<std::uint64_t> allocation_count;
}
#define COUNTED __attribute__((visibility("default")))
extern "C" {
void* __libc_malloc(std::size_t);
void* __libc_calloc(std::size_t, std::size_t);
void* __libc_realloc(void*, std::size_t);
void* __libc_memalign(std::size_t, std::size_t);

COUNTED void* malloc(std::size_t size) {
  allocation_count.fetch_add(1, std::memory_order_relaxed);
  return __libc_malloc(size);
}
COUNTED void* calloc(std::size_t count, std::size_t size) {
  allocation_count.fetch_add(1, std::memory_order_relaxed);
  return __libc_calloc(count, size);
}
COUNTED void* realloc(void* old, std::size_t size) {
  allocation_count.fetch_add(1, std::memory_order_relaxed);
  return __libc_realloc(old, size);
}
COUNTED void* memalign(std::size_t alignment, std::size_t size) {
  allocation_count.fetch_add(1, std::memory_order_relaxed);
  return __libc_memalign(alignment, size);
}
COUNTED void* aligned_alloc(std::size_t alignment, std::size_t size) { return memalign(alignment, size); }
COUNTED int posix_memalign(void** out, std::size_t alignment, std::size_t size) {
  *out = memalign(alignment, size);
  return *out == nullptr ? 12 /* ENOMEM */ : 0;
}
}
