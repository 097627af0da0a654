#include "cert/names.hpp"

#include <openssl/err.h>
#include <openssl/objects.h>

#include <cstring>

#include "base/text.hpp"
#include "cert/attributes.hpp"

namespace opensspi::cert {
namespace {

std::u16string value_text(const ASN1_STRING* value) {
  unsigned char* utf8 = nullptr;
  const int size = ASN1_STRING_to_UTF8(&utf8, value);
  const OpensslBytes owner(utf8);
  // No kind of text: hexadecimal, as RFC 4514 2.4 has it. So is one with a zero: a caller would take it for its end.
  if (size < 0 || (size > 0 && std::memchr(utf8, 0, static_cast<std::size_t>(size)) != nullptr)) {
    ERR_clear_error();
    const Bytes bytes(ASN1_STRING_get0_data(value), static_cast<std::size_t>(ASN1_STRING_length(value)));
    const std::string hex = "#" + to_hex(bytes);
    return {hex.begin(), hex.end()};
  }
  auto text = to_utf16({reinterpret_cast<const char*>(utf8), static_cast<std::size_t>(size)});
  return text ? *text : std::u16string(u"\uFFFD");
}

bool needs_quotes(std::u16string_view value) {
  if (value.empty()) return true;
  if (value.front() == u' ' || value.back() == u' ') return true;
  return value.find_first_of(u",+=\"\n<>#;") != std::u16string_view::npos;
}

std::u16string quoted(std::u16string_view value) {
  std::u16string out = u"\"";
  for (const char16_t unit : value) out += unit == u'"' ? u"\"\"" : std::u16string(1, unit);
  return out + u'"';
}

std::u16string key_text(const ASN1_OBJECT* object, std::uint32_t format) {
  if (format == CERT_SIMPLE_NAME_STR) return {};
  const std::string oid = oid_text(object);
  const std::u16string wide(oid.begin(), oid.end());
  if (format == CERT_OID_NAME_STR) return wide + u"=";
  const NamedOid* named = find_oid(oid);
  if (named != nullptr && !named->key.empty()) return std::u16string(named->key) + u"=";
  return u"OID." + wide + u"=";
}

std::u16string separator(std::uint32_t type) {
  if ((type & CERT_NAME_STR_SEMICOLON_FLAG) != 0) return u"; ";
  if ((type & CERT_NAME_STR_CRLF_FLAG) != 0) return u"\r\n";
  return u", ";
}

// The relative names in order, each with its values joined.
std::vector<std::u16string> relative_names(const X509_NAME* name, std::uint32_t type) {
  std::vector<std::u16string> parts;
  int set = -1;
  const std::u16string plus = (type & CERT_NAME_STR_NO_PLUS_FLAG) != 0 ? u" " : u" + ";
  for (int i = 0; i < X509_NAME_entry_count(name); ++i) {
    const X509_NAME_ENTRY* entry = X509_NAME_get_entry(name, i);
    const std::u16string value = value_text(X509_NAME_ENTRY_get_data(entry));
    const bool quote = (type & CERT_NAME_STR_NO_QUOTING_FLAG) == 0 && needs_quotes(value);
    const std::u16string text =
        key_text(X509_NAME_ENTRY_get_object(entry), type & 0xFF) + (quote ? quoted(value) : value);
    if (X509_NAME_ENTRY_set(entry) == set) {
      parts.back() += plus + text;
    } else {
      parts.push_back(text);
    }
    set = X509_NAME_ENTRY_set(entry);
  }
  return parts;
}

// ---- Alternative names. ----

GeneralNamesPtr alternative_names(const Element& element, bool issuer) {
  GeneralNamesPtr names(static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(element.x509(), issuer ? NID_issuer_alt_name : NID_subject_alt_name, nullptr, nullptr)));
  ERR_clear_error();
  return names;
}

std::u16string other_name_text(const OTHERNAME* other) {
  if (other->value->type != V_ASN1_UTF8STRING) return {};
  return value_text(other->value->value.utf8string);
}

std::vector<std::u16string> alternatives(const Element& element, const NameQuery& query, int kind) {
  std::vector<std::u16string> texts;
  const GeneralNamesPtr names = alternative_names(element, query.issuer);
  for (int i = 0; i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type != kind) continue;
    if (kind == GEN_OTHERNAME) {
      if (OBJ_obj2nid(name->d.otherName->type_id) != NID_ms_upn) continue;
      texts.push_back(other_name_text(name->d.otherName));
    } else {
      texts.push_back(value_text(name->d.ia5));
    }
  }
  return texts;
}

