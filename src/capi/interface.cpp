// InitSecurityInterfaceW: the table of the interface.
#include "capi/export.hpp"
#include "capi/failure.hpp"
#include "capi/unexported.hpp"

using namespace opensspi;
using namespace opensspi::capi;

SECURITY_STATUS capi::no_meaning(const char* function) {
  set_package({});
  return record(Status::unsupported_function, function, "this function has no meaning on this system", function);
}

namespace {

SECURITY_STATUS impersonate(PCtxtHandle) { return no_meaning("ImpersonateSecurityContext"); }
SECURITY_STATUS revert(PCtxtHandle) { return no_meaning("RevertSecurityContext"); }
SECURITY_STATUS query_token(PCtxtHandle, void**) { return no_meaning("QuerySecurityContextToken"); }
SECURITY_STATUS add_credentials(PCredHandle, SEC_WCHAR*, SEC_WCHAR*, ULONG, void*, SEC_GET_KEY_FN, void*, PTimeStamp) {
  return no_meaning("AddCredentialsW");
}
SECURITY_STATUS change_password(SEC_WCHAR*, SEC_WCHAR*, SEC_WCHAR*, SEC_WCHAR*, SEC_WCHAR*, BOOLEAN, ULONG,
                                PSecBufferDesc) {
  return no_meaning("ChangeAccountPasswordW");
}

SecurityFunctionTableW make_table() {
  SecurityFunctionTableW table{};
  table.dwVersion = SECURITY_SUPPORT_PROVIDER_INTERFACE_VERSION_5;
  table.EnumerateSecurityPackagesW = EnumerateSecurityPackagesW;
  table.QueryCredentialsAttributesW = QueryCredentialsAttributesW;
  table.AcquireCredentialsHandleW = AcquireCredentialsHandleW;
  table.FreeCredentialsHandle = FreeCredentialsHandle;
  table.InitializeSecurityContextW = InitializeSecurityContextW;
  table.AcceptSecurityContext = AcceptSecurityContext;
  table.CompleteAuthToken = CompleteAuthToken;
  table.DeleteSecurityContext = DeleteSecurityContext;
  table.ApplyControlToken = ApplyControlToken;
  table.QueryContextAttributesW = QueryContextAttributesW;
  table.ImpersonateSecurityContext = impersonate;
  table.RevertSecurityContext = revert;
  table.MakeSignature = MakeSignature;
  table.VerifySignature = VerifySignature;
  table.FreeContextBuffer = FreeContextBuffer;
  table.QuerySecurityPackageInfoW = QuerySecurityPackageInfoW;
  table.Reserved3 = reinterpret_cast<void*>(EncryptMessage);
  table.Reserved4 = reinterpret_cast<void*>(DecryptMessage);
  table.ExportSecurityContext = ExportSecurityContext;
  table.ImportSecurityContextW = ImportSecurityContextW;
  table.AddCredentialsW = add_credentials;
  table.QuerySecurityContextToken = query_token;
  table.EncryptMessage = EncryptMessage;
  table.DecryptMessage = DecryptMessage;
  table.SetContextAttributesW = SetContextAttributesW;
  table.SetCredentialsAttributesW = SetCredentialsAttributesW;
  table.ChangeAccountPasswordW = change_password;
  table.QueryContextAttributesExW = QueryContextAttributesExW;
  table.QueryCredentialsAttributesExW = QueryCredentialsAttributesExW;
  return table;
}

}  // namespace

OPENSSPI_API PSecurityFunctionTableW InitSecurityInterfaceW(void) {
  static SecurityFunctionTableW table = make_table();
  return &table;
}
OPENSSPI_EXPORT(InitSecurityInterfaceW);
