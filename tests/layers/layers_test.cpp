// Goal: dependencies point one way, and a third-party library stays behind the folder that wraps it. Method:
// every #include of the tree against two tables; what no row allows is refused, so a new edge is a decision.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::layers {
namespace {

namespace fs = std::filesystem;

struct inclusion {
  std::string from;  ///< the file, relative to the tree
  int line = 0;
  std::string what;     ///< the path as it stands
  bool quoted = false;  ///< ours
};

/// Of every source file below the folders that make up the program.
std::vector<inclusion> inclusions() {
  static const std::regex form(R"(^\s*#\s*include\s*([<"])([^>"]+)[>"])");
  std::vector<inclusion> all;
  for (const char* const top : {"messages", "net", "actors", "benchmarks"}) {
    for (const auto& entry : fs::recursive_directory_iterator(fs::path(SLUICE_SOURCE_DIR) / top)) {
      if (entry.path().extension() != ".cpp" && entry.path().extension() != ".hpp") continue;
      std::ifstream in(entry.path());
      std::string text;
      for (int line = 1; std::getline(in, text); ++line) {
        std::smatch found;
        if (!std::regex_search(text, found, form)) continue;
        all.push_back({fs::relative(entry.path(), SLUICE_SOURCE_DIR), line, found[2], found[1] == "\""});
      }
    }
  }
  return all;
}

/// The folder that a layer is named by: `actors/deliver`, `net`, and `actors` for the files directly in it.
std::string layer_of(const std::string& file) {
  if (!file.starts_with("actors/")) return file.substr(0, file.find('/'));
  const auto second = file.find('/', sizeof "actors/" - 1);
  return second == std::string::npos ? "actors" : file.substr(0, second);
}

/// Whom a layer may include besides itself. The order is that of the pipeline; nothing includes what stands
/// below it but through the row that says so. `actors/node` is the composition root: it knows every part, and
/// no part knows it.
const std::map<std::string, std::set<std::string>> may_include{
    {"messages", {}},
    {"net", {"messages"}},
    {"actors",
     {"messages", "net",
      "actors/checkpoint"}},  // interfaces.hpp: what deliver and checkpoint say to one another
    {"actors/ingest", {"messages", "actors"}},
    {"actors/decode", {"messages", "actors"}},
    {"actors/route", {"messages", "actors"}},
    {"actors/checkpoint", {"messages", "actors"}},
    {"actors/deliver", {"messages", "net", "actors", "actors/checkpoint", "actors/decode"}},
    {"actors/audit", {"messages", "actors", "actors/checkpoint", "actors/deliver"}},
    {"actors/telemetry",
     {"messages", "actors", "actors/checkpoint", "actors/deliver", "actors/subscription"}},
    {"actors/supervisor", {"messages", "actors"}},
    {"actors/subscription", {"messages", "net", "actors", "actors/checkpoint", "actors/deliver"}},
    {"actors/sandbox", {"messages", "net"}},
    {"benchmarks", {"messages", "actors/decode", "actors/route", "actors/checkpoint", "tests"}},
};

TEST(layers, include_only_what_their_row_allows) {
  for (const inclusion& i : inclusions()) {
    const std::string from = layer_of(i.from), to = layer_of(i.what);
    if (!i.quoted || from == to || from == "actors/node") continue;
    const auto row = may_include.find(from);
    ASSERT_NE(row, may_include.end()) << from << " has no row";
    EXPECT_TRUE(row->second.contains(to))
        << i.from << ":" << i.line << " includes " << i.what << ", but " << from << " may not know " << to;
  }
}

TEST(layers, of_net_know_nothing_of_events) {
  for (const inclusion& i : inclusions()) {
    if (!i.from.starts_with("net/") || !i.what.starts_with("messages/")) continue;
    const std::set<std::string> allowed{"messages/assert.hpp", "messages/error.hpp",
                                        "messages/json_string.hpp", "messages/result.hpp"};
    EXPECT_TRUE(allowed.contains(i.what)) << i.from << ":" << i.line << " includes " << i.what;
  }
}

struct third_party {
  const char* prefix;  ///< of the included path
  const char* files;   ///< regular expression of the files that may include it
};

/// One place each, so that it can be replaced there.
constexpr third_party wrapped[] = {
    {"caf/",
     "messages/atoms\\.hpp|actors/(interfaces|relay)\\.hpp|actors/[a-z]+/actors?\\.[ch]pp|"
     "actors/deliver/(stage\\.[ch]pp|[a-z_]+_actor\\.cpp)|actors/node/"
     "(application\\.cpp|parts\\.hpp|wiring\\.cpp)"},
    {"boost/", "net/.*"},
    {"openssl/", "net/.*"},
    {"simdjson", "actors/decode/token_index\\.cpp"},
    {"xxhash", "actors/decode/identity\\.cpp"},
    {"re2/", "actors/route/.*"},
    {"isa-l/", "actors/checkpoint/group_buffer\\.cpp"},
    {"prometheus/", "actors/telemetry/registry\\.cpp"},
    {"yaml-cpp/", "actors/node/config/.*"},
    {"CLI/", "actors/node/(main\\.cpp|cli/.*)"},
    {"spdlog/", "actors/node/incidents\\.cpp"},
    {"benchmark/", "benchmarks/micro/.*"},
    {"nlohmann/",
     "net/(oauth2/token_cache|nats/(protocol|publish_answer))\\.cpp|actors/(subscription|sandbox)/.*|actors/"
     "node/cli/"
     ".*"},
    {"tl/", "messages/result\\.hpp|actors/node/config/.*"},
};

/// Kernel and C library headers that come with a folder in their name.
constexpr std::string_view system_folders[] = {"arpa/", "netinet/", "sys/", "linux/"};

TEST(third_party, stays_behind_the_folder_that_wraps_it) {
  for (const inclusion& i : inclusions()) {
    if (i.quoted) continue;
    const auto row =
        std::ranges::find_if(wrapped, [&](const third_party& t) { return i.what.starts_with(t.prefix); });
    if (row != std::end(wrapped)) {
      EXPECT_TRUE(std::regex_match(i.from, std::regex(row->files)))
          << i.from << ":" << i.line << " includes <" << i.what << ">, which belongs to " << row->files;
      continue;
    }
    const bool has_folder = i.what.find('/') != std::string::npos;
    const bool of_the_system =
        std::ranges::any_of(system_folders, [&](auto f) { return i.what.starts_with(f); });
    EXPECT_TRUE(!has_folder || of_the_system)
        << i.from << ":" << i.line << " includes <" << i.what << ">, a library without a row";
  }
}

TEST(tree, has_no_include_of_a_file_that_is_not_there) {
  for (const inclusion& i : inclusions()) {
    if (!i.quoted || i.what == "actors/node/version.hpp") continue;  // made by the build
    EXPECT_TRUE(fs::exists(fs::path(SLUICE_SOURCE_DIR) / i.what))
        << i.from << ":" << i.line << ": own files are named from the top of the tree, not " << i.what;
  }
}

}  // namespace
}  // namespace sluice::layers
