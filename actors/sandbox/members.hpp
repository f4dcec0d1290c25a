// Members of a JSON object, read strictly: what is not known or out of bounds is refused by name.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

#include "actors/sandbox/json.hpp"
#include "messages/result.hpp"

namespace sluice::sandbox {

/// Whether `value` is an object of these members only. The error's place is the member that is not known.
result<void> has_only(const json& value, std::initializer_list<std::string_view> names);

/// A whole number from `low` to `high`; `otherwise` when the member is not there. The error's place is the
/// member, here and below.
result<std::int64_t> whole_of(const json& from, const char* name, std::int64_t low, std::int64_t high,
                              std::int64_t otherwise);
/// Likewise any number.
result<double> number_of(const json& from, const char* name, double low, double high, double otherwise);
/// Likewise true or false.
result<bool> flag_of(const json& from, const char* name, bool otherwise);

}  // namespace sluice::sandbox
