// Export and import of an established context: a form of our own, read as strictly as anything from outside.
#include "ntlm/context.hpp"
#include "ntlm/package.hpp"
#include "wire/counted_text.hpp"

namespace opensspi::ntlm {
namespace {

constexpr std::uint8_t kMagic[] = {'O', 'S', 'S', 'P', 'N', 'T', 'L', 'M'};
constexpr std::uint16_t kFormat = 1;
constexpr std::size_t kMostSids = 4096;

std::size_t text_bytes(std::u16string_view text) { return 4 + 2 * text.size(); }

bool get_bool(wire::Reader& r) {
  const std::uint8_t value = r.u8();
  if (r.ok() && value > 1) r.fail("a truth value is " + std::to_string(value));
  return value == 1;
}

// A context that was imported takes no further steps.
class ImportedContext final : public NtlmContext {
 public:
  using NtlmContext::Outcome;
  ImportedContext(const NtlmPackage& package, core::Role role) : NtlmContext(package, role) {}
  Result<core::Step> step(const core::StepInput&) override {
    return fail(Status::out_of_sequence, "state of the context", "it was imported and is established already");
  }
  void take(Outcome outcome, std::uint32_t requested) {
    requested_ = requested;
    establish(std::move(outcome));
  }
};

}  // namespace

Result<Secret> NtlmContext::pack(bool reset) const {
  if (!established_) {
    return fail(Status::no_context, "state of the context", "only an established context can be exported");
  }
  constexpr std::size_t kFixedBytes = 64;  // all but texts and state, and more
  std::size_t most_bytes = kFixedBytes + Protection::kSavedBytes;
  for (const auto* text : {&outcome_.user, &outcome_.domain, &outcome_.source, &outcome_.target}) {
    most_bytes += text_bytes(*text);
  }
  for (const auto& sid : outcome_.sids) most_bytes += text_bytes(sid);
  wire::Writer w(most_bytes);  // keys must not be left behind where it would have grown
  w.raw(kMagic);
  w.u16le(kFormat);
  w.u8(role_ == core::Role::initiator ? 1 : 0);
  w.u32le(requested_);
  w.u32le(outcome_.flags);
  w.raw(outcome_.exported_session_key.bytes());
  for (const auto* text : {&outcome_.user, &outcome_.domain, &outcome_.source, &outcome_.target})
    wire::put_text(w, *text);
  w.u32le(static_cast<std::uint32_t>(outcome_.sids.size()));
  for (const auto& sid : outcome_.sids) wire::put_text(w, sid);
  w.u8(outcome_.anonymous ? 1 : 0);
  w.u8(outcome_.guest ? 1 : 0);
  w.u8(outcome_.with_mic ? 1 : 0);
  const bool with_state = protection_.has_value() && !reset;
  w.u8(with_state ? 1 : 0);
  if (with_state) protection_->save(w);
  Secret packed{Bytes(w.bytes())};
  wipe(w.bytes().data(), w.bytes().size());
  return packed;
}

Result<std::unique_ptr<core::Context>> NtlmContext::unpack(const NtlmPackage& package, Bytes packed) {
  wire::Reader r{packed};
  r.expect(kMagic, "the mark of an exported NTLM context");
  const std::uint16_t format = r.u16le();
  if (r.ok() && format != kFormat) r.fail("its format is " + std::to_string(format) + ", this library knows 1");
  const core::Role role = get_bool(r) ? core::Role::initiator : core::Role::acceptor;
  const std::uint32_t requested = r.u32le();
  Outcome outcome;
  outcome.flags = r.u32le();
  r.read(outcome.exported_session_key.writable());
  for (auto* text : {&outcome.user, &outcome.domain, &outcome.source, &outcome.target}) *text = wire::get_text(r);
  const std::size_t sids = r.u32le();
  if (sids > kMostSids) r.fail("it has " + std::to_string(sids) + " SIDs");
  for (std::size_t i = 0; r.ok() && i < sids; ++i) outcome.sids.push_back(wire::get_text(r));
  outcome.anonymous = get_bool(r);
  outcome.guest = get_bool(r);
  outcome.with_mic = get_bool(r);
  const bool with_state = get_bool(r);
  auto context = std::make_unique<ImportedContext>(package, role);
  if (r.ok()) {
    const Key16 key = outcome.exported_session_key.clone();
    context->protection_.emplace(key, outcome.flags, role);
    if (with_state) context->protection_->restore(r);
  }
  if (r.ok() && r.remaining() != 0) r.fail(std::to_string(r.remaining()) + " bytes follow its end");
  if (!r.ok()) return fail(Status::invalid_token, "packed context", r.why());
  context->take(std::move(outcome), requested);
  return context;
}

}  // namespace opensspi::ntlm
