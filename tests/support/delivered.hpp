// What stands in a delivered file or an audit file: complete lines only, since the end of a file may be half
// written.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::testing {

/// The lines that end with a line feed, without it. A missing file has none.
std::vector<std::string> complete_lines(const std::filesystem::path& file);
/// The member `id` of each line's event.
std::vector<std::string> delivered_ids(const std::filesystem::path& file);
/// The member `eventId` of each audit line with that action.
std::vector<std::string> audited_ids(const std::filesystem::path& file, std::string_view action);

}  // namespace sluice::testing
