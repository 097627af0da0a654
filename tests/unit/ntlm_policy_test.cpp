// Credentials and policy of NTLM: whom a credential stands for, which attributes it takes, and what each policy allows.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "accounts/owf.hpp"
#include "ntlm/messages/authenticate.hpp"
#include "opensspi/extra.h"
#include "support/ntlm_world.hpp"
#include "support/vectors.hpp"

namespace opensspi::testing {
namespace {

using ::testing::HasSubstr;

core::AuthIdentity identity(std::u16string user, std::u16string domain, std::u16string_view password) {
  core::AuthIdentity identity;
  identity.user = std::move(user);
  identity.domain = std::move(domain);
  identity.password = Secret(utf16le(password));
  identity.has_user = identity.has_domain = identity.has_password = true;
  return identity;
}

template <typename T>
Bytes bytes_of_structure(const T& structure) {
  return {reinterpret_cast<const std::uint8_t*>(&structure), sizeof structure};
}

SECURITY_STATUS answer_alice(void*, const SEC_WCHAR*, const SEC_WCHAR*, OPENSSPI_ACCOUNT* account) {
  const Key16 hash = accounts::ntowf_v1(utf16le(u"Passw0rd!"));
  std::ranges::copy(hash.bytes(), account->NtHash);
  return SEC_E_OK;
}

class NtlmCredentials : public ::testing::Test {
 protected:
  std::shared_ptr<core::Credential> acquire(std::uint32_t use, const core::AuthIdentity* identity = nullptr) {
    auto credential = world_.package.acquire({.principal = {}, .use = use, .identity = identity});
    EXPECT_TRUE(credential) << why(credential);
    return credential ? *credential : nullptr;
  }
  std::shared_ptr<core::Credential> client(std::u16string user, std::u16string domain,
                                           std::u16string_view password = u"Passw0rd!") {
    const core::AuthIdentity given = identity(std::move(user), std::move(domain), password);
    return acquire(SECPKG_CRED_OUTBOUND, &given);
  }
  std::shared_ptr<core::Credential> server() {
    auto credential = acquire(SECPKG_CRED_INBOUND);
    const OPENSSPI_ACCOUNTS accounts{nullptr, answer_alice, nullptr};
    EXPECT_TRUE(credential->set(OPENSSPI_CRED_ATTR_ACCOUNTS, bytes_of_structure(accounts)));
    return credential;
  }
  static Result<void> set_policy(core::Credential& credential, ULONG flags, ULONG level) {
    const OPENSSPI_NTLM_POLICY policy{flags, level};
    return credential.set(OPENSSPI_CRED_ATTR_NTLM_POLICY, bytes_of_structure(policy));
  }

