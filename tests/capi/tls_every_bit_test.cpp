// One whole conversation (handshake, data both ways, both closures) cut at each byte, ended at each byte, and with each
// bit of it flipped; and peers that send records as no honest one does.
#include <gtest/gtest.h>
#include <openssl/err.h>

#include <algorithm>
#include <array>

#include "tls_pki.hpp"

namespace {

using namespace tls;

// All of it takes half a minute; under the sanitizers a sample does.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr std::size_t kStride = 61;
#else
constexpr std::size_t kStride = 1;
#endif

constexpr std::size_t kNever = static_cast<std::size_t>(-1);
const std::string kPing = "ping: 100", kPong = "pong: 200";

// What happens to the bytes on one of the two ways, 0 from the client and 1 from the server, counted from its first.
struct Mischief {
  int way = 0;
  std::size_t cut_at = kNever;   // what is behind comes in a call of its own
  std::size_t stop_at = kNever;  // what is behind never comes
  std::size_t flip_bit = kNever;
};

class Conversation {
 public:
  Conversation(CredHandle* client, CredHandle* server, const Mischief& mischief)
      : mischief_(mischief), sides_{Side(false, client), Side(true, server)} {}

  void run() {
    send(0, sides_[0].end.start().token);
    if (!both_done()) return;
    send(0, sides_[0].end.encrypt_stream(kPing));
    if (sides_[1].text != kPing || sides_[1].failed) return;
    send(1, sides_[1].end.encrypt_stream(kPong));
    if (sides_[0].text != kPong || sides_[0].failed) return;
    send(0, sides_[0].end.shut_down().token);
    if (!sides_[1].closed) return;
    send(1, sides_[1].end.shut_down().token);
  }

  bool finished() const { return both_done() && sides_[0].closed && sides_[1].closed; }
  // What was said on each way, as it was meant.
  const Bytes& said(int way) const { return said_.at(static_cast<std::size_t>(way)); }
  const std::string& heard(int by) const { return sides_.at(static_cast<std::size_t>(by)).text; }
  bool closed(int by) const { return sides_.at(static_cast<std::size_t>(by)).closed; }

 private:
  struct Side {
    Side(bool server, CredHandle* credential) : end(server, credential) {}
    End end;
    Bytes pending;
    std::string text;
    bool failed = false, closed = false;
  };

  bool both_done() const {
    return sides_[0].end.done() && sides_[1].end.done() && !sides_[0].failed && !sides_[1].failed;
  }

  void send(int way, Bytes bytes) {
    if (bytes.empty()) return;
    Bytes& said = said_.at(static_cast<std::size_t>(way));
    const std::size_t from = said.size(), to = from + bytes.size();
    said.insert(said.end(), bytes.begin(), bytes.end());
    if (way != mischief_.way) return deliver(way, bytes);
    const auto within = [&](std::size_t at) { return at >= from && at < to; };
    if (mischief_.flip_bit != kNever && within(mischief_.flip_bit / 8)) {
      std::uint8_t& byte = bytes[mischief_.flip_bit / 8 - from];
      byte = static_cast<std::uint8_t>(byte ^ (1U << (mischief_.flip_bit % 8)));
    }
    if (mischief_.stop_at <= from) return;
    if (within(mischief_.stop_at)) bytes.resize(mischief_.stop_at - from);
    if (!within(mischief_.cut_at)) return deliver(way, bytes);
    const auto cut = bytes.begin() + static_cast<std::ptrdiff_t>(mischief_.cut_at - from);
    deliver(way, {bytes.begin(), cut});
    deliver(way, {cut, bytes.end()});
  }

