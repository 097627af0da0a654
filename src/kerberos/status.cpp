#include "kerberos/status.hpp"

#include <gssapi/gssapi_krb5.h>

#include <cerrno>
#include <memory>

#include "kerberos/gss.hpp"

namespace opensspi::kerberos {
namespace {

struct Meaning {
  krb5_error_code code;
  Status status;
  const char* advice;
};

constexpr const char* kLogon = "check the user's name and password";
constexpr const char* kAccount = "the account is locked, disabled or expired: ask who runs the realm";
constexpr const char* kNoKdc =
    "no KDC answers: check the network and [realms] in krb5.conf, or that DNS knows the realm's KDCs";
constexpr const char* kClock =
    "the clocks of the two hosts, or of one and the KDC, differ by more than 5 minutes: set them";
constexpr const char* kSpn = "no such service is registered: check the service's name, and that the KDC has it";
constexpr const char* kEnctype =
    "no encryption type suits both sides; RC4 is off unless chosen (OPENSSPI_KRB_ALLOW_RC4): give the account AES keys";
constexpr const char* kRenew = "the ticket is past its end: get a new one with kinit";
constexpr const char* kTicket = "there is no ticket: get one with kinit, or give user, domain and password";
constexpr const char* kKeytab = "the keytab has no key for this service: export one with ktadd, or name another keytab";
constexpr const char* kOldKey = "the keytab has no key of this version: the service's key was changed; export it again";
constexpr const char* kForged =
    "it was changed on its way, or is under another key than this service's: compare the keytab's key "
    "with the KDC's";

// Codes in groups of one advice.
constexpr Meaning kMeanings[] = {
    {KRB5KDC_ERR_PREAUTH_FAILED, Status::logon_denied, kLogon},
    {KRB5KDC_ERR_C_PRINCIPAL_UNKNOWN, Status::logon_denied, kLogon},
    {KRB5_PREAUTH_FAILED, Status::logon_denied, kLogon},
    {KRB5_GET_IN_TKT_LOOP, Status::logon_denied, kLogon},
    {KRB5KDC_ERR_CLIENT_REVOKED, Status::logon_denied, kAccount},
    {KRB5KDC_ERR_NAME_EXP, Status::logon_denied, kAccount},
    {KRB5KDC_ERR_KEY_EXP, Status::logon_denied, "the password has expired: change it with kpasswd"},
    {KRB5KDC_ERR_NULL_KEY, Status::logon_denied, kAccount},
    {KRB5KDC_ERR_POLICY, Status::kdc_invalid_request, "the KDC's policy forbids it"},
    {KRB5KDC_ERR_BADOPTION, Status::kdc_invalid_request, "the KDC does not grant what was asked for"},
    {KRB5KDC_ERR_S_PRINCIPAL_UNKNOWN, Status::target_unknown, kSpn},
    {KRB5KDC_ERR_SERVICE_EXP, Status::target_unknown, "the service's entry at the KDC has expired"},
    {KRB5KDC_ERR_PRINCIPAL_NOT_UNIQUE, Status::too_many_principals, "the KDC has the service's name twice: remove one"},
    {KRB5_PARSE_MALFORMED, Status::target_unknown, "it is not the name of a principal"},
    {KRB5KDC_ERR_ETYPE_NOSUPP, Status::kdc_unknown_etype, kEnctype},
    {KRB5_PROG_ETYPE_NOSUPP, Status::crypto_system_invalid, kEnctype},
    {KRB5_NOPERM_ETYPE, Status::crypto_system_invalid, kEnctype},
    {KRB5_BAD_ENCTYPE, Status::crypto_system_invalid, kEnctype},
    {KRB5KDC_ERR_PADATA_TYPE_NOSUPP, Status::unsupported_preauth,
     "the KDC wants a pre-authentication that is unknown here"},
    {KRB5_KDC_UNREACH, Status::no_authenticating_authority, kNoKdc},
    {KRB5_REALM_UNKNOWN, Status::no_authenticating_authority, kNoKdc},
    {KRB5_REALM_CANT_RESOLVE, Status::no_authenticating_authority, kNoKdc},
    {KRB5KDC_ERR_SVC_UNAVAILABLE, Status::no_authenticating_authority, kNoKdc},
    {KRB5KRB_AP_ERR_SKEW, Status::time_skew, kClock},
    {KRB5_KDCREP_SKEW, Status::time_skew, kClock},
    {KRB5KRB_AP_ERR_TKT_NYV, Status::time_skew, kClock},
    {KRB5KDC_ERR_NEVER_VALID, Status::time_skew, kClock},
    {KRB5KRB_AP_ERR_TKT_EXPIRED, Status::context_expired, kRenew},
    {KRB5_CC_NOTFOUND, Status::no_credentials, kTicket},
    {KRB5_FCC_NOFILE, Status::no_credentials, kTicket},
    {KRB5_CC_NOMEM, Status::insufficient_memory, "memory ran out"},
    {KRB5_FCC_PERM, Status::no_credentials, "the credential cache may not be read by this process"},
    {KRB5_CC_FORMAT, Status::no_credentials, "the credential cache is damaged: remove it and run kinit"},
    {KRB5_CC_BADNAME, Status::no_credentials, "it is not the name of a credential cache, like FILE:/tmp/krb5cc_1000"},
    {KRB5_CC_UNKNOWN_TYPE, Status::no_credentials,
     "it is not the name of a credential cache, like FILE:/tmp/krb5cc_1000"},
    {KRB5_NO_TKT_SUPPLIED, Status::no_credentials, kTicket},
    {KRB5_CONFIG_NODEFREALM, Status::no_credentials,
     "krb5.conf names no default_realm: set it, or give the realm with the name"},
    {KRB5_CONFIG_CANTOPEN, Status::no_credentials, "krb5.conf cannot be read"},
    {KRB5_CONFIG_BADFORMAT, Status::no_credentials, "krb5.conf has an error"},
    {KRB5_KT_NOTFOUND, Status::no_credentials, kKeytab},
    {KRB5_KT_KVNONOTFOUND, Status::no_kerb_key, kOldKey},
    {KRB5_KT_BADNAME, Status::no_credentials, "it is not the name of a keytab, like FILE:/etc/krb5.keytab"},
    {KRB5_KT_UNKNOWN_TYPE, Status::no_credentials, "it is not the name of a keytab, like FILE:/etc/krb5.keytab"},
    {KRB5KRB_AP_ERR_NOKEY, Status::no_kerb_key, kKeytab},
    {KRB5KRB_AP_ERR_BADKEYVER, Status::no_kerb_key, kOldKey},
    {KRB5KRB_AP_ERR_NOT_US, Status::wrong_principal, kKeytab},
    {KRB5KRB_AP_WRONG_PRINC, Status::wrong_principal, "the ticket is for another service than this one"},
    {KRB5KRB_AP_ERR_BADMATCH, Status::wrong_principal, "the ticket is another user's than who sent it"},
    {KRB5KRB_AP_ERR_MODIFIED, Status::message_altered, kForged},
    {KRB5KRB_AP_ERR_BAD_INTEGRITY, Status::message_altered, kForged},
    {KRB5KRB_AP_ERR_INAPP_CKSUM, Status::message_altered, kForged},
    {KRB5KRB_AP_ERR_MUT_FAIL, Status::mutual_auth_failed, "the service did not prove that it has the ticket's key"},
    {KRB5_MUTUAL_FAILED, Status::mutual_auth_failed, "the service did not prove that it has the ticket's key"},
    {KRB5KRB_AP_ERR_REPEAT, Status::out_of_sequence, "this very request was received before: it is a replay"},
    {KRB5KRB_AP_ERR_MSG_TYPE, Status::invalid_token, "it is another message than the one that is due"},
    {KRB5KRB_AP_ERR_BADVERSION, Status::invalid_token, "it is of another version of Kerberos than 5"},
    {KRB5_BADMSGTYPE, Status::invalid_token, "it is another message than the one that is due"},
    {ASN1_BAD_ID, Status::invalid_token, "it is not a message of Kerberos"},
    {ASN1_BAD_FORMAT, Status::invalid_token, "it is not a message of Kerberos"},
    {ASN1_BAD_LENGTH, Status::invalid_token, "it is not a message of Kerberos"},
    {ASN1_OVERRUN, Status::invalid_token, "it is cut off"},
    {ASN1_PARSE_ERROR, Status::invalid_token, "it is not a message of Kerberos"},
    {ASN1_MISSING_FIELD, Status::invalid_token, "it is not a message of Kerberos"},
    {ASN1_MISPLACED_FIELD, Status::invalid_token, "it is not a message of Kerberos"},
    {KRB5KRB_ERR_RESPONSE_TOO_BIG, Status::no_authenticating_authority,
     "the KDC's answer needs TCP, which does not get through"},
    {ENOMEM, Status::insufficient_memory, "memory ran out"},
    {ENOENT, Status::no_credentials, "a file is missing: the keytab of a service, the credential cache of a client"},
    {EACCES, Status::no_credentials,
     "this process may not read the keytab or credential cache: see whose it is, and its mode"},
};

const Meaning* meaning_of(krb5_error_code code) {
  for (const Meaning& meaning : kMeanings) {
    if (meaning.code == code) return &meaning;
  }
  return nullptr;
}

struct MajorMeaning {
  OM_uint32 major;
  Status status;
};

constexpr MajorMeaning kMajors[] = {
    {GSS_S_BAD_MECH, Status::secpkg_not_found},
    {GSS_S_BAD_NAME, Status::target_unknown},
    {GSS_S_BAD_NAMETYPE, Status::target_unknown},
    {GSS_S_BAD_BINDINGS, Status::bad_bindings},
    {GSS_S_BAD_SIG, Status::message_altered},
    {GSS_S_NO_CRED, Status::no_credentials},
    {GSS_S_NO_CONTEXT, Status::no_context},
    {GSS_S_DEFECTIVE_TOKEN, Status::invalid_token},
    {GSS_S_DEFECTIVE_CREDENTIAL, Status::unknown_credentials},
    {GSS_S_CREDENTIALS_EXPIRED, Status::context_expired},
    {GSS_S_CONTEXT_EXPIRED, Status::context_expired},
    {GSS_S_BAD_QOP, Status::qop_not_supported},
    {GSS_S_UNAUTHORIZED, Status::logon_denied},
    {GSS_S_UNAVAILABLE, Status::unsupported_function},
    {GSS_S_DUPLICATE_TOKEN, Status::out_of_sequence},
    {GSS_S_OLD_TOKEN, Status::out_of_sequence},
};

Status status_of_major(OM_uint32 major) {
  for (const MajorMeaning& meaning : kMajors) {
    if (major == meaning.major) return meaning.status;
  }
  return Status::internal_error;
}

std::string words_of(OM_uint32 code, int type) {
  GssBuffer text;
  OM_uint32 minor = 0, more = 0;
  if (GSS_ERROR(gss_display_status(&minor, code, type, gss_mech_krb5, &more, text.out()))) return {};
  return text.text();
}

std::string sentence(const std::string& about, const std::string& words, const char* advice) {
  std::string text = about;
  const auto add = [&](const std::string& part, const char* separator) {
    if (!part.empty()) text += (text.empty() ? "" : separator) + part;
  };
  add(words, ": ");
  if (advice != nullptr) add(advice, "; ");
  return text;
}

}  // namespace

Status status_of(krb5_error_code code) {
  const Meaning* const meaning = meaning_of(code);
  return meaning == nullptr ? Status::internal_error : meaning->status;
}

Error krb5_error(krb5_context context, krb5_error_code code, const char* doing, const std::string& about) {
  const Meaning* const meaning = meaning_of(code);
  std::string words = "error " + std::to_string(code);
  if (context != nullptr) {
    const auto free_text = [context](const char* text) { krb5_free_error_message(context, text); };
    const std::unique_ptr<const char, decltype(free_text)> text(krb5_get_error_message(context, code), free_text);
    words = text.get();
  }
  return {status_of(code), doing, sentence(about, words, meaning == nullptr ? nullptr : meaning->advice), {}};
}

Error gss_error(OM_uint32 major, OM_uint32 minor, const char* doing, const std::string& about) {
  const OM_uint32 routine = GSS_ROUTINE_ERROR(major);
  // The minor tells more, but where the major is precise by itself.
  const bool precise = routine == GSS_S_BAD_BINDINGS || routine == GSS_S_BAD_SIG || routine == GSS_S_BAD_MECH;
  const Meaning* const meaning = precise ? nullptr : meaning_of(static_cast<krb5_error_code>(minor));
  const Status status = meaning != nullptr ? meaning->status : status_of_major(routine);
  std::string words = minor == 0 ? words_of(major, GSS_C_GSS_CODE) : words_of(minor, GSS_C_MECH_CODE);
  return {status, doing, sentence(about, words, meaning == nullptr ? nullptr : meaning->advice), {}};
}

}  // namespace opensspi::kerberos
