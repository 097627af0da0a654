#include "cert/system_roots.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <mutex>
#include <optional>

#include "base/safe_file.hpp"
#include "base/trace.hpp"
#include "cert/decode.hpp"

namespace opensspi::cert {
namespace {

constexpr const char* kCheck = "the system's CA certificates";
// Debian, Fedora, SUSE, Alpine.
constexpr std::array kBundles = {"/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt",
                                 "/etc/ssl/ca-bundle.pem", "/etc/ssl/cert.pem"};

struct Cache {
  std::mutex mutex;
  std::string path;
  std::optional<FileIdentity> identity;
  RootsPtr roots;
};

Cache& cache() {
  static auto& cache = *new Cache;
  return cache;
}

Result<RootsPtr> read(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  ByteVector bytes{std::istreambuf_iterator<char>(file), {}};
  if (!file && bytes.empty()) {
    return fail(Status::untrusted_root, kCheck, path + " cannot be read: " + system_error_text(errno));
  }
  auto content = decode_any(bytes);
  if (!content) return fail(Status::untrusted_root, kCheck, path + ": " + content.error().detail);
  auto roots = std::make_shared<Roots>();
  roots->store.reset(X509_STORE_new());
  for (const ElementPtr& element : content->certificates) X509_STORE_add_cert(roots->store.get(), element->x509());
  roots->certificates = std::move(content->certificates);
  if (trace::enabled()) {
    trace::line("cert", path + ": " + std::to_string(roots->certificates.size()) + " CA certificates");
  }
  return RootsPtr(std::move(roots));
}

}  // namespace

std::string system_roots_path() {
  if (const char* set = secure_getenv("SSL_CERT_FILE"); set != nullptr && *set != '\0') return set;
  for (const char* bundle : kBundles) {
    if (access(bundle, R_OK) == 0) return bundle;
  }
  return X509_get_default_cert_file();
}

Result<RootsPtr> system_roots() {
  const std::string path = system_roots_path();
  Cache& kept = cache();
  const std::scoped_lock lock(kept.mutex);
  struct stat status{};
  if (stat(path.c_str(), &status) != 0) {
    return fail(Status::untrusted_root, kCheck, path + " cannot be read: " + system_error_text(errno));
  }
  const FileIdentity identity = FileIdentity::of(status);
  if (kept.roots && kept.path == path && kept.identity == identity) return kept.roots;
  auto roots = read(path);
  if (!roots) return roots;
  kept.path = path;
  kept.identity = identity;
  kept.roots = *roots;
  return roots;
}

}  // namespace opensspi::cert
