#include "protocols.hpp"

#include "errors.hpp"

namespace twapi {

// The length of what follows, ALPN (2), the length of the list, then each name with its own.
int encode_protocols(Tcl_Interp* interp, Tcl_Obj* list, ByteVector& encoded) {
  Objects names;
  if (list == nullptr) return TCL_OK;
  if (!get_list(interp, list, names)) return TCL_ERROR;
  ByteVector wire;
  for (Tcl_Obj* name : names) {
    Bytes bytes;
    if (!get_bytes(interp, name, bytes)) return TCL_ERROR;
    if (bytes.empty() || bytes.size() > 255 || wire.size() + bytes.size() >= 0xFFFF) {
      return set_argument_error(interp, "Invalid protocol name of " + std::to_string(bytes.size()) +
                                            " bytes for option -alpn: it must have 1 to 255, and all of them 65535");
    }
    wire.push_back(static_cast<std::uint8_t>(bytes.size()));
    wire.insert(wire.end(), bytes.begin(), bytes.end());
  }
  if (wire.empty()) return TCL_OK;
  const auto put = [&encoded](std::size_t value, int size_bytes) {
    for (int i = 0; i < size_bytes; ++i) encoded.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
  };
  put(4 + 2 + wire.size(), 4);
  put(2, 4);
  put(wire.size(), 2);
  encoded.insert(encoded.end(), wire.begin(), wire.end());
  return TCL_OK;
}

}  // namespace twapi
