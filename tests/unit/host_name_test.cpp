// Host names and addresses as a certificate is compared with them.
#include <gtest/gtest.h>

#include "cert/chain.hpp"
#include "kerberos/names.hpp"

namespace {

using namespace opensspi;

TEST(HostName, IsAscii) {
  EXPECT_EQ(cert::host_name(u"B\u00DCcher.Example."), "xn--bcher-kva.example");
  EXPECT_EQ(cert::host_name(u"192.0.2.1"), "192.0.2.1");
  EXPECT_EQ(cert::host_name(u"2001:db8::1"), "2001:db8::1");
}

TEST(HostName, RefusesWhatNoHostIsCalled) {
  for (const std::u16string_view name : {u"", u".", u"a..b", u"a b", u"\xD800", u"a\x7F"}) {
    EXPECT_EQ(cert::host_name(name), "");
  }
  EXPECT_EQ(cert::host_name(std::u16string(64, u'a')), "");
}

// What reads C strings would take the part in front for the whole.
TEST(HostName, AnEmbeddedNulEndsNothing) {
  using namespace std::string_literals;
  EXPECT_EQ(cert::host_name(u"host\0.example"s), "");
  EXPECT_EQ(cert::host_name(u"::\0.example"s), "");
  EXPECT_EQ(cert::host_name(u"192.0.2.1\0.example"s), "");
  EXPECT_FALSE(cert::is_ip_address("192.0.2.1\0x"s));
  EXPECT_FALSE(cert::is_ip_address("::\0x"s));
  EXPECT_FALSE(kerberos::is_ip_address("HTTP/192.0.2.1\0x"s));
  EXPECT_FALSE(kerberos::is_ip_address("HTTP/[::\0x]"s));
  EXPECT_TRUE(kerberos::is_ip_address("HTTP/192.0.2.1"));
}

}  // namespace
