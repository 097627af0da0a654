// A running MD5, for messages that lie in pieces.
#pragma once

#include <nettle/md5.h>

#include "base/bytes.hpp"
#include "base/secret.hpp"

namespace opensspi::crypto {

class Md5 {
 public:
  Md5() { md5_init(&context_); }
  Md5(const Md5&) = delete;
  Md5& operator=(const Md5&) = delete;
  ~Md5() { wipe(&context_, sizeof context_); }

  void update(Bytes part) { md5_update(&context_, part.size(), part.data()); }
  Key16 finish() {
    Key16 digest;
    md5_digest(&context_, digest.writable().size(), digest.writable().data());
    return digest;
  }

 private:
  md5_ctx context_;
};

}  // namespace opensspi::crypto
