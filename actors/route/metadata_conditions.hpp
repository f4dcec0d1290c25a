// The metadata conditions of all rules as numbers, so that an event's value is looked up once a key, not once
// a rule.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "actors/route/rule.hpp"

namespace sluice::route {

class metadata_conditions {
 public:
  /// The event's value under key number `key` must be value number `value`.
  struct condition {
    std::uint32_t key;
    std::uint32_t value;
  };
  /// A value that no rule asks for.
  static constexpr std::uint32_t no_value = 0xffffffff;

  explicit metadata_conditions(std::span<const rule> rules);

  std::span<const condition> of(std::size_t rule) const noexcept {
    return std::span(flat_).subspan(ends_[rule], ends_[rule + 1] - ends_[rule]);
  }
  std::size_t keys() const noexcept { return keys_.size(); }
  std::string_view key(std::size_t number) const noexcept { return keys_[number].text; }
  /// Number of `text` among the values that rules want under this key.
  std::uint32_t value(std::size_t key, std::string_view text) const noexcept {
    const auto found = keys_[key].values.find(text);
    return found == keys_[key].values.end() ? no_value : found->second;
  }

 private:
  struct text_hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept {
      return std::hash<std::string_view>{}(text);
    }
  };
  struct key_values {
    std::string text;
    std::unordered_map<std::string, std::uint32_t, text_hash, std::equal_to<>> values;
  };

  std::vector<key_values> keys_;  // bounded by the rules and their conditions
  std::vector<condition> flat_;
  std::vector<std::size_t> ends_;
};

}  // namespace sluice::route
