// What can be done with subscriptions, as tasks over the API.
#pragma once

#include <string>
#include <vector>

#include "actors/subscription/api.hpp"
#include "actors/subscription/resource.hpp"

namespace sluice::subscription {

/// All there are, in the order of the API: at most `listed_max`. Listed again when it changes meanwhile.
inline constexpr std::size_t listed_max = 2000;
task<called<std::vector<resource>>> list(api& with);

/// Those of this name: the active ones first, the oldest first among them and among the others.
task<called<std::vector<resource>>> find(api& with, std::string name);

/// `id` must be one (`is_id`).
task<called<resource>> get(api& with, std::string id);

/// Makes it. When the answer is lost or says that the name is taken, what there is under this name is the
/// result, whoever made it and whatever it looks like.
task<called<resource>> create(api& with, specification what);

/// Makes it what it shall be, and active.
task<called<resource>> replace(api& with, std::string id, specification what);

/// One that is not there any more is a success.
task<called<done_step>> remove(api& with, std::string id);

/// The requests of the three that change something, for those who want to see them before.
request create_request(const specification& what);
request replace_request(const std::string& id, const specification& what);
request remove_request(const std::string& id);

}  // namespace sluice::subscription
