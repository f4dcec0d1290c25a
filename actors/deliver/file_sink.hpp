// A file destination's file: appended, synced, and after any doubt cut back to the length that is known
// durable.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "actors/checkpoint/file_system.hpp"
#include "messages/assert.hpp"

namespace sluice::deliver {

/// Used by one thread at a time.
class file_sink {
 public:
  file_sink(checkpoint::file_system& files, std::string path) : files_(files), path_(std::move(path)) {}

  /// Makes the next `append` start at exactly `length`: opens (and creates) the file, syncs its directory
  /// when it was made, cuts what is behind. errc::corrupt when the file is shorter than what was recorded.
  result<void> attach(std::uint64_t length);
  /// Writes at the end and syncs. After an error the file must be attached again.
  result<void> append(std::string_view lines);
  bool attached() const noexcept { return file_ != nullptr; }
  std::uint64_t length() const noexcept { return length_; }
  const std::string& path() const noexcept { return path_; }

  /// Length of the file as it is; 0 when there is none.
  static result<std::uint64_t> existing_length(checkpoint::file_system& files, const std::string& path);

 private:
  checkpoint::file_system& files_;
  std::string path_;
  std::unique_ptr<checkpoint::file> file_;
  std::uint64_t length_ = 0;
};

}  // namespace sluice::deliver
