// One keep-alive connection of the sender, at the level of bytes: what to send next and when to try again is
// the sender's business.
#pragma once

#include <sys/socket.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "benchmarks/load/answer.hpp"

namespace sluice::load {

/// Where a peer is; found once, so that opening a connection again asks no resolver.
struct peer_address {
  sockaddr_storage storage{};
  socklen_t size = 0;
};

/// A non-blocking TCP socket that is registered with an epoll instance (level-triggered; EPOLLOUT only while
/// bytes wait). Keeps at most one answer (`answer_bytes_max`) plus one read of 64 KiB. Not thread-safe; not
/// movable, since epoll knows its tag only.
class link {
 public:
  enum class state : std::uint8_t { closed, connecting, open };
  enum class received : std::uint8_t { nothing, some, ended };

  /// `tag` comes back in `epoll_event::data.u64`.
  link(int epoll, std::uint64_t tag) noexcept : epoll_(epoll), tag_(tag) {}
  link(const link&) = delete;
  link& operator=(const link&) = delete;
  ~link() { close(); }

  state now() const noexcept { return state_; }

  /// Begins to connect; false when the system refuses at once. Only when closed.
  bool dial(const peer_address& to);
  /// Takes over a connected socket; false when epoll refuses it (the socket is closed then). Only when
  /// closed.
  bool adopt(int fd);
  /// To be called when a connecting link became writable: true when it is open now, false when it failed and
  /// is closed.
  bool finish_dial();
  void close() noexcept;

  /// Begins a request and sends what the socket takes. Both parts must stay where they are until the answer
  /// is there.
  void start(std::string_view head, std::string_view body);
  /// Sends what the socket takes now. A broken connection is left for `receive` to find, after an answer that
  /// may have come before.
  void send_more();
  bool sent_all() const noexcept { return head_.empty() && body_.empty(); }
  std::uint64_t bytes_sent() const noexcept { return bytes_sent_; }

  /// Reads once.
  received receive();
  /// The first answer among the bytes read so far.
  answer read(bool ended) const { return read_answer(input_, ended); }
  /// Removes an answer's bytes; true when nothing is left behind them.
  bool take(const answer& read);

 private:
  bool watch(int operation, bool for_room) noexcept;

  int epoll_;
  std::uint64_t tag_;
  int fd_ = -1;
  state state_ = state::closed;
  bool waits_for_room_ = false;
  std::string_view head_;
  std::string_view body_;
  std::string input_;
  std::uint64_t bytes_sent_ = 0;
};

}  // namespace sluice::load
