// CertStrToNameW: "CN=a, O=\"b, c\" + OU=d" as a name in DER.
#include <openssl/err.h>
#include <openssl/objects.h>

#include <algorithm>

#include "base/text.hpp"
#include "cert/attributes.hpp"
#include "cert/names.hpp"

namespace opensspi::cert {
namespace {

struct Attribute {
  std::string oid;
  std::string value;    // UTF-8
  bool joined = false;  // of one relative name with the one before
};

class TextParser {
 public:
  TextParser(std::u16string_view text, std::uint32_t type) : text_(text), type_(type) {}

  Result<std::vector<Attribute>> parse() {
    std::vector<Attribute> attributes;
    bool joined = false;
    skip_blanks();
    while (at_ < text_.size()) {
      auto attribute = next();
      if (!attribute) return fail(attribute);
      attribute->joined = joined;
      attributes.push_back(std::move(*attribute));
      skip_blanks();
      if (at_ == text_.size()) break;
      joined = text_[at_] == u'+';
      if (!joined && !is_separator(text_[at_])) return bad("neither a separator nor + follows a value");
      ++at_;
      skip_blanks();
    }
    return attributes;
  }
  std::size_t place() const { return at_; }

 private:
  std::unexpected<Error> bad(const char* why) const {
    return fail(Status::crypt_invalid_x500_string, "X.500 name", "at character " + std::to_string(at_) + ": " + why);
  }
  static bool is_blank(char16_t unit) { return unit == u' ' || unit == u'\t'; }
  bool is_separator(char16_t unit) const {
    if ((type_ & CERT_NAME_STR_COMMA_FLAG) != 0) return unit == u',';
    if ((type_ & CERT_NAME_STR_SEMICOLON_FLAG) != 0) return unit == u';';
    if ((type_ & CERT_NAME_STR_CRLF_FLAG) != 0) return unit == u'\r' || unit == u'\n';
    return unit == u',' || unit == u';' || unit == u'\r' || unit == u'\n';
  }
  bool ends_value(char16_t unit) const {
    return is_separator(unit) || (unit == u'+' && (type_ & CERT_NAME_STR_NO_PLUS_FLAG) == 0);
  }
  void skip_blanks() {
    while (at_ < text_.size() && (is_blank(text_[at_]) || ((text_[at_] == u'\r' || text_[at_] == u'\n')))) ++at_;
  }

  Result<Attribute> next() {
    const std::size_t equals = text_.find(u'=', at_);
    if (equals == std::u16string_view::npos) return bad("there is no = behind the attribute's key");
    std::u16string_view key = text_.substr(at_, equals - at_);
    while (!key.empty() && is_blank(key.back())) key.remove_suffix(1);
    auto oid = oid_of(key);
    if (!oid) return fail(oid);
    at_ = equals + 1;
    while (at_ < text_.size() && is_blank(text_[at_])) ++at_;
    const bool quotes = at_ < text_.size() && text_[at_] == u'"' && (type_ & CERT_NAME_STR_NO_QUOTING_FLAG) == 0;
    auto value = quotes ? quoted_value() : plain_value();
    if (!value) return fail(value);
    return Attribute{std::move(*oid), to_utf8(*value)};
  }

  Result<std::string> oid_of(std::u16string_view key) const {
    if (const NamedOid* named = find_key(key)) return std::string(named->oid);
    std::string text = to_utf8(key);
    if (text.starts_with("OID.") || text.starts_with("oid.")) text.erase(0, 4);
    const bool dotted = !text.empty() && text.find_first_not_of("0123456789.") == std::string::npos;
    const ObjectPtr object(dotted ? OBJ_txt2obj(text.c_str(), 1) : nullptr);
    ERR_clear_error();
    if (!object) return bad("the attribute's key is neither a known name nor a dotted object identifier");
    return text;
  }

  Result<std::u16string> quoted_value() {
    std::u16string value;
    for (++at_; at_ < text_.size(); ++at_) {
      if (text_[at_] != u'"') {
        value += text_[at_];
      } else if (at_ + 1 < text_.size() && text_[at_ + 1] == u'"') {
        value += u'"';
        ++at_;
      } else {
        ++at_;
        return value;
      }
    }
    return bad("the quoted value has no end");
  }

  Result<std::u16string> plain_value() {
    std::u16string value;
    while (at_ < text_.size() && !ends_value(text_[at_])) value += text_[at_++];
    while (!value.empty() && is_blank(value.back())) value.pop_back();
    return value;
  }

  const std::u16string_view text_;
  const std::uint32_t type_;
  std::size_t at_ = 0;
};

}  // namespace

Result<ByteVector> text_to_name(std::u16string_view text, std::uint32_t type, std::size_t& error_at) {
  TextParser parser(text, type);
  auto attributes = parser.parse();
  error_at = parser.place();
  if (!attributes) return fail(attributes);
  const NamePtr name(X509_NAME_new());
  // Reversed means that whole relative names change places, not the values within one.
  std::vector<std::vector<Attribute>> sets;
  for (Attribute& attribute : *attributes) {
    if (!attribute.joined) sets.emplace_back();
    sets.back().push_back(std::move(attribute));
  }
  if ((type & CERT_NAME_STR_REVERSE_FLAG) != 0) std::ranges::reverse(sets);
  for (const auto& set : sets) {
    for (std::size_t i = 0; i < set.size(); ++i) {
      const auto& value = set[i].value;
      if (X509_NAME_add_entry_by_txt(name.get(), set[i].oid.c_str(), MBSTRING_UTF8,
                                     reinterpret_cast<const unsigned char*>(value.data()),
                                     static_cast<int>(value.size()), -1, i == 0 ? 0 : -1) != 1) {
        return fail(Status::crypt_invalid_x500_string, "X.500 name",
                    "the value \"" + value + "\" cannot be one of " + set[i].oid + ": " + take_reason());
      }
    }
  }
  return der_of<X509_NAME, i2d_X509_NAME>(name.get());
}

}  // namespace opensspi::cert
