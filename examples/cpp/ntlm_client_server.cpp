// A client logs on to a server with NTLM, both in this program; then a message goes encrypted, and a forged one.
//
//   c++ -std=c++23 ntlm_client_server.cpp $(pkg-config --cflags --libs opensspi) -o ntlm_client_server
//   ./ntlm_client_server
//
// The server asks a function of this program for its accounts.
#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <opensspi/sspi.hpp>
#include <string>

namespace {

using opensspi::Bytes;
using opensspi::Context;
using opensspi::Credential;
using opensspi::Role;
using opensspi::Use;

// The value, or the end of the program with the reason.
template <typename T>
T must(opensspi::Expected<T> result, const char* what) {
  if (result) return std::move(*result);
  const opensspi::Error& error = result.error();
  std::cerr << what << ": " << error.message() << " (" << error.check << ": " << error.text << ")\n";
  std::exit(1);
}
void must(opensspi::Expected<void> result, const char* what) {
  if (!result) must(opensspi::Expected<int>(std::unexpected(result.error())), what);
}

// One account, "EXAMPLE\alice". Its NT hash is MD4 of the password "password" in UTF-16LE; a program would read it from
// where it keeps its accounts.
SECURITY_STATUS find_account(void* /*context*/, const SEC_WCHAR* user, const SEC_WCHAR* domain,
                             OPENSSPI_ACCOUNT* account) {
  if (opensspi::from_wide(user) != u"alice" || opensspi::from_wide(domain) != u"EXAMPLE") return SEC_E_LOGON_DENIED;
  static constexpr BYTE kHash[16] = {0x88, 0x46, 0xF7, 0xEA, 0xEE, 0x8F, 0xB1, 0x17,
                                     0xAD, 0x06, 0xBD, 0xD8, 0x30, 0xB7, 0x58, 0x6C};
  std::ranges::copy(kHash, account->NtHash);
  return SEC_E_OK;
}

// Hands each token to the other end until both are done.
void log_on(Context& client, Context& server) {
  opensspi::Step step = must(client.step({}), "client");
  Context* end = &client;
  bool client_done = false, server_done = false;
  while (!client_done || !server_done) {
    std::cout << (end == &client ? "client to server: " : "server to client: ") << step.token.bytes().size()
              << " bytes\n";
    end = end == &client ? &server : &client;
    step = must(end->step(step.token.bytes()), end == &client ? "client" : "server");
    (end == &client ? client_done : server_done) = step.status == SEC_E_OK;
  }
}

}  // namespace

int main() {
  Credential from = must(Credential::acquire(u"NTLM", Use::outbound, {}, {u"alice", u"EXAMPLE", u"password"}),
                         "the client's credential");
  Credential to = must(Credential::acquire(u"NTLM", Use::inbound), "the server's credential");
  must(to.set_accounts(&find_account, nullptr), "the accounts");

  opensspi::Requirements wanted;
  wanted.target = u"example/localhost";
  wanted.flags = ISC_REQ_CONFIDENTIALITY;
  Context client(Role::client, from.handle(), wanted);
  Context server(Role::server, to.handle(), {});
  log_on(client, server);
  const Context::Account account = must(server.account(), "the client's account");
  std::cout << "the server knows the client as " << opensspi::to_utf8(account.domain) << '\\'
            << opensspi::to_utf8(account.account) << ", verified by " << opensspi::to_utf8(account.source) << '\n';

  const std::string text = "meet me at noon";
  opensspi::ByteVector data(text.begin(), text.end());
  opensspi::ByteVector trailer(must(client.sizes(), "the sizes").cbSecurityTrailer);
  must(client.encrypt(trailer, data, {}), "encrypt");

  opensspi::ByteVector forged = data, forged_trailer = trailer;
  forged[0] ^= 1;
  const auto refused = server.decrypt(forged_trailer, forged, {});
  if (refused) return 1;
  std::cout << "forged:    " << refused.error().message() << " (" << refused.error().text << ")\n";

  must(server.decrypt(trailer, data, {}), "decrypt");
  std::cout << "decrypted: " << std::string(data.begin(), data.end()) << '\n';
}
