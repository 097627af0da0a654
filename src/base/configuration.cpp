#include "base/configuration.hpp"

#include <cerrno>
#include <cstdlib>

#include "base/configuration_values.hpp"
#include "base/safe_file.hpp"
#include "base/text.hpp"

namespace opensspi {
namespace {

constexpr const char* kCheck = "configuration";
constexpr std::size_t kMostFileBytes = 1 << 20;

std::unexpected<Error> refuse_variable(const char* name, std::string_view value, const std::string& why) {
  const std::string shown = to_utf16(value) ? std::string(value) : "(not UTF-8)";
  return fail(Status::invalid_parameter, kCheck, "environment: " + std::string(name) + ": \"" + shown + "\" " + why);
}

struct TextVariable {
  const char* name;
  std::string Configuration::* member;
  std::string (*wrong)(std::string_view value);
};

constexpr TextVariable kTextVariables[] = {
    {"OPENSSPI_NETBIOS_NAME", &Configuration::netbios_name, configuration_values::wrong_netbios_name},
    {"OPENSSPI_NETBIOS_DOMAIN", &Configuration::netbios_domain, configuration_values::wrong_netbios_name},
    {"OPENSSPI_DNS_NAME", &Configuration::dns_name, configuration_values::wrong_dns_name},
    {"OPENSSPI_DNS_DOMAIN", &Configuration::dns_domain, configuration_values::wrong_dns_name},
    {"OPENSSPI_ACCOUNTS", &Configuration::accounts, configuration_values::wrong_account_source},
};

// Switches that the environment can turn on, never off: each makes the process stricter.
struct StricterVariable {
  const char* name;
  bool Configuration::* member;
};

constexpr StricterVariable kStricterVariables[] = {
    {"OPENSSPI_REQUIRE_MIC", &Configuration::require_mic},
    {"OPENSSPI_NTLM_DISABLED", &Configuration::ntlm_disabled},
    {"OPENSSPI_KERBEROS_DISABLED", &Configuration::kerberos_disabled},
    {"OPENSSPI_FIPS", &Configuration::fips},
};

// A default file that is not there is an empty one; every other fault is told.
Result<Configuration> read_file(const ConfigurationOrigin& origin) {
  const char* named = origin.environment("OPENSSPI_CONFIG");
  const bool is_named = named != nullptr && *named != '\0';
  const std::string path = is_named ? named : origin.default_path;
  if (is_named && path.front() != '/') return refuse_variable("OPENSSPI_CONFIG", path, "is not an absolute path");
  struct stat status{};
  if (!is_named && lstat(path.c_str(), &status) != 0 && (errno == ENOENT || errno == ENOTDIR)) return Configuration{};
  auto file = read_safe_file(path, kCheck, kMostFileBytes);
  if (!file) {
    file.error().status = Status::invalid_parameter;
    return fail(file);
  }
  const Bytes content = file->content.bytes();
  return parse_configuration({reinterpret_cast<const char*>(content.data()), content.size()}, path);
}

}  // namespace

Result<void> apply_environment(Configuration& configuration, const Environment& get) {
  for (const TextVariable& variable : kTextVariables) {
    const char* value = get(variable.name);
    if (value == nullptr || *value == '\0') continue;
    if (const std::string why = variable.wrong(value); !why.empty()) return refuse_variable(variable.name, value, why);
    configuration.*variable.member = value;
  }
  for (const StricterVariable& variable : kStricterVariables) {
    const char* value = get(variable.name);
    const std::string_view text = value == nullptr ? "" : value;
    if (text == "1") configuration.*variable.member = true;
    if (text != "1" && text != "0" && !text.empty()) return refuse_variable(variable.name, text, "is neither 1 nor 0");
  }
  return {};
}

Result<Configuration> read_configuration(const ConfigurationOrigin& origin) {
  auto configuration = read_file(origin);
  if (!configuration) return configuration;
  if (auto applied = apply_environment(*configuration, origin.environment); !applied) return fail(applied);
  configuration->fips = configuration->fips || kernel_in_fips_mode(origin.fips_flag_path);
  return configuration;
}

const Result<Configuration>& configuration() {
  // Never destroyed: threads may still ask while the process ends.
  static const auto* const kConfiguration = new Result<Configuration>(
      read_configuration({.environment = [](const char* name) { return secure_getenv(name); }}));
  return *kConfiguration;
}

}  // namespace opensspi
