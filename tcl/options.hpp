// Options of commands. One static table for each command drives parsing and the words of its errors; the manual takes
// its texts from there.
#pragma once

#include <array>
#include <string_view>

#include "values.hpp"

namespace twapi {

enum class Kind {
  toggle,   // takes no value
  boolean,  // Tcl's booleans
  request,  // the same, for what is asked of a context and is no field of its features
  integer,  // fits 32 bits, signed or unsigned
  choice,   // one of Option::choices, exactly
  text,     // anything: lists, handles
  name,     // text for an interface that ends it at the first NUL: none may be in it
  bytes,    // binary
};

struct Option {
  const char* name;  // first: Tcl_GetIndexFromObjStruct reads it; nullptr ends a table
  Kind kind;
  ULONG flag;                  // of a boolean, request or toggle: the bit it stands for, where it stands for one
  const char* const* choices;  // of a choice: ends with nullptr
  const char* help;
};

inline constexpr Option kEndOfOptions = {nullptr, Kind::toggle, 0, nullptr, nullptr};

// A value that was given; the last one where an option was repeated.
struct OptionValue {
  Tcl_Obj* object = nullptr;  // of a toggle: its own word
  Tcl_WideInt number = 0;     // of a boolean or request: 0 or 1; of an integer: itself; of a choice: its place
};

// The place of an option in its table; a name that is not there does not compile.
template <std::size_t N>
consteval std::size_t place(const Option (&table)[N], std::string_view name) {
  for (std::size_t i = 0; i + 1 < N; ++i) {
    if (table[i].name == name) return i;
  }
  throw "no such option";
}

// Parses the words behind a command's fixed ones. Options are exact; parsing ends at the first word that does not begin
// with "-", or after "-" or "--"; what is left over is an error. Checked in this order: unknown options and missing
// values from left to right; values in the order of the table; words left over.
// Where `rest` is given, the words left over are no error but put there.
int parse_options(Tcl_Interp* interp, const Option* table, std::span<OptionValue> values, Objects words,
                  Objects* rest = nullptr);

template <std::size_t N>
class Options {
 public:
  explicit Options(const Option (&table)[N]) : table_(table) {}

  int parse(Tcl_Interp* interp, Objects words) {
    if (words.empty()) return TCL_OK;
    return parse_options(interp, table_, values_, words);
  }
  int parse(Tcl_Interp* interp, Objects words, Objects& rest) {
    return parse_options(interp, table_, values_, words, &rest);
  }
  const OptionValue& operator[](std::size_t index) const { return values_[index]; }
  bool given(std::size_t index) const { return values_[index].object != nullptr; }
  Tcl_WideInt number(std::size_t index, Tcl_WideInt otherwise) const {
    return given(index) ? values_[index].number : otherwise;
  }
  ULONG bits(std::size_t index) const { return static_cast<ULONG>(values_[index].number); }
  // The bits of all options that are true.
  ULONG flags() const {
    ULONG flags = 0;
    for (std::size_t i = 0; i < N; ++i) {
      const Kind kind = table_[i].kind;
      const bool is_truth = kind == Kind::boolean || kind == Kind::request || kind == Kind::toggle;
      if (is_truth && values_[i].number != 0) flags |= table_[i].flag;
    }
    return flags;
  }

 private:
  const Option (&table_)[N];
  std::array<OptionValue, N> values_;
};

}  // namespace twapi
