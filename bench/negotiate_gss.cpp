// MIT's SPNEGO. Without an argument over gss-ntlmssp, whose accounts NTLM_USER_FILE names: four tokens with both MICs;
// KEY_EXCH, extended session security, SIGN and SEAL. "kerberos SERVICE/HOST": over krb5, two tokens, with the tickets
// and the keytab of the environment.
#include <gssapi/gssapi.h>
#include <gssapi/gssapi_ext.h>
#include <gssapi/gssapi_krb5.h>

#include <cstring>

#include "bench_peer.hpp"

namespace {

using namespace bench;

gss_OID_desc ntlm_mechanism = {10, const_cast<char*>("\x2b\x06\x01\x04\x01\x82\x37\x02\x02\x0a")};
gss_OID_desc spnego_mechanism = {6, const_cast<char*>("\x2b\x06\x01\x05\x05\x02")};

class Spnego : public Subject {
 public:
  explicit Spnego(std::string kerberos_target);
  void handshake() override;
  void keep_pair() override { establish(); }
  void sign_pair(std::vector<std::uint8_t>& buffer) override;
  void seal_pair(std::vector<std::uint8_t>& buffer) override;

 private:
  struct Pair {
    gss_ctx_id_t client = GSS_C_NO_CONTEXT, server = GSS_C_NO_CONTEXT;
  };
  Pair establish();

  OM_uint32 request_;
  const int tokens_;
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

// An empty target: NTLM.
Spnego::Spnego(std::string kerberos_target)
    : request_(GSS_C_INTEG_FLAG | GSS_C_CONF_FLAG), tokens_(kerberos_target.empty() ? 4 : 2) {
  OM_uint32 minor = 0;
  gss_OID_set_desc mechanisms{1, &spnego_mechanism}, ntlm{1, &ntlm_mechanism};
  gss_OID_set inside = &ntlm;
  OM_uint32 major = GSS_S_COMPLETE;
  if (kerberos_target.empty()) {
    gss_name_t name = import_name(std::string(kDomain) + "\\" + kUser, GSS_C_NT_USER_NAME);
    gss_buffer_desc password{std::strlen(kPassword), const_cast<char*>(kPassword)};
    major = gss_acquire_cred_with_password(&minor, name, &password, GSS_C_INDEFINITE, &mechanisms, GSS_C_INITIATE,
                                           &client_, nullptr, nullptr);
    target_ = import_name("HTTP@localhost", GSS_C_NT_HOSTBASED_SERVICE);
  } else {
    request_ |= GSS_C_MUTUAL_FLAG | GSS_C_REPLAY_FLAG | GSS_C_SEQUENCE_FLAG;
    inside = const_cast<gss_OID_set>(gss_mech_set_krb5);
    major = gss_acquire_cred(&minor, GSS_C_NO_NAME, GSS_C_INDEFINITE, &mechanisms, GSS_C_INITIATE, &client_, nullptr,
                             nullptr);
    target_ = import_name(std::move(kerberos_target), GSS_KRB5_NT_PRINCIPAL_NAME);
  }
  expect(major == GSS_S_COMPLETE, "the client's credential", major);
  major =
      gss_acquire_cred(&minor, GSS_C_NO_NAME, GSS_C_INDEFINITE, &mechanisms, GSS_C_ACCEPT, &server_, nullptr, nullptr);
  expect(major == GSS_S_COMPLETE, "gss_acquire_cred", major);
  for (gss_cred_id_t credential : {client_, server_}) {
    major = gss_set_neg_mechs(&minor, credential, inside);
    expect(major == GSS_S_COMPLETE, "gss_set_neg_mechs", major);
  }
  pair_ = establish();
}

Spnego::Pair Spnego::establish() {
  Pair pair;
  OM_uint32 minor = 0, ignored = 0, client = GSS_S_CONTINUE_NEEDED, server = GSS_S_CONTINUE_NEEDED;
  gss_name_t peer = GSS_C_NO_NAME;
  gss_buffer_desc up = GSS_C_EMPTY_BUFFER, down = GSS_C_EMPTY_BUFFER;
  int tokens = 0;
  while (client == GSS_S_CONTINUE_NEEDED || server == GSS_S_CONTINUE_NEEDED) {
    client = gss_init_sec_context(&minor, client_, &pair.client, target_, &spnego_mechanism, request_, GSS_C_INDEFINITE,
                                  GSS_C_NO_CHANNEL_BINDINGS, &down, nullptr, &up, nullptr, nullptr);
    expect(!GSS_ERROR(client), "gss_init_sec_context", client);
    gss_release_buffer(&ignored, &down);
    if (up.length == 0) break;
    server = gss_accept_sec_context(&minor, &pair.server, server_, &up, GSS_C_NO_CHANNEL_BINDINGS, &peer, nullptr,
                                    &down, nullptr, nullptr, nullptr);
    expect(!GSS_ERROR(server), "gss_accept_sec_context", server);
    gss_release_buffer(&ignored, &up);
    gss_release_name(&ignored, &peer);
    tokens += 2;
  }
  gss_release_buffer(&ignored, &down);
  expect(client == GSS_S_COMPLETE && server == GSS_S_COMPLETE && tokens == tokens_, "gss log-on", tokens);
  return pair;
}

void Spnego::handshake() {
  Pair pair = establish();
  OM_uint32 minor = 0;
  gss_delete_sec_context(&minor, &pair.client, GSS_C_NO_BUFFER);
  gss_delete_sec_context(&minor, &pair.server, GSS_C_NO_BUFFER);
}

void Spnego::sign_pair(std::vector<std::uint8_t>& buffer) {
  gss_buffer_desc message{buffer.size(), buffer.data()}, mic = GSS_C_EMPTY_BUFFER;
  OM_uint32 minor = 0;
  OM_uint32 major = gss_get_mic(&minor, pair_.client, GSS_C_QOP_DEFAULT, &message, &mic);
  expect(major == GSS_S_COMPLETE, "gss_get_mic", major);
  major = gss_verify_mic(&minor, pair_.server, &message, &mic, nullptr);
  expect(major == GSS_S_COMPLETE, "gss_verify_mic", major);
  gss_release_buffer(&minor, &mic);
}

void Spnego::seal_pair(std::vector<std::uint8_t>& buffer) {
  gss_buffer_desc message{buffer.size(), buffer.data()}, wrapped = GSS_C_EMPTY_BUFFER, plain = GSS_C_EMPTY_BUFFER;
  OM_uint32 minor = 0;
  OM_uint32 major = gss_wrap(&minor, pair_.client, 1, GSS_C_QOP_DEFAULT, &message, nullptr, &wrapped);
  expect(major == GSS_S_COMPLETE, "gss_wrap", major);
  major = gss_unwrap(&minor, pair_.server, &wrapped, &plain, nullptr, nullptr);
  expect(major == GSS_S_COMPLETE && plain.length == buffer.size(), "gss_unwrap", major);
  gss_release_buffer(&minor, &wrapped);
  gss_release_buffer(&minor, &plain);
}

}  // namespace

int main(int count, char** arguments) {
  Spnego subject(count > 2 ? arguments[2] : "");
  return serve(subject);
}
