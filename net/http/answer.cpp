// Serialises answers; builds problem documents (RFC 9457).
#include "net/http/answer.hpp"

#include <array>
#include <charconv>

#include "messages/json_string.hpp"

namespace sluice::net::http {
namespace {

void append_number(std::string& out, std::uint64_t value) {
  std::array<char, 20> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value);
  out.append(digits.data(), end.ptr);
}

void append_field_value(std::string& out, std::string_view value) {
  for (const char c : value) {
    const auto byte = static_cast<unsigned char>(c);
    out += byte < 0x20 || byte == 0x7f ? ' ' : c;
  }
}

}  // namespace

std::string_view reason_of(int status) noexcept {
  switch (status) {
    case 100:
      return "Continue";
    case 101:
      return "Switching Protocols";
    case 200:
      return "OK";
    case 201:
      return "Created";
    case 202:
      return "Accepted";
    case 204:
      return "No Content";
    case 206:
      return "Partial Content";
    case 301:
      return "Moved Permanently";
    case 302:
      return "Found";
    case 303:
      return "See Other";
    case 304:
      return "Not Modified";
    case 307:
      return "Temporary Redirect";
    case 308:
      return "Permanent Redirect";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 406:
      return "Not Acceptable";
    case 408:
      return "Request Timeout";
    case 409:
      return "Conflict";
    case 410:
      return "Gone";
    case 411:
      return "Length Required";
    case 412:
      return "Precondition Failed";
    case 413:
      return "Content Too Large";
    case 414:
      return "URI Too Long";
    case 415:
      return "Unsupported Media Type";
    case 416:
      return "Range Not Satisfiable";
    case 417:
      return "Expectation Failed";
    case 421:
      return "Misdirected Request";
    case 422:
      return "Unprocessable Content";
    case 426:
      return "Upgrade Required";
    case 428:
      return "Precondition Required";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 501:
      return "Not Implemented";
    case 502:
      return "Bad Gateway";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    case 505:
      return "HTTP Version Not Supported";
    case 507:
      return "Insufficient Storage";
    default:
      return "";
  }
}

std::string_view date_field::at(std::time_t now) {
  if (now == second_) return text_;
  // Not strftime: its names follow the locale.
  constexpr std::string_view days = "SunMonTueWedThuFriSat";
  constexpr std::string_view months = "JanFebMarAprMayJunJulAugSepOctNovDec";
  std::tm utc{};
  ::gmtime_r(&now, &utc);
  const auto two = [](int value) {
    return std::string{static_cast<char>('0' + value / 10 % 10), static_cast<char>('0' + value % 10)};
  };
  text_.assign(days.substr(static_cast<std::size_t>(utc.tm_wday) * 3, 3));
  text_ += ", " + two(utc.tm_mday) + ' ';
  text_ += months.substr(static_cast<std::size_t>(utc.tm_mon) * 3, 3);
  text_ += ' ' + std::to_string(utc.tm_year + 1900) + ' ' + two(utc.tm_hour) + ':' + two(utc.tm_min) + ':' +
           two(utc.tm_sec) + " GMT";
  second_ = now;
  return text_;
}

void write_head(std::string& out, const response& r, const answer_context& context) {
  out.assign("HTTP/1.1 ");
  append_number(out, static_cast<std::uint64_t>(r.status));
  out += ' ';
  out += reason_of(r.status);
  out += "\r\nDate: ";
  out += context.date;
  if (!r.body.empty() && !r.content_type.empty()) {
    out += "\r\nContent-Type: ";
    out += r.content_type;
  }
  if (r.status != 204 && r.status != 304) {  // RFC 9110 8.6
    out += "\r\nContent-Length: ";
    append_number(out, r.body.size());
  }
  if (context.close)
    out += "\r\nConnection: close";
  else if (context.minor_version == 0)
    out += "\r\nConnection: keep-alive";
  for (const auto& [name, value] : r.fields) {
    out += "\r\n";
    out += name;
    out += ": ";
    append_field_value(out, value);
  }
  out += "\r\n\r\n";
}

response problem(int status, std::string_view error, std::string_view detail) {
  response r;
  r.status = status;
  r.content_type = "application/problem+json";
  r.body.reserve(96 + error.size() + detail.size());
  r.body += R"({"type":"about:blank","title":)";
  append_json_string(r.body, reason_of(status));
  r.body += R"(,"status":)";
  append_number(r.body, static_cast<std::uint64_t>(status));
  r.body += R"(,"detail":)";
  append_json_string(r.body, detail);
  r.body += R"(,"error":)";
  append_json_string(r.body, error);
  r.body += '}';
  return r;
}

response server_problem(int status, std::string_view error, std::string_view detail) {
  response r = problem(status, error, detail);
  if (status == 429 || status == 503) r.fields.emplace_back("Retry-After", "1");
  return r;
}

response server_problem(int status, std::string_view detail) {
  return server_problem(status, reason_of(status), detail);
}

}  // namespace sluice::net::http
