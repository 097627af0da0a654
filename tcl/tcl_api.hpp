// Tcl's C API, the same for 8.6 and 9.
#pragma once

#include <tcl.h>

#include <climits>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

#ifndef TCL_SIZE_MAX
using Tcl_Size = int;
#define TCL_SIZE_MAX INT_MAX
#endif

namespace twapi {

using Objects = std::span<Tcl_Obj* const>;  // the words of a command

// A counted reference to a Tcl_Obj.
class Object {
 public:
  Object() = default;
  explicit Object(Tcl_Obj* object) : object_(object) {
    if (object_ != nullptr) Tcl_IncrRefCount(object_);
  }
  Object(Object&& other) noexcept : object_(std::exchange(other.object_, nullptr)) {}
  Object& operator=(Object&& other) noexcept {
    std::swap(object_, other.object_);
    return *this;
  }
  Object(const Object&) = delete;
  Object& operator=(const Object&) = delete;
  ~Object() {
    if (object_ != nullptr) Tcl_DecrRefCount(object_);
  }
  Tcl_Obj* get() const { return object_; }
  explicit operator bool() const { return object_ != nullptr; }

 private:
  Tcl_Obj* object_ = nullptr;
};

}  // namespace twapi
