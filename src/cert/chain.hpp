// Chains: a certificate, those above it, and all that is wrong with them in Windows' words.
#pragma once

#include <optional>

#include "cert/store.hpp"

namespace opensspi::cert {

struct ChainQuestion {
  std::vector<ElementPtr> others;  // where issuers are looked for beside the roots
  std::vector<CrlPtr> crls;
  std::optional<FileTime> time;     // now where there is none
  std::vector<std::string> usages;  // that are asked for
  bool any_usage = false;           // one of them is enough
  std::uint32_t flags = 0;          // CERT_CHAIN_REVOCATION_CHECK_x
};

struct ChainLink {
  ElementPtr element;
  std::uint32_t errors = 0;  // CERT_TRUST_IS_x
  std::uint32_t info = 0;    // CERT_TRUST_HAS_x
};

// From the end certificate to the last one that was found, against the system's roots. Never empty.
std::vector<ChainLink> build_chain(const ElementPtr& end, const ChainQuestion& question);

// CertVerifyCertificateChainPolicy for CERT_CHAIN_POLICY_BASE and _SSL, without the name: the first error in the order
// of revocation, trust, usage, and the rest. ok where flags (CERT_CHAIN_POLICY_x) forgive all there is.
struct Verdict {
  Status status = Status::ok;
  int link = -1;  // which one; -1: the whole chain
};
Verdict judge(std::span<const CERT_TRUST_STATUS> links, std::uint32_t flags);

// RFC 6125: a host name or an IP address against the end certificate; wildcards only for a whole label.
bool name_matches(X509* certificate, std::u16string_view name);

// The name as it is compared and sent: in small letters, what is not ASCII as IDNA2008 encodes it (UTS 46, not
// transitional), without a dot at the end; or an IP address. Empty: it cannot be a name.
std::string host_name(std::u16string_view name);
bool is_ip_address(const std::string& name);

}  // namespace opensspi::cert
