#include "raw_ntlm.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

namespace raw {

namespace {

// MD4 of "Passw0rd!" in UTF-16LE.
constexpr std::uint8_t kNtHash[16] = {0xfc, 0x52, 0x5c, 0x96, 0x83, 0xe8, 0xfe, 0x06,
                                      0x70, 0x95, 0xba, 0x2d, 0xdc, 0x97, 0x18, 0x89};
constexpr std::uint8_t kSignature[8] = {'N', 'T', 'L', 'M', 'S', 'S', 'P', 0};
constexpr std::size_t kClientChallenge = 8;

void append32(Blob& to, std::uint32_t value) {
  for (int shift = 0; shift < 32; shift += 8) to.push_back(static_cast<std::uint8_t>(value >> shift));
}
void append16(Blob& to, std::size_t value) {
  to.push_back(static_cast<std::uint8_t>(value));
  to.push_back(static_cast<std::uint8_t>(value >> 8));
}
void append(Blob& to, Bytes bytes) { to.insert(to.end(), bytes.begin(), bytes.end()); }

// RFC 1321 3.4: one block of 64 bytes.
void md5_block(std::uint32_t* state, const std::uint8_t* block) {
  static constexpr int kShift[4][4] = {{7, 12, 17, 22}, {5, 9, 14, 20}, {4, 11, 16, 23}, {6, 10, 15, 21}};
  std::uint32_t a = state[0], b = state[1], c = state[2], d = state[3];
  for (unsigned i = 0; i < 64; ++i) {
    const unsigned round = i / 16;
    const unsigned index[4] = {i, 5 * i + 1, 3 * i + 5, 7 * i};
    const std::uint32_t mix[4] = {(b & c) | (~b & d), (d & b) | (~d & c), b ^ c ^ d, c ^ (b | ~d)};
    const auto sine = static_cast<std::uint32_t>(std::floor(std::fabs(std::sin(i + 1.0)) * 4294967296.0));
    const std::uint32_t sum = a + mix[round] + sine + read32({block, 64}, std::size_t{4} * (index[round] % 16));
    a = d;
    d = c;
    c = b;
    b += std::rotl(sum, kShift[round][i % 4]);
  }
  state[0] += a;
  state[1] += b;
  state[2] += c;
  state[3] += d;
}

Blob response_key(const Answer& answer) {
  std::string upper = answer.user;
  std::ranges::transform(upper, upper.begin(),
                         [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
  return hmac_md5(kNtHash, utf16(upper + answer.domain));
}

// MS-NLMP 3.3.2: the client's AV pairs are the server's without their end, then its own.
Blob nt_response(const Blob& key, Bytes challenge, const Answer& answer) {
  Blob temp = {1, 1, 0, 0, 0, 0, 0, 0};
  const Blob info = field(challenge, 40);
  bool timed = false;
  const Blob time = av_find(info, kAvTimestamp, &timed);
  append(temp, timed ? time : Blob{0, 0, 0x57, 0xBD, 0xB1, 0x07, 0xDB, 0x01});
  append(temp, Blob(8, kClientChallenge));
  append32(temp, 0);
  append(temp, Bytes(info).first(info.size() - 4));
  if (answer.claims_mic) append(temp, av_pair(kAvFlags, Blob{2, 0, 0, 0}));
  for (const Blob& pair : answer.more_pairs) append(temp, pair);
  append(temp, av_pair(kAvEol, {}));
  append32(temp, 0);
  Blob proof = hmac_md5(key, joined({challenge.subspan(24, 8), temp}));
  if (answer.damaged_proof) proof[3] ^= 0x10;
  return joined({proof, temp});
}

Blob magic(const char* text) {  // with its NUL
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(text);
  return {bytes, bytes + std::strlen(text) + 1};
}

// MS-NLMP 3.4.5.3 SEALKEY.
Blob seal_key(Bytes exported_key, std::uint32_t flags, bool client_to_server) {
  const std::size_t strength = flags & k128 ? 16 : flags & k56 ? 7 : 5;
  return md5(joined({exported_key.first(strength),
                     magic(client_to_server ? "session key to client-to-server sealing key magic constant"
                                            : "session key to server-to-client sealing key magic constant")}));
}

}  // namespace

Blob md5(Bytes data) {
  std::uint32_t state[4] = {0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476};
  Blob padded(data.begin(), data.end());
  padded.push_back(0x80);
  while (padded.size() % 64 != 56) padded.push_back(0);
  append32(padded, static_cast<std::uint32_t>(data.size() * 8));
  append32(padded, 0);
  for (std::size_t at = 0; at < padded.size(); at += 64) md5_block(state, padded.data() + at);
  Blob digest;
  for (const std::uint32_t word : state) append32(digest, word);
  return digest;
}

Blob hmac_md5(Bytes key, Bytes data) {
  Blob inner(64, 0x36), outer(64, 0x5C);
  for (std::size_t i = 0; i < key.size(); ++i) {
    inner[i] ^= key[i];
    outer[i] ^= key[i];
  }
  return md5(joined({outer, md5(joined({inner, data}))}));
}

Blob joined(std::initializer_list<Bytes> parts) {
  Blob all;
  for (const Bytes part : parts) append(all, part);
  return all;
}

Blob utf16(const std::string& ascii) {
  Blob text;
  for (const char c : ascii) append16(text, static_cast<std::uint8_t>(c));
  return text;
}

Rc4::Rc4(Bytes key) {
  for (unsigned i = 0; i < 256; ++i) state_[i] = static_cast<std::uint8_t>(i);
  std::uint8_t j = 0;
  for (unsigned i = 0; i < 256; ++i) {
    j = static_cast<std::uint8_t>(j + state_[i] + key[i % key.size()]);
    std::swap(state_[i], state_[j]);
  }
}

Blob Rc4::apply(Bytes data) {
  Blob out;
  for (const std::uint8_t byte : data) {
    ++i_;
    j_ = static_cast<std::uint8_t>(j_ + state_[i_]);
    std::swap(state_[i_], state_[j_]);
    out.push_back(byte ^ state_[static_cast<std::uint8_t>(state_[i_] + state_[j_])]);
  }
  return out;
}

std::uint32_t read32(Bytes message, std::size_t at) {
  std::uint32_t value = 0;
  for (unsigned i = 0; i < 4; ++i) value |= std::uint32_t{message[at + i]} << (8 * i);
  return value;
}

void write32(Blob& message, std::size_t at, std::uint32_t value) {
  for (unsigned i = 0; i < 4; ++i) message[at + i] = static_cast<std::uint8_t>(value >> (8 * i));
}

Blob field(Bytes message, std::size_t at) {
  const Bytes content = message.subspan(read32(message, at + 4), read32(message, at) & 0xFFFF);
  return {content.begin(), content.end()};
}

Blob av_pair(std::uint16_t id, Bytes value) {
  Blob pair;
  append16(pair, id);
  append16(pair, value.size());
  append(pair, value);
  return pair;
}

Blob av_find(Bytes list, std::uint16_t id, bool* found) {
  for (std::size_t at = 0; at + 4 <= list.size();) {
    const std::uint32_t head = read32(list, at);
    const Bytes value = list.subspan(at + 4, head >> 16);
    if ((head & 0xFFFF) == id) {
      if (found != nullptr) *found = true;
      return {value.begin(), value.end()};
    }
    if ((head & 0xFFFF) == kAvEol) break;
    at += 4 + value.size();
  }
  if (found != nullptr) *found = false;
  return {};
}

Blob negotiate(std::uint32_t flags, std::size_t size) {
  Blob message(kSignature, kSignature + sizeof kSignature);
  append32(message, 1);
  append32(message, flags);
  message.resize(size);
  return message;
}

Blob challenge(std::uint32_t flags, const std::string& target_name, Bytes target_info) {
  const Blob name = utf16(target_name);
  constexpr std::uint32_t kPayload = 56;
  Blob message(kSignature, kSignature + sizeof kSignature);
  append32(message, 2);
  append16(message, name.size());
  append16(message, name.size());
  append32(message, kPayload);
  append32(message, flags);
  append(message, Blob{1, 2, 3, 4, 5, 6, 7, 8});
  message.resize(40);
  append16(message, target_info.size());
  append16(message, target_info.size());
  append32(message, kPayload + static_cast<std::uint32_t>(name.size()));
  message.resize(kPayload);
  return joined({message, name, target_info});
}

Blob target_info(std::initializer_list<Blob> more) {
  Blob list = joined({av_pair(kAvNbDomainName, utf16("PEER")), av_pair(kAvNbComputerName, utf16("PEER"))});
  for (const Blob& pair : more) append(list, pair);
  append(list, av_pair(kAvEol, {}));
  return list;
}

Authenticated authenticate(Bytes negotiate, Bytes challenge, const Answer& answer) {
  const Blob key = response_key(answer);
  const Blob response = nt_response(key, challenge, answer);
  const std::uint32_t flags = answer.flags != 0 ? answer.flags : read32(challenge, 20);
  const Blob base_key = hmac_md5(key, Bytes(response).first(16));
  const bool exchange = (flags & kKeyExch) != 0 && (flags & (kSign | kSeal)) != 0;
  const Blob exported = exchange ? Blob(16, 0x55) : base_key;
  const Blob encrypted = exchange ? Rc4(base_key).apply(exported) : Blob{};
  const Blob parts[6] = {Blob(24, 0), response, utf16(answer.domain), utf16(answer.user), utf16("RAW"), encrypted};
  Blob message(kSignature, kSignature + sizeof kSignature), payload;
  append32(message, 3);
  const std::size_t header = answer.sends_mic ? 88 : 72;
  for (const Blob& part : parts) {
    append16(message, part.size());
    append16(message, part.size());
    append32(message, static_cast<std::uint32_t>(header + payload.size()));
    append(payload, part);
  }
  append32(message, flags);
  message.resize(header);
  append(message, payload);
  if (answer.sends_mic)
    std::ranges::copy(hmac_md5(exported, joined({negotiate, challenge, message})), message.begin() + 72);
  return {message, exported};
}

Blob exported_key_of(Bytes challenge, Bytes authenticate) {
  Answer answer;  // alice of EXAMPLE
  const Blob response = field(authenticate, 20);
  const Blob key = response_key(answer);
  const Blob proof = hmac_md5(key, joined({challenge.subspan(24, 8), Bytes(response).subspan(16)}));
  if (!std::ranges::equal(proof, Bytes(response).first(16))) return {};
  const Blob base_key = hmac_md5(key, proof);
  const Blob encrypted = field(authenticate, 52);
  return encrypted.empty() ? base_key : Rc4(base_key).apply(encrypted);
}

Direction::Direction(Bytes exported_key, std::uint32_t flags, bool client_to_server)
    : sign_key_(md5(joined(
          {exported_key, magic(client_to_server ? "session key to client-to-server signing key magic constant"
                                                : "session key to server-to-client signing key magic constant")}))),
      rc4_(seal_key(exported_key, flags, client_to_server)),
      flags_(flags) {}

Blob Direction::seal(Blob& data) {
  const Blob plain = data;
  data = rc4_.apply(data);
  return sign(plain);
}

// MS-NLMP 3.4.4.2.
Blob Direction::sign(Bytes data) {
  Blob number, signature;
  append32(number, number_++);
  Blob checksum = hmac_md5(sign_key_, joined({number, data}));
  checksum.resize(8);
  if (flags_ & kKeyExch) checksum = rc4_.apply(checksum);
  append32(signature, 1);
  return joined({signature, checksum, number});
}

}  // namespace raw
