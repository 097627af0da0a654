// Status: the statuses of SSPI as a type, from the one table.
#pragma once

#include <cstdint>
#include <string_view>

#include "opensspi/sec_status.h"

namespace opensspi {

enum class Status : std::int32_t {
#define OPENSSPI_STATUS_ENUMERATOR(name, identifier, number, text) identifier = static_cast<std::int32_t>(number),
  OPENSSPI_STATUS_TABLE(OPENSSPI_STATUS_ENUMERATOR)
#undef OPENSSPI_STATUS_ENUMERATOR
};

constexpr bool failed(Status status) { return static_cast<std::int32_t>(status) < 0; }
constexpr std::int32_t number(Status status) { return static_cast<std::int32_t>(status); }

std::string_view status_name(Status status);  // "SEC_E_INVALID_TOKEN"; "unknown status" where the table has none
std::string_view status_text(Status status);  // Windows' words

}  // namespace opensspi
