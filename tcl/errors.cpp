#include "errors.hpp"

#include "values.hpp"

namespace twapi {
namespace {

const char* toolkit_message(Toolkit number) {
  switch (number) {
    case Toolkit::invalid_arguments:
      return "Invalid or badly formatted arguments specified.";
    case Toolkit::extra_arguments:
      return "Extra arguments specified.";
    case Toolkit::wrong_argument_count:
      return "Incorrect number of arguments.";
    case Toolkit::unsupported:
      return "Unsupported type, format or function.";
    case Toolkit::pointer_type:
      return "Type of pointer does not match registered type.";
    case Toolkit::pointer_not_registered:
      return "Pointer is not registered. Probably invalid or already freed.";
    case Toolkit::pointer_null:
      return "Pointer is NULL.";
  }
  return "";
}

Tcl_Obj* status_code(SECURITY_STATUS status) {
  return new_list({new_text(std::string_view("TWAPI_WIN32")), Tcl_NewWideIntObj(status),
                   new_text(std::string_view(opensspi::status_message(status)))});
}

}  // namespace

int set_message(Tcl_Interp* interp, std::string_view message) {
  Tcl_SetObjResult(interp, new_text(message));
  return TCL_ERROR;
}

int set_status_error(Tcl_Interp* interp, SECURITY_STATUS status) {
  Tcl_SetObjErrorCode(interp, status_code(status));
  return set_message(interp, opensspi::status_message(status));
}

std::string reason_of(const opensspi::Error& error) {
  return error.text.empty() ? std::string() : error.check + ": " + error.text;
}

std::string reason_line(std::string_view reason) {
  return reason.empty() ? std::string() : "\n    (" + std::string(reason) + ")";
}

void add_reason(Tcl_Interp* interp, std::string_view reason) {
  if (!reason.empty()) Tcl_AddErrorInfo(interp, reason_line(reason).c_str());
}

int set_error(Tcl_Interp* interp, const opensspi::Error& error) {
  set_status_error(interp, error.status);
  add_reason(interp, reason_of(error));
  return TCL_ERROR;
}

int set_step_error(Tcl_Interp* interp, const opensspi::Error& error) {
  if (error.token.empty()) return set_status_error(interp, error.status);
  set_message(interp, error.message());
  Tcl_Obj* options = Tcl_NewDictObj();
  put(options, "-code", Tcl_NewWideIntObj(TCL_ERROR));
  put(options, "-level", Tcl_NewWideIntObj(0));
  put(options, "-errorcode", status_code(error.status));
  put(options, "-sspitoken", new_bytes(error.token));
  return Tcl_SetReturnOptions(interp, options);
}

int set_certificate_error(Tcl_Interp* interp) {
  return set_error(interp, opensspi::failed(static_cast<SECURITY_STATUS>(OpenSspiGetLastCryptError())).error());
}

int set_toolkit_error(Tcl_Interp* interp, Toolkit number, std::string_view text) {
  const std::string_view message = toolkit_message(number);
  Tcl_SetObjErrorCode(interp, new_list({new_text(std::string_view("TWAPI")),
                                        Tcl_NewWideIntObj(static_cast<int>(number)), new_text(message)}));
  return set_message(interp, text.empty() ? message : text);
}

int set_explained_error(Tcl_Interp* interp, Toolkit number, std::string_view text) {
  return set_toolkit_error(interp, number, std::string(text) + " TWAPI error: " + toolkit_message(number));
}

int wrong_credentials(Tcl_Interp* interp, std::u16string_view package, std::size_t elements, std::string_view maker,
                      std::size_t due) {
  return set_explained_error(interp, Toolkit::wrong_argument_count,
                             "Invalid credentials for SSPI package " + opensspi::to_utf8(package) + ": a list of " +
                                 std::to_string(elements) + " elements; what " + std::string(maker) + " returns has " +
                                 std::to_string(due) + ".");
}

int set_argument_error(Tcl_Interp* interp, std::string_view message) {
  Tcl_SetObjErrorCode(interp, new_list({new_text(std::string_view("TWAPI")), new_text(std::string_view("BADARGS")),
                                        new_text(message)}));
  return set_message(interp, message);
}

}  // namespace twapi
