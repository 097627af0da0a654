// The engine interface is deprecated in OpenSSL 3, and is what Debian's libengine-pkcs11-openssl has.
#define OPENSSL_SUPPRESS_DEPRECATED

#include "cert/pkcs11.hpp"

#include <openssl/crypto.h>
#include <openssl/engine.h>
#include <openssl/err.h>
#include <openssl/store.h>
#include <openssl/ui.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <mutex>
#include <optional>

#include "base/safe_file.hpp"
#include "base/text.hpp"

namespace opensspi::cert {
namespace {

constexpr const char* kCheck = "PKCS#11 key";
constexpr std::string_view kScheme = "pkcs11:";
constexpr std::size_t kMostPinBytes = 1024;

std::unexpected<Error> refuse(std::string why) { return fail(Status::unknown_credentials, kCheck, std::move(why)); }

// ---- The URI. ----

int digit_of(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

Result<std::string> percent_decode(std::string_view text, const std::string& name) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    const int high = i + 2 < text.size() ? digit_of(text[i + 1]) : -1, low = high < 0 ? -1 : digit_of(text[i + 2]);
    if (low < 0) return refuse("in the URI's " + name + " a % is not followed by two hexadecimal digits");
    out += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return out;
}

Secret percent_encode(Bytes bytes) {
  static constexpr char kDigits[] = "0123456789ABCDEF";
  Secret out(3 * bytes.size());
  const MutableBytes to = out.writable();
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    to[3 * i] = '%';
    to[3 * i + 1] = static_cast<std::uint8_t>(kDigits[bytes[i] >> 4]);
    to[3 * i + 2] = static_cast<std::uint8_t>(kDigits[bytes[i] & 15]);
  }
  return out;
}

// The PIN is the file's first line.
Result<Secret> read_pin(std::string_view source) {
  if (source.starts_with("file:")) source.remove_prefix(5);
  if (source.starts_with("//")) source.remove_prefix(2);
  if (!source.starts_with('/')) {
    return refuse("the URI's pin-source is \"" + std::string(source) +
                  "\"; it must be the absolute path of a file, as file:/PATH");
  }
  auto file = read_safe_file(std::string(source), kCheck, kMostPinBytes);
  if (!file) return refuse("the URI's pin-source: " + file.error().detail);
  const Bytes content = file->content.bytes();
  const auto end = std::ranges::find_if(content, [](std::uint8_t byte) { return byte == '\n' || byte == '\r'; });
  if (end == content.begin())
    return refuse("the URI's pin-source, " + std::string(source) + ", begins with an empty line");
  return percent_encode(content.first(static_cast<std::size_t>(end - content.begin())));
}

// RFC 7512 2.4: what stands behind the question mark.
Result<void> take_attribute(Pkcs11Uri& uri, std::string_view name, std::string_view value) {
  if (name == "pin-value") {
    uri.has_pin_value = true;
    uri.pin = Secret(Bytes(reinterpret_cast<const std::uint8_t*>(value.data()), value.size()));
    return {};
  }
  if (name != "pin-source" && name != "module-path") {
    return refuse("the URI has " + std::string(name) +
                  "; behind its question mark module-path, pin-source and pin-value are understood");
  }
  auto text = percent_decode(value, std::string(name));
  if (!text) return fail(text);
  (name == "pin-source" ? uri.pin_source : uri.module) = std::move(*text);
  return {};
}

Result<void> take_query(Pkcs11Uri& uri, std::string_view query) {
  while (!query.empty()) {
    const std::string_view part = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(query.size(), part.size() + 1));
    const std::size_t equals = part.find('=');
    if (equals == std::string_view::npos) return refuse("behind the URI's question mark a part has no =");
    auto taken = take_attribute(uri, part.substr(0, equals), part.substr(equals + 1));
    if (!taken) return taken;
    if (!part.starts_with("pin-value="))
      uri.shown += (uri.shown.size() == uri.path.size() ? '?' : '&') + std::string(part);
  }
  return {};
}

// ---- Why there is no key. ----

// The first error is the one that tells; those behind it say that something failed.
std::string first_reason() {
  const unsigned long error = ERR_peek_error();
  const char* text = error == 0 ? nullptr : ERR_reason_error_string(error);
  if (ERR_GET_LIB(error) == ERR_LIB_UI) return "PIN missing";
  return text == nullptr ? "no reason given" : text;
}

std::unexpected<Error> no_key(const Pkcs11Uri& uri) {
  const std::string reason = first_reason();
  ERR_clear_error();
  if (reason == "PIN missing") {
    return refuse(uri.path + " needs a PIN: give the URI ?pin-source=file:/PATH with the path of a file that has it");
  }
  if (reason == "PIN incorrect" || reason == "PIN invalid" || reason == "Invalid PIN length") {
    return refuse("the token does not accept the PIN for " + uri.path + " (" + reason + ")");
  }
  if (reason == "PIN locked") return refuse("the token of " + uri.path + " is locked after too many wrong PINs");
  if (reason == "Unable to load PKCS#11 module") {
    return refuse(uri.module.empty() ? "OpenSSL's PKCS#11 engine cannot load its module; give the URI ?module-path=PATH"
                                     : "the PKCS#11 module " + uri.module + " cannot be loaded");
  }
  if (reason == "object not found") return refuse("no token here has the private key " + uri.path);
  return refuse("the private key " + uri.path + " cannot be had: " + reason);
}

// ---- OpenSSL. ----

