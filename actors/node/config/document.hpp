// A YAML file as a plain tree with places. The YAML library stays behind it.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "messages/result.hpp"

namespace sluice::config {

/// Line and column from 1.
struct place {
  std::size_t line = 1;
  std::size_t column = 1;
};

struct node {
  enum class kind : std::uint8_t { null, scalar, list, map };
  struct member;

  kind what = kind::null;
  place at;
  std::string text;             ///< of a scalar
  bool quoted = false;          ///< a scalar in quotes is a string whatever it looks like
  std::vector<node> items;      ///< of a list
  std::vector<member> members;  ///< of a map, in the order of the file
};
struct node::member {
  std::string key;
  place at;
  node value;
};

inline constexpr std::size_t document_bytes_max = 4 * 1024 * 1024;
inline constexpr std::size_t document_nodes_max = 200'000;  ///< aliases count as often as they are used
inline constexpr std::size_t document_depth_max = 64;

/// One YAML document. A repeated key is an error beside the tree (the first one stands); anything else that
/// is wrong ends the reading. Places of errors are `name:line:column`, with the path of the key where there
/// is one.
result<node> read_document(std::string_view text, const std::string& name, std::vector<error>& repeated_keys);

/// The tree as JSON by YAML's core schema: plain null, true, false and numbers are what they look like, the
/// rest is text.
std::string to_json(const node& tree);

}  // namespace sluice::config
