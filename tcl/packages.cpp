// sspi_enumerate_packages.
#include "commands.hpp"
#include "errors.hpp"
#include "options.hpp"

namespace twapi {
namespace {

constexpr Option kOptions[] = {
    {"-all", Kind::toggle, 0, nullptr, "everything below"},
    {"-capabilities", Kind::toggle, 0, nullptr, "a list of tokens that describe what the package can do"},
    {"-version", Kind::toggle, 0, nullptr, "the version of the interface"},
    {"-rpcid", Kind::toggle, 0, nullptr, "the package's number in DCE RPC"},
    {"-maxtokensize", Kind::toggle, 0, nullptr, "the size of the largest token in bytes"},
    {"-name", Kind::toggle, 0, nullptr, "the name of the package"},
    {"-comment", Kind::toggle, 0, nullptr, "what the package says of itself"},
    kEndOfOptions};

// Those that TWAPI has words for; further bits are one integer at the end.
constexpr auto kCapabilities = std::span(opensspi::kCapabilityNames).first<24>();

Tcl_Obj* capability_list(ULONG bits) {
  Tcl_Obj* list = Tcl_NewListObj(0, nullptr);
  for (std::size_t i = 0; i < kCapabilities.size(); ++i) {
    const ULONG bit = ULONG{1} << i;
    if ((bits & bit) != 0) Tcl_ListObjAppendElement(nullptr, list, new_text(kCapabilities[i]));
    bits &= ~bit;
  }
  if (bits != 0) Tcl_ListObjAppendElement(nullptr, list, Tcl_NewWideIntObj(bits));
  return list;
}

Tcl_Obj* describe(const opensspi::PackageInfo& package, const Options<std::size(kOptions)>& options) {
  Tcl_Obj* dict = Tcl_NewDictObj();
  const bool all = options.given(place(kOptions, "-all"));
  const auto wanted = [&](std::size_t index) { return all || options.given(index); };
  if (wanted(place(kOptions, "-capabilities"))) put(dict, "-capabilities", capability_list(package.capabilities));
  if (wanted(place(kOptions, "-version"))) put(dict, "-version", Tcl_NewWideIntObj(package.version));
  if (wanted(place(kOptions, "-rpcid"))) put(dict, "-rpcid", Tcl_NewWideIntObj(package.rpc_id));
  if (wanted(place(kOptions, "-maxtokensize"))) put(dict, "-maxtokensize", Tcl_NewWideIntObj(package.max_token_bytes));
  if (wanted(place(kOptions, "-name"))) put(dict, "-name", new_text(package.name));
  if (wanted(place(kOptions, "-comment"))) put(dict, "-comment", new_text(package.comment));
  return dict;
}

int enumerate_packages(InterpState& state, Objects words) {
  Options options(kOptions);
  if (options.parse(state.interp, words.subspan(1)) != TCL_OK) return TCL_ERROR;
  const auto packages = opensspi::packages();
  if (!packages) return set_error(state.interp, packages.error());
  const bool names_only = words.size() == 1;
  Tcl_Obj* result = names_only ? Tcl_NewListObj(0, nullptr) : Tcl_NewDictObj();
  for (const opensspi::PackageInfo& package : *packages) {
    if (names_only) {
      Tcl_ListObjAppendElement(nullptr, result, new_text(package.name));
    } else {
      Tcl_DictObjPut(nullptr, result, new_text(package.name), describe(package, options));
    }
  }
  Tcl_SetObjResult(state.interp, result);
  return TCL_OK;
}

constexpr CommandEntry kCommands[] = {
    {"sspi_enumerate_packages", &enumerate_packages, 1, -1, "?arg ...?"},
};

}  // namespace

CommandGroup package_commands() { return kCommands; }

}  // namespace twapi
