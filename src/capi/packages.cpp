// EnumerateSecurityPackagesW, QuerySecurityPackageInfoW.
#include <span>
#include <vector>

#include "capi/arguments.hpp"
#include "capi/entries.hpp"
#include "capi/export.hpp"
#include "capi/failure.hpp"
#include "capi/memory.hpp"
#include "capi/structures.hpp"

using namespace opensspi;
using namespace opensspi::capi;

OPENSSPI_API SECURITY_STATUS EnumerateSecurityPackagesW(ULONG* pcPackages, PSecPkgInfoW* ppPackageInfo) {
  return guarded("EnumerateSecurityPackagesW", [&]() -> Result<Status> {
    if (pcPackages == nullptr || ppPackageInfo == nullptr) {
      return fail(Status::invalid_parameter, "pcPackages, ppPackageInfo", "one of them is NULL");
    }
    auto registry = packages();
    if (!registry) return fail(registry);
    std::vector<const core::PackageInfo*> infos;
    for (const core::Package* package : (*registry)->offered()) infos.push_back(&package->info());
    *ppPackageInfo = allocate_package_infos(infos);
    *pcPackages = static_cast<ULONG>(infos.size());
    return Status::ok;
  });
}
OPENSSPI_EXPORT(EnumerateSecurityPackagesW);

OPENSSPI_API SECURITY_STATUS QuerySecurityPackageInfoW(SEC_WCHAR* pszPackageName, PSecPkgInfoW* ppPackageInfo) {
  return guarded("QuerySecurityPackageInfoW", [&]() -> Result<Status> {
    if (pszPackageName == nullptr || ppPackageInfo == nullptr) {
      return fail(Status::invalid_parameter, "pszPackageName, ppPackageInfo", "one of them is NULL");
    }
    auto registry = packages();
    if (!registry) return fail(registry);
    auto package = (*registry)->find(text_of(pszPackageName));
    if (!package) return fail(package);
    const core::PackageInfo* info = &(*package)->info();
    *ppPackageInfo = allocate_package_infos({&info, 1});
    return Status::ok;
  });
}
OPENSSPI_EXPORT(QuerySecurityPackageInfoW);
