#include "kerberos/tickets.hpp"

#include <algorithm>

#include "kerberos/enctypes.hpp"
#include "kerberos/names.hpp"
#include "kerberos/realms.hpp"
#include "kerberos/silent_kdcs.hpp"
#include "kerberos/status.hpp"

namespace opensspi::kerberos {
namespace {

constexpr const char* kServiceTicket = "ticket for the service";
constexpr const char* kCache = "credential cache";
constexpr const char* kEnctypes = "encryption types";

// A ticket that ends while it travels helps nobody.
constexpr std::uint64_t kSpareTicks = 60 * kTicksPerSecond;

std::string full_name(const Krb5& krb5, krb5_ccache ccache) {
  char* name = nullptr;
  if (krb5_cc_get_full_name(krb5.get(), ccache, &name) != 0) return {};
  const auto free_name = [&krb5](char* text) { krb5_free_string(krb5.get(), text); };
  const std::unique_ptr<char, decltype(free_name)> owner(name, free_name);
  return name;
}

std::string path_of(const std::string& cache_name) {
  return cache_name.starts_with("FILE:") ? cache_name.substr(5) : std::string{};
}

std::optional<FileIdentity> identity_of(const std::string& path) {
  struct stat status{};
  if (path.empty() || stat(path.c_str(), &status) != 0) return std::nullopt;
  return FileIdentity::of(status);
}

Result<MemoryCcache> new_memory_cache(const Krb5& krb5, krb5_principal client) {
  MemoryCcache ccache(krb5);
  krb5_error_code code = krb5_cc_new_unique(krb5.get(), "MEMORY", nullptr, ccache.out());
  if (code == 0) code = krb5_cc_initialize(krb5.get(), ccache.get(), client);
  if (code != 0) return std::unexpected(krb5_error(krb5.get(), code, kCache));
  return ccache;
}

// The end of the last of the tickets of a cache.
FileTime last_expiry(const Krb5& krb5, krb5_ccache ccache) {
  FileTime expiry{};
  krb5_cc_cursor cursor{};
  if (krb5_cc_start_seq_get(krb5.get(), ccache, &cursor) != 0) return expiry;
  krb5_creds creds{};
  while (krb5_cc_next_cred(krb5.get(), ccache, &cursor, &creds) == 0) {
    if (!krb5_is_config_principal(krb5.get(), creds.server)) {
      expiry = std::max(expiry, from_krb5_time(creds.times.endtime));
    }
    krb5_free_cred_contents(krb5.get(), &creds);
  }
  krb5_cc_end_seq_get(krb5.get(), ccache, &cursor);
  return expiry;
}

// What a ticket is asked of: the client's realm, and beyond it the service's, or the host where its realm is unknown.
std::string question_of(const krb5_principal_data& client, const krb5_principal_data& server) {
  std::string from = realm_of(client);
  const std::string to = realm_of(server);
  if (to == from) return from;
  if (!to.empty()) return from + " for " + to;
  return from + " for the realm of " + (server.length > 1 ? text_of(server.data[1]) : std::string("the service"));
}

bool is_silence(krb5_error_code code) {
  return code == KRB5_KDC_UNREACH || code == KRB5_REALM_UNKNOWN || code == KRB5_REALM_CANT_RESOLVE;
}

// The ticket-granting ticket of a cache, if it is there.
Creds granting_ticket(const Krb5& krb5, krb5_ccache ccache, krb5_principal client) {
  Creds found(krb5);
  Principal server(krb5);
  const auto* const realm = &client->realm;
  if (krb5_build_principal_ext(krb5.get(), server.out(), realm->length, realm->data, KRB5_TGS_NAME_SIZE, KRB5_TGS_NAME,
                               realm->length, realm->data, 0) != 0) {
    return found;
  }
  krb5_creds wanted{};
  wanted.client = client;
  wanted.server = server.get();
  krb5_creds got{};
  if (krb5_cc_retrieve_cred(krb5.get(), ccache, KRB5_TC_SUPPORTED_KTYPES, &wanted, &got) != 0) return found;
  krb5_copy_creds(krb5.get(), &got, found.out());
  krb5_free_cred_contents(krb5.get(), &got);
  return found;
}

}  // namespace

Result<std::vector<krb5_enctype>> wanted_enctypes(const Krb5& krb5, bool allow_rc4) {
  krb5_enctype* permitted = nullptr;
  const krb5_error_code code = krb5_get_permitted_enctypes(krb5.get(), &permitted);
  if (code != 0) return std::unexpected(krb5_error(krb5.get(), code, kEnctypes));
  std::vector<krb5_enctype> wanted;
  for (const krb5_enctype* type = permitted; *type != ENCTYPE_NULL; ++type) {
    const auto known = static_cast<Enctype>(*type);
    if (aes_profile(known) != nullptr || (known == Enctype::rc4 && allow_rc4)) wanted.push_back(*type);
  }
  krb5_free_enctypes(krb5.get(), permitted);
  if (wanted.empty()) {
    return fail(Status::crypto_system_invalid, kEnctypes,
                "permitted_enctypes in krb5.conf leaves none of AES, and RC4 is off unless chosen");
  }
  return wanted;
}

// Times of libkrb5 have 32 bits, and count on to 2106.
FileTime from_krb5_time(krb5_timestamp time) { return to_filetime(static_cast<std::uint32_t>(time), 0); }

Result<std::shared_ptr<const Ticket>> Ticket::make(Krb5 krb5, const krb5_creds& service, const krb5_creds* granting,
                                                   bool allow_rc4, bool only_asked_flags) {
  std::shared_ptr<Ticket> ticket(new Ticket(std::move(krb5)));
  const Krb5& context = ticket->krb5_;
  auto ccache = new_memory_cache(context, service.client);
  if (!ccache) return fail(ccache);
  ticket->ccache_ = std::move(*ccache);
  for (const krb5_creds* creds : {granting, &service}) {
    if (creds == nullptr) continue;
    const krb5_error_code code =
        krb5_cc_store_cred(context.get(), ticket->ccache_.get(), const_cast<krb5_creds*>(creds));
    if (code != 0) return std::unexpected(krb5_error(context.get(), code, kCache));
  }
  OM_uint32 minor = 0;
  OM_uint32 major = gss_krb5_import_cred(&minor, ticket->ccache_.get(), nullptr, nullptr, ticket->credential_.out());
  if (GSS_ERROR(major)) return std::unexpected(gss_error(major, minor, kCache));
  auto types = wanted_enctypes(context, allow_rc4);
  if (!types) return fail(types);
  major = gss_krb5_set_allowable_enctypes(&minor, ticket->credential_.get(), static_cast<OM_uint32>(types->size()),
                                          types->data());
  if (GSS_ERROR(major)) return std::unexpected(gss_error(major, minor, kEnctypes));
  if (only_asked_flags) {
    gss_buffer_desc nothing = GSS_C_EMPTY_BUFFER;
    major = gss_set_cred_option(&minor, ticket->credential_.out(), GSS_KRB5_CRED_NO_CI_FLAGS_X, &nothing);
    if (GSS_ERROR(major)) return std::unexpected(gss_error(major, minor, "flags of the log-on"));
  }
  auto target = import_principal(unparse(context, service.server));
  if (!target) return fail(target);
  ticket->target_ = std::move(*target);
  ticket->client_ = unparse(context, service.client);
  ticket->expiry_ = from_krb5_time(service.times.endtime);
  return ticket;
}

Tickets::Tickets(Sources sources, SharedLogon logon)
    : sources_(std::move(sources)), logon_(std::move(logon)), delegated_(false) {}

Tickets::Tickets(Sources sources, Krb5 krb5, MemoryCcache ccache, std::string principal)
    : sources_(std::move(sources)),
      logon_(std::make_shared<const Logon>(Logon{std::move(principal), {}, {}, {}, false})),
      delegated_(true) {
  own_krb5_.emplace(std::move(krb5));
  own_ccache_.emplace(std::move(ccache));
  own_name_ = full_name(*own_krb5_, own_ccache_->get());
  own_expiry_ = kNever;  // no other can be had
}

// Asks, unless nobody answered the same question a moment ago. Another configuration may name other KDCs.
Result<krb5_error_code> Tickets::question(const std::string& name, const std::function<krb5_error_code()>& ask) const {
  const char* const configuration = secure_getenv("KRB5_CONFIG");
  auto open = SilentKdcs::of_process().ask(configuration == nullptr ? name : std::string(configuration) + ": " + name,
                                           sources_.deadline);
  if (!open) return fail(open);
  const krb5_error_code code = ask();
  if (!is_silence(code)) (*open)->answered();
  return code;
}

std::shared_ptr<const Ticket> Tickets::known(const TicketRequest& request, FileTime now) const {
  const std::scoped_lock lock(known_mutex_);
  const auto at = known_.find(request);
  if (at == known_.end() || at->second.ticket->expiry().ticks <= now.ticks + kSpareTicks) return nullptr;
  // A cache may be emptied, or become another user's, behind our back.
  if (at->second.file && at->second.file != identity_of(cache_path_)) return nullptr;
  return at->second.ticket;
}

Result<std::shared_ptr<const Ticket>> Tickets::fetch(const TicketRequest& request) {
  auto krb5 = Krb5::open();
  if (!krb5) return fail(krb5);
  auto restricted = restrict_enctypes(*krb5);
  if (!restricted) return fail(restricted);
  auto opened = open(*krb5);
  if (!opened) return fail(opened);
  const std::string path = path_of(full_name(*krb5, opened->ccache.get()));
  const auto before = identity_of(path);
  auto service = service_ticket(*krb5, *opened, request);
  if (!service) return fail(service);
  Creds granting(*krb5);
  if (request.delegate) granting = granting_ticket(*krb5, opened->ccache.get(), opened->client.get());
  auto of_its_own = Krb5::open();
  if (!of_its_own) return fail(of_its_own);
  auto ticket = Ticket::make(std::move(*of_its_own), *service->get(), granting.get(), sources_.allow_rc4,
                             request.only_asked_flags);
  if (!ticket || request.delegate) return ticket;

  // A cache that cannot be watched is asked each time, and so is one that changed while it was read: most often because
  // the new ticket was put into it, and the next time it did not change.
  if (!opened->own && (!before || before != identity_of(path))) return ticket;
  const std::scoped_lock lock(known_mutex_);
  constexpr std::size_t kMostKnown = 1000;
  if (known_.size() >= kMostKnown) known_.clear();
  cache_path_ = path;
  known_.insert_or_assign(request, Known{*ticket, opened->own ? std::nullopt : before});
  return ticket;
}

Result<void> Tickets::restrict_enctypes(const Krb5& krb5) const {
  auto types = wanted_enctypes(krb5, sources_.allow_rc4);
  if (!types) return fail(types);
  types->push_back(ENCTYPE_NULL);  // the list's end
  const krb5_error_code code = krb5_set_default_tgs_enctypes(krb5.get(), types->data());
  if (code != 0) return std::unexpected(krb5_error(krb5.get(), code, kEnctypes));
  return {};
}

Result<Creds> Tickets::fetch_user_to_user(const Krb5& krb5, const std::string& target, Bytes server_ticket) {
  auto restricted = restrict_enctypes(krb5);
  if (!restricted) return fail(restricted);
  auto opened = open(krb5);
  if (!opened) return fail(opened);
  auto server = target_principal(krb5, target);
  if (!server) return fail(server);
  krb5_creds wanted{};
  wanted.client = opened->client.get();
  wanted.server = server->get();
  wanted.second_ticket.length = static_cast<unsigned>(server_ticket.size());
  wanted.second_ticket.data = reinterpret_cast<char*>(const_cast<std::uint8_t*>(server_ticket.data()));
  Creds found(krb5);
  auto code = question(question_of(*opened->client.get(), *server->get()), [&] {
    return krb5_get_credentials(krb5.get(), KRB5_GC_USER_USER, opened->ccache.get(), &wanted, found.out());
  });
  if (!code) return fail(code);
  if (*code != 0) return std::unexpected(krb5_error(krb5.get(), *code, kServiceTicket, target + ", user-to-user"));
  return found;
}

Result<Creds> Tickets::fetch_granting(const Krb5& krb5) {
  auto restricted = restrict_enctypes(krb5);
  if (!restricted) return fail(restricted);
  auto opened = open(krb5);
  if (!opened) return fail(opened);
  Creds granting = granting_ticket(krb5, opened->ccache.get(), opened->client.get());
  if (granting) return granting;
  return fail(Status::no_credentials, kCache,
              "there is no ticket-granting ticket, which user-to-user needs: run kinit");
}

// Looks into the cache, and asks a KDC for what is not there.
Result<krb5_error_code> Tickets::find_ticket(const Krb5& krb5, const Opened& opened, krb5_creds& wanted,
                                             Creds& found) const {
  const auto get = [&](krb5_flags options) {
    return krb5_get_credentials(krb5.get(), options, opened.ccache.get(), &wanted, found.out());
  };
  if (get(KRB5_GC_CACHED) == 0) return 0;
  return question(question_of(*wanted.client, *wanted.server), [&] { return get(0); });
}

Result<Creds> Tickets::service_ticket(const Krb5& krb5, const Opened& opened, const TicketRequest& request) const {
  std::string name = request.target;
  for (;;) {
    auto server = target_principal(krb5, name);
    if (!server) return fail(server);
    krb5_creds wanted{};
    wanted.client = opened.client.get();
    wanted.server = server->get();
    Creds found(krb5);
    auto code = find_ticket(krb5, opened, wanted, found);
    if (!code) return fail(code);
    if (*code == 0) return found;
    std::string lower = with_lower_case_host(name);
    if (*code != KRB5KDC_ERR_S_PRINCIPAL_UNKNOWN || lower.empty()) {
      return std::unexpected(krb5_error(krb5.get(), *code, kServiceTicket, request.target));
    }
    name = std::move(lower);
  }
}

Result<Tickets::Opened> Tickets::open(const Krb5& krb5) {
  if (logon_->has_password || delegated_) return open_own(krb5);
  auto cache = open_cache(krb5);
  const bool is_fresh = cache && last_expiry(krb5, cache->ccache.get()).ticks > to_filetime(time(nullptr), 0).ticks;
  if (is_fresh || !has_client_keytab(krb5)) return cache;
  return open_own(krb5);
}

Result<Tickets::Opened> Tickets::open_cache(const Krb5& krb5) const {
  Opened opened{Ccache(krb5), Principal(krb5)};
  krb5_error_code code = 0;
  if (!sources_.ccache.empty()) {
    code = krb5_cc_resolve(krb5.get(), sources_.ccache.c_str(), opened.ccache.out());
  } else if (!logon_->principal.empty()) {
    auto wanted = user_principal(krb5, logon_->principal, {});
    if (!wanted) return fail(wanted);
    code = krb5_cc_cache_match(krb5.get(), wanted->get(), opened.ccache.out());
  } else {
    code = krb5_cc_default(krb5.get(), opened.ccache.out());
  }
  if (code == 0) code = krb5_cc_get_principal(krb5.get(), opened.ccache.get(), opened.client.out());
  if (code == 0 && !logon_->principal.empty() && !sources_.ccache.empty()) {
    auto wanted = user_principal(krb5, logon_->principal, {});
    if (!wanted) return fail(wanted);
    if (!krb5_principal_compare(krb5.get(), wanted->get(), opened.client.get())) {
      return fail(Status::no_credentials, kCache,
                  sources_.ccache + " has tickets of " + unparse(krb5, opened.client.get()) + ", not of " +
                      unparse(krb5, wanted->get()));
    }
  }
  if (code == 0) return opened;
  const std::string name = opened.ccache ? full_name(krb5, opened.ccache.get()) : sources_.ccache + logon_->principal;
  Error error = krb5_error(krb5.get(), code, kCache, name);
  if (error.status == Status::internal_error) error.status = Status::no_credentials;
  return std::unexpected(std::move(error));
}

Result<Tickets::Opened> Tickets::open_own(const Krb5& krb5) {
  std::unique_lock lock(log_on_mutex_, std::try_to_lock);
  if (!lock) {  // another worker asks for this log-on
    auto client = logon_principal(krb5);
    if (!client) return fail(client);
    auto waiting = question(realm_of(*client->get()), [] { return KRB5_KDC_UNREACH; });
    if (!waiting) return fail(waiting);
    lock.lock();
  }
  const std::uint64_t soon = to_filetime(time(nullptr), 0).ticks + kSpareTicks;
  if (own_expiry_.ticks <= soon) {
    auto done = log_on(krb5);
    if (!done) return fail(done);
  }
  Opened opened{Ccache(krb5), Principal(krb5), true};
  krb5_error_code code = krb5_cc_resolve(krb5.get(), own_name_.c_str(), opened.ccache.out());
  if (code == 0) code = krb5_cc_get_principal(krb5.get(), opened.ccache.get(), opened.client.out());
  if (code != 0) return std::unexpected(krb5_error(krb5.get(), code, kCache));
  return opened;
}

Result<void> Tickets::log_on(const Krb5& krb5) {
  auto initial = initial_ticket(krb5);
  if (!initial) return fail(initial);
  auto own = Krb5::open();
  if (!own) return fail(own);
  auto ccache = new_memory_cache(*own, (*initial)->client);
  if (!ccache) return fail(ccache);
  const krb5_error_code code = krb5_cc_store_cred(own->get(), ccache->get(), initial->get());
  if (code != 0) return std::unexpected(krb5_error(krb5.get(), code, kCache));
  own_ccache_.reset();
  own_krb5_.reset();
  own_krb5_.emplace(std::move(*own));
  own_ccache_.emplace(std::move(*ccache));
  own_name_ = full_name(*own_krb5_, own_ccache_->get());
  own_expiry_ = from_krb5_time((*initial)->times.endtime);
  return {};
}

Result<Tickets::Overview> Tickets::overview() const {
  auto krb5 = Krb5::open();
  if (!krb5) return fail(krb5);
  if (logon_->has_password) {
    auto client = user_principal(*krb5, logon_->user, logon_->domain);
    if (!client) return fail(client);
    return Overview{unparse(*krb5, client->get()), kNever};
  }
  Opened opened{Ccache(*krb5), Principal(*krb5)};
  if (delegated_) {
    krb5_error_code code = krb5_cc_resolve(krb5->get(), own_name_.c_str(), opened.ccache.out());
    if (code == 0) code = krb5_cc_get_principal(krb5->get(), opened.ccache.get(), opened.client.out());
    if (code != 0) return std::unexpected(krb5_error(krb5->get(), code, kCache));
  } else if (auto cache = open_cache(*krb5)) {
    opened = std::move(*cache);
  } else if (has_client_keytab(*krb5)) {
    return Overview{logon_->principal, kNever};
  } else {
    return fail(cache);
  }
  return Overview{unparse(*krb5, opened.client.get()), last_expiry(*krb5, opened.ccache.get())};
}

}  // namespace opensspi::kerberos
