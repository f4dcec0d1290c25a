// `sluice bench`: synthetic batches against a node, or against one that it starts for itself.
#pragma once

namespace CLI {
class App;
}

namespace sluice::cli {

/// Adds the subcommand. When the command line names it, it runs within `root.parse` and leaves its exit code
/// in `exit_code`: 0 done, 1 when something failed or any batch failed for good, 2 wrong use. While it runs,
/// SIGINT and SIGTERM are its own: the first one ends the measurement and prints what there is, the second
/// one does not wait for answers under way. `exit_code` must outlive `root`.
void add_bench(CLI::App& root, int& exit_code);

}  // namespace sluice::cli
