#include "kerberos/authenticator.hpp"

#include "kerberos/describe.hpp"
#include "kerberos/status.hpp"
#include "wire/der.hpp"
#include "wire/reader.hpp"

namespace opensspi::kerberos {
namespace {

constexpr const char* kCheck = "authenticator of the AP-REQ";

constexpr std::uint8_t kApReq = 0x6E, kTicket = 0x61, kInteger = 0x02;

// The field `number` of a SEQUENCE, all of whose fields are there.
Bytes field(Bytes sequence, unsigned number) {
  wire::DerReader r{wire::DerReader{sequence}.content(wire::kDerSequence, "sequence")};
  for (unsigned i = 0; i < number; ++i) r.content(wire::der_context(i), "field");
  return r.content(wire::der_context(number), "field");
}

}  // namespace

std::optional<std::int32_t> ticket_enctype(Bytes token) {
  const Bytes request = wire::DerReader{message_of_token(token)}.content(kApReq, "AP-REQ");
  const Bytes ticket = wire::DerReader{field(request, 3)}.content(kTicket, "ticket");
  const Bytes encrypted = field(ticket, 3);
  const Bytes number = wire::DerReader{field(encrypted, 0)}.content(kInteger, "etype");
  if (number.empty() || number.size() > sizeof(std::int32_t)) return std::nullopt;
  std::uint32_t value = (number[0] & 0x80) != 0 ? ~0U : 0U;
  for (const std::uint8_t byte : number) value = (value << 8) | byte;
  return static_cast<std::int32_t>(value);
}

Result<Asked> read_checksum(const krb5_checksum* checksum) {
  if (checksum == nullptr || checksum->checksum_type != kGssChecksum || checksum->length < kChecksumBytes) {
    return fail(Status::invalid_token, kCheck, "it has no checksum of RFC 4121 (type 8003, 24 bytes)");
  }
  wire::Reader r(Bytes(checksum->contents, checksum->length));
  if (r.u32le() != kBindingBytes) r.fail("its bindings do not have 16 bytes");
  Asked asked;
  r.read(asked.bindings.writable());
  asked.flags = r.u32le();
  if (!r.ok()) return fail(Status::invalid_token, kCheck, r.why());
  return asked;
}

Result<Asked> look_into(const Krb5& krb5, Bytes token, const std::string& keytab_name) {
  const krb5_context k = krb5.get();
  const Bytes message = message_of_token(token);
  Keytab keytab(krb5);
  Krb5Owner<krb5_auth_context, krb5_auth_con_free> owner(krb5);
  krb5_error_code code = krb5_kt_resolve(k, keytab_name.c_str(), keytab.out());
  if (code == 0) code = krb5_auth_con_init(k, owner.out());
  if (code == 0) code = krb5_auth_con_setflags(k, owner.get(), 0);  // not DO_TIME: nothing is put into a replay cache
  if (code != 0) return std::unexpected(krb5_error(k, code, kCheck));
  krb5_data in{};
  in.length = static_cast<unsigned>(message.size());
  in.data = reinterpret_cast<char*>(const_cast<std::uint8_t*>(message.data()));
  krb5_auth_context context = owner.get();
  code = krb5_rd_req(k, &context, &in, nullptr, keytab.get(), nullptr, nullptr);
  Krb5Owner<krb5_authenticator*, krb5_free_authenticator> authenticator(krb5);
  if (code == 0) code = krb5_auth_con_getauthenticator(k, owner.get(), authenticator.out());
  if (code != 0) return std::unexpected(krb5_error(k, code, kCheck));
  return read_checksum(authenticator->checksum);
}

}  // namespace opensspi::kerberos
