#include "cert/serialized.hpp"

#include "wire/reader.hpp"

namespace opensspi::cert {
namespace {

constexpr std::uint32_t kVersion = 0;
constexpr std::uint32_t kMagic = 0x54524543;  // "CERT"
constexpr std::uint32_t kCertificate = 0x20;
constexpr std::uint32_t kCrl = 0x21;
constexpr std::uint32_t kHighestProperty = 0xFFFF;

void put_u32(ByteVector& to, std::uint32_t value) {
  for (unsigned shift = 0; shift < 32; shift += 8) to.push_back(static_cast<std::uint8_t>(value >> shift));
}

void put(ByteVector& to, std::uint32_t id, Bytes bytes) {
  put_u32(to, id);
  put_u32(to, X509_ASN_ENCODING);
  put_u32(to, static_cast<std::uint32_t>(bytes.size()));
  append(to, bytes);
}

}  // namespace

bool is_serialized_store(Bytes bytes) {
  wire::Reader reader(bytes);
  const std::uint32_t version = reader.u32le();
  const std::uint32_t magic = reader.u32le();
  return reader.ok() && version == kVersion && magic == kMagic;
}

Result<Content> decode_serialized(Bytes bytes) {
  const auto bad = [](std::string why) { return fail(Status::crypt_bad_encode, "serialized store", std::move(why)); };
  wire::Reader reader(bytes);
  reader.skip(8);
  Content content;
  std::map<std::uint32_t, ByteVector> properties;
  for (;;) {
    const std::uint32_t id = reader.u32le();
    reader.skip(4);  // encoding
    const std::uint32_t size = reader.u32le();
    const Bytes value = reader.take(size);
    if (!reader.ok()) return bad(reader.why());
    if (id == 0) return content;
    if (id == kCertificate) {
      auto element = Element::parse(value);
      if (!element) return bad(element.error().detail);
      for (auto& [property, data] : properties) (*element)->set_property(property, std::move(data));
      properties.clear();
      content.certificates.push_back(std::move(*element));
    } else if (id == kCrl) {
      const unsigned char* at = value.data();
      CrlPtr crl(d2i_X509_CRL(nullptr, &at, static_cast<long>(value.size())));
      if (!crl) return bad("an element is no revocation list: " + take_reason());
      content.crls.push_back(std::move(crl));
      properties.clear();
    } else if (id <= kHighestProperty) {
      properties[id] = ByteVector(value.begin(), value.end());
    } else {
      return bad("an element has the unknown number " + std::to_string(id));
    }
  }
}

ByteVector encode_serialized(const Content& content) {
  ByteVector out;
  put_u32(out, kVersion);
  put_u32(out, kMagic);
  for (const ElementPtr& element : content.certificates) {
    for (const auto& [id, value] : element->properties()) put(out, id, value);
    put(out, kCertificate, element->der());
  }
  for (const CrlPtr& crl : content.crls) put(out, kCrl, der_of<X509_CRL, i2d_X509_CRL>(crl.get()));
  put_u32(out, 0);
  put_u32(out, 0);
  put_u32(out, 0);
  return out;
}

}  // namespace opensspi::cert
