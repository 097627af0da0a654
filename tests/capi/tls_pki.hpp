// Certificates, revocation lists and OCSP answers of every make, good and bad, straight from OpenSSL: what is given to
// the library here is what OpenSSL's own verification is asked about too. And a peer that is OpenSSL itself.
#pragma once

#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tls_pair.hpp"

namespace tls {

using X509Ref = std::shared_ptr<X509>;
using KeyRef = std::shared_ptr<EVP_PKEY>;

struct Issued {
  X509Ref x509;
  KeyRef key;
};

struct Recipe {
  std::string subject = "server.example";  // the CN; "" for none
  std::string names = {};                  // subjectAltName: "DNS:a.example,IP:192.0.2.1"
  const Issued* issuer = nullptr;          // nullptr: self-signed
  std::string key = "EC";                  // or "RSA:1024", "EC:P-224"
  bool authority = false;
  int path_length = -1;
  std::string usages = {};                                           // extendedKeyUsage: "serverAuth,clientAuth"
  std::string key_usage = {};                                        // keyUsage: "critical,digitalSignature"
  std::vector<std::pair<std::string, std::string>> extensions = {};  // by OpenSSL's names
  long from = -86400, until = 30L * 86400;                           // seconds from now
  const char* digest = "SHA256";
};
Issued issue(const Recipe& recipe);

// A revocation list in DER that names these.
struct CrlRecipe {
  const Issued& issuer;
  std::vector<X509Ref> revoked = {};
  long from = -3600, until = 86400;
};
Bytes make_crl(const CrlRecipe& recipe);

// An OCSP response in DER about one certificate.
struct OcspRecipe {
  const Issued& signer;
  X509Ref certificate, issuer;
  int status = 0;                    // V_OCSP_CERTSTATUS_x
  long from = -3600, until = 86400;  // until 0: none is given
  const char* signature_digest = "SHA256";
  const char* id_digest = "SHA1";
  bool pss = false;  // RSA signs as PSS has it
};
Bytes make_ocsp(const OcspRecipe& recipe);

// As Schannel's callers hold it: with its key, in a store with the others of its chain.
Certificate with_key(const Issued& issued, const std::vector<X509Ref>& others = {});
// The same without any key.
Certificate bare(const X509Ref& x509);
Store store_with(const std::vector<X509Ref>& certificates, const std::vector<Bytes>& crls = {});

// One end that is OpenSSL. Certificates of any weakness can be its own, and it verifies nothing unless told to.
class RawEnd {
 public:
  RawEnd(bool server, const Issued* own, const std::vector<X509Ref>& chain = {}, int version = 0);
  SSL_CTX* context() const { return context_.get(); }
  SSL* ssl() const { return ssl_.get(); }
  // Takes the bytes and says what it has to say; reads what application data there are into `text`.
  Bytes step(const Bytes& input);
  Bytes write(std::string_view data);
  bool done() const { return SSL_is_init_finished(ssl_.get()) == 1; }
  std::string text;

 private:
  Bytes drain();
  std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context_;
  std::unique_ptr<SSL, decltype(&SSL_free)> ssl_;
};

// Runs the handshake of one of our ends with OpenSSL's; the status of ours. What the other side said behind the
// handshake is read by ours.
SECURITY_STATUS shake(End& ours, bool ours_is_server, RawEnd& raw);

}  // namespace tls