std::vector<std::u16string> attribute_values(const X509_NAME* name, std::string_view oid) {
  std::vector<std::u16string> texts;
  for (int i = 0; i < X509_NAME_entry_count(name); ++i) {
    const X509_NAME_ENTRY* entry = X509_NAME_get_entry(name, i);
    if (oid_text(X509_NAME_ENTRY_get_object(entry)) == oid)
      texts.push_back(value_text(X509_NAME_ENTRY_get_data(entry)));
  }
  return texts;
}

constexpr std::string_view kCommonName = "2.5.4.3";
constexpr std::string_view kEmail = "1.2.840.113549.1.9.1";

std::vector<std::u16string> first_of(std::vector<std::u16string> first, std::vector<std::u16string> second) {
  return first.empty() ? std::move(second) : std::move(first);
}

std::vector<std::u16string> simple_display(const Element& element, const NameQuery& query, const X509_NAME* name) {
  for (const std::string_view oid : {kCommonName, std::string_view("2.5.4.11"), std::string_view("2.5.4.10"), kEmail}) {
    auto values = attribute_values(name, oid);
    if (!values.empty()) return {values.back()};  // the most specific stands last
  }
  for (const int kind : {GEN_EMAIL, GEN_DNS, GEN_URI}) {
    auto values = alternatives(element, query, kind);
    if (!values.empty()) return values;
  }
  if (X509_NAME_entry_count(name) > 0) return {value_text(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, 0)))};
  return {};
}

std::vector<std::u16string> friendly(const Element& element) {
  const auto bytes = element.property(CERT_FRIENDLY_NAME_PROP_ID);
  if (!bytes) return {};
  std::u16string text = from_utf16le(*bytes);
  while (!text.empty() && text.back() == 0) text.pop_back();
  return {text};
}

}  // namespace

std::u16string name_to_text(const X509_NAME* name, std::uint32_t type) {
  std::vector<std::u16string> parts = relative_names(name, type);
  if ((type & CERT_NAME_STR_REVERSE_FLAG) != 0) parts = {parts.rbegin(), parts.rend()};
  std::u16string text;
  for (std::size_t i = 0; i < parts.size(); ++i) text += (i == 0 ? u"" : separator(type)) + parts[i];
  return text;
}

Result<NamePtr> parse_name(Bytes der) {
  const unsigned char* at = der.data();
  NamePtr name(d2i_X509_NAME(nullptr, &at, static_cast<long>(der.size())));
  if (name && at == der.data() + der.size()) return name;
  return fail(Status::invalid_parameter, "X.500 name",
              std::to_string(der.size()) + " bytes are no name in DER: " + take_reason());
}

std::vector<std::u16string> name_texts(const Element& element, const NameQuery& query) {
  const X509_NAME* name = query.issuer ? X509_get_issuer_name(element.x509()) : X509_get_subject_name(element.x509());
  switch (query.type) {
    case CERT_NAME_EMAIL_TYPE:
      return first_of(alternatives(element, query, GEN_EMAIL), attribute_values(name, kEmail));
    case CERT_NAME_RDN_TYPE:
      return {name_to_text(name, query.text_type)};
    case CERT_NAME_ATTR_TYPE:
      return attribute_values(name, query.attribute.empty() ? kCommonName : std::string_view(query.attribute));
    case CERT_NAME_SIMPLE_DISPLAY_TYPE:
      return simple_display(element, query, name);
    case CERT_NAME_FRIENDLY_DISPLAY_TYPE:
      return first_of(friendly(element), simple_display(element, query, name));
    case CERT_NAME_DNS_TYPE:
      return first_of(alternatives(element, query, GEN_DNS), attribute_values(name, kCommonName));
    case CERT_NAME_URL_TYPE:
      return alternatives(element, query, GEN_URI);
    case CERT_NAME_UPN_TYPE:
      return alternatives(element, query, GEN_OTHERNAME);
    default:
      return {};
  }
}

}  // namespace opensspi::cert
