// Two ends of NTLM through the C interface, with the messages between them in the test's hands.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "opensspi/extra.h"
#include "opensspi/sspi.h"

namespace capi {

using Blob = std::vector<std::uint8_t>;

struct Identity {
  std::u16string user, domain, password;
};
inline const Identity kAlice{u"alice", u"EXAMPLE", u"Passw0rd!"};
inline const Identity kBob{u"bob", u"EXAMPLE", u"Other-Passw0rd"};

class Credential {
 public:
  // An outbound one, or with nullptr an inbound one whose accounts are kAlice and kBob.
  explicit Credential(const Identity* identity, ULONG policy = 0);
  ~Credential() { FreeCredentialsHandle(&handle_); }
  Credential(const Credential&) = delete;
  Credential& operator=(const Credential&) = delete;
  PCredHandle get() { return &handle_; }

 private:
  CredHandle handle_{};
};

struct Message {
  SECURITY_STATUS status;
  Blob token;  // signature
  std::vector<Blob> data;
};

// One context.
class End {
 public:
  enum class Role { kClient, kServer };
  End(Role role, Credential& credential, ULONG request);
  ~End();
  End(const End&) = delete;
  End& operator=(const End&) = delete;

  // The status; `out` is the token for the peer.
  SECURITY_STATUS step(const Blob& token);
  Blob out;
  ULONG attributes = 0;
  std::u16string target;  // a client's
  std::string bindings;   // application data; "" for none

  Message sign(const Blob& data, ULONG number = 0);
  SECURITY_STATUS verify(const Blob& token, const Blob& data, ULONG number = 0);
  Message seal(std::vector<Blob> data, ULONG number = 0, ULONG qop = 0, ULONG type = SECBUFFER_DATA);
  Message unseal(const Blob& token, std::vector<Blob> data, ULONG number = 0);
  std::u16string text(ULONG attribute);
  Blob session_key();
  PCtxtHandle get() { return &context_; }

 private:
  Role role_;
  Credential& credential_;
  ULONG request_;
  CtxtHandle context_{};
  bool started_ = false;
};

inline Blob bytes(const std::string& text) { return {text.begin(), text.end()}; }

// Carries the tokens of both ends until the server is done; its last status.
SECURITY_STATUS log_on(End& client, End& server);

inline constexpr ULONG kClientSeal = ISC_REQ_INTEGRITY | ISC_REQ_CONFIDENTIALITY;
inline constexpr ULONG kServerAny = ASC_REQ_CONNECTION;

}  // namespace capi
