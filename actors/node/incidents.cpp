#include "actors/node/incidents.hpp"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include "messages/json_string.hpp"

namespace sluice::node {
namespace {

bool as_json = true;

// Texts may quote a peer or a file: control characters never reach a terminal, and a line stays a line.
std::string one_line(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto u = static_cast<unsigned char>(c);
    out += u < 0x20 || u == 0x7f ? '?' : c;
  }
  return out;
}

void say(spdlog::level::level_enum level, std::string_view stage, std::string_view what) {
  if (as_json) {
    std::string message;
    append_json_string(message, what);
    spdlog::log(level, R"("stage":"{}","message":{})", stage, message);
  } else {
    spdlog::log(level, "{}: {}", stage, one_line(what));
  }
}

}  // namespace

void open_log(const config::log_options& options) {
  as_json = options.format == config::log_format::json;
  auto logger = std::make_shared<spdlog::logger>("sluice", std::make_shared<spdlog::sinks::stderr_sink_mt>());
  logger->set_pattern(
      as_json ? R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l",%v})" : "%Y-%m-%dT%H:%M:%S.%eZ %l %v",
      spdlog::pattern_time_type::utc);
  switch (options.level) {
    case config::log_level::debug:
      logger->set_level(spdlog::level::debug);
      break;
    case config::log_level::info:
      logger->set_level(spdlog::level::info);
      break;
    case config::log_level::warn:
      logger->set_level(spdlog::level::warn);
      break;
    case config::log_level::error:
      logger->set_level(spdlog::level::err);
      break;
  }
  logger->flush_on(spdlog::level::debug);
  spdlog::set_default_logger(std::move(logger));
}

void log_info(std::string_view stage, std::string_view what) { say(spdlog::level::info, stage, what); }
void log_warning(std::string_view stage, std::string_view what) { say(spdlog::level::warn, stage, what); }
void log_error(std::string_view stage, std::string_view what) { say(spdlog::level::err, stage, what); }

}  // namespace sluice::node
