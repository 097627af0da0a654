// A second SPNEGO, client and server, with the second NTLM inside: written from RFC 4178 and MS-SPNG with a DER of its
// own, without a line of src/. It can be told to commit faults, one by one.
#pragma once

#include <optional>
#include <vector>

#include "peer/ntlm_peer.hpp"

namespace peer {

// Contents of OBJECT IDENTIFIERs.
extern const Blob kSpnegoOid, kNtlmOid, kKerberosOid, kMsKerberosOid, kNegoExOid;

enum NegState : std::uint8_t { kCompleted, kIncomplete, kReject, kRequestMic };

// ---- DER.

Blob der(std::uint8_t tag, std::initializer_list<View> parts);
struct Element {
  std::uint8_t tag = 0;
  View whole, content;
};
// The elements of a list; nothing where one of them is no DER.
std::optional<std::vector<Element>> elements(View list);

// ---- Tokens.

// How a token's fields are laid out.
struct Layout {
  bool reversed = false;               // the last field first
  bool last_twice = false;             // a field two times
  bool long_lengths = false;           // one byte more than the length needs
  bool indefinite = false;             // 80 in place of the outer length
  bool trailing = false;               // a byte behind the end
  bool short_by_one = false;           // the last byte is missing
  bool req_flags = false;              // reqFlags in a NegTokenInit
  std::optional<Blob> outer_oid = {};  // in place of SPNEGO's
  std::optional<Blob> more = {};       // an element behind the last field
};

Blob type_list(const std::vector<Blob>& oids);
Blob write_init(View type_list_der, const std::optional<Blob>& token, const std::optional<Blob>& mic,
                const Layout& layout);
Blob write_hint(View type_list_der);

struct Resp {
  std::optional<std::uint8_t> state;
  std::optional<Blob> mechanism, token, mic;
};
Blob write_resp(const Resp& resp, const Layout& layout);

struct Init {
  std::vector<Blob> types;
  Blob types_der;
  std::optional<Blob> token, mic;
  bool has_hints = false;
};
std::optional<Init> read_init(View token);
std::optional<Resp> read_resp(View token);

// ---- The MIC that an end sends.

enum class Mic {
  good,
  none,
  wrong,     // one bit of it
  zero,      // 16 zero bytes
  empty,     // of no bytes
  reversed,  // made with the other end's key: the other end's own MIC would look so
  of_token,  // a copy of the mechanism's token: Windows 2000
};

// ---- The client.

struct SpnegoClientFaults {
  Mic mic = Mic::good;
  bool early_mic = false;                       // in the NegTokenInit
  std::optional<std::vector<Blob>> meant_list;  // the MIC is of this list: the one sent was changed on its way
  bool raw_authenticate = false;                // from SPNEGO to NTLM as it is in the middle
  bool init_again = false;                      // a second NegTokenInit in place of a NegTokenResp
  bool no_token = false;                        // a NegTokenResp without responseToken
  bool empty_token = false;
  bool token_of_own = false;          // the NEGOTIATE_MESSAGE again in place of the AUTHENTICATE_MESSAGE
  std::optional<std::uint8_t> state;  // of its NegTokenResp
  Layout init, resp;
};

struct SpnegoClientOptions {
  std::vector<Blob> list = {kNtlmOid};
  bool optimistic = true;  // NTLM's first token in the NegTokenInit, where NTLM is first; else some other bytes
  bool says_state = true;  // negState in its NegTokenResp
  ClientOptions ntlm;
  SpnegoClientFaults faults;
};

class SpnegoClient {
 public:
  explicit SpnegoClient(SpnegoClientOptions options) : options_(std::move(options)), ntlm_(options_.ntlm) {}

  Blob init();
  // A reply that is not the last one, and the answer to it.
  Blob answer(View reply);
  // The last reply: completion, and the server's MIC where one was sent or is due.
  bool finish(View reply);
  Session& session() { return *session_; }

 private:
  Blob authenticate(const Resp& reply);
  std::optional<Blob> mic(View token);

  SpnegoClientOptions options_;
  Client ntlm_;
  Blob types_der_, negotiate_;
  bool sent_mic_ = false;
  std::optional<Session> session_;
};

// ---- The server.

struct SpnegoServerFaults {
  std::optional<std::uint8_t> first_state, last_state;  // in place of what is due
  std::optional<Blob> mechanism;                        // in the first reply
  std::optional<Blob> later_mechanism;                  // in the last one
  Mic mic = Mic::good;
  bool early_mic = false;      // with the challenge
  bool no_challenge = false;   // the first reply has no token
  bool reflects = false;       // the client's own token in place of the challenge
  bool raw_challenge = false;  // from SPNEGO to NTLM as it is in the middle
  bool init_in_reply = false;  // a NegTokenInit in place of the first reply
  bool token_at_end = false;   // a responseToken beside accept-completed
  Layout first, last;
};

struct SpnegoServerOptions {
  std::vector<Blob> hint = {kNtlmOid};
  bool says_mechanism = true;  // supportedMech in the first reply
  bool says_state = true;      // negState in the first reply
  bool always_mic = false;     // also where the client sent none
  ServerOptions ntlm;
  SpnegoServerFaults faults;
};

class SpnegoServer {
 public:
  explicit SpnegoServer(SpnegoServerOptions options) : options_(std::move(options)), ntlm_(options_.ntlm) {}

  Blob hint() const { return write_hint(type_list(options_.hint)); }
  // The reply to a NegTokenInit; and, where that had no NTLM token in front, to the NEGOTIATE_MESSAGE that follows.
  Blob first(View init);
  Blob challenge(View resp);
  // The reply to the client's AUTHENTICATE_MESSAGE.
  Blob last(View resp);

  const Server::Verdict& verdict() const { return verdict_; }
  bool client_mic_ok() const { return client_mic_ok_; }
  bool client_mic_there() const { return client_mic_there_; }
  Session& session() { return *session_; }

 private:
  Blob reply_with_challenge(View negotiate);
  std::optional<Blob> mic(View token);

  SpnegoServerOptions options_;
  Server ntlm_;
  Blob types_der_;
  bool first_reply_ = true, client_mic_there_ = false, client_mic_ok_ = false;
  Server::Verdict verdict_;
  std::optional<Session> session_;
};

}  // namespace peer
