// What the functions of wincrypt.h share: they answer with a pointer, a number or a BOOL, and keep the reason.
#pragma once

#include "capi/failure.hpp"
#include "cert/store.hpp"
#include "opensspi/wincrypt.h"

namespace opensspi::capi {

// Runs the body, a Result<T>; gives `otherwise` where it fails.
template <typename T, typename Body>
T crypt_call(const char* function, T otherwise, Body&& body) noexcept {
  T out = otherwise;
  guarded(function, [&]() -> Result<Status> {
    Result<T> result = body();
    if (!result) return fail(result);
    out = *result;
    return Status::ok;
  });
  return out;
}

inline std::unexpected<Error> null_pointer(const char* name) {
  return fail(Status::invalid_parameter, name, "it is NULL");
}

// Data into a buffer whose size the caller tells; NULL asks for the size. ERROR_MORE_DATA.
inline Result<BOOL> deliver(Bytes data, void* buffer, DWORD* size) {
  if (size == nullptr) return null_pointer("the size of the buffer");
  const DWORD given = *size;
  *size = static_cast<DWORD>(data.size());
  if (buffer == nullptr) return 1;
  if (given < data.size()) {
    return fail(Status::win_more_data, "buffer",
                std::to_string(given) + " bytes are given, " + std::to_string(data.size()) + " are needed");
  }
  copy_bytes({static_cast<std::uint8_t*>(buffer), data.size()}, data);
  return 1;
}

// A text with its terminator, cut where it does not fit; the number of characters with the terminator.
DWORD deliver_text(std::u16string_view text, SEC_WCHAR* buffer, DWORD characters);

inline std::u16string_view view_of(const SEC_WCHAR* text) {
  return text == nullptr ? std::u16string_view{} : std::u16string_view(reinterpret_cast<const char16_t*>(text));
}
inline Bytes bytes_of_blob(const CRYPT_DATA_BLOB* blob) {
  return blob == nullptr || blob->pbData == nullptr ? Bytes{} : Bytes{blob->pbData, blob->cbData};
}

}  // namespace opensspi::capi
