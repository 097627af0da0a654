/* The statuses of SSPI: number, name and words, once.
 *
 * The numbers are winerror.h's. On Windows they come from the system's header; here from this one. The words are
 * those that a user of Windows knows. OPENSSPI_STATUS_TABLE(X) expands
 * X(name, name in C++, hexadecimal number, words) for each.
 */
#ifndef OPENSSPI_SEC_STATUS_H
#define OPENSSPI_SEC_STATUS_H

#include <stdint.h>

/* clang-format off */
#define OPENSSPI_STATUS_TABLE(X) \
  X(SEC_E_OK, ok, 0x00000000, "The operation completed successfully") \
  X(SEC_E_INSUFFICIENT_MEMORY, insufficient_memory, 0x80090300, "Not enough memory is available to complete this request") \
  X(SEC_E_INVALID_HANDLE, invalid_handle, 0x80090301, "The handle specified is invalid") \
  X(SEC_E_UNSUPPORTED_FUNCTION, unsupported_function, 0x80090302, "The function requested is not supported") \
  X(SEC_E_TARGET_UNKNOWN, target_unknown, 0x80090303, "The specified target is unknown or unreachable") \
  X(SEC_E_INTERNAL_ERROR, internal_error, 0x80090304, "The Local Security Authority cannot be contacted") \
  X(SEC_E_SECPKG_NOT_FOUND, secpkg_not_found, 0x80090305, "The requested security package does not exist") \
  X(SEC_E_NOT_OWNER, not_owner, 0x80090306, "The caller is not the owner of the desired credentials") \
  X(SEC_E_CANNOT_INSTALL, cannot_install, 0x80090307, "The security package failed to initialize, and cannot be installed") \
  X(SEC_E_INVALID_TOKEN, invalid_token, 0x80090308, "The token supplied to the function is invalid") \
  X(SEC_E_CANNOT_PACK, cannot_pack, 0x80090309, "The security package is not able to marshal the logon buffer, so the logon attempt has failed") \
  X(SEC_E_QOP_NOT_SUPPORTED, qop_not_supported, 0x8009030A, "The per-message Quality of Protection is not supported by the security package") \
  X(SEC_E_NO_IMPERSONATION, no_impersonation, 0x8009030B, "The security context does not allow impersonation of the client") \
  X(SEC_E_LOGON_DENIED, logon_denied, 0x8009030C, "The logon attempt failed") \
  X(SEC_E_UNKNOWN_CREDENTIALS, unknown_credentials, 0x8009030D, "The credentials supplied to the package were not recognized") \
  X(SEC_E_NO_CREDENTIALS, no_credentials, 0x8009030E, "No credentials are available in the security package") \
  X(SEC_E_MESSAGE_ALTERED, message_altered, 0x8009030F, "The message or signature supplied for verification has been altered") \
  X(SEC_E_OUT_OF_SEQUENCE, out_of_sequence, 0x80090310, "The message supplied for verification is out of sequence") \
  X(SEC_E_NO_AUTHENTICATING_AUTHORITY, no_authenticating_authority, 0x80090311, "No authority could be contacted for authentication.") \
  X(SEC_I_CONTINUE_NEEDED, continue_needed, 0x00090312, "The function completed successfully, but must be called again to complete the context") \
  X(SEC_I_COMPLETE_NEEDED, complete_needed, 0x00090313, "The function completed successfully, but CompleteToken must be called") \
  X(SEC_I_COMPLETE_AND_CONTINUE, complete_and_continue, 0x00090314, "The function completed successfully, but both CompleteToken and this function must be called to complete the context") \
  X(SEC_I_LOCAL_LOGON, local_logon, 0x00090315, "The logon was completed, but no network authority was available. The logon was made using locally known information") \
  X(SEC_I_GENERIC_EXTENSION_RECEIVED, generic_extension_received, 0x00090316, "The received extension has been returned to the caller") \
  X(SEC_E_BAD_PKGID, bad_pkgid, 0x80090316, "The requested security package does not exist") \
  X(SEC_I_CONTEXT_EXPIRED, info_context_expired, 0x00090317, "The context has expired and can no longer be used.") \
  X(SEC_E_CONTEXT_EXPIRED, context_expired, 0x80090317, "The context has expired and can no longer be used.") \
  X(SEC_E_INCOMPLETE_MESSAGE, incomplete_message, 0x80090318, "The supplied message is incomplete. The signature was not verified.") \
  X(SEC_I_INCOMPLETE_CREDENTIALS, info_incomplete_credentials, 0x00090320, "The credentials supplied were not complete, and could not be verified. Additional information can be returned from the context.") \
  X(SEC_E_INCOMPLETE_CREDENTIALS, incomplete_credentials, 0x80090320, "The credentials supplied were not complete, and could not be verified. The context could not be initialized.") \
  X(SEC_I_RENEGOTIATE, renegotiate, 0x00090321, "The context data must be renegotiated with the peer.") \
  X(SEC_E_BUFFER_TOO_SMALL, buffer_too_small, 0x80090321, "The buffers supplied to a function was too small.") \
  X(SEC_E_WRONG_PRINCIPAL, wrong_principal, 0x80090322, "The target principal name is incorrect.") \
  X(SEC_I_NO_LSA_CONTEXT, no_lsa_context, 0x00090323, "There is no LSA mode context associated with this context.") \
  X(SEC_E_TIME_SKEW, time_skew, 0x80090324, "The clocks on the client and server machines are skewed.") \
  X(SEC_E_UNTRUSTED_ROOT, untrusted_root, 0x80090325, "The certificate chain was issued by an authority that is not trusted.") \
  X(SEC_E_ILLEGAL_MESSAGE, illegal_message, 0x80090326, "The message received was unexpected or badly formatted.") \
  X(SEC_E_CERT_UNKNOWN, cert_unknown, 0x80090327, "An unknown error occurred while processing the certificate.") \
  X(SEC_E_CERT_EXPIRED, cert_expired, 0x80090328, "The received certificate has expired.") \
  X(SEC_E_ENCRYPT_FAILURE, encrypt_failure, 0x80090329, "The specified data could not be encrypted.") \
  X(SEC_E_DECRYPT_FAILURE, decrypt_failure, 0x80090330, "The specified data could not be decrypted.") \
  X(SEC_E_ALGORITHM_MISMATCH, algorithm_mismatch, 0x80090331, "The client and server cannot communicate, because they do not possess a common algorithm.") \
  X(SEC_E_SECURITY_QOS_FAILED, security_qos_failed, 0x80090332, "The security context could not be established due to a failure in the requested quality of service (e.g. mutual authentication or delegation).") \
  X(SEC_E_UNFINISHED_CONTEXT_DELETED, unfinished_context_deleted, 0x80090333, "A security context was deleted before the context was completed. This is considered a logon failure.") \
  X(SEC_E_NO_TGT_REPLY, no_tgt_reply, 0x80090334, "The client is trying to negotiate a context and the server requires user-to-user but didn't send a TGT reply.") \
  X(SEC_E_NO_IP_ADDRESSES, no_ip_addresses, 0x80090335, "Unable to accomplish the requested task because the local machine does not have any IP addresses.") \
  X(SEC_E_WRONG_CREDENTIAL_HANDLE, wrong_credential_handle, 0x80090336, "The supplied credential handle does not match the credential associated with the security context.") \
  X(SEC_E_CRYPTO_SYSTEM_INVALID, crypto_system_invalid, 0x80090337, "The crypto system or checksum function is invalid because a required function is unavailable.") \
  X(SEC_E_MAX_REFERRALS_EXCEEDED, max_referrals_exceeded, 0x80090338, "The number of maximum ticket referrals has been exceeded.") \
  X(SEC_E_MUST_BE_KDC, must_be_kdc, 0x80090339, "The local machine must be a Kerberos KDC (domain controller) and it is not.") \
  X(SEC_E_STRONG_CRYPTO_NOT_SUPPORTED, strong_crypto_not_supported, 0x8009033A, "The other end of the security negotiation is requires strong crypto but it is not supported on the local machine.") \
  X(SEC_E_TOO_MANY_PRINCIPALS, too_many_principals, 0x8009033B, "The KDC reply contained more than one principal name.") \
  X(SEC_E_NO_PA_DATA, no_pa_data, 0x8009033C, "Expected to find PA data for a hint of what etype to use, but it was not found.") \
  X(SEC_E_PKINIT_NAME_MISMATCH, pkinit_name_mismatch, 0x8009033D, "The client certificate does not contain a valid UPN, or does not match the client name in the logon request. Please contact your administrator.") \
  X(SEC_E_SMARTCARD_LOGON_REQUIRED, smartcard_logon_required, 0x8009033E, "Smartcard logon is required and was not used.") \
  X(SEC_E_SHUTDOWN_IN_PROGRESS, shutdown_in_progress, 0x8009033F, "A system shutdown is in progress.") \
  X(SEC_E_KDC_INVALID_REQUEST, kdc_invalid_request, 0x80090340, "An invalid request was sent to the KDC.") \
  X(SEC_E_KDC_UNABLE_TO_REFER, kdc_unable_to_refer, 0x80090341, "The KDC was unable to generate a referral for the service requested.") \
  X(SEC_E_KDC_UNKNOWN_ETYPE, kdc_unknown_etype, 0x80090342, "The encryption type requested is not supported by the KDC.") \
  X(SEC_E_UNSUPPORTED_PREAUTH, unsupported_preauth, 0x80090343, "An unsupported preauthentication mechanism was presented to the Kerberos package.") \
  X(SEC_E_DELEGATION_REQUIRED, delegation_required, 0x80090345, "The requested operation cannot be completed. The computer must be trusted for delegation and the current user account must be configured to allow delegation.") \
  X(SEC_E_BAD_BINDINGS, bad_bindings, 0x80090346, "Client's supplied SSPI channel bindings were incorrect.") \
  X(SEC_E_MULTIPLE_ACCOUNTS, multiple_accounts, 0x80090347, "The received certificate was mapped to multiple accounts.") \
  X(SEC_E_NO_KERB_KEY, no_kerb_key, 0x80090348, "SEC_E_NO_KERB_KEY") \
  X(SEC_E_CERT_WRONG_USAGE, cert_wrong_usage, 0x80090349, "The certificate is not valid for the requested usage.") \
  X(SEC_E_DOWNGRADE_DETECTED, downgrade_detected, 0x80090350, "The system cannot contact a domain controller to service the authentication request. Please try again later.") \
  X(SEC_E_SMARTCARD_CERT_REVOKED, smartcard_cert_revoked, 0x80090351, "The smartcard certificate used for authentication has been revoked.") \
  X(SEC_E_ISSUING_CA_UNTRUSTED, issuing_ca_untrusted, 0x80090352, "An untrusted certificate authority was detected while processing the smartcard certificate used for authentication.") \
  X(SEC_E_REVOCATION_OFFLINE_C, revocation_offline_c, 0x80090353, "The revocation status of the smartcard certificate used for authentication could not be determined.") \
  X(SEC_E_PKINIT_CLIENT_FAILURE, pkinit_client_failure, 0x80090354, "The smartcard certificate used for authentication was not trusted.") \
  X(SEC_E_SMARTCARD_CERT_EXPIRED, smartcard_cert_expired, 0x80090355, "The smartcard certificate used for authentication has expired.") \
  X(SEC_E_NO_S4U_PROT_SUPPORT, no_s4u_prot_support, 0x80090356, "The Kerberos subsystem encountered an error. A service for user protocol request was made against a domain controller which does not support service for user.") \
  X(SEC_E_CROSSREALM_DELEGATION_FAILURE, crossrealm_delegation_failure, 0x80090357, "An attempt was made by this server to make a Kerberos constrained delegation request for a target outside of the server's realm.") \
  X(SEC_E_REVOCATION_OFFLINE_KDC, revocation_offline_kdc, 0x80090358, "The revocation status of the domain controller certificate used for smartcard authentication could not be determined.") \
  X(SEC_E_ISSUING_CA_UNTRUSTED_KDC, issuing_ca_untrusted_kdc, 0x80090359, "An untrusted certificate authority was detected while processing the domain controller certificate used for authentication.") \
  X(SEC_E_KDC_CERT_EXPIRED, kdc_cert_expired, 0x8009035A, "The domain controller certificate used for smartcard logon has expired.") \
  X(SEC_E_KDC_CERT_REVOKED, kdc_cert_revoked, 0x8009035B, "The domain controller certificate used for smartcard logon has been revoked.") \
  X(SEC_I_SIGNATURE_NEEDED, signature_needed, 0x0009035C, "A signature operation must be performed before the user can authenticate.") \
  X(SEC_E_INVALID_PARAMETER, invalid_parameter, 0x8009035D, "One or more of the parameters passed to the function was invalid.") \
  X(SEC_E_DELEGATION_POLICY, delegation_policy, 0x8009035E, "Client policy does not allow credential delegation to target server.") \
  X(SEC_E_POLICY_NLTM_ONLY, policy_nltm_only, 0x8009035F, "Client policy does not allow credential delegation to target server with NLTM only authentication.") \
  X(SEC_I_NO_RENEGOTIATION, no_renegotiation, 0x00090360, "The recipient rejected the renegotiation request.") \
  X(SEC_E_NO_CONTEXT, no_context, 0x80090361, "The required security context does not exist.") \
  X(SEC_E_PKU2U_CERT_FAILURE, pku2u_cert_failure, 0x80090362, "The PKU2U protocol encountered an error while attempting to utilize the associated certificates.") \
  X(SEC_E_MUTUAL_AUTH_FAILED, mutual_auth_failed, 0x80090363, "The identity of the server computer could not be verified.") \
  X(SEC_I_MESSAGE_FRAGMENT, message_fragment, 0x00090364, "The returned buffer is only a fragment of the message. More fragments need to be returned.") \
  X(SEC_E_ONLY_HTTPS_ALLOWED, only_https_allowed, 0x80090365, "Only https scheme is allowed.") \
  X(SEC_I_CONTINUE_NEEDED_MESSAGE_OK, continue_needed_message_ok, 0x00090366, "The function completed successfully, but must be called again to complete the context. Early start can be used.") \
  X(SEC_E_APPLICATION_PROTOCOL_MISMATCH, application_protocol_mismatch, 0x80090367, "No common application protocol exists between the client and the server. Application protocol negotiation failed.") \
  X(SEC_I_ASYNC_CALL_PENDING, async_call_pending, 0x00090368, "An asynchronous SSPI routine has been called and the work is pending completion.") \
  X(SEC_E_INVALID_UPN_NAME, invalid_upn_name, 0x80090369, "You can't sign in with a user ID in this format. Try using your email address instead.") \
  X(SEC_E_EXT_BUFFER_TOO_SMALL, ext_buffer_too_small, 0x8009036A, "The caller did not provide a large enough buffer to hold the extension.") \
  X(SEC_E_INSUFFICIENT_BUFFERS, insufficient_buffers, 0x8009036B, "The caller did not provide enough buffers.") \
  X(CRYPT_E_BAD_ENCODE, crypt_bad_encode, 0x80092002, "An error occurred during encode or decode operation.") \
  X(CRYPT_E_NOT_FOUND, crypt_not_found, 0x80092004, "Cannot find object or property.") \
  X(CRYPT_E_EXISTS, crypt_exists, 0x80092005, "The object or property already exists.") \
  X(CRYPT_E_SELF_SIGNED, crypt_self_signed, 0x80092007, "The specified certificate is self signed.") \
  X(CRYPT_E_PENDING_CLOSE, crypt_pending_close, 0x8009200F, "Final closure is pending until additional frees or closes.") \
  X(CRYPT_E_REVOKED, crypt_revoked, 0x80092010, "The certificate is revoked.") \
  X(CRYPT_E_NO_REVOCATION_CHECK, crypt_no_revocation_check, 0x80092012, "The revocation function was unable to check revocation for the certificate.") \
  X(CRYPT_E_REVOCATION_OFFLINE, crypt_revocation_offline, 0x80092013, "The revocation function was unable to check revocation because the revocation server was offline.") \
  X(CRYPT_E_INVALID_X500_STRING, crypt_invalid_x500_string, 0x80092023, "The string contains an invalid X500 name attribute key, oid, value or delimiter.") \
  X(CRYPT_E_ASN1_BADTAG, crypt_asn1_badtag, 0x8009310B, "ASN1 bad tag value met.") \
  X(CERT_E_EXPIRED, cert_e_expired, 0x800B0101, "A required certificate is not within its validity period when verifying against the current system clock or the timestamp in the signed file.") \
  X(CERT_E_VALIDITYPERIODNESTING, cert_e_validityperiodnesting, 0x800B0102, "The validity periods of the certification chain do not nest correctly.") \
  X(CERT_E_ROLE, cert_e_role, 0x800B0103, "A certificate that can only be used as an end-entity is being used as a CA or vice versa.") \
  X(CERT_E_PATHLENCONST, cert_e_pathlenconst, 0x800B0104, "A path length constraint in the certification chain has been violated.") \
  X(CERT_E_CRITICAL, cert_e_critical, 0x800B0105, "A certificate contains an unknown extension that is marked 'critical'.") \
  X(CERT_E_UNTRUSTEDROOT, cert_e_untrustedroot, 0x800B0109, "A certificate chain processed, but terminated in a root certificate which is not trusted by the trust provider.") \
  X(CERT_E_CHAINING, cert_e_chaining, 0x800B010A, "A certificate chain could not be built to a trusted root authority.") \
  X(CERT_E_REVOKED, cert_e_revoked, 0x800B010C, "A certificate was explicitly revoked by its issuer.") \
  X(CERT_E_REVOCATION_FAILURE, cert_e_revocation_failure, 0x800B010E, "The revocation process could not continue - the certificate(s) could not be checked.") \
  X(CERT_E_CN_NO_MATCH, cert_e_cn_no_match, 0x800B010F, "The certificate's CN name does not match the passed value.") \
  X(CERT_E_WRONG_USAGE, cert_e_wrong_usage, 0x800B0110, "The certificate is not valid for the requested usage.") \
  X(CERT_E_INVALID_POLICY, cert_e_invalid_policy, 0x800B0113, "The certificate has invalid policy.") \
  X(CERT_E_INVALID_NAME, cert_e_invalid_name, 0x800B0114, "The certificate has an invalid name. The name is not included in the permitted list or is explicitly excluded.") \
  X(TRUST_E_CERT_SIGNATURE, trust_e_cert_signature, 0x80096004, "The signature of the certificate cannot be verified.") \
  X(TRUST_E_BASIC_CONSTRAINTS, trust_e_basic_constraints, 0x80096019, "A certificate's basic constraint extension has not been observed.") \
  X(NTE_BAD_KEY_STATE, nte_bad_key_state, 0x8009000B, "Key not valid for use in specified state.") \
  X(NTE_NO_KEY, nte_no_key, 0x8009000D, "Key does not exist.") \
  X(ERROR_FILE_NOT_FOUND, win_file_not_found, 0x00000002, "The system cannot find the file specified.") \
  X(ERROR_ACCESS_DENIED, win_access_denied, 0x00000005, "Access is denied.") \
  X(ERROR_INVALID_DATA, win_invalid_data, 0x0000000D, "The data is invalid.") \
  X(ERROR_FILE_EXISTS, win_file_exists, 0x00000050, "The file exists.") \
  X(ERROR_INVALID_PASSWORD, win_invalid_password, 0x00000056, "The specified network password is not correct.") \
  X(ERROR_MORE_DATA, win_more_data, 0x000000EA, "More data is available.")
