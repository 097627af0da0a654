#include "ntlm/messages/negotiate.hpp"

#include "ntlm/flags.hpp"
#include "ntlm/messages/fields.hpp"

namespace opensspi::ntlm {
namespace {

constexpr const char* kCheck = "NEGOTIATE_MESSAGE";

}  // namespace

Result<NegotiateMessage> NegotiateMessage::parse(Bytes token) {
  wire::Reader r{token};
  NegotiateMessage m;
  read_head(r, MessageType::negotiate);
  m.flags = r.u32le();
  if (r.ok() && r.remaining() >= 16) {
    const Field domain = read_field(r);
    const Field workstation = read_field(r);
    if ((m.flags & kOemDomainSupplied) != 0) field_bytes(r, domain, "DomainName");
    if ((m.flags & kOemWorkstationSupplied) != 0) field_bytes(r, workstation, "Workstation");
  }
  if (!r.ok()) return fail(Status::invalid_token, kCheck, r.why());
  if ((m.flags & (kUnicode | kOem)) == 0) {
    return fail(Status::invalid_token, kCheck, "neither UNICODE nor OEM is set: " + describe_flags(m.flags));
  }
  return m;
}

ByteVector NegotiateMessage::serialize() const {
  wire::Writer w(40);
  write_head(w, MessageType::negotiate);
  w.u32le(flags);
  w.zeros(16);  // DomainName, Workstation: not supplied
  write_version(w);
  return w.finish();
}

}  // namespace opensspi::ntlm
