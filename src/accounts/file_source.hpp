// FileSource: accounts of a file, read again when it changes.
#pragma once

#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "accounts/account_source.hpp"
#include "accounts/account_table.hpp"
#include "base/safe_file.hpp"

namespace opensspi::accounts {

// What one format of account files is.
struct FileFormat {
  std::string_view word;  // in specifications
  // SEC_E_INVALID_PARAMETER with the number of the first bad line. Pure.
  Result<AccountTable> (*parse)(std::string_view text, std::string_view path, const HostNames& names);
  // The entry that a claim is for; nullptr where there is none.
  const AccountTable::Entry* (*look_up)(const AccountTable& table, const HostNames& names, std::u16string_view user,
                                        std::u16string_view domain);
};

extern const FileFormat kSmbpasswdFormat;  // Samba's smbpasswd
extern const FileFormat kPlainFormat;      // DOMAIN:user:password

// The file is looked at again at most once in `interval`. A new content that is refused, and a file that has gone,
// close the source with SEC_E_INTERNAL_ERROR and the reason until the file is mended.
class FileSource final : public HashSource {
 public:
  static constexpr std::chrono::nanoseconds kInterval = std::chrono::seconds(1);

  static Result<std::shared_ptr<const AccountSource>> open(const FileFormat& format, const std::string& path,
                                                           const HostNames& names,
                                                           std::chrono::nanoseconds interval = kInterval);

  FileSource(const FileFormat& format, std::string path, HostNames names, std::chrono::nanoseconds interval);
  std::string name() const override;

 private:
  struct Snapshot {
    Result<AccountTable> table;
    std::optional<FileIdentity> identity;  // empty where the file could not be read
    bool settled = false;                  // false: the identity is too young to tell the next change
  };

  Result<Account> find(std::u16string_view user, std::u16string_view domain) const override;
  std::shared_ptr<const Snapshot> read() const;
  bool is_unchanged(const Snapshot& snapshot) const;
  std::shared_ptr<const Snapshot> current() const;
  std::shared_ptr<const Snapshot> read_again() const;

  const FileFormat& format_;
  const std::string path_;           // as named
  const std::string absolute_path_;  // the same file after a chdir
  const HostNames names_;
  const std::chrono::nanoseconds interval_;

  mutable std::mutex mutex_;
  mutable std::shared_ptr<const Snapshot> snapshot_;
  mutable std::chrono::steady_clock::time_point next_look_;
  mutable bool reading_ = false;  // one thread reads; the others go on with what there is
};

}  // namespace opensspi::accounts
