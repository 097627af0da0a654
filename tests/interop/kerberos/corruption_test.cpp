// What was changed on its way is refused: every byte and every bit of the tokens of a log-on.
#include <algorithm>
#include <functional>
#include <optional>

#include "ends.hpp"
#include "support/corruption.hpp"

namespace {

using namespace interop;
using opensspi::testing::Corruption;

const std::string kTarget = "HTTP/localhost";

// What of an AP-REQ or AP-REP stands under no key, by the tags of RFC 4120 from the frame to the field. A changed one
// is accepted, and changes nothing: MIT tries the keys of the keytab until one opens the ticket, whatever stands in
// front of it.
struct Unkeyed {
  const char* field;
  const char* tags;
};
constexpr Unkeyed kUnkeyed[] = {
    // The tag of the message, 6E or 6F, says the same.
    {"msg-type", "6e 30 a1 02"},
    // use-session-key would choose a key that this server does not have; mutual-required stands in the authenticator's
    // checksum too, which is where GSSAPI looks.
    {"ap-options", "6e 30 a2 03"},
    {"realm of the ticket", "6e 30 a3 61 30 a1 1b"},
    {"sname, name-type", "6e 30 a3 61 30 a2 30 a0 02"},
    {"sname, name-string", "6e 30 a3 61 30 a2 30 a1 30 1b"},
    {"kvno of the ticket's key", "6e 30 a3 61 30 a3 30 a1 02"},
    {"msg-type of an AP-REP", "6f 30 a1 02"},
};

// The tags of the elements that hold the byte, from the outermost to the innermost, where it is content; empty where it
// is a tag or a length.
std::string tags_around(std::span<const std::uint8_t> der, std::size_t at) {
  std::string tags;
  for (std::size_t here = 0, end = der.size(); here + 2 <= end;) {
    std::size_t head = 2, length = der[here + 1];
    if (length >= 0x80) {
      head += length & 0x7F;
      length = 0;
      for (std::size_t i = 2; i < head; ++i) length = length << 8 | der[here + i];
    }
    if (at >= here + head + length) {  // it stands behind this element
      here += head + length;
      continue;
    }
    if (at < here + head) return {};
    constexpr char kDigits[] = "0123456789abcdef";
    tags += (tags.empty() ? "" : " ") + std::string{kDigits[der[here] >> 4], kDigits[der[here] & 15]};
    if ((der[here] & 0x20) == 0) return tags;  // primitive
    end = here + head + length;
    here += head;
  }
  return {};
}

bool is_unkeyed(const Blob& token, const Corruption& corruption) {
  if (corruption.kind != Corruption::Kind::bit_flipped) return false;
  std::string tags = tags_around(token, corruption.at);
  if (tags.starts_with("60 ")) tags.erase(0, 3);
  return std::ranges::any_of(kUnkeyed, [&](const Unkeyed& field) { return tags == field.tags; });
}

// One bit makes Windows' object identifier of the other, and either is Kerberos.
bool is_other_spelling(const Blob& token, const Blob& forged) {
  return !is_spelled_as_windows(token) && is_spelled_as_windows(forged);
}

class Corrupted : public ::testing::TestWithParam<bool> {
 protected:
  // The replay cache would refuse whatever comes with an authenticator that came before.
  Corrupted() : no_replay_cache_("KRB5RCACHENAME", "none:") {}

  ULONG flags() const {
    return ISC_REQ_MUTUAL_AUTH | ISC_REQ_CONNECTION | (GetParam() ? static_cast<ULONG>(ISC_REQ_USE_DCE_STYLE) : 0U);
  }

