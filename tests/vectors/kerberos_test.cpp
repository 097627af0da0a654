// The vectors of kerberos.json: keys, and tokens of MIT krb5 read and made again.
#include <gtest/gtest.h>

#include <openssl/evp.h>

#include "core/buffers.hpp"
#include "crypto/cipher.hpp"
#include "crypto/digest.hpp"
#include "kerberos/cfx.hpp"
#include "support/vectors.hpp"
#include "vectors/entry.hpp"

namespace opensspi::kerberos {
namespace {

using opensspi::testing::Entry;
using opensspi::testing::vectors;

SecBuffer buffer(ULONG type, ByteVector& bytes) { return {static_cast<ULONG>(bytes.size()), type, bytes.data()}; }

class MitTokens : public ::testing::TestWithParam<std::string> {
 protected:
  Entry entry() const { return Entry(vectors("kerberos").at(GetParam())); }

  // Either end of the captured session, as it was before the message of this number.
  std::unique_ptr<Protection> end(bool initiator, std::uint64_t number) const {
    const Entry e = entry();
    SessionKeys keys;
    keys.initiator = initiator;
    keys.dce_style = e["dce"].truth();
    keys.detects_replay = keys.detects_order = true;
    ProtocolKey key{static_cast<Enctype>(e["etype"].number()),
                    Secret(e["session_key(GSS_C_INQ_SSPI_SESSION_KEY)"].bytes())};
    // Under RC4 there is one key; with AES both ends have used the acceptor's.
    (key.enctype == Enctype::rc4 ? keys.context_key : keys.acceptor_subkey) = std::move(key);
    keys.send_number = keys.receive_number = number;
    auto protection = make_protection(keys);
    EXPECT_TRUE(protection.has_value());
    return std::move(*protection);
  }
  bool is_rc4() const { return entry()["etype"].number() == 23; }
  ByteVector message() const { return entry()["message"].bytes(); }

  std::uint64_t number_of(const ByteVector& token) const {
    if (!is_rc4()) return CfxHeader::parse(token, static_cast<CfxHeader::Kind>((token[0] << 8) | token[1]))->number;
    return rc4_number(token);
  }
  // RFC 4757 7.3, written once more for the test.
  std::uint64_t rc4_number(const ByteVector& token) const {
    const ByteVector key = entry()["session_key(GSS_C_INQ_SSPI_SESSION_KEY)"].bytes();
    static constexpr std::uint8_t kZeros[4] = {};
    const Bytes fields = Bytes(token).subspan(token.size() < 128 ? 13 : 14);
    const Key16 of_key = crypto::hmac_md5(key, {kZeros});
    const Key16 of_number = crypto::hmac_md5(of_key.bytes(), {fields.subspan(16, 8)});
    ByteVector number(fields.begin() + 8, fields.begin() + 16);
    crypto::rc4(of_number.bytes(), number);
    return (std::uint64_t{number[0]} << 24) | (std::uint64_t{number[1]} << 16) | (std::uint64_t{number[2]} << 8) |
           number[3];
  }

