// Wire: what OpenSSL reads from and writes to, straight in the caller's buffers.
#pragma once

#include <utility>

#include "base/bytes.hpp"
#include "schannel/ssl.hpp"

namespace opensspi::schannel {

class Wire {
 public:
  // What is to be read next; stays valid until it is read.
  void feed(Bytes input) { input_ = input; }
  Bytes unread() const { return input_; }

  // Where the next writes go; what does not fit goes to the spill.
  void write_to(MutableBytes room) {
    room_ = room;
    written_ = 0;
  }
  std::size_t written() const { return written_; }

  const ByteVector& spill() const { return spill_; }
  ByteVector take_spill() { return std::exchange(spill_, {}); }

  // Gives the SSL its BIO, whose reads and writes come here; the SSL must end first.
  void attach(SSL* ssl);

 private:
  static int read(BIO* bio, char* out, int size);
  static int write(BIO* bio, const char* data, int size);
  static long control(BIO* bio, int command, long number, void* pointer);
  static BIO_METHOD* method();

  Bytes input_;
  MutableBytes room_;
  std::size_t written_ = 0;
  ByteVector spill_;
};

}  // namespace opensspi::schannel
