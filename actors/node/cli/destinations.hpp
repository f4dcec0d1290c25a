// `sluice destinations`: what a running node's destinations stand at, and an operator's orders to them.
#pragma once

namespace CLI {
class App;
}

namespace sluice::cli {

/// Adds the subcommand; `exit` gets its exit code.
void add_destinations(CLI::App& root, int& exit);

}  // namespace sluice::cli
