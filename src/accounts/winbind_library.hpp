// The part of libwbclient's binary interface that a log-on needs, as libwbclient.so.0 has it since 0.12.
//
// Declared here because the library is loaded when "winbind" is asked for: neither the build nor the installation of
// opensspi depends on it. A test compares the layouts with <wbclient.h> where that is installed.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "base/result.hpp"

namespace opensspi::accounts::wbc {

enum class Error : int {
  success = 0,
  not_implemented = 1,
  unknown_failure = 2,
  no_memory = 3,
  invalid_sid = 4,
  invalid_parameter = 5,
  winbind_not_available = 6,
  domain_not_found = 7,
  invalid_response = 8,
  nss_error = 9,
  authentication_error = 10,
  unknown_user = 11,
};

struct DomainSid {
  std::uint8_t revision;
  std::uint8_t authority_count;
  std::uint8_t identifier_authority[6];
  std::uint32_t sub_authorities[15];
};

struct SidWithAttributes {
  DomainSid sid;
  std::uint32_t attributes;
};

inline constexpr int kLevelResponse = 3;
inline constexpr std::uint32_t kAllowServerTrustAccount = 0x20;
inline constexpr std::uint32_t kAllowWorkstationTrustAccount = 0x800;

struct AuthUserParams {
  const char* account_name;
  const char* domain_name;
  const char* workstation_name;
  std::uint32_t flags;
  std::uint32_t parameter_control;
  int level;
  struct Response {
    std::uint8_t challenge[8];
    std::uint32_t nt_length;
    std::uint8_t* nt_data;
    std::uint32_t lm_length;
    std::uint8_t* lm_data;
  } response;  // a union in the library; this is its largest member
};

inline constexpr std::uint32_t kUserIsGuest = 0x1;

struct AuthUserInfo {
  std::uint32_t user_flags;
  char* account_name;
  char* user_principal;
  char* full_name;
  char* domain_name;
  char* dns_domain_name;
  std::uint32_t account_flags;
  std::uint8_t user_session_key[16];
  std::uint8_t lm_session_key[8];
  std::uint16_t logon_count;
  std::uint16_t bad_password_count;
  std::uint64_t logon_time, logoff_time, kickoff_time;
  std::uint64_t password_last_set_time, password_can_change_time, password_must_change_time;
  char* logon_server;
  char* logon_script;
  char* profile_path;
  char* home_directory;
  char* home_drive;
  std::uint32_t sid_count;
  SidWithAttributes* sids;
};

struct AuthErrorInfo {
  std::uint32_t nt_status;
  char* nt_string;
  std::int32_t pam_error;
  char* display_string;
  std::uint8_t authoritative;
};

struct Context;  // a connection to winbindd; not to be shared by threads

inline constexpr std::size_t kSidTextBytes = 15 * 11 + 25;

// The functions; tests put their own in their places.
struct Library {
  Context* (*create_context)() = nullptr;
  void (*free_context)(Context*) = nullptr;
  Error (*authenticate_user)(Context*, const AuthUserParams*, AuthUserInfo**, AuthErrorInfo**) = nullptr;
  Error (*ping)(Context*) = nullptr;
  void (*free_memory)(void*) = nullptr;
  const char* (*error_text)(Error) = nullptr;
  int (*sid_to_text)(const DomainSid*, char* text, int size) = nullptr;
};

// Loads the library, for good. SEC_E_NO_AUTHENTICATING_AUTHORITY: it is not installed, or lacks a function.
Result<Library> load(const char* file_name = "libwbclient.so.0");

}  // namespace opensspi::accounts::wbc
