#include "actors/node/admin/dead_letters.hpp"

#include <charconv>
#include <set>
#include <utility>

#include "actors/decode/rfc3339.hpp"
#include "messages/json_string.hpp"
#include "messages/rfc3339_text.hpp"

namespace sluice::node::admin {
namespace {

using deliver::dead_letter;
using deliver::dead_letter_store;
using net::http::problem;
using net::http::response;

/// `id`, `source` and `region` are contents of JSON strings already; an event is JSON.
void append_letter(std::string& to, const dead_letter& l, bool whole) {
  to += R"({"key":)";
  append_json_string(to, deliver::to_string(l.key()));
  to.append(R"(,"position":)").append(std::to_string(l.at)).append(R"(,"destination":)");
  append_json_string(to, l.destination);
  to += R"(,"reason":)";
  append_json_string(to, l.reason);
  to.append(R"(,"attempts":)").append(std::to_string(l.attempts));
  to.append(R"(,"received":")").append(rfc3339_text(l.received_ms));
  to.append(R"(","first_stored":")")
      .append(rfc3339_text(l.first_stored_ms != 0 ? l.first_stored_ms : l.stored_ms));
  to.append(R"(","stored":")").append(rfc3339_text(l.stored_ms));
  to.append(R"(","id":")").append(l.id).append(R"(","source":")").append(l.source);
  to.append(R"(","region":")").append(l.region).append(R"(")");
  if (whole) to.append(R"(,"event":)").append(l.event.empty() ? "null" : l.event);
  to += '}';
}

response page_of(const dead_letter_store& store, const letter_query& asked) {
  const auto page = store.page(asked.filter, asked.after, {.letters = asked.limit});
  if (!page) return refused(page.error());
  response r;
  r.body = R"({"letters":[)";
  for (const dead_letter& l : page->letters) {
    if (&l != &page->letters.front()) r.body += ',';
    append_letter(r.body, l, false);
  }
  r.body += ']';
  append_next(r.body, page->next);
  return r;
}

bool whole_number(std::string_view text, std::size_t& into) {
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), into);
  return ec == std::errc() && end == text.data() + text.size();
}

/// `work` on the desk's thread, or the answer why not.
void on_desk(letter_desk& desk, const respond& to, std::function<response(dead_letter_store&)> work) {
  if (!desk.run([to, work = std::move(work)](dead_letter_store& store) { to(work(store)); })) to(not_ready());
}

}  // namespace

void append_next(std::string& to, const std::string& next) {
  to += R"(,"next":)";
  if (next.empty()) {
    to += "null";
  } else {
    append_json_string(to, next);
  }
  to += '}';
}

response refused(const error& why) {
  if (why.code == errc::bad_request) return problem(400, "bad request", to_string(why));
  auto r = problem(503, to_string(why.code), to_string(why));
  r.fields.emplace_back("Retry-After", "1");
  return r;
}

result<deliver::letter_page> choose(const dead_letter_store& store, const letter_query& asked,
                                    const deliver::page_bounds& bounds) {
  if (asked.keys.empty()) return store.page(asked.filter, asked.after, bounds);
  const std::set<deliver::letter_key> distinct(asked.keys.begin(), asked.keys.end());
  const std::vector<deliver::letter_key> keys(distinct.begin(), distinct.end());
  std::size_t at = 0;
  if (!asked.after.empty() && (!whole_number(asked.after, at) || at > keys.size()))
    return fail(errc::bad_request, "is not where a page of these keys ended", "`after`");
  deliver::letter_page made;
  for (std::size_t bytes = 0; at < keys.size() && bytes < bounds.event_bytes; ++at) {
    auto found = store.find(keys[at]);
    if (!found) return fail(found.error());
    if (!*found) continue;
    bytes += (*found)->event.size();
    made.letters.push_back(std::move(**found));
  }
  if (at < keys.size()) made.next = std::to_string(at);
  return made;
}

void letter_desk::connect(dead_letter_store& store, const make_executor& workers) {
  const std::lock_guard lock(mutex_);
  store_ = &store;
  worker_ = workers("dead-letters-api");
}

void letter_desk::disconnect() {
  std::unique_ptr<executor> last;
  const std::lock_guard lock(mutex_);
  last = std::move(worker_);
  store_ = nullptr;
}

bool letter_desk::run(std::function<void(dead_letter_store&)> job) {
  // Dropped without a run it counts back too.
  struct place {
    std::shared_ptr<std::atomic<std::size_t>> of;
    ~place() { of->fetch_sub(1); }
  };
  const std::lock_guard lock(mutex_);
  if (!worker_) return false;
  if (jobs_->fetch_add(1) >= jobs_max) {
    jobs_->fetch_sub(1);
    return false;
  }
  worker_->run(
      [store = store_, job = std::move(job), held = std::make_shared<place>(jobs_)] { job(*store); });
  return true;
}

void letter_desk::go_on(std::function<void(dead_letter_store&)> job) {
  const std::lock_guard lock(mutex_);
  if (worker_) worker_->run([store = store_, job = std::move(job)] { job(*store); });
}

result<letter_query> parse_letter_query(const request& asked) {
  letter_query made;
  for (const auto& [name, value] : asked.query) {
    const auto wrong = [&, &parameter = name](const char* why) {
      return fail(errc::bad_request, why, "`" + parameter + "`");
    };
    std::int64_t* const time = name == "since"   ? &made.filter.since_ms
                               : name == "until" ? &made.filter.until_ms
                                                 : nullptr;
    std::string* const text = name == "destination" ? &made.filter.destination
                              : name == "source"    ? &made.filter.source
                              : name == "id"        ? &made.filter.id
                              : name == "reason"    ? &made.filter.reason
                              : name == "after"     ? &made.after
                                                    : nullptr;
    if (text != nullptr) {
      *text = value;
    } else if (time != nullptr) {
      const auto read = decode::parse_rfc3339(value);
      if (!read) return wrong("is no time as 2026-01-31T12:00:00Z");
      *time = *read;
    } else if (name == "limit") {
      if (!whole_number(value, made.limit) || made.limit < 1 || made.limit > letters_max)
        return wrong("is no number from 1 to 1000");
    } else if (name == "key") {
      auto key = deliver::parse_letter_key(value);
      if (!key) return wrong("is no key of a dead letter");
      if (made.keys.size() == letters_max) return wrong("is there more than 1000 times");
      made.keys.push_back(std::move(*key));
    } else {
      return wrong("is not known; destination, source, id, reason, since, until, limit, after or key");
    }
  }
  return made;
}

handler list_dead_letters(letter_desk& desk) {
  return [&desk](const request& asked, const respond& to) {
    const auto query = parse_letter_query(asked);
    if (!query) return to(refused(query.error()));
    on_desk(desk, to, [query = *query](const dead_letter_store& store) { return page_of(store, query); });
  };
}

handler show_dead_letter(letter_desk& desk) {
  return [&desk](const request& asked, const respond& to) {
    const auto key = deliver::parse_letter_key(asked.names.front());
    if (!key) return to(problem(404, "not found", "is no key of a dead letter"));
    on_desk(desk, to, [key = *key](const dead_letter_store& store) {
      const auto found = store.find(key);
      if (!found) return refused(found.error());
      if (!*found) return problem(404, "not found", "no such dead letter is there any more");
      response r;
      append_letter(r.body, **found, true);
      return r;
    });
  };
}

}  // namespace sluice::node::admin
