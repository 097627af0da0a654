#include "kerberos/gss.hpp"

#include <memory>

#include "kerberos/status.hpp"

namespace opensspi::kerberos {

std::string text_of(gss_name_t name) {
  if (name == GSS_C_NO_NAME) return {};
  GssBuffer text;
  OM_uint32 minor = 0;
  if (GSS_ERROR(gss_display_name(&minor, name, text.out(), nullptr))) return {};
  return text.text();
}

Result<GssName> import_principal(const std::string& principal) {
  gss_buffer_desc text = gss_view(bytes_of(principal));
  GssName name;
  OM_uint32 minor = 0;
  const OM_uint32 major = gss_import_name(&minor, &text, GSS_KRB5_NT_PRINCIPAL_NAME, name.out());
  if (GSS_ERROR(major)) {
    return fail(Status::target_unknown, "name of a principal",
                "\"" + principal + "\" is not one: service/host, or user@REALM");
  }
  return name;
}

Result<Krb5> Krb5::open() {
  krb5_context context = nullptr;
  const krb5_error_code code = krb5_init_context(&context);
  if (code != 0) return std::unexpected(krb5_error(nullptr, code, "configuration of Kerberos (krb5.conf)"));
  return Krb5(context);
}

std::string unparse(const Krb5& krb5, krb5_const_principal principal) {
  char* text = nullptr;
  if (krb5_unparse_name(krb5.get(), principal, &text) != 0) return {};
  const auto free_text = [&krb5](char* name) { krb5_free_unparsed_name(krb5.get(), name); };
  const std::unique_ptr<char, decltype(free_text)> owner(text, free_text);
  return text;
}

}  // namespace opensspi::kerberos
