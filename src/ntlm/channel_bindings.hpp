// The hash of channel bindings that MsvAvChannelBindings carries, MS-NLMP 3.1.5.1.2 and RFC 2744 3.11.
#pragma once

#include <array>

#include "core/step.hpp"
#include "ntlm/messages/av_pairs.hpp"

namespace opensspi::ntlm {

using BindingsHash = std::array<std::uint8_t, kChannelBindingsBytes>;

// Bindings that are all empty have a hash too; zeros stand for none at all.
BindingsHash hash_bindings(const core::ChannelBindings& bindings);

}  // namespace opensspi::ntlm
