// A disk that is really full: a tmpfs in a mount namespace that only this test process and its children see.
#pragma once

#include <cstdint>
#include <filesystem>

namespace sluice::testing {

/// Mounted on `where` for the life of this object. `available()` is false where the system lets nobody mount
/// (no privilege and no user namespaces).
class small_disk {
 public:
  small_disk(std::filesystem::path where, std::uint64_t bytes);
  ~small_disk();
  small_disk(const small_disk&) = delete;
  small_disk& operator=(const small_disk&) = delete;

  bool available() const noexcept { return mounted_; }
  /// Takes all free space but `left` bytes with one file.
  void fill(std::uint64_t left);
  void free_again();  ///< removes that file

 private:
  std::filesystem::path where_;
  bool mounted_ = false;
};

}  // namespace sluice::testing
