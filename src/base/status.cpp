#include "base/status.hpp"

namespace opensspi {

std::string_view status_name(Status status) {
  switch (status) {
#define OPENSSPI_STATUS_NAME(name, identifier, number, text) \
  case Status::identifier:                                   \
    return #name;
    OPENSSPI_STATUS_TABLE(OPENSSPI_STATUS_NAME)
#undef OPENSSPI_STATUS_NAME
  }
  return "unknown status";
}

std::string_view status_text(Status status) {
  switch (status) {
#define OPENSSPI_STATUS_TEXT(name, identifier, number, text) \
  case Status::identifier:                                   \
    return text;
    OPENSSPI_STATUS_TABLE(OPENSSPI_STATUS_TEXT)
#undef OPENSSPI_STATUS_TEXT
  }
  return "unknown status";
}

}  // namespace opensspi
