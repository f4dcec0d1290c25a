// /api/v1/dead-letters: what could not be delivered, page by page and one whole.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>

#include "actors/deliver/dead_letters.hpp"
#include "actors/node/admin/request.hpp"
#include "actors/worker.hpp"

namespace sluice::node::admin {

/// Where the store is, and the thread on which requests may wait for its disk. Thread-safe.
class letter_desk {
 public:
  /// Requests that wait or are under way; further ones are told to come again.
  static constexpr std::size_t jobs_max = 16;

  /// From here on jobs run; the store lives until `disconnect` returns.
  void connect(deliver::dead_letter_store& store, const make_executor& workers = make_worker);
  /// Ends with the job under way; those that wait are dropped.
  void disconnect();

  /// False without a store, and when too many wait.
  bool run(std::function<void(deliver::dead_letter_store&)> job);
  /// The rest of a job that waited for something else in the middle; dropped without a store.
  void go_on(std::function<void(deliver::dead_letter_store&)> job);

 private:
  std::mutex mutex_;
  deliver::dead_letter_store* store_ = nullptr;
  std::unique_ptr<executor> worker_;
  std::shared_ptr<std::atomic<std::size_t>> jobs_ = std::make_shared<std::atomic<std::size_t>>(0);
};

/// Letters of one answer, and of one order.
inline constexpr std::size_t letters_max = 1000, letters_usual = 100;

/// What the query asks for: `destination`, `source`, `id` (equal), `reason` (contained), `since`, `until`
/// (RFC 3339), `limit` (1 to letters_max), `after` (a page's `next`), `key` (several). errc::bad_request with
/// the parameter.
struct letter_query {
  deliver::letter_filter filter;
  std::vector<deliver::letter_key> keys;
  std::size_t limit = letters_usual;
  std::string after;
};
result<letter_query> parse_letter_query(const request& asked);

/// GET /api/v1/dead-letters: `{"letters":[…],"next":…}`, oldest first, without the events.
handler list_dead_letters(letter_desk& desk);
/// GET /api/v1/dead-letters/{key}: one letter with its event. 404 when it is not there.
handler show_dead_letter(letter_desk& desk);

/// Up to `bounds` of the letters that a query chooses, those that its keys name if it has keys, and where the
/// next ones begin. errc::bad_request when `after` is no page's `next`.
result<deliver::letter_page> choose(const deliver::dead_letter_store& store, const letter_query& asked,
                                    const deliver::page_bounds& bounds);

/// The answer to what could not be done: 400 for errc::bad_request, else 503.
net::http::response refused(const error& why);
/// `,"next":…}`
void append_next(std::string& to, const std::string& next);

}  // namespace sluice::node::admin
