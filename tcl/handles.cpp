#include "handles.hpp"

#include <algorithm>
#include <charconv>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "errors.hpp"
#include "values.hpp"

namespace twapi {
namespace {

// What differs between the kinds. The references are the system's own counts.
struct Kind {
  const char* tag;
  void* (*duplicate)(void* object);
  void (*free)(void* object);
};

template <typename T>
void* erase(const T* object) {
  return const_cast<T*>(object);
}

constexpr Kind kCertificate = {
    "PCCERT_CONTEXT",
    [](void* object) { return erase(CertDuplicateCertificateContext(static_cast<PCCERT_CONTEXT>(object))); },
    [](void* object) { CertificateDeleter()(static_cast<PCCERT_CONTEXT>(object)); }};
constexpr Kind kStore = {"HCERTSTORE", [](void* object) -> void* { return CertDuplicateStore(object); },
                         [](void* object) { StoreDeleter()(object); }};
constexpr Kind kChain = {
    "PCCERT_CHAIN_CONTEXT",
    [](void* object) { return erase(CertDuplicateCertificateChain(static_cast<PCCERT_CHAIN_CONTEXT>(object))); },
    [](void* object) { ChainDeleter()(static_cast<PCCERT_CHAIN_CONTEXT>(object)); }};

// One object; a registration for each element of `owners`.
struct Entry {
  const Kind* kind = nullptr;
  std::vector<const InterpState*> owners;
};

// Of the process, since threads pass handles to each other; never destroyed, since they may outlive main().
struct Registry {
  std::mutex mutex;
  std::map<void*, Entry> objects;
};

Registry& registry() {
  static auto* made = new Registry;
  return *made;
}

int no_handle(Tcl_Interp* interp, Tcl_Obj* value) {
  return set_toolkit_error(interp, Toolkit::invalid_arguments,
                           "Invalid pointer or opaque value '" + std::string(text_of(value)) + "'.");
}

bool parse_address(std::string_view text, void*& pointer) {
  std::uintptr_t address = 0;
  const bool hexadecimal = text.starts_with("0x") || text.starts_with("0X");
  if (hexadecimal) text.remove_prefix(2);
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), address, hexadecimal ? 16 : 10);
  pointer = reinterpret_cast<void*>(address);  // NOLINT(performance-no-int-to-ptr): used only where registered
  return error == std::errc() && end == text.data() + text.size();
}

// The address of a well-formed handle; nullptr for the null handle.
int parse_handle(Tcl_Interp* interp, Tcl_Obj* value, const Kind& kind, void*& address) {
  const std::string_view text = text_of(value);
  address = nullptr;
  if (text == "NULL" || text == "0") return TCL_OK;
  Objects words;
  if (!get_list(nullptr, value, words) || words.size() != 2 || !parse_address(text_of(words[0]), address)) {
    return no_handle(interp, value);
  }
  if (text_of(words[1]) == kind.tag) return TCL_OK;
  return set_toolkit_error(interp, Toolkit::invalid_arguments,
                           "Unexpected type '" + std::string(text_of(words[1])) + "', expected '" + kind.tag + "'.");
}

// With the registry locked. nullptr with the error.
Entry* find(Tcl_Interp* interp, Registry& known, void* address, const Kind& kind) {
  const auto found = known.objects.find(address);
  if (found == known.objects.end()) {
    set_toolkit_error(interp, Toolkit::pointer_not_registered);
    return nullptr;
  }
  if (found->second.kind == &kind) return &found->second;
  set_toolkit_error(interp, Toolkit::pointer_type);
  return nullptr;
}

int get(Tcl_Interp* interp, Tcl_Obj* value, const Kind& kind, bool null_too, void*& object) {
  void* address = nullptr;
  object = nullptr;
  if (parse_handle(interp, value, kind, address) != TCL_OK) return TCL_ERROR;
  if (address == nullptr) return null_too ? TCL_OK : set_toolkit_error(interp, Toolkit::pointer_null);
  Registry& known = registry();
  const std::scoped_lock lock(known.mutex);
  if (find(interp, known, address, kind) == nullptr) return TCL_ERROR;
  object = kind.duplicate(address);
  return TCL_OK;
}

