#include "cert/local_crls.hpp"

#include <openssl/err.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <mutex>

#include "base/safe_file.hpp"
#include "base/trace.hpp"
#include "cert/decode.hpp"
#include "cert/open_store.hpp"

namespace opensspi::cert {
namespace {

// A list of a large authority has tens of megabytes: it is read again only when its file changed.
struct Cache {
  struct File {
    FileIdentity identity;
    std::vector<CrlPtr> crls;
  };
  std::mutex mutex;
  std::map<std::string, File> files;
};

Cache& cache() {
  static auto& cache = *new Cache;
  return cache;
}

constexpr std::size_t kHash = 8;  // digits

bool is_hashed_name(const std::string& name) {
  const auto hexadecimal = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
  const auto decimal = [](char c) { return c >= '0' && c <= '9'; };
  return name.size() > kHash + 2 && std::all_of(name.begin(), name.begin() + kHash, hexadecimal) &&
         name.compare(kHash, 2, ".r") == 0 && std::all_of(name.begin() + kHash + 2, name.end(), decimal);
}

std::vector<CrlPtr> shared(const std::vector<CrlPtr>& crls) {
  std::vector<CrlPtr> out;
  out.reserve(crls.size());
  for (const CrlPtr& crl : crls) out.push_back(share(crl.get()));
  return out;
}

std::vector<CrlPtr> read(const std::string& path) {
  struct stat status{};
  if (stat(path.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) return {};
  const FileIdentity identity = FileIdentity::of(status);
  Cache& kept = cache();
  const std::scoped_lock lock(kept.mutex);
  if (const auto found = kept.files.find(path); found != kept.files.end() && found->second.identity == identity) {
    return shared(found->second.crls);
  }
  std::ifstream file(path, std::ios::binary);
  const ByteVector bytes{std::istreambuf_iterator<char>(file), {}};
  auto content = decode_any(bytes);
  if (trace::enabled()) {
    trace::line("cert", path + ": " +
                            (content ? std::to_string(content->crls.size()) + " revocation lists"
                                     : "no revocation list can be read: " + content.error().detail));
  }
  if (!content) return {};
  std::vector<CrlPtr> out = shared(content->crls);
  kept.files.insert_or_assign(path, Cache::File{identity, std::move(content->crls)});
  return out;
}

std::string directory_of_certificates() {
  const char* set = secure_getenv("SSL_CERT_DIR");
  return set != nullptr && *set != '\0' ? set : X509_get_default_cert_dir();
}

void move_to(std::vector<CrlPtr>& all, std::vector<CrlPtr> more) {
  all.insert(all.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
}

}  // namespace

std::vector<CrlPtr> hashed_crls(const std::string& directory) {
  std::vector<CrlPtr> all;
  std::error_code error;
  std::filesystem::directory_iterator at(directory, error);
  for (; !error && at != std::filesystem::directory_iterator(); at.increment(error)) {
    if (is_hashed_name(at->path().filename())) move_to(all, read(at->path()));
  }
  return all;
}

std::vector<CrlPtr> local_crls() {
  std::vector<CrlPtr> all;
  if (const auto authorities = open_system_store(u"CA")) move_to(all, (*authorities)->crls());
  // Several directories, as OpenSSL takes them.
  const std::string directories = directory_of_certificates();
  for (std::size_t at = 0; at <= directories.size();) {
    const std::size_t end = std::min(directories.find(':', at), directories.size());
    if (end > at) move_to(all, hashed_crls(directories.substr(at, end - at)));
    at = end + 1;
  }
  return all;
}

}  // namespace opensspi::cert
