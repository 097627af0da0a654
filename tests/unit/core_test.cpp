// The contract of core: packages found by name, log-ons of n legs, streams with missing and extra bytes, output that
// goes with an error, the buffers of messages.
#include <gtest/gtest.h>

#include "core/buffers.hpp"
#include "core/package_list.hpp"
#include "core/registry.hpp"
#include "support/fake_package.hpp"
#include "support/ntlm_world.hpp"

namespace opensspi::testing {
namespace {

// ---- Registry.

TEST(Registry, FindsByNameAndAliasWithoutCase) {
  core::Registry registry;
  registry.add(std::make_unique<FakePackage>(u"First"));
  registry.add(std::make_unique<FakePackage>(u"Second"));
  for (const auto& [asked, found] :
       {std::pair{u"First", u"First"}, {u"FIRST", u"First"}, {u"second", u"Second"}, {u"SHAM", u"First"}}) {
    const auto package = registry.find(asked);
    ASSERT_TRUE(package) << why(package);
    EXPECT_EQ((*package)->info().name, found);
  }
  const auto none = registry.find(u"Third");
  EXPECT_EQ(status_of(none), Status::secpkg_not_found);
  EXPECT_TRUE(why(none).find("First, Second") != std::string::npos) << why(none);
}

TEST(Registry, SaysWhyAPackageIsNotOffered) {
  core::Registry registry;
  registry.add(std::make_unique<FakePackage>(u"Open"));
  registry.add(std::make_unique<FakePackage>(u"Closed", "it is Sunday"));
  ASSERT_EQ(registry.offered().size(), 1U);
  EXPECT_EQ(registry.offered()[0]->info().name, u"Open");
  const auto closed = registry.find(u"closed");
  EXPECT_EQ(status_of(closed), Status::secpkg_not_found);
  EXPECT_TRUE(why(closed).find("it is Sunday") != std::string::npos) << why(closed);
}

// ---- PackageList.

using Names = std::vector<std::u16string_view>;

TEST(PackageList, NamesThoseToUseInTheirOrder) {
  const auto list = core::PackageList::parse(u" NTLM ,, kerberos,ntlm");
  ASSERT_TRUE(list) << why(list);
  EXPECT_EQ(list->names(), (Names{u"NTLM", u"kerberos"}));
  EXPECT_TRUE(list->includes());
  EXPECT_TRUE(list->allows(u"Kerberos"));
  EXPECT_FALSE(list->allows(u"Negotiate"));
}

TEST(PackageList, NamesThoseToLeaveOut) {
  const auto list = core::PackageList::parse(u"!NTLM, !other");
  ASSERT_TRUE(list) << why(list);
  EXPECT_EQ(list->names(), (Names{u"NTLM", u"other"}));
  EXPECT_FALSE(list->includes());
  EXPECT_FALSE(list->allows(u"ntlm"));
  EXPECT_TRUE(list->allows(u"Kerberos"));
}

TEST(PackageList, NamingNoneAllowsAll) {
  for (const std::u16string_view nothing : {u"", u" , "}) {
    const auto list = core::PackageList::parse(nothing);
    ASSERT_TRUE(list) << why(list);
    EXPECT_FALSE(list->includes());
    EXPECT_TRUE(list->allows(u"NTLM"));
  }
}

TEST(PackageList, HasOneFormOnly) {
  for (const std::u16string_view mixed : {u"NTLM,!Kerberos", u"!Kerberos,NTLM"}) {
    EXPECT_EQ(status_of(core::PackageList::parse(mixed)), Status::unknown_credentials);
  }
}

TEST(PackageList, IsObeyedByThePackageItLeavesOut) {
  const FakePackage package(u"First");
  EXPECT_TRUE(core::check_package_list(u"", package));
  EXPECT_TRUE(core::check_package_list(u"Second,first", package));
  const auto left_out = core::check_package_list(u"!FIRST", package);
  EXPECT_EQ(status_of(left_out), Status::no_credentials);
  EXPECT_EQ(why(left_out), "PackageList: \"!FIRST\" does not allow First");
}

// ---- Legs.

struct FakePair {
  explicit FakePair(FakePackage& package) {
    auto credential = package.acquire({}).value();
    client = credential->start(core::Role::initiator).value();
    server = credential->start(core::Role::acceptor).value();
  }
  std::unique_ptr<core::Context> client, server;
};

// Whose turn it is goes to and fro until both say that they are done; how many tokens it took.
unsigned run_legs(FakePair& pair) {
  core::Context* turn = pair.client.get();
  core::Context* other = pair.server.get();
  ByteVector token;
  unsigned tokens = 0;
  while (!pair.client->established() || !pair.server->established()) {
    const auto done = step(*turn, token);
    EXPECT_TRUE(done) << why(done);
    if (!done) return 0;
    EXPECT_EQ(done->status, turn->established() ? Status::ok : Status::continue_needed);
    token = done->output;
    tokens += token.empty() ? 0U : 1U;
    std::swap(turn, other);
  }
  return tokens;
}

TEST(Legs, AnyNumberOfThem) {
  for (unsigned legs = 1; legs <= 7; ++legs) {
    FakePackage package;
    package.behaviour.legs = legs;
    FakePair pair(package);
    EXPECT_EQ(run_legs(pair), legs);
  }
}

TEST(Legs, AFailingStepOwesAToken) {
  FakePackage package;
  package.behaviour.error_output = "alert";
  FakePair pair(package);
  const auto failed = step(*pair.server, as_bytes("nonsense"));
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().output, as_bytes("alert"));
  EXPECT_EQ(status_of(step(*pair.server, as_bytes("leg 1"))), Status::invalid_token) << "it stays failed";
}

TEST(Stream, TellsMissingAndExtraBytes) {
  FakePackage package;
  package.behaviour.stream = true;
  FakePair pair(package);
  const ByteVector record = step(*pair.client, {}).value().output;
  ASSERT_EQ(record.size(), 6U);
  for (std::size_t size = 0; size < record.size(); ++size) {
    const auto partial = step(*pair.server, Bytes(record).first(size));
    ASSERT_TRUE(partial);
    EXPECT_EQ(partial->status, Status::incomplete_message);
    EXPECT_EQ(partial->missing_bytes, size == 0 ? 1 : record.size() - size);
  }
  ByteVector more = record;
  append(more, as_bytes("what follows"));
  const auto whole = step(*pair.server, more);
  ASSERT_TRUE(whole);
  EXPECT_EQ(whole->status, Status::continue_needed);
  EXPECT_EQ(whole->extra_bytes, 12U);
}

// ---- What a package need not have.

TEST(Context, AnswersWhatItDoesNotHave) {
  FakePackage package;
  FakePair pair(package);
  SecBuffer none[1] = {};
  EXPECT_EQ(status_of(pair.client->sign(0, none, 0)), Status::unsupported_function);
  EXPECT_EQ(status_of(pair.client->verify(none, 0)), Status::unsupported_function);
  EXPECT_EQ(status_of(pair.client->encrypt(0, none, 0)), Status::unsupported_function);
  EXPECT_EQ(status_of(pair.client->decrypt(none, 0)), Status::unsupported_function);
  EXPECT_EQ(status_of(pair.client->set(0, {})), Status::unsupported_function);
  EXPECT_EQ(status_of(pair.client->control({})), Status::unsupported_function);
  EXPECT_EQ(status_of(pair.client->complete({})), Status::unsupported_function);
  EXPECT_EQ(status_of(pair.client->pack(false)), Status::unsupported_function);
  EXPECT_EQ(status_of(pair.client->mech_list_mic({})), Status::unsupported_function);
  EXPECT_EQ(status_of(pair.client->verify_mech_list_mic({}, {})), Status::unsupported_function);
  EXPECT_FALSE(pair.client->mech_list_mic_due());
  EXPECT_EQ(status_of(package.unpack({})), Status::unsupported_function);
  EXPECT_EQ(pair.client->expiry(), kNever);
}

// ---- Buffers.

struct MessageBuffers {
  ByteVector token = ByteVector(16, 0xEE), data = as_bytes("data");
  SecBuffer list[3] = {
      {4, SECBUFFER_DATA, data.data()}, {0, SECBUFFER_EMPTY, nullptr}, {16, SECBUFFER_TOKEN, token.data()}};
};

TEST(Buffers, TheTokenStandsAnywhereWithAnyAttribute) {
  for (const ULONG attribute :
       {0U, static_cast<ULONG>(SECBUFFER_READONLY), static_cast<ULONG>(SECBUFFER_READONLY_WITH_CHECKSUM)}) {
    MessageBuffers buffers;
    buffers.list[2].BufferType |= attribute;
    const auto token = core::message_token(buffers.list);
    ASSERT_TRUE(token);
    EXPECT_EQ(*token, &buffers.list[2]);
  }
}

TEST(Buffers, TokenAndDataMustBeThere) {
  MessageBuffers buffers;
  EXPECT_EQ(status_of(core::message_token({})), Status::invalid_token);
  EXPECT_EQ(status_of(core::message_token(std::span(buffers.list).first(2))), Status::invalid_token);
  EXPECT_EQ(status_of(core::message_token(std::span(buffers.list).last(2))), Status::invalid_token);
}

TEST(Buffers, RoomForTheTokenIsToldAndTaken) {
  MessageBuffers buffers;
  for (ULONG size = 0; size < 16; ++size) {
    buffers.list[2].cbBuffer = size;
    EXPECT_EQ(status_of(core::token_with_room(buffers.list, 16)), Status::buffer_too_small);
    EXPECT_EQ(buffers.list[2].cbBuffer, 16U);
  }
  buffers.list[2] = {400, SECBUFFER_TOKEN, nullptr};
  EXPECT_EQ(status_of(core::token_with_room(buffers.list, 16)), Status::buffer_too_small);
  ByteVector large(400);
  buffers.list[2] = {400, SECBUFFER_TOKEN, large.data()};
  const auto room = core::token_with_room(buffers.list, 16);
  ASSERT_TRUE(room);
  EXPECT_EQ(room->size(), 16U);
  EXPECT_EQ(buffers.list[2].cbBuffer, 16U);
}

TEST(Buffers, OnlyWritableDataIsZeroed) {
  MessageBuffers buffers;
  ByteVector fixed = as_bytes("fixed");
  buffers.list[1] = {5, SECBUFFER_DATA | SECBUFFER_READONLY, fixed.data()};
  core::zero_data(buffers.list);
  EXPECT_EQ(buffers.data, ByteVector(4, 0));
  EXPECT_EQ(fixed, as_bytes("fixed"));
  EXPECT_EQ(buffers.token, ByteVector(16, 0xEE));
}

}  // namespace
}  // namespace opensspi::testing
