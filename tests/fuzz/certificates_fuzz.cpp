// Certificates in any encoding, their names and properties, and stores.
#include "cert/chain.hpp"
#include "cert/decode.hpp"
#include "cert/names.hpp"
#include "cert/properties.hpp"
#include "cert/serialized.hpp"
#include "fuzz/fuzz_world.hpp"

using namespace opensspi;
using namespace opensspi::fuzz;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto content = cert::decode_any({data, size});
  if (!content) return 0;
  for (const auto& element : content->certificates) {
    require(element->info().SerialNumber.cbData <= element->der().size());
    for (std::uint32_t type = CERT_NAME_EMAIL_TYPE; type <= CERT_NAME_UPN_TYPE; ++type) {
      for (const bool issuer : {false, true}) cert::name_texts(*element, {type, issuer, true, {}, CERT_X500_NAME_STR});
    }
    for (const std::uint32_t id : cert::property_ids(*element)) cert::get_property(*element, id);
    cert::enhanced_usage(*element, true, true);
    cert::public_key_bits(element->info().SubjectPublicKeyInfo);
    cert::name_matches(element->x509(), u"fuzz.example");
  }
  // What was read can be written, and read again.
  if (!content->certificates.empty()) {
    const auto again = cert::decode_serialized(cert::encode_serialized(*content));
    require(again && again->certificates.size() == content->certificates.size());
  }
  return 0;
}
