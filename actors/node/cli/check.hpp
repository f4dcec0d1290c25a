// `sluice check`: everything that can be known of a configuration without starting the node.
#pragma once

#include <cstdint>
#include <iosfwd>
#include <span>
#include <string>

namespace CLI {
class App;
}

namespace sluice::cli {

/// Loads, checks, sums up and runs the file's own tests. Errors go to `err`, one a line; returns the exit
/// code.
int check(const std::string& file, std::span<const std::string> overrides, std::uint32_t processors,
          std::ostream& out, std::ostream& err);

/// Registers the subcommand; when it runs, `exit` gets the exit code.
void add_check(CLI::App& root, int& exit);

}  // namespace sluice::cli
