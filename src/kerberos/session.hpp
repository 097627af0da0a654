// Session: an established context, from MIT's hands into ours.
//
// MIT's context is kept until it is first needed for a message or a question: then all that is asked of it is taken at
// once, and it ends, since taking its keys out ends it.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/filetime.hpp"
#include "kerberos/gss.hpp"
#include "kerberos/protection.hpp"

namespace opensspi::kerberos {

// What stays of a context for those who ask.
struct Details {
  std::u16string client, server;     // "alice@EXAMPLE.TEST", "HTTP/host@EXAMPLE.TEST"
  std::u16string account, domain;    // the client's, as its PAC has them: the domain is NetBIOS'; empty without a PAC
  std::vector<std::u16string> sids;  // of the PAC, the account's own first
  bool has_pac = false;
  Secret session_key;
  Enctype enctype = Enctype::none;
};

// A principal's name for who asks. SEC_E_UNSUPPORTED_FUNCTION: it is not UTF-8, which two names that are not the same,
// or nobody's, would look like.
Result<std::u16string> text_of_principal(const std::string& principal);

// What is left of the agreed flags where messages are datagrams, which come in any order, or not at all: that none
// comes twice.
OM_uint32 without_order(OM_uint32 flags);

class Session {
 public:
  // `peer`: whom gss_accept_sec_context found; empty for initiators.
  Session(GssContext context, GssName peer, bool initiator, OM_uint32 flags)
      : context_(std::move(context)), peer_(std::move(peer)), initiator_(initiator), flags_(flags) {}

  // Of a context that MIT's GSSAPI had no part in.
  Session(SessionKeys keys, Details details, bool initiator, OM_uint32 flags)
      : initiator_(initiator), flags_(flags), details_(std::move(details)), keys_(std::move(keys)) {}

  Result<const Details*> details();
  Result<Protection*> protection();

  // For export and import.
  Result<std::size_t> most_saved_bytes();
  Result<void> save(wire::Writer& w, bool reset);
  static Result<std::unique_ptr<Session>> restore(wire::Reader& r, bool initiator, OM_uint32 flags);

  OM_uint32 flags() const { return flags_; }  // GSS_C_x
  // Of what is sent, once the keys were taken from MIT or restored.
  Enctype enctype() const { return keys_.sending_key().enctype; }
  bool initiator() const { return initiator_; }

 private:
  Result<void> take_over();
  Result<void> take_names(Details& details) const;
  Result<void> take_session_key(Details& details) const;
  Result<SessionKeys> take_keys();

  GssContext context_;
  GssName peer_;
  bool initiator_;
  OM_uint32 flags_;
  std::optional<Details> details_;
  SessionKeys keys_;
  std::unique_ptr<Protection> protection_;
};

}  // namespace opensspi::kerberos
