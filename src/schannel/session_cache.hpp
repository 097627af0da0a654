// SessionCache: TLS sessions that a client may resume, those of one credential.
#pragma once

#include <chrono>
#include <list>
#include <mutex>
#include <string>

#include "schannel/ssl.hpp"

namespace opensspi::schannel {

// Whether the certificate that the peer showed in a session's full handshake, if any, has not expired since: a resumed
// one shows none.
bool certificate_lives(const SSL_SESSION* session);

// The key of an entry holds all that the server was verified against: target, validation and revocation flags, and the
// client certificate; roots and protocols are the credential's, which has a cache of its own.
class SessionCache {
 public:
  using Clock = std::chrono::steady_clock;
  explicit SessionCache(std::chrono::milliseconds lifespan) : lifespan_(lifespan) {}

  struct Found {
    SessionPtr session;
    Clock::time_point until;
  };

  // A full handshake's session lives for the lifespan; that of a resumed one no longer than the one it came from.
  void put(const std::string& key, SessionPtr session, Clock::time_point until);
  Clock::time_point full_life() const { return Clock::now() + lifespan_; }
  // The newest for the key that lives; a session of TLS 1.3 is given once (RFC 8446 C.4).
  Found take(const std::string& key);
  void drop(const std::string& key);

 private:
  static constexpr std::size_t kMostEntries = 256;
  struct Entry {
    std::string key;
    SessionPtr session;
    Clock::time_point until;
  };

  std::mutex mutex_;
  const std::chrono::milliseconds lifespan_;
  std::list<Entry> entries_;  // the newest first
};

}  // namespace opensspi::schannel
