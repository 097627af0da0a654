// Secret: key material and passwords. Move-only, wiped when it ends, neither printed nor compared with ==.
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <utility>

#include "base/bytes.hpp"

namespace opensspi {

// Overwrites memory in a way that the compiler keeps.
void wipe(void* memory, std::size_t size_bytes);

// Constant time in the content; different lengths are unequal.
bool equal_in_constant_time(Bytes a, Bytes b);

// A key of a fixed length, kept in place.
template <std::size_t N>
class SecretArray {
 public:
  SecretArray() = default;
  explicit SecretArray(std::span<const std::uint8_t, N> bytes) { copy_bytes(bytes_, bytes); }
  SecretArray(SecretArray&& other) noexcept : bytes_(other.bytes_) { other.clear(); }
  SecretArray& operator=(SecretArray&& other) noexcept {
    if (this != &other) {
      bytes_ = other.bytes_;
      other.clear();
    }
    return *this;
  }
  SecretArray(const SecretArray&) = delete;
  SecretArray& operator=(const SecretArray&) = delete;
  ~SecretArray() { clear(); }

  SecretArray clone() const { return SecretArray(bytes()); }
  void clear() { wipe(bytes_.data(), N); }
  std::span<std::uint8_t, N> writable() { return bytes_; }
  std::span<const std::uint8_t, N> bytes() const { return bytes_; }

 private:
  std::array<std::uint8_t, N> bytes_{};
};

using Key16 = SecretArray<16>;

// A secret of any length.
class Secret {
 public:
  Secret() = default;
  explicit Secret(std::size_t size_bytes) : data_(new std::uint8_t[size_bytes]()), size_(size_bytes) {}
  explicit Secret(Bytes bytes) : Secret(bytes.size()) { copy_bytes(writable(), bytes); }
  Secret(Secret&& other) noexcept : data_(std::move(other.data_)), size_(std::exchange(other.size_, 0)) {}
  Secret& operator=(Secret&& other) noexcept {
    if (this != &other) {
      clear();
      data_ = std::move(other.data_);
      size_ = std::exchange(other.size_, 0);
    }
    return *this;
  }
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;
  ~Secret() { clear(); }

  Secret clone() const { return Secret(bytes()); }
  void clear() {
    if (data_) wipe(data_.get(), size_);
    data_.reset();
    size_ = 0;
  }
  bool empty() const { return size_ == 0; }
  std::size_t size() const { return size_; }
  MutableBytes writable() { return {data_.get(), size_}; }
  Bytes bytes() const { return {data_.get(), size_}; }

 private:
  std::unique_ptr<std::uint8_t[]> data_;
  std::size_t size_ = 0;
};

}  // namespace opensspi
