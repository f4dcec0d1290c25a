// Every key of the configuration, once: reading, checking, `--set`, and the reference all follow from this
// table.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "actors/node/config/config.hpp"

namespace sluice::config {

/// Where a key writes: into the whole, or into the member of a list that is being read.
struct cursor {
  config& all;
  destination_options* destination = nullptr;
  route_options* route = nullptr;
  routing_test* test = nullptr;
};

/// How a key's value stands in the file.
enum class shape : std::uint8_t {
  one,         ///< a scalar
  many,        ///< a scalar or a list of scalars
  string_map,  ///< a map of scalars
  json,        ///< anything, handed on as JSON
};

/// Bits of destination kinds.
using kind_set = std::uint8_t;
inline constexpr kind_set kind_bit(destination_kind kind) {
  return static_cast<kind_set>(1U << static_cast<unsigned>(kind));
}
inline constexpr kind_set any_kind = 0xff;
std::string_view to_string(destination_kind kind);

struct key {
  std::string path;  ///< `destinations.*.rate`, `routes[].to`
  shape form = shape::one;
  std::string allowed;
  std::string fallback;  ///< the default as it would be written; empty: none
  std::string doc;       ///< one sentence
  bool required = false;
  kind_set kinds = any_kind;  ///< of destinations that have the key
  bool secret = false;        ///< never shown, also when it stands in the file
  /// Takes one scalar (with `name` the key of a string_map); the complaint, or nothing.
  std::function<std::optional<std::string>(const cursor&, std::string_view name, std::string_view text)> set;
  /// Before the first of several.
  std::function<void(const cursor&)> clear;
};

/// A map or list whose members have keys of their own.
struct container {
  std::string path;  ///< `destinations`, `routes`, `tests`
  bool list = false;
  std::size_t members_max = 0;
  std::string doc;
  /// Moves the cursor to the member `name`, or to number `at` of a list, made when it is new.
  std::function<cursor(config&, const std::string& name, std::size_t at)> enter;
  std::function<std::size_t(const config&)> size;
  std::string prefix() const { return path + (list ? "[]" : ".*"); }  ///< of the members' keys
};

std::span<const key> all_keys();
std::span<const container> all_containers();
/// Parts of the contract that this version does not do: a key and everything below it.
std::span<const std::string> all_not_yet();

/// Sections with a sentence each, in the order of the reference.
struct section {
  std::string path;
  std::string doc;
};
std::span<const section> all_sections();

const key* find_key(std::string_view path);
const container* find_container(std::string_view path);
bool is_section(std::string_view path);
/// What may stand directly below `path` (empty: at the top).
std::vector<std::string> children_of(std::string_view path);

}  // namespace sluice::config
