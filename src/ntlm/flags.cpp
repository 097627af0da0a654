#include "ntlm/flags.hpp"

#include "base/text.hpp"

namespace opensspi::ntlm {
namespace {

struct Name {
  std::uint32_t flag;
  const char* name;
};

constexpr Name kNames[] = {
    {kUnicode, "UNICODE"},
    {kOem, "OEM"},
    {kRequestTarget, "REQUEST_TARGET"},
    {kSign, "SIGN"},
    {kSeal, "SEAL"},
    {kDatagram, "DATAGRAM"},
    {kLmKey, "LM_KEY"},
    {kNtlm, "NTLM"},
    {kAnonymous, "ANONYMOUS"},
    {kOemDomainSupplied, "OEM_DOMAIN_SUPPLIED"},
    {kOemWorkstationSupplied, "OEM_WORKSTATION_SUPPLIED"},
    {kAlwaysSign, "ALWAYS_SIGN"},
    {kTargetTypeDomain, "TARGET_TYPE_DOMAIN"},
    {kTargetTypeServer, "TARGET_TYPE_SERVER"},
    {kExtendedSessionSecurity, "EXTENDED_SESSIONSECURITY"},
    {kIdentify, "IDENTIFY"},
    {kRequestNonNtSessionKey, "REQUEST_NON_NT_SESSION_KEY"},
    {kTargetInfo, "TARGET_INFO"},
    {kVersion, "VERSION"},
    {k128, "128"},
    {kKeyExchange, "KEY_EXCH"},
    {k56, "56"},
};

}  // namespace

std::string describe_flags(std::uint32_t flags) {
  std::string text = hex32(flags) + " (";
  std::uint32_t rest = flags;
  for (const Name& name : kNames) {
    if ((flags & name.flag) == 0) continue;
    rest &= ~name.flag;
    text += name.name;
    text += ' ';
  }
  if (rest != 0) text += hex32(rest) + ' ';
  if (text.back() == ' ') text.pop_back();
  return text + ')';
}

}  // namespace opensspi::ntlm
