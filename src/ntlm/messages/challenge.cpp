#include "ntlm/messages/challenge.hpp"

#include "ntlm/flags.hpp"

namespace opensspi::ntlm {
namespace {

constexpr const char* kCheck = "CHALLENGE_MESSAGE";
constexpr std::size_t kFixedBytes = 56;

}  // namespace

Result<ChallengeMessage> ChallengeMessage::parse(Bytes token) {
  wire::Reader r{token};
  ChallengeMessage m;
  read_head(r, MessageType::challenge);
  const Field name = read_field(r);
  m.flags = r.u32le();
  r.read(m.server_challenge);
  Field info;
  // Reserved, TargetInfo: very old servers end before them.
  if (r.ok() && (r.remaining() >= 16 || (m.flags & kTargetInfo) != 0)) {
    r.skip(8);
    info = read_field(r);
  }
  const Bytes name_bytes = field_bytes(r, name, "TargetName");
  const Bytes info_bytes = (m.flags & kTargetInfo) != 0 ? field_bytes(r, info, "TargetInfo") : Bytes{};
  if (!r.ok()) return fail(Status::invalid_token, kCheck, r.why());
  if ((m.flags & (kUnicode | kOem)) == 0) {
    return fail(Status::invalid_token, kCheck, "neither UNICODE nor OEM is set: " + describe_flags(m.flags));
  }
  auto target_name = decode_text(name_bytes, (m.flags & kUnicode) != 0, "CHALLENGE_MESSAGE TargetName");
  if (!target_name) return fail(target_name);
  m.target_name = std::move(*target_name);
  if (!info_bytes.empty()) {
    auto pairs = AvPairs::parse(info_bytes, "CHALLENGE_MESSAGE TargetInfo");
    if (!pairs) return fail(pairs);
    m.target_info = std::move(*pairs);
    m.has_target_info = true;
  }
  return m;
}

Result<ByteVector> ChallengeMessage::serialize(std::uint32_t flags, const Challenge8& server_challenge,
                                               std::u16string_view target_name, Bytes target_info) {
  auto name = encode_text(target_name, (flags & kUnicode) != 0, "CHALLENGE_MESSAGE TargetName");
  if (!name) return fail(name);
  wire::Writer w(kFixedBytes + name->size() + target_info.size());
  Payload payload(kFixedBytes);
  write_head(w, MessageType::challenge);
  payload.put(w, *name);
  w.u32le(flags);
  w.raw(server_challenge);
  w.zeros(8);  // Reserved
  payload.put(w, target_info);
  if ((flags & kVersion) != 0) {
    write_version(w);
  } else {
    w.zeros(8);
  }
  w.raw(*name);
  w.raw(target_info);
  return w.finish();
}

}  // namespace opensspi::ntlm
