#include "vectors/ntlm_checks.hpp"

#include <gtest/gtest.h>

#include "base/filetime.hpp"
#include "core/step.hpp"
#include "crypto/cipher.hpp"
#include "crypto/digest.hpp"
#include "ntlm/channel_bindings.hpp"
#include "ntlm/flags.hpp"
#include "ntlm/messages/challenge.hpp"
#include "support/vectors.hpp"

namespace opensspi::testing {
namespace {

struct Buffers {
  SecBuffer list[2];
  Buffers(ByteVector& token, ByteVector& data)
      : list{{static_cast<ULONG>(token.size()), SECBUFFER_TOKEN, token.data()},
             {static_cast<ULONG>(data.size()), SECBUFFER_DATA, data.data()}} {}
};

std::string outcome(const Result<void>& result, Bytes data) {
  return result ? to_hex(data) : std::string(status_name(result.error().status));
}

// Version says nothing, and ours is our own.
ByteVector without_version(Bytes token, std::size_t at) {
  ByteVector copy(token.begin(), token.end());
  std::fill_n(copy.begin() + static_cast<std::ptrdiff_t>(at), 8, std::uint8_t{0});
  return copy;
}

}  // namespace

ProtectedEnd::Message ProtectedEnd::seal(Bytes data, std::uint32_t number) {
  ByteVector token(16), copy(data.begin(), data.end());
  Buffers buffers(token, copy);
  EXPECT_TRUE(protection_.seal(buffers.list, number));
  return {to_hex(copy), to_hex(token)};
}

ProtectedEnd::Message ProtectedEnd::sign(Bytes data, std::uint32_t number) {
  ByteVector token(16), copy(data.begin(), data.end());
  Buffers buffers(token, copy);
  EXPECT_TRUE(protection_.sign(buffers.list, number));
  return {to_hex(copy), to_hex(token)};
}

std::string ProtectedEnd::unseal(const std::string& data, const std::string& signature, std::uint32_t number) {
  ByteVector token = from_hex(signature), copy = from_hex(data);
  Buffers buffers(token, copy);
  const Result<void> done = protection_.unseal(buffers.list, number);
  return outcome(done, copy);
}

std::string ProtectedEnd::verify(Bytes data, const std::string& signature, std::uint32_t number) {
  ByteVector token = from_hex(signature), copy(data.begin(), data.end());
  Buffers buffers(token, copy);
  const Result<void> done = protection_.verify(buffers.list, number);
  return outcome(done, copy);
}

void check_challenge_round_trip(Bytes token) {
  auto parsed = ntlm::ChallengeMessage::parse(token);
  ASSERT_TRUE(parsed) << parsed.error().detail;
  const ByteVector info = parsed->has_target_info ? parsed->target_info.serialize() : ByteVector{};
  auto written = ntlm::ChallengeMessage::serialize(parsed->flags, parsed->server_challenge, parsed->target_name, info);
  ASSERT_TRUE(written) << written.error().detail;
  auto again = ntlm::ChallengeMessage::parse(*written);
  ASSERT_TRUE(again) << again.error().detail;
  EXPECT_EQ(again->flags, parsed->flags);
  EXPECT_EQ(again->server_challenge, parsed->server_challenge);
  EXPECT_EQ(again->target_name, parsed->target_name);
  EXPECT_EQ(again->has_target_info, parsed->has_target_info);
  EXPECT_EQ(again->target_info.serialize(), parsed->target_info.serialize());
  if (!parsed->has_target_info) return;  // its offset then says nothing
  EXPECT_EQ(to_hex(without_version(*written, 48)), to_hex(without_version(token, 48)));
}

void check_authenticate_round_trip(Bytes token) {
  using ntlm::AuthenticateMessage;
  auto parsed = AuthenticateMessage::parse(token);
  ASSERT_TRUE(parsed) << parsed.error().detail;
  auto written = parsed->serialize();
  ASSERT_TRUE(written) << written.error().detail;
  auto again = AuthenticateMessage::parse(*written);
  ASSERT_TRUE(again) << again.error().detail;
  EXPECT_EQ(again->flags, parsed->flags);
  EXPECT_EQ(to_hex(again->lm_response), to_hex(parsed->lm_response));
  EXPECT_EQ(to_hex(again->nt_response), to_hex(parsed->nt_response));
  EXPECT_EQ(to_hex(again->encrypted_random_session_key), to_hex(parsed->encrypted_random_session_key));
  EXPECT_EQ(again->domain, parsed->domain);
  EXPECT_EQ(again->user, parsed->user);
  EXPECT_EQ(again->workstation, parsed->workstation);
  EXPECT_TRUE(again->has_room_for_mic);
  if (!parsed->has_room_for_mic) return;
  // Windows' layout is ours: all but Version and the MIC are the same bytes.
  ByteVector expected = without_version(token, 64), found = without_version(*written, 64);
  std::fill_n(expected.begin() + ntlm::kMicOffset, ntlm::kMicBytes, std::uint8_t{0});
  EXPECT_EQ(to_hex(found), to_hex(expected));
}

void check_conversation(const Entry& entry) {
  const std::uint32_t flags = entry["flags"].flags() | ntlm::kSign;
  const Key16 key = entry["ExportedSessionKey"].key();
  ProtectedEnd client(key, flags, core::Role::initiator), server(key, flags, core::Role::acceptor);
  for (const Entry& step : entry["steps"].elements()) {
    const bool from_client = step["from"].text() == "client";
    ProtectedEnd& sender = from_client ? client : server;
    ProtectedEnd& receiver = from_client ? server : client;
    const ByteVector plain = step["plaintext"].bytes();
    const std::string output = step["output"].text(), signature = step["signature"].text();
    EXPECT_EQ(signature.substr(24), to_hex(ByteVector{static_cast<std::uint8_t>(step["seq"].number()), 0, 0, 0}));
    if (step["op"].text() == "seal") {
      const auto message = sender.seal(plain);
      EXPECT_EQ(message.data, output);
      EXPECT_EQ(message.signature, signature);
      EXPECT_EQ(receiver.unseal(output, signature), to_hex(plain));
    } else {
      const auto message = sender.sign(plain);
      EXPECT_EQ(message.data, output);
      EXPECT_EQ(message.signature, signature);
      EXPECT_EQ(receiver.verify(plain, signature), to_hex(plain));
    }
  }
}

void check_datagrams(const Entry& entry) {
  using namespace ntlm;
  const std::uint32_t flags = kSign | kSeal | kDatagram | kExtendedSessionSecurity | k128 | kKeyExchange;
  const Key16 key = entry["ExportedSessionKey"].key();
  const Secret sealing = seal_key(key, flags, Direction::client_to_server);
  EXPECT_EQ(to_hex(sealing.bytes()), entry["ClientSealingKey"].text());
  ProtectedEnd client(key, flags, core::Role::initiator), server(key, flags, core::Role::acceptor);
  for (const Entry& message : entry["messages"].elements()) {
    const auto number = static_cast<std::uint32_t>(message["seq"].number());
    const std::uint8_t number_le[4] = {static_cast<std::uint8_t>(number), 0, 0, 0};
    EXPECT_EQ(to_hex(crypto::md5({sealing.bytes(), number_le}).bytes()), message["SealingKey_prime"].text());
    const ByteVector plain = message["plaintext"].bytes();
    const auto sealed = client.seal(plain, number);
    EXPECT_EQ(sealed.data, message["ciphertext"].text());
    EXPECT_EQ(sealed.signature, message["signature"].text());
    EXPECT_EQ(server.unseal(sealed.data, sealed.signature, number), to_hex(plain));
  }
}

void check_bindings(const Entry& entry) {
  for (const Entry& one : entry.elements()) {
    core::ChannelBindings bindings;
    ByteVector initiator, acceptor;
    const ByteVector application = one["application_data"].bytes();
    bindings.application = application;
    if (one.has("initiator_addrtype")) {
      bindings.initiator_type = static_cast<std::uint32_t>(one["initiator_addrtype"].number());
      bindings.acceptor_type = static_cast<std::uint32_t>(one["acceptor_addrtype"].number());
      initiator = one["initiator_address"].bytes();
      acceptor = one["acceptor_address"].bytes();
      bindings.initiator = initiator;
      bindings.acceptor = acceptor;
    }
    EXPECT_EQ(to_hex(ntlm::hash_bindings(bindings)), one["md5"].text());
    EXPECT_EQ(to_hex(crypto::md5({one["gss_channel_bindings_struct"].bytes()}).bytes()), one["md5"].text());
    if (one.has("SEC_CHANNEL_BINDINGS_buffer")) {  // the C API reads it: the data stand at its end
      EXPECT_TRUE(one["SEC_CHANNEL_BINDINGS_buffer"].text().ends_with(to_hex(application)));
    }
  }
}

void check_primitives(const Entry& entry) {
  for (const Entry& v : entry["MD4"].elements()) {
    EXPECT_EQ(to_hex(crypto::md4(v["in"].bytes()).bytes()), v["out"].text());
  }
  for (const Entry& v : entry["RC4"].elements()) {
    ByteVector data = v["in"].bytes();
    crypto::rc4(v["key"].bytes(), data);
    EXPECT_EQ(to_hex(data), v["out"].text());
  }
  for (const Entry& v : entry["CRC32_le"].elements()) {
    const ByteVector in = v["in"].bytes();
    const std::uint32_t whole = crypto::crc32_update(0, in);
    EXPECT_EQ(crypto::crc32_update(crypto::crc32_update(0, Bytes(in).first(4)), Bytes(in).subspan(4)), whole);
    wire::Writer w;
    w.u32le(whole);
    EXPECT_EQ(to_hex(w.bytes()), v["out"].text());
  }
  for (const Entry& v : entry["DES_LM"].elements()) {
    const ByteVector key = v["key7"].bytes(), in = v["in"].bytes();
    EXPECT_EQ(to_hex(crypto::des(Bytes(key).first<7>(), Bytes(in).first<8>())), v["out"].text());
    // Seven bits a byte, the lowest unused: the spread key holds the bits of the short one.
    const ByteVector spread = v["key8_with_parity_slot"].bytes();
    std::uint64_t joined = 0;
    for (const std::uint8_t byte : spread) joined = (joined << 7) | (byte >> 1);
    std::uint64_t bits = 0;
    for (const std::uint8_t byte : key) bits = (bits << 8) | byte;
    EXPECT_EQ(joined, bits);
  }
  for (const Entry& v : entry["HMAC_MD5"].elements()) {
    EXPECT_EQ(to_hex(crypto::hmac_md5(v["key"].bytes(), {v["in"].bytes()}).bytes()), v["out"].text());
  }
}

void check_filetimes(const Entry& entry) {
  for (const Entry& v : entry.elements()) {
    const auto seconds = static_cast<std::int64_t>(v["unix_seconds"].number());
    const FileTime time = to_filetime(seconds, static_cast<std::int64_t>(v["subsec_100ns"].number() * 100));
    EXPECT_EQ(time.ticks, v["filetime"].number());
    const ByteVector wire = v["le_hex"].bytes();
    EXPECT_EQ(wire::Reader(wire).u64le(), time.ticks);
  }
}

}  // namespace opensspi::testing
