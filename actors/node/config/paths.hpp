// How checks name the keys that they are about.
#pragma once

#include <string>
#include <string_view>

#include "actors/node/config/reader.hpp"

namespace sluice::config {

/// `key` of the member or section `member`.
inline std::string in(std::string_view member, std::string_view key) {
  return std::string(member).append(".").append(key);
}

/// Number `at` of a list.
inline std::string member_of(std::string_view list, std::size_t at) {
  return std::string(list).append("[").append(std::to_string(at)).append("]");
}

/// Somebody wrote it, in the file or on the command line.
inline bool given(const reader& read, const std::string& path) {
  return read.origins().find(path) != read.origins().end();
}

}  // namespace sluice::config
