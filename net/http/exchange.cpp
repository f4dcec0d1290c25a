// The one answer of a request, carried from any thread to the thread of its connection.
#include "net/http/exchange.hpp"

#include <boost/asio/post.hpp>
#include <utility>

#include "messages/assert.hpp"
#include "net/http/answer.hpp"
#include "net/http/session.hpp"

namespace sluice::net::http {
namespace {

/// Frees a chain one by one: a recursive end of a long chain would use up the stack.
void discard(std::unique_ptr<exchange::state> chain) noexcept {
  while (chain != nullptr) chain = std::move(chain->next);
}

}  // namespace

void mailbox::put(std::unique_ptr<exchange::state> answered) {
  const std::lock_guard held(lock_);
  if (home_ == nullptr) return;
  exchange::state* const newest = answered.get();
  if (first_ != nullptr) {
    last_->next = std::move(answered);
  } else {
    first_ = std::move(answered);
    // Under the lock, so that close() cannot let the io_context go in between.
    boost::asio::post(*home_, [self = shared_from_this()] { self->deliver(); });
  }
  last_ = newest;
}

void mailbox::close() noexcept {
  std::unique_ptr<exchange::state> left;
  {
    const std::lock_guard held(lock_);
    home_ = nullptr;
    left = std::move(first_);
  }
  discard(std::move(left));
}

std::unique_ptr<exchange::state> mailbox::take_all() noexcept {
  const std::lock_guard held(lock_);
  return std::move(first_);
}

void mailbox::deliver() {
  auto one = take_all();
  while (one != nullptr) {
    if (auto asker = one->from.lock()) {
      if (one->hangs_up)
        asker->close();
      else
        asker->answered(std::move(one->answer));
    }
    one = std::move(one->next);
  }
}

exchange::exchange() noexcept = default;
exchange::exchange(std::unique_ptr<state> s) noexcept : state_(std::move(s)) {}
exchange::exchange(exchange&&) noexcept = default;
exchange& exchange::operator=(exchange&& other) noexcept {
  if (this != &other) {
    exchange replaced(std::move(*this));  // answers 503 if it was not answered
    state_ = std::move(other.state_);
  }
  return *this;
}

exchange::~exchange() {
  if (state_ == nullptr) return;
  respond(server_problem(503, to_string(errc::stage_died), "the request was dropped before it was answered"));
}

void exchange::respond(response r) noexcept {
  SLUICE_ASSERT(state_ != nullptr);  // one request, one answer
  state_->answer = std::move(r);
  const auto home = state_->to;
  home->put(std::move(state_));
}

void exchange::hang_up() noexcept {
  SLUICE_ASSERT(state_ != nullptr);
  state_->hangs_up = true;
  const auto home = state_->to;
  home->put(std::move(state_));
}

}  // namespace sluice::net::http
