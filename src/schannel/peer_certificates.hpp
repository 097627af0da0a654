// PeerCertificates: what peers have shown, decoded once. A client's connections to one server would each hold a copy of
// the server's certificates, five kilobytes for a leaf with its key; they share one.
#pragma once

#include <array>
#include <list>
#include <mutex>

#include "schannel/ssl.hpp"

namespace opensspi::schannel {

class PeerCertificates {
 public:
  // Puts the shared one in the place of each that is known, before the chain is verified.
  void share(X509_STORE_CTX* store_context);

 private:
  static constexpr std::size_t kMost = 32;
  using Digest = std::array<unsigned char, 32>;
  struct Entry {
    Digest digest;
    cert::X509Ptr certificate;
  };
  // The one with the same bytes, with an owner more; nullptr: there was none, and this one is kept.
  X509* known(X509* certificate);

  std::mutex mutex_;
  std::list<Entry> entries_;  // the latest used first
};

}  // namespace opensspi::schannel
