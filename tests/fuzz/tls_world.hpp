// What the fuzz targets of TLS share: credentials of both roles, made once, and pairs that are already established.
#pragma once

#include <memory>

#include "fuzz/fuzz_world.hpp"
#include "schannel/credential.hpp"
#include "schannel/package.hpp"

namespace opensspi::fuzz {

struct TlsWorld {
  TlsWorld();
  std::unique_ptr<core::Context> client() const;
  std::unique_ptr<core::Context> server() const;
  // Both ends of an established connection; `version` is 12 or 13.
  struct Pair {
    std::unique_ptr<core::Context> client, server;
  };
  Pair pair() const;

  schannel::SchannelPackage package{u"Schannel"};
  std::shared_ptr<core::Credential> server_credential, client_credential;
};

const TlsWorld& tls_world();

core::StepInput client_input(Bytes token);
core::StepInput server_input(Bytes token);

}  // namespace opensspi::fuzz
