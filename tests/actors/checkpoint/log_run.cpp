#include "tests/actors/checkpoint/log_run.hpp"

#include <cstring>
#include <future>
#include <utility>

namespace sluice::test {
namespace {

using namespace sluice::checkpoint;

class id_collector final : public record_visitor {
 public:
  std::vector<std::string> ids;
  void on_batch(const batch_view& batch) override {
    for (const event_entry& e : batch.entries) ids.emplace_back(batch.id(e));
  }
};

class silent_reader_guard {
 public:
  explicit silent_reader_guard(log_feed& feed) : reader(feed.add_reader([] {})) {}
  std::unique_ptr<log_feed::reader> reader;
};

}  // namespace

std::string numbered(std::string_view name, std::uint64_t n) {
  std::string out(name);
  out += std::to_string(n);
  return out;
}

std::vector<std::string> ids_of(const committed_group& group) {
  id_collector collect;
  if (!visit_records(group.header(), group.content(), collect)) return {"<a record is damaged>"};
  return std::move(collect.ids);
}

result<std::vector<committed_group_ptr>> read_feed(log_feed& feed, group_number after, std::size_t bite) {
  const silent_reader_guard guard(feed);
  std::vector<committed_group_ptr> out;
  for (;;) {
    auto tail = feed.next(*guard.reader, after, bite);
    if (tail.found == log_feed::where::wait) return out;
    if (tail.found == log_feed::where::file) {
      std::promise<result<std::vector<committed_group_ptr>>> said;
      feed.fetch(*guard.reader, after, bite, [&](auto got) { said.set_value(std::move(got)); });
      auto got = said.get_future().get();
      if (!got) return fail(got.error());
      if (got->empty()) return fail(errc::not_found, "a fetch found nothing that next had promised");
      tail.groups = std::move(*got);
    }
    after = tail.groups.back()->header().number;
    out.insert(out.end(), tail.groups.begin(), tail.groups.end());
  }
}

log_run::log_run(file_system& files, std::uint64_t seed, log_setup s)
    : setup(s), files_(&files), random_(seed) {
  options.directory = "/log";
  options.max_bytes = 64 * setup.segment_size;
  options.tail_bytes = 1u << 20;
}

result<void> log_run::open() {
  log.reset();
  window = std::make_unique<dedup_window>(max_ids, window_ms);
  const auto random = [this](std::span<std::byte> into) {
    for (std::byte& b : into) b = static_cast<std::byte>(random_());
  };
  auto opened = open_log(*files_, options, setup, random, *window, state, report);
  if (!opened) return fail(opened.error());
  log = std::move(*opened);
  running_ms = state.running_ms();
  return {};
}

result<committed_group_ptr> log_run::append(const std::string& name, std::size_t events, std::size_t padding,
                                            const std::vector<target>& to) {
  std::vector<sample_event> made;
  std::vector<std::string> ids;
  for (std::size_t i = 0; i < events; ++i) {
    ids.push_back(name + "-" + std::to_string(i));
    made.push_back({.id = ids.back(), .targets = to, .padding = padding});
  }
  const auto batch = make_batch(made);
  running_ms += 10;
  window->expire(running_ms);
  const auto mine = window->end();
  std::vector<std::uint8_t> is_new(events);
  for (std::size_t i = 0; i < events; ++i)
    is_new[i] = window->insert(batch->events.entries[i].identity, running_ms) ? 1 : 0;
  group_builder group(log->buffers()->take(group_builder::batch_bytes(*batch) + block_bytes));
  if (!group.append_batch(*batch, is_new, true) ||
      !group.append_control({.kind = control_kind::subscription_noted}, ids.front())) {
    return fail(errc::too_large, "the batch does not fit");
  }
  auto room = log->plan(group.disk_bytes());
  while (room == segment_log::room::coming && wait_for_room) {
    wait_for_room();
    room = log->plan(group.disk_bytes());
  }
  if (room == segment_log::room::full || room == segment_log::room::coming) {
    window->roll_back(mine);
    return fail(room == segment_log::room::full ? errc::log_full : errc::overloaded, "no room");
  }
  pending.push_back(ids);
  std::vector<std::byte> record;
  if (room == segment_log::room::rotates) record = state.serialize();
  auto committed =
      log->commit(group, {running_ms, 1'700'000'000'000 + static_cast<std::int64_t>(running_ms)}, record);
  if (!committed) {
    window->roll_back(mine);
    return committed;
  }
  window->confirm(window->end());
  if (auto applied = state.apply((*committed)->header(), (*committed)->content()); !applied)
    return fail(applied.error());
  acknowledged.insert(acknowledged.end(), ids.begin(), ids.end());
  noted = ids.front();
  pending.clear();
  return committed;
}

result<void> log_run::mark() { return log->mark({running_ms, 1'700'000'000'000}); }
result<void> log_run::stop() { return log->stop({running_ms, 1'700'000'000'000}); }

result<log_content> log_run::read(position from) {
  const auto after = log->group_before(from);
  if (!after) return fail(after.error());
  const auto groups = read_feed(log->feed(), *after);
  if (!groups) return fail(groups.error());
  log_content out;
  for (const auto& g : *groups) {
    out.first_positions.push_back(g->header().first_position);
    for (auto& id : ids_of(*g)) out.ids.push_back(std::move(id));
  }
  return out;
}

}  // namespace sluice::test
