// A directory of its own for each test, gone with it. SLUICE_KEEP_DIRECTORIES in the environment keeps it for
// a look.
#pragma once

#include <filesystem>
#include <string>

namespace sluice::testing {

class temp_dir {
 public:
  temp_dir();   ///< below the system's directory for temporary files; throws std::runtime_error
  ~temp_dir();  ///< removes it with all that is in it
  temp_dir(const temp_dir&) = delete;
  temp_dir& operator=(const temp_dir&) = delete;

  const std::filesystem::path& path() const noexcept { return path_; }

 private:
  std::filesystem::path path_;
};

/// The whole file, or an empty text where there is none.
std::string read_text(const std::filesystem::path& file);
/// Throws std::runtime_error when it cannot.
void write_text(const std::filesystem::path& file, std::string_view text);

}  // namespace sluice::testing
