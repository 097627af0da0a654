// RAND_set_rand_method.
#define OPENSSL_SUPPRESS_DEPRECATED
#include "fuzz/tls_world.hpp"

#include <openssl/rand.h>

#include "cert/create.hpp"
#include "cert/names.hpp"
#include "opensspi/schannel.h"

namespace opensspi::fuzz {
namespace {

// OpenSSL's random numbers are a series that begins anew with each end of a connection: an input does the same in every
// run, and what was recorded of a server fits the client.
std::uint64_t series = 0;

int draw(unsigned char* out, int size) {
  for (int i = 0; i < size; ++i) {
    series = series * 6364136223846793005U + 1442695040888963407U;
    out[i] = static_cast<unsigned char>(series >> 56);
  }
  return 1;
}

int has_numbers() { return 1; }

const RAND_METHOD kSeries = {nullptr, draw, nullptr, nullptr, draw, has_numbers};

cert::ElementPtr make_certificate() {
  std::size_t at = 0;
  ByteVector name = *cert::text_to_name(u"CN=fuzz.example", CERT_X500_NAME_STR, at);
  const SEC_WCHAR* names[] = {u"DNS:fuzz.example"};
  OPENSSPI_CERT_REQUEST request{};
  request.cbSize = sizeof request;
  request.Subject = {static_cast<DWORD>(name.size()), name.data()};
  request.cAltNames = 1;
  request.AltNames = names;
  return *cert::create_certificate(request);
}

}  // namespace

TlsWorld::TlsWorld() {
  require(RAND_set_rand_method(&kSeries) == 1);
  PCCERT_CONTEXT certificate = cert::make_context(make_certificate());
  SCHANNEL_CRED data{};
  data.dwVersion = SCHANNEL_CRED_VERSION;
  data.cCreds = 1;
  data.paCred = &certificate;
  core::AcquireInput input;
  input.package_data = &data;
  input.use = SECPKG_CRED_INBOUND;
  server_credential = *package.acquire(input);
  data.cCreds = 0;
  data.hRootStore = certificate->hCertStore;
  data.dwFlags = SCH_CRED_RESTRICTED_ROOTS;
  input.use = SECPKG_CRED_OUTBOUND;
  client_credential = *package.acquire(input);
  cert::release_context(certificate);
}

std::unique_ptr<core::Context> TlsWorld::client() const {
  series = 1;
  return std::move(*client_credential->start(core::Role::initiator));
}
std::unique_ptr<core::Context> TlsWorld::server() const {
  series = 2;
  return std::move(*server_credential->start(core::Role::acceptor));
}

TlsWorld::Pair TlsWorld::pair() const {
  Pair pair{client(), server()};
  auto hello = pair.client->step(client_input({}));
  auto flight = pair.server->step(server_input(hello->output));
  auto finished = pair.client->step(client_input(flight->output));
  auto done = pair.server->step(server_input(finished->output));
  require(pair.client->established() && pair.server->established() && done.has_value());
  return pair;
}

const TlsWorld& tls_world() {
  static const auto* const kWorld = new TlsWorld;
  return *kWorld;
}

core::StepInput client_input(Bytes token) {
  core::StepInput input;
  input.token = token;
  input.target = u"fuzz.example";
  input.flags = ISC_REQ_EXTENDED_ERROR | ISC_REQ_USE_SUPPLIED_CREDS;
  return input;
}

core::StepInput server_input(Bytes token) {
  core::StepInput input;
  input.token = token;
  input.flags = ASC_REQ_EXTENDED_ERROR | ASC_REQ_MUTUAL_AUTH;
  return input;
}

}  // namespace opensspi::fuzz
