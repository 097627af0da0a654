// Export and import of an established context: a form of our own, read as strictly as anything from outside.
#include "kerberos/context.hpp"
#include "kerberos/package.hpp"

namespace opensspi::kerberos {
namespace {

constexpr std::uint8_t kMagic[] = {'O', 'S', 'S', 'P', 'K', 'R', 'B', '5'};
constexpr std::uint16_t kFormat = 1;

// A context that was imported takes no further steps.
class ImportedContext final : public KerberosContext {
 public:
  ImportedContext(const KerberosPackage& package, core::Role role) : KerberosContext(package, role) {}
  Result<core::Step> step(const core::StepInput&) override {
    return fail(Status::out_of_sequence, "state of the context", "it was imported and is established already");
  }
  void take(std::unique_ptr<Session> session, FileTime expiry, std::u16string target, std::uint32_t requested) {
    requested_ = requested;
    Outcome outcome;
    outcome.session = std::move(session);
    outcome.expiry = expiry;
    outcome.target = std::move(target);
    establish(std::move(outcome));
  }
};

}  // namespace

Result<Secret> KerberosContext::pack(bool reset) const {
  if (!established()) {
    return fail(Status::no_context, "state of the context", "only an established context can be exported");
  }
  auto session_bytes = outcome_.session->most_saved_bytes();
  if (!session_bytes) return fail(session_bytes);
  constexpr std::size_t kFixedBytes = 64;
  // Keys must not be left behind where it would have grown.
  wire::Writer w(kFixedBytes + 2 * outcome_.target.size() + *session_bytes);
  w.raw(kMagic);
  w.u16le(kFormat);
  w.u8(role_ == core::Role::initiator ? 1 : 0);
  w.u32le(requested_);
  w.u32le(outcome_.session->flags());
  w.u64le(outcome_.expiry.ticks);
  w.u32le(static_cast<std::uint32_t>(outcome_.target.size()));
  w.utf16le(outcome_.target);
  auto saved = outcome_.session->save(w, reset);
  Secret packed{Bytes(w.bytes())};
  wipe(w.bytes().data(), w.bytes().size());
  if (!saved) return fail(saved);
  return packed;
}

Result<std::unique_ptr<core::Context>> KerberosContext::unpack(const KerberosPackage& package, Bytes packed) {
  wire::Reader r{packed};
  r.expect(kMagic, "the mark of an exported Kerberos context");
  const std::uint16_t format = r.u16le();
  if (r.ok() && format != kFormat) r.fail("its format is " + std::to_string(format) + ", this library knows 1");
  const std::uint8_t initiator = r.u8();
  if (r.ok() && initiator > 1) r.fail("a truth value is " + std::to_string(initiator));
  const std::uint32_t requested = r.u32le();
  const OM_uint32 flags = r.u32le();
  const FileTime expiry{r.u64le()};
  const std::size_t length = r.u32le();
  if (length > r.remaining() / 2) r.fail("a text of " + std::to_string(length) + " characters does not fit");
  std::u16string target = from_utf16le(r.take(r.ok() ? 2 * length : 0));
  auto session = Session::restore(r, initiator == 1, flags);
  if (!session) return fail(session);
  if (package.configuration().fips && (*session)->enctype() == Enctype::rc4) {
    return fail(Status::crypto_system_invalid, "packed context",
                "its keys are of RC4, which may not be used in FIPS mode");
  }
  auto context =
      std::make_unique<ImportedContext>(package, initiator == 1 ? core::Role::initiator : core::Role::acceptor);
  context->take(std::move(*session), expiry, std::move(target), requested);
  return context;
}

}  // namespace opensspi::kerberos
