#include "net/http/quoted.hpp"

namespace sluice::net::http {

std::string excerpt(std::string_view said) {
  constexpr std::size_t bytes_quoted = 200;
  std::string out;
  for (const char c : said.substr(0, bytes_quoted)) out += c >= ' ' && c < 127 ? c : ' ';
  if (said.size() > bytes_quoted) out += "...";
  return out;
}

std::string describe_answer(int status, std::string_view body) {
  std::string text = "answer " + std::to_string(status);
  if (!body.empty()) text.append(": ").append(excerpt(body));
  return text;
}

}  // namespace sluice::net::http
