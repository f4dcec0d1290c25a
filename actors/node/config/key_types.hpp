// The kinds of values that keys have: each reads a text, says what is allowed, and prints its default.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "actors/node/config/config.hpp"
#include "actors/node/config/units.hpp"

namespace sluice::config {

template <class T>
struct value_type {
  std::string allowed;  ///< ends the sentence of an error
  std::function<parsed<T>(std::string_view)> parse;
  std::function<std::string(const T&)> print;
};

/// A parser that keeps to bounds.
template <class T, class Parse>
std::function<parsed<T>(std::string_view)> bounded(Parse parse, T low, T high) {
  return [parse, low, high](std::string_view text) -> parsed<T> {
    const auto value = parse(text);
    if (!value) return tl::unexpected(value.error());
    if (*value < low) return tl::unexpected(std::string("is too small"));
    if (*value > high) return tl::unexpected(std::string("is too large"));
    return static_cast<T>(*value);
  };
}

inline std::string range_text(std::string_view low, std::string_view high) {
  return std::string(low).append(" to ").append(high);
}

inline value_type<std::uint64_t> size_between(std::uint64_t low, std::uint64_t high) {
  return {range_text(print_size(low), print_size(high)).append(" (").append(size_units).append(")"),
          bounded(parse_size, low, high), print_size};
}

inline value_type<std::chrono::milliseconds> duration_between(std::chrono::milliseconds low,
                                                              std::chrono::milliseconds high) {
  return {
      range_text(print_duration(low), print_duration(high)).append(" (").append(duration_units).append(")"),
      bounded(parse_duration, low, high), print_duration};
}

template <class T>
value_type<T> count_between(std::uint64_t low, std::uint64_t high) {
  const auto read = bounded(parse_count, low, high);
  return {range_text(std::to_string(low), std::to_string(high)),
          [read](std::string_view text) -> parsed<T> {
            return read(text).map([](std::uint64_t value) { return static_cast<T>(value); });
          },
          [](const T& value) { return std::to_string(value); }};
}

/// What `type` reads, or a word for none.
template <class T>
value_type<std::optional<T>> or_word(std::string word, value_type<T> type) {
  return {std::string(word).append(" or ").append(type.allowed),
          [word, type](std::string_view text) -> parsed<std::optional<T>> {
            if (text == word) return std::optional<T>();
            auto value = type.parse(text);
            if (value) return std::optional<T>(std::move(*value));
            constexpr std::string_view other = "is not ";
            if (!value.error().starts_with(other)) return tl::unexpected(std::move(value.error()));
            return tl::unexpected(std::string("is neither `")
                                      .append(word)
                                      .append("` nor ")
                                      .append(value.error().substr(other.size())));
          },
          [word, type](const std::optional<T>& value) { return value ? type.print(*value) : word; }};
}

/// A number, or a word for none.
inline value_type<std::optional<std::uint32_t>> count_or(std::string word, std::uint64_t low,
                                                         std::uint64_t high) {
  return or_word(std::move(word), count_between<std::uint32_t>(low, high));
}

template <class E>
value_type<E> choice(std::initializer_list<std::pair<std::string_view, E>> of) {
  const std::vector<std::pair<std::string_view, E>> words(of);
  std::string allowed;
  for (const auto& [word, value] : words) {
    if (!allowed.empty()) allowed += word == words.back().first ? " or " : ", ";
    allowed += word;
  }
  return {allowed,
          [words](std::string_view text) -> parsed<E> {
            for (const auto& [word, value] : words) {
              if (word == text) return value;
            }
            return tl::unexpected(std::string("is not known here"));
          },
          [words](const E& value) {
            const auto found =
                std::find_if(words.begin(), words.end(), [&](const auto& w) { return w.second == value; });
            return std::string(found->first);
          }};
}

/// Text without control characters.
inline value_type<std::string> text_up_to(std::size_t bytes, std::size_t at_least, std::string what) {
  return {std::move(what.append(" of ")
                        .append(range_text(std::to_string(at_least), std::to_string(bytes)))
                        .append(" bytes")),
          [bytes, at_least](std::string_view text) -> parsed<std::string> {
            if (text.size() < at_least) return tl::unexpected(std::string("is empty"));
            if (text.size() > bytes) return tl::unexpected(std::string("is too long"));
            if (std::ranges::any_of(
                    text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; })) {
              return tl::unexpected(std::string("has control characters"));
            }
            return std::string(text);
          },
          [](const std::string& text) { return text; }};
}

inline value_type<endpoint> listen_address() {
  return {"ADDRESS:PORT with a numeric address, as 127.0.0.1:8080 or [::1]:8080", parse_endpoint,
          print_endpoint};
}

}  // namespace sluice::config
