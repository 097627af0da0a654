#include "ntlm/messages/authenticate.hpp"

#include <algorithm>
#include <initializer_list>

#include "ntlm/flags.hpp"

namespace opensspi::ntlm {
namespace {

constexpr const char* kCheck = "AUTHENTICATE_MESSAGE";
constexpr std::size_t kFixedBytes = kMicOffset + kMicBytes;

// Whether all that has content stands behind the place of the MIC, 2.2.1.3.
bool leaves_room_for_mic(Bytes token, std::initializer_list<Field> fields) {
  return token.size() >= kFixedBytes && std::ranges::all_of(fields, [](const Field& field) {
           return field.length == 0 || field.offset >= kFixedBytes;
         });
}

}  // namespace

Result<AuthenticateMessage> AuthenticateMessage::parse(Bytes token) {
  wire::Reader r{token};
  AuthenticateMessage m;
  read_head(r, MessageType::authenticate);
  const Field lm = read_field(r);
  const Field nt = read_field(r);
  const Field domain = read_field(r);
  const Field user = read_field(r);
  const Field workstation = read_field(r);
  const Field key = read_field(r);
  m.flags = r.u32le();
  m.lm_response = field_bytes(r, lm, "LmChallengeResponse");
  m.nt_response = field_bytes(r, nt, "NtChallengeResponse");
  m.encrypted_random_session_key = field_bytes(r, key, "EncryptedRandomSessionKey");
  const Bytes domain_bytes = field_bytes(r, domain, "DomainName");
  const Bytes user_bytes = field_bytes(r, user, "UserName");
  const Bytes workstation_bytes = field_bytes(r, workstation, "Workstation");
  if (!r.ok()) return fail(Status::invalid_token, kCheck, r.why());
  m.has_room_for_mic = leaves_room_for_mic(token, {lm, nt, domain, user, workstation, key});

  const bool unicode = (m.flags & kUnicode) != 0;
  auto domain_text = decode_text(domain_bytes, unicode, "AUTHENTICATE_MESSAGE DomainName");
  if (!domain_text) return fail(domain_text);
  auto user_text = decode_text(user_bytes, unicode, "AUTHENTICATE_MESSAGE UserName");
  if (!user_text) return fail(user_text);
  auto workstation_text = decode_text(workstation_bytes, unicode, "AUTHENTICATE_MESSAGE Workstation");
  if (!workstation_text) return fail(workstation_text);
  m.domain = std::move(*domain_text);
  m.user = std::move(*user_text);
  m.workstation = std::move(*workstation_text);
  return m;
}

Result<ByteVector> AuthenticateMessage::serialize() const {
  const bool unicode = (flags & kUnicode) != 0;
  auto domain_bytes = encode_text(domain, unicode, "domain of the account");
  if (!domain_bytes) return fail(domain_bytes);
  auto user_bytes = encode_text(user, unicode, "user of the account");
  if (!user_bytes) return fail(user_bytes);
  auto workstation_bytes = encode_text(workstation, unicode, "name of this computer");
  if (!workstation_bytes) return fail(workstation_bytes);
  if (nt_response.size() > 0xFFFF) {
    return fail(Status::invalid_parameter, kCheck,
                "NtChallengeResponse has " + std::to_string(nt_response.size()) +
                    " bytes, a field at most 65535: the target's name or the server's TargetInfo is too long");
  }
  wire::Writer w(kFixedBytes + domain_bytes->size() + user_bytes->size() + workstation_bytes->size() +
                 lm_response.size() + nt_response.size() + encrypted_random_session_key.size());
  // The order of the payload is Windows': names, responses, key; the descriptors stand in another.
  std::size_t at = kFixedBytes;
  const auto place = [&at](std::size_t size) { return std::exchange(at, at + size); };
  const std::size_t domain_at = place(domain_bytes->size());
  const std::size_t user_at = place(user_bytes->size());
  const std::size_t workstation_at = place(workstation_bytes->size());
  const std::size_t lm_at = place(lm_response.size());
  const std::size_t nt_at = place(nt_response.size());
  const std::size_t key_at = place(encrypted_random_session_key.size());

  write_head(w, MessageType::authenticate);
  Payload(lm_at).put(w, lm_response);
  Payload(nt_at).put(w, nt_response);
  Payload(domain_at).put(w, *domain_bytes);
  Payload(user_at).put(w, *user_bytes);
  Payload(workstation_at).put(w, *workstation_bytes);
  Payload(key_at).put(w, encrypted_random_session_key);
  w.u32le(flags);
  if ((flags & kVersion) != 0) {
    write_version(w);
  } else {
    w.zeros(8);
  }
  w.zeros(kMicBytes);
  w.raw(*domain_bytes);
  w.raw(*user_bytes);
  w.raw(*workstation_bytes);
  w.raw(lm_response);
  w.raw(nt_response);
  w.raw(encrypted_random_session_key);
  return w.finish();
}

Result<Ntlmv2Response> Ntlmv2Response::parse(Bytes nt_response) {
  wire::Reader r{nt_response};
  Ntlmv2Response m;
  r.skip(kProofBytes);
  const std::uint8_t version = r.u8();
  const std::uint8_t highest_version = r.u8();
  r.skip(6);  // Reserved1, Reserved2
  m.time = FileTime{r.u64le()};
  m.client_challenge = r.take(kChallengeBytes);
  r.skip(4);  // Reserved3
  if (r.ok() && (version != 1 || highest_version != 1)) {
    r.fail("RespType and HiRespType are " + std::to_string(version) + " and " + std::to_string(highest_version) +
           ", both must be 1");
  }
  if (!r.ok()) return fail(Status::invalid_token, "NTLMv2_RESPONSE", r.why());
  auto pairs = AvPairs::parse(nt_response.subspan(r.position()), "NTLMv2_RESPONSE AvPairs");
  if (!pairs) return fail(pairs);
  m.pairs = std::move(*pairs);
  return m;
}

ByteVector Ntlmv2Response::serialize_temp(FileTime time, const Challenge8& client_challenge, Bytes pairs) {
  wire::Writer w(32 + pairs.size());
  w.u8(1);
  w.u8(1);
  w.zeros(6);
  w.u64le(time.ticks);
  w.raw(client_challenge);
  w.zeros(4);
  w.raw(pairs);
  w.zeros(4);
  return w.finish();
}

}  // namespace opensspi::ntlm
