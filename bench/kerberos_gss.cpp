// MIT's GSSAPI, with the tickets and the keytab of the environment: gss_wrap_iov in the layout of EncryptMessage,
// gss_get_mic. Argument: the service's name, which decides the encryption type.
#include <gssapi/gssapi.h>
#include <gssapi/gssapi_ext.h>
#include <gssapi/gssapi_krb5.h>

#include <array>

#include "bench_peer.hpp"

namespace {

using namespace bench;

class Gss : public Subject {
 public:
  explicit Gss(std::string target);
  void handshake() override;
  void keep_pair() override { establish(); }
  void sign_pair(std::vector<std::uint8_t>& buffer) override;
  void seal_pair(std::vector<std::uint8_t>& buffer) override;

 private:
  struct Pair {
    gss_ctx_id_t client = GSS_C_NO_CONTEXT, server = GSS_C_NO_CONTEXT;
  };
  Pair establish();

  gss_cred_id_t client_ = GSS_C_NO_CREDENTIAL, server_ = GSS_C_NO_CREDENTIAL;
  gss_name_t target_ = GSS_C_NO_NAME;
  Pair pair_;
};

Gss::Gss(std::string target) {
  OM_uint32 minor = 0;
  gss_buffer_desc text{target.size(), target.data()};
  OM_uint32 major = gss_import_name(&minor, &text, GSS_KRB5_NT_PRINCIPAL_NAME, &target_);
  expect(major == GSS_S_COMPLETE, "gss_import_name", major);
  for (const auto& [use, credential] : {std::pair{GSS_C_INITIATE, &client_}, {GSS_C_ACCEPT, &server_}}) {
    major =
        gss_acquire_cred(&minor, GSS_C_NO_NAME, GSS_C_INDEFINITE, gss_mech_set_krb5, use, credential, nullptr, nullptr);
    expect(major == GSS_S_COMPLETE, "gss_acquire_cred", major);
  }
  pair_ = establish();
}

Gss::Pair Gss::establish() {
  Pair pair;
  gss_buffer_desc up = GSS_C_EMPTY_BUFFER, down = GSS_C_EMPTY_BUFFER;
  OM_uint32 minor = 0, ignored = 0;
  gss_name_t peer = GSS_C_NO_NAME;
  constexpr OM_uint32 kRequest =
      GSS_C_INTEG_FLAG | GSS_C_CONF_FLAG | GSS_C_MUTUAL_FLAG | GSS_C_REPLAY_FLAG | GSS_C_SEQUENCE_FLAG;
  const auto initiate = [&] {
    return gss_init_sec_context(&minor, client_, &pair.client, target_, gss_mech_krb5, kRequest, GSS_C_INDEFINITE,
                                GSS_C_NO_CHANNEL_BINDINGS, &down, nullptr, &up, nullptr, nullptr);
  };
  OM_uint32 major = initiate();
  expect(major == GSS_S_CONTINUE_NEEDED, "AP-REQ", major);
  major = gss_accept_sec_context(&minor, &pair.server, server_, &up, GSS_C_NO_CHANNEL_BINDINGS, &peer, nullptr, &down,
                                 nullptr, nullptr, nullptr);
  expect(major == GSS_S_COMPLETE, "AP-REP", major);
  gss_release_buffer(&ignored, &up);
  major = initiate();
  expect(major == GSS_S_COMPLETE, "the log-on", major);
  gss_release_buffer(&ignored, &down);
  gss_release_name(&ignored, &peer);
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

void Gss::seal_pair(std::vector<std::uint8_t>& buffer) {
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

}  // namespace

int main(int count, char** arguments) {
  if (count != 2) die("usage: kerberos_gss SERVICE/HOST", 0);
  Gss subject(arguments[1]);
  return serve(subject);
}
