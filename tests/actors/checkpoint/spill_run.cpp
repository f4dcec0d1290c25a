#include "tests/actors/checkpoint/spill_run.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <future>

#include "actors/deliver/lane_scan.hpp"

namespace sluice::test {

using namespace sluice::checkpoint;

result<void> spill_run::open() {
  if (auto opened = base.open(); !opened) return opened;
  if (base.state.destinations().size() == 1) {
    group_builder group(base.log->buffers()->take(block_bytes));
    const auto add = [&](destination_id id, std::string_view name) {
      return group.append_control({control_kind::destination_added, id, 0, 0, 0}, name);
    };
    if (!add(1, "busy") || !add(2, "slow")) return fail(errc::too_large, "the destinations do not fit");
    if (auto done = commit(group, owed); !done) return done;
  }
  tell();
  return {};
}

void spill_run::tell() {
  base.log->release(base.state.needed_from(), base.state.next_group(), base.state.needs());
}

result<void> spill_run::commit(group_builder& group, owed_by_lane then) {
  auto room = base.log->plan(group.disk_bytes());
  while (room == segment_log::room::coming && base.wait_for_room) {
    base.wait_for_room();
    room = base.log->plan(group.disk_bytes());
  }
  if (room == segment_log::room::full || room == segment_log::room::coming)
    return fail(errc::log_full, "no room");
  begun.push_back(std::move(then));
  std::vector<std::byte> record;
  if (room == segment_log::room::rotates) record = base.state.serialize();
  base.running_ms += 10;
  const auto done = base.log->commit(group, {base.running_ms, 1'700'000'000'000}, record);
  if (!done) return fail(done.error());
  if (auto applied = base.state.apply((*done)->header(), (*done)->content()); !applied) return applied;
  owed = std::move(begun.back());
  begun.clear();
  if (told) tell();
  return {};
}

result<void> spill_run::give(const std::string& name, std::size_t events, std::size_t padding,
                             const std::function<std::vector<target>(std::size_t)>& to) {
  std::vector<sample_event> made;
  for (std::size_t i = 0; i < events; ++i) {
    auto targets = to(i);
    const bool bad = !targets.empty() && targets.front() == letters;
    made.push_back({.id = numbered(name + "-", i),
                    .targets = bad ? std::vector<target>{} : targets,
                    .why = bad ? quarantine::id_missing : quarantine::none,
                    .padding = padding});
  }
  const auto batch = make_batch(made);
  const std::vector<std::uint8_t> is_new(events, 1);
  group_builder group(base.log->buffers()->take(group_builder::batch_bytes(*batch) + block_bytes));
  if (!group.append_batch(*batch, is_new, true)) return fail(errc::too_large, "the batch does not fit");
  owed_by_lane then = owed;
  const position first = base.state.next_position();
  for (std::size_t i = 0; i < events; ++i) {
    const event_entry& e = batch->events.entries[i];
    const owed_event event{first + i, std::string(batch->done.body().substr(e.offset, e.length))};
    if (e.quarantined()) then[letters].push_back(event);
    for (const target& t : batch->targets[e.targets]) then[t].push_back(event);
  }
  return commit(group, std::move(then));
}

result<void> spill_run::settle(target lane, std::size_t events) {
  owed_by_lane then = owed;
  owed_events& waiting = then[lane];
  events = std::min(events, waiting.size());
  if (events == 0) return {};
  outcome_head head;
  head.destination = lane.destination;
  head.lane = lane.lane;
  head.how = settlement::delivered;
  head.first = base.state.destinations()[lane.destination].lanes[lane.lane].settled.upto() + 1;
  head.last = waiting[events - 1].at;
  head.events = static_cast<std::uint32_t>(events);
  group_builder group(base.log->buffers()->take(block_bytes));
  if (!group.append_outcome(head, {}, {})) return fail(errc::too_large, "the outcome does not fit");
  waiting.erase(waiting.begin(), waiting.begin() + static_cast<std::ptrdiff_t>(events));
  return commit(group, std::move(then));
}

result<owed_events> spill_run::read(target lane) const {
  const auto& lanes = base.state.destinations()[lane.destination].lanes;
  if (lane.lane >= lanes.size() || lanes[lane.lane].idle()) return owed_events{};
  const position cursor = lanes[lane.lane].settled.upto();
  const auto after = base.log->group_before(cursor + 1, lane.destination);
  if (!after) return fail(after.error());
  delivery_run delivery{lane, *after, cursor};
  if (auto done = delivery.read_on(base.log->feed()); !done) return fail(done.error());
  return std::move(delivery.got);
}

result<void> delivery_run::read_on(log_feed& feed, std::size_t bite) {
  const auto reader = feed.add_reader([] {}, lane);
  for (;;) {
    auto tail = feed.next(*reader, after, bite);
    if (tail.found == log_feed::where::wait) return {};
    if (tail.found == log_feed::where::file) {
      std::promise<result<std::vector<committed_group_ptr>>> said;
      feed.fetch(*reader, after, bite, [&](auto groups) { said.set_value(std::move(groups)); });
      auto groups = said.get_future().get();
      if (!groups) return fail(groups.error());
      if (groups->empty()) return {};
      tail.groups = std::move(*groups);
    }
    for (const auto& group : tail.groups) {
      const group_header& header = group->header();
      if (header.number <= after) return fail(errc::corrupt, "a group came again");
      const auto whole =
          deliver::scan_lane(*group, lane.destination, lane.lane, behind, [&](const auto& event) {
            got.push_back({event.at, std::string(event.slice)});
            return true;
          });
      if (!whole) return fail(whole.error());
      after = header.number;
      behind = std::max(behind, header.first_position + header.events - 1);
    }
  }
}

std::vector<std::string> spill_run::spill_files(file_system& files) const {
  std::vector<std::string> out;
  const auto listed = files.list(base.options.directory);
  EXPECT_TRUE(listed);
  if (!listed) return out;
  for (const auto& e : *listed) {
    if (e.name.find(".spill") != std::string::npos) out.push_back(base.options.directory + "/" + e.name);
  }
  return out;
}

result<owed_by_lane> spill_run::read_all() const {
  owed_by_lane out;
  for (const target lane : {letters, busy, slow, slow_too}) {
    auto got = read(lane);
    if (!got) return fail(got.error());
    if (!got->empty()) out[lane] = std::move(*got);
  }
  return out;
}

namespace {

owed_by_lane without_idle(owed_by_lane all) {
  std::erase_if(all, [](const auto& lane) { return lane.second.empty(); });
  return all;
}

/// Positions by lane, so that a difference is readable.
std::string told(const owed_by_lane& all) {
  std::string out;
  for (const auto& [lane, events] : all) {
    out += numbered("\ndestination ", lane.destination) + numbered(" lane ", lane.lane) + ":";
    for (const owed_event& e : events) out += numbered(" ", e.at);
  }
  return out;
}

}  // namespace

void expect_owed(const spill_run& run) {
  const auto got = run.read_all();
  ASSERT_TRUE(got) << to_string(got.error());
  const auto owed = without_idle(run.owed);
  ASSERT_EQ(told(*got), told(owed));
  EXPECT_EQ(*got, owed) << "an event has other bytes than it came with";
}

void expect_owed_after(spill_run& start, const spill_run& before) {
  auto got = start.read_all();
  ASSERT_TRUE(got) << to_string(got.error());
  start.begun.clear();
  start.owed = *got;
  if (*got == without_idle(before.owed)) return;
  for (const owed_by_lane& with : before.begun) {
    if (*got == without_idle(with)) return;
  }
  ADD_FAILURE() << "found:" << told(*got) << "\nowed:" << told(without_idle(before.owed)) << "\nand "
                << before.begun.size() << " groups were begun";
}

}  // namespace sluice::test
