// What tables of configurations ask of the loader: one HTTP destination with further keys, read or complained
// of.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "actors/node/config/loader.hpp"

namespace sluice::config {

/// Reads `f.yaml` with the destination `a` alone, of kind http; `keys` are whole lines, indented by four.
inline loaded load_http(const std::string& url, const std::string& keys, const outside& from) {
  return load_text("destinations:\n  a:\n    kind: http\n    url: \"" + url + "\"\n" + keys, "f.yaml", {},
                   from);
}

/// The first destination; where it was not read, a failure of the test for each reason.
inline destination_options first_destination(const loaded& read) {
  if (read) return read->destinations.at(0);
  for (const error& e : read.error()) ADD_FAILURE() << to_string(e);
  return {};
}

/// What is wrong, in order; nothing where it was read.
inline std::vector<std::string> complaints_of(const loaded& read) {
  std::vector<std::string> all;
  if (!read)
    for (const error& e : read.error()) all.push_back(to_string(e));
  return all;
}

}  // namespace sluice::config
