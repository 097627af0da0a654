// What the groups of certificate commands share.
#pragma once

#include <cstring>
#include <string>

#include "handles.hpp"
#include "opensspi/schannel.h"
#include "options.hpp"
#include "pem.hpp"
#include "values.hpp"

namespace twapi {

inline constexpr DWORD kEncodingType = X509_ASN_ENCODING | PKCS_7_ASN_ENCODING;

// A blob that a function only reads.
inline CRYPT_DATA_BLOB blob_of(Bytes bytes) {
  return {static_cast<DWORD>(bytes.size()), const_cast<BYTE*>(bytes.data())};
}
inline Bytes bytes_of(const CRYPT_DATA_BLOB& blob) { return {blob.pbData, blob.cbData}; }
inline Bytes bytes_of(const CRYPT_BIT_BLOB& blob) { return {blob.pbData, blob.cbData}; }

inline std::string_view view_of(const char* text) { return text == nullptr ? std::string_view() : text; }

// `Bad value "x". Must be one of a, b, c`; the place of the word in `choices`, which ends with nullptr.
int get_choice(Tcl_Interp* interp, Tcl_Obj* value, const char* const* choices, std::size_t& place);

// The command's result: a new handle, or the last error where there is none.
int give(InterpState& state, CertificateRef certificate);
int give(InterpState& state, StoreRef store);

// The DER of a value that holds one certificate.
int get_certificate_der(Tcl_Interp* interp, Tcl_Obj* value, Encoding encoding, ByteVector& der);

// ---- Names. ----

// -format, -noplus, -noquote, -reverse, -separator, at these places of a command's option table.
struct NameStyle {
  const OptionValue &format, &noplus, &noquote, &reverse, &separator;
  DWORD flags() const;
};
inline constexpr const char* kNameFormats[] = {"x500", "oid", "simple", nullptr};
inline constexpr const char* kSeparators[] = {"comma", "semicolon", "newline", nullptr};

std::u16string name_text(const CERT_NAME_BLOB& name, DWORD style);
int get_name(Tcl_Interp* interp, Tcl_Obj* text, DWORD style, ByteVector& der);

// ---- Usages, extensions, times. ----

// The words for the bits of a key usage; the first byte holds the lower bits.
Tcl_Obj* key_usage_words(Bytes bits);
int get_key_usage(Tcl_Interp* interp, Tcl_Obj* words, ULONG& bits);

// "2026-11-23 07:00:00", UTC.
Tcl_Obj* time_value(const FILETIME& time);
int get_time(Tcl_Interp* interp, Tcl_Obj* value, FILETIME& time);

// An extension's value in words where it is known and well-formed, its bytes otherwise.
Tcl_Obj* extension_value(std::string_view oid, Bytes der);

// OIDs as CERT_ENHKEY_USAGE has them; the texts live in here.
class UsageList {
 public:
  int parse(Tcl_Interp* interp, Tcl_Obj* words);
  void add(std::string_view oid) { oids_.emplace_back(oid); }
  bool empty() const { return oids_.empty(); }
  CERT_ENHKEY_USAGE native();

 private:
  std::vector<std::string> oids_;
  std::vector<char*> pointers_;
};

// A public key {{OID PARAMETERS} KEY}, as cert_info has it; what native() points to lives in here.
class PublicKey {
 public:
  int parse(Tcl_Interp* interp, Tcl_Obj* value);
  CERT_PUBLIC_KEY_INFO* native() { return &native_; }

 private:
  std::string algorithm_;
  ByteVector parameters_, key_;
  CERT_PUBLIC_KEY_INFO native_{};
};

}  // namespace twapi
