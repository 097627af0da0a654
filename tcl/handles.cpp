#include "handles.hpp"

#include <charconv>
#include <map>
#include <mutex>
#include <string>

#include "errors.hpp"
#include "values.hpp"

namespace twapi {
namespace {

struct Registration {
  std::string_view tag;
  std::size_t count = 0;
};

// Of the process, since threads pass handles to each other; never destroyed, since they may outlive main().
struct Registry {
  std::mutex mutex;
  std::map<const void*, Registration> pointers;
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
  pointer = reinterpret_cast<void*>(address);
  return error == std::errc() && end == text.data() + text.size();
}

int check_registered(Tcl_Interp* interp, const void* pointer, std::string_view tag) {
  Registry& known = registry();
  const std::scoped_lock lock(known.mutex);
  const auto found = known.pointers.find(pointer);
  if (found == known.pointers.end()) return set_toolkit_error(interp, Toolkit::pointer_not_registered);
  if (found->second.tag != tag) return set_toolkit_error(interp, Toolkit::pointer_type);
  return TCL_OK;
}

}  // namespace

Tcl_Obj* new_pointer(void* pointer, const char* tag) {
  {
    Registry& known = registry();
    const std::scoped_lock lock(known.mutex);
    Registration& registration = known.pointers[pointer];
    registration.tag = tag;
    ++registration.count;
  }
  char digits[2 + 2 * sizeof(std::uintptr_t)] = {'0', 'x'};
  const auto [end, error] =
      std::to_chars(digits + 2, digits + sizeof digits, reinterpret_cast<std::uintptr_t>(pointer), 16);
  return new_list({new_text(std::string_view(digits, end)), new_text(std::string_view(tag))});
}

int get_pointer_or_null(Tcl_Interp* interp, Tcl_Obj* value, const char* tag, void*& pointer) {
  const std::string_view text = text_of(value);
  pointer = nullptr;
  if (text == "NULL" || text == "0") return TCL_OK;
  Objects words;
  if (!get_list(nullptr, value, words) || words.size() != 2 || !parse_address(text_of(words[0]), pointer)) {
    return no_handle(interp, value);
  }
  if (text_of(words[1]) != tag) {
    return set_toolkit_error(
        interp, Toolkit::invalid_arguments,
        "Unexpected type '" + std::string(text_of(words[1])) + "', expected '" + std::string(tag) + "'.");
  }
  return pointer == nullptr ? TCL_OK : check_registered(interp, pointer, tag);
}

int get_pointer(Tcl_Interp* interp, Tcl_Obj* value, const char* tag, void*& pointer) {
  if (get_pointer_or_null(interp, value, tag, pointer) != TCL_OK) return TCL_ERROR;
  return pointer == nullptr ? set_toolkit_error(interp, Toolkit::pointer_null) : TCL_OK;
}

}  // namespace twapi
