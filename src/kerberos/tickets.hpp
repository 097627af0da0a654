// Tickets: where a client's tickets come from: a credential cache, a password, a client keytab.
//
// What may reach a KDC is done here, in functions that a worker calls; what they bring back is complete in itself, so
// that a handshake with it asks nobody.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/filetime.hpp"
#include "base/host.hpp"
#include "base/safe_file.hpp"
#include "kerberos/gss.hpp"
#include "kerberos/worker.hpp"

namespace opensspi::kerberos {

// Where keys and tickets lie; empty: where krb5.conf and the environment say.
struct Sources {
  std::string ccache, keytab, client_keytab;
  Milliseconds deadline = kDefaultDeadline;
  bool allow_rc4 = false;
};

// Whom a client logs on as.
struct Logon {
  std::string principal;  // of AcquireCredentialsHandle; empty: who the cache, or the keytab, is for
  std::string user, domain;
  Secret password;  // UTF-8 and a NUL
  bool has_password = false;
};
using SharedLogon = std::shared_ptr<const Logon>;

// A ticket for one service in a cache of its own, which holds nothing else: gss_init_sec_context finds it there and has
// nobody to ask. With `forwardable` the ticket-granting ticket is beside it, for delegation; that call may ask.
class Ticket {
 public:
  static Result<std::shared_ptr<const Ticket>> make(Krb5 krb5, const krb5_creds& service, const krb5_creds* granting,
                                                    bool allow_rc4, bool only_asked_flags);

  gss_cred_id_t credential() const { return credential_.get(); }
  gss_name_t target() const { return target_.get(); }
  const std::string& client() const { return client_; }
  FileTime expiry() const { return expiry_; }

 private:
  explicit Ticket(Krb5 krb5) : krb5_(std::move(krb5)), ccache_(krb5_) {}

  Krb5 krb5_;  // ends last, and is used by nobody once the ticket is made
  MemoryCcache ccache_;
  GssCredential credential_;
  GssName target_;
  std::string client_;
  FileTime expiry_;
};

struct TicketRequest {
  std::string target;
  bool delegate = false;
  bool only_asked_flags = false;  // MIT krb5 adds confidentiality and integrity unless it is told not to
  auto operator<=>(const TicketRequest&) const = default;
};

// Shared by a credential and the workers that ask for it.
class Tickets {
 public:
  Tickets(Sources sources, SharedLogon logon);
  // Those of a cache that is in memory and ours: a delegated credential.
  Tickets(Sources sources, Krb5 krb5, MemoryCcache ccache, std::string principal);

  const Sources& sources() const { return sources_; }

  // What was fetched before and still holds: no file of tickets was changed since, and its end is not near.
  std::shared_ptr<const Ticket> known(const TicketRequest& request, FileTime now) const;
  // May ask a KDC.
  Result<std::shared_ptr<const Ticket>> fetch(const TicketRequest& request);

  // For user-to-user, in the caller's libkrb5 context; may ask a KDC. A ticket for `target` under the session key of
  // the ticket-granting ticket that the server sent, and the own ticket-granting ticket to send. SEC_E_NO_CREDENTIALS.
  Result<Creds> fetch_user_to_user(const Krb5& krb5, const std::string& target, Bytes server_ticket);
  Result<Creds> fetch_granting(const Krb5& krb5);

  // What is there without asking a KDC: whose tickets, and until when. SEC_E_NO_CREDENTIALS.
  struct Overview {
    std::string principal;
    FileTime expiry;
  };
  Result<Overview> overview() const;

  // Why no KDC need be looked for to log on with a user and password; empty where one may be found. A domain of one
  // label that krb5.conf does not know is NetBIOS' name of a domain or machine, not a realm.
  std::string why_no_realm(const HostNames& host) const;

 private:
  struct Opened {
    Ccache ccache;
    Principal client;
    bool own = false;  // the cache of our own, which nobody else changes
  };
  Result<void> restrict_enctypes(const Krb5& krb5) const;
  Result<Opened> open(const Krb5& krb5);
  Result<Opened> open_cache(const Krb5& krb5) const;
  Result<Opened> open_own(const Krb5& krb5);
  Result<void> log_on(const Krb5& krb5);
  Result<Principal> logon_principal(const Krb5& krb5) const;
  Result<Creds> initial_ticket(const Krb5& krb5);
  Result<Creds> initial_by_password(const Krb5& krb5);
  Result<Creds> initial_by_keytab(const Krb5& krb5);
  Result<Keytab> open_client_keytab(const Krb5& krb5) const;
  bool has_client_keytab(const Krb5& krb5) const;
  Result<Creds> service_ticket(const Krb5& krb5, const Opened& opened, const TicketRequest& request) const;
  Result<krb5_error_code> find_ticket(const Krb5& krb5, const Opened& opened, krb5_creds& wanted, Creds& found) const;
  Result<krb5_error_code> question(const std::string& name, const std::function<krb5_error_code()>& ask) const;

  struct Known {
    std::shared_ptr<const Ticket> ticket;
    std::optional<FileIdentity> file;  // of the cache that it came from
  };

  const Sources sources_;
  const SharedLogon logon_;
  const bool delegated_;
  std::mutex log_on_mutex_;  // held while a KDC is asked for the first ticket: workers only
  // The cache of our own where tickets come by password or keytab, or were delegated, and the end of the first of them.
  std::optional<Krb5> own_krb5_;
  std::optional<MemoryCcache> own_ccache_;
  std::string own_name_;
  FileTime own_expiry_{};

  mutable std::mutex known_mutex_;
  std::map<TicketRequest, Known> known_;
  std::string cache_path_;  // of the file that tickets came from; empty: not a file
};

// The encryption types that are asked for and accepted: those that krb5.conf permits, in its order, and that are AES,
// or RC4 by choice. SEC_E_CRYPTO_SYSTEM_INVALID: none is left.
Result<std::vector<krb5_enctype>> wanted_enctypes(const Krb5& krb5, bool allow_rc4);

FileTime from_krb5_time(krb5_timestamp time);

}  // namespace opensspi::kerberos
