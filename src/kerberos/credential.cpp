#include "kerberos/credential.hpp"

#include <cstring>

#include "base/text.hpp"
#include "core/package_list.hpp"
#include "kerberos/acceptor.hpp"
#include "kerberos/initiator.hpp"
#include "kerberos/names.hpp"
#include "kerberos/package.hpp"
#include "kerberos/status.hpp"
#include "kerberos/user_to_user.hpp"
#include "opensspi/extra.h"

namespace opensspi::kerberos {
namespace {

std::unexpected<Error> not_understood(std::string why) {
  return fail(Status::unknown_credentials, "credentials of Kerberos", std::move(why));
}

// One code point of UTF-16LE; lone surrogates stay as they are, in three bytes.
std::uint32_t next_code_point(Bytes& utf16le) {
  const auto unit = [&](std::size_t at) { return static_cast<std::uint32_t>(utf16le[at] | (utf16le[at + 1] << 8)); };
  const std::uint32_t first = unit(0);
  const bool pair = first >= 0xD800 && first < 0xDC00 && utf16le.size() >= 4 && unit(2) >= 0xDC00 && unit(2) < 0xE000;
  const std::uint32_t code_point = pair ? 0x10000 + ((first - 0xD800) << 10) + (unit(2) - 0xDC00) : first;
  utf16le = utf16le.subspan(pair ? 4 : 2);
  return code_point;
}

std::size_t put_utf8(std::uint8_t* out, std::uint32_t c) {
  const auto rest = [&](unsigned shift) { return static_cast<std::uint8_t>(0x80 | ((c >> shift) & 0x3F)); };
  if (c < 0x80) {
    out[0] = static_cast<std::uint8_t>(c);
    return 1;
  }
  if (c < 0x800) {
    out[0] = static_cast<std::uint8_t>(0xC0 | (c >> 6));
    out[1] = rest(0);
    return 2;
  }
  if (c < 0x10000) {
    out[0] = static_cast<std::uint8_t>(0xE0 | (c >> 12));
    out[1] = rest(6);
    out[2] = rest(0);
    return 3;
  }
  out[0] = static_cast<std::uint8_t>(0xF0 | (c >> 18));
  out[1] = rest(12);
  out[2] = rest(6);
  out[3] = rest(0);
  return 4;
}

// libkrb5 takes a password as UTF-8 with a NUL behind it.
Result<Secret> utf8_password(Bytes utf16le) {
  Secret out(utf16le.size() / 2 * 3 + 1);  // a pair of surrogates needs four bytes for two units
  std::size_t at = 0;
  while (utf16le.size() >= 2) {
    const std::uint32_t code_point = next_code_point(utf16le);
    if (code_point == 0) return not_understood("the password has a NUL in it, which Kerberos cannot carry");
    at += put_utf8(out.writable().data() + at, code_point);
  }
  out.writable()[at] = 0;
  return out;
}

// What is not given stays as the configuration has it.
void take_text(std::string& to, const SEC_WCHAR* text) {
  if (text != nullptr) to = to_utf8(reinterpret_cast<const char16_t*>(text));
}

constexpr ULONG kMostDeadlineMs = 600'000;

}  // namespace

KerberosCredential::KerberosCredential(const KerberosPackage& package, std::uint32_t use, std::string principal,
                                       Sources sources)
    : package_(package), use_(use), principal_(std::move(principal)), sources_(std::move(sources)) {
  logon_->principal = principal_;
}

KerberosCredential::KerberosCredential(const KerberosPackage& package, std::shared_ptr<Tickets> tickets)
    : package_(package),
      use_(SECPKG_CRED_OUTBOUND),
      sources_(tickets->sources()),
      in_use_(true),
      tickets_(std::move(tickets)) {}

const core::Package& KerberosCredential::package() const { return package_; }

Result<void> KerberosCredential::take_identity(const core::AuthIdentity& identity) {
  auto allowed = core::check_package_list(identity.package_list, package_);
  if (!allowed) return allowed;
  if (identity.user.empty()) {
    if (!identity.password.empty()) return not_understood("a password is given without a user");
    return {};
  }
  if (identity.password_is_nt_hash) {
    return not_understood("an NT hash is given; Kerberos with AES needs the password itself");
  }
  logon_->user = to_utf8(identity.user);
  logon_->domain = to_utf8(identity.domain);
  if (!identity.has_password) {  // whose tickets to use
    logon_->principal = logon_->domain.empty() ? logon_->user : logon_->user + '@' + logon_->domain;
    return {};
  }
  auto password = utf8_password(identity.password.bytes());
  if (!password) return fail(password);
  logon_->password = std::move(*password);
  logon_->has_password = true;
  return {};
}

std::shared_ptr<Tickets> KerberosCredential::tickets() const {
  const std::scoped_lock lock(mutex_);
  if (!tickets_) tickets_ = std::make_shared<Tickets>(sources_, logon_);
  return tickets_;
}

Result<std::shared_ptr<const ServiceKey>> KerberosCredential::service_key() const {
  const std::scoped_lock lock(mutex_);
  if (service_key_) return service_key_;
  // A keytab that the program names comes before a password, which may be there for log-ons by the same credential.
  const bool by_password = logon_->has_password && !names_keytab_;
  auto key = by_password ? ServiceKey::of_password(sources_, *logon_) : ServiceKey::open(sources_, principal_);
  if (!key) return fail(key);
  service_key_ = std::move(*key);
  return service_key_;
}

// Tickets that are there already; the others' end is known when they are.
FileTime KerberosCredential::expiry() const {
  if ((use_ & SECPKG_CRED_OUTBOUND) == 0) return kNever;
  const std::scoped_lock lock(mutex_);
  if (logon_->has_password) return kNever;
  const auto overview = tickets_ ? tickets_->overview() : Tickets(sources_, logon_).overview();
  return overview ? overview->expiry : kNever;
}

Result<std::unique_ptr<core::Context>> KerberosCredential::start(core::Role role) {
  const bool initiator = role == core::Role::initiator;
  if ((use_ & (initiator ? SECPKG_CRED_OUTBOUND : SECPKG_CRED_INBOUND)) == 0) {
    return fail(Status::no_credentials, "fCredentialUse",
                initiator ? "the credential was acquired for servers only (SECPKG_CRED_INBOUND)"
                          : "the credential was acquired for clients only (SECPKG_CRED_OUTBOUND)");
  }
  std::unique_ptr<core::Context> context;
  if (initiator) {
    context = std::make_unique<Initiator>(package_, tickets());
  } else {
    context =
        std::make_unique<Acceptor>(package_, std::static_pointer_cast<const KerberosCredential>(shared_from_this()));
  }
  const std::scoped_lock lock(mutex_);
  in_use_ = true;
  return context;
}

core::Reach KerberosCredential::reach(std::u16string_view target) const {
  const std::string name = to_utf8(target);
  if (name.empty()) return {false, "the target is empty, and Kerberos needs the service's principal name"};
  if (is_ip_address(name)) return {false, "the target is an IP address, for which no realm has a service"};
  const auto overview = tickets()->overview();
  if (!overview) return {false, overview.error().detail};
  if (std::string why = tickets()->why_no_realm(package_.host().names()); !why.empty()) return {false, std::move(why)};
  if (overview->expiry < package_.host().now())
    return {false, "the tickets of " + overview->principal + " have expired"};
  return {};
}

// User-to-user needs no key of the service.
core::Reach KerberosCredential::accepts(Bytes first_token) const {
  if (is_tgt_request(first_token)) return {};
  const auto key = service_key();
  return key ? core::Reach{} : core::Reach{false, key.error().detail};
}

Result<std::u16string> KerberosCredential::name() const {
  if ((use_ & SECPKG_CRED_OUTBOUND) == 0) {
    if (principal_.empty()) {
      return fail(Status::no_credentials, "name of the credential", "it stands for every service of the keytab");
    }
    return to_utf16(principal_);
  }
  auto overview = tickets()->overview();
  if (!overview) return fail(overview);
  return to_utf16(overview->principal);
}

Result<void> KerberosCredential::set(std::uint32_t id, Bytes value) {
  if (id != OPENSSPI_CRED_ATTR_KRB_SOURCES) {
    return fail(Status::unsupported_function, "ulAttribute",
                hex32(id) + " is not an attribute of Kerberos credentials");
  }
  OPENSSPI_KRB_SOURCES given;
  std::memcpy(&given, value.data(), sizeof given);  // the caller's own structure, its size checked
  if ((given.Flags & ~static_cast<ULONG>(OPENSSPI_KRB_ALLOW_RC4)) != 0) {
    return fail(Status::invalid_parameter, "OPENSSPI_KRB_SOURCES Flags", hex32(given.Flags) + " has an unknown flag");
  }
  if ((given.Flags & OPENSSPI_KRB_ALLOW_RC4) != 0 && package_.configuration().fips) {
    return fail(Status::unsupported_function, "OPENSSPI_KRB_SOURCES Flags",
                "OPENSSPI_KRB_ALLOW_RC4 is set, and RC4 may not be used in FIPS mode");
  }
  if (given.DeadlineMs > kMostDeadlineMs) {
    return fail(Status::invalid_parameter, "OPENSSPI_KRB_SOURCES DeadlineMs",
                std::to_string(given.DeadlineMs) + " is more than " + std::to_string(kMostDeadlineMs));
  }
  const std::scoped_lock lock(mutex_);
  if (in_use_ || tickets_ || service_key_) {
    return fail(Status::out_of_sequence, "SetCredentialsAttributes",
                "the credential was used already; set its attributes before the first context");
  }
  take_text(sources_.ccache, given.Ccache);
  take_text(sources_.keytab, given.Keytab);
  take_text(sources_.client_keytab, given.ClientKeytab);
  names_keytab_ = given.Keytab != nullptr;
  if (given.DeadlineMs != 0) sources_.deadline = Milliseconds(given.DeadlineMs);
  if ((given.Flags & OPENSSPI_KRB_ALLOW_RC4) != 0) sources_.allow_rc4 = true;
  return {};
}

std::shared_ptr<core::Credential> delegated_credential(const KerberosPackage& package, GssCredential forwarded,
                                                       const std::string& principal, const Sources& sources) {
  auto krb5 = Krb5::open();
  if (!krb5) return nullptr;
  Principal client(*krb5);
  MemoryCcache ccache(*krb5);
  OM_uint32 minor = 0;
  if (krb5_parse_name(krb5->get(), principal.c_str(), client.out()) != 0 ||
      krb5_cc_new_unique(krb5->get(), "MEMORY", nullptr, ccache.out()) != 0 ||
      krb5_cc_initialize(krb5->get(), ccache.get(), client.get()) != 0 ||
      GSS_ERROR(gss_krb5_copy_ccache(&minor, forwarded.get(), ccache.get()))) {
    return nullptr;
  }
  client.reset();
  auto tickets = std::make_shared<Tickets>(sources, std::move(*krb5), std::move(ccache), principal);
  return std::make_shared<KerberosCredential>(package, std::move(tickets));
}

}  // namespace opensspi::kerberos
