// The state record, version 1: written whole at each segment's head; its checksum stands in the segment's
// head. Little- endian, every part a multiple of 8 long:
//   u32 magic "SLST", u16 version, u16 bytes of the subscription's id (0: none)
//   u64 next_position, next_group, running_ms
//   u64 batches, received, accepted, duplicates, quarantined, dropped
//   u64 audited upto, audited file length
//   u64 number of destinations
//   the subscription's id, padded with zeros to 8
//   for each destination, in the order of their ids from 0:
//     u16 id, u16 flags (1 removed, 2 paused, 4 discarding, 8 backfilling), u16 lanes, u16 name bytes
//     u64 routed, redriven, delivered, dead_lettered, discarded, dropped_oldest
//     the name, padded with zeros to 8
//     while discarding: u64 position up to which
//     while backfilling: u64 position up to which it was looked at, u64 up to which is owed
//     for each lane: u64 settled upto, file_length, last_offer, pending; u32 number of ranges, u32 flags
//       (1 file attached, 2 an offer is open); the ranges (u64 first, u64 last; ascending, apart); the open
//       offer (offer_head)
//   The lanes' pending adds up to what the destination's totals leave.
#include <algorithm>
#include <cstring>
#include <limits>
#include <utility>

#include "actors/checkpoint/log_state.hpp"
#include "messages/assert.hpp"

namespace sluice::checkpoint {
namespace {

constexpr std::uint32_t state_magic = 0x54534c53;  // "SLST" as bytes
constexpr std::uint16_t state_version = 1;

struct state_head {
  std::uint32_t magic = state_magic;
  std::uint16_t version = state_version;
  std::uint16_t subscription_bytes = 0;
  position next_position = 0;
  group_number next_group = 0;
  std::uint64_t running_ms = 0;
  event_totals totals;
  audited_head audited;
  std::uint32_t destinations = 0;
  std::uint32_t leaving = 0;
};
static_assert(sizeof(state_head) == 104 && std::is_trivially_copyable_v<state_head>);

struct destination_head {
  destination_id id = 0;
  std::uint16_t flags = 0;
  std::uint16_t lanes = 0;
  std::uint16_t name_bytes = 0;
  destination_totals totals;
};
static_assert(sizeof(destination_head) == 56 && std::is_trivially_copyable_v<destination_head>);

constexpr std::uint16_t flag_removed = 1, flag_paused = 2, flag_discarding = 4, flag_backfilling = 8;
constexpr std::uint16_t destination_flags = flag_removed | flag_paused | flag_discarding | flag_backfilling;
constexpr std::uint32_t flag_file_attached = 1, flag_open_offer = 2;
struct lane_head {
  position upto = 0;
  std::uint64_t file_length = 0;
  std::uint64_t last_offer = 0;
  std::uint64_t pending = 0;
  std::uint32_t ranges = 0;
  std::uint32_t flags = 0;
};
static_assert(sizeof(lane_head) == 40 && std::is_trivially_copyable_v<lane_head>);
static_assert(sizeof(position_range) == 16 && std::is_trivially_copyable_v<position_range>);

class writer {
 public:
  template <class T>
  void put(const T& value) {
    put_bytes(std::as_bytes(std::span(&value, 1)));
  }
  void put_bytes(std::span<const std::byte> bytes) {
    bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
    bytes_.resize(record_padded(bytes_.size()));
  }
  std::vector<std::byte> take() noexcept { return std::move(bytes_); }

 private:
  std::vector<std::byte> bytes_;
};

/// Takes from the front; once something was not there it stays failed and gives empty values.
class reader {
 public:
  explicit reader(std::span<const std::byte> bytes) noexcept : rest_(bytes) {}
  template <class T>
  T take() {
    T value{};
    const auto bytes = take_bytes(sizeof value);
    if (bytes.size() == sizeof value) std::memcpy(&value, bytes.data(), sizeof value);
    return value;
  }
  std::span<const std::byte> take_bytes(std::size_t bytes) {
    if (failed_ || rest_.size() < record_padded(bytes)) {
      failed_ = true;
      return {};
    }
    const auto taken = rest_.first(bytes);
    rest_ = rest_.subspan(record_padded(bytes));
    return taken;
  }
  bool failed() const noexcept { return failed_; }
  std::size_t left() const noexcept { return rest_.size(); }

