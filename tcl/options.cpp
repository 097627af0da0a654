#include "options.hpp"

#include <string>

#include "errors.hpp"

namespace twapi {
namespace {

int unknown_option(Tcl_Interp* interp, const Option* table, Tcl_Obj* word) {
  std::string message = "Invalid option '" + std::string(text_of(word)) + "'. Must be one of ";
  for (const Option* option = table; option->name != nullptr; ++option) {
    if (option != table) message += ", ";
    message += option->name;
  }
  return set_toolkit_error(interp, Toolkit::invalid_arguments, message);
}

// "'v' specified for option '-x'"
std::string value_of_option(const Option& option, Tcl_Obj* value) {
  return "'" + std::string(text_of(value)) + "' specified for option '" + option.name + "'";
}

int check_integer(Tcl_Interp* interp, const Option& option, OptionValue& value) {
  if (Tcl_GetWideIntFromObj(interp, value.object, &value.number) != TCL_OK) {
    return set_message(interp, "Non-integer value " + value_of_option(option, value.object) + ".");
  }
  if (value.number >= INT32_MIN && value.number <= UINT32_MAX) return TCL_OK;
  return set_toolkit_error(interp, Toolkit::invalid_arguments,
                           "Value " + value_of_option(option, value.object) + " does not fit 32 bits.");
}

int check_boolean(Tcl_Interp* interp, const Option& option, OptionValue& value) {
  int truth = 0;
  if (Tcl_GetBooleanFromObj(interp, value.object, &truth) != TCL_OK) {
    return set_message(interp, "Non-boolean value " + value_of_option(option, value.object) + ".");
  }
  value.number = truth;
  return TCL_OK;
}

int check_choice(Tcl_Interp* interp, const Option& option, OptionValue& value) {
  const std::string_view text = text_of(value.object);
  for (value.number = 0; option.choices[value.number] != nullptr; ++value.number) {
    if (text == option.choices[value.number]) return TCL_OK;
  }
  std::string message = "Invalid value " + value_of_option(option, value.object) + ". Must be one of ";
  for (const char* const* choice = option.choices; *choice != nullptr; ++choice) {
    if (choice != option.choices) message += ", ";
    message += *choice;
  }
  return set_message(interp, message);
}

// What was checked and what is used must not differ.
int check_name(Tcl_Interp* interp, const Option& option, const OptionValue& value) {
  if (!has_nul(value.object)) return TCL_OK;
  return set_toolkit_error(interp, Toolkit::invalid_arguments,
                           "Value " + value_of_option(option, value.object) + " has a NUL character: no name has one.");
}

int check_value(Tcl_Interp* interp, const Option& option, OptionValue& value) {
  switch (option.kind) {
    case Kind::toggle:
      value.number = 1;
      return TCL_OK;
    case Kind::boolean:
    case Kind::request:
      return check_boolean(interp, option, value);
    case Kind::integer:
      return check_integer(interp, option, value);
    case Kind::choice:
      return check_choice(interp, option, value);
    case Kind::name:
      return check_name(interp, option, value);
    case Kind::text:
    case Kind::bytes:
      return TCL_OK;
  }
  return TCL_OK;
}

// Whether parsing ends at this word; "-" and "--" are passed over.
bool ends_options(Tcl_Obj* word, std::size_t& at) {
  const std::string_view text = text_of(word);
  if (text.empty() || text[0] != '-') return true;
  if (text != "-" && text != "--") return false;
  ++at;
  return true;
}

int left_over(Tcl_Interp* interp, Objects words) {
  std::string message = "Command has extra arguments specified:";
  for (Tcl_Obj* word : words) message += " " + std::string(text_of(word));
  return set_toolkit_error(interp, Toolkit::extra_arguments, message);
}

}  // namespace

int parse_options(Tcl_Interp* interp, const Option* table, std::span<OptionValue> values, Objects words,
                  Objects* rest) {
  std::size_t at = 0;
  while (at < words.size() && !ends_options(words[at], at)) {
    int index = 0;  // kept in the word itself, so that a script in a loop is not compared again
    if (Tcl_GetIndexFromObjStruct(nullptr, words[at], table, sizeof(Option), "option", TCL_EXACT, &index) != TCL_OK) {
      return unknown_option(interp, table, words[at]);
    }
    const auto i = static_cast<std::size_t>(index);
    if (table[i].kind != Kind::toggle && ++at == words.size()) {
      return set_toolkit_error(interp, Toolkit::invalid_arguments,
                               "No value supplied for option '" + std::string(table[i].name) + "'");
    }
    values[i].object = words[at++];
  }
  for (std::size_t i = 0; table[i].name != nullptr; ++i) {
    if (values[i].object != nullptr && check_value(interp, table[i], values[i]) != TCL_OK) return TCL_ERROR;
  }
  if (rest != nullptr) *rest = words.subspan(at);
  return rest != nullptr || at == words.size() ? TCL_OK : left_over(interp, words.subspan(at));
}

}  // namespace twapi