  void deliver(int way, const Bytes& bytes) {
    Side& side = sides_.at(way == 0 ? 1 : 0);
    if (side.failed) return;
    side.pending.insert(side.pending.end(), bytes.begin(), bytes.end());
    Bytes answers;
    while (!side.pending.empty() && !side.end.done() && !side.failed) {
      const Outcome outcome = side.end.step(side.pending);
      if (outcome.status == SEC_E_INCOMPLETE_MESSAGE) break;
      side.failed = outcome.status < 0;
      answers.insert(answers.end(), outcome.token.begin(), outcome.token.end());
      side.pending.erase(side.pending.begin(), side.pending.end() - static_cast<std::ptrdiff_t>(outcome.extra));
      if (outcome.status == SEC_I_CONTINUE_NEEDED && outcome.extra != 0) continue;
    }
    if (side.end.done() && !side.failed && !side.pending.empty()) {
      const auto stream = side.end.decrypt_stream(side.pending);
      side.text += stream.text;
      side.failed = stream.status < 0;
      side.closed = side.closed || stream.status == SEC_I_CONTEXT_EXPIRED;
      side.pending.erase(side.pending.begin(), side.pending.begin() + static_cast<std::ptrdiff_t>(stream.consumed));
    }
    send(way == 0 ? 1 : 0, answers);
  }

