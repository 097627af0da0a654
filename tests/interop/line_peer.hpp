// One end of an NTLM conversation as a process that answers lines, so that a script can put any two ends together.
//
// One request a line, one answer a line, bytes in hexadecimal ("-" for none):
//   step TOKEN          more TOKEN | done TOKEN | fail STATUS TEXT
//   sign DATA           ok SIGNATURE
//   verify SIG DATA     ok
//   seal DATA           ok SIGNATURE CIPHERTEXT
//   unseal SIG CIPHER   ok DATA            (SIG "-": CIPHER is the whole of what gss_wrap gives)
//   wrap DATA           ok TOKEN           (GSSAPI's ends: gss_wrap)
//   key | flags | user | server | target | mic | package | fallback | delegated      ok VALUE
//   identity            ok NAME SID SOURCE (ours)
//   pack                ok                 (ours: the context is exported and imported again)
//   reset               ok                 (a fresh context of the same credential)
// STATUS is eight hexadecimal digits: a SECURITY_STATUS, or GSSAPI's major status.
#pragma once

#include <cstdint>
#include <cstdio>
#include <iostream>
#include <set>
#include <span>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace interop {

using Blob = std::vector<std::uint8_t>;

struct Options {
  bool server = false;
  std::string user, domain, password;
  std::string accounts;  // where a server looks accounts up, in the program's own words
  std::string target;    // SPN
  std::string bindings;  // application data of channel bindings
  std::string package = "NTLM";
  std::string mechanisms = "ntlm";  // GSSAPI's: what its SPNEGO offers or takes, in this order: krb5 ms-krb5 ntlm
  std::string package_list;         // ours: PackageList of SEC_WINNT_AUTH_IDENTITY_EXW
  std::uint32_t flags = 0;          // gss-ntlmssp's client: NegotiateFlags in place of the usual ones
  // sign seal mutual delegate dce datagram identify null no-integrity weak require-mic mic
  std::set<std::string> want;
  bool wants(const std::string& word) const { return want.contains(word); }
};

struct Answer {
  std::string word;
  std::vector<std::string> values;
};

inline std::string to_hex(std::span<const std::uint8_t> bytes) {
  if (bytes.empty()) return "-";
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const std::uint8_t byte : bytes) {
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

inline Blob from_hex(std::string_view text) {
  Blob bytes;
  if (text == "-") return bytes;
  const auto digit = [](char c) { return static_cast<unsigned>(c <= '9' ? c - '0' : c - 'a' + 10); };
  for (std::size_t i = 0; i + 1 < text.size(); i += 2) {
    bytes.push_back(static_cast<std::uint8_t>(digit(text[i]) << 4 | digit(text[i + 1])));
  }
  return bytes;
}

inline Answer ok(std::vector<std::string> values = {}) { return {"ok", std::move(values)}; }

inline Answer fail(std::uint32_t status, std::string_view text = {}) {
  char digits[9];
  std::snprintf(digits, sizeof digits, "%08X", static_cast<unsigned>(status));
  return {"fail", {digits, std::string(text)}};
}

class LinePeer {
 public:
  virtual ~LinePeer() = default;
  virtual Answer step(const Blob& token) = 0;
  virtual Answer sign(const Blob& data) = 0;
  virtual Answer verify(const Blob& signature, const Blob& data) = 0;
  virtual Answer seal(const Blob& data) = 0;
  virtual Answer unseal(const Blob& signature, const Blob& cipher) = 0;
  virtual Answer wrap(const Blob&) { return fail(0xFFFFFFFF, "this end has no gss_wrap"); }
  virtual Answer query(const std::string& what) = 0;
  virtual Answer reset() = 0;
};

inline Answer dispatch(LinePeer& peer, const std::vector<std::string>& words) {
  const std::string& verb = words[0];
  const Blob first = words.size() > 1 ? from_hex(words[1]) : Blob{};
  const Blob second = words.size() > 2 ? from_hex(words[2]) : Blob{};
  if (verb == "step") return peer.step(first);
  if (verb == "sign") return peer.sign(first);
  if (verb == "verify") return peer.verify(first, second);
  if (verb == "seal") return peer.seal(first);
  if (verb == "unseal") return peer.unseal(first, second);
  if (verb == "wrap") return peer.wrap(first);
  if (verb == "reset") return peer.reset();
  return peer.query(verb);
}

inline void serve(LinePeer& peer) {
  for (std::string line; std::getline(std::cin, line);) {
    std::istringstream in(line);
    std::vector<std::string> words;
    for (std::string word; in >> word;) words.push_back(word);
    if (words.empty()) continue;
    const Answer answer = dispatch(peer, words);
    std::string out = answer.word;
    for (const std::string& value : answer.values) out += ' ' + value;
    std::cout << out << std::endl;
  }
}

// client|server [--user U] [--domain D] [--password P] [--accounts A] [--target T] [--bindings B | --bindings-hex B]
// [--package P] [--mechanisms M,M...] [--package-list L] [--flags F] [--want W,W...]
inline Options parse_options(std::span<char*> args) {
  Options options;
  options.server = args.size() > 1 && std::string_view(args[1]) == "server";
  for (std::size_t i = 2; i + 1 < args.size(); i += 2) {
    const std::string_view name = args[i];
    const std::string value = args[i + 1];
    if (name == "--user") options.user = value;
    if (name == "--domain") options.domain = value;
    if (name == "--password") options.password = value;
    if (name == "--accounts") options.accounts = value;
    if (name == "--target") options.target = value;
    if (name == "--bindings") options.bindings = value;
    if (name == "--bindings-hex") {
      const Blob bytes = from_hex(value);
      options.bindings.assign(bytes.begin(), bytes.end());
    }
    if (name == "--package") options.package = value;
    if (name == "--mechanisms") options.mechanisms = value;
    if (name == "--package-list") options.package_list = value;
    if (name == "--flags") options.flags = static_cast<std::uint32_t>(std::stoul(value, nullptr, 16));
    if (name != "--want") continue;
    std::istringstream in(value);
    for (std::string word; std::getline(in, word, ',');) options.want.insert(word);
  }
  return options;
}

}  // namespace interop
