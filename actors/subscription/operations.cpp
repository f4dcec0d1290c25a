#include "actors/subscription/operations.hpp"

#include <algorithm>
#include <tuple>

#include "actors/subscription/specification.hpp"

namespace sluice::subscription {
namespace {

using net::http::method;
using net::http::reply;

constexpr std::size_t page_size = 25;
constexpr std::size_t pages_max = listed_max / page_size;
constexpr int listings_max = 3;
constexpr int not_found = 404, conflict = 409;

std::string path_of(const std::string& id) { return std::string(collection) + "/" + id; }

// A success that cannot be read: it is not known what it did.
call_failure unreadable(const error& why, const std::string& target) {
  error told = why;
  told.detail = "the answer cannot be understood: " + to_string(why);
  told.place = target;
  return {std::move(told), 0, true};
}

called<resource> read(const called<reply>& answer, const std::string& target) {
  if (!answer) return tl::unexpected(answer.error());
  result<resource> what = parse_resource(answer->body);
  if (!what) return tl::unexpected(unreadable(what.error(), target));
  return *std::move(what);
}

/// One run over all pages; `whole` is false when the list changed on the way, so that one may be missing.
struct listing {
  std::vector<resource> all;
  bool whole = true;
};

task<called<listing>> run_over_pages(api& with) {
  listing made;
  std::uint64_t total = 0;
  for (std::size_t number = 1; number <= pages_max; ++number) {
    const request what(method::get, std::string(collection) + "?pageSize=" + std::to_string(page_size) +
                                        "&pageNumber=" + std::to_string(number));
    const called<reply> answer = co_await with.call(what);
    if (!answer) co_return tl::unexpected(answer.error());
    result<page> got = parse_page(answer->body);
    if (!got) co_return tl::unexpected(unreadable(got.error(), what.target));
    if (number == 1) total = got->total;
    made.whole = made.whole && got->total == total;
    const std::size_t shown = got->entities.size();
    for (resource& one : got->entities) {
      if (std::ranges::find(made.all, one.id, &resource::id) == made.all.end())
        made.all.push_back(std::move(one));
    }
    const bool last = got->count != 0 ? number >= got->count : shown < page_size;
    if (!last) continue;
    made.whole = made.whole && (total == 0 || made.all.size() == total);
    co_return made;
  }
  co_return call_fails(errc::too_large,
                       "there are more than " + std::to_string(listed_max) + " subscriptions; delete some",
                       collection);
}

}  // namespace

request create_request(const specification& what) { return {method::post, collection, create_body(what)}; }
request replace_request(const std::string& id, const specification& what) {
  return {method::put, path_of(id), update_body(what)};
}
request remove_request(const std::string& id) { return {method::del, path_of(id)}; }

task<called<std::vector<resource>>> list(api& with) {
  for (int i = 0; i < listings_max; ++i) {
    called<listing> got = co_await run_over_pages(with);
    if (!got) co_return tl::unexpected(got.error());
    if (got->whole) co_return std::move(got->all);
  }
  co_return call_fails(errc::overloaded, "the subscriptions change while they are listed; try again",
                       collection);
}

task<called<std::vector<resource>>> find(api& with, std::string name) {
  called<std::vector<resource>> all = co_await list(with);
  if (!all) co_return all;
  std::erase_if(*all, [&](const resource& one) { return one.name != name; });
  // The platform's dates are RFC 3339 in UTC, all in one form.
  std::ranges::sort(*all, {}, [](const resource& one) {
    return std::tuple(!one.active(), std::string_view(one.created), std::string_view(one.id));
  });
  co_return all;
}

task<called<resource>> get(api& with, std::string id) {
  const std::string target = path_of(id);
  const called<reply> answer = co_await with.call(request(method::get, target));
  co_return read(answer, target);
}

task<called<resource>> create(api& with, specification what) {
  const called<reply> answer = co_await with.call(create_request(what));
  called<resource> made = read(answer, collection);
  if (made || !(made.error().perhaps_done || made.error().status == conflict)) co_return made;
  // Creating it again could make two. What there is under its name tells.
  called<std::vector<resource>> named = co_await find(with, what.name);
  if (!named) {
    named.error().perhaps_done = true;
    co_return tl::unexpected(named.error());
  }
  if (!named->empty()) co_return std::move(named->front());
  if (made.error().perhaps_done)
    made.error().why.detail += "; nothing of its name is there yet, look again before another is made";
  co_return made;
}

task<called<resource>> replace(api& with, std::string id, specification what) {
  const called<reply> answer = co_await with.call(replace_request(id, what));
  co_return read(answer, path_of(id));
}

task<called<done_step>> remove(api& with, std::string id) {
  const called<reply> answer = co_await with.call(remove_request(id));
  if (!answer && answer.error().status != not_found) co_return tl::unexpected(answer.error());
  co_return done_step{};
}

}  // namespace sluice::subscription
