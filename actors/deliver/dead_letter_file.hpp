// The files of the dead-letter store, `<16 hex digits>.dlq`: a head block, then groups as the log frames them
// (checkpoint/format.hpp), their salt drawn from the file's number, each synced before its records count.
// A record is a letter, or names one that was removed; it speaks of letters in front of it, in this file or
// an older one.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "actors/checkpoint/file_system.hpp"
#include "actors/checkpoint/group.hpp"
#include "actors/deliver/dead_letter.hpp"
#include "messages/result.hpp"

namespace sluice::deliver {

std::string dead_letter_file_name(std::uint64_t number);
/// Numbers of the files in a directory, ascending.
result<std::vector<std::uint64_t>> dead_letter_files(checkpoint::file_system& files,
                                                     const std::string& directory);

/// The first block of a file.
std::vector<std::byte> dead_letter_file_head(std::uint64_t number);

/// Bytes that a record takes in a group.
std::size_t record_bytes(const dead_letter& letter);
std::size_t record_bytes(const letter_key& removed);
/// Append a record; the group has room.
void append_record(checkpoint::group_builder& group, const dead_letter& letter);
void append_record(checkpoint::group_builder& group, const letter_key& removed);
/// Makes the group the `number`th of its file, ready to be written.
void close_group(checkpoint::group_builder& group, std::uint64_t file, std::uint64_t number);

/// What is done with records as they come.
struct record_visit {
  std::function<bool(dead_letter&&)> letter;  ///< false: read no further
  std::function<void(const letter_key&)> removed;
};

/// Reads a file's groups in their order. Not thread-safe.
class dead_letter_file_reader {
 public:
  /// errc::corrupt when the head is damaged, errc::unsupported for another version. `newest`: a file without
  /// a head may be one that was just made.
  static result<dead_letter_file_reader> open(checkpoint::file_system& files, const std::string& directory,
                                              std::uint64_t number, bool newest);

  /// Where the next group begins, and where the last one ended; 0 for a file without a head.
  std::uint64_t offset() const noexcept { return offset_; }
  std::uint64_t last_group() const noexcept { return last_group_; }
  /// Goes on at a group that begins there.
  void seek(std::uint64_t offset) noexcept;
  /// Takes up the next group; false where valid ones end. errc::corrupt when a later group knows what follows
  /// as synced, or when the file is not the newest.
  result<bool> next();
  /// Visits the records of the group that was taken up; false when the visit ended it.
  result<bool> visit(const record_visit& with) const;
  /// Where the group that was taken up begins.
  std::uint64_t group_offset() const noexcept { return group_offset_; }

 private:
  dead_letter_file_reader() = default;
  result<bool> at_the_end();
  result<bool> proven_synced(std::uint64_t group) const;

  std::unique_ptr<checkpoint::file> file_;
  std::string path_;
  std::uint64_t salt_ = 0, size_ = 0, offset_ = 0, group_offset_ = 0, last_group_ = 0;
  bool newest_ = false, anywhere_ = false;
  checkpoint::group_header header_;
  std::vector<std::byte> content_;
};

}  // namespace sluice::deliver
