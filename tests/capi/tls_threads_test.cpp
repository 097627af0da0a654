// One credential for each side, shared by threads: sessions, trust and the decoded certificates of peers are common.
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "tls_pair.hpp"

namespace {

using namespace tls;

TEST(TlsThreads, ShareTheirCredentials) {
  const House own;
  const Certificate mine = make({.subject = u"CN=client", .issuer = own.root.get()});
  Credential server_credential({.server = true, .certificates = {own.server.get()}, .roots = own.roots.get()});
  Credential client_credential({.certificates = {mine.get()}, .roots = own.roots.get()});
  std::atomic<int> good{0}, resumed{0};
  const auto work = [&](bool mutual) {
    for (int i = 0; i < 25; ++i) {
      End client(false, client_credential.handle());
      End server(true, server_credential.handle(), u"", mutual ? ASC_REQ_MUTUAL_AUTH : 0);
      const Result result = shake(client, server);
      if (!result.good() || client.decrypt_stream(result.client_rest).status != SEC_E_OK) continue;
      if (server.decrypt(client.encrypt("there")).text != "there") continue;
      if (client.decrypt(server.encrypt("back")).text != "back") continue;
      if (!client.remote_certificate() || (mutual && !server.remote_certificate())) continue;
      const auto session = client.query<SecPkgContext_SessionInfo>(SECPKG_ATTR_SESSION_INFO);
      resumed += session && session->dwFlags == SSL_SESSION_RECONNECT ? 1 : 0;
      ++good;
    }
  };
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) threads.emplace_back(work, i % 2 == 0);
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(good, 100);
  EXPECT_GT(resumed, 0);
}

}  // namespace
