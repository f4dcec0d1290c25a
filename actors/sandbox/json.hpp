// JSON as the sandbox reads and writes it: members keep their order, and nothing throws.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::sandbox {

using json = nlohmann::ordered_json;

/// Nothing when it is not one JSON text.
inline std::optional<json> parse_json(std::string_view text) {
  auto value = json::parse(text.begin(), text.end(), nullptr, false);
  if (value.is_discarded()) return std::nullopt;
  return value;
}

/// Bytes that are no UTF-8 become U+FFFD.
inline std::string to_text(const json& value, int indent = -1) {
  return value.dump(indent, ' ', false, json::error_handler_t::replace);
}

/// The member of that name, or null when there is none or `value` is no object.
inline const json* member(const json& value, const char* name) {
  if (!value.is_object()) return nullptr;
  const auto found = value.find(name);
  return found == value.end() ? nullptr : &*found;
}

/// The member's text, or empty when there is none or it is no text.
inline std::string text_of(const json& value, const char* name) {
  const json* const found = member(value, name);
  return found != nullptr && found->is_string() ? found->get<std::string>() : std::string();
}

}  // namespace sluice::sandbox
