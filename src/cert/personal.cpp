#include "cert/personal.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>

#include "base/safe_file.hpp"
#include "base/text.hpp"
#include "cert/decode.hpp"
#include "cert/pfx.hpp"

namespace opensspi::cert {
namespace {

constexpr const char* kCheck = "personal store MY";
constexpr std::size_t kMostFileBytes = 4 << 20;
constexpr const char* kPlaceTag = "# opensspi-key: ";  // in a file without a key: where the key is

std::unexpected<Error> refuse(std::string why) { return fail(Status::win_access_denied, kCheck, std::move(why)); }

Result<std::string> directory_path() {
  if (const char* set = secure_getenv("OPENSSPI_MY"); set != nullptr && *set != '\0') return set;
  passwd entry{}, *found = nullptr;
  std::array<char, 4096> buffer;
  if (getpwuid_r(geteuid(), &entry, buffer.data(), buffer.size(), &found) != 0 || found == nullptr) {
    return refuse("the system knows no account, and so no home, for user " + std::to_string(geteuid()));
  }
  return std::string(found->pw_dir) + "/.opensspi/my";
}

Result<void> check_directory(const std::string& path) {
  struct stat status{};
  if (lstat(path.c_str(), &status) != 0) return refuse(path + ": " + system_error_text(errno));
  if (!S_ISDIR(status.st_mode) || status.st_uid != geteuid() || (status.st_mode & 0077) != 0) {
    return refuse(path + " must be a directory of user " + std::to_string(geteuid()) + " with mode 0700");
  }
  return {};
}

Result<void> make_directory(const std::string& path) {
  const std::size_t slash = path.find_last_of('/');
  if (slash != std::string::npos && slash != 0) mkdir(path.substr(0, slash).c_str(), S_IRWXU);
  if (mkdir(path.c_str(), S_IRWXU) != 0 && errno != EEXIST) {
    return refuse(path + " cannot be made: " + system_error_text(errno));
  }
  return check_directory(path);
}

// The key of a file that has only the place of one.
void attach_named_key(Bytes text, const Content& content) {
  const std::string_view view(reinterpret_cast<const char*>(text.data()), text.size());
  const std::size_t at = view.find(kPlaceTag);
  if (at == std::string_view::npos || content.certificates.empty()) return;
  const std::string_view rest = view.substr(at + std::string_view(kPlaceTag).size());
  auto place = to_utf16(rest.substr(0, rest.find('\n')));
  if (!place) return;
  if (auto key = load_key(*place)) (void)content.certificates.front()->set_key(std::move(*key));
}

Result<Content> read_file(const std::string& path) {
  auto file = read_safe_file(path, kCheck, kMostFileBytes);
  if (!file) return refuse(file.error().detail);
  const Bytes bytes = file->content.bytes();
  auto content = is_pfx(bytes) ? decode_pfx(bytes, {}, true) : decode_any(bytes);
  if (content) attach_named_key(bytes, *content);
  return content;
}

std::vector<std::string> file_names(const std::string& path) {
  std::vector<std::string> names;
  DIR* directory = opendir(path.c_str());
  if (directory == nullptr) return names;
  while (const dirent* entry = readdir(directory)) {
    const std::string_view name = entry->d_name;
    const bool wanted = name.ends_with(".pem") || name.ends_with(".crt") || name.ends_with(".cer") ||
                        name.ends_with(".pfx") || name.ends_with(".p12");
    if (wanted && !name.starts_with('.')) names.emplace_back(name);
  }
  closedir(directory);
  std::ranges::sort(names);
  return names;
}

std::string file_of(const std::string& directory, const Element& element) {
  return directory + "/" + to_hex(element.sha1()) + ".pem";
}

// The certificate, and the key or the place of it, as PEM; wiped when it ends.
Secret pem_of(const Element& element) {
  const BioPtr bio(BIO_new(BIO_s_secmem()));
  PEM_write_bio_X509(bio.get(), element.x509());
  if (const PrivateKeyPtr key = element.key()) {
    if (key->place.empty()) {
      PEM_write_bio_PKCS8PrivateKey(bio.get(), key->key.get(), nullptr, nullptr, 0, nullptr, nullptr);
    } else {
      BIO_puts(bio.get(), kPlaceTag);
      const Bytes whole = key->whole_place.bytes();
      if (whole.empty()) BIO_puts(bio.get(), to_utf8(key->place).c_str());
      BIO_write(bio.get(), whole.data(), static_cast<int>(whole.size()));
      BIO_puts(bio.get(), "\n");
    }
  }
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return Secret(Bytes(reinterpret_cast<const std::uint8_t*>(data), static_cast<std::size_t>(size)));
}

Result<void> write_file(const std::string& path, Bytes bytes) {
  const std::string temporary = path + ".new";
  unlink(temporary.c_str());
  const Descriptor file(
      open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, S_IRUSR | S_IWUSR));
  bool good = static_cast<bool>(file);
  while (good && !bytes.empty()) {
    const ssize_t written = write(file.get(), bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    good = written > 0;
    if (good) bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
  if (good) good = fsync(file.get()) == 0 && rename(temporary.c_str(), path.c_str()) == 0;
  if (good) return {};
  const std::string why = system_error_text(errno);
  unlink(temporary.c_str());
  return refuse(path + " cannot be written: " + why);
}

class PersonalKeeper final : public Keeper {
 public:
  Result<void> added(const Element& element) override {
    auto directory = directory_path();
    if (!directory) return fail(directory);
    auto made = make_directory(*directory);
    if (!made) return made;
    return write_file(file_of(*directory, element), pem_of(element).bytes());
  }
  Result<void> removed(const Element& element) override {
    auto directory = directory_path();
    if (!directory) return fail(directory);
    if (unlink(file_of(*directory, element).c_str()) == 0 || errno == ENOENT) return {};
    return refuse(file_of(*directory, element) + " cannot be removed: " + system_error_text(errno));
  }
  bool holds_keys() const override { return true; }
};

}  // namespace

Result<Content> read_personal() {
  auto directory = directory_path();
  if (!directory) return fail(directory);
  struct stat status{};
  if (lstat(directory->c_str(), &status) != 0 && errno == ENOENT) return Content{};
  auto checked = check_directory(*directory);
  if (!checked) return fail(checked);
  Content all;
  for (const std::string& name : file_names(*directory)) {
    auto content = read_file(*directory + "/" + name);
    if (!content) return fail(content);
    std::ranges::move(content->certificates, std::back_inserter(all.certificates));
    std::ranges::move(content->crls, std::back_inserter(all.crls));
  }
  ERR_clear_error();
  return all;
}

std::unique_ptr<Keeper> personal_keeper() { return std::make_unique<PersonalKeeper>(); }

}  // namespace opensspi::cert
