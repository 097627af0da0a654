#include "cert_properties.hpp"

#include <algorithm>

#include "certificates.hpp"
#include "commands.hpp"
#include "errors.hpp"
#include "oids.hpp"

namespace twapi {
namespace {

// What a property's bytes are to a script.
enum class Form { bytes, number, text, exists, time, key_place, usages };

struct Property {
  const char* name;
  DWORD id;
  Form form;
};
constexpr Property kProperties[] = {
    {"access_state", CERT_ACCESS_STATE_PROP_ID, Form::number},
    {"archived", CERT_ARCHIVED_PROP_ID, Form::exists},
    {"auto_enroll", CERT_AUTO_ENROLL_PROP_ID, Form::text},
    {"date_stamp", CERT_DATE_STAMP_PROP_ID, Form::time},
    {"description", CERT_DESCRIPTION_PROP_ID, Form::text},
    {"enhkey_usage", CERT_ENHKEY_USAGE_PROP_ID, Form::usages},
    {"extended_error_info", CERT_EXTENDED_ERROR_INFO_PROP_ID, Form::text},
    {"friendly_name", CERT_FRIENDLY_NAME_PROP_ID, Form::text},
    {"issuer_public_key_md5_hash", CERT_ISSUER_PUBLIC_KEY_MD5_HASH_PROP_ID, Form::bytes},
    {"issuer_serial_number_md5_hash", CERT_ISSUER_SERIAL_NUMBER_MD5_HASH_PROP_ID, Form::bytes},
    {"key_identifier", CERT_KEY_IDENTIFIER_PROP_ID, Form::bytes},
    {"key_prov_info", CERT_KEY_PROV_INFO_PROP_ID, Form::key_place},
    {"key_spec", CERT_KEY_SPEC_PROP_ID, Form::number},
    {"md5_hash", CERT_MD5_HASH_PROP_ID, Form::bytes},
    {"pvk_file", CERT_PVK_FILE_PROP_ID, Form::text},
    {"sha1_hash", CERT_SHA1_HASH_PROP_ID, Form::bytes},
    {"signature_hash", CERT_SIGNATURE_HASH_PROP_ID, Form::bytes},
    {"subject_name_md5_hash", CERT_SUBJECT_NAME_MD5_HASH_PROP_ID, Form::bytes},
    {"subject_public_key_md5_hash", CERT_SUBJECT_PUBLIC_KEY_MD5_HASH_PROP_ID, Form::bytes}};

const Property* property_of(DWORD id) {
  const auto found = std::ranges::find(kProperties, id, &Property::id);
  return found == std::end(kProperties) ? nullptr : &*found;
}

Form form_of(DWORD id) {
  const Property* property = property_of(id);
  return property == nullptr ? Form::bytes : property->form;
}

// ---- Reading. ----

// The bytes, in memory that a structure may stand in.
class PropertyMemory {
 public:
  int read(Tcl_Interp* interp, PCCERT_CONTEXT certificate, DWORD id) {
    DWORD size_bytes = 0;
    if (!CertGetCertificateContextProperty(certificate, id, nullptr, &size_bytes)) return set_certificate_error(interp);
    memory_.resize(size_bytes / sizeof(std::max_align_t) + 1);
    if (!CertGetCertificateContextProperty(certificate, id, memory_.data(), &size_bytes)) {
      return set_certificate_error(interp);
    }
    bytes_ = {reinterpret_cast<const std::uint8_t*>(memory_.data()), size_bytes};
    return TCL_OK;
  }
  Bytes bytes() const { return bytes_; }
  template <typename T>
  const T* as() const {
    return bytes_.size() < sizeof(T) ? nullptr : reinterpret_cast<const T*>(memory_.data());
  }