// A library never asks anybody for a PIN.
int refuse_to_ask(UI* /*ui*/, UI_STRING* string) { return UI_get_string_type(string) == UIT_PROMPT ? 0 : 1; }

UI_METHOD* no_questions() {
  static UI_METHOD* method = [] {
    UI_METHOD* made = UI_create_method("opensspi: no questions");
    UI_method_set_reader(made, refuse_to_ask);
    return made;
  }();
  return method;
}

// With the PIN and a zero at the end.
Secret whole_uri(const Pkcs11Uri& uri) {
  static constexpr std::string_view kPin = "?pin-value=";
  const std::string_view between = uri.pin.empty() ? std::string_view() : kPin;
  Secret out(uri.path.size() + between.size() + uri.pin.size() + 1);
  const auto path = std::ranges::copy(uri.path, out.writable().begin()).out;
  const auto pin = std::ranges::copy(between, path).out;
  std::ranges::copy(uri.pin.bytes(), pin);
  return out;
}

const char* text_of(const Secret& text) { return reinterpret_cast<const char*>(text.bytes().data()); }

// nullopt: no provider knows such URIs.
std::optional<KeyPtr> from_provider(const Pkcs11Uri& uri) {
  OSSL_STORE_CTX* store = OSSL_STORE_open(text_of(whole_uri(uri)), no_questions(), nullptr, nullptr, nullptr);
  if (store == nullptr) {
    ERR_clear_error();
    return std::nullopt;
  }
  KeyPtr key;
  while (!key && OSSL_STORE_eof(store) == 0) {
    OSSL_STORE_INFO* info = OSSL_STORE_load(store);
    if (info == nullptr) break;
    if (OSSL_STORE_INFO_get_type(info) == OSSL_STORE_INFO_PKEY) key.reset(OSSL_STORE_INFO_get1_PKEY(info));
    OSSL_STORE_INFO_free(info);
  }
  OSSL_STORE_close(store);
  return key;
}

// An instance of its own: the engine has one module.
ENGINE* engine_with(const std::string& module) {
  if (module.empty()) return ENGINE_by_id("pkcs11");
  ENGINE* engine = ENGINE_by_id("dynamic");
  const auto set = [&](const char* name, const char* value) {
    return ENGINE_ctrl_cmd_string(engine, name, value, 0) == 1;
  };
  if (engine != nullptr && set("ID", "pkcs11") && set("DIR_LOAD", "2") &&
      set("DIR_ADD", OPENSSL_info(OPENSSL_INFO_ENGINES_DIR)) && set("LIST_ADD", "0") && set("LOAD", nullptr) &&
      set("MODULE_PATH", module.c_str())) {
    return engine;
  }
  ENGINE_free(engine);
  return nullptr;
}

// One for each module, never ended: the keys are used through it, and a module ends for all who use it.
ENGINE* engine_for(const std::string& module) {
  static auto* engines = new std::map<std::string, ENGINE*>;
  const auto found = engines->find(module);
  if (found != engines->end()) return found->second;
  ENGINE* engine = engine_with(module);
  if (engine == nullptr) return nullptr;
  ENGINE_ctrl_cmd_string(engine, "QUIET", nullptr, 0);  // it would write to the standard error
  if (ENGINE_init(engine) != 1) {
    ENGINE_free(engine);
    return nullptr;
  }
  engines->emplace(module, engine);
  return engine;
}

}  // namespace

Result<Pkcs11Uri> parse_pkcs11_uri(std::string_view text) {
  Pkcs11Uri uri;
  const std::size_t query = text.find('?');
  uri.path = text.substr(0, query);
  if (!uri.path.starts_with(kScheme) || uri.path.size() == kScheme.size()) {
    return refuse("a PKCS#11 URI is as pkcs11:token=TOKEN;object=KEY?pin-source=file:/PATH");
  }
  // Some take it there too; it would be shown.
  if (uri.path.find("pin-value") != std::string::npos)
    return refuse("the URI's pin-value must stand behind a question mark");
  uri.shown = uri.path;
  if (query != std::string_view::npos) {
    auto taken = take_query(uri, text.substr(query + 1));
    if (!taken) return fail(taken);
  }
  if (!uri.pin_source.empty()) {
    if (uri.has_pin_value) return refuse("the URI has pin-value and pin-source; RFC 7512 allows one of them");
    auto pin = read_pin(uri.pin_source);
    if (!pin) return fail(pin);
    uri.pin = std::move(*pin);
  }
  return uri;
}

Result<KeyPtr> load_pkcs11_key(const Pkcs11Uri& uri) {
  static std::mutex one_at_a_time;
  const std::scoped_lock lock(one_at_a_time);
  ERR_clear_error();
  if (uri.module.empty()) {
    if (auto key = from_provider(uri)) {
      if (!*key) return no_key(uri);
      return std::move(*key);
    }
  }
  // The engine would tell of it on the standard error.
  if (uri.module.find('/') != std::string::npos && access(uri.module.c_str(), R_OK) != 0) {
    return refuse("the PKCS#11 module " + uri.module + " cannot be loaded: " + system_error_text(errno));
  }
  ENGINE* engine = engine_for(uri.module);
  if (engine == nullptr) {
    const std::string reason = take_reason();
    return refuse("OpenSSL has neither a provider nor an engine for PKCS#11 (on Debian: libengine-pkcs11-openssl): " +
                  reason);
  }
  KeyPtr key(ENGINE_load_private_key(engine, text_of(whole_uri(uri)), no_questions(), nullptr));
  if (!key) return no_key(uri);
  ERR_clear_error();
  return key;
}

}  // namespace opensspi::cert