  Variable no_replay_cache_;
  Credential ours_{SECPKG_CRED_OUTBOUND}, theirs_{SECPKG_CRED_INBOUND};
};

// The size of the tokens varies by a byte or two with the numbers in them.
std::optional<Blob> applied(const Corruption& corruption, const Blob& token) {
  const bool fits = corruption.kind == Corruption::Kind::trailing || corruption.kind == Corruption::Kind::wrong_type ||
                    corruption.at < token.size();
  if (!fits) return std::nullopt;
  Blob forged = corruption.apply(token, 0);
  if (forged == token) return std::nullopt;
  return forged;
}

TEST_P(Corrupted, ApReqIsRefusedOrChangesNothing) {
  Sspi client(ours_, kTarget, flags());
  Blob request, answer;
  ASSERT_EQ(client.step({}, request), SEC_I_CONTINUE_NEEDED) << last_failure();
  std::size_t refused = 0;
  opensspi::testing::for_each_corruption({request.size(), 0, 0}, [&](const Corruption& corruption) {
    const auto forged = applied(corruption, request);
    if (!forged) return;
    Sspi server(theirs_, 0U);
    const SECURITY_STATUS status = server.step(*forged, answer);
    if (!is_unkeyed(request, corruption) && !is_other_spelling(request, *forged)) {
      EXPECT_LT(status, 0) << corruption.text() << " in " << tags_around(request, corruption.at);
      EXPECT_TRUE(answer.empty()) << corruption.text();
      ++refused;
    } else if (status >= 0 && !GetParam()) {
      EXPECT_EQ(server.name(), "alice@OPENSSPI.TEST") << corruption.text();
      SecPkgContext_NativeNamesW names{};
      ASSERT_EQ(QueryContextAttributesW(server.handle(), SECPKG_ATTR_NATIVE_NAMES, &names), SEC_E_OK);
      EXPECT_EQ(narrow(names.sServerName), "HTTP/localhost@OPENSSPI.TEST") << corruption.text();
      FreeContextBuffer(names.sClientName);
      FreeContextBuffer(names.sServerName);
    }
  });
  EXPECT_GT(refused, 4000U);
  Sspi server(theirs_, 0U);
  EXPECT_EQ(server.step(request, answer), GetParam() ? SEC_I_CONTINUE_NEEDED : SEC_E_OK) << last_failure();
  Blob third, none;
  EXPECT_EQ(client.step(answer, third), SEC_E_OK) << last_failure();
}

TEST_P(Corrupted, ApRepIsRefused) {
  std::size_t refused = 0;
  constexpr std::size_t kMostBytes = 200;
  opensspi::testing::for_each_corruption({kMostBytes, 0, 0}, [&](const Corruption& corruption) {
    Sspi client(ours_, kTarget, flags()), server(theirs_, 0U);
    Blob request, reply, none;
    ASSERT_EQ(client.step({}, request), SEC_I_CONTINUE_NEEDED) << last_failure();
    ASSERT_GE(server.step(request, reply), 0) << last_failure();
    ASSERT_LT(reply.size(), kMostBytes);
    const auto forged = applied(corruption, reply);
    if (!forged || is_unkeyed(reply, corruption)) return;
    EXPECT_LT(client.step(*forged, none), 0) << corruption.text() << " in " << tags_around(reply, corruption.at);
    EXPECT_LT(client.step(reply, none), 0) << "a context that failed stays failed";
    ++refused;
  });
  EXPECT_GT(refused, 800U);
}

class CorruptedThirdLeg : public Corrupted {};

TEST_P(CorruptedThirdLeg, IsRefused) {
  std::size_t refused = 0;
  constexpr std::size_t kMostBytes = 200;
  opensspi::testing::for_each_corruption({kMostBytes, 0, 0}, [&](const Corruption& corruption) {
    Sspi client(ours_, kTarget, flags()), server(theirs_, 0U);
    Blob request, reply, third, none;
    ASSERT_EQ(client.step({}, request), SEC_I_CONTINUE_NEEDED) << last_failure();
    ASSERT_EQ(server.step(request, reply), SEC_I_CONTINUE_NEEDED) << last_failure();
    ASSERT_EQ(client.step(reply, third), SEC_E_OK) << last_failure();
    ASSERT_LT(third.size(), kMostBytes);
    const auto forged = applied(corruption, third);
    if (!forged || is_unkeyed(third, corruption)) return;
    EXPECT_LT(server.step(*forged, none), 0) << corruption.text() << " in " << tags_around(third, corruption.at);
    EXPECT_LT(server.step(third, none), 0) << "a context that failed stays failed";
    ++refused;
  });
  EXPECT_GT(refused, 600U);
}

std::string style(const ::testing::TestParamInfo<bool>& test) { return test.param ? "dce" : "framed"; }
INSTANTIATE_TEST_SUITE_P(Kerberos, Corrupted, ::testing::Bool(), style);
INSTANTIATE_TEST_SUITE_P(Kerberos, CorruptedThirdLeg, ::testing::Values(true), style);

// A token that is whole, and another than the one that is due.
TEST(WrongTokens, AreRefusedByTheServerInEveryState) {
  Credential ours(SECPKG_CRED_OUTBOUND), theirs(SECPKG_CRED_INBOUND);
  Sspi client(ours, kTarget, ISC_REQ_MUTUAL_AUTH | ISC_REQ_USE_DCE_STYLE), server(theirs, 0U);
  Blob request, reply, third, none;
  ASSERT_EQ(client.step({}, request), SEC_I_CONTINUE_NEEDED);
  ASSERT_EQ(server.step(request, reply), SEC_I_CONTINUE_NEEDED) << last_failure();
  EXPECT_EQ(server.step(request, none), SEC_E_INVALID_TOKEN) << "an AP-REQ for the third leg";
  Sspi begins(theirs, 0U);
  EXPECT_EQ(begins.step(reply, none), SEC_E_INVALID_TOKEN) << "an AP-REP to begin with";
  EXPECT_TRUE(none.empty());
}

}  // namespace
