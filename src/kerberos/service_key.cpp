#include "kerberos/service_key.hpp"

#include "kerberos/names.hpp"
#include "kerberos/status.hpp"

namespace opensspi::kerberos {
namespace {

constexpr const char* kCheck = "keytab of the service";

Result<std::string> keytab_name(const Krb5& krb5, const Sources& sources) {
  if (!sources.keytab.empty()) return sources.keytab;
  char name[1024];
  const krb5_error_code code = krb5_kt_default_name(krb5.get(), name, sizeof name);
  if (code != 0) return std::unexpected(krb5_error(krb5.get(), code, kCheck));
  return std::string(name);
}

// GSSAPI says of every fault that there is no credential: what is wrong is looked at first.
Result<void> check_keytab(const Krb5& krb5, const std::string& name) {
  Keytab keytab(krb5);
  krb5_error_code code = krb5_kt_resolve(krb5.get(), name.c_str(), keytab.out());
  if (code == 0) code = krb5_kt_have_content(krb5.get(), keytab.get());
  if (code == 0) return {};
  Error error = krb5_error(krb5.get(), code, kCheck, name);
  error.status = Status::no_credentials;
  return std::unexpected(std::move(error));
}

}  // namespace

Result<std::shared_ptr<const ServiceKey>> ServiceKey::open(Sources sources, const std::string& principal) {
  auto krb5 = Krb5::open();
  if (!krb5) return fail(krb5);
  auto name = keytab_name(*krb5, sources);
  if (!name) return fail(name);
  auto checked = check_keytab(*krb5, *name);
  if (!checked) return fail(checked);
  auto key = std::make_shared<ServiceKey>();
  GssName wanted;
  if (!principal.empty()) {
    auto server = target_principal(*krb5, principal);
    if (!server) return fail(server);
    auto imported = import_principal(unparse(*krb5, server->get()));
    if (!imported) return fail(imported);
    wanted = std::move(*imported);
  }
  gss_key_value_element_desc element{"keytab", name->c_str()};
  gss_key_value_set_desc store{1, &element};
  OM_uint32 minor = 0;
  OM_uint32 major = gss_acquire_cred_from(&minor, wanted.get(), GSS_C_INDEFINITE, gss_mech_set_krb5, GSS_C_ACCEPT,
                                          &store, key->credential_.out(), nullptr, nullptr);
  if (GSS_ERROR(major)) {
    return std::unexpected(gss_error(major, minor, kCheck, *name + (principal.empty() ? "" : ", " + principal)));
  }
  auto types = wanted_enctypes(*krb5, sources.allow_rc4);
  if (!types) return fail(types);
  major = gss_krb5_set_allowable_enctypes(&minor, key->credential_.get(), static_cast<OM_uint32>(types->size()),
                                          types->data());
  if (GSS_ERROR(major)) return std::unexpected(gss_error(major, minor, "encryption types"));
  key->sources_ = std::move(sources);
  return key;
}

}  // namespace opensspi::kerberos
