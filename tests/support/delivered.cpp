// Files with one JSON object a line.
#include "tests/support/delivered.hpp"

#include "tests/support/json_scan.hpp"
#include "tests/support/temp_dir.hpp"

namespace sluice::testing {

std::vector<std::string> complete_lines(const std::filesystem::path& file) {
  const std::string all = read_text(file);
  std::vector<std::string> lines;
  std::size_t begin = 0;
  for (std::size_t end = 0; (end = all.find('\n', begin)) != std::string::npos; begin = end + 1) {
    lines.push_back(all.substr(begin, end - begin));
  }
  return lines;
}

std::vector<std::string> delivered_ids(const std::filesystem::path& file) {
  std::vector<std::string> ids;
  for (const std::string& line : complete_lines(file)) ids.push_back(json::text_of(line, "id"));
  return ids;
}

std::vector<std::string> audited_ids(const std::filesystem::path& file, std::string_view action) {
  std::vector<std::string> ids;
  for (const std::string& line : complete_lines(file)) {
    if (json::text_of(line, "action") == action) ids.push_back(json::text_of(line, "eventId"));
  }
  return ids;
}

}  // namespace sluice::testing
