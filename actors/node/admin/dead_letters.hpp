// /api/v1/dead-letters: what could not be delivered, page by page, one whole, and given up for good.
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

 private:
  std::mutex mutex_;
  deliver::dead_letter_store* store_ = nullptr;
  std::unique_ptr<executor> worker_;
  std::shared_ptr<std::atomic<std::size_t>> jobs_ = std::make_shared<std::atomic<std::size_t>>(0);
};

/// Letters of one answer, and of one `discard`.
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
/// POST /api/v1/dead-letters/discard: gives up what `key` names, or up to `limit` letters that the filter
/// chooses, behind `after`: `{"discarded":n,"next":…}`. 400 without a key and a destination. `said` is told
/// what was done, for the node's own log.
handler discard_dead_letters(letter_desk& desk, std::function<void(const std::string& line)> said);

}  // namespace sluice::node::admin
