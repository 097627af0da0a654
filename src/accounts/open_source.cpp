#include "accounts/account_source.hpp"
#include "accounts/file_source.hpp"
#include "accounts/self.hpp"
#include "accounts/winbind.hpp"

namespace opensspi::accounts {
namespace {

std::unexpected<Error> refuse(std::string_view specification, const std::string& why) {
  return fail(Status::invalid_parameter, "account source", "\"" + std::string(specification) + "\" " + why);
}

}  // namespace

Result<std::shared_ptr<const AccountSource>> open_account_source(std::string_view specification, const Host& host,
                                                                 std::chrono::milliseconds winbind_deadline) {
  if (specification == "self") return open_self_source(host);
  if (specification == "winbind") return open_winbind_source(winbind_deadline);
  const std::size_t colon = specification.find(':');
  const std::string_view word = specification.substr(0, colon);
  const std::string path(colon == std::string_view::npos ? "" : specification.substr(colon + 1));
  for (const FileFormat* format : {&kSmbpasswdFormat, &kPlainFormat}) {
    if (word != format->word) continue;
    if (path.empty() || path.contains('\0'))
      return refuse(specification, "names no file; " + std::string(word) + ":PATH");
    return FileSource::open(*format, path, host.names());
  }
  return refuse(specification, "is no account source; there are smbpasswd:PATH, plain:PATH, winbind and self");
}

}  // namespace opensspi::accounts
