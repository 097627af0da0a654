// MIT's GSSAPI: gss-ntlmssp's NTLM (--package NTLM), its own Kerberos, or its SPNEGO (Negotiate) over what --mechanisms
// names. NTLM_USER_FILE names a server's accounts of NTLM, and the client's own where there is no --user; Kerberos has
// its tickets and keys from the environment.
#include <gssapi/gssapi.h>
#include <gssapi/gssapi_ext.h>
#include <gssapi/gssapi_krb5.h>
#include <gssapi/gssapi_ntlmssp.h>

#include "line_peer.hpp"

namespace {

using namespace interop;

gss_OID_desc ntlm_mechanism = {10, const_cast<char*>("\x2b\x06\x01\x04\x01\x82\x37\x02\x02\x0a")};
gss_OID_desc krb5_mechanism = {9, const_cast<char*>("\x2a\x86\x48\x86\xf7\x12\x01\x02\x02")};
// What Windows means by Kerberos.
gss_OID_desc ms_krb5_mechanism = {9, const_cast<char*>("\x2a\x86\x48\x82\xf7\x12\x01\x02\x02")};
gss_OID_desc spnego_mechanism = {6, const_cast<char*>("\x2b\x06\x01\x05\x05\x02")};
// 1.2.840.113554.1.2.2.5.5, GSS_C_INQ_SSPI_SESSION_KEY
gss_OID_desc session_key_oid = {11, const_cast<char*>("\x2a\x86\x48\x86\xf7\x12\x01\x02\x02\x05\x05")};
// A query by which a SPNEGO layer tells the mechanism that a MIC in AUTHENTICATE_MESSAGE is welcome.
gss_OID_desc require_mic_oid = {GSS_SPNEGO_REQUIRE_MIC_OID_LENGTH,
                                const_cast<char*>(GSS_SPNEGO_REQUIRE_MIC_OID_STRING)};
gss_OID_desc negotiate_flags_oid = {GSS_NTLMSSP_NEG_FLAGS_OID_LENGTH,
                                    const_cast<char*>(GSS_NTLMSSP_NEG_FLAGS_OID_STRING)};
constexpr std::size_t kNtlmSignatureSize = 16;

gss_OID_desc mechanism_of(const std::string& name) {
  if (name == "krb5") return krb5_mechanism;
  if (name == "ms-krb5") return ms_krb5_mechanism;
  return ntlm_mechanism;
}

gss_buffer_desc as_buffer(const Blob& bytes) { return {bytes.size(), const_cast<std::uint8_t*>(bytes.data())}; }

Blob take(gss_buffer_desc& buffer) {
  const auto* data = static_cast<const std::uint8_t*>(buffer.value);
  Blob bytes(data, data + buffer.length);
  OM_uint32 minor = 0;
  gss_release_buffer(&minor, &buffer);
  return bytes;
}

class GssPeer : public LinePeer {
 public:
  explicit GssPeer(Options options) : options_(std::move(options)) {}

  OM_uint32 acquire();

  Answer step(const Blob& token) override;
  Answer sign(const Blob& data) override;
  Answer verify(const Blob& signature, const Blob& data) override;
  Answer seal(const Blob& data) override;
  Answer unseal(const Blob& signature, const Blob& cipher) override;
  Answer wrap(const Blob& data) override;
  Answer query(const std::string& what) override;
  Answer reset() override {
    OM_uint32 minor = 0;
    gss_delete_sec_context(&minor, &context_, GSS_C_NO_BUFFER);
    return ok();
  }

 private:
  OM_uint32 initiate(gss_buffer_t input, gss_buffer_t output);
  OM_uint32 accept(gss_buffer_t input, gss_buffer_t output);
  gss_name_t import_name(const std::string& text, gss_OID type);
  bool spnego() const { return options_.package == "Negotiate"; }
  gss_OID mechanism() const {
    if (spnego()) return &spnego_mechanism;
    return options_.package == "Kerberos" ? &krb5_mechanism : &ntlm_mechanism;
  }
  std::vector<gss_OID_desc> inside() const;
  OM_uint32 acquire_as_client(gss_OID_set mechanisms);
  OM_uint32 negotiate_inside_only();
  Answer seal_of_kerberos(const Blob& data);
  Answer unseal_of_kerberos(Blob header, Blob data);
  Answer session_key();
  Answer names(const std::string& what);
  Answer display(gss_name_t name);
  Answer failed(OM_uint32 major) const { return fail(major, "minor " + std::to_string(minor_)); }

