#include "kerberos/names.hpp"

#include <arpa/inet.h>

#include <algorithm>

#include "kerberos/realms.hpp"
#include "kerberos/status.hpp"

namespace opensspi::kerberos {
namespace {

constexpr const char* kCheck = "name of the target";

// A character that means something in the text of a principal, as itself.
std::string escaped(const std::string& component) {
  std::string out;
  for (const char c : component) {
    if (c == '\\' || c == '@' || c == '/') out += '\\';
    out += c;
  }
  return out;
}

Result<Principal> parse(const Krb5& krb5, const std::string& text, int flags, Status status) {
  Principal principal(krb5);
  const krb5_error_code code = krb5_parse_name_flags(krb5.get(), text.c_str(), flags, principal.out());
  if (code == 0) return principal;
  Error error = krb5_error(krb5.get(), code, kCheck, "\"" + text + "\"");
  if (code == KRB5_PARSE_MALFORMED) error.status = status;
  return std::unexpected(std::move(error));
}

// The empty realm asks the KDC of the client's own realm, which refers to the right one (RFC 6806).
Result<void> set_realm_of_host(const Krb5& krb5, krb5_principal principal, const std::string& host) {
  char** realms = nullptr;
  krb5_error_code code = krb5_get_host_realm(krb5.get(), host.c_str(), &realms);
  if (code == 0) {
    code = krb5_set_principal_realm(krb5.get(), principal, realms[0] == nullptr ? "" : realms[0]);
    krb5_free_host_realm(krb5.get(), realms);
  }
  if (code != 0) return std::unexpected(krb5_error(krb5.get(), code, "realm of the target's host", host));
  return {};
}

}  // namespace

std::string_view host_of(std::string_view target) {
  const std::size_t slash = target.find('/');
  if (slash == std::string_view::npos) return {};
  target.remove_prefix(slash + 1);
  if (target.starts_with('[')) return target.substr(0, std::min(target.find(']'), target.size() - 1) + 1);
  return target.substr(0, target.find_first_of("/:@"));
}

bool is_ip_address(std::string_view target) {
  const std::size_t slash = target.find('/');
  if (slash != std::string_view::npos) target.remove_prefix(slash + 1);
  target = target.substr(0, target.find_first_of("/@"));
  const auto is = [](std::string_view host) {
    const std::string text(host.substr(0, host.find('%')));  // a link-local address may name its interface
    if (text.find('\0') != std::string::npos) return false;  // inet_pton would read no further
    unsigned char address[16];
    return inet_pton(AF_INET, text.c_str(), address) == 1 || inet_pton(AF_INET6, text.c_str(), address) == 1;
  };
  if (target.starts_with('[')) return is(target.substr(1, std::max<std::size_t>(target.find(']'), 1) - 1));
  return is(target) || is(target.substr(0, target.find(':')));
}

std::string with_lower_case_host(const std::string& target) {
  const std::string_view host = host_of(target);
  if (host.empty()) return {};
  std::string changed = target;
  changed.replace(static_cast<std::size_t>(host.data() - target.data()), host.size(), lower_ascii(std::string(host)));
  return changed == target ? std::string{} : changed;
}

Result<Principal> target_principal(const Krb5& krb5, const std::string& target) {
  if (target.empty()) {
    return fail(Status::target_unknown, kCheck,
                "it is empty: give the service's principal name, like HTTP/www.example.com");
  }
  const bool is_service = target.find('/') != std::string::npos;
  if (!is_service && target.find('\\') != std::string::npos) return user_principal(krb5, target, {});
  if (!is_service) return parse(krb5, target, 0, Status::target_unknown);
  auto principal = parse(krb5, target, KRB5_PRINCIPAL_PARSE_NO_DEF_REALM, Status::target_unknown);
  if (!principal) return principal;
  (*principal)->type = KRB5_NT_SRV_INST;
  if ((*principal)->realm.length != 0) return principal;
  const std::string host(host_of(target));
  if (host.empty()) return fail(Status::target_unknown, kCheck, "\"" + target + "\" has no host behind the service");
  auto realm = set_realm_of_host(krb5, principal->get(), host);
  if (!realm) return fail(realm);
  return principal;
}

Result<Principal> user_principal(const Krb5& krb5, const std::string& user, const std::string& domain) {
  if (!domain.empty()) {
    return parse(krb5, escaped(user) + '@' + escaped(realm_of_domain(krb5, domain)), 0, Status::logon_denied);
  }
  const std::size_t backslash = user.find('\\');
  if (backslash != std::string::npos) {
    return user_principal(krb5, user.substr(backslash + 1), user.substr(0, backslash));
  }
  const std::size_t at = user.rfind('@');
  if (at != std::string::npos && at + 1 < user.size())
    return user_principal(krb5, user.substr(0, at), user.substr(at + 1));
  return parse(krb5, escaped(user), 0, Status::logon_denied);
}

Result<Principal> enterprise_principal(const Krb5& krb5, const std::string& user) {
  return parse(krb5, escaped(user), KRB5_PRINCIPAL_PARSE_ENTERPRISE, Status::logon_denied);
}

}  // namespace opensspi::kerberos
