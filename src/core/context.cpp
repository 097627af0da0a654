#include "core/context.hpp"

namespace opensspi::core {

std::unexpected<Error> unsupported(const char* what) {
  return fail(Status::unsupported_function, what, "this package does not have it");
}

Result<void> Context::sign(std::uint32_t, std::span<SecBuffer>, std::uint32_t) { return unsupported("MakeSignature"); }

Result<std::uint32_t> Context::verify(std::span<SecBuffer>, std::uint32_t) { return unsupported("VerifySignature"); }

Result<void> Context::encrypt(std::uint32_t, std::span<SecBuffer>, std::uint32_t) {
  return unsupported("EncryptMessage");
}

Result<Context::Decrypted> Context::decrypt(std::span<SecBuffer>, std::uint32_t) {
  return unsupported("DecryptMessage");
}

Result<std::size_t> Context::stream_bound(std::size_t) const { return unsupported("OpenSspiEncryptStream"); }

Result<std::size_t> Context::encrypt_stream(Bytes, MutableBytes) { return unsupported("OpenSspiEncryptStream"); }

Result<Status> Context::decrypt_stream(Bytes, MutableBytes, StreamProgress&) {
  return unsupported("OpenSspiDecryptStream");
}

Result<void> Context::set(std::uint32_t, Bytes) { return unsupported("SetContextAttributes"); }

Result<void> Context::control(Bytes) { return unsupported("ApplyControlToken"); }

Result<void> Context::complete(Bytes) { return unsupported("CompleteAuthToken"); }

Result<Secret> Context::pack(bool) const { return unsupported("ExportSecurityContext"); }

Result<ByteVector> Context::mech_list_mic(Bytes) { return unsupported("mechListMIC"); }

Result<void> Context::verify_mech_list_mic(Bytes, Bytes) { return unsupported("mechListMIC"); }

}  // namespace opensspi::core