  Options options_;
  gss_cred_id_t credential_ = GSS_C_NO_CREDENTIAL;
  gss_ctx_id_t context_ = GSS_C_NO_CONTEXT;
  gss_name_t peer_name_ = GSS_C_NO_NAME;
  gss_cred_id_t delegated_ = GSS_C_NO_CREDENTIAL;
  bool kerberos_ = false;  // what was chosen
  OM_uint32 minor_ = 0;
  OM_uint32 flags_ = 0;
};

gss_name_t GssPeer::import_name(const std::string& text, gss_OID type) {
  gss_buffer_desc buffer{text.size(), const_cast<char*>(text.data())};
  gss_name_t name = GSS_C_NO_NAME;
  return gss_import_name(&minor_, &buffer, type, &name) == GSS_S_COMPLETE ? name : GSS_C_NO_NAME;
}

std::vector<gss_OID_desc> GssPeer::inside() const {
  std::vector<gss_OID_desc> mechanisms;
  std::istringstream in(options_.mechanisms);
  for (std::string name; std::getline(in, name, ',');) mechanisms.push_back(mechanism_of(name));
  return mechanisms;
}

OM_uint32 GssPeer::negotiate_inside_only() {
  std::vector<gss_OID_desc> mechanisms = inside();
  gss_OID_set_desc set{mechanisms.size(), mechanisms.data()};
  return spnego() ? gss_set_neg_mechs(&minor_, credential_, &set) : GSS_S_COMPLETE;
}

OM_uint32 GssPeer::acquire() {
  std::vector<gss_OID_desc> all{*mechanism()};
  if (options_.server && spnego()) {
    // A server of Negotiate must take NTLM as it is too: that is how Windows sends it where there is no choice.
    all = inside();
    all.push_back(spnego_mechanism);
  }
  gss_OID_set_desc mechanisms{all.size(), all.data()};
  const OM_uint32 major = options_.server ? gss_acquire_cred(&minor_, GSS_C_NO_NAME, GSS_C_INDEFINITE, &mechanisms,
                                                             GSS_C_ACCEPT, &credential_, nullptr, nullptr)
                                          : acquire_as_client(&mechanisms);
  if (major != GSS_S_COMPLETE) return major;
  if (options_.server || options_.flags == 0) return negotiate_inside_only();
  gss_buffer_desc flags{sizeof options_.flags, &options_.flags};
  return gss_set_cred_option(&minor_, &credential_, &negotiate_flags_oid, &flags);
}

OM_uint32 GssPeer::acquire_as_client(gss_OID_set mechanisms) {
  if (options_.user.empty()) {
    return gss_acquire_cred(&minor_, GSS_C_NO_NAME, GSS_C_INDEFINITE, mechanisms, GSS_C_INITIATE, &credential_, nullptr,
                            nullptr);
  }
  gss_name_t name = import_name(options_.domain + "\\" + options_.user, GSS_C_NT_USER_NAME);
  gss_buffer_desc password{options_.password.size(), options_.password.data()};
  return gss_acquire_cred_with_password(&minor_, name, &password, GSS_C_INDEFINITE, mechanisms, GSS_C_INITIATE,
                                        &credential_, nullptr, nullptr);
}

OM_uint32 GssPeer::initiate(gss_buffer_t input, gss_buffer_t output) {
  OM_uint32 request = 0;
  if (options_.wants("sign")) request |= GSS_C_INTEG_FLAG;
  if (options_.wants("seal")) request |= GSS_C_CONF_FLAG | GSS_C_INTEG_FLAG;
  if (options_.wants("mutual")) request |= GSS_C_MUTUAL_FLAG | GSS_C_REPLAY_FLAG | GSS_C_SEQUENCE_FLAG;
  if (options_.wants("delegate")) request |= GSS_C_DELEG_FLAG;
  if (options_.wants("dce")) request |= GSS_C_DCE_STYLE | GSS_C_MUTUAL_FLAG;
  const std::string service = options_.target.empty() ? "HTTP@localhost" : options_.target;
  const bool principal = service.find('/') != std::string::npos;
  gss_name_t target = import_name(service, principal ? GSS_KRB5_NT_PRINCIPAL_NAME : GSS_C_NT_HOSTBASED_SERVICE);
  gss_channel_bindings_struct bindings{};
  bindings.application_data = {options_.bindings.size(), options_.bindings.data()};
  const OM_uint32 major = gss_init_sec_context(
      &minor_, credential_, &context_, target, mechanism(), request, GSS_C_INDEFINITE,
      options_.bindings.empty() ? GSS_C_NO_CHANNEL_BINDINGS : &bindings, input, nullptr, output, &flags_, nullptr);
  OM_uint32 ignored = 0;
  gss_release_name(&ignored, &target);
  if (major == GSS_S_CONTINUE_NEEDED && options_.wants("mic")) {
    gss_buffer_set_t set = GSS_C_NO_BUFFER_SET;
    gss_inquire_sec_context_by_oid(&ignored, context_, &require_mic_oid, &set);
    gss_release_buffer_set(&ignored, &set);
  }
  return major;
}

OM_uint32 GssPeer::accept(gss_buffer_t input, gss_buffer_t output) {
  gss_channel_bindings_struct bindings{};
  bindings.application_data = {options_.bindings.size(), options_.bindings.data()};
  return gss_accept_sec_context(&minor_, &context_, credential_, input,
                                options_.bindings.empty() ? GSS_C_NO_CHANNEL_BINDINGS : &bindings, &peer_name_, nullptr,
                                output, &flags_, nullptr, &delegated_);
}

Answer GssPeer::step(const Blob& token) {
  gss_buffer_desc input = as_buffer(token), output = GSS_C_EMPTY_BUFFER;
  const OM_uint32 major = options_.server ? accept(&input, &output) : initiate(&input, &output);
  const Blob reply = take(output);
  if (GSS_ERROR(major)) return failed(major);
  gss_OID chosen = GSS_C_NO_OID;
  OM_uint32 ignored = 0;
  if (major == GSS_S_COMPLETE) {
    gss_inquire_context(&ignored, context_, nullptr, nullptr, nullptr, &chosen, nullptr, nullptr, nullptr);
    kerberos_ = chosen != GSS_C_NO_OID && gss_oid_equal(chosen, gss_mech_krb5) != 0;
  }
  return {major == GSS_S_COMPLETE ? "done" : "more", {to_hex(reply)}};
}

Answer GssPeer::sign(const Blob& data) {
  gss_buffer_desc message = as_buffer(data), mic = GSS_C_EMPTY_BUFFER;
  const OM_uint32 major = gss_get_mic(&minor_, context_, GSS_C_QOP_DEFAULT, &message, &mic);
  return major == GSS_S_COMPLETE ? ok({to_hex(take(mic))}) : failed(major);
}

Answer GssPeer::verify(const Blob& signature, const Blob& data) {
  gss_buffer_desc message = as_buffer(data), mic = as_buffer(signature);
  const OM_uint32 major = gss_verify_mic(&minor_, context_, &message, &mic, nullptr);
  return major == GSS_S_COMPLETE ? ok() : failed(major);
}

// The layout of Windows: gss_wrap_iov without a trailer.
Answer GssPeer::seal_of_kerberos(const Blob& data) {
  Blob cipher = data;
  gss_iov_buffer_desc iov[3] = {};
  iov[0].type = GSS_IOV_BUFFER_TYPE_HEADER | GSS_IOV_BUFFER_FLAG_ALLOCATE;
  iov[1].type = GSS_IOV_BUFFER_TYPE_DATA;
  iov[1].buffer = as_buffer(cipher);
  iov[2].type = GSS_IOV_BUFFER_TYPE_PADDING;
  const OM_uint32 major = gss_wrap_iov(&minor_, context_, 1, GSS_C_QOP_DEFAULT, nullptr, iov, 3);
  if (major != GSS_S_COMPLETE) return failed(major);
  const auto* header = static_cast<const std::uint8_t*>(iov[0].buffer.value);
  const std::string signature = to_hex({header, iov[0].buffer.length});
  OM_uint32 ignored = 0;
  gss_release_iov_buffer(&ignored, iov, 3);
  return ok({signature, to_hex(cipher)});
}

Answer GssPeer::wrap(const Blob& data) {
  gss_buffer_desc message = as_buffer(data), wrapped = GSS_C_EMPTY_BUFFER;
  const OM_uint32 major = gss_wrap(&minor_, context_, 1, GSS_C_QOP_DEFAULT, &message, nullptr, &wrapped);
  return major == GSS_S_COMPLETE ? ok({to_hex(take(wrapped))}) : failed(major);
}

// NTLM: gss_wrap gives the 16 bytes of signature, then the ciphertext.
Answer GssPeer::seal(const Blob& data) {
  if (kerberos_) return seal_of_kerberos(data);
  gss_buffer_desc message = as_buffer(data), wrapped = GSS_C_EMPTY_BUFFER;
  int encrypted = 0;
  const OM_uint32 major = gss_wrap(&minor_, context_, 1, GSS_C_QOP_DEFAULT, &message, &encrypted, &wrapped);
  if (major != GSS_S_COMPLETE) return failed(major);
  const Blob bytes = take(wrapped);
  if (bytes.size() < kNtlmSignatureSize) return fail(GSS_S_FAILURE, "gss_wrap gave less than a signature");
  const std::span<const std::uint8_t> all(bytes);
  return ok({to_hex(all.first(kNtlmSignatureSize)), to_hex(all.subspan(kNtlmSignatureSize))});
}

// gss_unwrap cannot take apart what is in DCE style.
Answer GssPeer::unseal_of_kerberos(Blob header, Blob data) {
  gss_iov_buffer_desc iov[3] = {};
  iov[0].type = GSS_IOV_BUFFER_TYPE_HEADER;
  iov[0].buffer = as_buffer(header);
  iov[1].type = GSS_IOV_BUFFER_TYPE_DATA;
  iov[1].buffer = as_buffer(data);
  iov[2].type = GSS_IOV_BUFFER_TYPE_PADDING;
  const OM_uint32 major = gss_unwrap_iov(&minor_, context_, nullptr, nullptr, iov, 3);
  return major == GSS_S_COMPLETE ? ok({to_hex(data)}) : failed(major);
}

Answer GssPeer::unseal(const Blob& signature, const Blob& cipher) {
  if (kerberos_ && !signature.empty()) return unseal_of_kerberos(signature, cipher);
  Blob both = signature;
  both.insert(both.end(), cipher.begin(), cipher.end());
  gss_buffer_desc wrapped = as_buffer(both), message = GSS_C_EMPTY_BUFFER;
  const OM_uint32 major = gss_unwrap(&minor_, context_, &wrapped, &message, nullptr, nullptr);
  return major == GSS_S_COMPLETE ? ok({to_hex(take(message))}) : failed(major);
}

Answer GssPeer::session_key() {
  gss_buffer_set_t set = GSS_C_NO_BUFFER_SET;
  const OM_uint32 major = gss_inquire_sec_context_by_oid(&minor_, context_, &session_key_oid, &set);
  if (major != GSS_S_COMPLETE || set == nullptr || set->count == 0) return failed(major);
  const auto* data = static_cast<const std::uint8_t*>(set->elements[0].value);
  const std::string hex = to_hex({data, set->elements[0].length});
  OM_uint32 ignored = 0;
  gss_release_buffer_set(&ignored, &set);
  return ok({hex});
}

Answer GssPeer::display(gss_name_t name) {
  gss_buffer_desc text = GSS_C_EMPTY_BUFFER;
  const OM_uint32 major = gss_display_name(&minor_, name, &text, nullptr);
  if (major != GSS_S_COMPLETE) return failed(major);
  const Blob bytes = take(text);
  return ok({std::string(bytes.begin(), bytes.end())});
}

// What GSSAPI itself says of the established context.
Answer GssPeer::names(const std::string& what) {
  gss_name_t client = GSS_C_NO_NAME, server = GSS_C_NO_NAME;
  const OM_uint32 major =
      gss_inquire_context(&minor_, context_, &client, &server, nullptr, nullptr, nullptr, nullptr, nullptr);
  if (major != GSS_S_COMPLETE) return failed(major);
  const Answer answer = display(what == "server" ? server : client);
  OM_uint32 ignored = 0;
  gss_release_name(&ignored, &client);
  gss_release_name(&ignored, &server);
  return answer;
}

Answer GssPeer::query(const std::string& what) {
  if (what == "flags") {
    char digits[9];
    std::snprintf(digits, sizeof digits, "%08X", flags_);
    return ok({digits});
  }
  if (what == "key") return session_key();
  if (what == "user") return options_.server ? display(peer_name_) : names(what);
  if (what == "server") return names(what);
  if (what == "package") return ok({kerberos_ ? "Kerberos" : "NTLM"});
  if (what == "delegated") {
    if (delegated_ == GSS_C_NO_CREDENTIAL) return fail(GSS_S_NO_CRED, "nothing was delegated");
    gss_name_t name = GSS_C_NO_NAME;
    const OM_uint32 major = gss_inquire_cred(&minor_, delegated_, &name, nullptr, nullptr, nullptr);
    return major == GSS_S_COMPLETE ? display(name) : failed(major);
  }
  return fail(GSS_S_FAILURE, "no such request: " + what);
}

}  // namespace

int main(int argc, char** argv) {
  GssPeer peer(parse_options({argv, static_cast<std::size_t>(argc)}));
  if (const OM_uint32 major = peer.acquire(); major != GSS_S_COMPLETE) {
    std::cout << "fail " << fail(major).values[0] << " GSSAPI gives no credential" << std::endl;
    return 1;
  }
  std::cout << "ready" << std::endl;
  serve(peer);
  return 0;
}
