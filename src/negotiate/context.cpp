#include "negotiate/context.hpp"

#include "base/text.hpp"
#include "negotiate/package.hpp"
#include "opensspi/extra.h"
#include "wire/reader.hpp"
#include "wire/writer.hpp"

namespace opensspi::negotiate {

Result<void> NegotiateContext::start_mechanism(const Mechanism& mechanism, core::Role role) {
  auto context = mechanism.credential->start(role);
  if (!context) return fail(context);
  mech_ = std::move(*context);
  mech_package_ = mechanism.package;
  return {};
}

Result<core::Step> NegotiateContext::mech_step(const core::StepInput& input, Bytes token) {
  core::StepInput inner = input;
  inner.token = token;
  inner.flags |= more_flags_;
  inner.credential = nullptr;  // the mechanism has its own
  return mech_->step(inner);
}

Result<core::Step> NegotiateContext::raw_step(const core::StepInput& input) {
  auto step = mech_step(input, input.token);
  if (!step || !mech_->established()) return step;
  auto finished = finish_negotiation();
  if (!finished) return fail(finished);
  return step;
}

std::string NegotiateContext::fallback() const {
  std::string all;
  for (const Reason& reason : reasons_) {
    const std::string own = reason.unasked == nullptr ? std::string{} : why_not(*reason.unasked, {});
    all += (all.empty() ? "" : "; ") + to_utf8(reason.package->info().name) + ": " + (own.empty() ? reason.why : own);
  }
  return all;
}

Result<void> NegotiateContext::finish_negotiation() {
  auto granted = check_granted();
  complete_ = granted.has_value();
  return granted;
}

Result<void> NegotiateContext::take_mic(const std::optional<Bytes>& mic) {
  if (!mic) return {};
  if (!mech_->established() || mic_.verified) {
    return fail(Status::invalid_token, "mechListMIC",
                mic_.verified ? "a second one came" : "it came before the mechanism was finished");
  }
  auto verified = mech_->verify_mech_list_mic(mech_types_, *mic);
  if (!verified) {
    return fail(Status::message_altered, "mechListMIC",
                "it does not match the list of mechanisms, which was changed on its way: " + verified.error().detail);
  }
  mic_.verified = true;
  return {};
}

Result<ByteVector> NegotiateContext::make_mic() {
  if (mic_.sent || !mic_due()) return ByteVector{};
  auto mic = mech_->mech_list_mic(mech_types_);
  if (!mic && mic.error().status == Status::unsupported_function) return ByteVector{};
  if (!mic) return fail(mic);
  mic_.sent = true;
  return mic;
}

Result<core::Context*> NegotiateContext::ready() const {
  if (complete_) return mech_.get();
  return fail(Status::no_context, "state of the context", "the negotiation is not finished yet, or failed");
}

Result<void> NegotiateContext::sign(std::uint32_t qop, std::span<SecBuffer> buffers, std::uint32_t sequence) {
  auto mech = ready();
  if (!mech) return fail(mech);
  return (*mech)->sign(qop, buffers, sequence);
}

Result<std::uint32_t> NegotiateContext::verify(std::span<SecBuffer> buffers, std::uint32_t sequence) {
  auto mech = ready();
  if (!mech) return fail(mech);
  return (*mech)->verify(buffers, sequence);
}

Result<void> NegotiateContext::encrypt(std::uint32_t qop, std::span<SecBuffer> buffers, std::uint32_t sequence) {
  auto mech = ready();
  if (!mech) return fail(mech);
  return (*mech)->encrypt(qop, buffers, sequence);
}

Result<core::Context::Decrypted> NegotiateContext::decrypt(std::span<SecBuffer> buffers, std::uint32_t sequence) {
  auto mech = ready();
  if (!mech) return fail(mech);
  return (*mech)->decrypt(buffers, sequence);
}

Result<core::Attribute> NegotiateContext::query(std::uint32_t id) const {
  if (id == OPENSSPI_ATTR_FALLBACK) {
    auto reason = to_utf16(fallback());
    return core::Fallback{reason ? std::move(*reason) : std::u16string{}};
  }
  if (!mech_) return fail(Status::no_context, "state of the context", "no mechanism is chosen yet");
  if (id == SECPKG_ATTR_NEGOTIATION_INFO) {
    const std::uint32_t done = raw_ ? SECPKG_NEGOTIATION_DIRECT : SECPKG_NEGOTIATION_COMPLETE;
    return core::NegotiationInfo{&mech_package_->info(), complete_ ? done : SECPKG_NEGOTIATION_IN_PROGRESS};
  }
  // What a mechanism knows before the other side agreed to it is nobody's yet.
  if (!complete_ && id != SECPKG_ATTR_SIZES && id != SECPKG_ATTR_PACKAGE_INFO && id != SECPKG_ATTR_FLAGS) {
    auto mech = ready();
    if (!mech) return fail(mech);
  }
  return mech_->query(id);
}

Result<void> NegotiateContext::set(std::uint32_t id, Bytes value) {
  if (!mech_) return fail(Status::no_context, "state of the context", "no mechanism is chosen yet");
  return mech_->set(id, value);
}

namespace {

constexpr std::uint8_t kMagic[] = {'O', 'S', 'S', 'P', 'N', 'E', 'G', 'O'};

// An imported context takes part in no negotiation.
class ImportedContext final : public NegotiateContext {
 public:
  ImportedContext(std::unique_ptr<core::Context> mech, const core::Package& package) : NegotiateContext(nullptr) {
    take(std::move(mech), package);
  }
  Result<core::Step> step(const core::StepInput&) override {
    return fail(Status::out_of_sequence, "state of the context", "it was imported and is established already");
  }
};

}  // namespace

Result<Secret> NegotiateContext::pack(bool reset) const {
  auto mech = ready();
  if (!mech) return fail(mech);
  auto inner = (*mech)->pack(reset);
  if (!inner) return fail(inner);
  const std::u16string_view name = mech_package_->info().name;
  Secret packed(sizeof kMagic + 1 + 2 * name.size() + inner->size());
  wire::Writer head(sizeof kMagic + 1 + 2 * name.size());
  head.raw(kMagic);
  head.u8(static_cast<std::uint8_t>(name.size()));
  head.utf16le(name);
  copy_bytes(packed.writable(), head.bytes());
  copy_bytes(packed.writable().subspan(head.size()), inner->bytes());
  return packed;
}

Result<std::unique_ptr<core::Context>> NegotiateContext::unpack(const NegotiatePackage& package, Bytes packed) {
  wire::Reader r{packed};
  r.expect(kMagic, "the mark of an exported Negotiate context");
  const std::size_t length = r.u8();
  const std::u16string name = from_utf16le(r.take(2 * length));
  if (!r.ok()) return fail(Status::invalid_token, "packed context", r.why());
  for (core::Package* mechanism : package.mechanisms()) {
    if (mechanism->info().name != name) continue;
    if (const std::string why_not = mechanism->why_unavailable(); !why_not.empty()) {
      return fail(Status::secpkg_not_found, "packed context",
                  "it is one of " + to_utf8(name) + ", which is not offered: " + why_not);
    }
    auto mech = mechanism->unpack(packed.subspan(r.position()));
    if (!mech) return fail(mech);
    return std::make_unique<ImportedContext>(std::move(*mech), *mechanism);
  }
  return fail(Status::invalid_token, "packed context", "its package \"" + to_utf8(name) + "\" is not known here");
}

}  // namespace opensspi::negotiate
