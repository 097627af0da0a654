#include "cert/openssl.hpp"

#include <openssl/err.h>
#include <openssl/objects.h>

#include <new>

namespace opensspi::cert {

BioPtr reading(Bytes bytes) {
  static constexpr char kNothing[] = "";
  BioPtr bio(BIO_new_mem_buf(bytes.empty() ? static_cast<const void*>(kNothing) : bytes.data(),
                             static_cast<int>(bytes.size())));
  if (!bio) throw std::bad_alloc();
  return bio;
}

std::string take_reason() {
  const unsigned long error = ERR_peek_last_error();
  const char* reason = error == 0 ? nullptr : ERR_reason_error_string(error);
  std::string text = reason == nullptr ? "no reason given" : reason;
  ERR_clear_error();
  return text;
}

std::string oid_text(const ASN1_OBJECT* object) {
  char small[128];
  const int length = OBJ_obj2txt(small, sizeof small, object, 1);
  if (length <= 0) return {};
  if (static_cast<std::size_t>(length) < sizeof small) return small;
  std::string large(static_cast<std::size_t>(length) + 1, '\0');
  OBJ_obj2txt(large.data(), static_cast<int>(large.size()), object, 1);
  large.resize(static_cast<std::size_t>(length));
  return large;
}

}  // namespace opensspi::cert
