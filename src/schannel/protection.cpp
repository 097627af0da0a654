// Protection of data: EncryptMessage and DecryptMessage for one record, and the stream functions for any number of
// them.
#include <algorithm>

#include "base/secret.hpp"
#include "base/text.hpp"
#include "core/buffers.hpp"
#include "schannel/alerts.hpp"
#include "schannel/context.hpp"
#include "schannel/record.hpp"

namespace opensspi::schannel {
namespace {

constexpr const char* kEncrypt = "TLS encryption";
constexpr const char* kDecrypt = "TLS decryption";

// A peer that sends tickets, KeyUpdates, empty records or refused renegotiations and never data only costs time.
constexpr unsigned kMostIdleRecords = 64;

constexpr std::size_t kExplicitNonce = 8, kTag = 16, kBlock = 16;

std::unexpected<Error> late_request() {
  return fail(
      Status::out_of_sequence, "TLS connection",
      "the server asked for a certificate: call InitializeSecurityContextW with a credential that has one, or "
      "with ISC_REQ_USE_SUPPLIED_CREDS to go on without, and send what it gives, as SEC_I_RENEGOTIATE asked for");
}

std::uint8_t* end_of(const SecBuffer& buffer) { return static_cast<std::uint8_t*>(buffer.pvBuffer) + buffer.cbBuffer; }

}  // namespace

// ---- Sizes. ----

std::size_t SchannelContext::head_bytes() const {
  if (SSL_version(ssl()) >= TLS1_3_VERSION) return kRecordHead;
  const SSL_CIPHER* suite = SSL_get_current_cipher(ssl());
  if (SSL_CIPHER_is_aead(suite) == 1) {
    return SSL_CIPHER_get_cipher_nid(suite) == NID_chacha20_poly1305 ? kRecordHead : kRecordHead + kExplicitNonce;
  }
  const bool null = SSL_CIPHER_get_cipher_nid(suite) == NID_undef;
  // From TLS 1.1 on each record of a block cipher begins with its own IV.
  return null || SSL_version(ssl()) == TLS1_VERSION ? kRecordHead : kRecordHead + kBlock;
}

// The most that follows the data: tag and type, or MAC and padding.
std::size_t SchannelContext::tail_bytes() const {
  if (SSL_version(ssl()) >= TLS1_3_VERSION) return 1 + kTag;
  const SSL_CIPHER* suite = SSL_get_current_cipher(ssl());
  if (SSL_CIPHER_is_aead(suite) == 1) return kTag;
  const EVP_MD* digest = EVP_get_digestbynid(SSL_CIPHER_get_digest_nid(suite));
  const std::size_t mac = digest == nullptr ? 64 : static_cast<std::size_t>(EVP_MD_get_size(digest));
  return SSL_CIPHER_get_cipher_nid(suite) == NID_undef ? mac : mac + kBlock;
}

// By how much a record is longer than its plain text, at least. CCM may have a tag of 8 bytes.
std::size_t SchannelContext::least_overhead() const {
  switch (SSL_CIPHER_get_cipher_nid(SSL_get_current_cipher(ssl()))) {
    case NID_aes_128_gcm:
    case NID_aes_256_gcm:
    case NID_chacha20_poly1305:
      return head_bytes() + tail_bytes();
    default:
      return kRecordHead;
  }
}

core::StreamSizes SchannelContext::stream_sizes() const {
  return {static_cast<std::uint32_t>(head_bytes()), static_cast<std::uint32_t>(tail_bytes()), kMostPlain, 4, kBlock};
}

// ---- Sending. ----

// Whether the peer is owed something before more data may go: the answer to its KeyUpdate (RFC 8446 4.6.3) or to its
// late CertificateRequest, or what was written while reading.
bool SchannelContext::owes_answer() const {
  return late_request_ || !wire_.spill().empty() || SSL_get_key_update_type(ssl()) != SSL_KEY_UPDATE_NONE;
}

Result<void> SchannelContext::check_can_send(std::uint32_t qop) const {
  if (state_ == State::failed) return fail(Status::context_expired, kEncrypt, "the connection failed before");
  if (state_ != State::established) return fail(Status::no_context, kEncrypt, "the handshake is not over");
  if (sent_close_) return fail(Status::context_expired, kEncrypt, "close_notify was sent: no data may follow it");
  if (late_request_) return late_request();
  if (qop != 0) return fail(Status::qop_not_supported, "fQOP", "it is " + std::to_string(qop) + ", TLS has only 0");
  return {};
}

Result<void> SchannelContext::encrypt(std::uint32_t qop, std::span<SecBuffer> buffers, std::uint32_t) {
  auto can = check_can_send(qop);
  if (!can) return can;
  SecBuffer* header = core::find_buffer(buffers, SECBUFFER_STREAM_HEADER);
  SecBuffer* data = core::find_buffer(buffers, SECBUFFER_DATA);
  SecBuffer* trailer = core::find_buffer(buffers, SECBUFFER_STREAM_TRAILER);
  if (header == nullptr || data == nullptr || trailer == nullptr) {
    return fail(Status::invalid_token, kEncrypt, "STREAM_HEADER, DATA and STREAM_TRAILER are needed, one each");
  }
  if (data->cbBuffer > kMostPlain) {
    return fail(
        Status::encrypt_failure, kEncrypt,
        std::to_string(data->cbBuffer) + " bytes of data, a record holds at most " + std::to_string(kMostPlain));
  }
  if (header->cbBuffer < head_bytes() || trailer->cbBuffer < tail_bytes()) {
    return fail(Status::buffer_too_small, kEncrypt,
                "header and trailer have " + std::to_string(header->cbBuffer) + " and " +
                    std::to_string(trailer->cbBuffer) + " bytes, " + std::to_string(head_bytes()) + " and " +
                    std::to_string(tail_bytes()) + " are needed");
  }
  if (data->cbBuffer == 0) {
    header->cbBuffer = trailer->cbBuffer = 0;  // no record
    return {};
  }
  if (owes_answer()) {
    return fail(
        Status::out_of_sequence, kEncrypt,
        "the peer is owed an answer first: call InitializeSecurityContextW or AcceptSecurityContext with no input "
        "and send what it gives, as SEC_I_RENEGOTIATE asked for");
  }
  return encrypt_in_place(*header, *data, *trailer);
}

// One record, split over the three buffers.
Result<void> SchannelContext::encrypt_in_place(SecBuffer& header, SecBuffer& data, SecBuffer& trailer) {
  const std::size_t head = head_bytes();
  header.cbBuffer = static_cast<ULONG>(head);
  const bool adjoining = end_of(header) == data.pvBuffer && end_of(data) == trailer.pvBuffer;
  MutableBytes room;
  if (adjoining) room = {static_cast<std::uint8_t*>(header.pvBuffer), head + data.cbBuffer + trailer.cbBuffer};
  clear_errors();
  wire_.write_to(room);
  std::size_t taken = 0;
  const int done = SSL_write_ex(ssl(), data.pvBuffer, data.cbBuffer, &taken);
  const std::size_t in_place = wire_.written();
  wire_.write_to({});
  if (done != 1) return std::unexpected<Error>(failed_with(kEncrypt));
  const ByteVector apart = wire_.take_spill();
  const std::size_t size = apart.empty() ? in_place : apart.size();
  if (size < head + data.cbBuffer || size - head - data.cbBuffer > trailer.cbBuffer) {
    state_ = State::failed;  // the record cannot be taken back
    return fail(Status::internal_error, kEncrypt,
                "a record of " + std::to_string(size) + " bytes is not of the size announced");
  }
  const std::size_t tail = size - head - data.cbBuffer;
  if (!apart.empty()) {
    const Bytes record = apart;
    copy_bytes({static_cast<std::uint8_t*>(header.pvBuffer), head}, record.first(head));
    copy_bytes(core::buffer_bytes(data), record.subspan(head, data.cbBuffer));
    copy_bytes({static_cast<std::uint8_t*>(trailer.pvBuffer), tail}, record.last(tail));
  }
  trailer.cbBuffer = static_cast<ULONG>(tail);
  return {};
}

Result<std::size_t> SchannelContext::stream_bound(std::size_t input_bytes) const {
  auto can = check_can_send(0);
  if (!can) return fail(can);
  const std::size_t overhead = head_bytes() + tail_bytes();
  const std::size_t records = (input_bytes + kMostPlain - 1) / kMostPlain;
  const std::size_t answer =
      wire_.spill().size() + (SSL_get_key_update_type(ssl()) != SSL_KEY_UPDATE_NONE ? overhead + 5 : 0);
  return input_bytes + records * overhead + answer;
}

Result<std::size_t> SchannelContext::encrypt_stream(Bytes input, MutableBytes output) {
  auto can = check_can_send(0);
  if (!can) return fail(can);
  const ByteVector before = wire_.take_spill();
  copy_bytes(output, before);
  std::size_t taken = 0;
  clear_errors();
  wire_.write_to(output.subspan(before.size()));
  const bool answer = SSL_get_key_update_type(ssl()) != SSL_KEY_UPDATE_NONE;
  const int done = input.empty() && !answer ? 1 : SSL_write_ex(ssl(), input.data(), input.size(), &taken);
  const std::size_t written = before.size() + wire_.written();
  wire_.write_to({});
  if (done != 1 || taken != input.size() || !wire_.spill().empty())
    return std::unexpected<Error>(failed_with(kEncrypt));
  return written;
}

// ---- Receiving. ----

// Answers that nobody takes (TLS 1.2: each refusal of a renegotiation) must not pile up behind records of data.
Result<void> SchannelContext::count_answers(std::size_t owed_before) {
  if (wire_.spill().size() > owed_before) ++untaken_answers_;
  if (owed_before == 0) untaken_answers_ = wire_.spill().empty() ? 0 : 1;
  if (untaken_answers_ <= kMostIdleRecords) return {};
  state_ = State::failed;
  return fail(Status::illegal_message, kDecrypt,
              std::to_string(kMostIdleRecords) + " answers to the peer were owed, and none was taken to be sent");
}

// Reads one whole record, which OpenSSL copies before it writes to `out`: the two may be one. The result says what else
// the record was.
Result<Status> SchannelContext::read_record(Bytes record, MutableBytes out, std::size_t& plain) {
  plain = 0;
  clear_errors();
  const std::size_t owed = wire_.spill().size();
  wire_.feed(record);
  for (;;) {
    std::size_t got = 0;
    const int done = SSL_read_ex(ssl(), out.data() + plain, out.size() - plain, &got);
    if (done != 1) {
      const int error = SSL_get_error(ssl(), done);
      if (error == SSL_ERROR_WANT_READ && !wire_.unread().empty()) continue;  // one of several messages was dealt with
      if (error == SSL_ERROR_WANT_READ) break;
      if (error == SSL_ERROR_WANT_X509_LOOKUP) {
        late_request_ = true;
        break;
      }
      if (error == SSL_ERROR_ZERO_RETURN) {
        received_close_ = true;
        return Status::info_context_expired;
      }
      // A refused ClientHello of a server's peer ends the read without a word; the answer was written.
      if (ERR_peek_error() == 0 && !wire_.spill().empty() && wire_.unread().empty()) break;
      return std::unexpected<Error>(failed_with(kDecrypt));
    }
    plain += got;
    if (wire_.unread().empty() && SSL_pending(ssl()) == 0) break;
  }
  if (plain == 0) SSL_free_buffers(ssl());
  idle_records_ = plain == 0 ? idle_records_ + 1 : 0;
  if (idle_records_ > kMostIdleRecords) {
    state_ = State::failed;
    return fail(Status::illegal_message, kDecrypt,
                std::to_string(kMostIdleRecords) + " records in a row were without data: the peer only costs time");
  }
  auto counted = count_answers(owed);
  if (!counted) return fail(counted);
  return Status::ok;
}

Result<core::Context::Decrypted> SchannelContext::decrypt(std::span<SecBuffer> buffers, std::uint32_t) {
  std::array<SecBuffer*, 4> slots{};
  std::size_t found = 0, data_count = 0;
  SecBuffer* data = nullptr;
  for (SecBuffer& buffer : buffers) {
    const std::uint32_t type = core::buffer_type(buffer);
    if (type == SECBUFFER_DATA) {
      ++data_count;
      data = &buffer;
    }
    if ((type == SECBUFFER_DATA || type == SECBUFFER_EMPTY) && found < slots.size()) slots[found++] = &buffer;
  }
  if (data_count != 1 || found < slots.size()) {
    return fail(Status::invalid_token, kDecrypt, "one DATA buffer and three EMPTY ones are needed");
  }
  if (state_ == State::failed || received_close_) {
    return fail(
        Status::context_expired, kDecrypt,
        received_close_ ? "the peer closed the connection: nothing can follow" : "the connection failed before");
  }
  if (state_ != State::established) return fail(Status::no_context, kDecrypt, "the handshake is not over");
  if (late_request_) return late_request();
  const MutableBytes input = core::buffer_bytes(*data);
  const RecordFrame frame = first_record(input);
  if (frame.kind == RecordFrame::Kind::bad) {
    return fail(Status::invalid_token, "TLS record",
                "the bytes " + to_hex(input.first(kRecordHead)) + " begin no record");
  }
  if (frame.kind == RecordFrame::Kind::incomplete) {
    *slots[0] = *slots[1] = {static_cast<ULONG>(frame.missing), SECBUFFER_MISSING, nullptr};
    return fail(Status::incomplete_message, "TLS record",
                "at least " + std::to_string(frame.missing) + " bytes are missing");
  }
  const std::size_t head = std::min(head_bytes(), frame.size);
  const MutableBytes record = input.first(frame.size);
  std::size_t plain = 0;
  auto status = read_record(record, record.subspan(head), plain);
  if (!status) {
    wipe(input.data(), input.size());  // nobody shall use what was not authenticated
    return fail(status);
  }
  if (*status == Status::ok && owes_answer()) status = Status::renegotiate;
  const auto size = [](std::size_t bytes) { return static_cast<ULONG>(bytes); };
  *slots[0] = {size(head), SECBUFFER_STREAM_HEADER, record.data()};
  *slots[1] = {size(plain), SECBUFFER_DATA, record.data() + head};
  *slots[2] = {size(frame.size - head - plain), SECBUFFER_STREAM_TRAILER, record.data() + head + plain};
  const std::size_t extra = input.size() - frame.size;
  if (extra != 0) *slots[3] = {size(extra), SECBUFFER_EXTRA, input.data() + frame.size};
  return Decrypted{*status, 0};
}

Result<Status> SchannelContext::decrypt_stream(Bytes input, MutableBytes output, StreamProgress& progress) {
  if (state_ == State::failed) return fail(Status::context_expired, kDecrypt, "the connection failed before");
  if (state_ != State::established) return fail(Status::no_context, kDecrypt, "the handshake is not over");
  if (late_request_) return late_request();
  if (received_close_) {
    progress.consumed = input.size();  // RFC 8446 6.1: data after the closure alert are ignored
    return Status::info_context_expired;
  }
  // Buffers of OpenSSL's own are kept while there is more than one record, and given back at the end.
  const bool several = input.size() > kMostPlain + kRecordHead;
  if (several) SSL_clear_mode(ssl(), SSL_MODE_RELEASE_BUFFERS);
  const std::size_t overhead = least_overhead();
  declines_late_request_ = true;
  Result<Status> status = Status::ok;
  while (progress.consumed < input.size()) {
    const Bytes rest = input.subspan(progress.consumed);
    const RecordFrame frame = first_record(rest);
    if (frame.kind == RecordFrame::Kind::incomplete || output.size() - progress.plain + overhead < frame.size) break;
    if (frame.kind == RecordFrame::Kind::bad) {
      status = fail(Status::invalid_token, "TLS record",
                    "the bytes " + to_hex(rest.first(kRecordHead)) + " begin no record");
      break;
    }
    std::size_t plain = 0;
    status = read_record(rest.first(frame.size), output.subspan(progress.plain), plain);
    progress.plain += plain;
    progress.consumed += frame.size;
    if (!status || *status != Status::ok) break;
  }
  declines_late_request_ = false;
  if (several) {
    SSL_set_mode(ssl(), SSL_MODE_RELEASE_BUFFERS);
    SSL_free_buffers(ssl());
  }
  if (status && *status == Status::info_context_expired) progress.consumed = input.size();
  return status;
}

}  // namespace opensspi::schannel
