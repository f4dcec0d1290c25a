// What a subcommand asks before it gives something up for good.
#pragma once

#include <string>

namespace sluice::cli {

/// Asks at the terminal. False, and it is said that nothing was discarded: the answer is not yes, or nobody
/// is there to be asked.
bool confirms_discard(const std::string& question);

}  // namespace sluice::cli
