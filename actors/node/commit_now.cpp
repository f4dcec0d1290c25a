#include "actors/node/commit_now.hpp"

#include <memory>
#include <semaphore>
#include <vector>

namespace sluice::node {

result<void> commit_now(checkpoint::group_builder& group, checkpoint::segment_log& log,
                        checkpoint::log_state& state, checkpoint::segment_log::moment when) {
  using room = checkpoint::segment_log::room;
  const auto changed = std::make_shared<std::counting_semaphore<>>(0);
  log.on_room([changed] { changed->release(); });
  auto there = log.plan(group.disk_bytes());
  for (; there == room::coming; there = log.plan(group.disk_bytes())) changed->acquire();
  log.on_room({});
  if (there == room::full) return fail(errc::log_full, "the log is full");
  std::vector<std::byte> snapshot;
  if (there == room::rotates) snapshot = state.serialize();
  auto committed = log.commit(group, when, snapshot);
  if (!committed) return fail(committed.error());
  return state.apply((*committed)->header(), (*committed)->content());
}

}  // namespace sluice::node
