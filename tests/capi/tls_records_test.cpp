// Records: sizes, fragments, floods, post-handshake messages, and what an attacker on the way can do.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>

#include "tls_pair.hpp"

namespace {

using namespace tls;

// A connection of each version; `version` is SP_PROT_TLS1_2 or _3.
struct Connection {
  explicit Connection(DWORD version)
      : server_credential({.server = true, .certificates = {house().server.get()}, .protocols = version}),
        client_credential({.roots = house().roots.get(), .protocols = version}),
        client(false, client_credential.handle()),
        server(true, server_credential.handle()) {
    Result result = shake(client, server);
    EXPECT_TRUE(result.good()) << why();
    EXPECT_EQ(client.decrypt_stream(result.client_rest).status, SEC_E_OK);
  }
  static const House& house() {
    static const House own;
    return own;
  }
  Credential server_credential, client_credential;
  End client, server;
};

// One behind the other; braces keep the order in which they are made.
Bytes join(std::initializer_list<Bytes> parts) {
  Bytes out;
  for (const Bytes& part : parts) out.insert(out.end(), part.begin(), part.end());
  return out;
}

class TlsRecords : public testing::TestWithParam<DWORD> {};
INSTANTIATE_TEST_SUITE_P(Tls, TlsRecords, testing::Values(DWORD{SP_PROT_TLS1_2}, DWORD{SP_PROT_TLS1_3}),
                         [](const auto& version) { return version.param == SP_PROT_TLS1_3 ? "TLS13" : "TLS12"; });

TEST_P(TlsRecords, CarryAnyLengthUpToTheLargest) {
  Connection c(GetParam());
  for (const std::size_t size : {1U, 2U, 15U, 16U, 17U, 1000U, 16383U, 16384U}) {
    const std::string text(size, 'a');
    const Bytes record = c.client.encrypt(text);
    EXPECT_EQ(c.server.decrypt(record).text, text) << size;
  }
  EXPECT_TRUE(c.client.encrypt("").empty()) << "no data, no record";
  Bytes memory(17000);
  SecBuffer buffers[] = {{13, SECBUFFER_STREAM_HEADER, memory.data()},
                         {16385, SECBUFFER_DATA, memory.data() + 13},
                         {100, SECBUFFER_STREAM_TRAILER, memory.data() + 16398}};
  SecBufferDesc message{SECBUFFER_VERSION, 3, buffers};
  EXPECT_EQ(EncryptMessage(c.client.handle(), 0, &message, 0), SEC_E_ENCRYPT_FAILURE);
  buffers[1].cbBuffer = 10;
  buffers[2].cbBuffer = 3;
  EXPECT_EQ(EncryptMessage(c.client.handle(), 0, &message, 0), SEC_E_BUFFER_TOO_SMALL);
  message.cBuffers = 2;
  EXPECT_EQ(EncryptMessage(c.client.handle(), 0, &message, 0), SEC_E_INVALID_TOKEN);
  EXPECT_EQ(c.server.decrypt(c.client.encrypt("still there")).text, "still there");
}

TEST_P(TlsRecords, AreMadeInBuffersThatLieApart) {
  Connection c(GetParam());
  const auto sizes = c.client.query<SecPkgContext_StreamSizes>(SECPKG_ATTR_STREAM_SIZES);
  Bytes header(sizes->cbHeader), trailer(sizes->cbTrailer);
  std::string data = "apart";
  SecBuffer buffers[] = {{sizes->cbHeader, SECBUFFER_STREAM_HEADER, header.data()},
                         {5, SECBUFFER_DATA, data.data()},
                         {sizes->cbTrailer, SECBUFFER_STREAM_TRAILER, trailer.data()}};
  SecBufferDesc message{SECBUFFER_VERSION, 3, buffers};
  ASSERT_EQ(EncryptMessage(c.client.handle(), 0, &message, 0), SEC_E_OK) << why();
  trailer.resize(buffers[2].cbBuffer);
  EXPECT_EQ(c.server.decrypt(join({header, Bytes(data.begin(), data.end()), trailer})).text, "apart");
}

TEST_P(TlsRecords, LeaveAnIncompleteOneUntouchedAndGiveTheRestBack) {
  Connection c(GetParam());
  const Bytes one = c.client.encrypt("one"), two = c.client.encrypt("two");
  for (std::size_t size = 1; size < one.size(); ++size) {
    Bytes part(one.begin(), one.begin() + static_cast<std::ptrdiff_t>(size));
    const auto plain = c.server.decrypt(part);
    EXPECT_EQ(plain.status, SEC_E_INCOMPLETE_MESSAGE);
    EXPECT_EQ(plain.missing, size < 5 ? 5 - size : one.size() - size);
  }
  const auto plain = c.server.decrypt(join({one, two}));
  EXPECT_EQ(plain.text, "one");
  EXPECT_EQ(plain.extra, two.size());
  EXPECT_EQ(c.server.decrypt(two).text, "two");
}

TEST_P(TlsRecords, NeedFourBuffersToBeDecrypted) {
  Connection c(GetParam());
  Bytes record = c.client.encrypt("x");
  SecBuffer buffers[] = {{static_cast<ULONG>(record.size()), SECBUFFER_DATA, record.data()},
                         {0, SECBUFFER_EMPTY, nullptr},
                         {0, SECBUFFER_EMPTY, nullptr},
                         {0, SECBUFFER_EMPTY, nullptr}};
  SecBufferDesc three{SECBUFFER_VERSION, 3, buffers}, four{SECBUFFER_VERSION, 4, buffers};
  EXPECT_EQ(DecryptMessage(c.server.handle(), &three, 0, nullptr), SEC_E_INVALID_TOKEN);
  buffers[1] = buffers[0];
  EXPECT_EQ(DecryptMessage(c.server.handle(), &four, 0, nullptr), SEC_E_INVALID_TOKEN);
  EXPECT_EQ(c.server.decrypt(record).text, "x");
}

TEST_P(TlsRecords, StreamAnyNumberOfThemInAnyPieces) {
  Connection c(GetParam());
  std::string text;
  for (int i = 0; i < 300000; ++i) text += static_cast<char>('a' + i % 26);
  const Bytes records = c.client.encrypt_stream(text);
  for (const std::size_t piece : {records.size(), std::size_t{1}, std::size_t{5000}, std::size_t{40000}}) {
    Connection fresh(GetParam());
    const Bytes all = fresh.client.encrypt_stream(text);
    std::string got;
    Bytes waiting;
    for (std::size_t at = 0; at < all.size(); at += piece) {
      waiting.insert(waiting.end(), all.begin() + static_cast<std::ptrdiff_t>(at),
                     all.begin() + static_cast<std::ptrdiff_t>(std::min(all.size(), at + piece)));
      if (piece == 1 && waiting.size() < 16000 && at + 1 < all.size()) continue;  // a few of the many
      const auto stream = fresh.server.decrypt_stream(waiting);
      ASSERT_EQ(stream.status, SEC_E_OK);
      got += stream.text;
      waiting.erase(waiting.begin(), waiting.begin() + static_cast<std::ptrdiff_t>(stream.consumed));
    }
    EXPECT_EQ(got, text) << piece;
    EXPECT_TRUE(waiting.empty());
  }
  // Streams and messages mix.
  EXPECT_EQ(c.server.decrypt_stream(records).text, text);
  EXPECT_EQ(c.server.decrypt(c.client.encrypt("one more")).text, "one more");
  EXPECT_EQ(c.client.decrypt_stream(c.server.encrypt_stream("back")).text, "back");
}

TEST_P(TlsRecords, StreamsStopBeforeAnAlteredRecordAndKeepWhatCameBefore) {
  Connection c(GetParam());
  Bytes records = join({c.client.encrypt_stream("good"), c.client.encrypt_stream("bad")});
  records.back() ^= 1;
  const auto stream = c.server.decrypt_stream(records);
  EXPECT_EQ(stream.status, SEC_E_MESSAGE_ALTERED) << why();
  EXPECT_EQ(stream.text, "good");
  EXPECT_EQ(c.server.decrypt_stream(c.client.encrypt_stream("later")).status, SEC_E_CONTEXT_EXPIRED)
      << "the connection is dead";
  std::size_t size = 0;
  EXPECT_EQ(OpenSspiEncryptStream(c.server.handle(), "x", 1, nullptr, &size), SEC_E_CONTEXT_EXPIRED);
  const Outcome alert = c.server.step({});
  EXPECT_EQ(alert.status, SEC_E_MESSAGE_ALTERED);
  EXPECT_FALSE(alert.token.empty()) << "the alert is still owed to the peer";
  EXPECT_LT(c.client.decrypt_stream(alert.token).status, 0);
}

TEST_P(TlsRecords, RefuseReplayedReorderedAndForeignOnes) {
  {
    Connection c(GetParam());
    const Bytes one = c.client.encrypt("one");
    EXPECT_EQ(c.server.decrypt(one).text, "one");
    EXPECT_EQ(c.server.decrypt(one).status, SEC_E_MESSAGE_ALTERED);
  }
  {
    Connection c(GetParam());
    const Bytes one = c.client.encrypt("one"), two = c.client.encrypt("two");
    EXPECT_EQ(c.server.decrypt(two).status, SEC_E_MESSAGE_ALTERED);
  }
  {
    Connection c(GetParam()), other(GetParam());
    EXPECT_EQ(c.server.decrypt(other.client.encrypt("x")).status, SEC_E_MESSAGE_ALTERED);
  }
  {
    Connection c(GetParam());
    EXPECT_EQ(c.client.decrypt(c.client.encrypt("reflected")).status, SEC_E_MESSAGE_ALTERED);
  }
}

TEST_P(TlsRecords, RefuseWhatIsNone) {
  const Bytes bad[] = {Bytes(64, 0xFA),
                       Bytes(64, 0x00),
                       {23, 3, 3, 0x60, 0},
                       {23, 2, 3, 0, 1, 0},
                       {'H', 'T', 'T', 'P', '/', '1', '.', '1'}};
  for (const Bytes& bytes : bad) {
    Connection c(GetParam());
    EXPECT_EQ(c.server.decrypt(bytes).status, SEC_E_INVALID_TOKEN);
    EXPECT_EQ(c.server.decrypt(c.client.encrypt("alive")).text, "alive") << "nothing was read of it";
    End fresh(true, c.server_credential.handle());
    EXPECT_EQ(fresh.step(bytes).status, SEC_E_INVALID_TOKEN);
  }
  Connection c(GetParam());
  EXPECT_LT(c.server.decrypt(Bytes{23, 3, 3, 0, 0}).status, 0) << "an empty record that nothing authenticates";
}

TEST_P(TlsRecords, PlainAlertsAndMessagesAreNotTakenForTheirs) {
  const Bytes warning{21, 3, 3, 0, 2, 1, 90}, fatal{21, 3, 3, 0, 2, 2, 40}, hello_request{22, 3, 3, 0, 4, 0, 0, 0, 0},
      change{20, 3, 3, 0, 1, 1};
  for (const Bytes& record : {warning, fatal, hello_request, change}) {
    Connection c(GetParam());
    EXPECT_LT(c.client.decrypt(record).status, 0) << static_cast<int>(record[0]);
  }
}

TEST_P(TlsRecords, EndWithoutCloseIsTheCallersToSeeAndCloseAtEachByteIsIncomplete) {
  Connection c(GetParam());
  const Bytes close = c.client.shut_down().token;
  for (std::size_t size = 0; size < close.size(); ++size) {
    const auto stream = c.server.decrypt_stream({close.begin(), close.begin() + static_cast<std::ptrdiff_t>(size)});
    EXPECT_EQ(stream.status, SEC_E_OK);
    EXPECT_EQ(stream.consumed, 0U);
  }
  EXPECT_EQ(c.server.decrypt_stream(join({close, Bytes(10, 1)})).status, SEC_I_CONTEXT_EXPIRED);
  EXPECT_EQ(c.server.decrypt_stream(Bytes(10, 1)).status, SEC_I_CONTEXT_EXPIRED) << "later bytes are ignored";
}

TEST_P(TlsRecords, HandshakesWithAFlippedBitNeverEndWell) {
  const House& own = Connection::house();
  Credential server_credential({.server = true, .certificates = {own.server.get()}, .protocols = GetParam()});
  Credential client_credential({.roots = own.roots.get(), .protocols = GetParam()});
  const auto flights = [&](int flight, std::size_t bit) {
    End client(false, client_credential.handle()), server(true, server_credential.handle());
    Bytes token = client.start().token;
    End* next = &server;
    for (int i = 0;; ++i) {
      if (i == flight) {
        if (bit / 8 >= token.size()) return -1;
        token[bit / 8] = static_cast<std::uint8_t>(token[bit / 8] ^ (1U << (bit % 8)));
      }
      const Outcome outcome = next->step(token);
      if (outcome.status < 0) return 0;
      if (client.done() && server.done()) return 1;
      if (outcome.token.empty()) return 0;
      token = outcome.token;
      next = next == &server ? &client : &server;
    }
  };
  for (int flight = 0; flight < 3; ++flight) {
    int done = 0;
    for (std::size_t bit = 0;; bit += 13) {
      const int result = flights(flight, bit);
      if (result < 0) break;
      done += result;
    }
    // The version of a record's head is legacy and not covered in a first flight (RFC 8446 5.1): a few bits may pass
    // there.
    EXPECT_LE(done, flight == 2 ? 4 : 2) << "flight " << flight;
  }
}

TEST_P(TlsRecords, HandshakesThatEndAtAnyByteStayUnfinished) {
  const House& own = Connection::house();
  Credential server_credential({.server = true, .certificates = {own.server.get()}, .protocols = GetParam()});
  Credential client_credential({.roots = own.roots.get(), .protocols = GetParam()});
  End client(false, client_credential.handle()), server(true, server_credential.handle());
  const Bytes flight = server.step(client.start().token).token;
  for (std::size_t size = 0; size < flight.size(); size += 29) {
    End other(false, client_credential.handle());
    other.start();
    EXPECT_NE(other.step({flight.begin(), flight.begin() + static_cast<std::ptrdiff_t>(size)}).status, SEC_E_OK);
  }
}

TEST(TlsKeyUpdate, IsAnsweredThroughTheContextOrWithTheNextStream) {
  const auto update = [](End& end) {
    DWORD type = SCHANNEL_RENEGOTIATE;
    SecBuffer buffer{sizeof type, SECBUFFER_TOKEN, &type};
    SecBufferDesc list{SECBUFFER_VERSION, 1, &buffer};
    EXPECT_EQ(ApplyControlToken(end.handle(), &list), SEC_E_OK) << why();
    return end.step({}).token;
  };
  Connection c(SP_PROT_TLS1_3);
  const Bytes request = update(c.server);
  ASSERT_FALSE(request.empty());
  const auto plain = c.client.decrypt(join({request, c.server.encrypt("behind")}));
  EXPECT_EQ(plain.status, SEC_I_RENEGOTIATE);
  EXPECT_GT(plain.extra, 0U);
  Bytes memory(200);
  SecBuffer buffers[] = {{5, SECBUFFER_STREAM_HEADER, memory.data()},
                         {1, SECBUFFER_DATA, memory.data() + 5},
                         {17, SECBUFFER_STREAM_TRAILER, memory.data() + 6}};
  SecBufferDesc message{SECBUFFER_VERSION, 3, buffers};
  EXPECT_EQ(EncryptMessage(c.client.handle(), 0, &message, 0), SEC_E_OUT_OF_SEQUENCE) << "the answer comes first";
  const Outcome answer = c.client.step({});
  EXPECT_EQ(answer.status, SEC_E_OK);
  EXPECT_EQ(c.server.decrypt_stream(join({answer.token, c.client.encrypt("new keys")})).text, "new keys");

  Connection streams(SP_PROT_TLS1_3);
  EXPECT_EQ(streams.client.decrypt_stream(join({update(streams.server), streams.server.encrypt("a")})).text, "a");
  const Bytes with_answer = streams.client.encrypt_stream("b");
  EXPECT_GT(with_answer.size(), 1U + 22 + 5);
  EXPECT_EQ(streams.server.decrypt_stream(with_answer).text, "b");
  EXPECT_EQ(streams.client.decrypt_stream(streams.server.encrypt("c")).text, "c");
}

TEST(TlsKeyUpdate, StormsEnd) {
  Connection c(SP_PROT_TLS1_3);
  SECURITY_STATUS status = SEC_E_OK;
  int updates = 0;
  for (; updates < 1000 && status == SEC_E_OK; ++updates) {
    DWORD type = SCHANNEL_RENEGOTIATE;
    SecBuffer buffer{sizeof type, SECBUFFER_TOKEN, &type};
    SecBufferDesc list{SECBUFFER_VERSION, 1, &buffer};
    ASSERT_EQ(ApplyControlToken(c.server.handle(), &list), SEC_E_OK);
    status = c.client.decrypt_stream(c.server.step({}).token).status;
  }
  EXPECT_EQ(status, SEC_E_ILLEGAL_MESSAGE);
  EXPECT_LT(updates, 100);
}

TEST(TlsControl, RefusesWhatItCannotDo) {
  Connection c(SP_PROT_TLS1_2);
  for (const DWORD type : {DWORD{SCHANNEL_RENEGOTIATE}, DWORD{SCHANNEL_ALERT}, DWORD{77}}) {
    DWORD token[3] = {type, 2, 40};
    SecBuffer buffer{sizeof token, SECBUFFER_TOKEN, token};
    SecBufferDesc list{SECBUFFER_VERSION, 1, &buffer};
    EXPECT_EQ(ApplyControlToken(c.client.handle(), &list), SEC_E_UNSUPPORTED_FUNCTION);
  }
  EXPECT_EQ(c.client.step({}).status, SEC_E_OUT_OF_SEQUENCE);
  EXPECT_EQ(c.server.decrypt(c.client.encrypt("fine")).text, "fine");
}

}  // namespace
