#include "ntlm/describe.hpp"

#include "base/text.hpp"
#include "base/trace.hpp"
#include "ntlm/flags.hpp"
#include "ntlm/messages/authenticate.hpp"
#include "ntlm/messages/challenge.hpp"
#include "ntlm/messages/negotiate.hpp"

namespace opensspi::ntlm {
namespace {

constexpr const char* kAvNames[] = {"EOL",           "NbComputerName", "NbDomainName",   "DnsComputerName",
                                    "DnsDomainName", "DnsTreeName",    "Flags",          "Timestamp",
                                    "SingleHost",    "TargetName",     "ChannelBindings"};

// A name may be the peer's choice: what is in it cannot look like a line of the trace.
std::string quoted(std::u16string_view text) { return "\"" + trace::printable(to_utf8(text)) + "\""; }

std::string describe_value(const AvPair& pair) {
  switch (pair.id) {
    case AvId::flags:
      return hex32(wire::Reader(pair.value).u32le());
    case AvId::timestamp:
      return std::to_string(wire::Reader(pair.value).u64le());
    case AvId::channel_bindings:
      return std::ranges::all_of(pair.value, [](auto byte) { return byte == 0; }) ? "none" : to_hex(pair.value);
    case AvId::nb_computer_name:
    case AvId::nb_domain_name:
    case AvId::dns_computer_name:
    case AvId::dns_domain_name:
    case AvId::dns_tree_name:
    case AvId::target_name:
      return quoted(from_utf16le(pair.value));
    default:
      return std::to_string(pair.value.size()) + " bytes";
  }
}

std::string describe_pairs(const AvPairs& pairs) {
  std::string text;
  for (const AvPair& pair : pairs.pairs()) {
    const auto id = static_cast<std::size_t>(pair.id);
    text += "\n  " + (id < std::size(kAvNames) ? std::string(kAvNames[id]) : "AV_PAIR " + std::to_string(id)) + " " +
            describe_value(pair);
  }
  return text;
}

std::string describe_negotiate(Bytes token) {
  auto m = NegotiateMessage::parse(token);
  return m ? "NEGOTIATE_MESSAGE flags " + describe_flags(m->flags) : "NEGOTIATE_MESSAGE, bad: " + m.error().detail;
}

std::string describe_challenge(Bytes token) {
  auto m = ChallengeMessage::parse(token);
  if (!m) return "CHALLENGE_MESSAGE, bad: " + m.error().detail;
  return "CHALLENGE_MESSAGE flags " + describe_flags(m->flags) + " challenge " + to_hex(m->server_challenge) +
         " target " + quoted(m->target_name) + describe_pairs(m->target_info);
}

std::string describe_responses(const AuthenticateMessage& m) {
  std::string lengths =
      "LM " + std::to_string(m.lm_response.size()) + " bytes, NT " + std::to_string(m.nt_response.size()) + " bytes";
  if (m.nt_response.size() < Ntlmv2Response::kLeastBytes) return lengths;
  auto response = Ntlmv2Response::parse(m.nt_response);
  if (!response) return lengths + " (NTLMv2, bad: " + response.error().detail + ")";
  return lengths + " (NTLMv2, time " + std::to_string(response->time.ticks) + ")" + describe_pairs(response->pairs);
}

std::string describe_authenticate(Bytes token) {
  auto m = AuthenticateMessage::parse(token);
  if (!m) return "AUTHENTICATE_MESSAGE, bad: " + m.error().detail;
  return "AUTHENTICATE_MESSAGE flags " + describe_flags(m->flags) + " domain " + quoted(m->domain) + " user " +
         quoted(m->user) + " workstation " + quoted(m->workstation) + " encrypted key " +
         std::to_string(m->encrypted_random_session_key.size()) + " bytes, " +
         (m->has_room_for_mic ? "room for a MIC, " : "no room for a MIC, ") + describe_responses(*m);
}

}  // namespace

std::string describe_message(Bytes token) {
  if (token.size() < 12) return "not a message of NTLM, " + std::to_string(token.size()) + " bytes";
  switch (token[8]) {
    case 1:
      return describe_negotiate(token);
    case 2:
      return describe_challenge(token);
    case 3:
      return describe_authenticate(token);
    default:
      return "not a message of NTLM, " + std::to_string(token.size()) + " bytes";
  }
}

void trace_token(const char* way, Bytes token) {
  if (!trace::enabled() || token.empty()) return;
  trace::line("NTLM", std::string(way) + " " + std::to_string(token.size()) + " bytes: " + describe_message(token));
}

}  // namespace opensspi::ntlm
