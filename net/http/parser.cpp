// Compares Beast's reading of a head with ours and bounds what a chunked body may hold besides its bytes.
#include "net/http/parser.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/error.hpp>
#include <cstring>

#include "messages/assert.hpp"

namespace sluice::net::http {
namespace {

namespace beast = boost::beast;

bool same(beast::string_view theirs, std::string_view ours) noexcept {
  return std::string_view(theirs.data(), theirs.size()) == ours;
}

}  // namespace

request_parser::request_parser(const strict_head& judged, std::size_t head_bytes_max,
                               std::size_t body_bytes_max)
    : judged_(&judged), body_bytes_max_(body_bytes_max) {
  header_limit(static_cast<std::uint32_t>(head_bytes_max));
  body_limit(boost::none);  // ours: with an answer that names the limit
  eager(true);
}

std::optional<head_refusal> request_parser::read_head(std::string_view bytes) {
  error_code ec;
  const std::size_t consumed = put(boost::asio::buffer(bytes.data(), bytes.size()), ec);
  if (auto no = why(ec)) return no;
  const auto length = is_header_done() ? content_length() : boost::none;
  const bool agreed = is_header_done() && consumed == bytes.size() &&
                      fields_seen_ == judged_->fields().size() && chunked() == judged_->chunked() &&
                      length.has_value() == judged_->content_length().has_value() &&
                      length.value_or(0) == judged_->content_length().value_or(0);
  if (!agreed) return head_refusal{400, "the head can be read in two ways"};
  head_read_ = true;
  return {};
}

request_parser::progress request_parser::read_chunks(std::string_view bytes, char* body) {
  SLUICE_ASSERT(head_read_ && !is_done());
  body_ = body;
  error_code ec;
  progress made;
  made.consumed = put(boost::asio::buffer(bytes.data(), bytes.size()), ec);
  made.refused = why(ec);
  return made;
}

std::optional<head_refusal> request_parser::why(const error_code& ec) const {
  if (refused_) return refused_;
  if (!ec || ec == beast::http::error::need_more) return {};
  return head_refusal{400, head_read_ ? std::string_view("the chunked body is malformed")
                                      : std::string_view("the head can be read in two ways")};
}

void request_parser::refuse(int status, std::string_view detail, error_code& ec) {
  refused_ = head_refusal{status, detail};
  ec = beast::http::error::bad_chunk;  // only ends the parsing: `refused_` is what counts
}

void request_parser::on_request_impl(beast::http::verb, text method, text target, int version,
                                     error_code& ec) {
  if (!same(method, judged_->method_text()) || !same(target, judged_->raw_target()) ||
      version != 10 + judged_->minor_version())
    refuse(400, "the head can be read in two ways", ec);
}

void request_parser::on_response_impl(int, text, int, error_code& ec) { refuse(400, "a response", ec); }

void request_parser::on_field_impl(beast::http::field, text name, text value, error_code& ec) {
  if (head_read_) {
    trailer_bytes_ += name.size() + value.size();
    if (++trailer_fields_ > trailer_fields_max || trailer_bytes_ > trailer_bytes_max)
      refuse(431, "the trailer is longer than the limit", ec);
    return;
  }
  const auto& ours = judged_->fields();
  if (fields_seen_ == ours.size() || !same(name, ours[fields_seen_].name) ||
      !same(value, ours[fields_seen_].value))
    refuse(400, "the head can be read in two ways", ec);
  else
    ++fields_seen_;
}

void request_parser::on_header_impl(error_code&) {}
void request_parser::on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) {}

// A body with Content-Length is read by the session, straight into its memory.
std::size_t request_parser::on_body_impl(text, error_code& ec) {
  refuse(400, "a body where only a head was expected", ec);
  return 0;
}

void request_parser::on_chunk_header_impl(std::uint64_t size, text extensions, error_code& ec) {
  if (extensions.size() > chunk_extension_bytes_max) return refuse(400, "a chunk extension is too long", ec);
  for (const char c : extensions)
    if ((static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f)
      return refuse(400, "a chunk extension has a control character", ec);
  if (size > body_bytes_max_ - body_size_) refuse(413, "the body is larger than the limit", ec);
}

std::size_t request_parser::on_chunk_body_impl(std::uint64_t, text body, error_code&) {
  SLUICE_ASSERT(body.size() <= body_bytes_max_ - body_size_);
  std::memcpy(body_ + body_size_, body.data(), body.size());
  body_size_ += body.size();
  return body.size();
}

void request_parser::on_finish_impl(error_code&) {}

}  // namespace sluice::net::http
