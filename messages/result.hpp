// The return type of every boundary that can fail: a value or an error, never an exception.
#pragma once

#include <tl/expected.hpp>
#include <utility>

#include "messages/error.hpp"

namespace sluice {

/// A value or an error. Look before you take the value: an unchecked one is a defect.
template <class T>
using result = tl::expected<T, error>;

/// The failing arm of a result.
inline tl::unexpected<error> fail(error e) { return tl::unexpected<error>(std::move(e)); }
inline tl::unexpected<error> fail(errc code, std::string detail, std::string place = {}, int sys = 0) {
  return tl::unexpected<error>(error{code, std::move(detail), std::move(place), sys});
}

}  // namespace sluice
