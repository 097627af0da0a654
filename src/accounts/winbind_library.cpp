#include "accounts/winbind_library.hpp"

#include <dlfcn.h>

namespace opensspi::accounts::wbc {
namespace {

template <typename Function>
void find(void* library, const char* name, Function*& to, std::string& missing) {
  to = reinterpret_cast<Function*>(dlsym(library, name));
  if (to == nullptr) missing += std::string(missing.empty() ? "" : ", ") + name;
}

}  // namespace

Result<Library> load(const char* file_name) {
  const auto refuse = [](std::string why) {
    return fail(Status::no_authenticating_authority, "winbind", std::move(why));
  };
  void* const library = dlopen(file_name, RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    const char* why = dlerror();
    return refuse(std::string(why == nullptr ? file_name : why) +
                  "; install Samba's winbind client library (Debian: libwbclient0) and winbind");
  }
  Library functions;
  std::string missing;
  find(library, "wbcCtxCreate", functions.create_context, missing);
  find(library, "wbcCtxFree", functions.free_context, missing);
  find(library, "wbcCtxAuthenticateUserEx", functions.authenticate_user, missing);
  find(library, "wbcCtxPing", functions.ping, missing);
  find(library, "wbcFreeMemory", functions.free_memory, missing);
  find(library, "wbcErrorString", functions.error_text, missing);
  find(library, "wbcSidToStringBuf", functions.sid_to_text, missing);
  if (!missing.empty()) return refuse(std::string(file_name) + " is too old: it has no " + missing);
  return functions;
}

}  // namespace opensspi::accounts::wbc
