#include "schannel/wire.hpp"

#include <algorithm>
#include <new>

namespace opensspi::schannel {

int Wire::read(BIO* bio, char* out, int size) {
  auto& wire = *static_cast<Wire*>(BIO_get_data(bio));
  BIO_clear_retry_flags(bio);
  const std::size_t count = std::min(wire.input_.size(), static_cast<std::size_t>(std::max(size, 0)));
  if (count == 0) {
    BIO_set_retry_read(bio);
    return -1;
  }
  std::memcpy(out, wire.input_.data(), count);
  wire.input_ = wire.input_.subspan(count);
  return static_cast<int>(count);
}

int Wire::write(BIO* bio, const char* data, int size) {
  auto& wire = *static_cast<Wire*>(BIO_get_data(bio));
  BIO_clear_retry_flags(bio);
  const Bytes bytes(reinterpret_cast<const std::uint8_t*>(data), static_cast<std::size_t>(std::max(size, 0)));
  // Once something was spilt, the rest follows it: the order of records is what matters.
  if (wire.spill_.empty() && bytes.size() <= wire.room_.size() - wire.written_) {
    copy_bytes(wire.room_.subspan(wire.written_), bytes);
    wire.written_ += bytes.size();
  } else {
    try {
      append(wire.spill_, bytes);
    } catch (const std::bad_alloc&) {
      return -1;  // no exception may cross OpenSSL
    }
  }
  return size;
}

long Wire::control(BIO*, int command, long, void*) { return command == BIO_CTRL_FLUSH ? 1 : 0; }

BIO_METHOD* Wire::method() {
  static BIO_METHOD* const kMethod = [] {
    BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "opensspi records");
    if (made == nullptr) throw std::bad_alloc();
    BIO_meth_set_read(made, &Wire::read);
    BIO_meth_set_write(made, &Wire::write);
    BIO_meth_set_ctrl(made, &Wire::control);
    return made;
  }();
  return kMethod;
}

void Wire::attach(SSL* ssl) {
  BIO* bio = BIO_new(method());
  if (bio == nullptr) throw std::bad_alloc();
  BIO_set_data(bio, this);
  BIO_set_init(bio, 1);
  SSL_set_bio(ssl, bio, bio);
}

}  // namespace opensspi::schannel
