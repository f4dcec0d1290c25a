// From a file and the command line to a checked configuration, or to everything that is wrong with it at
// once.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "actors/node/config/config.hpp"
#include "actors/node/config/expand.hpp"
#include "messages/error.hpp"

namespace sluice::config {

/// A configuration, or all errors in the order of the file, those between keys after those of one. Places are
/// `file:line:column: path`, or `--set: path` for overrides; details `what is wrong; what is allowed`, never
/// with a value that came from the environment or from another file.
using loaded = tl::expected<config, std::vector<error>>;

/// Reads `path` (at most 4 MiB). `overrides` are `key=value` as `--set` takes them: `ingest.listen=[::1]:80`,
/// `destinations.warehouse.rate=10`, `routes[0].to=a,b`; they win over the file, and the last of the same key
/// wins.
loaded load(const std::string& path, std::span<const std::string> overrides = {},
            const outside& from = the_process());

/// The same for a text that is already there; `name` stands for the file in places.
loaded load_text(std::string_view text, const std::string& name, std::span<const std::string> overrides = {},
                 const outside& from = the_process());

/// All keys as Markdown, from the same table.
std::string reference();

}  // namespace sluice::config
