// Object identifiers: the names that scripts use for them, and their dotted form.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "tcl_api.hpp"

namespace twapi {

struct NamedOid {
  std::string_view name, oid;
};

// The enhanced key usages, as cert_enhkey_usage calls them.
std::span<const NamedOid> usage_oids();

// A usage's word, or the identifier itself where it has none.
std::string_view usage_name(std::string_view oid);

// The identifier for a usage's word, a name such as oid_common_name, or a dotted identifier. TCL_ERROR with the error.
int get_oid(Tcl_Interp* interp, Tcl_Obj* value, std::string& oid);

}  // namespace twapi
