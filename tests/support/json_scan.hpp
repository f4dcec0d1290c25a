// Just enough JSON to cut a valid document into slices, written apart from the node's own decoder so that the
// two can disagree. Checks nothing: for documents that the test made or that the node has accepted.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::testing::json {

struct member {
  std::string_view key;    ///< as it stands between the quotes
  std::string_view value;  ///< the slice, without white space around it
};

/// All throw std::runtime_error where the text is not what they expect.
std::vector<std::string_view> elements(std::string_view array);
std::vector<member> members(std::string_view object);
/// The first member of that name.
std::optional<std::string_view> find(std::string_view object, std::string_view key);
/// The unescaped text of a string value.
std::string text(std::string_view string);
/// The text of a member that is a string; empty where it is absent or something else.
std::string text_of(std::string_view object, std::string_view key);

/// The slices of a batch's events: of `{"events":[…]}`, of a bare array, or of one event alone.
std::vector<std::string_view> events(std::string_view document);
/// Line feeds and carriage returns (valid only between tokens) become spaces: one event, one line.
std::string one_line(std::string_view slice);

}  // namespace sluice::testing::json
