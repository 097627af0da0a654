// Usages, extensions and times as Tcl values.
#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdio>

#include "certificates.hpp"
#include "der.hpp"
#include "errors.hpp"
#include "oids.hpp"

namespace twapi {
namespace {

struct UsageBit {
  const char* name;
  ULONG bit;  // the second byte shifted by 8
};
constexpr UsageBit kUsageBits[] = {{"digital_signature", CERT_DIGITAL_SIGNATURE_KEY_USAGE},
                                   {"non_repudiation", CERT_NON_REPUDIATION_KEY_USAGE},
                                   {"key_encipherment", CERT_KEY_ENCIPHERMENT_KEY_USAGE},
                                   {"data_encipherment", CERT_DATA_ENCIPHERMENT_KEY_USAGE},
                                   {"key_agreement", CERT_KEY_AGREEMENT_KEY_USAGE},
                                   {"key_cert_sign", CERT_KEY_CERT_SIGN_KEY_USAGE},
                                   {"crl_sign", CERT_CRL_SIGN_KEY_USAGE},
                                   {"encipher_only", CERT_ENCIPHER_ONLY_KEY_USAGE},
                                   {"decipher_only", ULONG{CERT_DECIPHER_ONLY_KEY_USAGE} << 8}};

// ---- Extensions, RFC 5280 4.2.1. Each gives nullptr for what is not well-formed. ----

constexpr std::uint8_t kBoolean = 0x01, kInteger = 0x02, kBitString = 0x03, kOctets = 0x04, kOid = 0x06,
                       kSequence = 0x30;

std::string oid_text(Bytes content) {
  std::string text;
  std::uint64_t arc = 0;
  for (const std::uint8_t byte : content) {
    if (arc >> 56 != 0) return {};
    arc = (arc << 7) | (byte & 0x7F);
    if ((byte & 0x80) != 0) continue;
    if (text.empty()) {
      const std::uint64_t first = std::min<std::uint64_t>(arc / 40, 2);
      text = std::to_string(first) + "." + std::to_string(arc - 40 * first);
    } else {
      text += "." + std::to_string(arc);
    }
    arc = 0;
  }
  return text;
}

Tcl_Obj* key_usage_value(Bytes der) {
  const Bytes bits = DerReader(der).expect(kBitString);
  return bits.size() < 2 ? nullptr : key_usage_words(bits.subspan(1));
}

Tcl_Obj* enhanced_usage_value(Bytes der) {
  DerReader outer(der);
  DerReader list(outer.expect(kSequence));
  if (!outer.ok()) return nullptr;
  const Object words(Tcl_NewListObj(0, nullptr));
  while (!list.at_end()) {
    const std::string oid = oid_text(list.expect(kOid));
    Tcl_ListObjAppendElement(nullptr, words.get(), new_text(usage_name(oid)));
  }
  return list.ok() ? Tcl_DuplicateObj(words.get()) : nullptr;
}

// {CA HAS-PATH-LENGTH PATH-LENGTH}
Tcl_Obj* basic_constraints_value(Bytes der) {
  DerReader outer(der);
  DerReader fields(outer.expect(kSequence));
  bool authority = false, limited = false;
  Tcl_WideInt limit = 0;
  if (fields.next_is(kBoolean)) {
    const Bytes value = fields.expect(kBoolean);
    authority = !value.empty() && value[0] != 0;
  }
  if (fields.next_is(kInteger)) {
    const Bytes value = fields.expect(kInteger);
    limited = true;
    if (value.empty() || value.size() > 4) return nullptr;
    for (const std::uint8_t byte : value) limit = (limit << 8) | byte;
  }
  if (!outer.ok() || !fields.ok()) return nullptr;
  return new_list({Tcl_NewBooleanObj(authority), Tcl_NewBooleanObj(limited), Tcl_NewWideIntObj(limit)});
}

std::string_view characters(Bytes bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

Tcl_Obj* other_name(Bytes content) {
  DerReader fields(content);
  const std::string oid = oid_text(fields.expect(kOid));
  const Bytes value = fields.next().content;
  return new_list({new_text(std::string_view(oid)), new_bytes(value)});
}

// GeneralName: {TYPE VALUE} is appended.
void append_name(Tcl_Obj* list, const DerReader::Element& name) {
  struct Choice {
    std::uint8_t tag;
    const char* type;
    Tcl_Obj* (*value)(Bytes content);
  };
  constexpr auto text = [](Bytes content) { return new_text(characters(content)); };
  constexpr auto bytes = [](Bytes content) { return new_bytes(content); };
  constexpr auto oid = [](Bytes content) { return new_text(std::string_view(oid_text(content))); };
  static constexpr Choice kChoices[] = {{0xA0, "other", &other_name}, {0x81, "email", text}, {0x82, "dns", text},
                                        {0xA4, "directory", bytes},   {0x86, "url", text},   {0x87, "ip", bytes},
                                        {0x88, "registered", oid}};
  for (const Choice& choice : kChoices) {
    if (choice.tag != name.tag) continue;
    Tcl_ListObjAppendElement(nullptr, list, new_text(std::string_view(choice.type)));
    Tcl_ListObjAppendElement(nullptr, list, choice.value(name.content));
  }
}

Tcl_Obj* alternative_names_value(Bytes der) {
  DerReader outer(der);
  DerReader names(outer.expect(kSequence));
  if (!outer.ok()) return nullptr;
  const Object list(Tcl_NewListObj(0, nullptr));
  while (!names.at_end()) append_name(list.get(), names.next());
  return names.ok() ? Tcl_DuplicateObj(list.get()) : nullptr;
}

Tcl_Obj* octets_value(Bytes der) {
  DerReader reader(der);
  const Bytes octets = reader.expect(kOctets);
  return reader.ok() ? new_bytes(octets) : nullptr;
}

struct Extension {
  std::string_view oid;
  Tcl_Obj* (*value)(Bytes der);
};
constexpr Extension kExtensions[] = {{szOID_KEY_USAGE, &key_usage_value},
                                     {szOID_ENHANCED_KEY_USAGE, &enhanced_usage_value},
                                     {szOID_BASIC_CONSTRAINTS2, &basic_constraints_value},
                                     {szOID_SUBJECT_ALT_NAME2, &alternative_names_value},
                                     {szOID_ISSUER_ALT_NAME2, &alternative_names_value},
                                     {"2.5.29.14", &octets_value}};

// ---- Times. ----

using Ticks = std::chrono::duration<std::int64_t, std::ratio<1, 10'000'000>>;
constexpr std::int64_t kUnixEpochTicks = 116'444'736'000'000'000;  // of 1970-01-01, since 1601

// The numbers of a time; false for another form.
bool scan_time(std::string_view text, int (&numbers)[6]) {
  constexpr char kBehind[] = {'-', '-', ' ', ':', ':', '\0'};
  const char* at = text.data();
  const char* const end = text.data() + text.size();
  for (std::size_t i = 0; i < 6; ++i) {
    const auto [next, error] = std::from_chars(at, end, numbers[i]);
    if (error != std::errc()) return false;
    at = next;
    if (kBehind[i] == '\0') return at == end;
    if (at == end || *at != kBehind[i]) return false;
    ++at;
  }
  return false;
}

}  // namespace

Tcl_Obj* key_usage_words(Bytes bits) {
  const ULONG set = (bits.empty() ? 0U : bits[0]) | (bits.size() < 2 ? 0U : ULONG{bits[1]} << 8);
  Tcl_Obj* list = Tcl_NewListObj(0, nullptr);
  for (const UsageBit& usage : kUsageBits) {
    if ((set & usage.bit) != 0) Tcl_ListObjAppendElement(nullptr, list, Tcl_NewStringObj(usage.name, -1));
  }
  return list;
}

int get_key_usage(Tcl_Interp* interp, Tcl_Obj* words, ULONG& bits) {
  Objects list;
  if (!get_list(interp, words, list)) return TCL_ERROR;
  for (Tcl_Obj* word : list) {
    std::string known;
    const UsageBit* found = nullptr;
    for (const UsageBit& usage : kUsageBits) {
      if (text_of(word) == usage.name) found = &usage;
      known += (known.empty() ? "" : ", ") + std::string(usage.name);
    }
    if (found == nullptr) {
      return set_argument_error(interp, "Bad value \"" + std::string(text_of(word)) + "\". Must be one of " + known);
    }
    bits |= found->bit;
  }
  return TCL_OK;
}

Tcl_Obj* extension_value(std::string_view oid, Bytes der) {
  for (const Extension& extension : kExtensions) {
    if (extension.oid != oid) continue;
    Tcl_Obj* value = extension.value(der);
    if (value != nullptr) return value;
  }
  return new_bytes(der);
}

Tcl_Obj* time_value(const FILETIME& time) {
  using namespace std::chrono;
  const auto ticks =
      static_cast<std::int64_t>((std::uint64_t{time.dwHighDateTime} << 32) | time.dwLowDateTime) - kUnixEpochTicks;
  const auto point = floor<seconds>(sys_time<Ticks>(Ticks(ticks)));
  const auto day = floor<days>(point);
  const year_month_day date(day);
  const hh_mm_ss clock(point - day);
  return Tcl_ObjPrintf("%04d-%02d-%02d %02d:%02d:%02d", static_cast<int>(date.year()),
                       static_cast<int>(static_cast<unsigned>(date.month())),
                       static_cast<int>(static_cast<unsigned>(date.day())), static_cast<int>(clock.hours().count()),
                       static_cast<int>(clock.minutes().count()), static_cast<int>(clock.seconds().count()));
}

int get_time(Tcl_Interp* interp, Tcl_Obj* value, FILETIME& time) {
  using namespace std::chrono;
  int numbers[6] = {};
  const bool scanned = scan_time(text_of(value), numbers);
  const year_month_day date{year(numbers[0]), month(static_cast<unsigned>(numbers[1])),
                            day(static_cast<unsigned>(numbers[2]))};
  const bool good = scanned && date.ok() && numbers[0] >= 1601 && numbers[0] <= 9999 && numbers[3] >= 0 &&
                    numbers[3] < 24 && numbers[4] >= 0 && numbers[4] < 60 && numbers[5] >= 0 && numbers[5] < 60;
  if (!good) {
    return set_argument_error(
        interp, "Invalid time \"" + std::string(text_of(value)) + "\": it must be as 2026-12-31 23:59:59");
  }
  const auto point = sys_days(date) + hours(numbers[3]) + minutes(numbers[4]) + seconds(numbers[5]);
  const auto ticks =
      static_cast<std::uint64_t>(duration_cast<Ticks>(point.time_since_epoch()).count() + kUnixEpochTicks);
  time = {static_cast<DWORD>(ticks), static_cast<DWORD>(ticks >> 32)};
  return TCL_OK;
}

int UsageList::parse(Tcl_Interp* interp, Tcl_Obj* words) {
  Objects list;
  if (!get_list(interp, words, list)) return TCL_ERROR;
  for (Tcl_Obj* word : list) {
    std::string oid;
    if (get_oid(interp, word, oid) != TCL_OK) return TCL_ERROR;
    oids_.push_back(std::move(oid));
  }
  return TCL_OK;
}

CERT_ENHKEY_USAGE UsageList::native() {
  pointers_.clear();
  for (std::string& oid : oids_) pointers_.push_back(oid.data());
  return {static_cast<DWORD>(pointers_.size()), pointers_.data()};
}

int PublicKey::parse(Tcl_Interp* interp, Tcl_Obj* value) {
  Objects words, algorithm;
  Bytes parameters, key;
  if (!get_list(interp, value, words)) return TCL_ERROR;
  if (words.size() != 2 || !get_list(interp, words[0], algorithm) || algorithm.empty() || algorithm.size() > 2) {
    return set_argument_error(interp, "Invalid public key: it must be a list {{OID PARAMETERS} KEY}");
  }
  if (get_oid(interp, algorithm[0], algorithm_) != TCL_OK || !get_bytes(interp, words[1], key) ||
      (algorithm.size() == 2 && !get_bytes(interp, algorithm[1], parameters))) {
    return TCL_ERROR;
  }
  key_.assign(key.begin(), key.end());
  parameters_.assign(parameters.begin(), parameters.end());
  native_.Algorithm = {algorithm_.data(), blob_of(parameters_)};
  native_.PublicKey = {static_cast<DWORD>(key_.size()), key_.data(), 0};
  return TCL_OK;
}

}  // namespace twapi
