// One connection: a state machine that lives on one io thread and has one request under way at most.
#pragma once

#include <boost/asio/buffer.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "net/http/parser.hpp"
#include "net/http/server.hpp"
#include "net/http/strict_head.hpp"
#include "net/http/worker.hpp"
#include "net/stream.hpp"

namespace sluice::net::http {

/// Held by its worker until it closes, and by the operations that are under way on its socket. All members
/// run on the worker's thread; whoever calls one holds a shared_ptr. Nothing outside is touched after
/// `close`.
///
/// Bounds: `buffer_bytes_max` of unread bytes; one request; its body as far as the lease reaches.
class session : public std::enable_shared_from_this<session> {
 public:
  using time_point = worker::clock::time_point;

  static constexpr std::size_t buffer_bytes_first = 4096;
  static constexpr std::size_t lease_step_bytes = 64 * 1024;
  static constexpr std::size_t lease_least_bytes = 512;  ///< what a body costs, however small
  static constexpr std::size_t discard_bytes_max =
      64 * 1024;  ///< an unread body up to this is read and dropped
  static constexpr std::size_t linger_bytes_max = 64 * 1024;
  static constexpr std::chrono::milliseconds linger_time{1'000};
  static constexpr std::size_t write_progress_bytes =
      16 * 1024;                                    ///< taken by the peer, they renew write_time
  static constexpr std::size_t padding_bytes = 64;  ///< readable behind every body

  session(worker& on, stream peer, bool counted);

  void start();
  /// The connection is one too many: answers 503 and closes.
  void turn_away();
  /// The answer of the request under way.
  void answered(response r);
  void retry_lease();
  /// The deadline has passed.
  void expire();
  void close_if_idle();
  /// The server goes away: a request that is still coming is answered 503.
  void refuse_unfinished();
  void close(bool reset = false) noexcept;  ///< `reset`: unsent bytes are dropped

  time_point deadline() const noexcept { return deadline_; }
  bool counted() const noexcept { return counted_; }
  std::size_t slot = 0;  ///< the worker's: where it keeps this session

 private:
  enum class phase : std::uint8_t { head, body, chunks, handling, writing, discarding, lingering };

  // Each advances as far as it can and says whether there is more to do at once; false: something is waited
  // for.
  void advance();
  bool advance_head();
  bool advance_body();
  bool advance_chunks();
  bool advance_write();
  bool advance_discard();
  bool advance_linger();

  bool begin_request(std::string_view head_bytes);
  std::optional<response> refused_on_head();
  void take_head();
  bool begin_body();
  bool after_write();
  void hand_over();

  bool refuse_head(const head_refusal& why);
  bool answer_unread(response r);
  bool answer_and_close(response r);
  void send(response r, bool close);

  bool unfinished() const noexcept;
  void give_up(response r);

  bool charge(std::size_t bytes);
  bool reserve_chunks(std::size_t bytes);

  std::string_view unread() const noexcept { return {buffer_.get() + begin_, end_ - begin_}; }
  void read_buffer();
  void read(boost::asio::mutable_buffer into);
  void on_read(std::uint32_t epoch, const boost::system::error_code& ec, std::size_t bytes);
  void cancel_read() noexcept;
  void wait_for_body();

  worker* worker_;  ///< null once closed
  stream stream_;
  const bool counted_;
  phase phase_ = phase::head;
  time_point deadline_ = time_point::max();
  std::uint32_t read_epoch_ = 0;  ///< a read of an earlier epoch was given up

  std::unique_ptr<char[]> buffer_;
  std::size_t buffer_bytes_ = 0;
  const std::size_t buffer_bytes_max_;
  std::size_t begin_ = 0, end_ = 0;  ///< unread bytes

  strict_head head_;
  std::optional<request_parser> parser_;
  bool head_begun_ = false;  ///< the deadline of the head runs
  bool first_request_ = true;

  request request_;
  std::size_t length_ = 0;    ///< of a body with Content-Length
  std::size_t received_ = 0;  ///< of it
  std::size_t capacity_ = 0;  ///< of a chunked body's memory
  bool waits_for_lease_ = false;
  time_point lease_deadline_{};
  time_point body_deadline_ = time_point::max();

  // Of the request under way, as its answer needs it.
  int minor_version_ = 1;
  bool keep_alive_ = true;
  bool head_only_ = false;
  std::size_t discard_left_ = 0;

  std::string out_head_, out_body_;
  std::size_t written_ = 0, write_mark_ = 0;
  bool interim_ = false;  ///< what is written is 100 (Continue)
  bool close_after_ = false;
  std::size_t linger_left_ = 0;
};

}  // namespace sluice::net::http
