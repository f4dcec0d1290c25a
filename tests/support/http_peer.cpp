// HTTP framing for the tests' client and receivers.
#include "tests/support/http_peer.hpp"

#include <algorithm>
#include <charconv>

namespace sluice::testing {
namespace {

constexpr std::size_t message_max = 64UL << 20;  // a test's peer that says more than this is broken

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

/// Reads until `buffer` has `size` bytes.
void fill(tcp_socket& from, std::string& buffer, std::size_t size, milliseconds patience) {
  if (size > message_max) throw std::runtime_error("a message of " + std::to_string(size) + " bytes");
  while (buffer.size() < size) {
    if (!from.receive(buffer, patience)) throw connection_lost("the stream ended within a message");
  }
}

std::string take(std::string& buffer, std::size_t size) {
  std::string front = buffer.substr(0, size);
  buffer.erase(0, size);
  return front;
}

/// One line without its CRLF.
std::string take_line(tcp_socket& from, std::string& buffer, milliseconds patience) {
  std::size_t end = 0;
  while ((end = buffer.find("\r\n")) == std::string::npos) fill(from, buffer, buffer.size() + 1, patience);
  std::string line = take(buffer, end);
  buffer.erase(0, 2);
  return line;
}

std::string take_chunks(tcp_socket& from, std::string& buffer, milliseconds patience) {
  std::string body;
  for (;;) {
    const std::size_t size = std::stoul(take_line(from, buffer, patience), nullptr, 16);
    if (size == 0) break;
    fill(from, buffer, size + 2, patience);
    body += take(buffer, size);
    buffer.erase(0, 2);
  }
  while (!take_line(from, buffer, patience).empty()) {
  }
  return body;
}

int status_of(const std::string& line) {
  const std::size_t space = line.find(' ');
  if (!line.starts_with("HTTP/1.") || space == std::string::npos)
    throw std::runtime_error("no status line: " + line);
  return std::stoi(line.substr(space + 1));
}

}  // namespace

bool same_name(std::string_view a, std::string_view b) noexcept {
  return std::ranges::equal(a, b, {}, lower, lower);
}

std::string field_of(const http_fields& fields, std::string_view name) {
  const auto found =
      std::ranges::find_if(fields, [&](const auto& field) { return same_name(field.first, name); });
  return found == fields.end() ? std::string() : found->second;
}

int http_answer::retry_after() const {
  const std::string text = field("retry-after");
  int seconds = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  return failed == std::errc() && end == text.data() + text.size() ? seconds : 0;
}

http_message read_message(tcp_socket& from, std::string& buffer, milliseconds patience, bool is_answer) {
  if (buffer.empty() && !from.receive(buffer, patience)) throw connection_lost("the stream ended");
  http_message message;
  message.start = take_line(from, buffer, patience);
  for (std::string line; !(line = take_line(from, buffer, patience)).empty();) {
    const std::size_t colon = line.find(':');
    if (colon == std::string::npos) throw std::runtime_error("no field: " + line);
    const std::size_t value = line.find_first_not_of(" \t", colon + 1);
    message.fields.emplace_back(line.substr(0, colon), value == std::string::npos ? "" : line.substr(value));
  }
  const std::string length = field_of(message.fields, "content-length");
  const int status = is_answer ? status_of(message.start) : 0;
  if (same_name(field_of(message.fields, "transfer-encoding"), "chunked")) {
    message.body = take_chunks(from, buffer, patience);
  } else if (!length.empty()) {
    fill(from, buffer, std::stoul(length), patience);
    message.body = take(buffer, std::stoul(length));
  } else if (is_answer && status >= 200 && status != 204 && status != 304) {
    while (from.receive(buffer, patience)) {
    }
    message.body = std::exchange(buffer, {});
  }
  return message;
}

http_peer::http_peer(std::uint16_t port, milliseconds patience)
    : socket_(tcp_socket::connect(port)), patience_(patience) {}

http_answer http_peer::request(std::string_view method, std::string_view target, const http_fields& fields,
                               std::string_view body) {
  try {
    send(request_text(method, target, fields, body));
  } catch (const connection_lost&) {
    // Refused before the body was through: the answer may stand in the receive buffer all the same.
  }
  return receive();
}

http_answer http_peer::post(std::string_view body, std::string_view target) {
  return request("POST", target, {{"Content-Type", "application/json"}}, body);
}

void http_peer::send(std::string_view raw) { socket_.send(raw, patience_); }

bool http_peer::told_to_continue() {
  return status_of(read_message(socket_, buffer_, patience_, true).start) == 100;
}

http_answer http_peer::receive() {
  for (;;) {
    http_message message = read_message(socket_, buffer_, patience_, true);
    const int status = status_of(message.start);
    if (status >= 200) return {status, std::move(message.fields), std::move(message.body)};
  }
}

bool http_peer::ended_by_peer() {
  if (!buffer_.empty()) return false;
  try {
    return !socket_.receive(buffer_, patience_);
  } catch (const connection_lost&) {
    return true;
  } catch (const too_slow&) {
    return false;
  }
}

std::string request_text(std::string_view method, std::string_view target, const http_fields& fields,
                         std::string_view body) {
  std::string text;
  text.append(method).append(" ").append(target).append(" HTTP/1.1\r\nHost: localhost\r\n");
  for (const auto& [name, value] : fields) text.append(name).append(": ").append(value).append("\r\n");
  if (!body.empty() || method == "POST") {
    text.append("Content-Length: ").append(std::to_string(body.size())).append("\r\n");
  }
  return text.append("\r\n").append(body);
}

http_answer get(std::uint16_t port, std::string_view target) {
  return http_peer(port).request("GET", target, {{"Connection", "close"}});
}

http_answer post(std::uint16_t port, std::string_view body, const http_fields& fields) {
  http_fields all = fields;
  if (field_of(all, "content-type").empty()) all.emplace_back("Content-Type", "application/json");
  return http_peer(port).request("POST", "/v1/events", all, body);
}

}  // namespace sluice::testing
