// A log's summary as a table for people and as JSON for programs.
#pragma once

#include <iosfwd>

#include "actors/checkpoint/segment_log.hpp"

namespace sluice::cli {

void print_log_table(std::ostream& out, const checkpoint::log_summary& log);
/// One object on one line; strings escaped as RFC 8259 says.
void print_log_json(std::ostream& out, const checkpoint::log_summary& log);

}  // namespace sluice::cli
