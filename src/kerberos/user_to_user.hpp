// User-to-user: a log-on to a user's own process, which has a ticket and no keytab. By libkrb5, since MIT's GSSAPI has
// no way to it.
//
// The client asks for the server's ticket-granting ticket (TGT-REQ, TGT-REP: draft-swift-win2k-krb-user2user), gets a
// ticket under its session key (RFC 4120 section 3.7), and goes on as RFC 4121 has it.
#pragma once

#include <optional>

#include "kerberos/bindings.hpp"
#include "kerberos/session.hpp"
#include "kerberos/tickets.hpp"

namespace opensspi::kerberos {

ByteVector make_tgt_request();
bool is_tgt_request(Bytes token);
ByteVector make_tgt_reply(Bytes ticket);
// The ticket in it. SEC_E_INVALID_TOKEN; SEC_E_NO_TGT_REPLY: it is another token.
Result<Bytes> parse_tgt_reply(Bytes token);

// Zeros where there are none: RFC 4121 section 4.1.1.2.
Key16 hash_bindings(const std::optional<Bindings>& bindings);

struct Agreement {
  std::unique_ptr<Session> session;
  FileTime expiry;
};

class UserToUserInitiator {
 public:
  // Asks the KDC: on a worker. `flags`: GSS_C_x.
  static Result<UserToUserInitiator> request(Tickets& tickets, const std::string& target, Bytes server_ticket,
                                             OM_uint32 flags, const std::optional<Bindings>& bindings);
  const ByteVector& token() const { return token_; }
  Result<Agreement> finish(Bytes reply);

 private:
  using AuthContext = Krb5Owner<krb5_auth_context, krb5_auth_con_free>;
  explicit UserToUserInitiator(Krb5 krb5) : krb5_(std::move(krb5)), context_(krb5_), service_(krb5_) {}

  Krb5 krb5_;
  AuthContext context_;
  Creds service_;
  ByteVector token_;
  ProtocolKey subkey_;
  OM_uint32 flags_ = 0;
};

class UserToUserAcceptor {
 public:
  // Takes the ticket-granting ticket of the server's user; may ask the KDC for it: on a worker.
  static Result<UserToUserAcceptor> open(Tickets& tickets);
  ByteVector reply() const;
  struct Accepted {
    ByteVector token;
    Agreement agreement;
    bool bound = false;  // the client's bindings are there, and are the given ones
  };
  struct Policy {
    bool only_presence_of_bindings = false;
    bool datagram = false;
  };
  // SEC_E_BAD_BINDINGS: those of another channel.
  Result<Accepted> accept(Bytes request, const std::optional<Bindings>& bindings, Policy policy);

 private:
  using AuthContext = Krb5Owner<krb5_auth_context, krb5_auth_con_free>;
  explicit UserToUserAcceptor(Krb5 krb5) : krb5_(std::move(krb5)), granting_(krb5_) {}

  Krb5 krb5_;
  Creds granting_;
};

}  // namespace opensspi::kerberos
