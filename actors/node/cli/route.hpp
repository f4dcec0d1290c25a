// `sluice route`: shows for given events which rules they meet, which they miss and why.
#pragma once

#include <iosfwd>
#include <span>
#include <string>

namespace CLI {
class App;
}

namespace sluice::cli {

/// `event_file` holds a batch in any shape that the node accepts, or one plain event; `-` is `in`. At most
/// ingest.max_body bytes. Returns the exit code.
int route_events(const std::string& file, std::span<const std::string> overrides,
                 const std::string& event_file, std::istream& in, std::ostream& out, std::ostream& err);

/// Registers the subcommand; when it runs, `exit` gets the exit code.
void add_route(CLI::App& root, int& exit);

}  // namespace sluice::cli
