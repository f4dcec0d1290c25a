// The reading half of a connection: head, body, and handing the request over. The writing half is
// session_answer.cpp.
#include "net/http/session.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "messages/assert.hpp"
#include "net/http/exchange.hpp"

namespace sluice::net::http {

namespace asio = boost::asio;
using boost::system::error_code;

session::session(worker& on, stream peer, bool counted)
    : worker_(&on),
      stream_(std::move(peer)),
      counted_(counted),
      // One byte more than a head may have, so that a longer one is seen as such.
      buffer_bytes_max_(std::max(buffer_bytes_first, on.options().limits.head_bytes + 1)),
      head_(on.options().limits) {}

void session::start() { advance(); }

void session::advance() {
  bool more = true;
  while (more && worker_ != nullptr) {
    switch (phase_) {
      case phase::head:
        more = advance_head();
        break;
      case phase::body:
        more = advance_body();
        break;
      case phase::chunks:
        more = advance_chunks();
        break;
      case phase::handling:
        more = false;
        break;
      case phase::writing:
        more = advance_write();
        break;
      case phase::discarding:
        more = advance_discard();
        break;
      case phase::lingering:
        more = advance_linger();
        break;
    }
  }
}

bool session::advance_head() {
  const auto bytes = unread();
  const limits& bounds = worker_->options().limits;
  if (bytes.empty()) {
    if (worker_->stopping()) {
      close();
      return false;
    }
    deadline_ = worker::clock::now() + (first_request_ ? bounds.head_time : bounds.keep_alive);
    read_buffer();
    return false;
  }
  const auto found = head_.measure(bytes);
  if (found.refused) return refuse_head(*found.refused);
  if (found.end > 0) return begin_request(bytes.substr(0, found.end));
  if (!head_begun_) {
    head_begun_ = true;
    deadline_ = worker::clock::now() + bounds.head_time;
  }
  read_buffer();
  return false;
}

bool session::begin_request(std::string_view head_bytes) {
  if (const auto no = head_.judge(head_bytes)) return refuse_head(*no);
  const limits& bounds = worker_->options().limits;
  parser_.emplace(head_, bounds.head_bytes, bounds.body_bytes);
  if (const auto no = parser_->read_head(head_bytes.substr(head_.skipped()))) return refuse_head(*no);

  first_request_ = head_begun_ = false;
  minor_version_ = head_.minor_version();
  keep_alive_ = head_.keep_alive();
  head_only_ = head_.verb() == method::head;
  length_ = 0;
  auto refused = refused_on_head();
  if (!refused) take_head();
  begin_ += head_bytes.size();  // the views into the head end here
  head_.restart();
  if (refused) return answer_unread(std::move(*refused));
  return begin_body();
}

std::optional<response> session::refused_on_head() {
  const head_view view{head_.verb(), head_.target(), head_.field("content-type"),
                       head_.field("content-encoding"),
                       [this](std::string_view name) { return head_.field(name); }};
  if (auto answer = worker_->app().refuse(view)) return std::move(*answer);
  const std::size_t most = worker_->options().limits.body_bytes;
  if (head_.content_length().value_or(0) > most)
    return server_problem(413, to_string(errc::too_large),
                          "the body is larger than the limit of " + std::to_string(most) + " bytes");
  return {};
}

void session::take_head() {
  length_ = static_cast<std::size_t>(head_.content_length().value_or(0));
  request_.method = head_.verb();
  request_.target = head_.target();
  request_.content_type = head_.field("content-type");
  request_.content_encoding = head_.field("content-encoding");
  for (const auto& name : worker_->options().keep)
    for (const auto& f : head_.fields())
      if (equal_ignoring_case(f.name, name)) request_.fields.emplace_back(name, f.value);
  if (worker_->options().tell_peer) request_.peer = stream_.peer();
}

bool session::begin_body() {
  request_.held = lease(worker_->budget());
  // What has come with the head is in this connection's buffer; memory of its own is charged first.
  const std::size_t at_hand = head_.chunked() ? unread().size() : std::min(unread().size(), length_);
  // Without a body it holds nothing: health and metrics are answered however much is in flight.
  const bool bodiless = !head_.chunked() && length_ == 0;
  const std::size_t step = bodiless ? 0
                           : head_.chunked()
                               ? std::max(at_hand, lease_least_bytes)
                               : std::max(lease_least_bytes, std::min(length_, lease_step_bytes));
  if (!request_.held.extend(step))
    return answer_unread(
        server_problem(429, "in-flight limit reached", "too many bytes are in flight here, try again later"));
  if (head_.chunked()) {
    capacity_ = step;
    request_.body_bytes = std::make_unique_for_overwrite<char[]>(capacity_ + padding_bytes);
  } else {
    SLUICE_ASSERT(at_hand <= step);
    request_.body_bytes = std::make_unique_for_overwrite<char[]>(length_ + padding_bytes);
    if (at_hand > 0) std::memcpy(request_.body_bytes.get(), unread().data(), at_hand);
    begin_ += at_hand;
    received_ = at_hand;
  }
  phase_ = head_.chunked() ? phase::chunks : phase::body;
  if (!head_.chunked() && received_ == length_) {
    hand_over();
    return false;
  }
  body_deadline_ = worker::clock::now() + worker_->options().limits.body_time;
  if (head_.expect_continue()) {
    out_head_ = "HTTP/1.1 100 Continue\r\n\r\n";
    out_body_.clear();
    written_ = write_mark_ = 0;
    interim_ = true;
    phase_ = phase::writing;
    deadline_ = worker::clock::now() + worker_->options().limits.write_time;
  }
  return true;
}

bool session::advance_body() {
  if (received_ == length_) {
    hand_over();
    return false;
  }
  if (received_ == request_.held.bytes() && !charge(std::min(length_ - received_, lease_step_bytes)))
    return phase_ == phase::writing;
  wait_for_body();
  const std::size_t room = std::min(length_, request_.held.bytes()) - received_;
  read(asio::buffer(request_.body_bytes.get() + received_, room));
  return false;
}

bool session::advance_chunks() {
  const auto bytes = unread();
  if (!bytes.empty()) {
    if (!reserve_chunks(parser_->body_size() + bytes.size())) return phase_ == phase::writing;
    const auto made = parser_->read_chunks(bytes, request_.body_bytes.get());
    begin_ += made.consumed;
    if (made.refused) return answer_and_close(server_problem(made.refused->status, made.refused->detail));
    if (parser_->complete()) {
      received_ = parser_->body_size();
      hand_over();
      return false;
    }
    if (unread().size() == buffer_bytes_max_)
      return answer_and_close(server_problem(431, "a chunk header or the trailer is longer than the limit"));
  }
  wait_for_body();
  read_buffer();
  return false;
}

void session::wait_for_body() {
  deadline_ = std::min(worker::clock::now() + worker_->options().limits.body_idle, body_deadline_);
}

/// Takes `bytes` more from the budget. Without room the session waits, its bytes unread, until `retry_lease`;
/// after lease_wait it answers 429 instead (and is writing).
bool session::charge(std::size_t bytes) {
  if (request_.held.extend(bytes)) {
    waits_for_lease_ = false;
    return true;
  }
  const auto now = worker::clock::now();
  if (!waits_for_lease_) {
    waits_for_lease_ = true;
    lease_deadline_ = now + worker_->options().limits.lease_wait;
  } else if (now >= lease_deadline_) {
    answer_and_close(server_problem(429, "in-flight limit reached",
                                    "too many bytes are in flight here to read the rest, try again later"));
    return false;
  }
  deadline_ = body_deadline_;
  worker_->wait_for_lease(shared_from_this());
  return false;
}

void session::retry_lease() {
  if (worker_ != nullptr && waits_for_lease_) advance();
}

/// Memory for `bytes` of a chunked body, whose size nobody knows: grown by half, charged before it is there.
bool session::reserve_chunks(std::size_t bytes) {
  if (bytes <= capacity_) return true;
  const std::size_t most = worker_->options().limits.body_bytes + buffer_bytes_max_;
  const std::size_t grown =
      std::max(bytes, std::min(std::max(capacity_ + capacity_ / 2, buffer_bytes_first), most));
  if (!charge(grown - capacity_)) return false;
  auto larger = std::make_unique_for_overwrite<char[]>(grown + padding_bytes);
  std::memcpy(larger.get(), request_.body_bytes.get(), parser_->body_size());
  request_.body_bytes = std::move(larger);
  capacity_ = grown;
  return true;
}

void session::hand_over() {
  request_.body_size = received_;
  std::memset(request_.body_bytes.get() + received_, 0, padding_bytes);
  received_ = length_ = capacity_ = 0;
  phase_ = phase::handling;
  deadline_ = time_point::max();
  auto asked = std::make_unique<exchange::state>(worker_->answers(), weak_from_this());
  worker* const on = worker_;  // the application may answer at once, and the connection be gone behind it
  on->app().handle(std::exchange(request_, {}), exchange(std::move(asked)));
  on->handed_over();
}

bool session::advance_discard() {
  const std::size_t dropped = std::min(discard_left_, unread().size());
  begin_ += dropped;
  discard_left_ -= dropped;
  if (discard_left_ == 0) {
    phase_ = phase::head;
    return true;
  }
  wait_for_body();
  read_buffer();
  return false;
}

bool session::advance_linger() {
  const std::size_t came = unread().size();
  begin_ = end_ = 0;
  if (came > linger_left_) {
    close();
    return false;
  }
  linger_left_ -= came;
  read_buffer();
  return false;
}

void session::read_buffer() {
  if (begin_ == end_) begin_ = end_ = 0;
  if (end_ == buffer_bytes_) {
    if (begin_ > 0) {
      std::memmove(buffer_.get(), buffer_.get() + begin_, end_ - begin_);
    } else {
      SLUICE_ASSERT(buffer_bytes_ < buffer_bytes_max_);
      const std::size_t grown = std::clamp(buffer_bytes_ * 2, buffer_bytes_first, buffer_bytes_max_);
      auto larger = std::make_unique_for_overwrite<char[]>(grown);
      if (end_ > 0) std::memcpy(larger.get(), buffer_.get(), end_);
      buffer_ = std::move(larger);
      buffer_bytes_ = grown;
    }
    end_ -= begin_;
    begin_ = 0;
  }
  read(asio::buffer(buffer_.get() + end_, buffer_bytes_ - end_));
}

void session::read(asio::mutable_buffer into) {
  stream_.async_read_some(
      into, [self = shared_from_this(), epoch = read_epoch_](const error_code& ec, std::size_t bytes) {
        self->on_read(epoch, ec, bytes);
      });
}

void session::on_read(std::uint32_t epoch, const error_code& ec, std::size_t bytes) {
  if (worker_ == nullptr || epoch != read_epoch_) return;
  if (ec) return close();  // the peer ended or reset the connection: nobody is left to answer
  if (phase_ == phase::body)
    received_ += bytes;
  else
    end_ += bytes;
  advance();
}

}  // namespace sluice::net::http
