// MIT's GSSAPI: one of
//   ntlm                               gss-ntlmssp
//   negotiate ntlm                     SPNEGO over gss-ntlmssp: four tokens with both MICs
//   kerberos SERVICE/HOST              krb5, with the tickets and the keytab of the environment
//   negotiate kerberos SERVICE/HOST    SPNEGO over krb5: two tokens
// NTLM has KEY_EXCH, extended session security, SIGN and SEAL; NTLM_USER_FILE names its accounts. Kerberos' service
// decides the encryption type; its messages are in the layout of EncryptMessage (gss_wrap_iov).
#include <gssapi/gssapi.h>
#include <gssapi/gssapi_ext.h>
#include <gssapi/gssapi_krb5.h>

#include <array>
#include <cstring>

#include "bench_peer.hpp"

namespace {

using namespace bench;

gss_OID_desc ntlm_mechanism = {10, const_cast<char*>("\x2b\x06\x01\x04\x01\x82\x37\x02\x02\x0a")};
gss_OID_desc spnego_mechanism = {6, const_cast<char*>("\x2b\x06\x01\x05\x05\x02")};

struct Kind {
  bool spnego = false;
  std::string service;  // of Kerberos; empty: NTLM

  bool kerberos() const { return !service.empty(); }
  gss_OID inside() const { return kerberos() ? const_cast<gss_OID>(gss_mech_krb5) : &ntlm_mechanism; }
  gss_OID outside() const { return spnego ? &spnego_mechanism : inside(); }
  int tokens() const { return kerberos() ? 2 : spnego ? 4 : 3; }
  OM_uint32 request() const {
    constexpr OM_uint32 kProtected = GSS_C_INTEG_FLAG | GSS_C_CONF_FLAG;
    return kerberos() ? kProtected | GSS_C_MUTUAL_FLAG | GSS_C_REPLAY_FLAG | GSS_C_SEQUENCE_FLAG : kProtected;
  }
};

class Gss : public Subject {
 public:
  explicit Gss(Kind kind);
  void handshake() override;
  void keep_pair() override { establish(); }
  void sign_pair(std::vector<std::uint8_t>& buffer) override;
  void seal_pair(std::vector<std::uint8_t>& buffer) override {
    kind_.kerberos() ? seal_in_place(buffer) : seal_as_a_token(buffer);
  }

 private:
  struct Pair {
    gss_ctx_id_t client = GSS_C_NO_CONTEXT, server = GSS_C_NO_CONTEXT;
  };
  void acquire();
  Pair establish();
  void seal_as_a_token(std::vector<std::uint8_t>& buffer);
  void seal_in_place(std::vector<std::uint8_t>& buffer);

