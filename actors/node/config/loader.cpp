// The steps in order: file, tree, keys, overrides, what must hold between keys.
#include "actors/node/config/loader.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

#include "actors/node/config/checks.hpp"
#include "actors/node/config/reader.hpp"

namespace sluice::config {

loaded load_text(std::string_view text, const std::string& name, std::span<const std::string> overrides,
                 const outside& from) {
  reader read(name, from);
  const auto tree = read_document(text, name, read.errors);
  if (!tree) return tl::unexpected(std::vector<error>{tree.error()});
  read.read(*tree);
  for (const std::string& assignment : overrides) read.read_override(assignment);
  check_together(read);
  if (!read.errors.empty()) return tl::unexpected(std::move(read.errors));
  for (const auto& [path, origin] : read.origins()) {
    if (origin.hidden) read.all.hidden.push_back(path);
  }
  std::ranges::sort(read.all.hidden);
  return std::move(read.all);
}

loaded load(const std::string& path, std::span<const std::string> overrides, const outside& from) {
  errno = 0;
  std::ifstream in(path, std::ios::binary);
  std::string text;
  if (in) {
    text.resize(document_bytes_max + 1);
    in.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<std::size_t>(in.gcount()));
  }
  if (!in.is_open() || in.bad() || (in.fail() && !in.eof())) {
    const int why = errno;
    return tl::unexpected(std::vector<error>{
        {errc::invalid_config, std::string("cannot be read: ").append(std::strerror(why)), path, why}});
  }
  return load_text(text, path, overrides, from);
}

namespace {

std::string cell(std::string_view text) {
  std::string out;
  for (const char c : text) out.append(c == '|' ? "\\|" : std::string(1, c));
  return out;
}

}  // namespace

std::string reference() {
  std::ostringstream out;
  out << "| key | allowed | default | meaning |\n|---|---|---|---|\n";
  const auto describe = [&](std::string_view path, std::string_view doc) {
    out << "| `" << path << "` | | | **" << cell(doc) << "** |\n";
  };
  std::string_view last;
  for (const key& k : all_keys()) {
    const auto group = std::string_view(k.path).substr(
        0, k.path.find_last_of('.') == std::string::npos ? 0 : k.path.find_last_of('.'));
    if (group != last) {
      for (const section& s : all_sections()) {
        if (s.path == group) describe(s.path, s.doc);
      }
      for (const container& c : all_containers()) {
        if (c.prefix() == group) describe(c.path, c.doc);
      }
    }
    last = group;
    out << "| `" << k.path << "` | " << cell(k.allowed) << " | ";
    if (k.required) {
      out << "required";
    } else if (!k.fallback.empty()) {
      out << '`' << cell(k.fallback) << '`';
    } else {
      out << "none";
    }
    out << " | " << cell(k.doc) << " |\n";
  }
  return out.str();
}

}  // namespace sluice::config
