#include "conversation.hpp"

#include <iostream>
#include <string>
#include <vector>

#include "commands.hpp"
#include "failure.hpp"
#include "text.hpp"

namespace sspi {
namespace {

using opensspi::Context;
using opensspi::Role;

constexpr std::string_view kTokenMark = "token";

// What the flags of a context mean. ISC_RET_x and ASC_RET_x differ in the upper half.
struct FlagName {
  ULONG client, server;
  const char* name;
};
constexpr FlagName kFlagNames[] = {
    {ISC_RET_DELEGATE, ASC_RET_DELEGATE, "delegate"},
    {ISC_RET_MUTUAL_AUTH, ASC_RET_MUTUAL_AUTH, "mutual-auth"},
    {ISC_RET_REPLAY_DETECT, ASC_RET_REPLAY_DETECT, "replay-detect"},
    {ISC_RET_SEQUENCE_DETECT, ASC_RET_SEQUENCE_DETECT, "sequence-detect"},
    {ISC_RET_CONFIDENTIALITY, ASC_RET_CONFIDENTIALITY, "confidentiality"},
    {ISC_RET_INTEGRITY, ASC_RET_INTEGRITY, "integrity"},
    {ISC_RET_CONNECTION, ASC_RET_CONNECTION, "connection"},
    {ISC_RET_DATAGRAM, ASC_RET_DATAGRAM, "datagram"},
    {ISC_RET_STREAM, ASC_RET_STREAM, "stream"},
    {ISC_RET_IDENTIFY, ASC_RET_IDENTIFY, "identify"},
    {ISC_RET_NULL_SESSION, ASC_RET_NULL_SESSION, "null-session"},
};

std::string flag_words(Role role, ULONG flags) {
  std::string words;
  for (const FlagName& flag : kFlagNames) {
    const ULONG bit = role == Role::client ? flag.client : flag.server;
    if ((flags & bit) != 0) words += (words.empty() ? "" : " ") + std::string(flag.name);
  }
  return words.empty() ? "none" : words;
}

const char* own_name(Role role) { return role == Role::client ? "client" : "server"; }
const char* peer_name(Role role) { return role == Role::client ? "server" : "client"; }

void send(const Context& context, Streams& streams, opensspi::Bytes token) {
  streams.words << "\nThis " << own_name(context.role()) << "'s token, " << token.size() << " bytes; give it to the "
                << peer_name(context.role()) << ":\n"
                << std::flush;
  streams.tokens << kTokenMark << ' ' << encode_base64(token) << '\n' << std::flush;
}

// The next token from the peer; lines that are empty are passed over. False at the end of the input.
bool receive(const Context& context, Streams& streams, opensspi::ByteVector& token) {
  streams.words << "\nThe " << peer_name(context.role()) << "'s token, in base64 on one line:\n" << std::flush;
  std::string line;
  while (std::getline(streams.in, line)) {
    std::string_view text = trimmed(line);
    if (text.starts_with(std::string(kTokenMark) + ' ')) text = trimmed(text.substr(kTokenMark.size()));
    if (text.empty()) continue;
    if (auto bytes = decode_base64(text)) {
      token = std::move(*bytes);
      return true;
    }
    streams.words << "That line of " << line.size() << " characters is not base64. Once more:\n" << std::flush;
  }
  return false;
}

void tell_identity(const Context& context, std::ostream& out) {
  if (const auto name = context.user_name()) out << "user:     " << shown(*name) << '\n';
  const auto account = context.account();
  if (!account) return;
  if (account->anonymous) out << "identity: anonymous; nobody was authenticated\n";
  if (account->guest) out << "identity: guest\n";
  if (!account->source.empty()) out << "source:   " << shown(account->source) << '\n';
  for (const std::u16string& sid : account->sids) out << "sid:      " << shown(sid) << '\n';
}

void tell_protection(const Context& context, std::ostream& out) {
  if (const auto flags = context.flags()) {
    out << "flags:    " << hex32(*flags) << ' ' << flag_words(context.role(), *flags) << '\n';
  }
  if (const auto info = context.key_info()) {
    out << "keys:     " << info->key_bits << " bits, " << opensspi::to_utf8(info->signature_algorithm) << " and "
        << opensspi::to_utf8(info->encryption_algorithm) << '\n';
  }
  if (const auto sizes = context.sizes()) {
    out << "sizes:    token at most " << sizes->cbMaxToken << ", signature " << sizes->cbMaxSignature << ", trailer "
        << sizes->cbSecurityTrailer << ", block " << sizes->cbBlockSize << " bytes\n";
  }
}

// `sent_last`: the peer has the last word, and has not spoken it yet.
int tell_success(const Context& context, bool sent_last, std::ostream& out) {
  const auto package = context.package();
  out << "\nestablished as " << own_name(context.role())
      << (package ? " with " + opensspi::to_utf8(package->name) : std::string()) << '\n';
  tell_identity(context, out);
  const auto target = context.client_target();
  if (target && !target->empty()) out << "target:   " << shown(*target) << '\n';
  tell_protection(context, out);
  if (sent_last)
    out << "note:     whether it lets this account in is the " << peer_name(context.role()) << "'s to say\n";
  out << std::flush;
  return kSuccess;
}

int tell_refusal(const Context& context, Streams& streams, const opensspi::Error& error) {
  if (!error.token.empty()) send(context, streams, error.token);
  streams.words << '\n';
  const int status = tell_failure(streams.words, error);
  streams.words << std::flush;
  return status;
}

}  // namespace

int converse(Context& context, Streams streams) {
  opensspi::ByteVector received;
  bool due = context.role() == Role::server;
  while (true) {
    if (due && !receive(context, streams, received)) {
      streams.words << "\nThe input ended before the log-on did.\n" << std::flush;
      return kFailure;
    }
    auto step = context.step(received);
    if (!step) return tell_refusal(context, streams, step.error());
    if (!step->token.empty()) send(context, streams, step->token.bytes());
    if (step->status == SEC_E_OK) return tell_success(context, !step->token.empty(), streams.words);
    due = true;
  }
}

}  // namespace sspi
