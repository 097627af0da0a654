#include "cert/open_store.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <fstream>
#include <iterator>

#include "base/safe_file.hpp"
#include "base/text.hpp"
#include "cert/decode.hpp"
#include "cert/personal.hpp"
#include "cert/serialized.hpp"
#include "cert/system_roots.hpp"

namespace opensspi::cert {
namespace {

constexpr const char* kCheck = "store";

class ReadOnlyKeeper final : public Keeper {
 public:
  explicit ReadOnlyKeeper(std::string why) : why_(std::move(why)) {}
  Result<void> added(const Element&) override { return fail(Status::win_access_denied, kCheck, why_); }
  Result<void> removed(const Element&) override { return fail(Status::win_access_denied, kCheck, why_); }

 private:
  const std::string why_;
};

// Writes the whole file anew with each change.
class FileKeeper final : public Keeper {
 public:
  FileKeeper(std::string path, const Content& content) : path_(std::move(path)), elements_(content.certificates) {
    for (const CrlPtr& crl : content.crls) crls_.push_back(share(crl.get()));
  }
  Result<void> added(const Element& element) override {
    elements_.push_back(element.copy());
    return commit();
  }
  Result<void> removed(const Element& element) override {
    const auto found =
        std::ranges::find_if(elements_, [&](const ElementPtr& kept) { return kept->same_certificate(element); });
    if (found != elements_.end()) elements_.erase(found);
    return commit();
  }
  Result<void> crl_added(X509_CRL* crl) override {
    crls_.push_back(share(crl));
    return commit();
  }

 private:
  Result<void> commit() {
    Content content{elements_, {}};
    for (const CrlPtr& crl : crls_) content.crls.push_back(share(crl.get()));
    return write_store_file(path_, encode_serialized(content));
  }

  const std::string path_;
  std::vector<ElementPtr> elements_;
  std::vector<CrlPtr> crls_;  // the file's; what it tells of revoked certificates must not be lost
};

// Each store of a name that only this process knows is one and the same store.
Result<StoreRef> process_store(std::u16string_view name) {
  static constexpr std::array<std::u16string_view, 5> kNames = {u"CA", u"TRUST", u"DISALLOWED", u"ADDRESSBOOK",
                                                                u"TRUSTEDPEOPLE"};
  static auto& stores = *new std::array<Store*, kNames.size()>;
  static const bool kMade = [] {
    for (Store*& store : stores) store = Store::make();
    return true;
  }();
  (void)kMade;
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    if (equal_ignoring_case(kNames[i], name)) return StoreRef::share(stores[i]);
  }
  return fail(Status::win_file_not_found, "name of the system store",
              "there is no store \"" + to_utf8(name) + "\"; there are ROOT, MY, CA, TRUST, DISALLOWED");
}

Result<ByteVector> read_all(const std::string& path) {
  struct stat status{};
  if (stat(path.c_str(), &status) != 0) {
    return fail(errno == ENOENT ? Status::win_file_not_found : Status::win_access_denied, kCheck,
                path + ": " + system_error_text(errno));
  }
  std::ifstream file(path, std::ios::binary);
  if (!file || S_ISDIR(status.st_mode)) return fail(Status::win_access_denied, kCheck, path + " cannot be read");
  return ByteVector{std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

Result<void> write_store_file(const std::string& path, Bytes bytes) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  file.close();
  if (file) return {};
  return fail(Status::win_access_denied, kCheck, path + " cannot be written: " + system_error_text(errno));
}

Result<StoreRef> open_system_store(std::u16string_view name) {
  if (equal_ignoring_case(name, u"ROOT")) {
    auto roots = system_roots();
    if (!roots) return fail(roots);
    Content content;
    for (const ElementPtr& element : (*roots)->certificates) content.certificates.push_back(element->copy());
    return StoreRef(Store::make(
        std::move(content),
        std::make_unique<ReadOnlyKeeper>("the system's CA certificates are changed by update-ca-certificates")));
  }
  if (equal_ignoring_case(name, u"MY")) {
    auto content = read_personal();
    if (!content) return fail(content);
    return StoreRef(Store::make(std::move(*content), personal_keeper()));
  }
  return process_store(name);
}

Result<StoreRef> open_file_store(std::u16string_view wide_path, std::uint32_t flags) {
  const std::string path = to_utf8(wide_path);
  auto bytes = read_all(path);
  const bool there = bytes.has_value() && !bytes->empty();
  if (!bytes && (bytes.error().status != Status::win_file_not_found || (flags & CERT_STORE_OPEN_EXISTING_FLAG) != 0 ||
                 (flags & CERT_STORE_READONLY_FLAG) != 0)) {
    return fail(bytes);
  }
  if (bytes && (flags & CERT_STORE_CREATE_NEW_FLAG) != 0) {
    return fail(Status::win_file_exists, kCheck, path + " exists, and CERT_STORE_CREATE_NEW_FLAG is given");
  }
  Content content;
  if (there) {
    auto decoded = decode_any(*bytes);
    if (!decoded) return fail(Status::win_invalid_data, kCheck, path + ": " + decoded.error().detail);
    content = std::move(*decoded);
  }
  std::unique_ptr<Keeper> keeper;
  if ((flags & CERT_STORE_READONLY_FLAG) != 0) {
    keeper = std::make_unique<ReadOnlyKeeper>(path + " was opened with CERT_STORE_READONLY_FLAG");
  } else if ((flags & CERT_FILE_STORE_COMMIT_ENABLE_FLAG) != 0) {
    // A store's file has no keys, and is written as a whole.
    if (std::ranges::any_of(content.certificates,
                            [](const ElementPtr& element) { return element->key() != nullptr; })) {
      return fail(Status::win_access_denied, kCheck,
                  path +
                      " has a private key, which would be gone when the store is written; it can be opened without "
                      "CERT_FILE_STORE_COMMIT_ENABLE_FLAG");
    }
    keeper = std::make_unique<FileKeeper>(path, content);
  }
  return StoreRef(Store::make(std::move(content), std::move(keeper)));
}

}  // namespace opensspi::cert