 private:
  std::vector<std::max_align_t> memory_;
  Bytes bytes_;
};

// Up to the terminator, or all of it.
std::u16string text_from(Bytes utf16le) {
  std::u16string text;
  for (std::size_t i = 0; i + 1 < utf16le.size(); i += 2) {
    const auto unit = static_cast<char16_t>(utf16le[i] | (utf16le[i + 1] << 8));
    if (unit == 0) break;
    text.push_back(unit);
  }
  return text;
}

// {CONTAINER PROVIDER TYPE FLAGS PARAMETERS KEYSPEC}
Tcl_Obj* key_place_value(const CRYPT_KEY_PROV_INFO& info) {
  Tcl_Obj* parameters = Tcl_NewListObj(0, nullptr);
  for (const CRYPT_KEY_PROV_PARAM& parameter : std::span(info.rgProvParam, info.cProvParam)) {
    Tcl_ListObjAppendElement(
        nullptr, parameters,
        new_list({Tcl_NewWideIntObj(parameter.dwParam), new_bytes(Bytes(parameter.pbData, parameter.cbData)),
                  Tcl_NewWideIntObj(parameter.dwFlags)}));
  }
  return new_list({new_text(opensspi::from_wide(info.pwszContainerName)),
                   new_text(opensspi::from_wide(info.pwszProvName)), Tcl_NewWideIntObj(info.dwProvType),
                   Tcl_NewWideIntObj(info.dwFlags), parameters,
                   new_text(std::string_view(info.dwKeySpec == AT_SIGNATURE ? "signature" : "keyexchange"))});
}

Tcl_Obj* property_value(DWORD id, const PropertyMemory& memory) {
  switch (form_of(id)) {
    case Form::number:
      if (const auto* number = memory.as<DWORD>()) return Tcl_NewWideIntObj(*number);
      break;
    case Form::text:
      return new_text(text_from(memory.bytes()));
    case Form::exists:
      return Tcl_NewBooleanObj(1);
    case Form::time:
      if (const auto* time = memory.as<FILETIME>()) return time_value(*time);
      break;
    case Form::key_place:
      if (const auto* info = memory.as<CRYPT_KEY_PROV_INFO>()) return key_place_value(*info);
      break;
    case Form::usages:
      return extension_value(szOID_ENHANCED_KEY_USAGE, memory.bytes());
    case Form::bytes:
      break;
  }
  return new_bytes(memory.bytes());
}

int get_property(InterpState& state, Objects words) {
  CertificateRef certificate;
  DWORD id = 0;
  PropertyMemory memory;
  if (get_certificate(state.interp, words[1], certificate) != TCL_OK ||
      get_property_id(state.interp, words[2], id) != TCL_OK ||
      memory.read(state.interp, certificate.get(), id) != TCL_OK) {
    return TCL_ERROR;
  }
  Tcl_SetObjResult(state.interp, property_value(id, memory));
  return TCL_OK;
}

// ---- Changing. ----

int put_bytes(Tcl_Interp* interp, PCCERT_CONTEXT certificate, DWORD id, Bytes bytes) {
  const CRYPT_DATA_BLOB blob = blob_of(bytes);
  return CertSetCertificateContextProperty(certificate, id, 0, &blob) ? TCL_OK : set_certificate_error(interp);
}

int put_text(Tcl_Interp* interp, PCCERT_CONTEXT certificate, DWORD id, Tcl_Obj* value) {
  ByteVector bytes;
  for (const char16_t unit : utf16_of(value) + u'\0') {
    bytes.push_back(static_cast<std::uint8_t>(unit & 0xFF));
    bytes.push_back(static_cast<std::uint8_t>(unit >> 8));
  }
  return put_bytes(interp, certificate, id, bytes);
}

constexpr const char* kKeySpecs[] = {"keyexchange", "signature", nullptr};
constexpr DWORD kKeySpecValues[] = {AT_KEYEXCHANGE, AT_SIGNATURE};

int put_key_place(Tcl_Interp* interp, PCCERT_CONTEXT certificate, Tcl_Obj* container, Tcl_Obj* provider, DWORD type,
                  DWORD key_spec) {
  opensspi::WideText container_name = opensspi::to_wide(container == nullptr ? std::u16string() : utf16_of(container));
  opensspi::WideText provider_name = opensspi::to_wide(provider == nullptr ? std::u16string() : utf16_of(provider));
  CRYPT_KEY_PROV_INFO info{};
  info.pwszContainerName = container_name.data();
  info.pwszProvName = provider == nullptr ? nullptr : provider_name.data();
  info.dwProvType = type;
  info.dwKeySpec = key_spec;
  const BOOL good = CertSetCertificateContextProperty(certificate, CERT_KEY_PROV_INFO_PROP_ID, 0, &info);
  return good ? TCL_OK : set_certificate_error(interp);
}

// A list as cert_property returns it.
int put_key_place_list(Tcl_Interp* interp, PCCERT_CONTEXT certificate, Tcl_Obj* value) {
  Objects words;
  Tcl_WideInt type = 0;
  std::size_t key_spec = 0;
  if (!get_list(interp, value, words)) return TCL_ERROR;
  if (words.size() != 6) return set_toolkit_error(interp, Toolkit::wrong_argument_count);
  if (Tcl_GetWideIntFromObj(interp, words[2], &type) != TCL_OK ||
      get_choice(interp, words[5], kKeySpecs, key_spec) != TCL_OK) {
    return TCL_ERROR;
  }
  return put_key_place(interp, certificate, words[0], words[1], static_cast<DWORD>(type), kKeySpecValues[key_spec]);
}

// A SEQUENCE OF OBJECT IDENTIFIER, as the property holds it.
bool append_oid(std::string_view oid, ByteVector& der) {
  std::vector<std::uint64_t> arcs(1);
  for (const char c : oid) {
    if (c == '.') {
      arcs.push_back(0);
    } else if (arcs.back() > UINT32_MAX) {
      return false;
    } else {
      arcs.back() = 10 * arcs.back() + static_cast<std::uint64_t>(c - '0');
    }
  }
  if (arcs.size() < 2) return false;
  arcs[1] += 40 * arcs[0];
  ByteVector content;
  for (const std::uint64_t arc : std::span(arcs).subspan(1)) {
    for (int shift = 63; shift >= 0; shift -= 7) {
      const std::uint64_t rest = arc >> shift;
      if (rest == 0 && shift != 0) continue;
      content.push_back(static_cast<std::uint8_t>((rest & 0x7F) | (shift == 0 ? 0 : 0x80)));
    }
  }
  if (content.size() > 0x7F) return false;
  der.push_back(6);
  der.push_back(static_cast<std::uint8_t>(content.size()));
  der.insert(der.end(), content.begin(), content.end());
  return true;
}

int put_usages(Tcl_Interp* interp, PCCERT_CONTEXT certificate, Tcl_Obj* value) {
  UsageList usages;
  if (usages.parse(interp, value) != TCL_OK) return TCL_ERROR;
  ByteVector oids;
  const CERT_ENHKEY_USAGE list = usages.native();
  for (const char* oid : std::span(list.rgpszUsageIdentifier, list.cUsageIdentifier)) {
    if (!append_oid(oid, oids)) {
      return set_argument_error(interp, "Object identifier " + std::string(oid) + " has numbers that are too large");
    }
  }
  if (oids.size() > 0xFFFF) return set_argument_error(interp, "Too many usages: their encoding must fit 65535 bytes");
  ByteVector der{0x30, 0x82, static_cast<std::uint8_t>(oids.size() >> 8), static_cast<std::uint8_t>(oids.size())};
  if (oids.size() < 0x100) der = {0x30, 0x81, static_cast<std::uint8_t>(oids.size())};
  if (oids.size() < 0x80) der = {0x30, static_cast<std::uint8_t>(oids.size())};
  der.insert(der.end(), oids.begin(), oids.end());
  return put_bytes(interp, certificate, CERT_ENHKEY_USAGE_PROP_ID, der);
}

int put_number(Tcl_Interp* interp, PCCERT_CONTEXT certificate, DWORD id, Tcl_Obj* value) {
  Tcl_WideInt number = 0;
  if (Tcl_GetWideIntFromObj(interp, value, &number) != TCL_OK) return TCL_ERROR;
  ByteVector bytes;
  for (int shift = 0; shift < 32; shift += 8) bytes.push_back(static_cast<std::uint8_t>(number >> shift));
  return put_bytes(interp, certificate, id, bytes);
}

int put_property(Tcl_Interp* interp, PCCERT_CONTEXT certificate, DWORD id, Tcl_Obj* value) {
  Bytes bytes;
  switch (form_of(id)) {
    case Form::text:
      return put_text(interp, certificate, id, value);
    case Form::number:
      return put_number(interp, certificate, id, value);
    case Form::key_place:
      return put_key_place_list(interp, certificate, value);
    case Form::usages:
      return put_usages(interp, certificate, value);
    case Form::exists:
      return put_bytes(interp, certificate, id, {});
    case Form::time: {
      FILETIME time{};
      if (get_time(interp, value, time) != TCL_OK) return TCL_ERROR;
      return CertSetCertificateContextProperty(certificate, id, 0, &time) ? TCL_OK : set_certificate_error(interp);
    }
    case Form::bytes:
      break;
  }
  return get_bytes(interp, value, bytes) ? put_bytes(interp, certificate, id, bytes) : TCL_ERROR;
}

int set_property(InterpState& state, Objects words) {
  CertificateRef certificate;
  DWORD id = 0;
  if (get_certificate(state.interp, words[1], certificate) != TCL_OK ||
      get_property_id(state.interp, words[2], id) != TCL_OK) {
    return TCL_ERROR;
  }
  return put_property(state.interp, certificate.get(), id, words[3]);
}

int delete_property(InterpState& state, Objects words) {
  CertificateRef certificate;
  DWORD id = 0;
  if (get_certificate(state.interp, words[1], certificate) != TCL_OK ||
      get_property_id(state.interp, words[2], id) != TCL_OK) {
    return TCL_ERROR;
  }
  return CertSetCertificateContextProperty(certificate.get(), id, 0, nullptr) ? TCL_OK
                                                                              : set_certificate_error(state.interp);
}

constexpr Option kEnumOptions[] = {
    {"-names", Kind::toggle, 0, nullptr, "names instead of numbers, where there are any"}, kEndOfOptions};

int enum_properties(InterpState& state, Objects words) {
  Options options(kEnumOptions);
  CertificateRef certificate;
  if (options.parse(state.interp, words.subspan(2)) != TCL_OK ||
      get_certificate(state.interp, words[1], certificate) != TCL_OK) {
    return TCL_ERROR;
  }
  Tcl_Obj* list = Tcl_NewListObj(0, nullptr);
  DWORD id = 0;
  while ((id = CertEnumCertificateContextProperties(certificate.get(), id)) != 0) {
    const Property* property = options.given(0) ? property_of(id) : nullptr;
    Tcl_ListObjAppendElement(nullptr, list,
                             property == nullptr ? Tcl_NewWideIntObj(id) : Tcl_NewStringObj(property->name, -1));
  }
  Tcl_SetObjResult(state.interp, list);
  return TCL_OK;
}

constexpr const char* kKeySets[] = {"user", "machine", nullptr};
constexpr Option kKeyOptions[] = {
    {"-csp", Kind::text, 0, nullptr, "the provider that has the key"},
    {"-csptype", Kind::text, 0, nullptr, "taken for the sake of scripts for Windows"},
    {"-keycontainer", Kind::text, 0, nullptr, "where the key is: a PEM file or a pkcs11: URI; on Windows a container"},
    {"-keysettype", Kind::choice, 0, kKeySets, "taken for the sake of scripts for Windows"},
    {"-keyspec", Kind::choice, 0, kKeySpecs, "keyexchange (the default) or signature"},
    {"-silent", Kind::boolean, 0, nullptr, "taken for the sake of scripts for Windows"},
    kEndOfOptions};

int set_key_provider(InterpState& state, Objects words) {
  Options options(kKeyOptions);
  CertificateRef certificate;
  if (options.parse(state.interp, words.subspan(2)) != TCL_OK ||
      get_certificate(state.interp, words[1], certificate) != TCL_OK) {
    return TCL_ERROR;
  }
  constexpr DWORD kFullRsa = 1;
  return put_key_place(state.interp, certificate.get(), options[place(kKeyOptions, "-keycontainer")].object,
                       options[place(kKeyOptions, "-csp")].object, kFullRsa,
                       kKeySpecValues[options.number(place(kKeyOptions, "-keyspec"), 0)]);
}

constexpr CommandEntry kCommands[] = {
    {"cert_property", &get_property, 3, 3, "hcert property"},
    {"cert_property_set", &set_property, 4, 4, "hcert property value"},
    {"cert_set_property", &set_property, 4, 4, "hcert property value"},
    {"cert_property_delete", &delete_property, 3, 3, "hcert property"},
    {"cert_enum_properties", &enum_properties, 2, -1, "hcert ?arg ...?"},
    {"cert_set_key_prov", &set_key_provider, 2, -1, "hcert ?arg ...?"},
};

}  // namespace

CommandGroup cert_property_commands() { return kCommands; }

int get_property_id(Tcl_Interp* interp, Tcl_Obj* value, DWORD& id) {
  const std::string_view name = text_of(value);
  std::string known;
  for (const Property& property : kProperties) {
    if (name == property.name) {
      id = property.id;
      return TCL_OK;
    }
    known += (known.empty() ? "" : ", ") + std::string(property.name);
  }
  Tcl_WideInt number = 0;
  if (Tcl_GetWideIntFromObj(nullptr, value, &number) == TCL_OK && number > 0 && number <= CERT_LAST_USER_PROP_ID) {
    id = static_cast<DWORD>(number);
    return TCL_OK;
  }
  return set_argument_error(interp, "Bad value \"" + std::string(name) + "\". Must be one of " + known);
}

}  // namespace twapi
