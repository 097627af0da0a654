#include "kerberos/service_key.hpp"

#include <atomic>
#include <cerrno>

#include "kerberos/names.hpp"
#include "kerberos/realms.hpp"
#include "kerberos/status.hpp"

namespace opensspi::kerberos {
namespace {

constexpr const char* kCheck = "keytab of the service";
constexpr const char* kPassword = "key from the password of the service's account";

Result<std::string> chosen_keytab(const Krb5& krb5, const Sources& sources) {
  if (!sources.keytab.empty()) return sources.keytab;
  char name[1024];
  const krb5_error_code code = krb5_kt_default_name(krb5.get(), name, sizeof name);
  if (code != 0) return std::unexpected(krb5_error(krb5.get(), code, kCheck));
  return std::string(name);
}

// krb5_kt_have_content says of a keytab that may not be read that it is "nonexistent or empty".
krb5_error_code content_of(const Krb5& krb5, krb5_keytab keytab) {
  const krb5_error_code code = krb5_kt_have_content(krb5.get(), keytab);
  if (code == 0) return 0;
  krb5_kt_cursor cursor{};
  const krb5_error_code opened = krb5_kt_start_seq_get(krb5.get(), keytab, &cursor);
  if (opened == 0) krb5_kt_end_seq_get(krb5.get(), keytab, &cursor);
  return opened == EACCES ? opened : krb5_kt_have_content(krb5.get(), keytab);
}

// GSSAPI says of every fault that there is no credential: what is wrong is looked at first.
Result<void> check_keytab(const Krb5& krb5, const std::string& name) {
  Keytab keytab(krb5);
  krb5_error_code code = krb5_kt_resolve(krb5.get(), name.c_str(), keytab.out());
  if (code == 0) code = content_of(krb5, keytab.get());
  if (code == 0) return {};
  Error error = krb5_error(krb5.get(), code, kCheck, name);
  error.status = Status::no_credentials;
  return std::unexpected(std::move(error));
}

// MS-KILE 3.1.1.2: the salt of a computer account "WEB1$" is EXAMPLE.COMhostweb1.example.com; that of others is their
// realm and name, as RFC 4120 section 4 has it.
std::string salt_of(const Krb5& krb5, const Principal& account) {
  const std::string realm = realm_of(*account.get());
  const std::string name = account->length == 1 ? text_of(account->data[0]) : std::string{};
  if (name.size() > 1 && name.back() == '$') {
    return realm + "host" + lower_ascii(name.substr(0, name.size() - 1)) + '.' + lower_ascii(realm);
  }
  krb5_data salt{};
  if (krb5_principal2salt(krb5.get(), account.get(), &salt) != 0) return {};
  std::string copy = text_of(salt);
  krb5_free_data_contents(krb5.get(), &salt);
  return copy;
}

// The key of one type, into the keytab. Which version it is only the KDC knows; it is not looked at where a keytab's
// entries are tried one by one.
krb5_error_code add_key(const Krb5& krb5, krb5_keytab keytab, krb5_principal account, std::string& salt,
                        const Secret& password, krb5_enctype type) {
  krb5_data salt_data{};
  salt_data.length = static_cast<unsigned>(salt.size());
  salt_data.data = salt.data();
  krb5_data text{};
  text.length = static_cast<unsigned>(password.size() - 1);  // without the NUL
  text.data = reinterpret_cast<char*>(const_cast<std::uint8_t*>(password.bytes().data()));
  krb5_keytab_entry entry{};
  entry.principal = account;
  entry.vno = 1;
  krb5_error_code code = krb5_c_string_to_key(krb5.get(), type, &text, &salt_data, &entry.key);
  if (code == 0) code = krb5_kt_add_entry(krb5.get(), keytab, &entry);
  krb5_free_keyblock_contents(krb5.get(), &entry.key);
  return code;
}

// "HTTP/web1.example.com" is a service with a password of its own, anything else a user or computer.
Result<Principal> account_of(const Krb5& krb5, const Logon& logon) {
  const bool is_service = logon.user.find('/') != std::string::npos;
  if (!is_service) return user_principal(krb5, logon.user, logon.domain);
  return target_principal(krb5,
                          logon.domain.empty() ? logon.user : logon.user + '@' + realm_of_domain(krb5, logon.domain));
}

std::string unique_keytab_name() {
  static std::atomic<std::uint64_t> count{0};
  return "MEMORY:opensspi-" + std::to_string(count.fetch_add(1));
}

// `principal` empty: every key of the keytab.
Result<GssCredential> acquire(const Krb5& krb5, const Sources& sources, const std::string& keytab,
                              const std::string& principal) {
  GssName wanted;
  if (!principal.empty()) {
    auto server = target_principal(krb5, principal);
    if (!server) return fail(server);
    auto imported = import_principal(unparse(krb5, server->get()));
    if (!imported) return fail(imported);
    wanted = std::move(*imported);
  }
  gss_key_value_element_desc element{"keytab", keytab.c_str()};
  gss_key_value_set_desc store{1, &element};
  GssCredential credential;
  OM_uint32 minor = 0;
  OM_uint32 major = gss_acquire_cred_from(&minor, wanted.get(), GSS_C_INDEFINITE, gss_mech_set_krb5, GSS_C_ACCEPT,
                                          &store, credential.out(), nullptr, nullptr);
  if (GSS_ERROR(major)) {
    return std::unexpected(gss_error(major, minor, kCheck, keytab + (principal.empty() ? "" : ", " + principal)));
  }
  auto types = wanted_enctypes(krb5, sources.allow_rc4);
  if (!types) return fail(types);
  major =
      gss_krb5_set_allowable_enctypes(&minor, credential.get(), static_cast<OM_uint32>(types->size()), types->data());
  if (GSS_ERROR(major)) return std::unexpected(gss_error(major, minor, "encryption types"));
  return credential;
}

}  // namespace

Result<std::shared_ptr<const ServiceKey>> ServiceKey::open(Sources sources, const std::string& principal) {
  auto krb5 = Krb5::open();
  if (!krb5) return fail(krb5);
  auto name = chosen_keytab(*krb5, sources);
  if (!name) return fail(name);
  auto checked = check_keytab(*krb5, *name);
  if (!checked) return fail(checked);
  auto key = std::make_shared<ServiceKey>();
  auto credential = acquire(*krb5, sources, *name, principal);
  if (!credential) return fail(credential);
  key->credential_ = std::move(*credential);
  key->keytab_name_ = std::move(*name);
  key->sources_ = std::move(sources);
  return key;
}

Result<std::shared_ptr<const ServiceKey>> ServiceKey::of_password(Sources sources, const Logon& logon) {
  auto opened = Krb5::open();
  if (!opened) return fail(opened);
  auto key = std::make_shared<ServiceKey>();
  const Krb5& krb5 = key->krb5_.emplace(std::move(*opened));
  auto account = account_of(krb5, logon);
  if (!account) return fail(account);
  if (const std::string realm = realm_of(*account->get()); !is_known_realm(krb5, realm)) {
    return fail(Status::no_credentials, kPassword,
                "\"" + realm + "\" is not a realm of krb5.conf, neither its default_realm nor in [realms]");
  }
  auto types = wanted_enctypes(krb5, sources.allow_rc4);
  if (!types) return fail(types);
  key->keytab_name_ = unique_keytab_name();
  krb5_error_code code = krb5_kt_resolve(krb5.get(), key->keytab_name_.c_str(), key->keytab_.emplace(krb5).out());
  std::string salt = salt_of(krb5, *account);
  for (const krb5_enctype type : *types) {
    if (code == 0) code = add_key(krb5, key->keytab_->get(), account->get(), salt, logon.password, type);
  }
  if (code != 0) return std::unexpected(krb5_error(krb5.get(), code, kPassword, unparse(krb5, account->get())));
  auto credential = acquire(krb5, sources, key->keytab_name_, {});
  if (!credential) return fail(credential);
  key->credential_ = std::move(*credential);
  key->sources_ = std::move(sources);
  return key;
}

}  // namespace opensspi::kerberos
