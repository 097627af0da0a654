// Store: a list of certificates and revocation lists that counts its owners; and Context, a certificate as Windows'
// callers hold it.
//
// A Context refers to an Element and to the Store it came from, which lives as long as the context; the store holds
// elements, never contexts, so nothing holds itself.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "cert/element.hpp"

namespace opensspi::cert {

// Where a store keeps what is put into it; called under the store's lock.
class Keeper {
 public:
  virtual ~Keeper() = default;
  virtual Result<void> added(const Element& element) = 0;
  virtual Result<void> removed(const Element& element) = 0;
  virtual Result<void> crl_added(X509_CRL*) { return {}; }  // kept by the store alone where this is not overridden
  virtual bool holds_keys() const { return false; }
};

// What is in a file, a blob or a directory.
struct Content {
  std::vector<ElementPtr> certificates;
  std::vector<CrlPtr> crls;
};

class Store {
 public:
  // The first owner is the caller; release() ends it. An HCERTSTORE is such a pointer.
  static Store* make(Content content = {}, std::unique_ptr<Keeper> keeper = nullptr);
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;
  void retain() { references_.fetch_add(1, std::memory_order_relaxed); }
  bool release();  // whether it was the last owner

  struct Entry {
    std::uint64_t place = 0;  // grows; never used twice
    ElementPtr element;
  };

  // dispositions: CERT_STORE_ADD_x. CRYPT_E_EXISTS, SEC_E_INVALID_PARAMETER, and what the keeper answers.
  Result<Entry> add(const Element& element, std::uint32_t disposition);
  Result<void> add_crl(CrlPtr crl);
  Result<void> remove(std::uint64_t place);
  // Tells the keeper that properties or the key of an element changed.
  Result<void> changed(const Element& element);

  // The first entry behind `place` (0: the first of all); element is nullptr at the end.
  Entry after(std::uint64_t place) const;
  std::vector<ElementPtr> certificates() const;
  std::vector<CrlPtr> crls() const;

 private:
  Store(Content content, std::unique_ptr<Keeper> keeper);
  ~Store() = default;
  Entry append(ElementPtr element);

  std::atomic<std::uint32_t> references_{1};
  mutable std::mutex mutex_;
  std::vector<Entry> entries_;
  std::vector<CrlPtr> crls_;
  std::uint64_t last_place_ = 0;
  const std::unique_ptr<Keeper> keeper_;
};

// One owner of a Store.
class StoreRef {
 public:
  StoreRef() = default;
  // Takes over one reference.
  explicit StoreRef(Store* store) : store_(store) {}
  static StoreRef share(Store* store) {
    if (store != nullptr) store->retain();
    return StoreRef(store);
  }
  StoreRef(StoreRef&& other) noexcept : store_(std::exchange(other.store_, nullptr)) {}
  StoreRef& operator=(StoreRef&& other) noexcept {
    std::swap(store_, other.store_);
    return *this;
  }
  StoreRef(const StoreRef& other) : StoreRef(share(other.store_)) {}
  StoreRef& operator=(const StoreRef&) = delete;
  ~StoreRef() {
    if (store_ != nullptr) store_->release();
  }
  Store* get() const { return store_; }
  Store* operator->() const { return store_; }
  Store* give_away() { return std::exchange(store_, nullptr); }
  explicit operator bool() const { return store_ != nullptr; }

 private:
  Store* store_ = nullptr;
};

// What a PCCERT_CONTEXT points to.
struct Context : CERT_CONTEXT {
  Context(ElementPtr e, StoreRef s, std::uint64_t p);

  std::atomic<std::uint32_t> references{1};
  const ElementPtr element;
  const StoreRef store;
  const std::uint64_t place;
};

// A context with one owner; freed by release_context().
PCCERT_CONTEXT make_context(const Store::Entry& entry, StoreRef store);
// The same in a store of its own, which also holds `others`.
PCCERT_CONTEXT make_context(const ElementPtr& element, std::vector<ElementPtr> others = {});
void retain_context(PCCERT_CONTEXT context);
void release_context(PCCERT_CONTEXT context);

// What a caller's pointers stand for; they were given by the functions above.
inline const Context& context_of(PCCERT_CONTEXT pointer) { return *static_cast<const Context*>(pointer); }
inline const ElementPtr& element_of(PCCERT_CONTEXT pointer) { return context_of(pointer).element; }
inline Store* store_of(HCERTSTORE handle) { return static_cast<Store*>(handle); }

}  // namespace opensspi::cert
