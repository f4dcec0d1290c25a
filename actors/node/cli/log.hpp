// `sluice log inspect` and `sluice log verify`: what a log's directory holds, and whether it is whole.
// Neither writes.
#pragma once

namespace CLI {
class App;
}

namespace sluice::cli {

/// Adds `log` with its subcommands to `root`. Running one sets `exit_code`: 0, or 1 for damage or a directory
/// that cannot be read. Tables go to standard output, damage and notes to standard error, a line each.
void add_log(CLI::App& root, int& exit_code);

}  // namespace sluice::cli
