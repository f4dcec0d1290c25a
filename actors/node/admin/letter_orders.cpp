#include "actors/node/admin/letter_orders.hpp"

#include <algorithm>
#include <utility>

#include "messages/json_string.hpp"

namespace sluice::node::admin {
namespace {

using checkpoint::order_kind;
using deliver::dead_letter;
using deliver::dead_letter_store;
using deliver::letter_key;
using net::http::problem;
using net::http::response;

/// Of a query that says whose letters are meant: the destination's name; the answer why it does not.
tl::expected<std::string, response> destination_of(const letter_query& asked) {
  std::string name = asked.filter.destination;
  for (const letter_key& key : asked.keys) {
    if (name.empty()) name = key.destination;
    if (key.destination != name)
      return tl::unexpected(problem(400, "bad request", "`key`: all of one destination at a time"));
  }
  if (name.empty())
    return tl::unexpected(problem(400, "bad request", "a `key` or a `destination` says which are meant"));
  return name;
}

/// The log's newest destination of that name, gone ones too.
std::optional<checkpoint::destination_view> newest(const checkpoint::board& board, const std::string& name) {
  const auto all = board.get().destinations;
  const auto found = std::ranges::find(all.rbegin(), all.rend(), name, &checkpoint::destination_view::name);
  return found == all.rend() ? std::nullopt : std::optional(*found);
}

response done(const char* what, std::uint64_t letters, const std::string& next) {
  response r;
  r.body.append("{\"").append(what).append("\":").append(std::to_string(letters));
  append_next(r.body, next);
  return r;
}

response no_such(const std::string& name) {
  return problem(404, "not found", "the log knows no destination `" + name + "`");
}

}  // namespace

handler discard_dead_letters(letter_order_sources from) {
  return [from = std::move(from)](const request& asked, const respond& to) {
    const auto query = parse_letter_query(asked);
    if (!query) return to(refused(query.error()));
    auto name = destination_of(*query);
    if (!name) return to(std::move(name.error()));
    const auto chosen = [from, query = *query, name = *name, who = asked.who, to](dead_letter_store& store) {
      const auto of = newest(*from.board, name);
      if (!of) return to(no_such(name));
      auto which = choose(store, query, {.letters = query.limit});
      if (!which) return to(refused(which.error()));
      if (which->letters.empty()) return to(done("discarded", 0, which->next));
      std::vector<letter_key> keys;
      for (const dead_letter& l : which->letters) keys.push_back(l.key());
      auto order = std::make_shared<checkpoint::order>();
      order->what = order_kind::discard_letters;
      order->destination = of->id;
      order->who = who;
      order->letters = keys.size();
      order->done = [from, to, keys = std::move(keys),
                     next = std::move(which->next)](const result<std::uint64_t>& noted) {
        if (!noted) return to(refused(noted.error()));
        from.letters->go_on([to, keys, next](dead_letter_store& at) {
          const auto gone = at.remove(keys);
          to(gone ? done("discarded", *gone, next) : refused(gone.error()));
        });
      };
      if (!from.orders->hand_in(std::move(order))) to(not_ready());
    };
    if (!from.letters->run(chosen)) to(not_ready());
  };
}

struct redrive_orders::turn {
  redrive_orders& of;
  letter_query query;
  std::string destination, who;
  respond to;
  checkpoint::redrive_ptr redriven = std::make_shared<checkpoint::redrive>();
  std::string next = {};

  /// Whoever drops it last, also when the node ends in the middle, lets the next one begin.
  ~turn() {
    const std::lock_guard lock(of.mutex_);
    of.under_way_ = false;
  }
};

handler redrive_orders::take() {
  return [this](const request& asked, const respond& to) {
    const auto query = parse_letter_query(asked);
    if (!query) return to(refused(query.error()));
    auto name = destination_of(*query);
    if (!name) return to(std::move(name.error()));
    if (*name == checkpoint::dead_letters_name)
      return to(problem(422, "quarantined", "these are no valid events: no destination could read them"));
    if (from_.lanes(*name) == 0)
      return to(
          problem(409, "not configured", "the destination is not configured: nothing is delivered there"));
    {
      const std::lock_guard lock(mutex_);
      if (std::exchange(under_way_, true))
        return to(problem(409, "under way", "another redrive is under way; come again when it has ended"));
    }
    const turn_ptr mine(new turn{*this, *query, *name, asked.who, to});
    if (!from_.letters->run([this, mine](dead_letter_store& store) { begin(mine, store); })) to(not_ready());
  };
}

void redrive_orders::begin(const turn_ptr& mine, dead_letter_store& store) {
  if (const auto gone = store.remove(leaving_); !gone) return mine->to(refused(gone.error()));
  leaving_.clear();
  const auto of = newest(*from_.board, mine->destination);
  if (!of || of->removed) return mine->to(not_ready());
  auto page = choose(store, mine->query, {.letters = mine->query.limit, .event_bytes = redrive_bytes});
  if (!page) return mine->to(refused(page.error()));
  mine->next = std::move(page->next);
  if (page->letters.empty()) return mine->to(done("redriven", 0, mine->next));
  auto& made = *mine->redriven;
  if (const auto read = from_.read(page->letters, made.events); !read) return mine->to(refused(read.error()));
  const std::size_t lanes = from_.lanes(mine->destination);
  for (std::size_t i = 0; i < page->letters.size(); ++i) {
    const dead_letter& l = page->letters[i];
    // A lane that the configuration has no more hands on to one that it has.
    const target into{of->id, static_cast<lane_id>(l.lane % lanes)};
    made.events.entries[i].targets = made.events.targets.intern({&into, 1});
    const auto first = l.first_stored_ms != 0 ? l.first_stored_ms : l.stored_ms;
    made.events.before.push_back({l.origin, l.received_ms, first, l.generation + 1, l.attempts});
    made.letters.push_back({l.lane, l.at});
  }
  auto order = std::make_shared<checkpoint::order>();
  order->what = order_kind::redrive;
  order->destination = of->id;
  order->who = mine->who;
  order->redriven = mine->redriven;
  order->done = [this, mine](const result<std::uint64_t>& durable) {
    if (!durable) return mine->to(refused(durable.error()));
    from_.letters->go_on([this, mine](dead_letter_store& at) { end(mine, at); });
  };
  if (!from_.orders->hand_in(std::move(order))) mine->to(not_ready());
}

void redrive_orders::end(const turn_ptr& mine, dead_letter_store& store) {
  for (const auto& before : mine->redriven->events.before)
    leaving_.push_back({mine->destination, before.origin, before.generation - 1});
  if (const auto gone = store.remove(leaving_); !gone) return mine->to(refused(gone.error()));
  mine->to(done("redriven", std::exchange(leaving_, {}).size(), mine->next));
}

}  // namespace sluice::node::admin
