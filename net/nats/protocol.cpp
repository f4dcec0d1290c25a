// https://docs.nats.io/reference/reference-protocols/nats-protocol
#include "net/nats/protocol.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <nlohmann/json.hpp>

#include "messages/json_string.hpp"
#include "net/http/field.hpp"

namespace sluice::net::nats {
namespace {

using nlohmann::json;
using found = std::optional<operation>;

constexpr std::string_view line_end = "\r\n";
constexpr std::string_view header_start = "NATS/1.0\r\n";
constexpr std::string_view id_field = "Nats-Msg-Id: ", stream_field = "Nats-Expected-Stream: ";

tl::unexpected<error> no_nats() { return fail(errc::bad_request, "the peer does not speak NATS"); }

std::size_t header_bytes(const message& what, std::string_view stream) {
  std::size_t bytes = header_start.size() + id_field.size() + what.id.size() + 2 * line_end.size();
  if (!stream.empty()) bytes += stream_field.size() + stream.size() + line_end.size();
  return bytes;
}

std::optional<std::size_t> read_number(std::string_view text) {
  std::size_t number = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
  return read.ec == std::errc() && read.ptr == text.data() + text.size() ? std::optional(number)
                                                                         : std::nullopt;
}

/// The words of `line`, at most as many as fit; nothing when there are more.
std::optional<std::size_t> split(std::string_view line, std::array<std::string_view, 6>& into) {
  std::size_t count = 0;
  for (;;) {
    line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
    if (line.empty()) return count;
    if (count == into.size()) return std::nullopt;
    const std::size_t end = std::min(line.find_first_of(" \t"), line.size());
    into[count++] = line.substr(0, end);
    line.remove_prefix(end);
  }
}

/// `MSG subject sid [reply] bytes` and `HMSG subject sid [reply] header-bytes bytes`, with what follows the
/// line.
result<found> read_message(std::string_view buffer, std::string_view line) {
  std::array<std::string_view, 6> words;
  const auto count = split(line, words);
  if (!count || *count < 4) return no_nats();
  const bool has_header = http::same_name(words[0], "HMSG");
  const std::size_t numbers = has_header ? 2 : 1;
  if (*count != 3 + numbers && *count != 4 + numbers) return no_nats();
  const auto total = read_number(words[*count - 1]);
  const auto header = has_header ? read_number(words[*count - 2]) : std::optional<std::size_t>(0);
  if (!total || !header || *header > *total) return no_nats();
  if (*total > incoming_bytes_max)
    return fail(errc::too_large, "the server sends a message larger than 64 KiB");
  const std::size_t start = line.size() + line_end.size();
  if (buffer.size() - start < *total + line_end.size()) return found();
  if (buffer.substr(start + *total, line_end.size()) != line_end) return no_nats();
  operation read{operation::kind::message, words[1], buffer.substr(start + *header, *total - *header)};
  read.no_responders = read.text.empty() && buffer.substr(start, *header).starts_with("NATS/1.0 503");
  read.bytes = start + *total + line_end.size();
  return found(read);
}

}  // namespace

result<server_info> read_info(std::string_view text) {
  const json read = json::parse(text.begin(), text.end(), nullptr, false);
  if (!read.is_object()) return no_nats();
  const auto flag = [&](const char* name) {
    const auto at = read.find(name);
    return at != read.end() && at->is_boolean() && at->get<bool>();
  };
  server_info info{flag("tls_required"), flag("tls_available"), flag("headers"), 0, {}};
  if (const auto at = read.find("max_payload"); at != read.end() && at->is_number_integer())
    info.payload_bytes_max = at->get<std::int64_t>();
  if (info.payload_bytes_max < 1)
    return fail(errc::bad_request, "the server does not say what its max_payload is");
  if (const auto at = read.find("nonce"); at != read.end() && at->is_string())
    info.nonce = at->get<std::string>();
  return info;
}

std::string connect_line(const identity& who, bool has_tls) {
  std::string line =
      R"(CONNECT {"verbose":false,"pedantic":false,"name":"sluice","lang":"c++","version":"1",)";
  line.append(R"("protocol":1,"headers":true,"no_responders":true,"tls_required":)")
      .append(has_tls ? "true" : "false");
  const auto add = [&](std::string_view name, std::string_view value) {
    if (value.empty()) return;
    line.append(",\"").append(name).append("\":");
    append_json_string(line, value);
  };
  add("user", who.user);
  add("pass", who.password);
  add("auth_token", who.token);
  add("jwt", who.jwt);
  add("sig", who.signature);
  return line.append("}").append(line_end);
}

void append_publish(std::string& to, const message& what, std::string_view reply, std::string_view stream) {
  const std::size_t header = header_bytes(what, stream);
  to.append("HPUB ").append(what.subject).append(" ").append(reply);
  to.append(" ").append(std::to_string(header)).append(" ").append(std::to_string(header + what.body.size()));
  to.append(line_end).append(header_start).append(id_field).append(what.id).append(line_end);
  if (!stream.empty()) to.append(stream_field).append(stream).append(line_end);
  to.append(line_end).append(what.body).append(line_end);
}

std::size_t payload_bytes(const message& what, std::string_view stream) {
  return header_bytes(what, stream) + what.body.size();
}

result<found> read_operation(std::string_view buffer) {
  const std::size_t end = buffer.substr(0, line_bytes_max).find(line_end);
  if (end == buffer.npos) {
    if (buffer.size() >= line_bytes_max)
      return fail(errc::too_large, "the server sends a line longer than 64 KiB");
    return found();
  }
  const std::string_view line = buffer.substr(0, end);
  const std::size_t space = std::min(line.find_first_of(" \t"), line.size());
  const std::string_view name = line.substr(0, space);
  if (http::same_name(name, "MSG") || http::same_name(name, "HMSG")) return read_message(buffer, line);
  std::string_view rest = line.substr(space);
  rest.remove_prefix(std::min(rest.find_first_not_of(" \t"), rest.size()));
  operation read{.bytes = end + line_end.size()};
  if (http::same_name(name, "INFO")) {
    read.what = operation::kind::info;
    read.text = rest;
  } else if (http::same_name(name, "-ERR")) {
    read.what = operation::kind::error;
    if (rest.size() >= 2 && rest.front() == '\'' && rest.back() == '\'')
      rest = rest.substr(1, rest.size() - 2);
    read.text = rest;
  } else if (http::same_name(name, "PING")) {
    read.what = operation::kind::ping;
  } else if (http::same_name(name, "PONG")) {
    read.what = operation::kind::pong;
  } else if (!http::same_name(name, "+OK")) {
    return no_nats();
  }
  return found(read);
}

}  // namespace sluice::net::nats