  NtlmWorld world_;
};

TEST_F(NtlmCredentials, NamesOfEveryForm) {
  struct Case {
    std::u16string user, domain, name;
  };
  for (const Case& c : {Case{u"alice", u"EXAMPLE", u"EXAMPLE\\alice"}, Case{u"EXAMPLE\\alice", u"", u"EXAMPLE\\alice"},
                        Case{u"alice", u"", u"alice"}, Case{u"alice@example.com", u"", u"alice@example.com"},
                        Case{u"odd\\name", u"EXAMPLE", u"EXAMPLE\\odd\\name"}}) {
    EXPECT_EQ(client(c.user, c.domain)->name().value(), c.name);
  }
}

TEST_F(NtlmCredentials, TheDirectionOfUseIsKept) {
  EXPECT_EQ(status_of(client(u"alice", u"EXAMPLE")->start(core::Role::acceptor)), Status::no_credentials);
  EXPECT_EQ(status_of(server()->start(core::Role::initiator)), Status::no_credentials);
}

TEST_F(NtlmCredentials, AHashStandsForAPassword) {
  for (const bool upper : {false, true}) {
    std::string digits = to_hex(accounts::ntowf_v1(utf16le(u"Passw0rd!")).bytes());
    if (upper)
      std::ranges::transform(digits, digits.begin(), [](char c) { return static_cast<char>(std::toupper(c)); });
    core::AuthIdentity given = identity(u"alice", u"EXAMPLE", std::u16string(digits.begin(), digits.end()));
    given.password_is_nt_hash = true;
    auto context = acquire(SECPKG_CRED_OUTBOUND, &given)->start(core::Role::initiator).value();
    auto acceptor = world_.acceptor();
    EXPECT_EQ(log_on(*context, *acceptor, {.flags = kSealing}).status, Status::ok);
  }
}

TEST_F(NtlmCredentials, AHashOfAnotherFormIsRefusedAndNotRepeated) {
  for (const std::u16string& digits : {std::u16string(u""), std::u16string(31, u'a'), std::u16string(33, u'a'),
                                       std::u16string(31, u'a') + u"g", std::u16string(31, u'a') + u"\u0161"}) {
    core::AuthIdentity given = identity(u"alice", u"EXAMPLE", digits);
    given.password_is_nt_hash = true;
    const auto refused = world_.package.acquire({.principal = {}, .use = SECPKG_CRED_OUTBOUND, .identity = &given});
    EXPECT_EQ(status_of(refused), Status::unknown_credentials);
    EXPECT_THAT(why(refused), ::testing::Not(HasSubstr("aaaa")));
  }
}

TEST_F(NtlmCredentials, ThePasswordThatLooksLikeAHashIsAPassword) {
  const std::u16string looks = u"0123456789abcdef0123456789abcdef";
  world_.add_account(u"alice", u"EXAMPLE", looks);
  auto context = client(u"alice", u"EXAMPLE", looks)->start(core::Role::initiator).value();
  auto acceptor = world_.acceptor();
  EXPECT_EQ(log_on(*context, *acceptor).status, Status::ok);
}

TEST_F(NtlmCredentials, NobodyHasNoPassword) {
  core::AuthIdentity nobody = identity(u"", u"", u"");
  auto credential = acquire(SECPKG_CRED_OUTBOUND, &nobody);
  EXPECT_EQ(status_of(credential->name()), Status::no_credentials);
  nobody = identity(u"", u"", u"password");
  EXPECT_EQ(status_of(world_.package.acquire({.principal = {}, .use = SECPKG_CRED_OUTBOUND, .identity = &nobody})),
            Status::unknown_credentials);
}

TEST_F(NtlmCredentials, AnIdentityThatNamesNobodyIsTheProcessItself) {
  const core::AuthIdentity list_only;  // as of a structure with a PackageList alone
  const auto own = acquire(SECPKG_CRED_OUTBOUND)->name();
  const auto listed = acquire(SECPKG_CRED_OUTBOUND, &list_only)->name();
  ASSERT_TRUE(listed) << why(listed);
  EXPECT_EQ(*listed, own.value());
}

TEST_F(NtlmCredentials, APackageListThatLeavesNtlmOutIsObeyed) {
  core::AuthIdentity listed = identity(u"alice", u"EXAMPLE", u"password");
  for (const auto& [list, status] : {std::pair{u"!NTLM", Status::no_credentials},
                                     {u"Kerberos", Status::no_credentials},
                                     {u"Kerberos,ntlm", Status::ok}}) {
    listed.package_list = list;
    EXPECT_EQ(status_of(world_.package.acquire({.principal = {}, .use = SECPKG_CRED_OUTBOUND, .identity = &listed})),
              status);
  }
}

TEST_F(NtlmCredentials, APrincipalIsTheProcesssUserOrRefused) {
  const std::u16string own = acquire(SECPKG_CRED_OUTBOUND)->name().value();  // DOMAIN\user
  const std::size_t slash = own.find(u'\\');
  const std::u16string domain = own.substr(0, slash), user = own.substr(slash + 1);
  for (const std::u16string& name : {own, user, user + u'@' + domain}) {
    auto named = world_.package.acquire({.principal = name, .use = SECPKG_CRED_OUTBOUND});
    EXPECT_EQ((*named)->name().value(), own);
  }
  auto other = world_.package.acquire({.principal = u"somebody", .use = SECPKG_CRED_OUTBOUND});
  const auto refused = (*other)->start(core::Role::initiator);
  EXPECT_EQ(status_of(refused), Status::no_credentials);
  EXPECT_THAT(why(refused), HasSubstr("\"somebody\" is not the user of this process"));
  EXPECT_FALSE((*other)->reach(u"HTTP/host").reachable);
}

TEST_F(NtlmCredentials, AttributesAreFixedByTheFirstContext) {
  auto credential = server();
  EXPECT_TRUE(set_policy(*credential, OPENSSPI_NTLM_REQUIRE_MIC, 3));
  ASSERT_TRUE(credential->start(core::Role::acceptor));
  const auto late = set_policy(*credential, 0, 3);
  EXPECT_EQ(status_of(late), Status::out_of_sequence);
  EXPECT_THAT(why(late), HasSubstr("a context was made from the credential already"));
}

TEST_F(NtlmCredentials, PoliciesAreChecked) {
  auto credential = client(u"alice", u"EXAMPLE");
  for (const ULONG level : {3U, 4U, 5U}) EXPECT_TRUE(set_policy(*credential, 0, level)) << level;
  for (const ULONG level : {0U, 1U, 2U}) {
    EXPECT_EQ(status_of(set_policy(*credential, 0, level)), Status::invalid_parameter) << level;
    EXPECT_TRUE(set_policy(*credential, OPENSSPI_NTLM_ALLOW_WEAK, level)) << level;
  }
  EXPECT_EQ(status_of(set_policy(*credential, OPENSSPI_NTLM_ALLOW_WEAK, 6)), Status::invalid_parameter);
  EXPECT_EQ(status_of(set_policy(*credential, 0x80, 3)), Status::invalid_parameter);
}

TEST_F(NtlmCredentials, AccountsAreASourceOrACallback) {
  auto credential = acquire(SECPKG_CRED_INBOUND);
  OPENSSPI_ACCOUNTS accounts{};
  EXPECT_EQ(status_of(credential->set(OPENSSPI_CRED_ATTR_ACCOUNTS, bytes_of_structure(accounts))),
            Status::invalid_parameter);
  std::u16string source = u"nonsense:/etc";
  accounts.Source = source.c_str();
  const auto unknown = credential->set(OPENSSPI_CRED_ATTR_ACCOUNTS, bytes_of_structure(accounts));
  EXPECT_EQ(status_of(unknown), Status::invalid_parameter);
  EXPECT_THAT(why(unknown), HasSubstr("smbpasswd:PATH"));
  accounts.Callback = answer_alice;
  EXPECT_EQ(status_of(credential->set(OPENSSPI_CRED_ATTR_ACCOUNTS, bytes_of_structure(accounts))),
            Status::invalid_parameter);
}

// ---- What a callback answers.

SECURITY_STATUS answer_status(void* context, const SEC_WCHAR*, const SEC_WCHAR*, OPENSSPI_ACCOUNT*) {
  return *static_cast<SECURITY_STATUS*>(context);
}

TEST_F(NtlmCredentials, TheCallbacksFailureIsItsOwn) {
  for (const auto& [answer, expected] : {std::pair{SEC_E_LOGON_DENIED, Status::logon_denied},
                                         {SEC_E_INTERNAL_ERROR, Status::internal_error},
                                         {SEC_E_NO_AUTHENTICATING_AUTHORITY, Status::no_authenticating_authority},
                                         {SEC_I_CONTINUE_NEEDED, Status::internal_error}}) {
    auto credential = acquire(SECPKG_CRED_INBOUND);
    SECURITY_STATUS status = answer;
    const OPENSSPI_ACCOUNTS accounts{nullptr, answer_status, &status};
    ASSERT_TRUE(credential->set(OPENSSPI_CRED_ATTR_ACCOUNTS, bytes_of_structure(accounts)));
    auto acceptor = credential->start(core::Role::acceptor).value();
    auto initiator = world_.initiator();
    EXPECT_EQ(log_on(*initiator, *acceptor).status, expected);
  }
}

SECURITY_STATUS rename(void*, const SEC_WCHAR* user, const SEC_WCHAR* domain, OPENSSPI_ACCOUNT* account) {
  EXPECT_EQ(std::u16string(user), u"alice");
  EXPECT_EQ(std::u16string(domain), u"EXAMPLE");
  EXPECT_EQ(std::u16string(account->Account), u"alice");
  (void)answer_alice(nullptr, user, domain, account);
  std::ranges::copy(std::u16string(u"Alice.Liddell") + u'\0', account->Account);
  std::ranges::fill(account->Domain, u'D');  // without its NUL
  return SEC_E_OK;
}

TEST_F(NtlmCredentials, TheCallbackGivesTheCanonicalName) {
  auto credential = acquire(SECPKG_CRED_INBOUND);
  const OPENSSPI_ACCOUNTS accounts{nullptr, rename, nullptr};
  ASSERT_TRUE(credential->set(OPENSSPI_CRED_ATTR_ACCOUNTS, bytes_of_structure(accounts)));
  auto acceptor = credential->start(core::Role::acceptor).value();
  auto initiator = world_.initiator();
  ASSERT_EQ(log_on(*initiator, *acceptor).status, Status::ok);
  EXPECT_EQ(user_name(*acceptor), std::u16string(257, u'D') + u"\\Alice.Liddell");
}

TEST_F(NtlmCredentials, AClaimTooLongForTheCallbackIsRefused) {
  auto acceptor = server()->start(core::Role::acceptor).value();
  auto initiator = world_.initiator(std::u16string(257, u'n'));
  EXPECT_EQ(log_on(*initiator, *acceptor).status, Status::logon_denied);
}

// ---- Availability.

TEST(NtlmAvailability, SaysWhyItIsNotOffered) {
  NtlmWorld world;
  EXPECT_EQ(world.package.why_unavailable(), "");
  world.configuration.ntlm_disabled = true;
  EXPECT_THAT(world.package.why_unavailable(), HasSubstr("OPENSSPI_NTLM_DISABLED"));
  world.configuration.fips = true;
  EXPECT_THAT(world.package.why_unavailable(), HasSubstr("FIPS"));
}

TEST(NtlmPolicy, IntegrityAndItsContraryContradictEachOther) {
  NtlmWorld world;
  auto client = world.initiator();
  EXPECT_EQ(status_of(step(*client, {}, {.flags = ISC_REQ_NO_INTEGRITY | ISC_REQ_INTEGRITY})),
            Status::unsupported_function);
  client = world.initiator();
  EXPECT_EQ(status_of(step(*client, {}, {.flags = ISC_REQ_NO_INTEGRITY})), Status::continue_needed);
}

TEST(NtlmPolicy, ANullSessionIsNobodysWhateverTheCredential) {
  NtlmWorld world;
  auto client = world.initiator(), server = world.acceptor();
  const Conversation c =
      log_on(*client, *server, {.flags = ISC_REQ_NULL_SESSION}, {.flags = ASC_REQ_ALLOW_NULL_SESSION});
  ASSERT_EQ(c.status, Status::ok) << c.reason;
  const auto message = ntlm::AuthenticateMessage::parse(c.authenticate).value();
  EXPECT_EQ(message.user, u"");
  EXPECT_TRUE(message.nt_response.empty());
  EXPECT_EQ(user_name(*server), u"NT AUTHORITY\\ANONYMOUS LOGON");
}

TEST(NtlmPolicy, MostAgeOfAResponseIsTheConfigurations) {
  for (const bool late : {false, true}) {
    NtlmWorld world;
    world.policy.max_lifetime_seconds = 60;
    auto client = world.initiator(), server = world.acceptor();
    const ByteVector negotiate = step(*client, {}).value().output;
    const ByteVector challenge = step(*server, negotiate).value().output;
    const ByteVector authenticate = step(*client, challenge).value().output;
    world.host.set_now({world.host.now().ticks + (late ? 61 : 60) * kTicksPerSecond});
    const auto done = step(*server, authenticate);
    EXPECT_EQ(status_of(done), late ? Status::time_skew : Status::ok) << why(done);
  }
}

}  // namespace
}  // namespace opensspi::testing