  Mischief mischief_;
  std::array<Side, 2> sides_;
  std::array<Bytes, 2> said_;
};

class EveryBit : public testing::TestWithParam<DWORD> {
 protected:
  static const House& house() {
    static const House own;
    return own;
  }
  // No resumption: each conversation is a whole one.
  Credential server_{{.server = true,
                      .certificates = {house().server.get()},
                      .protocols = GetParam(),
                      .flags = SCH_CRED_DISABLE_RECONNECTS}};
  Credential client_{{.roots = house().roots.get(), .protocols = GetParam(), .flags = SCH_CRED_DISABLE_RECONNECTS}};
};
INSTANTIATE_TEST_SUITE_P(Tls, EveryBit, testing::Values(DWORD{SP_PROT_TLS1_2}, DWORD{SP_PROT_TLS1_3}),
                         [](const auto& version) { return version.param == SP_PROT_TLS1_3 ? "TLS13" : "TLS12"; });

TEST_P(EveryBit, CutsAtEachByteChangeNothing) {
  for (const int way : {0, 1}) {
    std::size_t size = 1;
    for (std::size_t at = 0; at < size; at += kStride) {
      Conversation conversation(client_.handle(), server_.handle(), {.way = way, .cut_at = at});
      conversation.run();
      ASSERT_TRUE(conversation.finished()) << "way " << way << ", byte " << at << ": " << why();
      size = conversation.said(way).size();
    }
    EXPECT_GT(size, 200U);
  }
}

TEST_P(EveryBit, APeerThatStopsAtAnyByteIsNeverTakenForOneThatClosed) {
  for (const int way : {0, 1}) {
    Conversation whole(client_.handle(), server_.handle(), {});
    whole.run();
    ASSERT_TRUE(whole.finished()) << why();
    const std::size_t size = whole.said(way).size();
    const std::string& sent = way == 0 ? kPing : kPong;
    // A signature may be a few bytes shorter than that of the whole conversation.
    for (std::size_t at = 0; at + 8 < size; at += kStride) {
      Conversation conversation(client_.handle(), server_.handle(), {.way = way, .stop_at = at});
      conversation.run();
      ASSERT_FALSE(conversation.finished()) << at;
      ASSERT_FALSE(conversation.closed(way == 0 ? 1 : 0)) << at;
      const std::string& heard = conversation.heard(way == 0 ? 1 : 0);
      ASSERT_TRUE(heard.empty() || heard == sent) << at;
    }
  }
}

// Where a byte stands in its record: what no key protects and no transcript holds is the version of a plain one's head.
bool is_plain_version(const Bytes& said, std::size_t at) {
  bool plain = true;
  for (std::size_t record = 0; record + 5 <= said.size();) {
    const std::size_t size = 5U + (static_cast<std::size_t>(said[record + 3]) << 8) + said[record + 4];
    if (said[record] == 20 && at < record + size) return at - record == 1 || at - record == 2;
    plain = plain && said[record] == 22;
    if (at < record + size) return plain && (at - record == 1 || at - record == 2);
    if (said[record] == 20) plain = false;
    record += size;
  }
  return false;
}

TEST_P(EveryBit, FlippedEndsTheConversationAndChangesNoData) {
  std::size_t passed = 0;
  for (const int way : {0, 1}) {
    std::size_t size = 1;
    for (std::size_t bit = 0; bit < size * 8; bit += kStride) {
      Conversation conversation(client_.handle(), server_.handle(), {.way = way, .flip_bit = bit});
      conversation.run();
      const std::string& by_server = conversation.heard(1);
      const std::string& by_client = conversation.heard(0);
      ASSERT_TRUE(by_server.empty() || by_server == kPing) << "way " << way << ", bit " << bit;
      ASSERT_TRUE(by_client.empty() || by_client == kPong) << "way " << way << ", bit " << bit;
      // A signature is a byte or two shorter at times: then the last bits are not there to be flipped.
      if (conversation.finished() && bit / 8 < conversation.said(way).size()) {
        ++passed;
        ASSERT_TRUE(is_plain_version(conversation.said(way), bit / 8)) << "way " << way << ", bit " << bit;
      }
      // What was said gets shorter where the conversation ends early; the longest tells how much there is.
      size = std::max(size, conversation.said(way).size());
    }
    EXPECT_GT(size, 200U);
  }
  EXPECT_LT(passed, 100U);
}

// ---- Records that no honest peer sends. ----

Bytes record(std::uint8_t type, const Bytes& body) {
  Bytes out{type, 3, 3, static_cast<std::uint8_t>(body.size() >> 8), static_cast<std::uint8_t>(body.size())};
  out.insert(out.end(), body.begin(), body.end());
  return out;
}

// The plain records of a flight with one byte of a handshake message in each.
Bytes in_single_bytes(const Bytes& flight) {
  Bytes out;
  bool plain = true;
  for (std::size_t at = 0; at + 5 <= flight.size();) {
    const std::size_t size = 5U + (static_cast<std::size_t>(flight[at + 3]) << 8) + flight[at + 4];
    plain = plain && flight[at] == 22;
    for (std::size_t i = at + 5; plain && i < at + size; ++i) {
      const Bytes one = record(22, {flight[i]});
      out.insert(out.end(), one.begin(), one.end());
    }
    if (!plain) {
      out.insert(out.end(), flight.begin() + static_cast<std::ptrdiff_t>(at),
                 flight.begin() + static_cast<std::ptrdiff_t>(at + size));
    }
    at += size;
  }
  return out;
}

TEST_P(EveryBit, HandshakeInRecordsOfOneByteIsUnderstood) {
  End client(false, client_.handle()), server(true, server_.handle());
  const Outcome flight = server.step(in_single_bytes(client.start().token));
  ASSERT_GE(flight.status, 0) << why();
  const Outcome answer = client.step(in_single_bytes(flight.token));
  ASSERT_GE(answer.status, 0) << why();
  const Outcome last = server.step(in_single_bytes(answer.token));
  ASSERT_EQ(last.status, SEC_E_OK) << why();
  if (!client.done()) {
    EXPECT_EQ(client.step(last.token).status, SEC_E_OK) << why();
  }
  EXPECT_EQ(server.decrypt(client.encrypt("x")).text, "x");
}

TEST_P(EveryBit, DataInRecordsOfOneByteIsUnderstood) {
  End client(false, client_.handle()), server(true, server_.handle());
  ASSERT_TRUE(shake(client, server).good());
  Bytes records;
  std::string text;
  for (int i = 0; i < 2000; ++i) {
    text += static_cast<char>('a' + i % 26);
    const Bytes one = client.encrypt(text.substr(text.size() - 1));
    records.insert(records.end(), one.begin(), one.end());
  }
  EXPECT_EQ(server.decrypt_stream(records).text, text);
}

TEST_P(EveryBit, RecordsOfNothingEndTheConnection) {
  for (const std::uint8_t type : std::initializer_list<std::uint8_t>{20, 21, 22, 23}) {
    const Bytes empty = record(type, {});
    {
      End server(true, server_.handle());
      SECURITY_STATUS status = server.step(empty).status;
      for (int i = 0; i < 100 && status >= 0; ++i) status = server.step(empty).status;
      EXPECT_LT(status, 0) << "the first bytes, type " << static_cast<int>(type);
    }
    {
      End client(false, client_.handle());
      client.start();
      SECURITY_STATUS status = client.step(empty).status;
      for (int i = 0; i < 100 && status >= 0; ++i) status = client.step(empty).status;
      EXPECT_LT(status, 0) << "the first answer, type " << static_cast<int>(type);
    }
    {
      End client(false, client_.handle()), server(true, server_.handle());
      ASSERT_TRUE(shake(client, server).good());
      EXPECT_LT(server.decrypt(empty).status, 0) << "after the handshake, type " << static_cast<int>(type);
    }
  }
}

TEST_P(EveryBit, RecordsThatAreTooLargeAreRefused) {
  // RFC 8446 5.1 and 5.2: 2^14 plain, 2^14 + 256 protected; RFC 5246 6.2.3: 2^14 + 2048.
  for (const std::size_t size :
       {std::size_t{16385}, std::size_t{16641}, std::size_t{18432}, std::size_t{18433}, std::size_t{65535}}) {
    for (const std::uint8_t type : std::initializer_list<std::uint8_t>{22, 23}) {
      const Bytes large = record(type, Bytes(size, 1));
      End server(true, server_.handle());
      EXPECT_LT(server.step(large).status, 0) << size;
      End client(false, client_.handle());
      client.start();
      EXPECT_LT(client.step(large).status, 0) << size;
      End one(false, client_.handle()), other(true, server_.handle());
      ASSERT_TRUE(shake(one, other).good());
      EXPECT_LT(other.decrypt(large).status, 0) << size;
      EXPECT_LT(one.decrypt_stream(large).status, 0) << size;
    }
  }
}

TEST_P(EveryBit, WarningAlertsWithoutEndEndTheHandshake) {
  // user_canceled, no_certificate, no_renegotiation, close_notify
  for (const std::uint8_t alert : std::initializer_list<std::uint8_t>{90, 41, 100, 0}) {
    const Bytes warning = record(21, {1, alert});
    End client(false, client_.handle());
    client.start();
    int sent = 0;
    SECURITY_STATUS status = SEC_I_CONTINUE_NEEDED;
    for (; sent < 1000 && status >= 0; ++sent) status = client.step(warning).status;
    EXPECT_LT(sent, 50) << static_cast<int>(alert);
    End server(true, server_.handle());
    for (sent = 0, status = 0; sent < 1000 && status >= 0; ++sent) status = server.step(warning).status;
    EXPECT_LT(sent, 50) << static_cast<int>(alert);
    // All in one call.
    Bytes many;
    for (int i = 0; i < 1000; ++i) many.insert(many.end(), warning.begin(), warning.end());
    End other(false, client_.handle());
    other.start();
    EXPECT_LT(other.step(many).status, 0) << static_cast<int>(alert);
  }
}

TEST_P(EveryBit, AHelloWithoutEndIsRefused) {
  // A handshake message of 16 MiB that comes in records of the full size, and never ends.
  Bytes first{1, 0xFF, 0xFF, 0xFF};
  first.resize(16384);
  const Bytes start = record(22, first), more = record(22, Bytes(16384));
  End server(true, server_.handle());
  SECURITY_STATUS status = server.step(start).status;
  int sent = 0;
  for (; sent < 1100 && status >= 0; ++sent) status = server.step(more).status;
  EXPECT_LT(status, 0);
  EXPECT_LT(sent, 20);
  End client(false, client_.handle());
  client.start();
  Bytes answer{2, 0xFF, 0xFF, 0xFF};
  answer.resize(16384);
  status = client.step(record(22, answer)).status;
  for (sent = 0; sent < 1100 && status >= 0; ++sent) status = client.step(more).status;
  EXPECT_LT(status, 0);
  EXPECT_LT(sent, 20);
}

}  // namespace
