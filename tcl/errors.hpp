// The errors that a script sees: message and errorCode.
#pragma once

#include <string>
#include <string_view>

#include "opensspi/sspi.hpp"
#include "tcl_api.hpp"

namespace twapi {

// The toolkit's own numbers, `TWAPI N MESSAGE`.
enum class Toolkit {
  invalid_arguments = 1,
  extra_arguments = 3,
  wrong_argument_count = 4,
  unsupported = 14,
  pointer_type = 16,
  pointer_not_registered = 17,
  pointer_null = 18,
};

// All of these but add_reason return TCL_ERROR.

// "CHECK: WHY" of an error; "" where it tells none.
std::string reason_of(const opensspi::Error& error);
// Adds the reason of an error that was set to errorInfo.
void add_reason(Tcl_Interp* interp, std::string_view reason);
// What add_reason() adds: a line of its own in parentheses; "" for no reason.
std::string reason_line(std::string_view reason);

// A status of the system: its words, errorCode `TWAPI_WIN32 CODE WORDS`.
int set_status_error(Tcl_Interp* interp, SECURITY_STATUS status);

// The same; where errorInfo is shown, the reason stands in it under the message.
int set_error(Tcl_Interp* interp, const opensspi::Error& error);

// As set_status_error; a token that the failing step owes the peer goes into the return option -sspitoken. The reason
// is not in errorInfo: a server may show that to its peer, who must not learn why a log-on failed.
int set_step_error(Tcl_Interp* interp, const opensspi::Error& error);

// As set_error, for the last call to a function of wincrypt.h in this thread.
int set_certificate_error(Tcl_Interp* interp);

// errorCode `TWAPI N MESSAGE`; the result is MESSAGE, or `text` where one is given.
int set_toolkit_error(Tcl_Interp* interp, Toolkit number, std::string_view text = {});

// The same, with the result "TEXT TWAPI error: MESSAGE".
int set_explained_error(Tcl_Interp* interp, Toolkit number, std::string_view text);

// Credentials that are a list of another length than what `maker` returns. They are not repeated: a password is in
// them.
int wrong_credentials(Tcl_Interp* interp, std::u16string_view package, std::size_t elements, std::string_view maker,
                      std::size_t due);

// errorCode `TWAPI BADARGS MESSAGE`.
int set_argument_error(Tcl_Interp* interp, std::string_view message);

// The result alone; errorCode stays what it is, NONE where nothing set it.
int set_message(Tcl_Interp* interp, std::string_view message);

}  // namespace twapi
