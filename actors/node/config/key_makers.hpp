// How an entry of the key table is made from a type, a place in the configuration and a sentence.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "actors/node/config/key_types.hpp"
#include "actors/node/config/keys.hpp"

namespace sluice::config {

inline constexpr std::uint64_t disk_bytes_max = 64 * 1024 * gib;

inline constexpr kind_set over_network = kind_bit(destination_kind::http) | kind_bit(destination_kind::nats);

/// The place of `at` in a configuration of defaults.
template <class At>
auto default_of(At at) {
  config all;
  destination_options destination;
  route_options route;
  routing_test test;
  return at(cursor{all, &destination, &route, &test});
}

template <class T, class At>
key leaf(std::string path, value_type<T> type, At at, std::string doc) {
  key k;
  k.path = std::move(path);
  k.allowed = type.allowed;
  k.fallback = type.print(default_of([&](const cursor& c) { return T(at(c)); }));
  k.doc = std::move(doc);
  k.set = [parse = type.parse, at](const cursor& c, std::string_view,
                                   std::string_view text) -> std::optional<std::string> {
    auto value = parse(text);
    if (!value) return std::move(value.error());
    at(c) = std::move(*value);
    return std::nullopt;
  };
  return k;
}

/// A list: `at` is a vector of what `type` reads.
template <class T, class At>
key list_of(std::string path, value_type<T> type, At at, std::string doc) {
  key k;
  k.path = std::move(path);
  k.form = shape::many;
  k.allowed = std::string("one or a list: ").append(type.allowed);
  for (const T& value : default_of([&](const cursor& c) { return std::vector<T>(at(c)); })) {
    if (!k.fallback.empty()) k.fallback += ", ";
    k.fallback += type.print(value);
  }
  k.doc = std::move(doc);
  k.set = [parse = type.parse, at](const cursor& c, std::string_view,
                                   std::string_view text) -> std::optional<std::string> {
    auto value = parse(text);
    if (!value) return std::move(value.error());
    at(c).push_back(std::move(*value));
    return std::nullopt;
  };
  k.clear = [at](const cursor& c) { at(c).clear(); };
  return k;
}

inline key required(key k) {
  k.required = true;
  k.fallback.clear();
  return k;
}
inline key only(kind_set kinds, key k) {
  k.kinds = kinds;
  return k;
}

inline key secret(key k) {
  k.secret = true;
  return k;
}

value_type<std::string> http_url();
inline value_type<std::string> path_text() { return text_up_to(1024, 1, "a path"); }

/// The parts of the table.
std::vector<key> node_keys();
std::vector<key> route_keys();
std::vector<key> destination_keys();
std::vector<key> http_keys();
std::vector<key> auth_keys();
std::vector<key> nats_keys();
std::vector<key> split_keys();
std::vector<key> genesys_keys();

}  // namespace sluice::config
