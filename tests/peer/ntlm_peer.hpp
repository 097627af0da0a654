// A second NTLM, client and server, that plays the peer of ours in tests: written from the specification on nettle's
// primitives, without a line of src/. It can be told to commit faults, one by one.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace peer {

using Blob = std::vector<std::uint8_t>;
using View = std::span<const std::uint8_t>;

// NegotiateFlags, MS-NLMP 2.2.2.5.
inline constexpr std::uint32_t kUnicode = 0x1, kOem = 0x2, kRequestTarget = 0x4, kSign = 0x10, kSeal = 0x20,
                               kDatagram = 0x40, kLmKey = 0x80, kNtlm = 0x200, kAnonymous = 0x800, kAlwaysSign = 0x8000,
                               kTargetTypeServer = 0x20000, kEss = 0x80000, kIdentify = 0x100000,
                               kNonNtSessionKey = 0x400000, kTargetInfo = 0x800000, kVersion = 0x2000000,
                               k128 = 0x20000000, kKeyExch = 0x40000000, k56 = 0x80000000;
inline constexpr std::uint32_t kPlain = kUnicode | kRequestTarget | kNtlm | kAlwaysSign | kEss | kVersion;
inline constexpr std::uint32_t kFull = kPlain | kSign | kSeal | k128 | kKeyExch | k56;

enum Av : std::uint16_t {
  kEol,
  kNbComputer,
  kNbDomain,
  kDnsComputer,
  kDnsDomain,
  kDnsTree,
  kAvFlags,
  kTimestamp,
  kSingleHost,
  kTargetName,
  kBindings
};
struct Pair {
  std::uint16_t id;
  Blob value;
};

Blob text(const std::string& ascii);  // UTF-16LE
Blob concat(std::initializer_list<View> parts);
Blob u32(std::uint32_t value);
Blob u64(std::uint64_t value);
std::uint32_t get32(View message, std::size_t at);
void put32(Blob& message, std::size_t at, std::uint32_t value);
Blob field(View message, std::size_t at);  // the content that a field's descriptor tells
std::vector<Pair> pairs_of(View list);
Blob list_of(const std::vector<Pair>& pairs, bool with_end = true);
Blob* find(std::vector<Pair>& pairs, std::uint16_t id);
void drop(std::vector<Pair>& pairs, std::uint16_t id);

Blob nt_hash(const std::string& password);
Blob lm_hash(const std::string& password);
Blob md5(View data);
Blob hmac_md5(View key, View data);
Blob rc4(View key, View data);

// Protects messages for one end. MS-NLMP 3.4.
class Session {
 public:
  Session(Blob exported_key, std::uint32_t flags, bool is_client);

  struct Message {
    Blob token, data;
  };
  Message seal(View data, std::uint32_t datagram_number = 0);
  Blob sign(View data, std::uint32_t datagram_number = 0);
  std::optional<Blob> unseal(const Message& message, std::uint32_t datagram_number = 0);
  bool verify(View token, View data, std::uint32_t datagram_number = 0);
  // SPNEGO's mechListMIC, MS-SPNG 3.2.5.1 and 3.3.5.1: it takes a number, and RC4 goes on as if it had not been.
  Blob sign_mech_list(View list);
  bool verify_mech_list(View token, View list);

 private:
  struct Rc4 {
    std::uint8_t s[256];
    std::uint8_t i = 0, j = 0;
  };
  struct Way {
    Blob sign_key, seal_key;
    Rc4 rc4;
    std::uint32_t number = 0;
  };
  static Rc4 schedule(View key);
  static Blob run(Rc4& stream, View data);
  Way make_way(const Blob& key, bool from_client) const;
  Message protect(Way& way, View data, bool sealing, std::uint32_t datagram_number);
  std::optional<Blob> open(Way& way, const Message& message, bool sealing, std::uint32_t datagram_number);
  Blob token(Way& way, Rc4& stream, View plain, std::uint32_t number) const;

  std::uint32_t flags_;
  Way own_, other_;
  bool shared_;  // without extended session security both ways share one stream and one number
};

// ---- The client.

