// Properties of certificates: those stored beside them, and those computed from them.
#pragma once

#include <optional>

#include "cert/store.hpp"

namespace opensspi::cert {

// The bytes of a property; nullopt: the certificate has none. CERT_KEY_PROV_INFO_PROP_ID is not among them, as its
// structure holds pointers.
std::optional<ByteVector> get_property(const Element& element, std::uint32_t id);
// SEC_E_INVALID_PARAMETER for a computed one.
Result<void> set_property(Element& element, std::uint32_t id, std::optional<ByteVector> value);

// All that it has, in the order of their numbers.
std::vector<std::uint32_t> property_ids(const Element& element);

// Where its private key is: nullopt without one.
struct KeyPlace {
  std::u16string container, provider;
  std::uint32_t key_spec = 0;
};
std::optional<KeyPlace> key_place(const Element& element);

// Dotted identifiers of the usages it is good for; nullopt: for every one. property and extension: where to look.
std::optional<std::vector<std::string>> enhanced_usage(const Element& element, bool property, bool extension);
// CERT_ENHKEY_USAGE_PROP_ID's DER (a sequence of identifiers), read. SEC_E_INVALID_PARAMETER.
Result<std::vector<std::string>> parse_usage(Bytes der);

// A key as CERT_INFO has it. SEC_E_INVALID_PARAMETER: it is not understood.
Result<KeyPtr> public_key_of(const CERT_PUBLIC_KEY_INFO& info);
// Bits of a key as CERT_INFO has it; 0 for one that is not understood.
std::uint32_t public_key_bits(const CERT_PUBLIC_KEY_INFO& info);

}  // namespace opensspi::cert
