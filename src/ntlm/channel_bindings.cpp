#include "ntlm/channel_bindings.hpp"

#include "crypto/digest.hpp"
#include "wire/writer.hpp"

namespace opensspi::ntlm {

BindingsHash hash_bindings(const core::ChannelBindings& bindings) {
  wire::Writer w;
  const auto counted = [&w](Bytes part) {
    w.u32le(static_cast<std::uint32_t>(part.size()));
    w.raw(part);
  };
  w.u32le(bindings.initiator_type);
  counted(bindings.initiator);
  w.u32le(bindings.acceptor_type);
  counted(bindings.acceptor);
  counted(bindings.application);
  BindingsHash hash;
  copy_bytes(hash, crypto::md5({w.bytes()}).bytes());
  return hash;
}

}  // namespace opensspi::ntlm
