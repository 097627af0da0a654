// What is checked of each kind of NTLM vector. Both the vectors that the project carries and those that are only read
// where they are come through here.
#pragma once

#include <algorithm>
#include <cctype>
#include <string>
#include <vector>

#include "ntlm/messages/authenticate.hpp"
#include "ntlm/protection.hpp"
#include "vectors/entry.hpp"

namespace opensspi::testing {

// One end's protection of messages, on plain sequences of bytes.
class ProtectedEnd {
 public:
  ProtectedEnd(const Key16& exported_session_key, std::uint32_t flags, core::Role role)
      : protection_(exported_session_key, flags, role) {}

  struct Message {
    std::string data, signature;  // in hexadecimal
  };
  Message seal(Bytes data, std::uint32_t number = 0);
  Message sign(Bytes data, std::uint32_t number = 0);
  // The plain text in hexadecimal, or the name of the status.
  std::string unseal(const std::string& data, const std::string& signature, std::uint32_t number = 0);
  std::string verify(Bytes data, const std::string& signature, std::uint32_t number = 0);
  ntlm::Protection& protection() { return protection_; }

 private:
  ntlm::Protection protection_;
};

// Parses the message, writes it anew and parses that: all fields are as they were; the bytes too where the layout is
// that of our writer, but for Version.
void check_challenge_round_trip(Bytes token);
void check_authenticate_round_trip(Bytes token);

// The checks of a file by the names of its entries, and their suite.
template <typename Checks>
std::vector<std::string> names_of(const Checks& checks) {
  std::vector<std::string> names;
  for (const auto& [name, check] : checks) names.push_back(name);
  return names;
}
inline std::string test_name(std::string entry) {
  std::ranges::replace_if(entry, [](char c) { return std::isalnum(static_cast<unsigned char>(c)) == 0; }, '_');
  return entry;
}

// The entries by their kinds; each reads everything in its entry.
void check_conversation(const Entry& entry);
void check_datagrams(const Entry& entry);
void check_bindings(const Entry& entry);
void check_primitives(const Entry& entry);
void check_filetimes(const Entry& entry);

}  // namespace opensspi::testing
