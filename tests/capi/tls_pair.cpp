#include "tls_pair.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <ctime>

namespace tls {
namespace {

constexpr std::uint64_t kTicksPerDay = 24ULL * 3600 * 10'000'000;
constexpr std::uint64_t kUnixEpoch = 116444736000000000ULL;

FILETIME days_from_now(long days) {
  const std::uint64_t now = kUnixEpoch + static_cast<std::uint64_t>(std::time(nullptr)) * 10'000'000;
  const std::uint64_t ticks =
      now + static_cast<std::uint64_t>(static_cast<std::int64_t>(days) * static_cast<std::int64_t>(kTicksPerDay));
  return {static_cast<DWORD>(ticks), static_cast<DWORD>(ticks >> 32)};
}

ULONG extended_error(bool server) { return server ? ASC_REQ_EXTENDED_ERROR : ISC_REQ_EXTENDED_ERROR; }

}  // namespace

std::string why() {
  OPENSSPI_FAILURE failure{};
  failure.cbSize = sizeof failure;
  OpenSspiGetLastFailureW(&failure);
  std::string text;
  for (const auto* part : {failure.Check, failure.Text}) {
    for (; *part != 0; ++part) text += static_cast<char>(*part);
    text += ": ";
  }
  return text;
}

Certificate make(const Wish& wish) {
  Bytes name(1024);
  DWORD size = static_cast<DWORD>(name.size());
  if (CertStrToNameW(X509_ASN_ENCODING, wish.subject.c_str(), CERT_X500_NAME_STR, nullptr, name.data(), &size,
                     nullptr) == 0) {
    ADD_FAILURE() << why();
    return nullptr;
  }
  std::vector<const SEC_WCHAR*> names;
  for (const auto& text : wish.names) names.push_back(text.c_str());
  std::vector<char*> usages;
  for (const auto& usage : wish.usages) usages.push_back(const_cast<char*>(usage.c_str()));
  std::vector<CERT_EXTENSION> extensions = wish.extensions;
  OPENSSPI_CERT_REQUEST request{};
  request.cbSize = sizeof request;
  request.Subject = {size, name.data()};
  request.Issuer = wish.issuer;
  request.KeyType = wish.key;
  request.KeyBits = wish.bits;
  request.NotBefore = days_from_now(wish.from_days);
  request.NotAfter = days_from_now(wish.until_days);
  request.cAltNames = static_cast<ULONG>(names.size());
  request.AltNames = names.data();
  request.EnhKeyUsage = {static_cast<DWORD>(usages.size()), usages.data()};
  request.CertificateAuthority = wish.authority ? 1 : 0;
  request.PathLength = wish.path_length;
  request.Digest = wish.digest;
  request.cExtension = static_cast<ULONG>(extensions.size());
  request.rgExtension = extensions.data();
  PCCERT_CONTEXT made = nullptr;
  EXPECT_EQ(OpenSspiCertCreate(&request, &made), SEC_E_OK) << why();
  return Certificate(made);
}

Store store_of(std::initializer_list<const CERT_CONTEXT*> certificates) {
  Store store(CertOpenStore(CERT_STORE_PROV_MEMORY, 0, 0, 0, nullptr));
  for (const CERT_CONTEXT* certificate : certificates) {
    EXPECT_TRUE(CertAddCertificateContextToStore(store.get(), certificate, CERT_STORE_ADD_ALWAYS, nullptr)) << why();
  }
  return store;
}

House::House(ULONG key)
    : root(make({.subject = u"CN=Test Root", .authority = true})),
      server(make({.names = {u"DNS:server.example"}, .issuer = root.get(), .key = key})),
      roots(store_of({root.get()})) {}

Credential::Credential(const CredentialWish& wish) {
  SCHANNEL_CRED data{};
  std::vector<PCCERT_CONTEXT> certificates(wish.certificates.begin(), wish.certificates.end());
  std::vector<ALG_ID> algorithms = wish.algorithms;
  data.dwVersion = SCHANNEL_CRED_VERSION;
  data.cCreds = static_cast<DWORD>(certificates.size());
  data.paCred = certificates.data();
  data.hRootStore = wish.roots;
  data.grbitEnabledProtocols = wish.protocols;
  data.dwFlags = wish.flags;
  data.dwMinimumCipherStrength = wish.least;
  data.dwMaximumCipherStrength = wish.most;
  data.dwSessionLifespan = wish.lifespan;
  data.cSupportedAlgs = static_cast<DWORD>(algorithms.size());
  data.palgSupportedAlgs = algorithms.data();
  char16_t package[] = u"Schannel";
  status_ = AcquireCredentialsHandleW(nullptr, package, wish.server ? SECPKG_CRED_INBOUND : SECPKG_CRED_OUTBOUND,
                                      nullptr, &data, nullptr, nullptr, &handle_, nullptr);
}

Credential::~Credential() {
  if (status_ == SEC_E_OK) FreeCredentialsHandle(&handle_);
}

End::End(bool server, CredHandle* credential, std::u16string target, ULONG flags)
    : server_(server),
      credential_(credential),
      target_(std::move(target)),
      flags_(flags | extended_error(server) | ISC_REQ_ALLOCATE_MEMORY) {}

End::~End() {
  if (begun_) DeleteSecurityContext(&context_);
}

Outcome End::step(const Bytes& given) {
  Bytes input = given;
  Bytes list;
  std::vector<SecBuffer> in;
  if (!input.empty()) {
    in.push_back({static_cast<ULONG>(input.size()), SECBUFFER_TOKEN, input.data()});
    in.push_back({0, SECBUFFER_EMPTY, nullptr});
  }
  if (!protocols_.empty() && !begun_) {
    for (const std::string& name : protocols_) {
      list.push_back(static_cast<std::uint8_t>(name.size()));
      list.insert(list.end(), name.begin(), name.end());
    }
    const auto size = static_cast<std::uint16_t>(list.size());
    const std::uint32_t all = size + 6U, kind = SecApplicationProtocolNegotiationExt_ALPN;
    Bytes head(10);
    std::memcpy(head.data(), &all, 4);
    std::memcpy(head.data() + 4, &kind, 4);
    std::memcpy(head.data() + 8, &size, 2);
    list.insert(list.begin(), head.begin(), head.end());
    in.push_back({static_cast<ULONG>(list.size()), SECBUFFER_APPLICATION_PROTOCOLS, list.data()});
  }
  SecBufferDesc input_list{SECBUFFER_VERSION, static_cast<ULONG>(in.size()), in.data()};
  SecBuffer out{0, SECBUFFER_TOKEN, nullptr};
  SecBufferDesc output_list{SECBUFFER_VERSION, 1, &out};
  CtxtHandle* context = begun_ ? &context_ : nullptr;
  SecBufferDesc* described = in.empty() ? nullptr : &input_list;
  Outcome outcome;
  outcome.status = server_ ? AcceptSecurityContext(credential_, context, described, flags_, 0, &context_, &output_list,
                                                   &attributes_, nullptr)
                           : InitializeSecurityContextW(credential_, context, target_.data(), flags_, 0, 0, described,
                                                        0, &context_, &output_list, &attributes_, nullptr);
  begun_ = begun_ || (outcome.status >= 0);
  if (outcome.status == SEC_E_OK) done_ = true;
  if (out.pvBuffer != nullptr) {
    const auto* data = static_cast<const std::uint8_t*>(out.pvBuffer);
    outcome.token.assign(data, data + out.cbBuffer);
    FreeContextBuffer(out.pvBuffer);
  }
  for (const SecBuffer& buffer : in) {
    if (buffer.BufferType == SECBUFFER_EXTRA) outcome.extra = buffer.cbBuffer;
    if (buffer.BufferType == SECBUFFER_MISSING) outcome.missing = buffer.cbBuffer;
  }
  return outcome;
}

Certificate End::remote_certificate() {
  PCCERT_CONTEXT found = nullptr;
  last_query = QueryContextAttributesW(&context_, SECPKG_ATTR_REMOTE_CERT_CONTEXT, &found);
  return Certificate(last_query == SEC_E_OK ? found : nullptr);
}

Bytes End::bindings(ULONG id) {
  const auto found = query<SecPkgContext_Bindings>(id);
  if (!found) return {};
  const auto* data = reinterpret_cast<const std::uint8_t*>(found->Bindings + 1);
  Bytes out(data, data + found->Bindings->cbApplicationDataLength);
  EXPECT_EQ(found->Bindings->dwApplicationDataOffset, 32U);
  EXPECT_EQ(found->BindingsLength, 32 + out.size());
  FreeContextBuffer(found->Bindings);
  return out;
}

Bytes End::encrypt(std::string_view text) {
  const auto sizes = query<SecPkgContext_StreamSizes>(SECPKG_ATTR_STREAM_SIZES);
  if (!sizes) {
    ADD_FAILURE() << why();
    return {};
  }
  Bytes record(sizes->cbHeader + text.size() + sizes->cbTrailer);
  std::memcpy(record.data() + sizes->cbHeader, text.data(), text.size());
  SecBuffer buffers[] = {{sizes->cbHeader, SECBUFFER_STREAM_HEADER, record.data()},
                         {static_cast<ULONG>(text.size()), SECBUFFER_DATA, record.data() + sizes->cbHeader},
                         {sizes->cbTrailer, SECBUFFER_STREAM_TRAILER, record.data() + sizes->cbHeader + text.size()},
                         {0, SECBUFFER_EMPTY, nullptr}};
  SecBufferDesc message{SECBUFFER_VERSION, 4, buffers};
  const SECURITY_STATUS status = EncryptMessage(&context_, 0, &message, 0);
  EXPECT_EQ(status, SEC_E_OK) << why();
  if (status != SEC_E_OK) return {};
  EXPECT_EQ(buffers[0].cbBuffer, text.empty() ? 0 : sizes->cbHeader);
  record.resize(buffers[0].cbBuffer + (text.empty() ? 0 : buffers[1].cbBuffer) + buffers[2].cbBuffer);
  return record;
}

End::Plain End::decrypt(Bytes record) {
  SecBuffer buffers[] = {{static_cast<ULONG>(record.size()), SECBUFFER_DATA, record.data()},
                         {0, SECBUFFER_EMPTY, nullptr},
                         {0, SECBUFFER_EMPTY, nullptr},
                         {0, SECBUFFER_EMPTY, nullptr}};
  SecBufferDesc message{SECBUFFER_VERSION, 4, buffers};
  Plain plain{DecryptMessage(&context_, &message, 0, nullptr), {}};
  for (const SecBuffer& buffer : buffers) {
    const bool good = plain.status >= 0;
    if (buffer.BufferType == SECBUFFER_DATA && good)
      plain.text.assign(static_cast<const char*>(buffer.pvBuffer), buffer.cbBuffer);
    if (buffer.BufferType == SECBUFFER_EXTRA) plain.extra = buffer.cbBuffer;
    if (buffer.BufferType == SECBUFFER_MISSING) plain.missing = buffer.cbBuffer;
  }
  if (plain.status < 0 && plain.status != SEC_E_INCOMPLETE_MESSAGE && plain.status != SEC_E_INVALID_TOKEN &&
      plain.status != SEC_E_CONTEXT_EXPIRED) {
    EXPECT_TRUE(std::ranges::all_of(record, [](std::uint8_t byte) { return byte == 0; }))
        << "what failed was left in place";
  }
  return plain;
}

Bytes End::encrypt_stream(std::string_view text) {
  std::size_t size = 0;
  EXPECT_EQ(OpenSspiEncryptStream(&context_, text.data(), text.size(), nullptr, &size), SEC_E_OK) << why();
  Bytes out(size);
  EXPECT_EQ(OpenSspiEncryptStream(&context_, text.data(), text.size(), out.data(), &size), SEC_E_OK) << why();
  out.resize(size);
  return out;
}

End::Stream End::decrypt_stream(const Bytes& input) {
  Stream stream{};
  stream.text.resize(input.size());
  std::size_t consumed = input.size(), plain = stream.text.size();
  stream.status = OpenSspiDecryptStream(&context_, input.data(), &consumed, stream.text.data(), &plain);
  stream.consumed = consumed;
  stream.text.resize(plain);
  return stream;
}

Outcome End::shut_down() {
  DWORD type = SCHANNEL_SHUTDOWN;
  SecBuffer buffer{sizeof type, SECBUFFER_TOKEN, &type};
  SecBufferDesc list{SECBUFFER_VERSION, 1, &buffer};
  EXPECT_EQ(ApplyControlToken(&context_, &list), SEC_E_OK) << why();
  return step({});
}

namespace {

// Gives bytes to an end until it is done, fails or wants more; what it says goes to `out`.
SECURITY_STATUS give(End& end, Bytes& pending, Bytes& out) {
  for (;;) {
    Outcome outcome = end.step(pending);
    out.insert(out.end(), outcome.token.begin(), outcome.token.end());
    if (outcome.status == SEC_E_INCOMPLETE_MESSAGE || outcome.status == SEC_I_INCOMPLETE_CREDENTIALS)
      return outcome.status;
    pending.erase(pending.begin(), pending.end() - static_cast<std::ptrdiff_t>(outcome.extra));
    if (outcome.status != SEC_I_CONTINUE_NEEDED || pending.empty()) return outcome.status;
  }
}

// Moves what is on the way, in pieces of `chunk` bytes.
SECURITY_STATUS carry(End& end, Bytes& wire, Bytes& pending, Bytes& out, std::size_t chunk) {
  SECURITY_STATUS status = SEC_I_CONTINUE_NEEDED;
  while (!wire.empty()) {
    const std::size_t size = chunk == 0 ? wire.size() : std::min(chunk, wire.size());
    pending.insert(pending.end(), wire.begin(), wire.begin() + static_cast<std::ptrdiff_t>(size));
    wire.erase(wire.begin(), wire.begin() + static_cast<std::ptrdiff_t>(size));
    if (end.done()) {
      status = SEC_E_OK;
      continue;
    }
    status = give(end, pending, out);
    if (status != SEC_I_CONTINUE_NEEDED && status != SEC_E_INCOMPLETE_MESSAGE && status != SEC_E_OK) break;
  }
  return status;
}

}  // namespace

Result shake(End& client, End& server, std::size_t chunk) {
  Result result;
  Bytes to_server, to_client;
  Outcome first = client.start();
  result.client = first.status;
  to_server = first.token;
  while (!to_server.empty() || !to_client.empty()) {
    if (!to_server.empty()) {
      const SECURITY_STATUS status = carry(server, to_server, result.server_rest, to_client, chunk);
      result.server = server.done() ? SEC_E_OK : status;
      to_server.clear();
    }
    if (!to_client.empty()) {
      const SECURITY_STATUS status = carry(client, to_client, result.client_rest, to_server, chunk);
      result.client = client.done() ? SEC_E_OK : status;
      to_client.clear();
    }
    const auto over = [](SECURITY_STATUS status) {
      return status != SEC_I_CONTINUE_NEEDED && status != SEC_E_INCOMPLETE_MESSAGE;
    };
    if (over(result.client) && over(result.server) && to_server.empty() && to_client.empty()) break;
  }
  return result;
}

}  // namespace tls
