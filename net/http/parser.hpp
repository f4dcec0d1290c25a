// The second reader of a request: Beast's grammar behind ours. It must agree with strict_head about the head,
// and it alone reads chunked bodies. Private to net: Beast stays out of our public headers.
#pragma once

#include <boost/beast/http/basic_parser.hpp>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "net/http/strict_head.hpp"

namespace sluice::net::http {

/// One request; not reusable (as basic_parser). Allocates nothing.
class request_parser final : public boost::beast::http::basic_parser<true> {
 public:
  static constexpr std::size_t chunk_extension_bytes_max = 256;
  static constexpr std::size_t trailer_bytes_max =
      4096;  ///< names and values of all trailer fields, which are dropped
  static constexpr std::size_t trailer_fields_max = 32;

  /// `judged` is the head that strict_head accepted; it is only looked at in `read_head`.
  request_parser(const strict_head& judged, std::size_t head_bytes_max, std::size_t body_bytes_max);

  /// Reads the judged head. A disagreement of the two readers is a refusal.
  std::optional<head_refusal> read_head(std::string_view bytes);

  /// Where the bytes of a chunked body go: there must always be room for as many as are fed.
  struct progress {
    std::size_t consumed = 0;
    std::optional<head_refusal> refused;
  };
  /// Reads of `bytes` what is complete, writing body bytes behind `body + body_size()`. What is not consumed
  /// is to be given again, with more behind it.
  progress read_chunks(std::string_view bytes, char* body);

  std::size_t body_size() const noexcept { return body_size_; }
  bool complete() const { return is_done(); }

 private:
  using error_code = boost::beast::error_code;
  using text = boost::beast::string_view;
  void on_request_impl(boost::beast::http::verb, text method, text target, int version,
                       error_code& ec) override;
  void on_response_impl(int, text, int, error_code& ec) override;
  void on_field_impl(boost::beast::http::field, text name, text value, error_code& ec) override;
  void on_header_impl(error_code& ec) override;
  void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code& ec) override;
  std::size_t on_body_impl(text, error_code& ec) override;
  void on_chunk_header_impl(std::uint64_t size, text extensions, error_code& ec) override;
  std::size_t on_chunk_body_impl(std::uint64_t, text body, error_code& ec) override;
  void on_finish_impl(error_code& ec) override;

  void refuse(int status, std::string_view detail, error_code& ec);
  std::optional<head_refusal> why(const error_code& ec) const;

  const strict_head* judged_;
  const std::size_t body_bytes_max_;
  std::size_t fields_seen_ = 0;
  bool head_read_ = false;
  std::size_t trailer_fields_ = 0;
  std::size_t trailer_bytes_ = 0;
  char* body_ = nullptr;
  std::size_t body_size_ = 0;
  std::optional<head_refusal> refused_;
};

}  // namespace sluice::net::http
