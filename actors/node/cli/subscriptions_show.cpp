#include "actors/node/cli/subscriptions_show.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <ostream>
#include <string_view>

#include "actors/subscription/specification.hpp"

namespace sluice::cli {
namespace {

using json = nlohmann::ordered_json;
using row = std::vector<std::string>;

std::string text_of(const json& what) {
  return what.dump(2, ' ', false, json::error_handler_t::replace) + "\n";
}

std::string joined(const std::vector<std::string>& texts) {
  std::string out;
  for (const std::string& text : texts) out.append(out.empty() ? "" : ", ").append(plain(text));
  return out;
}

/// Code points, which is near enough to the columns of a terminal.
std::size_t width(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(text, [](char c) { return (c & 0xc0) != 0x80; }));
}

void print_table(std::ostream& out, const std::vector<row>& rows) {
  std::vector<std::size_t> widths;
  for (const row& r : rows) {
    widths.resize(std::max(widths.size(), r.size()));
    for (std::size_t i = 0; i < r.size(); ++i) widths[i] = std::max(widths[i], width(r[i]));
  }
  for (const row& r : rows) {
    for (std::size_t i = 0; i < r.size(); ++i) {
      out << r[i];
      if (i + 1 < r.size()) out << std::string(widths[i] - width(r[i]) + 2, ' ');
    }
    out << '\n';
  }
}

json json_of(const subscription::resource& one) {
  return {{"id", one.id},           {"name", one.name},
          {"status", one.status},   {"endpoint", one.endpoint},
          {"sources", one.sources}, {"retention_days", one.retention_days},
          {"created", one.created}};
}

std::string or_none(std::string text) { return text.empty() ? "-" : plain(text); }

}  // namespace

std::string plain(std::string_view text) {
  std::string out(text);
  std::ranges::replace_if(
      out, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, '?');
  return out;
}

void show_list(std::ostream& out, const std::vector<subscription::resource>& all, form how) {
  if (how == form::json) {
    json list = json::array();
    for (const auto& one : all) list.push_back(json_of(one));
    out << text_of(list);
    return;
  }
  if (all.empty()) {
    out << "no subscriptions\n";
    return;
  }
  std::vector<row> rows{{"NAME", "STATUS", "ID", "DAYS", "ENDPOINT", "SOURCES"}};
  for (const auto& one : all) {
    rows.push_back({or_none(one.name), or_none(one.status), one.id, std::to_string(one.retention_days),
                    or_none(one.endpoint), or_none(joined(one.sources))});
  }
  print_table(out, rows);
}

void show_whole(std::ostream& out, const subscription::resource& one, form how) {
  if (how == form::json) {
    out << text_of(json_of(one));
    return;
  }
  print_table(out, {{"name", or_none(one.name)},
                    {"id", one.id},
                    {"status", or_none(one.status)},
                    {"endpoint", or_none(one.endpoint)},
                    {"sources", or_none(joined(one.sources))},
                    {"retention", std::to_string(one.retention_days) + " days"},
                    {"created", or_none(one.created)}});
}

void show_request(std::ostream& out, const std::string& origin, const subscription::request& what, form how) {
  const json body = what.body.empty() ? json() : json::parse(what.body);
  const std::string url = origin + what.target;
  if (how == form::json) {
    out << text_of({{"method", to_string(what.method)}, {"url", url}, {"body", body}});
    return;
  }
  out << to_string(what.method) << ' ' << url << '\n';
  for (const auto& [name, value] : subscription::api::outgoing_of(what).fields)
    out << name << ": " << value << '\n';
  if (!what.body.empty()) out << "Content-Type: application/json\n\n" << text_of(body);
}

void show_verdict(std::ostream& out, const std::string& name, const std::string& id,
                  const std::vector<std::string>& differences, form how) {
  if (how == form::json) {
    out << text_of({{"name", name},
                    {"id", id.empty() ? json() : json(id)},
                    {"as_wanted", differences.empty()},
                    {"differences", differences}});
    return;
  }
  if (differences.empty()) out << plain(name) << " (" << id << ") is as it shall be\n";
  for (const std::string& text : differences) out << plain(text) << '\n';
}

void show_plan(std::ostream& out, std::uint32_t rate, const std::vector<applied>& all, form how) {
  std::uint32_t endpoints = 0;
  for (const applied& one : all) endpoints += one.what.endpoints;
  if (how == form::json) {
    json subscriptions = json::array(), destinations = json::array();
    for (const auto& [what, outcome] : all) {
      subscriptions.push_back({{"name", what.what.name},
                               {"rate", what.rate},
                               {"sources", what.what.sources},
                               {"endpoint", what.what.endpoint},
                               {"retention_days", what.what.retention_days}});
      if (!outcome.empty()) subscriptions.back()["outcome"] = outcome;
      destinations.push_back({{"name", what.what.name}, {"rate", what.rate}, {"endpoints", what.endpoints}});
    }
    out << text_of({{"rate", rate}, {"subscriptions", subscriptions}, {"destinations", destinations}});
    return;
  }
  out << rate << " events/s take " << all.size() << (all.size() == 1 ? " subscription" : " subscriptions")
      << " of at most " << subscription::events_per_second_max << " each\n\n";
  const bool tried = std::ranges::any_of(all, [](const applied& one) { return !one.outcome.empty(); });
  std::vector<row> rows{{"SUBSCRIPTION", "EVENTS/S", "ENDPOINTS"}};
  if (tried) rows.front().emplace_back("OUTCOME");
  rows.front().emplace_back("SOURCES");
  for (const auto& [what, outcome] : all) {
    rows.push_back({plain(what.what.name), std::to_string(what.rate), std::to_string(what.endpoints)});
    if (tried) rows.back().push_back(plain(outcome));
    rows.back().push_back(joined(what.what.sources));
  }
  print_table(out, rows);
  out << "\nENDPOINTS are those of a destination that gets what this subscription brings: at a limit of 1000 "
         "events\n"
         "in any second one that answers within 50 ms takes 952. All of it in one destination: "
      << endpoints << ".\n";
  if (endpoints > all.size()) out << "Several endpoints need `ordering: key` or `ordering: none`.\n";
}

}  // namespace sluice::cli
