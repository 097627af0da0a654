// Host names and addresses as a certificate is compared with them.
#include <gtest/gtest.h>

#include <clocale>

#include "base/text.hpp"
#include "cert/chain.hpp"
#include "kerberos/names.hpp"

namespace {

using namespace opensspi;

TEST(HostName, IsAscii) {
  EXPECT_EQ(cert::host_name(u"B\u00DCcher.Example."), "xn--bcher-kva.example");
  EXPECT_EQ(cert::host_name(u"192.0.2.1"), "192.0.2.1");
  EXPECT_EQ(cert::host_name(u"2001:db8::1"), "2001:db8::1");
}

TEST(HostName, PlainNamesStayButForTheirCase) {
  const std::u16string_view names[] = {
      u"a",           u"host-1.example", u"under_score.example", u"_sip._tcp.example", u"r3---sn.example",
      u"-a-.example", u"1.2.3.example"};
  for (const std::u16string_view name : names) EXPECT_EQ(cert::host_name(name), to_utf8(name));
  EXPECT_EQ(cert::host_name(u"HOST_1.Example"), "host_1.example");
}

TEST(HostName, RefusesWhatNoHostIsCalled) {
  for (const std::u16string_view name : {u"", u".", u"a..b", u"a..", u".a", u"a b", u"\xD800", u"a\xDC00.b", u"a\x7F",
                                         u"a\tb", u"host/path", u"user@host", u"host:443", u"[::1]", u"a%b"}) {
    EXPECT_EQ(cert::host_name(name), "") << to_utf8(name);
  }
}

TEST(HostName, HasItsLimits) {
  const std::u16string label(63, u'a');
  EXPECT_EQ(cert::host_name(label).size(), 63U);
  EXPECT_EQ(cert::host_name(label + u'a'), "");
  const std::u16string longest = label + u'.' + label + u'.' + label + u'.' + label.substr(2);
  EXPECT_EQ(cert::host_name(longest).size(), 253U);
  EXPECT_EQ(cert::host_name(longest + u'.').size(), 253U);
  EXPECT_EQ(cert::host_name(longest + u'a'), "");
  // Not before, but after it is encoded: xn--tdaa... has 63 characters for 57 of these.
  EXPECT_EQ(cert::host_name(std::u16string(57, u'\u00FC')).size(), 63U);
  EXPECT_EQ(cert::host_name(std::u16string(58, u'\u00FC')), "");
  EXPECT_EQ(cert::host_name(longest.substr(0, 248) + u".\u00FC"), "");  // 249 and xn--tda
}

struct Encoded {
  std::u16string_view name;
  std::string_view ascii;  // empty: refused
};

void expect_encoded(std::initializer_list<Encoded> cases) {
  for (const Encoded& one : cases) EXPECT_EQ(cert::host_name(one.name), one.ascii) << to_utf8(one.name);
}

// UTS 46: what is not transitional keeps sharp s and the final sigma, which have domains of their own.
TEST(HostName, IsEncodedByIdna2008) {
  expect_encoded({{u"fa\u00DF.de", "xn--fa-hia.de"},
                  {u"\u03B2\u03CC\u03BB\u03BF\u03C2.com", "xn--nxasmm1c.com"},
                  {u"\u0392\u038C\u039B\u039F\u03A3.com", "xn--nxasmq6b.com"},  // in capitals no sigma is final
                  {u"\u0141\u00D3D\u0179.pl", "xn--d-uga0v4h.pl"},
                  {u"bu\u0308cher.example", "xn--bcher-kva.example"},  // to NFC
                  {u"\uFF22\u00FC\uFF43her.example", "xn--bcher-kva.example"},
                  {u"\u65E5\u672C\u8A9E.\uFF2A\uFF30", "xn--wgv71a119e.jp"},
                  {u"\u0130.example", "xn--i-9bb.example"},
                  {u"exa\u00ADmple.org", "example.org"},
                  {u"a_b.b\u00FCcher.example", "a_b.xn--bcher-kva.example"},
                  {u"r3---sn.b\u00FCcher.example", "r3---sn.xn--bcher-kva.example"},
                  // Cyrillic beside Latin is another name, never the one it looks like.
                  {u"\u0430pple.com", "xn--pple-43d.com"},
                  {u"\u0440\u0430ypal.com", "xn--ypal-43d9g.com"}});
}

TEST(HostName, KnowsTheDotsOfIdna) {
  expect_encoded({{u"b\u00FCcher\u3002example\uFF0Eorg\uFF61", "xn--bcher-kva.example.org"},
                  {u"host\u3002example", "host.example"},
                  {u"host\uFF61\u3002example", ""},
                  {u"\u00FC\u2024example", ""},
                  {u"\u00FC\u2026", ""},
                  {u"\uFF11\uFF19\uFF12.\uFF10.\uFF12.\uFF11", "192.0.2.1"}});
}

TEST(HostName, RefusesWhatIdna2008HasNot) {
  expect_encoded({{u"a\u200Db.com", ""},  // a joiner joins nothing in Latin
                  {u"\u0646\u200D\u0627.com", ""},
                  {u"\u0646\u0627\u0645\u0647\u200C\u0627\u06CC.com", "xn--mgba3gch31f060k.com"},
                  {u"\u0915\u094D\u200D\u0937.com", "xn--11b2ezcw70k.com"},
                  {u"\u0308a.com", ""},   // begins with a combining mark
                  {u"\u05D01a.com", ""},  // both directions
                  {u"-\u00FC.com", ""},
                  {u"\u00FC-.com", ""},
                  {u"\u00FCa--b.com", ""},
                  {u"\uE000.com", ""},
                  {u"\uFFFD.com", ""},
                  {u"\u2764.com", ""}});
}

// U+2100 is "a/c", U+FF0F a slash, U+FF1F a question mark: the server asked would not be the one that is meant.
TEST(HostName, NoCompatibilityFormBringsADelimiter) {
  expect_encoded({{u"\u2100.com", ""},
                  {u"a\uFF0Fb.com", ""},
                  {u"a\uFF1Fb.com", ""},
                  {u"a\uFF20b.com", ""},
                  {u"\u00FC:80", ""},
                  {u"\u00FC\uFF05.com", ""},
                  {u"\u00FC .com", ""},
                  {u"\u00AD.com", ""}});  // and what disappears leaves no empty label
}

TEST(HostName, AnALabelIsOneOrIsRefused) {
  expect_encoded({{u"xn--bcher-kva.example", "xn--bcher-kva.example"},
                  {u"XN--Bcher-KVA.Example", "xn--bcher-kva.example"},
                  {u"xn--fa-hia.de", "xn--fa-hia.de"},
                  {u"\uFF58n--bcher-kva.example", "xn--bcher-kva.example"},
                  {u"r3---sn.xn--bcher-kva.example", "r3---sn.xn--bcher-kva.example"},
                  {u"xn--i-7iq.ws", "xn--i-7iq.ws"},  // a heart: registered, though IDNA2008 has no symbols
                  {u"xn--.com", ""},
                  {u"xn--0.com", ""},
                  {u"xn--abc-.com", ""},    // nothing in it is encoded
                  {u"xn--a.com", ""},       // a control character
                  {u"xn--wca.com", ""},     // a capital
                  {u"xn--a-ccb.com", ""},   // not in NFC
                  {u"xn--ab-m1t.com", ""},  // a joiner
                  {u"xn--b\u00FCcher.com", ""}});
}

// The conversion reads no environment: not the dotless i of Turkish, and no other encoding than UTF-8.
TEST(HostName, IsTheSameInEveryLocale) {
  const std::string before = std::setlocale(LC_ALL, nullptr);
  for (const char* locale : {"C", "C.UTF-8", "tr_TR.UTF-8", "de_DE.ISO-8859-1"}) {
    std::setlocale(LC_ALL, locale);  // one that is not installed changes nothing
    EXPECT_EQ(cert::host_name(u"B\u00DCCHER.INFO.XN--FA-HIA"), "xn--bcher-kva.info.xn--fa-hia") << locale;
  }
  std::setlocale(LC_ALL, before.c_str());
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
