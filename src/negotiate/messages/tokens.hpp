// The tokens of SPNEGO, RFC 4178 4.2 and MS-SPNG 2.2.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace opensspi::negotiate {

enum class NegState : std::uint8_t { accept_completed = 0, accept_incomplete = 1, reject = 2, request_mic = 3 };

// NegTokenInit, or NegTokenInit2 where an acceptor speaks first. Views into what was parsed.
struct NegTokenInit {
  std::vector<Bytes> mech_types;  // contents of the OBJECT IDENTIFIERs, in the sender's order
  Bytes mech_types_der;           // the SEQUENCE exactly as it was sent: what mechListMIC covers
  std::optional<Bytes> mech_token;
  std::optional<Bytes> mech_list_mic;
  bool has_hints = false;  // NegTokenInit2

  // With the framing of RFC 2743 3.1, "60 .. 06 06 2b0601050502".
  static Result<NegTokenInit> parse(Bytes token);
  static ByteVector serialize(Bytes mech_types_der, std::optional<Bytes> mech_token);
  // MS-SPNG 2.2.1: the acceptor's offer before the initiator said anything.
  static ByteVector serialize_hint(Bytes mech_types_der);
};

struct NegTokenResp {
  std::optional<NegState> state;
  std::optional<Bytes> supported_mech;  // content of the OBJECT IDENTIFIER
  std::optional<Bytes> response_token;
  std::optional<Bytes> mech_list_mic;

  static Result<NegTokenResp> parse(Bytes token);
  ByteVector serialize() const;
};

// The DER of a MechTypeList.
ByteVector mech_type_list(const std::vector<Bytes>& oids);

// What a first token is, by its first bytes (MS-SPNG 3.2.5.2).
enum class Kind { spnego_init, spnego_resp, raw_ntlm, raw_kerberos, unknown };
Kind kind_of(Bytes token);

}  // namespace opensspi::negotiate
