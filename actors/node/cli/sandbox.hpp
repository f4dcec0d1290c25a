// `sluice sandbox`: an emulated Genesys Cloud on this machine.
#pragma once

namespace CLI {
class App;
}

namespace sluice::cli {

/// Adds the subcommand. When the command line names it, it runs within `root.parse` and leaves its exit code
/// in `exit`: 0 done, 1 failed, 2 wrong use. `exit` must outlive `root`.
void add_sandbox(CLI::App& root, int& exit);

}  // namespace sluice::cli
