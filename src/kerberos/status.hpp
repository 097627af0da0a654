// Errors of GSSAPI and libkrb5 as SSPI's statuses, with words that tell what to do.
#pragma once

#include <gssapi/gssapi.h>
#include <krb5.h>

#include <string>

#include "base/result.hpp"

namespace opensspi::kerberos {

// `doing` is static text: what was tried. `about`: with whom or what, in front of the library's own words.
Error gss_error(OM_uint32 major, OM_uint32 minor, const char* doing, const std::string& about = {});
Error krb5_error(krb5_context context, krb5_error_code code, const char* doing, const std::string& about = {});

// The status of a code of libkrb5 by itself; SEC_E_INTERNAL_ERROR where the table has none.
Status status_of(krb5_error_code code);

}  // namespace opensspi::kerberos