int release(InterpState& state, Tcl_Obj* value, const Kind& kind, void*& object) {
  void* address = nullptr;
  if (parse_handle(state.interp, value, kind, address) != TCL_OK) return TCL_ERROR;
  if (address == nullptr) return set_toolkit_error(state.interp, Toolkit::pointer_null);
  Registry& known = registry();
  const std::scoped_lock lock(known.mutex);
  Entry* entry = find(state.interp, known, address, kind);
  if (entry == nullptr) return TCL_ERROR;
  const auto own = std::ranges::find(entry->owners, &state);
  entry->owners.erase(own == entry->owners.end() ? entry->owners.end() - 1 : own);
  if (entry->owners.empty()) known.objects.erase(address);
  object = address;
  return TCL_OK;
}

Tcl_Obj* add(InterpState& state, void* object, const Kind& kind) {
  {
    Registry& known = registry();
    const std::scoped_lock lock(known.mutex);
    Entry& entry = known.objects[object];
    entry.kind = &kind;
    entry.owners.push_back(&state);
  }
  char digits[2 + 2 * sizeof(std::uintptr_t)] = {'0', 'x'};
  const auto [end, error] =
      std::to_chars(digits + 2, digits + sizeof digits, reinterpret_cast<std::uintptr_t>(object), 16);
  return new_list({new_text(std::string_view(digits, end)), new_text(std::string_view(kind.tag))});
}

}  // namespace

Tcl_Obj* new_handle(InterpState& state, CertificateRef certificate) {
  return add(state, erase(certificate.release()), kCertificate);
}
Tcl_Obj* new_handle(InterpState& state, StoreRef store) { return add(state, store.release(), kStore); }
Tcl_Obj* new_handle(InterpState& state, ChainRef chain) { return add(state, erase(chain.release()), kChain); }

namespace {

int certificate_of(Tcl_Interp* interp, Tcl_Obj* value, bool null_too, CertificateRef& certificate) {
  void* object = nullptr;
  const int result = get(interp, value, kCertificate, null_too, object);
  certificate.reset(static_cast<PCCERT_CONTEXT>(object));
  return result;
}

int store_of(Tcl_Interp* interp, Tcl_Obj* value, bool null_too, StoreRef& store) {
  void* object = nullptr;
  const int result = get(interp, value, kStore, null_too, object);
  store.reset(object);
  return result;
}

}  // namespace

int get_certificate(Tcl_Interp* interp, Tcl_Obj* value, CertificateRef& certificate) {
  return certificate_of(interp, value, false, certificate);
}
int get_certificate_or_null(Tcl_Interp* interp, Tcl_Obj* value, CertificateRef& certificate) {
  return certificate_of(interp, value, true, certificate);
}
int get_store(Tcl_Interp* interp, Tcl_Obj* value, StoreRef& store) { return store_of(interp, value, false, store); }
int get_store_or_null(Tcl_Interp* interp, Tcl_Obj* value, StoreRef& store) {
  return store_of(interp, value, true, store);
}
int get_chain(Tcl_Interp* interp, Tcl_Obj* value, ChainRef& chain) {
  void* object = nullptr;
  const int result = get(interp, value, kChain, false, object);
  chain.reset(static_cast<PCCERT_CHAIN_CONTEXT>(object));
  return result;
}

int release_certificate(InterpState& state, Tcl_Obj* value, CertificateRef& certificate) {
  void* object = nullptr;
  const int result = release(state, value, kCertificate, object);
  certificate.reset(static_cast<PCCERT_CONTEXT>(object));
  return result;
}
int release_store(InterpState& state, Tcl_Obj* value, StoreRef& store) {
  void* object = nullptr;
  const int result = release(state, value, kStore, object);
  store.reset(object);
  return result;
}
int release_chain(InterpState& state, Tcl_Obj* value, ChainRef& chain) {
  void* object = nullptr;
  const int result = release(state, value, kChain, object);
  chain.reset(static_cast<PCCERT_CHAIN_CONTEXT>(object));
  return result;
}

void release_handles_of(const InterpState& state) {
  std::vector<std::pair<const Kind*, void*>> mine;
  {
    Registry& known = registry();
    const std::scoped_lock lock(known.mutex);
    for (auto& [object, entry] : known.objects) {
      const std::size_t count = std::erase(entry.owners, &state);
      mine.insert(mine.end(), count, {entry.kind, object});
    }
    std::erase_if(known.objects, [](const auto& item) { return item.second.owners.empty(); });
  }
  for (const auto& [kind, object] : mine) kind->free(object);
}

}  // namespace twapi