/* clang-format on */

#ifndef _WIN32
#define SEC_E_OK ((int32_t)0x00000000)
#define SEC_E_INSUFFICIENT_MEMORY ((int32_t)0x80090300)
#define SEC_E_INVALID_HANDLE ((int32_t)0x80090301)
#define SEC_E_UNSUPPORTED_FUNCTION ((int32_t)0x80090302)
#define SEC_E_TARGET_UNKNOWN ((int32_t)0x80090303)
#define SEC_E_INTERNAL_ERROR ((int32_t)0x80090304)
#define SEC_E_SECPKG_NOT_FOUND ((int32_t)0x80090305)
#define SEC_E_NOT_OWNER ((int32_t)0x80090306)
#define SEC_E_CANNOT_INSTALL ((int32_t)0x80090307)
#define SEC_E_INVALID_TOKEN ((int32_t)0x80090308)
#define SEC_E_CANNOT_PACK ((int32_t)0x80090309)
#define SEC_E_QOP_NOT_SUPPORTED ((int32_t)0x8009030A)
#define SEC_E_NO_IMPERSONATION ((int32_t)0x8009030B)
#define SEC_E_LOGON_DENIED ((int32_t)0x8009030C)
#define SEC_E_UNKNOWN_CREDENTIALS ((int32_t)0x8009030D)
#define SEC_E_NO_CREDENTIALS ((int32_t)0x8009030E)
#define SEC_E_MESSAGE_ALTERED ((int32_t)0x8009030F)
#define SEC_E_OUT_OF_SEQUENCE ((int32_t)0x80090310)
#define SEC_E_NO_AUTHENTICATING_AUTHORITY ((int32_t)0x80090311)
#define SEC_I_CONTINUE_NEEDED ((int32_t)0x00090312)
#define SEC_I_COMPLETE_NEEDED ((int32_t)0x00090313)
#define SEC_I_COMPLETE_AND_CONTINUE ((int32_t)0x00090314)
#define SEC_I_LOCAL_LOGON ((int32_t)0x00090315)
#define SEC_I_GENERIC_EXTENSION_RECEIVED ((int32_t)0x00090316)
#define SEC_E_BAD_PKGID ((int32_t)0x80090316)
#define SEC_I_CONTEXT_EXPIRED ((int32_t)0x00090317)
#define SEC_E_CONTEXT_EXPIRED ((int32_t)0x80090317)
#define SEC_E_INCOMPLETE_MESSAGE ((int32_t)0x80090318)
#define SEC_I_INCOMPLETE_CREDENTIALS ((int32_t)0x00090320)
#define SEC_E_INCOMPLETE_CREDENTIALS ((int32_t)0x80090320)
#define SEC_I_RENEGOTIATE ((int32_t)0x00090321)
#define SEC_E_BUFFER_TOO_SMALL ((int32_t)0x80090321)
#define SEC_E_WRONG_PRINCIPAL ((int32_t)0x80090322)
#define SEC_I_NO_LSA_CONTEXT ((int32_t)0x00090323)
#define SEC_E_TIME_SKEW ((int32_t)0x80090324)
#define SEC_E_UNTRUSTED_ROOT ((int32_t)0x80090325)
#define SEC_E_ILLEGAL_MESSAGE ((int32_t)0x80090326)
#define SEC_E_CERT_UNKNOWN ((int32_t)0x80090327)
#define SEC_E_CERT_EXPIRED ((int32_t)0x80090328)
#define SEC_E_ENCRYPT_FAILURE ((int32_t)0x80090329)
#define SEC_E_DECRYPT_FAILURE ((int32_t)0x80090330)
#define SEC_E_ALGORITHM_MISMATCH ((int32_t)0x80090331)
#define SEC_E_SECURITY_QOS_FAILED ((int32_t)0x80090332)
#define SEC_E_UNFINISHED_CONTEXT_DELETED ((int32_t)0x80090333)
#define SEC_E_NO_TGT_REPLY ((int32_t)0x80090334)
#define SEC_E_NO_IP_ADDRESSES ((int32_t)0x80090335)
#define SEC_E_WRONG_CREDENTIAL_HANDLE ((int32_t)0x80090336)
#define SEC_E_CRYPTO_SYSTEM_INVALID ((int32_t)0x80090337)
#define SEC_E_MAX_REFERRALS_EXCEEDED ((int32_t)0x80090338)
#define SEC_E_MUST_BE_KDC ((int32_t)0x80090339)
#define SEC_E_STRONG_CRYPTO_NOT_SUPPORTED ((int32_t)0x8009033A)
#define SEC_E_TOO_MANY_PRINCIPALS ((int32_t)0x8009033B)
#define SEC_E_NO_PA_DATA ((int32_t)0x8009033C)
#define SEC_E_PKINIT_NAME_MISMATCH ((int32_t)0x8009033D)
#define SEC_E_SMARTCARD_LOGON_REQUIRED ((int32_t)0x8009033E)
#define SEC_E_SHUTDOWN_IN_PROGRESS ((int32_t)0x8009033F)
#define SEC_E_KDC_INVALID_REQUEST ((int32_t)0x80090340)
#define SEC_E_KDC_UNABLE_TO_REFER ((int32_t)0x80090341)
#define SEC_E_KDC_UNKNOWN_ETYPE ((int32_t)0x80090342)
#define SEC_E_UNSUPPORTED_PREAUTH ((int32_t)0x80090343)
#define SEC_E_DELEGATION_REQUIRED ((int32_t)0x80090345)
#define SEC_E_BAD_BINDINGS ((int32_t)0x80090346)
#define SEC_E_MULTIPLE_ACCOUNTS ((int32_t)0x80090347)
#define SEC_E_NO_KERB_KEY ((int32_t)0x80090348)
#define SEC_E_CERT_WRONG_USAGE ((int32_t)0x80090349)
#define SEC_E_DOWNGRADE_DETECTED ((int32_t)0x80090350)
#define SEC_E_SMARTCARD_CERT_REVOKED ((int32_t)0x80090351)
#define SEC_E_ISSUING_CA_UNTRUSTED ((int32_t)0x80090352)
#define SEC_E_REVOCATION_OFFLINE_C ((int32_t)0x80090353)
#define SEC_E_PKINIT_CLIENT_FAILURE ((int32_t)0x80090354)
#define SEC_E_SMARTCARD_CERT_EXPIRED ((int32_t)0x80090355)
#define SEC_E_NO_S4U_PROT_SUPPORT ((int32_t)0x80090356)
#define SEC_E_CROSSREALM_DELEGATION_FAILURE ((int32_t)0x80090357)
#define SEC_E_REVOCATION_OFFLINE_KDC ((int32_t)0x80090358)
#define SEC_E_ISSUING_CA_UNTRUSTED_KDC ((int32_t)0x80090359)
#define SEC_E_KDC_CERT_EXPIRED ((int32_t)0x8009035A)
#define SEC_E_KDC_CERT_REVOKED ((int32_t)0x8009035B)
#define SEC_I_SIGNATURE_NEEDED ((int32_t)0x0009035C)
#define SEC_E_INVALID_PARAMETER ((int32_t)0x8009035D)
#define SEC_E_DELEGATION_POLICY ((int32_t)0x8009035E)
#define SEC_E_POLICY_NLTM_ONLY ((int32_t)0x8009035F)
#define SEC_I_NO_RENEGOTIATION ((int32_t)0x00090360)
#define SEC_E_NO_CONTEXT ((int32_t)0x80090361)
#define SEC_E_PKU2U_CERT_FAILURE ((int32_t)0x80090362)
#define SEC_E_MUTUAL_AUTH_FAILED ((int32_t)0x80090363)
#define SEC_I_MESSAGE_FRAGMENT ((int32_t)0x00090364)
#define SEC_E_ONLY_HTTPS_ALLOWED ((int32_t)0x80090365)
#define SEC_I_CONTINUE_NEEDED_MESSAGE_OK ((int32_t)0x00090366)
#define SEC_E_APPLICATION_PROTOCOL_MISMATCH ((int32_t)0x80090367)
#define SEC_I_ASYNC_CALL_PENDING ((int32_t)0x00090368)
#define SEC_E_INVALID_UPN_NAME ((int32_t)0x80090369)
#define SEC_E_EXT_BUFFER_TOO_SMALL ((int32_t)0x8009036A)
#define SEC_E_INSUFFICIENT_BUFFERS ((int32_t)0x8009036B)
#define CRYPT_E_BAD_ENCODE ((int32_t)0x80092002)
#define CRYPT_E_NOT_FOUND ((int32_t)0x80092004)
#define CRYPT_E_EXISTS ((int32_t)0x80092005)
#define CRYPT_E_SELF_SIGNED ((int32_t)0x80092007)
#define CRYPT_E_PENDING_CLOSE ((int32_t)0x8009200F)
#define CRYPT_E_REVOKED ((int32_t)0x80092010)
#define CRYPT_E_NO_REVOCATION_CHECK ((int32_t)0x80092012)
#define CRYPT_E_REVOCATION_OFFLINE ((int32_t)0x80092013)
#define CRYPT_E_INVALID_X500_STRING ((int32_t)0x80092023)
#define CRYPT_E_ASN1_BADTAG ((int32_t)0x8009310B)
#define CERT_E_EXPIRED ((int32_t)0x800B0101)
#define CERT_E_VALIDITYPERIODNESTING ((int32_t)0x800B0102)
#define CERT_E_ROLE ((int32_t)0x800B0103)
#define CERT_E_PATHLENCONST ((int32_t)0x800B0104)
#define CERT_E_CRITICAL ((int32_t)0x800B0105)
#define CERT_E_UNTRUSTEDROOT ((int32_t)0x800B0109)
#define CERT_E_CHAINING ((int32_t)0x800B010A)
#define CERT_E_REVOKED ((int32_t)0x800B010C)
#define CERT_E_REVOCATION_FAILURE ((int32_t)0x800B010E)
#define CERT_E_CN_NO_MATCH ((int32_t)0x800B010F)
#define CERT_E_WRONG_USAGE ((int32_t)0x800B0110)
#define CERT_E_INVALID_POLICY ((int32_t)0x800B0113)
#define CERT_E_INVALID_NAME ((int32_t)0x800B0114)
#define TRUST_E_CERT_SIGNATURE ((int32_t)0x80096004)
#define TRUST_E_BASIC_CONSTRAINTS ((int32_t)0x80096019)
#define NTE_BAD_KEY_STATE ((int32_t)0x8009000B)
#define NTE_NO_KEY ((int32_t)0x8009000D)
#define ERROR_FILE_NOT_FOUND ((int32_t)0x00000002)
#define ERROR_ACCESS_DENIED ((int32_t)0x00000005)
#define ERROR_INVALID_DATA ((int32_t)0x0000000D)
#define ERROR_FILE_EXISTS ((int32_t)0x00000050)
#define ERROR_INVALID_PASSWORD ((int32_t)0x00000056)
#define ERROR_MORE_DATA ((int32_t)0x000000EA)

#define SEC_E_NO_SPM SEC_E_INTERNAL_ERROR
#define SEC_E_NOT_SUPPORTED SEC_E_UNSUPPORTED_FUNCTION
#endif

#endif /* OPENSSPI_SEC_STATUS_H */
