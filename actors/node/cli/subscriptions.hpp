// `sluice subscriptions`: the Genesys Cloud side from the command line.
#pragma once

namespace CLI {
class App;
}

namespace sluice::cli {

/// Registers the subcommands; when one runs, `exit` gets the exit code.
void add_subscriptions(CLI::App& root, int& exit);

}  // namespace sluice::cli
