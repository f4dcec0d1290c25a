// `${NAME}` and `${file:PATH}` in configuration values.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "actors/node/config/units.hpp"
#include "messages/result.hpp"

namespace sluice::config {

/// Where values come from that are not in the file.
struct outside {
  std::function<std::optional<std::string>(const std::string& name)> environment;
  std::function<result<std::string>(const std::string& path)>
      read_file;  ///< bounded by the caller's own limit
};
outside the_process();  ///< its environment and its file system; files up to 64 KiB

struct expanded {
  std::string text;
  bool from_outside = false;  ///< must not be shown to anyone
};

/// `$${` stands for `${`. One line break at the end of a file does not count. The error names what is
/// missing, never a value.
parsed<expanded> expand(std::string_view text, const outside& from);

}  // namespace sluice::config
