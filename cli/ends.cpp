// sspi client and sspi server.
#include <iostream>
#include <string>
#include <utility>

#include "commands.hpp"
#include "conversation.hpp"
#include "failure.hpp"
#include "options.hpp"
#include "password.hpp"
#include "text.hpp"

namespace sspi {
namespace {

using opensspi::Credential;
using opensspi::Role;
using opensspi::Use;

constexpr Option kClientOptions[] = {
    {"--package", "NAME"}, {"--user", "NAME"},  {"--domain", "NAME"},     {"--password-file", "FILE"},
    {"--nt-hash", ""},     {"--anonymous", ""}, {"--target", "SPN"},      {"--sign", ""},
    {"--seal", ""},        {"--identify", ""},  {"--bindings", "BASE64"}, {"--bare", ""},
    {"--trace", ""}};
constexpr Option kServerOptions[] = {{"--package", "NAME"}, {"--accounts", "SOURCE"}, {"--allow-anonymous", ""},
                                     {"--require-mic", ""}, {"--bindings", "BASE64"}, {"--allow-missing-bindings", ""},
                                     {"--bare", ""},        {"--trace", ""}};

void print_trace_line(void* /*context*/, const char* line) { std::cerr << line << '\n'; }

// A word of the command line in UTF-16; told on stderr where it is not UTF-8.
bool get_text(const Options& options, std::string_view name, std::u16string& text) {
  auto converted = to_utf16(options.value(name));
  if (!converted) {
    std::cerr << "sspi: the value of " << name << " is not UTF-8\n";
    return false;
  }
  text = std::move(*converted);
  return true;
}

bool get_package(const Options& options, std::u16string& package) {
  if (!get_text(options, "--package", package)) return false;
  if (package.empty()) package = u"NTLM";
  return true;
}

bool get_bindings(const Options& options, opensspi::ByteVector& bindings) {
  if (!options.has("--bindings")) return true;
  auto decoded = decode_base64(options.value("--bindings"));
  if (!decoded) {
    std::cerr << "sspi: the value of --bindings is not base64\n";
    return false;
  }
  bindings = std::move(*decoded);
  return true;
}

int start(const Options& options, Role role, const Credential& credential, opensspi::Requirements requirements) {
  if (options.has("--trace")) {
    const SECURITY_STATUS status = OpenSspiSetTrace(&print_trace_line, nullptr);
    if (status != SEC_E_OK) return tell_failure(std::cerr, opensspi::failed(status).error());
  }
  opensspi::Context context(role, credential.handle(), std::move(requirements));
  const int status = converse(context, {std::cin, std::cout, options.has("--bare") ? std::cerr : std::cout});
  if (options.has("--trace")) OpenSspiSetTrace(nullptr, nullptr);
  return status;
}

// ---- The client's end. ----

std::string wrong_client_options(const Options& options) {
  const bool named = options.has("--user");
  if (options.has("--anonymous") && (named || options.has("--password-file"))) {
    return "--anonymous is nobody: it goes with neither --user nor --password-file";
  }
  if (named && !options.has("--password-file")) {
    return "--user needs --password-file FILE; - reads the first line of standard input";
  }
  if (!named && (options.has("--password-file") || options.has("--domain"))) {
    return "--domain and --password-file need --user";
  }
  if (options.has("--nt-hash") && !named) return "--nt-hash needs --user and --password-file";
  return {};
}

// Exit status kSuccess with the credential, or what the program is to end with.
int acquire_client(const Options& options, Credential& credential) {
  std::u16string package, user, domain, password;
  if (!get_package(options, package) || !get_text(options, "--user", user) || !get_text(options, "--domain", domain)) {
    return kUsage;
  }
  const bool explicit_account = options.has("--user") || options.has("--anonymous");
  if (options.has("--password-file")) {
    auto read = read_password(options.value("--password-file"));
    if (!read) return kFailure;
    password = std::move(*read);
  }
  auto made = explicit_account
                  ? Credential::acquire(package, Use::outbound, {}, {user, domain, password, options.has("--nt-hash")})
                  : Credential::acquire(package, Use::outbound);
  wipe(password);
  if (!made) return tell_failure(std::cerr, made.error());
  credential = std::move(*made);
  return kSuccess;
}

int run_client(Words words) {
  const auto options = Options::parse("client", kClientOptions, words);
  if (!options) return kUsage;
  if (const std::string wrong = wrong_client_options(*options); !wrong.empty()) return usage_error("client", wrong);
  opensspi::Requirements requirements;
  if (!get_text(*options, "--target", requirements.target)) return kUsage;
  if (!get_bindings(*options, requirements.channel_bindings)) return kUsage;
  if (options->has("--sign")) {
    requirements.flags |= ISC_REQ_INTEGRITY | ISC_REQ_REPLAY_DETECT | ISC_REQ_SEQUENCE_DETECT;
  }
  if (options->has("--seal")) requirements.flags |= ISC_REQ_CONFIDENTIALITY;
  if (options->has("--identify")) requirements.flags |= ISC_REQ_IDENTIFY;
  Credential credential;
  if (const int status = acquire_client(*options, credential); status != kSuccess) return status;
  return start(*options, Role::client, credential, std::move(requirements));
}

// ---- The server's end. ----

opensspi::Expected<void> configure_server(const Options& options, Credential& credential,
                                          std::u16string_view accounts) {
  if (options.has("--accounts")) {
    if (auto set = credential.set_accounts(accounts); !set) return set;
  }
  if (options.has("--require-mic")) {
    // 3 sends NTLMv2; a server's level plays no part.
    if (auto set = credential.set_ntlm_policy({OPENSSPI_NTLM_REQUIRE_MIC, 3}); !set) return set;
  }
  return {};
}

int run_server(Words words) {
  const auto options = Options::parse("server", kServerOptions, words);
  if (!options) return kUsage;
  if (options->has("--allow-missing-bindings") && !options->has("--bindings")) {
    return usage_error("server", "--allow-missing-bindings needs --bindings");
  }
  std::u16string package, accounts;
  opensspi::Requirements requirements;
  if (!get_package(*options, package) || !get_text(*options, "--accounts", accounts)) return kUsage;
  if (!get_bindings(*options, requirements.channel_bindings)) return kUsage;
  if (options->has("--allow-anonymous")) requirements.flags |= ASC_REQ_ALLOW_NULL_SESSION;
  if (options->has("--allow-missing-bindings")) requirements.flags |= ASC_REQ_ALLOW_MISSING_BINDINGS;
  auto credential = Credential::acquire(package, Use::inbound);
  if (!credential) return tell_failure(std::cerr, credential.error());
  if (auto configured = configure_server(*options, *credential, accounts); !configured) {
    return tell_failure(std::cerr, configured.error());
  }
  return start(*options, Role::server, *credential, std::move(requirements));
}

}  // namespace

#define SSPI_CONVERSATION_HELP                                                                                 \
  "  --bare                 only lines \"token BASE64\" on standard output, words for people on standard\n"    \
  "                         error: for coupling a client and a server by pipes\n"                              \
  "  --trace                each token decoded and each failing check, on standard error\n"                    \
  "\n"                                                                                                         \
  "Tokens are read from standard input, one a line, in base64; a leading word \"token\" is passed over. The\n" \
  "last lines tell who was authenticated, the flags and the sizes; or which check failed, and why.\n"          \
  "Exit status: 0 established, 1 refused or failed, 2 wrong usage.\n"

constinit const Command kClientCommand{
    "client", "the client's end of a log-on, its tokens exchanged by hand",
    "usage: sspi client [OPTIONS]\n"
    "\n"
    "  --package NAME         security package; NTLM if not given\n"
    "  --user NAME            log on as this account; without it, as the user of this process\n"
    "  --domain NAME          its domain; NAME of --user may also be DOMAIN\\user or user@domain\n"
    "  --password-file FILE   its first line is the password; - for standard input. Nobody else may read FILE.\n"
    "                         There is no option for the password itself: command lines are public\n"
    "  --nt-hash              FILE holds the account's NT hash, 32 hexadecimal digits, not the password\n"
    "  --anonymous            log on as nobody\n"
    "  --target SPN           the service that is asked for, such as HTTP/www.example.com\n"
    "  --sign                 messages can be signed, replayed and reordered ones are detected\n"
    "  --seal                 messages can be encrypted\n"
    "  --identify             the server may know the client, not act as it\n"
    "  --bindings BASE64      bind the log-on to a channel: \"tls-server-end-point:\" and the "
    "hash\n" SSPI_CONVERSATION_HELP,
    &run_client};

constinit const Command kServerCommand{
    "server", "the server's end of a log-on, its tokens exchanged by hand",
    "usage: sspi server [OPTIONS]\n"
    "\n"
    "  --package NAME         security package; NTLM if not given\n"
    "  --accounts SOURCE      where accounts are looked up: smbpasswd:PATH, plain:PATH, winbind or self; if not\n"
    "                         given, what /etc/opensspi.conf says, else self: the user of this process only\n"
    "  --allow-anonymous      let a client in that says nothing of who it is\n"
    "  --require-mic          refuse a client that does not protect the exchange by a MIC\n"
    "  --bindings BASE64      the channel that the log-on must be bound to: \"tls-server-end-point:\" and the hash\n"
    "  --allow-missing-bindings  tolerate a client that sends none; wrong ones are refused all the "
    "same\n" SSPI_CONVERSATION_HELP,
    &run_server};

}  // namespace sspi