  void expect_stream_opens(const std::string& name, bool by_initiator, bool sealed) const {
    ByteVector token = entry()[name].bytes();
    auto receiver = end(!by_initiator, number_of(token));
    SecBuffer buffers[2] = {buffer(SECBUFFER_STREAM, token), {0, SECBUFFER_DATA, nullptr}};
    auto opened = receiver->unwrap(buffers);
    ASSERT_TRUE(opened.has_value()) << name << ": " << opened.error().detail;
    EXPECT_EQ(*opened, sealed) << name;
    const MutableBytes content = core::buffer_bytes(buffers[1]);
    EXPECT_EQ(ByteVector(content.begin(), content.end()), message()) << name;
  }
};

TEST_P(MitTokens, SignaturesAreReadAndMadeAgain) {
  for (const bool by_initiator : {true, false}) {
    ByteVector token = entry()[by_initiator ? "mic_i" : "mic_a"].bytes();
    ByteVector data = message();
    SecBuffer buffers[2] = {buffer(SECBUFFER_TOKEN, token), buffer(SECBUFFER_DATA | SECBUFFER_READONLY, data)};
    auto verified = end(!by_initiator, number_of(token))->verify(buffers);
    EXPECT_TRUE(verified.has_value()) << (verified ? "" : verified.error().detail);

    ByteVector made(64);
    SecBuffer again[2] = {buffer(SECBUFFER_TOKEN, made), buffer(SECBUFFER_DATA | SECBUFFER_READONLY, data)};
    auto sender = end(by_initiator, number_of(token));
    ASSERT_TRUE(sender->sign(again).has_value());
    made.resize(again[0].cbBuffer);
    EXPECT_EQ(made, token);
    EXPECT_EQ(sender->sizes().max_signature, token.size());
  }
}

TEST_P(MitTokens, WholeTokensAreOpenedAsStream) {
  if (entry().has("wrap_integ_i")) expect_stream_opens("wrap_integ_i", true, false);
  if (entry().has("wrap_conf_i")) expect_stream_opens("wrap_conf_i", true, true);
  if (entry().has("wrap_conf_a")) expect_stream_opens("wrap_conf_a", false, true);
}

TEST_P(MitTokens, BuffersOfEncryptMessageAreOpenedInPlace) {
  ByteVector token = entry()["SSPI_TOKEN(iov_header)"].bytes();
  ByteVector data = entry()["SSPI_DATA"].bytes();
  ByteVector padding = entry()["SSPI_PADDING"].bytes();
  SecBuffer buffers[3] = {buffer(SECBUFFER_TOKEN, token), buffer(SECBUFFER_DATA, data),
                          buffer(SECBUFFER_PADDING, padding)};
  auto receiver = end(false, number_of(token));
  auto opened = receiver->unwrap(buffers);
  ASSERT_TRUE(opened.has_value()) << opened.error().detail;
  EXPECT_TRUE(*opened);
  EXPECT_EQ(data, message());
  EXPECT_EQ(buffers[2].cbBuffer, 0U);
}

// Of the types of which there are such tokens.
class MitTokensWithSignedBuffers : public MitTokens {};

TEST_P(MitTokensWithSignedBuffers, AreUnderTheMac) {
  const Entry aead = entry()["aead"];
  for (const bool intact : {true, false}) {
    ByteVector before = aead["sign_only_before"].bytes(), after = aead["sign_only_after"].bytes();
    ByteVector token = aead["token"].bytes(), data = aead["data"].bytes();
    if (!intact) after[0] ^= 1;
    SecBuffer buffers[4] = {
        buffer(SECBUFFER_TOKEN, token), buffer(SECBUFFER_DATA | SECBUFFER_READONLY_WITH_CHECKSUM, before),
        buffer(SECBUFFER_DATA, data), buffer(SECBUFFER_DATA | SECBUFFER_READONLY_WITH_CHECKSUM, after)};
    auto opened = end(false, number_of(token))->unwrap(buffers);
    EXPECT_EQ(opened.has_value(), intact);
    EXPECT_EQ(data, intact ? message() : ByteVector(message().size()));
  }
}

TEST_P(MitTokens, SizesAreThoseOfMit) {
  const auto sizes = end(true, 0)->sizes();
  const std::uint64_t header = entry()["conf_notrailer_16"]["header"].number();
  if (is_rc4()) {  // the length in its frame may need four bytes more for a long message
    EXPECT_GE(sizes.trailer, header);
    EXPECT_LE(sizes.trailer, header + 4);
  } else {
    EXPECT_EQ(sizes.trailer, header);
    EXPECT_EQ(sizes.max_signature, entry()["integ_notrailer_16"]["header"].number());
  }
  EXPECT_EQ(sizes.block, 1U);
}

std::vector<std::string> mit_entries(const char* with = nullptr) {
  std::vector<std::string> names;
  for (const auto& [name, value] : vectors("kerberos").items()) {
    if (name.starts_with("mit-") && (with == nullptr || value.contains(with))) names.push_back(name);
  }
  return names;
}
std::string name_of(const ::testing::TestParamInfo<std::string>& test) {
  std::string name = test.param;
  std::ranges::replace(name, '-', '_');
  return name;
}
INSTANTIATE_TEST_SUITE_P(Kerberos, MitTokens, ::testing::ValuesIn(mit_entries()), name_of);
INSTANTIATE_TEST_SUITE_P(Kerberos, MitTokensWithSignedBuffers, ::testing::ValuesIn(mit_entries("aead")), name_of);

TEST(KerberosVectors, Rc4MessageOfMsKile) {
  const Entry e(vectors("kerberos").at("ms-kile-4.5-rc4-wrapex"));
  SessionKeys keys;
  keys.context_key = {Enctype::rc4, Secret(e["session_key"].bytes())};
  const ByteVector number = e["seq_be"].bytes();
  for (const std::uint8_t byte : number) keys.receive_number = (keys.receive_number << 8) | byte;
  keys.detects_order = true;
  ByteVector token = e["SECBUFFER_TOKEN"].bytes(), data = e["DATA_plus_PADDING"].bytes();
  SecBuffer buffers[2] = {buffer(SECBUFFER_TOKEN, token), buffer(SECBUFFER_DATA, data)};
  // The vector does not say who sent it: it opens at one of the two ends.
  keys.initiator = false;
  auto opened = make_protection(keys).value()->unwrap(buffers);
  if (!opened) {
    token = e["SECBUFFER_TOKEN"].bytes(), data = e["DATA_plus_PADDING"].bytes();
    buffers[0] = buffer(SECBUFFER_TOKEN, token), buffers[1] = buffer(SECBUFFER_DATA, data);
    keys.initiator = true;
    opened = make_protection(keys).value()->unwrap(buffers);
  }
  ASSERT_TRUE(opened.has_value()) << opened.error().detail;
  data.resize(buffers[1].cbBuffer);
  EXPECT_EQ(data, e["plaintext"].bytes());
}

// RFC 3962 appendix B, the AES-CBC-CTS vectors: key "chicken teriyaki".
TEST(KerberosVectors, CiphertextStealing) {
  const ByteVector key = testing::from_hex("636869636b656e207465726979616b69");
  const std::string text = "I would like the General Gau's Chicken, please, and wonton soup.";
  const struct {
    std::size_t size;
    const char* cipher;
  } kCases[] = {
      {17, "c6353568f2bf8cb4d8a580362da7ff7f97"},
      {31, "fc00783e0efdb2c1d445d4c8eff7ed2297687268d6ecccc0c07b25e25ecfe5"},
      {32, "39312523a78662d5be7fcbcc98ebf5a897687268d6ecccc0c07b25e25ecfe584"},
      {47, "97687268d6ecccc0c07b25e25ecfe584b3fffd940c16a18c1b5549d2f838029e39312523a78662d5be7fcbcc98ebf5"},
      {64,
       "97687268d6ecccc0c07b25e25ecfe58439312523a78662d5be7fcbcc98ebf5a84807efe836ee89a526730dbc2f7bc8409dad8bbb96c4cdc"
       "03bc103e1a194bbd8"},
  };
  for (const auto& c : kCases) {
    // However the message is cut, the result is the same.
    for (std::size_t cut = 0; cut <= c.size; ++cut) {
      ByteVector data(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(c.size));
      const MutableBytes pieces[] = {MutableBytes(data).first(cut), MutableBytes(data).subspan(cut)};
      crypto::AesCts(key, crypto::AesCts::Way::encrypt).apply(pieces);
      EXPECT_EQ(to_hex(data), c.cipher) << c.size << " cut at " << cut;
      crypto::AesCts(key, crypto::AesCts::Way::decrypt).apply(pieces);
      EXPECT_EQ(std::string(data.begin(), data.end()), text.substr(0, c.size)) << c.size << " cut at " << cut;
    }
  }
}

// RFC 8009 appendix A: keys for usage 2.
TEST(KerberosVectors, DerivedKeysOfRfc8009) {
  const ByteVector k128 = testing::from_hex("3705d96080c17728a0e800eab6e0d23c");
  EXPECT_EQ(to_hex(derive_key(Enctype::aes128_sha256, k128, 2, Derived::checksum).bytes()),
            "b31a018a48f54776f403e9a396325dc3");
  EXPECT_EQ(to_hex(derive_key(Enctype::aes128_sha256, k128, 2, Derived::encryption).bytes()),
            "9b197dd1e8c5609d6e67c3e37c62c72e");
  EXPECT_EQ(to_hex(derive_key(Enctype::aes128_sha256, k128, 2, Derived::integrity).bytes()),
            "9fda0e56ab2d85e1569a688696c26a6c");
  const ByteVector k256 = testing::from_hex("6d404d37faf79f9df0d33568d320669800eb4836472ea8a026d16b7182460c52");
  EXPECT_EQ(to_hex(derive_key(Enctype::aes256_sha384, k256, 2, Derived::checksum).bytes()),
            "ef5718be86cc84963d8bbb5031e9f5c4ba41f28faf69e73d");
  EXPECT_EQ(to_hex(derive_key(Enctype::aes256_sha384, k256, 2, Derived::encryption).bytes()),
            "56ab22bee63d82d7bc5227f6773f8ea7a5eb1c825160c38312980c442e5c7e49");
}

// MS-KILE 4.4: the string-to-key of RFC 3962 is PBKDF2 and then DK(key, "kerberos"), whose constant folds differently
// from those of usages. What is ours of it here is the cipher under it.
TEST(KerberosVectors, StringToKeyOfMsKile) {
  const Entry e(vectors("kerberos").at("ms-kile-4.4-aes128-string2key"));
  const ByteVector password = e["password_utf8"].bytes();
  const std::string salt = e["salt_utf8"].text();
  ByteVector derived(16);
  ASSERT_EQ(PKCS5_PBKDF2_HMAC_SHA1(reinterpret_cast<const char*>(password.data()), static_cast<int>(password.size()),
                                   reinterpret_cast<const unsigned char*>(salt.data()), static_cast<int>(salt.size()),
                                   static_cast<int>(e["iterations"].number()), 16, derived.data()),
            1);
  EXPECT_EQ(derived, e["pbkdf2"].bytes());
  // RFC 3961 5.1: 128-fold("kerberos").
  crypto::AesBlock folded;
  copy_bytes(folded, testing::from_hex("6b65726265726f737b9b5b2b93132b93"));
  const crypto::AesBlock key = crypto::aes_encrypt_block(derived, folded);
  EXPECT_EQ(ByteVector(key.begin(), key.end()), e["key"].bytes());
}

}  // namespace
}  // namespace opensspi::kerberos
