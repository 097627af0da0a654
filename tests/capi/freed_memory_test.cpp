// Memory that is given back holds no secret any more: passwords, hashes, session keys.
//
// operator delete of this program looks through what is given back while a test asks it to; the library's calls come
// here too.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <malloc.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <new>
#include <span>

#include "ntlm_pair.hpp"

namespace {

// What to look for, and how often it was found: no memory is to be had while memory is given back.
struct Watch {
  static constexpr std::size_t kMostBytes = 64;
  std::uint8_t bytes[kMostBytes];
  std::size_t size = 0;
  std::atomic<int> found{0};
};
constinit Watch watches[4];
constinit std::atomic<int> watched{0};

// The needle itself lies in static memory, which is never given back.
void look_through(void* memory) {
  const int count = watched.load(std::memory_order_relaxed);
  if (count == 0 || memory == nullptr) return;
  const std::size_t size = malloc_usable_size(memory);
  for (int i = 0; i < count; ++i) {
    if (memmem(memory, size, watches[i].bytes, watches[i].size) != nullptr) ++watches[i].found;
  }
}

}  // namespace

void* operator new(std::size_t size) {
  void* memory = std::malloc(size == 0 ? 1 : size);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}
void* operator new[](std::size_t size) { return operator new(size); }
void operator delete(void* memory) noexcept {
  look_through(memory);
  std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept { operator delete(memory); }
void operator delete[](void* memory) noexcept { operator delete(memory); }
void operator delete[](void* memory, std::size_t) noexcept { operator delete(memory); }

namespace {

using namespace capi;
using Role = End::Role;

class FreedMemory : public ::testing::Test {
 protected:
  ~FreedMemory() override { watched = 0; }

  static void watch(const void* bytes, std::size_t size) {
    Watch& watch = watches[watched];
    ASSERT_LE(size, Watch::kMostBytes);
    std::memcpy(watch.bytes, bytes, size);
    watch.size = size;
    watch.found = 0;
    ++watched;
  }
  // How often what is watched was found in memory that was given back; nothing is watched any more.
  static int found() {
    const int count = watched.exchange(0);
    int all = 0;
    for (int i = 0; i < count; ++i) all += watches[i].found;
    return all;
  }

  // The caller's own memory is the caller's business: it is static here.
  static SECURITY_STATUS acquire(void* password, ULONG length, ULONG flags) {
    static std::u16string package = u"NTLM", user = u"alice";
    SEC_WINNT_AUTH_IDENTITY_W identity{reinterpret_cast<USHORT*>(user.data()),
                                       static_cast<ULONG>(user.size()),
                                       nullptr,
                                       0,
                                       static_cast<USHORT*>(password),
                                       length,
                                       flags};
    CredHandle handle{};
    const SECURITY_STATUS status = AcquireCredentialsHandleW(nullptr, package.data(), SECPKG_CRED_OUTBOUND, nullptr,
                                                             &identity, nullptr, nullptr, &handle, nullptr);
    if (status == SEC_E_OK) FreeCredentialsHandle(&handle);
    return status;
  }
};

TEST_F(FreedMemory, IsLookedThrough) {
  static constexpr char kText[] = "a text that is found again";
  watch(kText, sizeof kText);
  {
    const std::string copy(kText, sizeof kText);
  }
  EXPECT_EQ(found(), 1);
}

TEST_F(FreedMemory, HoldsNoPasswordOfACredential) {
  static char16_t password[] = u"a password of some length, Passw0rd!";
  constexpr ULONG kLength = sizeof password / sizeof *password - 1;
  watch(password, 16);
  EXPECT_EQ(acquire(password, kLength, SEC_WINNT_AUTH_IDENTITY_UNICODE), SEC_E_OK);
  EXPECT_EQ(found(), 0);
}

TEST_F(FreedMemory, HoldsNoPasswordInUtf8) {
  static char password[] = "a password of some length, Passw0rd!";
  static constexpr char16_t kWide[] = u"a password";
  watch(password, 16);
  watch(kWide, sizeof kWide - sizeof *kWide);
  EXPECT_EQ(acquire(password, sizeof password - 1, SEC_WINNT_AUTH_IDENTITY_ANSI), SEC_E_OK);
  EXPECT_EQ(found(), 0);
}

TEST_F(FreedMemory, HoldsNoPasswordThatIsIllFormed) {
  static char password[] = "a password of some length, Passw0rd!\xC3";
  static constexpr char16_t kWide[] = u"a password";
  watch(password, 16);
  watch(kWide, sizeof kWide - sizeof *kWide);
  EXPECT_EQ(acquire(password, sizeof password - 1, SEC_WINNT_AUTH_IDENTITY_ANSI), SEC_E_UNKNOWN_CREDENTIALS);
  EXPECT_EQ(found(), 0);
}

// From the credentials to the end of the contexts, with the accounts of a file.
TEST_F(FreedMemory, HoldsNoSecretOfALogOn) {
  static char16_t password[] = u"a password of some length, Passw0rd!";
  static constexpr char kLine[] = "EXAMPLE:alice:a password of some length, Passw0rd!\n";
  static char path[] = "/tmp/opensspi-accounts-XXXXXX";
  const int file = mkstemp(path);
  ASSERT_EQ(write(file, kLine, sizeof kLine - 1), static_cast<ssize_t>(sizeof kLine - 1));
  close(file);
  static std::u16string package = u"NTLM", user = u"alice", domain = u"EXAMPLE", source = u"plain:";
  for (const char* c = path; *c != 0; ++c) source += static_cast<char16_t>(*c);
  watch(password, 32);
  watch(kLine + 14, 16);
  const auto units = [](auto& text) { return reinterpret_cast<USHORT*>(std::data(text)); };
  SEC_WINNT_AUTH_IDENTITY_W identity{units(user),
                                     5,
                                     units(domain),
                                     7,
                                     units(password),
                                     sizeof password / sizeof *password - 1,
                                     SEC_WINNT_AUTH_IDENTITY_UNICODE};
  {
    Credential alice(nullptr), accounts(nullptr);
    for (Credential* credential : {&alice, &accounts}) FreeCredentialsHandle(credential->get());
    ASSERT_EQ(AcquireCredentialsHandleW(nullptr, package.data(), SECPKG_CRED_OUTBOUND, nullptr, &identity, nullptr,
                                        nullptr, alice.get(), nullptr),
              SEC_E_OK);
    ASSERT_EQ(AcquireCredentialsHandleW(nullptr, package.data(), SECPKG_CRED_INBOUND, nullptr, nullptr, nullptr,
                                        nullptr, accounts.get(), nullptr),
              SEC_E_OK);
    OPENSSPI_ACCOUNTS named{source.c_str(), nullptr, nullptr};
    ASSERT_EQ(SetCredentialsAttributesW(accounts.get(), OPENSSPI_CRED_ATTR_ACCOUNTS, &named, sizeof named), SEC_E_OK);
    End client(Role::kClient, alice, kClientSeal), server(Role::kServer, accounts, kServerAny);
    ASSERT_EQ(log_on(client, server), SEC_E_OK);
    SecPkgContext_SessionKey key{};
    ASSERT_EQ(QueryContextAttributesW(server.get(), SECPKG_ATTR_SESSION_KEY, &key), SEC_E_OK);
    watch(key.SessionKey, key.SessionKeyLength);
    FreeContextBuffer(key.SessionKey);
    const Message message = client.seal({bytes("text")});
    ASSERT_EQ(server.unseal(message.token, message.data).status, SEC_E_OK);
  }
  EXPECT_EQ(found(), 0);
  unlink(path);
}

TEST_F(FreedMemory, HoldsNoSessionKeyOfAnExportedContext) {
  static const std::u16string kLong(250, u'a');
  Credential alice(&kAlice), accounts(nullptr);
  int all = 0;
  for (const bool with_messages : {false, true}) {
    End client(Role::kClient, alice, kClientSeal), server(Role::kServer, accounts, kServerAny);
    client.target = kLong + kLong + kLong;
    ASSERT_EQ(log_on(client, server), SEC_E_OK);
    if (with_messages) {
      const Message message = client.seal({bytes("text")});
      ASSERT_EQ(server.unseal(message.token, message.data).status, SEC_E_OK);
    }
    SecPkgContext_SessionKey key{};
    ASSERT_EQ(QueryContextAttributesW(server.get(), SECPKG_ATTR_SESSION_KEY, &key), SEC_E_OK);
    watch(key.SessionKey, key.SessionKeyLength);
    FreeContextBuffer(key.SessionKey);
    for (End* end : {&client, &server}) {
      SecBuffer packed{};
      ASSERT_EQ(ExportSecurityContext(end->get(), 0, &packed, nullptr), SEC_E_OK);
      CtxtHandle copy{};
      static std::u16string package = u"NTLM";
      ASSERT_EQ(ImportSecurityContextW(package.data(), &packed, nullptr, &copy), SEC_E_OK);
      FreeContextBuffer(packed.pvBuffer);
      DeleteSecurityContext(&copy);
      DeleteSecurityContext(end->get());
    }
    all += found();
  }
  EXPECT_EQ(all, 0);
}

// The form is our own: src/kerberos/export.cpp and session.cpp. In memory that is never given back, as its key would
// be.
Blob& packed_kerberos_context(std::span<const std::uint8_t> key, std::size_t target_characters) {
  static Blob& packed = *new Blob;
  packed.reserve(1 << 16);
  packed.assign({'O', 'S', 'S', 'P', 'K', 'R', 'B', '5'});
  const auto put = [&](std::uint64_t value, int size) {
    for (int i = 0; i < size; ++i) packed.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
  };
  const auto put_text = [&](const std::string& text) {
    put(text.size(), 4);
    for (const char c : text) put(static_cast<unsigned char>(c), 2);
  };
  const auto put_key = [&](std::uint32_t enctype, std::span<const std::uint8_t> content) {
    put(enctype, 4);
    put(content.size(), 4);
    packed.insert(packed.end(), content.begin(), content.end());
  };
  put(1, 2);           // format
  put(0, 1);           // acceptor
  put(0, 4);           // what was requested
  put(0x30, 4);        // GSS_C_CONF_FLAG, GSS_C_INTEG_FLAG
  put(~0ULL >> 1, 8);  // its end
  put_text(std::string(target_characters, 't'));
  for (const char* text : {"alice@EXAMPLE.TEST", "HTTP/localhost@EXAMPLE.TEST", "alice", "EXAMPLE"}) put_text(text);
  put(0, 4);  // SIDs
  put(0, 1);  // with a PAC
  for (int i = 0; i < 2; ++i) put_key(18, key);
  put_key(0, {});
  put(0, 8);
  put(0, 8);
  put(0, 1);  // without running state
  return packed;
}

TEST_F(FreedMemory, HoldsNoKeyOfAnExportedKerberosContext) {
  static std::u16string package = u"Kerberos";
  static std::uint8_t key[32];
  for (std::size_t i = 0; i < sizeof key; ++i) key[i] = static_cast<std::uint8_t>(0xA0 + i);
  // Around a power of two: memory that doubles would grow between one key and the other.
  for (std::size_t target = 8000; target < 8200; ++target) {
    Blob& blob = packed_kerberos_context(key, target);
    SecBuffer packed{static_cast<ULONG>(blob.size()), SECBUFFER_TOKEN, blob.data()};
    CtxtHandle context{};
    watch(key, sizeof key);
    ASSERT_EQ(ImportSecurityContextW(package.data(), &packed, nullptr, &context), SEC_E_OK);
    ASSERT_EQ(ExportSecurityContext(&context, 0, &packed, nullptr), SEC_E_OK);
    EXPECT_EQ(packed.cbBuffer, blob.size());
    FreeContextBuffer(packed.pvBuffer);
    DeleteSecurityContext(&context);
    ASSERT_EQ(found(), 0) << target;
  }
}

}  // namespace
