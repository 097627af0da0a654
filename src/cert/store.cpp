#include "cert/store.hpp"

#include <algorithm>

namespace opensspi::cert {

Store* Store::make(Content content, std::unique_ptr<Keeper> keeper) {
  return new Store(std::move(content), std::move(keeper));
}

Store::Store(Content content, std::unique_ptr<Keeper> keeper)
    : crls_(std::move(content.crls)), keeper_(std::move(keeper)) {
  for (ElementPtr& element : content.certificates) append(std::move(element));
}

bool Store::release() {
  if (references_.fetch_sub(1, std::memory_order_acq_rel) != 1) return false;
  delete this;
  return true;
}

Store::Entry Store::append(ElementPtr element) { return entries_.emplace_back(++last_place_, std::move(element)); }

Result<Store::Entry> Store::add(const Element& element, std::uint32_t disposition) {
  if (disposition < CERT_STORE_ADD_NEW || disposition > CERT_STORE_ADD_NEWER_INHERIT_PROPERTIES) {
    return fail(Status::invalid_parameter, "dwAddDisposition",
                std::to_string(disposition) + " is none of CERT_STORE_ADD_x (1 to 7)");
  }
  const std::scoped_lock lock(mutex_);
  const auto found =
      std::ranges::find_if(entries_, [&](const Entry& entry) { return entry.element->same_certificate(element); });
  if (found == entries_.end() || disposition == CERT_STORE_ADD_ALWAYS) {
    auto kept = keeper_ ? keeper_->added(element) : Result<void>{};
    if (!kept) return fail(kept);
    return append(element.copy());
  }
  // What is there has the same bytes, so it is never older: NEWER means NEW here.
  switch (disposition) {
    case CERT_STORE_ADD_USE_EXISTING:
      return *found;
    case CERT_STORE_ADD_REPLACE_EXISTING:
    case CERT_STORE_ADD_REPLACE_EXISTING_INHERIT_PROPERTIES: {
      auto kept = keeper_ ? keeper_->added(element) : Result<void>{};
      if (!kept) return fail(kept);
      ElementPtr replacement = element.copy();
      if (disposition == CERT_STORE_ADD_REPLACE_EXISTING_INHERIT_PROPERTIES)
        replacement->take_properties(*found->element);
      found->element = std::move(replacement);
      return *found;
    }
    default:
      return fail(Status::crypt_exists, "certificate", "the store has this certificate already");
  }
}

Result<void> Store::add_crl(CrlPtr crl) {
  const std::scoped_lock lock(mutex_);
  auto kept = keeper_ ? keeper_->crl_added(crl.get()) : Result<void>{};
  if (!kept) return kept;
  crls_.push_back(std::move(crl));
  return {};
}

Result<void> Store::remove(std::uint64_t place) {
  const std::scoped_lock lock(mutex_);
  const auto found = std::ranges::find(entries_, place, &Entry::place);
  if (found == entries_.end()) return {};
  if (keeper_) {
    auto kept = keeper_->removed(*found->element);
    if (!kept) return fail(kept);
  }
  entries_.erase(found);
  return {};
}

Result<void> Store::changed(const Element& element) {
  const std::scoped_lock lock(mutex_);
  if (!keeper_ || !keeper_->holds_keys()) return {};
  return keeper_->added(element);
}

Store::Entry Store::after(std::uint64_t place) const {
  const std::scoped_lock lock(mutex_);
  const auto next = std::ranges::upper_bound(entries_, place, {}, &Entry::place);
  return next == entries_.end() ? Entry{} : *next;
}

std::vector<ElementPtr> Store::certificates() const {
  const std::scoped_lock lock(mutex_);
  std::vector<ElementPtr> elements;
  elements.reserve(entries_.size());
  for (const Entry& entry : entries_) elements.push_back(entry.element);
  return elements;
}

std::vector<CrlPtr> Store::crls() const {
  const std::scoped_lock lock(mutex_);
  std::vector<CrlPtr> shared;
  shared.reserve(crls_.size());
  for (const CrlPtr& crl : crls_) shared.push_back(share(crl.get()));
  return shared;
}

Context::Context(ElementPtr e, StoreRef s, std::uint64_t p)
    : CERT_CONTEXT{}, element(std::move(e)), store(std::move(s)), place(p) {
  dwCertEncodingType = X509_ASN_ENCODING;
  // Windows' structures point to what callers must not write; only the types say otherwise.
  pbCertEncoded = const_cast<BYTE*>(element->der().data());
  cbCertEncoded = static_cast<DWORD>(element->der().size());
  pCertInfo = const_cast<PCERT_INFO>(&element->info());
  hCertStore = store.get();
}

PCCERT_CONTEXT make_context(const Store::Entry& entry, StoreRef store) {
  return new Context(entry.element, std::move(store), entry.place);
}

PCCERT_CONTEXT make_context(const ElementPtr& element, std::vector<ElementPtr> others) {
  Content content;
  content.certificates.push_back(element);
  for (ElementPtr& other : others) content.certificates.push_back(std::move(other));
  StoreRef store(Store::make(std::move(content)));
  const Store::Entry first = store->after(0);
  return make_context(first, std::move(store));
}

void retain_context(PCCERT_CONTEXT context) {
  const_cast<Context&>(context_of(context)).references.fetch_add(1, std::memory_order_relaxed);
}

void release_context(PCCERT_CONTEXT context) {
  auto& held = const_cast<Context&>(context_of(context));
  if (held.references.fetch_sub(1, std::memory_order_acq_rel) == 1) delete &held;
}

}  // namespace opensspi::cert
