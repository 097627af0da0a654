#include "cert/find.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "cert/names.hpp"
#include "cert/properties.hpp"

namespace opensspi::cert {
namespace {

ByteVector blob_bytes(const void* value) {
  const auto& blob = *static_cast<const CRYPT_DATA_BLOB*>(value);
  return blob.pbData == nullptr ? ByteVector{} : ByteVector(blob.pbData, blob.pbData + blob.cbData);
}

Match by_property(std::uint32_t id, ByteVector wanted) {
  return [id, wanted = std::move(wanted)](const Element& element) { return get_property(element, id) == wanted; };
}

// Anywhere in the name, without regard to case.
Match by_text(bool issuer, const void* value) {
  std::u16string wanted = upcase(std::u16string_view(static_cast<const char16_t*>(value)));
  return [issuer, wanted = std::move(wanted)](const Element& element) {
    const X509_NAME* name = issuer ? X509_get_issuer_name(element.x509()) : X509_get_subject_name(element.x509());
    const std::u16string text = upcase(name_to_text(name, CERT_SIMPLE_NAME_STR | CERT_NAME_STR_NO_QUOTING_FLAG));
    return text.find(wanted) != std::u16string::npos;
  };
}

Match by_name(bool issuer, const void* value) {
  return [issuer, wanted = blob_bytes(value)](const Element& element) {
    const X509_NAME* name = issuer ? X509_get_issuer_name(element.x509()) : X509_get_subject_name(element.x509());
    return der_of<X509_NAME, i2d_X509_NAME>(name) == wanted;
  };
}

Match by_usage(const void* value) {
  const auto& usage = *static_cast<const CTL_USAGE*>(value);
  std::vector<std::string> wanted(usage.rgpszUsageIdentifier, usage.rgpszUsageIdentifier + usage.cUsageIdentifier);
  return [wanted = std::move(wanted)](const Element& element) {
    const auto allowed = enhanced_usage(element, true, true);
    return allowed && std::ranges::all_of(wanted, [&](const std::string& oid) {
             return std::ranges::find(*allowed, oid) != allowed->end();
           });
  };
}

Match by_serial(const void* value) {
  const auto& info = *static_cast<const CERT_INFO*>(value);
  ByteVector issuer = blob_bytes(&info.Issuer), serial = blob_bytes(&info.SerialNumber);
  return [issuer = std::move(issuer), serial = std::move(serial)](const Element& element) {
    const CERT_INFO& own = element.info();
    return blob_bytes(&own.Issuer) == issuer && blob_bytes(&own.SerialNumber) == serial;
  };
}

}  // namespace

Result<Match> make_match(std::uint32_t type, const void* value) {
  if (type == CERT_FIND_ANY) return Match([](const Element&) { return true; });
  if (type == CERT_FIND_HAS_PRIVATE_KEY) return Match([](const Element& element) { return element.key() != nullptr; });
  if (value == nullptr) return fail(Status::invalid_parameter, "pvFindPara", "it is NULL");
  switch (type) {
    case CERT_FIND_SHA1_HASH:
      return by_property(CERT_SHA1_HASH_PROP_ID, blob_bytes(value));
    case CERT_FIND_MD5_HASH:
      return by_property(CERT_MD5_HASH_PROP_ID, blob_bytes(value));
    case CERT_FIND_SIGNATURE_HASH:
      return by_property(CERT_SIGNATURE_HASH_PROP_ID, blob_bytes(value));
    case CERT_FIND_KEY_IDENTIFIER:
      return by_property(CERT_KEY_IDENTIFIER_PROP_ID, blob_bytes(value));
    case CERT_FIND_PUBKEY_MD5_HASH:
      return by_property(CERT_SUBJECT_PUBLIC_KEY_MD5_HASH_PROP_ID, blob_bytes(value));
    case CERT_FIND_PROPERTY:
      return Match([id = *static_cast<const DWORD*>(value)](const Element& element) {
        const auto ids = property_ids(element);
        return std::ranges::find(ids, id) != ids.end();
      });
    case CERT_FIND_PUBLIC_KEY: {
      const auto& key = static_cast<const CERT_PUBLIC_KEY_INFO*>(value)->PublicKey;
      ByteVector wanted(key.pbData, key.pbData + key.cbData);
      return Match([wanted = std::move(wanted)](const Element& element) {
        const auto& own = element.info().SubjectPublicKeyInfo.PublicKey;
        return ByteVector(own.pbData, own.pbData + own.cbData) == wanted;
      });
    }
    case CERT_FIND_SUBJECT_NAME:
      return by_name(false, value);
    case CERT_FIND_ISSUER_NAME:
      return by_name(true, value);
    case CERT_FIND_SUBJECT_STR_W:
      return by_text(false, value);
    case CERT_FIND_ISSUER_STR_W:
      return by_text(true, value);
    case CERT_FIND_ENHKEY_USAGE:
      return by_usage(value);
    case CERT_FIND_SUBJECT_CERT:
      return by_serial(value);
    case CERT_FIND_EXISTING:
      return Match([wanted = element_of(static_cast<PCCERT_CONTEXT>(value))](const Element& element) {
        return element.same_certificate(*wanted);
      });
    case CERT_FIND_ISSUER_OF:
      return Match([subject = element_of(static_cast<PCCERT_CONTEXT>(value))](const Element& element) {
        return X509_check_issued(element.x509(), subject->x509()) == X509_V_OK;
      });
    default:
      return fail(Status::invalid_parameter, "dwFindType", hex32(type) + " is not known");
  }
}

}  // namespace opensspi::cert
