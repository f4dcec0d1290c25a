// How subcommands write configurations, numbers and errors for people. Plain text without colour.
#pragma once

#include <cstdint>
#include <iosfwd>
#include <span>
#include <string>
#include <vector>

#include "actors/node/config/config.hpp"
#include "messages/error.hpp"

namespace sluice::cli {

/// One line each.
void show_errors(std::ostream& err, std::span<const error> errors);

/// Rounded up to a tenth of the largest unit that fits: `1.3GiB`.
std::string about_bytes(std::uint64_t bytes);

/// `a, b`, or `nowhere`.
std::string list_of_names(const std::vector<std::string>& names);

/// `text` in backquotes, or that it is hidden when the key at `path` has its value from outside the file.
std::string shown(const config::config& of, const std::string& path, std::string_view text);

/// The summary that `sluice check` prints of a good configuration.
void show_config(std::ostream& out, const config::config& of, std::uint32_t processors);

}  // namespace sluice::cli