  const Kind kind_;
  gss_cred_id_t client_ = GSS_C_NO_CREDENTIAL, server_ = GSS_C_NO_CREDENTIAL;
  gss_name_t target_ = GSS_C_NO_NAME;
  Pair pair_;
};

gss_name_t import_name(std::string text, gss_OID type) {
  gss_buffer_desc buffer{text.size(), text.data()};
  gss_name_t name = GSS_C_NO_NAME;
  OM_uint32 minor = 0;
  const OM_uint32 major = gss_import_name(&minor, &buffer, type, &name);
  expect(major == GSS_S_COMPLETE, "gss_import_name", major);
  return name;
}

Gss::Gss(Kind kind) : kind_(std::move(kind)) {
  acquire();
  target_ = kind_.kerberos() ? import_name(kind_.service, const_cast<gss_OID>(GSS_KRB5_NT_PRINCIPAL_NAME))
                             : import_name("HTTP@localhost", GSS_C_NT_HOSTBASED_SERVICE);
  pair_ = establish();
}

void Gss::acquire() {
  OM_uint32 minor = 0, major = GSS_S_COMPLETE;
  gss_OID_set_desc mechanisms{1, kind_.outside()}, inside{1, kind_.inside()};
  if (kind_.kerberos()) {
    major = gss_acquire_cred(&minor, GSS_C_NO_NAME, GSS_C_INDEFINITE, &mechanisms, GSS_C_INITIATE, &client_, nullptr,
                             nullptr);
  } else {
    gss_name_t name = import_name(std::string(kDomain) + "\\" + kUser, GSS_C_NT_USER_NAME);
    gss_buffer_desc password{std::strlen(kPassword), const_cast<char*>(kPassword)};
    major = gss_acquire_cred_with_password(&minor, name, &password, GSS_C_INDEFINITE, &mechanisms, GSS_C_INITIATE,
                                           &client_, nullptr, nullptr);
  }
  expect(major == GSS_S_COMPLETE, "the client's credential", major);
  major =
      gss_acquire_cred(&minor, GSS_C_NO_NAME, GSS_C_INDEFINITE, &mechanisms, GSS_C_ACCEPT, &server_, nullptr, nullptr);
  expect(major == GSS_S_COMPLETE, "the server's credential", major);
  if (!kind_.spnego) return;
  for (gss_cred_id_t credential : {client_, server_}) {
    major = gss_set_neg_mechs(&minor, credential, &inside);
    expect(major == GSS_S_COMPLETE, "gss_set_neg_mechs", major);
  }
}

Gss::Pair Gss::establish() {
  Pair pair;
  OM_uint32 minor = 0, ignored = 0, client = GSS_S_CONTINUE_NEEDED, server = GSS_S_CONTINUE_NEEDED;
  gss_name_t peer = GSS_C_NO_NAME;
  gss_buffer_desc up = GSS_C_EMPTY_BUFFER, down = GSS_C_EMPTY_BUFFER;
  int tokens = 0;
  while (client == GSS_S_CONTINUE_NEEDED || server == GSS_S_CONTINUE_NEEDED) {
    client = gss_init_sec_context(&minor, client_, &pair.client, target_, kind_.outside(), kind_.request(),
                                  GSS_C_INDEFINITE, GSS_C_NO_CHANNEL_BINDINGS, &down, nullptr, &up, nullptr, nullptr);
    expect(!GSS_ERROR(client), "gss_init_sec_context", client);
    gss_release_buffer(&ignored, &down);
    if (up.length == 0) break;
    server = gss_accept_sec_context(&minor, &pair.server, server_, &up, GSS_C_NO_CHANNEL_BINDINGS, &peer, nullptr,
                                    &down, nullptr, nullptr, nullptr);
    expect(!GSS_ERROR(server), "gss_accept_sec_context", server);
    gss_release_buffer(&ignored, &up);
    gss_release_name(&ignored, &peer);
    tokens += down.length == 0 ? 1 : 2;
  }
  gss_release_buffer(&ignored, &down);
  expect(client == GSS_S_COMPLETE && server == GSS_S_COMPLETE && tokens == kind_.tokens(), "the log-on", tokens);
  return pair;
}

void Gss::handshake() {
  Pair pair = establish();
  OM_uint32 minor = 0;
  gss_delete_sec_context(&minor, &pair.client, GSS_C_NO_BUFFER);
  gss_delete_sec_context(&minor, &pair.server, GSS_C_NO_BUFFER);
}

void Gss::sign_pair(std::vector<std::uint8_t>& buffer) {
  gss_buffer_desc message{buffer.size(), buffer.data()}, mic = GSS_C_EMPTY_BUFFER;
  OM_uint32 minor = 0;
  OM_uint32 major = gss_get_mic(&minor, pair_.client, GSS_C_QOP_DEFAULT, &message, &mic);
  expect(major == GSS_S_COMPLETE, "gss_get_mic", major);
  major = gss_verify_mic(&minor, pair_.server, &message, &mic, nullptr);
  expect(major == GSS_S_COMPLETE, "gss_verify_mic", major);
  gss_release_buffer(&minor, &mic);
}

void Gss::seal_as_a_token(std::vector<std::uint8_t>& buffer) {
  gss_buffer_desc message{buffer.size(), buffer.data()}, wrapped = GSS_C_EMPTY_BUFFER, plain = GSS_C_EMPTY_BUFFER;
  OM_uint32 minor = 0;
  OM_uint32 major = gss_wrap(&minor, pair_.client, 1, GSS_C_QOP_DEFAULT, &message, nullptr, &wrapped);
  expect(major == GSS_S_COMPLETE, "gss_wrap", major);
  major = gss_unwrap(&minor, pair_.server, &wrapped, &plain, nullptr, nullptr);
  expect(major == GSS_S_COMPLETE && plain.length == buffer.size(), "gss_unwrap", major);
  gss_release_buffer(&minor, &wrapped);
  gss_release_buffer(&minor, &plain);
}

void Gss::seal_in_place(std::vector<std::uint8_t>& buffer) {
  std::array<std::uint8_t, 128> token;
  gss_iov_buffer_desc iov[3] = {};
  iov[0].type = GSS_IOV_BUFFER_TYPE_HEADER;
  iov[1].type = GSS_IOV_BUFFER_TYPE_DATA;
  iov[1].buffer = {buffer.size(), buffer.data()};
  iov[2].type = GSS_IOV_BUFFER_TYPE_PADDING;
  OM_uint32 minor = 0;
  int state = 0;
  OM_uint32 major = gss_wrap_iov_length(&minor, pair_.client, 1, GSS_C_QOP_DEFAULT, &state, iov, 3);
  expect(major == GSS_S_COMPLETE && iov[0].buffer.length <= token.size(), "gss_wrap_iov_length", major);
  iov[0].buffer.value = token.data();
  major = gss_wrap_iov(&minor, pair_.client, 1, GSS_C_QOP_DEFAULT, &state, iov, 3);
  expect(major == GSS_S_COMPLETE, "gss_wrap_iov", major);
  major = gss_unwrap_iov(&minor, pair_.server, &state, nullptr, iov, 3);
  expect(major == GSS_S_COMPLETE, "gss_unwrap_iov", major);
}

// What `arguments` say; those of the head of this file only.
Kind kind_of(std::vector<std::string> arguments) {
  Kind kind;
  if (!arguments.empty() && arguments.front() == "negotiate") {
    kind.spnego = true;
    arguments.erase(arguments.begin());
  }
  if (arguments == std::vector<std::string>{"ntlm"}) return kind;
  if (arguments.size() != 2 || arguments.front() != "kerberos" || arguments.back().empty()) {
    die("usage: gss [negotiate] ntlm | kerberos SERVICE/HOST", 0);
  }
  kind.service = arguments.back();
  return kind;
}

}  // namespace

int main(int count, char** arguments) {
  Gss subject(kind_of({arguments + 1, arguments + count}));
  return serve(subject);
}