 private:
  std::span<const std::byte> rest_;
  bool failed_ = false;
};

void put_lane(writer& to, const lane_state& lane) {
  lane_head head;
  head.upto = lane.settled.upto();
  head.file_length = lane.file_length;
  head.last_offer = lane.last_offer;
  head.pending = lane.pending;
  head.ranges = static_cast<std::uint32_t>(lane.settled.ranges().size());
  head.flags = (lane.file_attached ? flag_file_attached : 0) | (lane.open_offer ? flag_open_offer : 0);
  to.put(head);
  for (const position_range& range : lane.settled.ranges()) to.put(range);
  if (lane.open_offer) to.put(*lane.open_offer);
}

/// What `take_lane` and `take_destination` hold against the state around them.
struct context {
  position next_position;
  destination_id destination;
};

/// Null when it is right, else what is wrong.
const char* take_lane(reader& from, const context& in, lane_id number, lane_state& lane) {
  const auto head = from.take<lane_head>();
  if (from.failed() || head.ranges > from.left() / sizeof(position_range)) return "a lane passes the end";
  if (head.flags > (flag_file_attached | flag_open_offer)) return "a lane has unknown flags";
  if (head.upto >= in.next_position) return "a lane is ahead of the log";
  lane.settled = settled_ranges(head.upto);
  position above = head.upto;
  for (std::uint32_t i = 0; i < head.ranges; ++i) {
    const auto range = from.take<position_range>();
    // At least one unsettled position before each: as settled_ranges keeps them, so that equal sets are equal
    // bytes.
    if (range.first <= above || range.first - above < 2 || range.last < range.first ||
        range.last >= in.next_position || !lane.settled.settle(range)) {
      return "a lane's settled ranges contradict each other";
    }
    above = range.last;
  }
  lane.file_length = head.file_length;
  lane.file_attached = (head.flags & flag_file_attached) != 0;
  lane.last_offer = head.last_offer;
  lane.pending = head.pending;
  if ((head.flags & flag_open_offer) == 0) return nullptr;
  const auto offer = from.take<offer_head>();
  if (offer.offer == 0 || offer.offer != head.last_offer || offer.destination != in.destination ||
      offer.lane != number || offer.first == 0 || offer.last < offer.first ||
      offer.last >= in.next_position) {
    return "an open offer contradicts its lane";
  }
  lane.open_offer = offer;
  return nullptr;
}

/// True when what was settled is no more than what was routed; sums that wrap are told as well.
bool balanced(const destination_totals& t) noexcept {
  std::uint64_t left = t.routed + t.redriven;
  if (left < t.routed) return false;
  for (const std::uint64_t part : {t.delivered, t.dead_lettered, t.discarded, t.dropped_oldest}) {
    if (part > left) return false;
    left -= part;
  }
  return true;
}

const char* take_destination(reader& from, const context& in, destination_state& d) {
  const auto head = from.take<destination_head>();
  if (from.failed()) return "a destination passes the end";
  if (head.id != in.destination) return "destinations are not numbered in order";
  if ((head.flags & ~destination_flags) != 0) return "a destination has unknown flags";
  if (head.flags != 0 && head.id == dead_letters_id) return "the dead letters are removed or paused";
  if (head.lanes == 0 || head.lanes > lanes_max) return "a destination has a wrong number of lanes";
  if (head.name_bytes == 0 || head.name_bytes > destination_name_bytes_max)
    return "a destination has no name";
  if (!balanced(head.totals)) return "a destination settled more than it got";
  const auto name = from.take_bytes(head.name_bytes);
  d.id = head.id;
  d.name.assign(reinterpret_cast<const char*>(name.data()), name.size());
  d.removed = (head.flags & flag_removed) != 0;
  d.paused = (head.flags & flag_paused) != 0;
  if ((head.flags & flag_discarding) != 0) {
    d.discard_upto = from.take<position>();
    if (d.discard_upto == 0 || d.discard_upto >= in.next_position) return "a discard is ahead of the log";
  }
  if ((head.flags & flag_backfilling) != 0) {
    d.backfilled = from.take<position>();
    d.backfill_upto = from.take<position>();
    if (d.backfilled >= d.backfill_upto || d.backfill_upto >= in.next_position)
      return "a backfill contradicts itself";
  }
  d.totals = head.totals;
  if (head.lanes > from.left() / sizeof(lane_head)) return "a destination passes the end";
  d.lanes.resize(head.lanes);
  for (std::size_t i = 0; i < d.lanes.size(); ++i) {
    if (const char* wrong = take_lane(from, in, static_cast<lane_id>(i), d.lanes[i])) return wrong;
  }
  if (from.failed()) return "a destination passes the end";
  std::uint64_t pending = d.totals.pending();
  for (const lane_state& lane : d.lanes) {
    if (lane.pending > pending) return "a destination's lanes hold more than it was given";
    pending -= lane.pending;
  }
  return pending == 0 ? nullptr : "a destination's lanes hold less than it was given";
}

}  // namespace

std::vector<std::byte> log_state::serialize() const {
  writer to;
  state_head head;
  head.next_position = next_position_;
  head.next_group = next_group_;
  head.running_ms = running_ms_;
  head.totals = totals_;
  head.audited = audited_;
  head.destinations = static_cast<std::uint32_t>(destinations_.size());
  head.leaving = static_cast<std::uint32_t>(leaving_.size());
  head.subscription_bytes = static_cast<std::uint16_t>(subscription_.size());
  to.put(head);
  to.put_bytes(std::as_bytes(std::span(subscription_)));
  for (const leaving_letter& letter : leaving_) to.put(letter);
  for (const destination_state& d : destinations_) {
    destination_head one;
    one.id = d.id;
    one.flags = static_cast<std::uint16_t>((d.removed ? flag_removed : 0) | (d.paused ? flag_paused : 0) |
                                           (d.discard_upto != 0 ? flag_discarding : 0) |
                                           (d.backfill_upto != 0 ? flag_backfilling : 0));
    one.lanes = static_cast<std::uint16_t>(d.lanes.size());
    one.name_bytes = static_cast<std::uint16_t>(d.name.size());
    one.totals = d.totals;
    to.put(one);
    to.put_bytes(std::as_bytes(std::span(d.name)));
    if (d.discard_upto != 0) to.put(d.discard_upto);
    if (d.backfill_upto != 0) {
      to.put(d.backfilled);
      to.put(d.backfill_upto);
    }
    for (const lane_state& lane : d.lanes) put_lane(to, lane);
  }
  return to.take();
}

result<log_state> log_state::parse(std::span<const std::byte> bytes) {
  const auto corrupt = [](const char* what) {
    return fail(errc::corrupt, std::string("state record: ") + what);
  };
  reader from(bytes);
  const auto head = from.take<state_head>();
  if (from.failed() || head.magic != state_magic) return corrupt("it does not begin as one");
  if (head.version != state_version) {
    return fail(errc::unsupported, "state record: unknown version " + std::to_string(head.version));
  }
  if (head.next_position == 0 || head.next_group == 0) return corrupt("numbers begin with 1");
  if (head.audited.upto >= head.next_group) return corrupt("the audit is ahead of the log");
  const event_totals& t = head.totals;
  if (t.received != t.accepted + t.duplicates + t.quarantined || t.dropped > t.accepted) {
    return corrupt("the totals of events do not add up");
  }
  if (head.subscription_bytes > subscription_bytes_max) return corrupt("a subscription's id is too long");
  const auto subscription = from.take_bytes(head.subscription_bytes);
  if (from.failed()) return corrupt("the subscription's id passes the end");
  if (head.leaving > redrive_events_max) return corrupt("too many letters are leaving");
  std::vector<leaving_letter> leaving;
  for (std::uint32_t i = 0; i < head.leaving; ++i) leaving.push_back(from.take<leaving_letter>());
  const auto bad = [&](const leaving_letter& l) {
    return l.destination >= head.destinations || l.origin == 0 || l.origin >= head.next_position ||
           l.reserved != 0;
  };
  if (from.failed() || std::ranges::any_of(leaving, bad))
    return corrupt("the letters that are leaving are not right");
  if (head.destinations == 0 || head.destinations > from.left() / sizeof(destination_head) ||
      head.destinations > std::numeric_limits<destination_id>::max() + std::uint32_t{1}) {
    return corrupt("a wrong number of destinations");
  }
  log_state state;
  state.next_position_ = head.next_position;
  state.next_group_ = head.next_group;
  state.running_ms_ = head.running_ms;
  state.totals_ = head.totals;
  state.audited_ = head.audited;
  state.subscription_.assign(reinterpret_cast<const char*>(subscription.data()), subscription.size());
  state.leaving_ = std::move(leaving);
  state.destinations_.clear();
  state.destinations_.reserve(head.destinations);
  for (std::uint32_t i = 0; i < head.destinations; ++i) {
    destination_state d;
    const context in{head.next_position, static_cast<destination_id>(i)};
    if (const char* wrong = take_destination(from, in, d)) return corrupt(wrong);
    if (!d.removed && state.find(d.name) != nullptr) return corrupt("two destinations have one name");
    state.destinations_.push_back(std::move(d));
  }
  if (state.destinations_[0].name != dead_letters_name)
    return corrupt("destination 0 is not the dead letters");
  if (from.left() != 0) return corrupt("bytes follow its end");
  return state;
}

}  // namespace sluice::checkpoint
