// The first ticket of a log-on, from the KDC: by password or by a client's keytab.
#include "base/text.hpp"
#include "kerberos/names.hpp"
#include "kerberos/realms.hpp"
#include "kerberos/status.hpp"
#include "kerberos/tickets.hpp"

namespace opensspi::kerberos {
namespace {

constexpr const char* kLogonTicket = "log-on at the KDC";

// A krb5_creds by value, moved into one that owns itself.
Result<Creds> owned(const Krb5& krb5, krb5_creds& creds) {
  Creds copy(krb5);
  const krb5_error_code code = krb5_copy_creds(krb5.get(), &creds, copy.out());
  krb5_free_cred_contents(krb5.get(), &creds);
  if (code != 0) return std::unexpected(krb5_error(krb5.get(), code, kLogonTicket));
  return copy;
}

Result<InitOptions> initial_options(const Krb5& krb5, std::vector<krb5_enctype>& types) {
  InitOptions options(krb5);
  const krb5_error_code code = krb5_get_init_creds_opt_alloc(krb5.get(), options.out());
  if (code != 0) return std::unexpected(krb5_error(krb5.get(), code, kLogonTicket));
  krb5_get_init_creds_opt_set_etype_list(options.get(), types.data(), static_cast<int>(types.size()));
  return options;
}

// Whom the first entry of a keytab is for.
Result<Principal> first_principal(const Krb5& krb5, krb5_keytab keytab) {
  Principal principal(krb5);
  krb5_kt_cursor cursor{};
  krb5_error_code code = krb5_kt_start_seq_get(krb5.get(), keytab, &cursor);
  if (code == 0) {
    krb5_keytab_entry entry{};
    code = krb5_kt_next_entry(krb5.get(), keytab, &entry, &cursor);
    if (code == 0) {
      code = krb5_copy_principal(krb5.get(), entry.principal, principal.out());
      krb5_free_keytab_entry_contents(krb5.get(), &entry);
    }
    krb5_kt_end_seq_get(krb5.get(), keytab, &cursor);
  }
  if (code != 0) return std::unexpected(krb5_error(krb5.get(), code, "client keytab"));
  return principal;
}

}  // namespace

// Whom a log-on by password or keytab is for.
Result<Principal> Tickets::logon_principal(const Krb5& krb5) const {
  if (logon_->has_password) return user_principal(krb5, logon_->user, logon_->domain);
  if (!logon_->principal.empty()) return user_principal(krb5, logon_->principal, {});
  auto keytab = open_client_keytab(krb5);
  if (!keytab) return fail(keytab);
  return first_principal(krb5, keytab->get());
}

std::string Tickets::why_no_realm(const HostNames& host) const {
  if (!logon_->has_password) return {};
  auto krb5 = Krb5::open();
  if (!krb5) return krb5.error().detail;
  auto client = logon_principal(*krb5);
  if (!client) return client.error().detail;
  const std::string realm = realm_of(*client->get());
  if (is_known_realm(*krb5, realm)) return {};
  if (realm == "." || equal_ignoring_case(to_utf16(realm).value_or(u""), host.netbios_computer)) {
    return "the account is one of this machine, which no realm has";
  }
  if (realm.find('.') != std::string::npos) return {};  // DNS may know its KDCs
  return "\"" + realm + "\" is neither a realm of krb5.conf nor the first label of one";
}

Result<Creds> Tickets::initial_ticket(const Krb5& krb5) {
  return logon_->has_password ? initial_by_password(krb5) : initial_by_keytab(krb5);
}

Result<Creds> Tickets::initial_by_password(const Krb5& krb5) {
  auto types = wanted_enctypes(krb5, sources_.allow_rc4);
  if (!types) return fail(types);
  auto options = initial_options(krb5, *types);
  if (!options) return fail(options);
  auto client = logon_principal(krb5);
  if (!client) return fail(client);
  const auto* const password = reinterpret_cast<const char*>(logon_->password.bytes().data());
  krb5_creds creds{};
  const auto ask = [&] {
    return question(realm_of(*client->get()), [&] {
      return krb5_get_init_creds_password(krb5.get(), &creds, client->get(), password, nullptr, nullptr, 0, nullptr,
                                          options->get());
    });
  };
  auto answer = ask();
  if (!answer) return fail(answer);
  krb5_error_code code = *answer;
  // The domain of "user@domain" need not be a realm: then the KDC of the default realm may know the name.
  const bool may_be_upn = logon_->domain.empty() && logon_->user.find('@') != std::string::npos;
  if (may_be_upn && (code == KRB5_REALM_UNKNOWN || code == KRB5_KDC_UNREACH)) {
    client = enterprise_principal(krb5, logon_->user);
    if (!client) return fail(client);
    krb5_get_init_creds_opt_set_canonicalize(options->get(), 1);
    answer = ask();
    if (!answer) return fail(answer);
    code = *answer;
  }
  if (code == 0) return owned(krb5, creds);
  Error error = krb5_error(krb5.get(), code, kLogonTicket, unparse(krb5, client->get()));
  // RFC 4120 3.1.5: what the KDC encrypted does not open with this password.
  if (code == KRB5KRB_AP_ERR_BAD_INTEGRITY) {
    error.status = Status::logon_denied;
    error.detail = unparse(krb5, client->get()) + ": the password is wrong";
  }
  return std::unexpected(std::move(error));
}

Result<Keytab> Tickets::open_client_keytab(const Krb5& krb5) const {
  Keytab keytab(krb5);
  const krb5_error_code code = sources_.client_keytab.empty()
                                   ? krb5_kt_client_default(krb5.get(), keytab.out())
                                   : krb5_kt_resolve(krb5.get(), sources_.client_keytab.c_str(), keytab.out());
  if (code != 0) {
    return std::unexpected(krb5_error(krb5.get(), code, "client keytab", sources_.client_keytab));
  }
  return keytab;
}

bool Tickets::has_client_keytab(const Krb5& krb5) const {
  auto keytab = open_client_keytab(krb5);
  return keytab && krb5_kt_have_content(krb5.get(), keytab->get()) == 0;
}

Result<Creds> Tickets::initial_by_keytab(const Krb5& krb5) {
  auto keytab = open_client_keytab(krb5);
  if (!keytab) return fail(keytab);
  auto client = logon_principal(krb5);
  if (!client) return fail(client);
  auto types = wanted_enctypes(krb5, sources_.allow_rc4);
  if (!types) return fail(types);
  auto options = initial_options(krb5, *types);
  if (!options) return fail(options);
  krb5_creds creds{};
  auto code = question(realm_of(*client->get()), [&] {
    return krb5_get_init_creds_keytab(krb5.get(), &creds, client->get(), keytab->get(), 0, nullptr, options->get());
  });
  if (!code) return fail(code);
  if (*code != 0) {
    Error error = krb5_error(krb5.get(), *code, kLogonTicket, unparse(krb5, client->get()) + " by its keytab");
    if (*code == KRB5KRB_AP_ERR_BAD_INTEGRITY) error.status = Status::logon_denied;
    return std::unexpected(std::move(error));
  }
  return owned(krb5, creds);
}

}  // namespace opensspi::kerberos
