#include "accounts/file_source.hpp"

#include <sys/stat.h>

#include <cstdint>
#include <filesystem>

#include "base/text.hpp"
#include "base/trace.hpp"

namespace opensspi::accounts {
namespace {

constexpr const char* kCheck = "account file";
constexpr std::size_t kMostBytes = 64 << 20;

// Two writes within one tick of the file system's clock leave the same times: only an older change is settled.
bool is_settled(const FileIdentity& identity) {
  static constexpr std::int64_t kYoung_ns = 2'000'000'000;
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  const std::int64_t age_ns = std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec - identity.changed_ns;
  return age_ns > kYoung_ns;
}

std::string absolute(const std::string& path) {
  std::error_code error;
  const auto found = std::filesystem::absolute(path, error);
  return error ? path : found.string();
}

HashSource::Account account_of(const AccountTable::Entry& entry) {
  return {.nt_hash = entry.nt_hash.clone(),
          .lm_hash = entry.lm_hash.clone(),
          .has_lm_hash = entry.has_lm_hash,
          .account = entry.account,
          .domain = entry.domain,
          .sids = {},
          .may_not_log_on = entry.may_not_log_on};
}

}  // namespace

FileSource::FileSource(const FileFormat& format, std::string path, HostNames names, std::chrono::nanoseconds interval)
    : format_(format),
      path_(std::move(path)),
      absolute_path_(absolute(path_)),
      names_(std::move(names)),
      interval_(interval),
      snapshot_(read()),
      next_look_(std::chrono::steady_clock::now() + interval) {}

Result<std::shared_ptr<const AccountSource>> FileSource::open(const FileFormat& format, const std::string& path,
                                                              const HostNames& names,
                                                              std::chrono::nanoseconds interval) {
  auto source = std::make_shared<FileSource>(format, path, names, interval);
  if (const auto& table = source->snapshot_->table; !table) return std::unexpected<Error>(table.error());
  return source;
}

std::string FileSource::name() const { return std::string(format_.word) + ":" + path_; }

std::shared_ptr<const FileSource::Snapshot> FileSource::read() const {
  auto file = read_safe_file(absolute_path_, kCheck, kMostBytes);
  if (!file) return std::make_shared<Snapshot>(Snapshot{fail(file), std::nullopt, false});
  const Bytes content = file->content.bytes();
  const std::string_view text(reinterpret_cast<const char*>(content.data()), content.size());
  auto snapshot = std::make_shared<Snapshot>(
      Snapshot{format_.parse(text, path_, names_), file->identity, is_settled(file->identity)});
  if (trace::enabled()) {
    trace::line("accounts", name() + ": " +
                                (snapshot->table ? std::to_string(snapshot->table->size()) + " accounts"
                                                 : snapshot->table.error().detail));
  }
  return snapshot;
}

bool FileSource::is_unchanged(const Snapshot& snapshot) const {
  struct stat status{};
  return snapshot.identity && snapshot.settled && lstat(absolute_path_.c_str(), &status) == 0 &&
         FileIdentity::of(status) == *snapshot.identity;
}

std::shared_ptr<const FileSource::Snapshot> FileSource::current() const {
  const auto now = std::chrono::steady_clock::now();
  const std::unique_lock lock(mutex_);
  if (reading_ || now < next_look_) return snapshot_;
  reading_ = true;
  next_look_ = now + interval_;
  return nullptr;
}

std::shared_ptr<const FileSource::Snapshot> FileSource::read_again() const {
  std::shared_ptr<const Snapshot> snapshot;
  try {
    snapshot = is_unchanged(*snapshot_) ? snapshot_ : read();  // only the reading thread replaces snapshot_
  } catch (...) {
    const std::unique_lock lock(mutex_);
    reading_ = false;
    throw;
  }
  const std::unique_lock lock(mutex_);
  reading_ = false;
  snapshot_ = snapshot;
  return snapshot;
}

Result<HashSource::Account> FileSource::find(std::u16string_view user, std::u16string_view domain) const {
  auto snapshot = current();
  if (!snapshot) snapshot = read_again();
  if (!snapshot->table) {
    return fail(Status::internal_error, kCheck,
                name() + " was changed and nobody can log on until it is mended: " + snapshot->table.error().detail);
  }
  const auto* entry = format_.look_up(*snapshot->table, names_, user, domain);
  if (entry == nullptr) return fail(Status::logon_denied, kCheck, name() + " has no such account");
  return account_of(*entry);
}

}  // namespace opensspi::accounts
