#include "actors/node/cli/confirm.hpp"

#include <unistd.h>

#include <iostream>

namespace sluice::cli {

bool confirms_discard(const std::string& question) {
  if (::isatty(STDIN_FILENO) == 0) {
    std::cerr << "nothing was discarded: nobody is there to be asked; --yes discards without asking\n";
    return false;
  }
  std::cerr << question << "? [y/N] " << std::flush;
  std::string said;
  std::getline(std::cin, said);
  if (said == "y" || said == "yes") return true;
  std::cerr << "nothing was discarded\n";
  return false;
}

}  // namespace sluice::cli
