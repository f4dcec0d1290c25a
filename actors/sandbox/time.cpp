#include "actors/sandbox/time.hpp"

#include "messages/rfc3339_text.hpp"

namespace sluice::sandbox {

std::string rfc3339(std::chrono::milliseconds since_epoch) { return rfc3339_text(since_epoch.count()); }

}  // namespace sluice::sandbox
