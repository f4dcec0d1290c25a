#include "actors/deliver/dead_letter.hpp"

#include <charconv>

namespace sluice::deliver {
namespace {

template <class Number>
bool whole_number(std::string_view text, Number& into) {
  const auto end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, into);
  return read.ec == std::errc{} && read.ptr == end && std::to_string(into) == text;
}

}  // namespace

std::string to_string(const letter_key& key) {
  std::string text = key.destination + ':' + std::to_string(key.origin);
  if (key.generation != 0) text += '.' + std::to_string(key.generation);
  return text;
}

std::optional<letter_key> parse_letter_key(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos || colon == 0) return std::nullopt;
  letter_key key;
  key.destination = text.substr(0, colon);
  auto number = text.substr(colon + 1);
  if (const auto dot = number.find('.'); dot != std::string_view::npos) {
    if (!whole_number(number.substr(dot + 1), key.generation) || key.generation == 0) return std::nullopt;
    number = number.substr(0, dot);
  }
  if (!whole_number(number, key.origin) || key.origin == 0) return std::nullopt;
  return key;
}

bool letter_filter::matches(const dead_letter& l) const {
  return (destination.empty() || l.destination == destination) && (source.empty() || l.source == source) &&
         (id.empty() || l.id == id) && (reason.empty() || l.reason.find(reason) != std::string::npos) &&
         l.stored_ms >= since_ms && l.stored_ms < until_ms;
}

}  // namespace sluice::deliver
