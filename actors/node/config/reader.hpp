// Writes a tree of values and overrides into a configuration by the table of keys, and remembers where each
// came from.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "actors/node/config/config.hpp"
#include "actors/node/config/document.hpp"
#include "actors/node/config/expand.hpp"
#include "actors/node/config/keys.hpp"
#include "messages/error.hpp"

namespace sluice::config {

/// Where the value of a key was written.
struct origin {
  std::string place;    ///< `file:line:column` or `--set`
  std::string shown;    ///< the text as written, references not replaced; of a list the last; no secret
  bool hidden = false;  ///< a secret, or some of it came from the environment or another file
};

class reader {
 public:
  reader(std::string file, const outside& from) : file_(std::move(file)), from_(from) {}

  void read(const node& tree);
  void read_override(std::string_view assignment);

  /// By concrete path (`destinations.warehouse.rate`, `routes[0].to[1]`); also of containers' members.
  const std::map<std::string, origin, std::less<>>& origins() const noexcept { return origins_; }
  void complain(const std::string& path,
                std::string detail);  ///< at the place of the path or of what holds it
  void complain_at(std::string place, const std::string& path, std::string detail);

  config all;
  std::vector<error> errors;

 private:
  struct spot {
    std::string path;     ///< as written
    std::string pattern;  ///< as in the table
  };
  void read_map(const node& map, const spot& at, const cursor& to);
  void read_member(const node::member& m, const spot& at, const cursor& to);
  void read_container(const container& of, const node& value, const spot& at);
  void read_key(const key& k, const node& value, const spot& at, const cursor& to);
  /// One scalar of a key.
  void read_text(const key& k, std::string_view name, std::string_view text, const std::string& path,
                 std::string place, const cursor& to);
  void unknown(std::string place, const spot& parent, std::string_view name, const std::string& path);
  bool refuse_not_yet(const std::string& place, const spot& at);
  std::string spelled(place at) const;

  std::string file_;
  const outside& from_;
  std::map<std::string, origin, std::less<>> origins_;
};

}  // namespace sluice::config
