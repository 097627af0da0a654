// What an established context does, over keys that were never a ticket's: MICs of lists of mechanisms, RFC 4178 section
// 5, and what it refuses.
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "kerberos/context.hpp"
#include "kerberos/package.hpp"
#include "support/corruption.hpp"
#include "support/fixed_host.hpp"

namespace opensspi::kerberos {
namespace {

constexpr OM_uint32 kUsual = GSS_C_INTEG_FLAG | GSS_C_CONF_FLAG | GSS_C_REPLAY_FLAG | GSS_C_SEQUENCE_FLAG;

class End final : public KerberosContext {
 public:
  End(const KerberosPackage& package, bool initiator)
      : KerberosContext(package, initiator ? core::Role::initiator : core::Role::acceptor) {}
  void begin(Enctype enctype, OM_uint32 flags) {
    const bool initiator = role_ == core::Role::initiator;
    const AesProfile* const profile = aes_profile(enctype);
    ByteVector key(profile == nullptr ? 16 : profile->key_bytes);
    std::iota(key.begin(), key.end(), std::uint8_t{7});
    SessionKeys keys;
    keys.initiator = initiator;
    keys.detects_replay = (flags & GSS_C_REPLAY_FLAG) != 0;
    keys.detects_order = (flags & GSS_C_SEQUENCE_FLAG) != 0;
    keys.context_key = {enctype, Secret(Bytes(key))};
    keys.send_number = keys.receive_number = 1000;
    Outcome outcome;
    outcome.session = std::make_unique<Session>(std::move(keys), Details{}, initiator, flags);
    establish(std::move(outcome));
  }
  Result<core::Step> step(const core::StepInput&) override { return core::unsupported("a step"); }
};

class KerberosMechListMic : public ::testing::TestWithParam<Enctype> {
 protected:
  void begin(OM_uint32 flags = kUsual) {
    client_.begin(GetParam(), flags);
    server_.begin(GetParam(), flags);
  }
  opensspi::testing::FixedHost host_;
  Configuration configuration_;
  KerberosPackage package_{host_, configuration_};
  End client_{package_, true}, server_{package_, false};
  // SEQUENCE { the two object identifiers of Kerberos, NTLM's }
  const ByteVector list_ = {0x30, 0x22, 0x06, 0x09, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x12, 0x01, 0x02,
                            0x02, 0x06, 0x09, 0x2A, 0x86, 0x48, 0x82, 0xF7, 0x12, 0x01, 0x02, 0x02,
                            0x06, 0x0A, 0x2B, 0x06, 0x01, 0x04, 0x01, 0x82, 0x37, 0x02, 0x02, 0x0A};
};

TEST_P(KerberosMechListMic, IsVerifiedByTheOtherEndBothWays) {
  begin();
  const auto from_client = client_.mech_list_mic(list_);
  ASSERT_TRUE(from_client) << from_client.error().detail;
  EXPECT_TRUE(server_.verify_mech_list_mic(list_, *from_client));
  const auto from_server = server_.mech_list_mic(list_);
  ASSERT_TRUE(from_server);
  EXPECT_TRUE(client_.verify_mech_list_mic(list_, *from_server));
  EXPECT_NE(*from_client, *from_server);
  EXPECT_FALSE(client_.verify_mech_list_mic(list_, *from_client)) << "its own, sent back";
}

TEST_P(KerberosMechListMic, OfAnotherListIsRefused) {
  begin();
  const auto mic = client_.mech_list_mic(list_);
  ASSERT_TRUE(mic);
  opensspi::testing::for_each_corruption({list_.size(), 0, 0}, [&](const opensspi::testing::Corruption& corruption) {
    const ByteVector other = corruption.apply(list_, 0);
    if (other == list_) return;
    const auto verified = server_.verify_mech_list_mic(other, *mic);
    ASSERT_FALSE(verified) << corruption.text();
    EXPECT_EQ(verified.error().status, Status::message_altered) << corruption.text();
  });
  EXPECT_TRUE(server_.verify_mech_list_mic(list_, *mic));
}

TEST_P(KerberosMechListMic, ThatWasChangedIsRefused) {
  begin();
  const auto mic = client_.mech_list_mic(list_);
  ASSERT_TRUE(mic);
  opensspi::testing::for_each_corruption({mic->size(), 0, 0}, [&](const opensspi::testing::Corruption& corruption) {
    const ByteVector forged = corruption.apply(*mic, 0);
    if (forged == *mic) return;
    if (GetParam() == Enctype::rc4) server_.begin(GetParam(), kUsual);  // its number is under no checksum
    EXPECT_FALSE(server_.verify_mech_list_mic(list_, forged)) << corruption.text();
  });
  if (GetParam() == Enctype::rc4) server_.begin(GetParam(), kUsual);
  EXPECT_TRUE(server_.verify_mech_list_mic(list_, *mic));
}

// It takes a number of the context's own: messages behind it go on from there, and it counts once.
TEST_P(KerberosMechListMic, IsOneOfTheMessages) {
  begin();
  const auto mic = client_.mech_list_mic(list_);
  ASSERT_TRUE(mic);
  ByteVector token(64), data(10, 1);
  SecBuffer buffers[] = {{64, SECBUFFER_TOKEN, token.data()}, {10, SECBUFFER_DATA, data.data()}};
  ASSERT_TRUE(client_.sign(0, buffers, 0));
  EXPECT_TRUE(server_.verify_mech_list_mic(list_, *mic));
  EXPECT_TRUE(server_.verify(buffers, 0));
  const auto again = server_.verify_mech_list_mic(list_, *mic);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().status, Status::out_of_sequence);
}

TEST_P(KerberosMechListMic, NeedsAnEstablishedContextWithIntegrity) {
  EXPECT_EQ(client_.mech_list_mic(list_).error().status, Status::no_context);
  EXPECT_EQ(client_.verify_mech_list_mic(list_, list_).error().status, Status::no_context);
  begin(0);
  EXPECT_EQ(client_.mech_list_mic(list_).error().status, Status::unsupported_function);
  EXPECT_EQ(client_.verify_mech_list_mic(list_, list_).error().status, Status::unsupported_function);
  EXPECT_FALSE(client_.mech_list_mic_due());
}

TEST_P(KerberosMechListMic, IsNotMadeWithRc4ThatWasImportedInFipsMode) {
  begin();
  const auto packed = client_.pack(false);
  ASSERT_TRUE(packed) << packed.error().detail;
  EXPECT_TRUE(package_.unpack(packed->bytes()));
  configuration_.fips = true;
  const auto imported = package_.unpack(packed->bytes());
  ASSERT_EQ(imported.has_value(), GetParam() != Enctype::rc4);
  if (!imported) {
    EXPECT_EQ(imported.error().status, Status::crypto_system_invalid) << imported.error().detail;
  }
}

std::string name_of(const ::testing::TestParamInfo<Enctype>& test) {
  std::string name = enctype_name(static_cast<std::int32_t>(test.param));
  std::ranges::replace(name, '-', '_');
  return name;
}
INSTANTIATE_TEST_SUITE_P(All, KerberosMechListMic,
                         ::testing::Values(Enctype::aes128_sha1, Enctype::aes256_sha1, Enctype::aes128_sha256,
                                           Enctype::aes256_sha384, Enctype::rc4),
                         name_of);

}  // namespace
}  // namespace opensspi::kerberos
