// `sluice dead-letters list|show`: what could not be delivered, and why.
#pragma once

namespace CLI {
class App;
}

namespace sluice::cli {

/// Registers the subcommands; when one runs, `exit` gets the exit code.
void add_dead_letters(CLI::App& root, int& exit);

}  // namespace sluice::cli
