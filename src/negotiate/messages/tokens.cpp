#include "negotiate/messages/tokens.hpp"

#include <algorithm>

#include "wire/der.hpp"

namespace opensspi::negotiate {
namespace {

using wire::der_context;
using wire::der_element;
using wire::DerReader;

constexpr std::uint8_t kSpnegoOid[] = {0x2B, 0x06, 0x01, 0x05, 0x05, 0x02};
constexpr std::uint8_t kKerberosOid[] = {0x2A, 0x86, 0x48, 0x86, 0xF7, 0x12, 0x01, 0x02, 0x02};
constexpr std::uint8_t kMsKerberosOid[] = {0x2A, 0x86, 0x48, 0x82, 0xF7, 0x12, 0x01, 0x02, 0x02};
constexpr std::string_view kHintName = "not_defined_in_RFC4178@please_ignore";  // MS-SPNG 2.2.1

// Bounds the work that a list of mechanisms makes; real ones have less than ten.
constexpr std::size_t kMostMechanisms = 64;

void read_mech_types(DerReader& fields, NegTokenInit& m) {
  DerReader wrapped(fields.content(der_context(0), "mechTypes"));
  m.mech_types_der = wrapped.element(wire::kDerSequence, "mechTypes");
  wrapped.finish("mechTypes");
  fields.join(wrapped);
  DerReader list(m.mech_types_der);
  DerReader oids(list.content(wire::kDerSequence, "mechTypes"));
  while (oids.ok() && !oids.empty()) {
    m.mech_types.push_back(oids.content(wire::kDerOid, "mechTypes"));
    if (m.mech_types.size() > kMostMechanisms) oids.fail("mechTypes has more than 64 mechanisms");
  }
  if (fields.ok() && m.mech_types.empty()) fields.fail("mechTypes is empty");
  fields.join(oids);
}

std::optional<Bytes> read_octets(DerReader& fields, std::uint8_t tag, const char* what) {
  if (!fields.at(tag)) return std::nullopt;
  DerReader wrapped(fields.content(tag, what));
  const Bytes octets = wrapped.content(wire::kDerOctetString, what);
  wrapped.finish(what);
  fields.join(wrapped);
  return octets;
}

// [3] is mechListMIC in NegTokenInit and negHints in NegTokenInit2, which has its mechListMIC at [4].
void read_hints_and_mic(DerReader& fields, NegTokenInit& m) {
  if (fields.at(der_context(3))) {
    DerReader wrapped(fields.content(der_context(3), "negHints or mechListMIC"));
    if (wrapped.at(wire::kDerSequence)) {
      m.has_hints = true;
      wrapped.content(wire::kDerSequence, "negHints");
    } else {
      m.mech_list_mic = wrapped.content(wire::kDerOctetString, "mechListMIC");
    }
    wrapped.finish("negHints or mechListMIC");
    fields.join(wrapped);
  }
  if (!m.mech_list_mic) m.mech_list_mic = read_octets(fields, der_context(4), "mechListMIC");
}

ByteVector frame(Bytes neg_token_init) {
  const ByteVector sequence = der_element(wire::kDerSequence, {neg_token_init});
  const ByteVector choice = der_element(der_context(0), {sequence});
  const ByteVector oid = der_element(wire::kDerOid, {kSpnegoOid});
  return der_element(wire::kDerApplication0, {oid, choice});
}

ByteVector octets_field(std::uint8_t tag, const std::optional<Bytes>& octets) {
  if (!octets) return {};
  return der_element(tag, {der_element(wire::kDerOctetString, {*octets})});
}

std::optional<NegState> read_state(DerReader& fields) {
  if (!fields.at(der_context(0))) return std::nullopt;
  DerReader wrapped(fields.content(der_context(0), "negState"));
  const Bytes value = wrapped.content(wire::kDerEnumerated, "negState");
  wrapped.finish("negState");
  fields.join(wrapped);
  if (fields.ok() && (value.size() != 1 || value[0] > 3)) fields.fail("negState is none of 0 to 3");
  return fields.ok() ? std::optional(static_cast<NegState>(value[0])) : std::nullopt;
}

std::optional<Bytes> read_supported_mech(DerReader& fields) {
  if (!fields.at(der_context(1))) return std::nullopt;
  DerReader wrapped(fields.content(der_context(1), "supportedMech"));
  const Bytes oid = wrapped.content(wire::kDerOid, "supportedMech");
  wrapped.finish("supportedMech");
  fields.join(wrapped);
  return oid;
}

}  // namespace

Result<NegTokenInit> NegTokenInit::parse(Bytes token) {
  DerReader outer(token);
  DerReader framed(outer.content(wire::kDerApplication0, "InitialContextToken"));
  outer.finish("InitialContextToken");
  const Bytes oid = framed.content(wire::kDerOid, "thisMech");
  if (framed.ok() && !std::ranges::equal(oid, kSpnegoOid)) framed.fail("thisMech is not SPNEGO");
  DerReader choice(framed.content(der_context(0), "NegTokenInit"));
  framed.finish("InitialContextToken");
  DerReader fields(choice.content(wire::kDerSequence, "NegTokenInit"));
  choice.finish("NegTokenInit");
  NegTokenInit m;
  read_mech_types(fields, m);
  if (fields.at(der_context(1))) fields.content(der_context(1), "reqFlags");  // RFC 4178 4.2.1: ignored
  m.mech_token = read_octets(fields, der_context(2), "mechToken");
  read_hints_and_mic(fields, m);
  fields.finish("NegTokenInit");
  for (const DerReader* reader : {&outer, &framed, &choice, &fields}) {
    if (!reader->ok()) return fail(Status::invalid_token, "NegTokenInit", reader->why());
  }
  return m;
}

ByteVector NegTokenInit::serialize(Bytes mech_types_der, std::optional<Bytes> mech_token) {
  ByteVector fields = der_element(der_context(0), {mech_types_der});
  append(fields, octets_field(der_context(2), mech_token));
  return frame(fields);
}

ByteVector NegTokenInit::serialize_hint(Bytes mech_types_der) {
  ByteVector fields = der_element(der_context(0), {mech_types_der});
  const ByteVector name = der_element(wire::kDerGeneralString, {bytes_of(kHintName)});
  const ByteVector hints = der_element(wire::kDerSequence, {der_element(der_context(0), {name})});
  append(fields, der_element(der_context(3), {hints}));
  return frame(fields);
}

Result<NegTokenResp> NegTokenResp::parse(Bytes token) {
  DerReader outer(token);
  DerReader choice(outer.content(der_context(1), "NegTokenResp"));
  outer.finish("NegTokenResp");
  DerReader fields(choice.content(wire::kDerSequence, "NegTokenResp"));
  choice.finish("NegTokenResp");
  NegTokenResp m;
  m.state = read_state(fields);
  m.supported_mech = read_supported_mech(fields);
  m.response_token = read_octets(fields, der_context(2), "responseToken");
  m.mech_list_mic = read_octets(fields, der_context(3), "mechListMIC");
  fields.finish("NegTokenResp");
  for (const DerReader* reader : {&outer, &choice, &fields}) {
    if (!reader->ok()) return fail(Status::invalid_token, "NegTokenResp", reader->why());
  }
  return m;
}

ByteVector NegTokenResp::serialize() const {
  ByteVector fields;
  if (state) {
    const auto value = static_cast<std::uint8_t>(*state);
    append(fields, der_element(der_context(0), {der_element(wire::kDerEnumerated, {Bytes(&value, 1)})}));
  }
  if (supported_mech) append(fields, der_element(der_context(1), {der_element(wire::kDerOid, {*supported_mech})}));
  append(fields, octets_field(der_context(2), response_token));
  append(fields, octets_field(der_context(3), mech_list_mic));
  return der_element(der_context(1), {der_element(wire::kDerSequence, {fields})});
}

ByteVector mech_type_list(const std::vector<Bytes>& oids) {
  ByteVector list;
  for (const Bytes oid : oids) append(list, der_element(wire::kDerOid, {oid}));
  return der_element(wire::kDerSequence, {list});
}

Kind kind_of(Bytes token) {
  static constexpr std::string_view kNtlm("NTLMSSP\0", 8);
  if (token.size() >= kNtlm.size() && std::ranges::equal(token.first(kNtlm.size()), bytes_of(kNtlm))) {
    return Kind::raw_ntlm;
  }
  if (token.empty()) return Kind::unknown;
  if (token[0] == der_context(1)) return Kind::spnego_resp;
  if (token[0] == 0x6E) return Kind::raw_kerberos;  // a bare AP-REQ, DCE style
  DerReader outer(token);
  DerReader framed(outer.content(wire::kDerApplication0, "InitialContextToken"));
  const Bytes oid = framed.content(wire::kDerOid, "thisMech");
  if (!outer.ok() || !framed.ok()) return Kind::unknown;
  if (std::ranges::equal(oid, kSpnegoOid)) return Kind::spnego_init;
  if (std::ranges::equal(oid, kKerberosOid) || std::ranges::equal(oid, kMsKerberosOid)) return Kind::raw_kerberos;
  return Kind::unknown;
}

}  // namespace opensspi::negotiate
