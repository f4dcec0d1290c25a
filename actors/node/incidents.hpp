// The node's own log: one line an incident, not one a request; JSON or text on standard error.
#pragma once

#include <string>
#include <string_view>

#include "actors/node/config/config.hpp"

namespace sluice::node {

/// Sets the process's logger up; called once, before any other thread.
void open_log(const config::log_options& options);

/// One line with the stage that says it. Any thread.
void log_info(std::string_view stage, std::string_view what);
void log_warning(std::string_view stage, std::string_view what);
void log_error(std::string_view stage, std::string_view what);

}  // namespace sluice::node