struct ClientFaults {
  bool drop_mic = false;          // MsvAvFlags promises it, and the message has no place for it
  bool zero_mic = false;          // 16 zero bytes
  bool wrong_mic = false;         // one bit of it
  bool mic_without_flag = false;  // sent although MsvAvFlags does not say so
  bool flags_pair_twice = false;  // a first MsvAvFlags of 0, CVE-2019-1166
  bool drop_timestamp = false;    // out of the response's pairs
  bool rename_server = false;     // MsvAvNbComputerName is another
  bool no_pairs = false;          // only MsvAvEOL
  bool no_end = false;            // no MsvAvEOL
  bool wrong_proof = false;
  bool lmv2_only = false;  // CVE-2019-1338
  bool ntlm_v1 = false;    // unasked
  bool lm_only = false;
  bool zero_bindings = false;
  bool no_bindings = false;
  bool anonymous_with_name = false;  // ANONYMOUS and empty responses beside a name
  bool key_for_flag_alone = false;   // KEY_EXCH without SIGN or SEAL means a key, as Samba and gss-ntlmssp have it
  std::optional<std::size_t> encrypted_key_bytes;
  std::uint32_t set_flags = 0, clear_flags = 0;  // of the AUTHENTICATE_MESSAGE
  std::int64_t time_offset_ticks = 0;
  std::vector<Pair> more_pairs;
};

struct ClientOptions {
  std::string user = "alice", domain = "EXAMPLE", password = "Passw0rd!", workstation = "PEER";
  std::uint32_t flags = kFull;
  std::size_t negotiate_bytes = 40;
  bool sends_mic = true;  // where the server gives the time
  bool anonymous = false;
  bool ntlm_v1 = false;  // honest NTLMv1, where the policy allows it
  bool lm_v1_response = false;
  std::string target;
  Blob bindings = Blob(16, 0);
  std::uint64_t now = 130'475'779'380'041'523;
  ClientFaults faults;
};

class Client {
 public:
  explicit Client(ClientOptions options) : options_(std::move(options)) {}
  Blob negotiate();
  Blob authenticate(View challenge);
  Session session() const { return {exported_key_, flags_, true}; }
  const Blob& exported_key() const { return exported_key_; }
  std::uint32_t flags() const { return flags_; }

 private:
  struct Responses {
    Blob nt, lm, key_exchange_key;
  };
  Responses respond_v1(View challenge) const;
  Responses respond_v2(View challenge);
  Blob temp(View challenge);
  Blob lay_out(const Responses& responses, const Blob& encrypted_key) const;

  ClientOptions options_;
  Blob negotiate_, exported_key_;
  std::uint32_t flags_ = 0;
  bool with_mic_ = false;
};

// ---- The server.

struct ServerFaults {
  std::uint32_t set_flags = 0, clear_flags = 0;  // of the CHALLENGE_MESSAGE
  bool no_timestamp = false;
  bool no_names = false;
  bool no_target_info = false;
  std::optional<std::uint32_t> av_flags;  // MsvAvFlags of its own
  bool flags_pair_twice = false;
  bool pair_outside = false;  // an AvLen beyond the list
  bool info_outside = false;  // a TargetInfo beyond the message
  std::vector<Pair> more_pairs;
};

struct ServerOptions {
  std::string user = "alice", domain = "EXAMPLE", password = "Passw0rd!";
  std::string name = "PEER";
  Blob server_challenge = {1, 2, 3, 4, 5, 6, 7, 8};
  std::uint64_t now = 130'475'779'380'041'523;
  ServerFaults faults;
};

class Server {
 public:
  explicit Server(ServerOptions options) : options_(std::move(options)) {}
  // An empty negotiate: without a connection, the server begins.
  Blob challenge(View negotiate);

  struct Verdict {
    bool proof_ok = false, mic_there = false, mic_ok = false, v2 = false, anonymous = false;
    std::uint32_t flags = 0;
    Blob user, domain, workstation, lm_response, bindings, target, exported_key;
    std::vector<Pair> pairs;
  };
  Verdict accept(View authenticate) const;
  Session session(const Verdict& verdict) const { return {verdict.exported_key, verdict.flags, false}; }

 private:
  Blob target_info() const;
  void verify_v1(Verdict& verdict, View nt, Blob& base_key) const;
  void verify_v2(Verdict& verdict, View nt, Blob& base_key) const;

  ServerOptions options_;
  Blob negotiate_, challenge_;
};

}  // namespace peer
