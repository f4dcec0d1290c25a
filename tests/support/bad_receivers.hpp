// Five receivers that are bad in one way each, and a node that owes them what it owes a healthy one.
#pragma once

#include <atomic>
#include <cstddef>
#include <span>
#include <string>

#include "tests/support/receiver.hpp"

namespace sluice::testing {

class bad_receivers {
 public:
  static constexpr std::size_t count = 5;

  bad_receivers();  ///< all but the dead one started

  receiver& dead() { return all_[0]; }  // not started: connections are refused
  receiver& hanging() { return all_[1]; }
  receiver& trickling() { return all_[2]; }  ///< a byte of its answer a second
  receiver& flooding() { return all_[3]; }
  receiver& flapping() { return all_[4]; }  ///< answers every other request 503
  std::span<receiver, count> all() { return all_; }

  void heal();  ///< from now on they answer 200

 private:
  std::atomic<bool> healed_ = false;
  receiver all_[count];
};

/// The configuration of a node that owes every event to `healthy`, and to each of `bad` where there are any.
std::string node_with_neighbours(const receiver& healthy, bad_receivers* bad);

}  // namespace sluice::testing
