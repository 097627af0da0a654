#include "schannel/session_cache.hpp"

#include <algorithm>
#include <ctime>

namespace opensspi::schannel {

bool certificate_lives(const SSL_SESSION* session) {
  const X509* peer = SSL_SESSION_get0_peer(const_cast<SSL_SESSION*>(session));
  return peer == nullptr || X509_cmp_current_time(X509_get0_notAfter(peer)) > 0;
}

void SessionCache::put(const std::string& key, SessionPtr session, Clock::time_point until) {
  const std::scoped_lock lock(mutex_);
  entries_.push_front({key, std::move(session), until});
  if (entries_.size() > kMostEntries) entries_.pop_back();
}

SessionCache::Found SessionCache::take(const std::string& key) {
  const std::scoped_lock lock(mutex_);
  const auto now = Clock::now();
  std::erase_if(entries_, [&](const Entry& entry) { return entry.until <= now; });
  const auto found = std::ranges::find(entries_, key, &Entry::key);
  if (found == entries_.end()) return {};
  const bool shown = SSL_SESSION_get0_peer(found->session.get()) != nullptr;
  if (!shown || !certificate_lives(found->session.get()) || SSL_SESSION_is_resumable(found->session.get()) != 1) {
    entries_.erase(found);
    return {};
  }
  if (SSL_SESSION_get_protocol_version(found->session.get()) >= TLS1_3_VERSION) {
    Found once{std::move(found->session), found->until};
    entries_.erase(found);
    return once;
  }
  SSL_SESSION_up_ref(found->session.get());
  return {SessionPtr(found->session.get()), found->until};
}

void SessionCache::drop(const std::string& key) {
  const std::scoped_lock lock(mutex_);
  std::erase_if(entries_, [&](const Entry& entry) { return entry.key == key; });
}

}  // namespace opensspi::schannel
