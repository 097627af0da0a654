// What is understood of a PKCS#11 URI, and what of it may be shown. The tokens are in tests/interop/tls_pkcs11.py.
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "cert/pkcs11.hpp"

namespace opensspi::cert {
namespace {

std::string text_of(const Secret& secret) { return {secret.bytes().begin(), secret.bytes().end()}; }

std::string refusal_of(std::string_view uri) {
  const auto parsed = parse_pkcs11_uri(uri);
  if (parsed) return "accepted";
  EXPECT_EQ(parsed.error().status, Status::unknown_credentials);
  return parsed.error().detail;
}

TEST(Pkcs11Uri, IsReadIntoKeyModuleAndPin) {
  const auto uri = parse_pkcs11_uri("pkcs11:token=a%20b;object=key?pin-value=1%3f2&module-path=/lib/a%26b.so");
  ASSERT_TRUE(uri);
  EXPECT_EQ(uri->path, "pkcs11:token=a%20b;object=key");
  EXPECT_EQ(uri->module, "/lib/a&b.so");
  EXPECT_EQ(text_of(uri->pin), "1%3f2");
}

TEST(Pkcs11Uri, IsShownWithoutItsPinWhereverThatStands) {
  for (const char* query : {"pin-value=4711&module-path=/m.so", "module-path=/m.so&pin-value=4711"}) {
    const auto uri = parse_pkcs11_uri(std::string("pkcs11:object=key?") + query);
    ASSERT_TRUE(uri);
    EXPECT_EQ(uri->shown, "pkcs11:object=key?module-path=/m.so");
  }
  const auto alone = parse_pkcs11_uri("pkcs11:object=key?pin-value=4711");
  ASSERT_TRUE(alone);
  EXPECT_EQ(alone->shown, "pkcs11:object=key");
}

TEST(Pkcs11Uri, WhatIsShownReadsAsTheSameWithoutThePin) {
  const auto uri = parse_pkcs11_uri("pkcs11:id=%01%ff?module-path=/a%25b.so&pin-value=1");
  ASSERT_TRUE(uri);
  const auto again = parse_pkcs11_uri(uri->shown);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->path, uri->path);
  EXPECT_EQ(again->module, "/a%b.so");
  EXPECT_TRUE(again->pin.empty());
}

TEST(Pkcs11Uri, TakesThePinFromTheFirstLineOfAFile) {
  char directory[] = "/tmp/opensspi-pkcs11-XXXXXX";
  ASSERT_NE(mkdtemp(directory), nullptr);
  const std::string path = std::string(directory) + "/pin";
  std::ofstream(path) << "4?1\nsecond\n";
  for (const char* scheme : {"", "file:", "file://"}) {
    const auto uri = parse_pkcs11_uri("pkcs11:object=key?pin-source=" + std::string(scheme) + path);
    ASSERT_TRUE(uri) << scheme << uri.error().detail;
    EXPECT_EQ(text_of(uri->pin), "%34%3F%31");
  }
  std::ofstream(path) << "\n";
  EXPECT_NE(refusal_of("pkcs11:object=key?pin-source=" + path).find("empty line"), std::string::npos);
  std::ofstream(path) << "";
  EXPECT_NE(refusal_of("pkcs11:object=key?pin-source=" + path).find("empty line"), std::string::npos);
  std::ofstream(path) << "4711\n";
  chmod(path.c_str(), 0666);
  EXPECT_NE(refusal_of("pkcs11:object=key?pin-source=" + path).find(path), std::string::npos);
  unlink(path.c_str());
  rmdir(directory);
}

TEST(Pkcs11Uri, IsRefusedWithItsReasonAndWithoutItsPin) {
  const struct {
    const char *uri, *reason;
  } cases[] = {{"pkcs11:", "a PKCS#11 URI is as"},
               {"pkcs11:?pin-value=4711", "a PKCS#11 URI is as"},
               {"file:/key", "a PKCS#11 URI is as"},
               {"pkcs11:object=key;pin-value=4711", "must stand behind a question mark"},
               {"pkcs11:object=key?pin-value=4711&pin-source=/pin", "allows one of them"},
               {"pkcs11:object=key?pin-value=4711&module-name=x", "the URI has module-name"},
               {"pkcs11:object=key?4711", "has no ="},
               {"pkcs11:object=key?module-path=%4", "two hexadecimal digits"},
               {"pkcs11:object=key?module-path=%zz", "two hexadecimal digits"},
               {"pkcs11:object=key?pin-source=pin", "absolute path"},
               {"pkcs11:object=key?pin-source=|ask", "absolute path"},
               {"pkcs11:object=key?pin-source=file:/nowhere/pin", "/nowhere/pin"}};
  for (const auto& [uri, reason] : cases) {
    const std::string why = refusal_of(uri);
    EXPECT_NE(why.find(reason), std::string::npos) << uri << ": " << why;
    EXPECT_EQ(why.find("4711"), std::string::npos) << why;
  }
}

}  // namespace
}  // namespace opensspi::cert
