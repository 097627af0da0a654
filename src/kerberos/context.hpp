// KerberosContext: what both roles share once, and until, they are established.
#pragma once

#include <memory>
#include <string>

#include "core/context.hpp"
#include "core/package.hpp"
#include "kerberos/session.hpp"

namespace opensspi::kerberos {

class KerberosPackage;

class KerberosContext : public core::Context {
 public:
  std::uint32_t attributes() const override;
  FileTime expiry() const override { return outcome_.expiry; }
  bool established() const override { return outcome_.session != nullptr; }

  Result<void> sign(std::uint32_t qop, std::span<SecBuffer> buffers, std::uint32_t sequence) override;
  Result<std::uint32_t> verify(std::span<SecBuffer> buffers, std::uint32_t sequence) override;
  Result<void> encrypt(std::uint32_t qop, std::span<SecBuffer> buffers, std::uint32_t sequence) override;
  Result<Decrypted> decrypt(std::span<SecBuffer> buffers, std::uint32_t sequence) override;

  Result<core::Attribute> query(std::uint32_t id) const override;
  Result<Secret> pack(bool reset) const override;
  static Result<std::unique_ptr<core::Context>> unpack(const KerberosPackage& package, Bytes packed);

  Result<ByteVector> mech_list_mic(Bytes mech_types) override;
  Result<void> verify_mech_list_mic(Bytes mech_types, Bytes mic) override;

 protected:
  KerberosContext(const KerberosPackage& package, core::Role role) : package_(package), role_(role) {}

  // What a handshake comes to; kept as long as the context.
  struct Outcome {
    std::unique_ptr<Session> session;
    FileTime expiry = kNever;
    std::u16string target;  // as the client gave it; initiators only
    bool user_to_user = false;
    std::shared_ptr<core::Credential> delegated;  // acceptors only
  };
  void establish(Outcome outcome) { outcome_ = std::move(outcome); }

  const KerberosPackage& package_;
  const core::Role role_;
  std::uint32_t requested_ = 0;  // ISC_REQ_x or ASC_REQ_x of the latest step

 private:
  OM_uint32 flags() const { return established() ? outcome_.session->flags() : 0; }
  Result<Protection*> protection(OM_uint32 needed);
  Result<core::Attribute> query_established(std::uint32_t id) const;
  std::u16string account_name(const Details& details) const;

  Outcome outcome_;
};

// The seconds that GSSAPI says are left.
FileTime expiry_after(FileTime now, OM_uint32 seconds);

}  // namespace opensspi::kerberos
