// How an errno becomes an error: one mapping for the real file system and for the simulated one of the tests.
#pragma once

#include <cerrno>
#include <string>
#include <system_error>

#include "messages/result.hpp"

namespace sluice::checkpoint {

/// ENOSPC and EDQUOT are errc::no_space, ENOENT is errc::not_found, the rest errc::io.
constexpr errc file_errc(int sys) noexcept {
  if (sys == ENOSPC || sys == EDQUOT) return errc::no_space;
  return sys == ENOENT ? errc::not_found : errc::io;
}

/// `cannot DOING: REASON` at `path`.
inline tl::unexpected<error> file_failure(const char* doing, const std::string& path, int sys) {
  return fail(file_errc(sys), "cannot " + std::string(doing) + ": " + std::generic_category().message(sys),
              path, sys);
}

}  // namespace sluice::checkpoint
