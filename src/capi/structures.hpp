// The core's values as SSPI's structures.
#pragma once

#include <span>

#include "core/attribute.hpp"
#include "opensspi/sspi.h"

namespace opensspi::capi {

TimeStamp to_timestamp(FileTime time);

// All of them in one block for FreeContextBuffer.
SecPkgInfoW* allocate_package_infos(std::span<const core::PackageInfo* const> infos);

// Fills the structure of SSPI that belongs to the attribute.
void fill_structure(core::Attribute& attribute, void* structure);

// The size of an attribute's structure, for the calls that give theirs; 0 for an attribute unknown here.
std::size_t structure_bytes(std::uint32_t id);

}  // namespace opensspi::capi
