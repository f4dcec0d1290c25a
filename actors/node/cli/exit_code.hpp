// What a subcommand tells the shell.
#pragma once

namespace sluice::cli::exit_code {

inline constexpr int done = 0;
inline constexpr int failed = 1;
inline constexpr int wrong_use = 2;
inline constexpr int configuration = 78;  ///< EX_CONFIG of sysexits.h

}  // namespace sluice::cli::exit_code
