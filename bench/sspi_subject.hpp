// What is measured through SSPI's C interface, whichever package it is: one end each of a pair of contexts.
#pragma once

#include <algorithm>

#include "bench_peer.hpp"
#include "opensspi/sspi.h"

namespace bench {

class SspiSubject : public Subject {
 public:
  void handshake() override {
    Pair pair = establish();
    DeleteSecurityContext(&pair.client);
    DeleteSecurityContext(&pair.server);
  }
  void keep_pair() override { establish(); }
  void sign_pair(std::vector<std::uint8_t>& buffer) override {
    Message message(signature_bytes_, buffer);
    SECURITY_STATUS status = MakeSignature(&pair_.client, 0, &message.list, 0);
    expect(status == SEC_E_OK, "MakeSignature", status);
    status = VerifySignature(&pair_.server, &message.list, 0, nullptr);
    expect(status == SEC_E_OK, "VerifySignature", status);
  }
  void seal_pair(std::vector<std::uint8_t>& buffer) override {
    Message message(signature_bytes_, buffer);
    SECURITY_STATUS status = EncryptMessage(&pair_.client, 0, &message.list, 0);
    expect(status == SEC_E_OK, "EncryptMessage", status);
    status = DecryptMessage(&pair_.server, &message.list, 0, nullptr);
    expect(status == SEC_E_OK, "DecryptMessage", status);
  }

 protected:
  struct Pair {
    CtxtHandle client{}, server{};
  };
  virtual Pair establish() = 0;

  // The pair whose messages are measured; the constructor's last act.
  void begin() {
    pair_ = establish();
    SecPkgContext_Sizes sizes{};
    const SECURITY_STATUS status = QueryContextAttributesW(&pair_.client, SECPKG_ATTR_SIZES, &sizes);
    signature_bytes_ = std::max(sizes.cbMaxSignature, sizes.cbSecurityTrailer);
    expect(status == SEC_E_OK && signature_bytes_ <= kMostSignatureBytes, "SECPKG_ATTR_SIZES", status);
  }

 private:
  static constexpr ULONG kMostSignatureBytes = 128;

  struct Message {
    std::uint8_t signature[kMostSignatureBytes];
    SecBuffer buffers[2];
    SecBufferDesc list{SECBUFFER_VERSION, 2, buffers};
    Message(ULONG signature_bytes, std::vector<std::uint8_t>& data)
        : buffers{{signature_bytes, SECBUFFER_TOKEN, signature},
                  {static_cast<ULONG>(data.size()), SECBUFFER_DATA, data.data()}} {}
  };

  Pair pair_;
  ULONG signature_bytes_ = 0;
};

}  // namespace bench
