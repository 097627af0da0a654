// NtlmContext: what both roles share once, and until, they are established.
#pragma once

#include <optional>
#include <string>

#include "core/context.hpp"
#include "ntlm/protection.hpp"

namespace opensspi::ntlm {

class NtlmPackage;

class NtlmContext : public core::Context {
 public:
  std::uint32_t attributes() const override;
  bool established() const override { return established_; }

  Result<void> sign(std::uint32_t qop, std::span<SecBuffer> buffers, std::uint32_t sequence) override;
  Result<std::uint32_t> verify(std::span<SecBuffer> buffers, std::uint32_t sequence) override;
  Result<void> encrypt(std::uint32_t qop, std::span<SecBuffer> buffers, std::uint32_t sequence) override;
  Result<Decrypted> decrypt(std::span<SecBuffer> buffers, std::uint32_t sequence) override;

  Result<core::Attribute> query(std::uint32_t id) const override;
  Result<Secret> pack(bool reset) const override;
  bool mech_list_mic_due() const override { return established_ && outcome_.with_mic && can_sign(); }
  Result<ByteVector> mech_list_mic(Bytes mech_types) override;
  Result<void> verify_mech_list_mic(Bytes mech_types, Bytes mic) override;
  static Result<std::unique_ptr<core::Context>> unpack(const NtlmPackage& package, Bytes packed);

 protected:
  NtlmContext(const NtlmPackage& package, core::Role role) : package_(package), role_(role) {}

  // What a handshake comes to; kept as long as the context.
  struct Outcome {
    std::uint32_t flags = 0;  // NegotiateFlags in force
    Key16 exported_session_key;
    std::u16string user, domain;       // whom the context stands for: the client's account, at both ends
    std::u16string source;             // acceptors: the account source that vouched
    std::u16string target;             // the SPN that the client gave
    std::vector<std::u16string> sids;  // acceptors
    bool anonymous = false;
    bool guest = false;
    bool with_mic = false;  // the AUTHENTICATE_MESSAGE has one
  };
  void establish(Outcome outcome);

  const NtlmPackage& package_;
  const core::Role role_;
  std::uint32_t requested_ = 0;  // ISC_REQ_x or ASC_REQ_x of the latest step

 private:
  Result<Protection*> protection();
  bool can_sign() const;
  Result<core::Attribute> query_established(std::uint32_t id) const;
  std::u16string account_name() const;

  bool established_ = false;
  Outcome outcome_;
  std::optional<Protection> protection_;  // made with the first message: many contexts see none
};

}  // namespace opensspi::ntlm
