#include "peer/ntlm_peer.hpp"

#include <nettle/des.h>
#include <nettle/hmac.h>
#include <nettle/md4.h>
#include <nettle/md5.h>

#include <algorithm>
#include <cstring>

namespace peer {
namespace {

constexpr std::uint8_t kSignature[8] = {'N', 'T', 'L', 'M', 'S', 'S', 'P', 0};
const Blob kClientChallenge(8, 0xA5);
const Blob kRandomKey = {0x0F, 0x1E, 0x2D, 0x3C, 0x4B, 0x5A, 0x69, 0x78,
                         0x87, 0x96, 0xA5, 0xB4, 0xC3, 0xD2, 0xE1, 0xF0};

void add(Blob& to, View from) { to.insert(to.end(), from.begin(), from.end()); }
void add16(Blob& to, std::size_t value) {
  to.push_back(static_cast<std::uint8_t>(value));
  to.push_back(static_cast<std::uint8_t>(value >> 8));
}

std::string upper(std::string ascii) {
  for (char& c : ascii) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return ascii;
}

Blob encoded(const std::string& ascii, std::uint32_t flags) {
  return flags & kUnicode ? text(ascii) : Blob(ascii.begin(), ascii.end());
}

Blob with_nul(const char* words) {
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(words);
  return {bytes, bytes + std::strlen(words) + 1};
}

Blob des_block(View key7, View block) {
  std::uint8_t key[8], out[8];
  std::uint64_t bits = 0;
  for (const std::uint8_t byte : key7.first(7)) bits = bits << 8 | byte;
  for (int i = 7; i >= 0; --i, bits >>= 7) key[i] = static_cast<std::uint8_t>((bits & 0x7F) << 1);
  des_ctx context;
  des_set_key(&context, key);
  des_encrypt(&context, 8, out, block.data());
  return {out, out + 8};
}

Blob desl(View key16, View data) {
  Blob padded(key16.begin(), key16.end());
  padded.resize(21);
  return concat({des_block(View(padded).subspan(0, 7), data), des_block(View(padded).subspan(7, 7), data),
                 des_block(View(padded).subspan(14, 7), data)});
}

Blob md4(View data) {
  md4_ctx context;
  md4_init(&context);
  md4_update(&context, data.size(), data.data());
  Blob out(16);
  md4_digest(&context, 16, out.data());
  return out;
}

std::uint32_t crc32(View data) {
  std::uint32_t crc = 0xFFFFFFFF;
  for (const std::uint8_t byte : data) {
    crc ^= byte;
    for (int i = 0; i < 8; ++i) crc = crc >> 1 ^ (crc & 1 ? 0xEDB88320 : 0);
  }
  return ~crc;
}

Blob ntowf_v2(const std::string& user, const std::string& domain, const std::string& password) {
  return hmac_md5(nt_hash(password), text(upper(user) + domain));
}

// MS-NLMP 3.4.5.1.
Blob exchange_key_v1(std::uint32_t flags, View challenge8, View lm_response, const std::string& password) {
  const Blob base = md4(nt_hash(password));
  if (flags & kEss) return hmac_md5(base, concat({challenge8, lm_response.first(8)}));
  if (!(flags & kLmKey)) return base;
  const Blob lm = lm_hash(password);
  Blob second = {lm[7], 0xBD, 0xBD, 0xBD, 0xBD, 0xBD, 0xBD};
  return concat({des_block(lm, lm_response.first(8)), des_block(second, lm_response.first(8))});
}

bool protects(std::uint32_t flags) { return flags & (kSign | kSeal); }

Blob zeroed_mic(View token) {
  Blob copy(token.begin(), token.end());
  std::fill_n(copy.begin() + 72, 16, std::uint8_t{0});
  return copy;
}

}  // namespace

Blob text(const std::string& ascii) {
  Blob out;
  for (const char c : ascii) add16(out, static_cast<std::uint8_t>(c));
  return out;
}

Blob concat(std::initializer_list<View> parts) {
  Blob out;
  for (const View part : parts) add(out, part);
  return out;
}

Blob u32(std::uint32_t value) {
  Blob out;
  for (int i = 0; i < 4; ++i) out.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
  return out;
}

Blob u64(std::uint64_t value) {
  return concat({u32(static_cast<std::uint32_t>(value)), u32(static_cast<std::uint32_t>(value >> 32))});
}

std::uint32_t get32(View message, std::size_t at) {
  std::uint32_t value = 0;
  for (std::size_t i = 4; i-- > 0;) value = value << 8 | message[at + i];
  return value;
}

void put32(Blob& message, std::size_t at, std::uint32_t value) {
  std::ranges::copy(u32(value), message.begin() + static_cast<std::ptrdiff_t>(at));
}

Blob field(View message, std::size_t at) {
  const View content = message.subspan(get32(message, at + 4), get32(message, at) & 0xFFFF);
  return {content.begin(), content.end()};
}

std::vector<Pair> pairs_of(View list) {
  std::vector<Pair> pairs;
  for (std::size_t at = 0; at + 4 <= list.size();) {
    const std::uint32_t head = get32(list, at);
    if ((head & 0xFFFF) == kEol) break;
    const View value = list.subspan(at + 4, head >> 16);
    pairs.push_back({static_cast<std::uint16_t>(head), {value.begin(), value.end()}});
    at += 4 + value.size();
  }
  return pairs;
}

Blob list_of(const std::vector<Pair>& pairs, bool with_end) {
  Blob out;
  for (const Pair& pair : pairs) {
    add16(out, pair.id);
    add16(out, pair.value.size());
    add(out, pair.value);
  }
  if (with_end) add(out, u32(0));
  return out;
}

Blob* find(std::vector<Pair>& pairs, std::uint16_t id) {
  for (Pair& pair : pairs) {
    if (pair.id == id) return &pair.value;
  }
  return nullptr;
}

void drop(std::vector<Pair>& pairs, std::uint16_t id) {
  std::erase_if(pairs, [id](const Pair& pair) { return pair.id == id; });
}

Blob nt_hash(const std::string& password) { return md4(text(password)); }

Blob lm_hash(const std::string& password) {
  const std::string oem = upper(password);
  Blob padded(oem.begin(), oem.end());
  padded.resize(14);
  const Blob magic = {'K', 'G', 'S', '!', '@', '#', '$', '%'};
  return concat({des_block(View(padded).first(7), magic), des_block(View(padded).subspan(7), magic)});
}

Blob md5(View data) {
  md5_ctx context;
  md5_init(&context);
  md5_update(&context, data.size(), data.data());
  Blob out(16);
  md5_digest(&context, 16, out.data());
  return out;
}

Blob hmac_md5(View key, View data) {
  hmac_md5_ctx context;
  hmac_md5_set_key(&context, key.size(), key.data());
  hmac_md5_update(&context, data.size(), data.data());
  Blob out(16);
  hmac_md5_digest(&context, 16, out.data());
  return out;
}

// ---- Session.

Session::Rc4 Session::schedule(View key) {
  Rc4 stream{};
  for (unsigned i = 0; i < 256; ++i) stream.s[i] = static_cast<std::uint8_t>(i);
  for (unsigned i = 0, j = 0; i < 256; ++i) {
    j = (j + stream.s[i] + key[i % key.size()]) & 0xFF;
    std::swap(stream.s[i], stream.s[j]);
  }
  return stream;
}

Blob Session::run(Rc4& stream, View data) {
  Blob out;
  for (const std::uint8_t byte : data) {
    stream.i = static_cast<std::uint8_t>(stream.i + 1);
    stream.j = static_cast<std::uint8_t>(stream.j + stream.s[stream.i]);
    std::swap(stream.s[stream.i], stream.s[stream.j]);
    out.push_back(byte ^ stream.s[static_cast<std::uint8_t>(stream.s[stream.i] + stream.s[stream.j])]);
  }
  return out;
}

Session::Way Session::make_way(const Blob& key, bool from_client) const {
  Way way;
  const auto magic = [&](const char* kind) {
    const std::string words = std::string("session key to ") +
                              (from_client ? "client-to-server " : "server-to-client ") + kind + " key magic constant";
    return with_nul(words.c_str());
  };
  if (flags_ & kEss) {
    const std::size_t strength = flags_ & k128 ? 16 : flags_ & k56 ? 7 : 5;
    way.sign_key = md5(concat({key, magic("signing")}));
    way.seal_key = md5(concat({View(key).first(strength), magic("sealing")}));
  } else if (flags_ & (kLmKey | kDatagram)) {
    const Blob tail = flags_ & k56 ? Blob{0xA0} : Blob{0xE5, 0x38, 0xB0};
    way.seal_key = concat({View(key).first(8 - tail.size()), tail});
  } else {
    way.seal_key = key;
  }
  way.rc4 = schedule(way.seal_key);
  return way;
}

Session::Session(Blob exported_key, std::uint32_t flags, bool is_client)
    : flags_(flags),
      own_(make_way(exported_key, is_client)),
      other_(make_way(exported_key, !is_client)),
      shared_(!(flags & kEss)) {}

Blob Session::token(Way& way, Rc4& stream, View plain, std::uint32_t number) const {
  if (flags_ & kEss) {
    Blob checksum = hmac_md5(way.sign_key, concat({u32(number), plain}));
    checksum.resize(8);
    if (flags_ & kKeyExch) checksum = run(stream, checksum);
    return concat({u32(1), checksum, u32(number)});
  }
  (void)run(stream, Blob(4));  // RandomPad: not sent
  const Blob crc = run(stream, u32(crc32(plain)));
  Blob sequence = run(stream, Blob(4));
  for (std::size_t i = 0; i < 4; ++i) sequence[i] ^= static_cast<std::uint8_t>(number >> (8 * i));
  return concat({u32(1), Blob(4), crc, sequence});
}

Session::Message Session::protect(Way& way, View data, bool sealing, std::uint32_t datagram_number) {
  Rc4 stream = way.rc4;
  const std::uint32_t number = flags_ & kDatagram ? datagram_number : way.number;
  if (flags_ & kDatagram) stream = schedule(md5(concat({way.seal_key, u32(number)})));
  Message message{{}, {data.begin(), data.end()}};
  if (sealing) message.data = run(stream, data);
  message.token = token(way, stream, data, number);
  if (flags_ & kDatagram) return message;
  way.rc4 = stream;
  ++way.number;
  return message;
}

std::optional<Blob> Session::open(Way& way, const Message& message, bool sealing, std::uint32_t datagram_number) {
  Rc4 stream = way.rc4;
  const std::uint32_t number = flags_ & kDatagram ? datagram_number : way.number;
  if (flags_ & kDatagram) stream = schedule(md5(concat({way.seal_key, u32(number)})));
  Blob plain = message.data;
  if (sealing) plain = run(stream, message.data);
  if (token(way, stream, plain, number) != message.token) return std::nullopt;
  if (flags_ & kDatagram) return plain;
  way.rc4 = stream;
  ++way.number;
  return plain;
}

Session::Message Session::seal(View data, std::uint32_t n) { return protect(own_, data, true, n); }
Blob Session::sign(View data, std::uint32_t n) { return protect(own_, data, false, n).token; }
std::optional<Blob> Session::unseal(const Message& message, std::uint32_t n) {
  return open(shared_ ? own_ : other_, message, true, n);
}
bool Session::verify(View token, View data, std::uint32_t n) {
  return open(shared_ ? own_ : other_, {{token.begin(), token.end()}, {data.begin(), data.end()}}, false, n)
      .has_value();
}

Blob Session::sign_mech_list(View list) {
  const Rc4 before = own_.rc4;
  Blob mic = sign(list);
  own_.rc4 = before;
  return mic;
}

bool Session::verify_mech_list(View token, View list) {
  Way& way = shared_ ? own_ : other_;
  const Rc4 before = way.rc4;
  const bool good = verify(token, list);
  way.rc4 = before;
  return good;
}

// ---- Client.

Blob Client::negotiate() {
  Blob message = concat({kSignature, u32(1), u32(options_.flags), Blob(24)});
  message.resize(options_.negotiate_bytes);
  negotiate_ = message;
  return message;
}

// "temp" of MS-NLMP 3.3.2, with the faults that concern the pairs.
Blob Client::temp(View challenge) {
  const ClientFaults& f = options_.faults;
  std::vector<Pair> pairs;
  const bool with_info = get32(challenge, 20) & kTargetInfo;
  if (with_info) pairs = pairs_of(field(challenge, 40));
  const Blob* time = find(pairs, kTimestamp);
  with_mic_ = options_.sends_mic && time != nullptr;
  const Blob stamp = time != nullptr && f.time_offset_ticks == 0
                         ? *time
                         : u64(options_.now + static_cast<std::uint64_t>(f.time_offset_ticks));
  if (f.flags_pair_twice) pairs.insert(pairs.begin(), {kAvFlags, u32(0)});
  if (with_mic_ && !f.mic_without_flag) pairs.push_back({kAvFlags, u32(2)});
  if (f.drop_timestamp) drop(pairs, kTimestamp);
  if (Blob* name = find(pairs, kNbComputer); name != nullptr && f.rename_server) *name = text("OTHER");
  if (with_info && !f.no_bindings) pairs.push_back({kBindings, f.zero_bindings ? Blob(16, 0) : options_.bindings});
  if (with_info) pairs.push_back({kTargetName, text(options_.target)});
  for (const Pair& pair : f.more_pairs) pairs.push_back(pair);
  if (f.no_pairs) pairs.clear();
  return concat({Blob{1, 1, 0, 0, 0, 0, 0, 0}, stamp, kClientChallenge, Blob(4), list_of(pairs, !f.no_end),
                 f.no_end ? Blob{} : Blob(4)});
}

Client::Responses Client::respond_v2(View challenge) {
  const Blob key = ntowf_v2(options_.user, options_.domain, options_.password);
  const Blob rest = temp(challenge);
  Blob proof = hmac_md5(key, concat({challenge.subspan(24, 8), rest}));
  Responses r;
  r.key_exchange_key = hmac_md5(key, proof);
  if (options_.faults.wrong_proof) proof[7] ^= 0x20;
  r.nt = concat({proof, rest});
  r.lm = Blob(24);
  if (options_.faults.lmv2_only) {
    r.nt.clear();
    r.lm = concat({hmac_md5(key, concat({challenge.subspan(24, 8), kClientChallenge})), kClientChallenge});
    with_mic_ = false;
  }
  return r;
}

Client::Responses Client::respond_v1(View challenge) const {
  const View nonce = challenge.subspan(24, 8);
  const Blob hash = nt_hash(options_.password);
  Responses r;
  if (flags_ & kEss) {
    const Blob mixed = md5(concat({nonce, kClientChallenge}));
    r.nt = desl(hash, View(mixed).first(8));
    r.lm = concat({kClientChallenge, Blob(16)});
  } else {
    r.nt = desl(hash, nonce);
    r.lm = options_.lm_v1_response ? desl(lm_hash(options_.password), nonce) : r.nt;
  }
  r.key_exchange_key = exchange_key_v1(flags_, nonce, r.lm, options_.password);
  if (options_.faults.lm_only) {
    r.lm = desl(lm_hash(options_.password), nonce);
    r.nt.clear();
  }
  return r;
}

// MS-NLMP 2.2.1.3, in Windows' order of the payload.
Blob Client::lay_out(const Responses& responses, const Blob& encrypted_key) const {
  const bool has_name = !options_.anonymous || options_.faults.anonymous_with_name;
  const Blob domain = has_name ? encoded(options_.domain, flags_) : Blob{};
  const Blob user = has_name ? encoded(options_.user, flags_) : Blob{};
  const Blob workstation = encoded(options_.workstation, flags_);
  const std::size_t head = with_mic_ && !options_.faults.drop_mic ? 88 : 72;
  const Blob* const order[] = {&domain, &user, &workstation, &responses.lm, &responses.nt, &encrypted_key};
  Blob payload;
  std::size_t at[6];
  for (int i = 0; i < 6; ++i) {
    at[i] = head + payload.size();
    add(payload, *order[i]);
  }
  Blob message = concat({kSignature, u32(3)});
  for (const int i : {3, 4, 0, 1, 2, 5}) {
    add16(message, order[i]->size());
    add16(message, order[i]->size());
    add(message, u32(static_cast<std::uint32_t>(at[i])));
  }
  add(message, u32((flags_ | options_.faults.set_flags) & ~options_.faults.clear_flags));
  message.resize(head);
  add(message, payload);
  return message;
}

Blob Client::authenticate(View challenge) {
  const ClientFaults& f = options_.faults;
  flags_ = get32(challenge, 20);
  if (!negotiate_.empty()) flags_ &= options_.flags | kTargetInfo;
  if (flags_ & kUnicode) flags_ &= ~kOem;
  if (options_.anonymous) flags_ |= kAnonymous;
  with_mic_ = false;
  Responses responses;
  if (options_.anonymous) {
    responses = {{}, Blob(1), Blob(16)};
  } else if (options_.ntlm_v1 || f.ntlm_v1 || f.lm_only) {
    responses = respond_v1(challenge);
  } else {
    responses = respond_v2(challenge);
  }
  const std::uint32_t in_force = (flags_ | f.set_flags) & ~f.clear_flags;
  Blob encrypted_key;
  exported_key_ = responses.key_exchange_key;
  if ((in_force & kKeyExch) && (protects(in_force) || f.key_for_flag_alone)) {
    exported_key_ = kRandomKey;
    encrypted_key = rc4(responses.key_exchange_key, exported_key_);
  }
  if (f.encrypted_key_bytes) encrypted_key.resize(*f.encrypted_key_bytes);
  Blob message = lay_out(responses, encrypted_key);
  flags_ = in_force;
  if (!with_mic_ || f.drop_mic || f.zero_mic) return message;
  Blob mic = hmac_md5(exported_key_, concat({negotiate_, challenge, message}));
  if (f.wrong_mic) mic[15] ^= 1;
  std::ranges::copy(mic, message.begin() + 72);
  return message;
}

Blob rc4(View key, View data) {
  Blob s(256), out;
  for (unsigned i = 0; i < 256; ++i) s[i] = static_cast<std::uint8_t>(i);
  for (unsigned i = 0, j = 0; i < 256; ++i) {
    j = (j + s[i] + key[i % key.size()]) & 0xFF;
    std::swap(s[i], s[j]);
  }
  unsigned i = 0, j = 0;
  for (const std::uint8_t byte : data) {
    i = (i + 1) & 0xFF;
    j = (j + s[i]) & 0xFF;
    std::swap(s[i], s[j]);
    out.push_back(byte ^ s[(s[i] + s[j]) & 0xFF]);
  }
  return out;
}

// ---- Server.

Blob Server::target_info() const {
  const ServerFaults& f = options_.faults;
  std::vector<Pair> pairs;
  if (!f.no_names) {
    pairs = {{kNbDomain, text(options_.name)},
             {kNbComputer, text(options_.name)},
             {kDnsDomain, text("example.org")},
             {kDnsComputer, text("peer.example.org")}};
  }
  if (f.av_flags) pairs.push_back({kAvFlags, u32(*f.av_flags)});
  if (f.flags_pair_twice) pairs.push_back({kAvFlags, u32(0)});
  for (const Pair& pair : f.more_pairs) pairs.push_back(pair);
  if (!f.no_timestamp) pairs.push_back({kTimestamp, u64(options_.now)});
  Blob list = list_of(pairs);
  if (f.pair_outside) list[2] = 0xFF, list[3] = 0x7F;
  return list;
}

Blob Server::challenge(View negotiate) {
  const ServerFaults& f = options_.faults;
  negotiate_.assign(negotiate.begin(), negotiate.end());
  std::uint32_t flags = negotiate.empty() ? kFull | kDatagram : get32(negotiate, 12);
  flags = (flags | kTargetInfo | kTargetTypeServer) & ~(flags & kUnicode ? kOem : 0);
  if (flags & kEss) flags &= ~kLmKey;
  flags = (flags | f.set_flags) & ~f.clear_flags;
  const Blob name = encoded(options_.name, flags);
  const Blob info = flags & kTargetInfo && !f.no_target_info ? target_info() : Blob{};
  if (f.no_target_info) flags &= ~kTargetInfo;
  Blob message = concat({kSignature, u32(2)});
  add16(message, name.size());
  add16(message, name.size());
  add(message, concat({u32(56), u32(flags), options_.server_challenge, Blob(8)}));
  add16(message, info.size());
  add16(message, info.size());
  add(message, u32(static_cast<std::uint32_t>(56 + name.size() + (f.info_outside ? 1 : 0))));
  message.resize(56);
  challenge_ = concat({message, name, info});
  return challenge_;
}

void Server::verify_v1(Verdict& verdict, View nt, Blob& base_key) const {
  const Blob hash = nt_hash(options_.password);
  Blob nonce = options_.server_challenge;
  if (verdict.flags & kEss) nonce = md5(concat({nonce, View(verdict.lm_response).first(8)}));
  verdict.proof_ok = std::ranges::equal(desl(hash, View(nonce).first(8)), nt);
  base_key = exchange_key_v1(verdict.flags, options_.server_challenge, verdict.lm_response, options_.password);
}

void Server::verify_v2(Verdict& verdict, View nt, Blob& base_key) const {
  verdict.v2 = true;
  const Blob key = ntowf_v2(options_.user, options_.domain, options_.password);
  const Blob proof = hmac_md5(key, concat({options_.server_challenge, nt.subspan(16)}));
  verdict.proof_ok = std::ranges::equal(proof, nt.first(16));
  base_key = hmac_md5(key, proof);
  verdict.pairs = pairs_of(nt.subspan(44));
  if (const Blob* bindings = find(verdict.pairs, kBindings)) verdict.bindings = *bindings;
  if (const Blob* target = find(verdict.pairs, kTargetName)) verdict.target = *target;
  const Blob* flags = find(verdict.pairs, kAvFlags);
  verdict.mic_there = flags != nullptr && (*flags)[0] & 2;
}

Server::Verdict Server::accept(View authenticate) const {
  Verdict verdict;
  verdict.flags = get32(authenticate, 60);
  verdict.lm_response = field(authenticate, 12);
  verdict.domain = field(authenticate, 28);
  verdict.user = field(authenticate, 36);
  verdict.workstation = field(authenticate, 44);
  const Blob nt = field(authenticate, 20), encrypted = field(authenticate, 52);
  Blob base_key(16);
  verdict.anonymous = nt.empty();
  if (nt.size() == 24) verify_v1(verdict, nt, base_key);
  if (nt.size() > 24) verify_v2(verdict, nt, base_key);
  verdict.exported_key = encrypted.empty() ? base_key : rc4(base_key, encrypted);
  if (!verdict.mic_there) return verdict;
  const Blob mic = hmac_md5(verdict.exported_key, concat({negotiate_, challenge_, zeroed_mic(authenticate)}));
  verdict.mic_ok = std::ranges::equal(mic, authenticate.subspan(72, 16));
  return verdict;
}

}  // namespace peer
