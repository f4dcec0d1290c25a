// `sluice run`: the node.
#pragma once

namespace CLI {
class App;
}

namespace sluice::cli {

/// Registers the subcommand; when it runs, `exit` gets the exit code.
void add_run(CLI::App& root, int& exit);

}  // namespace sluice::cli
