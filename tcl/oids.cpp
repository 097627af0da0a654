#include "oids.hpp"

#include <algorithm>

#include "errors.hpp"
#include "opensspi/schannel.h"
#include "values.hpp"

namespace twapi {
namespace {

constexpr NamedOid kUsages[] = {
    {"server_auth", "1.3.6.1.5.5.7.3.1"},      {"client_auth", "1.3.6.1.5.5.7.3.2"},
    {"code_signing", "1.3.6.1.5.5.7.3.3"},     {"email_protection", "1.3.6.1.5.5.7.3.4"},
    {"ipsec_end_system", "1.3.6.1.5.5.7.3.5"}, {"ipsec_tunnel", "1.3.6.1.5.5.7.3.6"},
    {"ipsec_user", "1.3.6.1.5.5.7.3.7"},       {"timestamp_signing", "1.3.6.1.5.5.7.3.8"},
    {"ocsp_signing", "1.3.6.1.5.5.7.3.9"},     {"ipsec_ike_intermediate", "1.3.6.1.5.5.8.2.2"}};

// Names of attributes, extensions and signature algorithms.
constexpr NamedOid kNames[] = {{"oid_common_name", "2.5.4.3"},
                               {"oid_sur_name", "2.5.4.4"},
                               {"oid_device_serial_number", "2.5.4.5"},
                               {"oid_country_name", "2.5.4.6"},
                               {"oid_locality_name", "2.5.4.7"},
                               {"oid_state_or_province_name", "2.5.4.8"},
                               {"oid_street_address", "2.5.4.9"},
                               {"oid_organization_name", "2.5.4.10"},
                               {"oid_organizational_unit_name", "2.5.4.11"},
                               {"oid_title", "2.5.4.12"},
                               {"oid_description", "2.5.4.13"},
                               {"oid_business_category", "2.5.4.15"},
                               {"oid_postal_address", "2.5.4.16"},
                               {"oid_postal_code", "2.5.4.17"},
                               {"oid_post_office_box", "2.5.4.18"},
                               {"oid_telephone_number", "2.5.4.20"},
                               {"oid_given_name", "2.5.4.42"},
                               {"oid_initials", "2.5.4.43"},
                               {"oid_dn_qualifier", "2.5.4.46"},
                               {"oid_domain_component", "0.9.2342.19200300.100.1.25"},
                               {"oid_rsa_emailaddr", "1.2.840.113549.1.9.1"},
                               {"oid_rsa_sha1rsa", "1.2.840.113549.1.1.5"},
                               {"oid_rsa_sha256rsa", "1.2.840.113549.1.1.11"},
                               {"oid_rsa_sha384rsa", "1.2.840.113549.1.1.12"},
                               {"oid_rsa_sha512rsa", "1.2.840.113549.1.1.13"},
                               {"oid_ecdsa_sha256", "1.2.840.10045.4.3.2"},
                               {"oid_ecdsa_sha384", "1.2.840.10045.4.3.3"},
                               {"oid_ecdsa_sha512", "1.2.840.10045.4.3.4"},
                               {"oid_subject_key_identifier", "2.5.29.14"},
                               {"oid_key_usage", "2.5.29.15"},
                               {"oid_subject_alt_name2", "2.5.29.17"},
                               {"oid_issuer_alt_name2", "2.5.29.18"},
                               {"oid_basic_constraints2", "2.5.29.19"},
                               {"oid_name_constraints", "2.5.29.30"},
                               {"oid_crl_dist_points", "2.5.29.31"},
                               {"oid_cert_policies", "2.5.29.32"},
                               {"oid_authority_key_identifier2", "2.5.29.35"},
                               {"oid_enhanced_key_usage", "2.5.29.37"},
                               {"oid_any_enhanced_key_usage", "2.5.29.37.0"},
                               {"oid_authority_info_access", "1.3.6.1.5.5.7.1.1"}};

constexpr std::string_view kUsagePrefix = "oid_pkix_kp_";

bool is_dotted(std::string_view text) {
  const auto part = [](char c) { return (c >= '0' && c <= '9') || c == '.'; };
  return text.size() > 2 && text.front() >= '0' && text.front() <= '2' && text[1] == '.' && text.back() != '.' &&
         text.find("..") == std::string_view::npos && std::ranges::all_of(text, part);
}

const NamedOid* find(std::span<const NamedOid> table, std::string_view name) {
  const auto found = std::ranges::find(table, name, &NamedOid::name);
  return found == table.end() ? nullptr : &*found;
}

// The names that the system has for attributes: "CN", "commonName".
bool system_name(std::string_view text, std::string& oid) {
  opensspi::WideText name = opensspi::to_wide(utf16_of(text));
  const PCCRYPT_OID_INFO info = CryptFindOIDInfo(CRYPT_OID_INFO_NAME_KEY, name.data(), 0);
  if (info == nullptr) return false;
  oid = info->pszOID;
  return true;
}

}  // namespace

std::span<const NamedOid> usage_oids() { return kUsages; }

std::string_view usage_name(std::string_view oid) {
  const auto found = std::ranges::find(kUsages, oid, &NamedOid::oid);
  return found == std::end(kUsages) ? oid : found->name;
}

int get_oid(Tcl_Interp* interp, Tcl_Obj* value, std::string& oid) {
  std::string_view text = text_of(value);
  if (is_dotted(text)) {
    oid = text;
    return TCL_OK;
  }
  const NamedOid* found = find(kNames, text);
  if (found == nullptr) {
    found = find(kUsages, text.starts_with(kUsagePrefix) ? text.substr(kUsagePrefix.size()) : text);
  }
  if (found != nullptr) {
    oid = found->oid;
    return TCL_OK;
  }
  if (!text.empty() && system_name(text, oid)) return TCL_OK;
  return set_argument_error(interp, "Invalid object identifier \"" + std::string(text) +
                                        "\": it must be dotted numbers or a name such as oid_common_name");
}

}  // namespace twapi
