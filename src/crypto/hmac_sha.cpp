// OpenSSL deprecates its own functions of the hashes in favour of EVP; hmac_sha.hpp says why they are used.
#define OPENSSL_SUPPRESS_DEPRECATED
#include "crypto/hmac_sha.hpp"

#include <array>

namespace opensspi::crypto {
namespace {

template <typename State>
void set_key(State& state, Bytes key) {
  using H = typename State::Function;
  std::array<std::uint8_t, H::kBlockBytes> block{};
  if (key.size() <= block.size()) {
    copy_bytes(block, key);
  } else {  // RFC 2104 section 2: a long key is hashed first
    H::init(state.running);
    H::update(state.running, key);
    H::finish(block.data(), state.running);
  }
  for (auto& byte : block) byte ^= 0x36;
  H::init(state.inner);
  H::update(state.inner, block);
  for (auto& byte : block) byte ^= 0x36 ^ 0x5C;
  H::init(state.outer);
  H::update(state.outer, block);
  state.running = state.inner;
  wipe(block.data(), block.size());
}

}  // namespace

void HmacSha::Sha1::init(Context& c) { SHA1_Init(&c); }
void HmacSha::Sha1::update(Context& c, Bytes part) { SHA1_Update(&c, part.data(), part.size()); }
void HmacSha::Sha1::finish(std::uint8_t* out, Context& c) { SHA1_Final(out, &c); }

void HmacSha::Sha256::init(Context& c) { SHA256_Init(&c); }
void HmacSha::Sha256::update(Context& c, Bytes part) { SHA256_Update(&c, part.data(), part.size()); }
void HmacSha::Sha256::finish(std::uint8_t* out, Context& c) { SHA256_Final(out, &c); }

void HmacSha::Sha384::init(Context& c) { SHA384_Init(&c); }
void HmacSha::Sha384::update(Context& c, Bytes part) { SHA384_Update(&c, part.data(), part.size()); }
void HmacSha::Sha384::finish(std::uint8_t* out, Context& c) { SHA384_Final(out, &c); }

HmacSha::HmacSha(Hash hash, Bytes key) {
  switch (hash) {
    case Hash::sha1:
      state_.emplace<State<Sha1>>();
      break;
    case Hash::sha256:
      state_.emplace<State<Sha256>>();
      break;
    case Hash::sha384:
      state_.emplace<State<Sha384>>();
      break;
  }
  std::visit([&](auto& state) { set_key(state, key); }, state_);
}

void HmacSha::update(Bytes part) {
  std::visit([&](auto& state) { std::decay_t<decltype(state)>::Function::update(state.running, part); }, state_);
}

void HmacSha::finish(MutableBytes out) {
  std::visit(
      [&](auto& state) {
        using H = typename std::decay_t<decltype(state)>::Function;
        std::array<std::uint8_t, H::kDigestBytes> digest;
        H::finish(digest.data(), state.running);
        state.running = state.outer;
        H::update(state.running, digest);
        H::finish(digest.data(), state.running);
        state.running = state.inner;
        copy_bytes(out, Bytes(digest).first(out.size()));
      },
      state_);
}

std::size_t HmacSha::block_bytes() const {
  return std::visit([](const auto& state) { return std::decay_t<decltype(state)>::Function::kBlockBytes; }, state_);
}

std::size_t HmacSha::bytes_to_block_end() const {
  return block_bytes() - std::visit([](const auto& state) { return std::size_t{state.running.num}; }, state_);
}

void HmacSha::restart() {
  std::visit([](auto& state) { state.running = state.inner; }, state_);
}

}  // namespace opensspi::crypto
