// Replaces references once, from left to right: what comes from outside is never looked at again.
#include "actors/node/config/expand.hpp"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>

namespace sluice::config {
namespace {

constexpr std::size_t secret_bytes_max = 64 * kib;

result<std::string> read_small_file(const std::string& path) {
  errno = 0;
  std::ifstream in(path, std::ios::binary);
  if (!in) return fail(errc::io, std::strerror(errno), path, errno);
  std::string text(secret_bytes_max + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (in.bad() || (in.fail() && !in.eof())) return fail(errc::io, "cannot be read", path, errno);
  text.resize(static_cast<std::size_t>(in.gcount()));
  if (text.size() > secret_bytes_max) return fail(errc::too_large, "has more than 64KiB", path);
  return text;
}

parsed<std::string> look_up(const std::string& name, const outside& from) {
  constexpr std::string_view file = "file:";
  if (name.starts_with(file)) {
    auto text = from.read_file(name.substr(file.size()));
    if (!text)
      return tl::unexpected(
          std::string("refers to a file that cannot be read: ").append(text.error().detail));
    if (text->ends_with('\n')) text->pop_back();
    if (text->ends_with('\r')) text->pop_back();
    return std::move(*text);
  }
  auto value = from.environment(name);
  if (!value)
    return tl::unexpected(
        std::string("refers to `").append(name).append("`, which the environment does not have"));
  return std::move(*value);
}

}  // namespace

outside the_process() {
  return {[](const std::string& name) -> std::optional<std::string> {
            const char* value = std::getenv(name.c_str());
            if (value == nullptr) return std::nullopt;
            return std::string(value);
          },
          read_small_file};
}

parsed<expanded> expand(std::string_view text, const outside& from) {
  expanded out;
  for (std::size_t at = 0; at < text.size();) {
    const std::string_view rest = text.substr(at);
    if (rest.starts_with("$${")) {
      out.text += "${";
      at += 3;
    } else if (rest.starts_with("${")) {
      const auto end = rest.find('}');
      if (end == std::string_view::npos) return tl::unexpected(std::string("has `${` without `}`"));
      if (end == 2) return tl::unexpected(std::string("has `${}` without a name"));
      auto value = look_up(std::string(rest.substr(2, end - 2)), from);
      if (!value) return tl::unexpected(std::move(value.error()));
      out.text += *value;
      out.from_outside = true;
      at += end + 1;
    } else {
      out.text += text[at++];
    }
  }
  return out;
}

}  // namespace sluice::config
