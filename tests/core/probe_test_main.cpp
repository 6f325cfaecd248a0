// SPDX-License-Identifier: GPL-3.0-or-later
// A program that only knows the hidden subcommand, for tests of what opens files through it.
#include <iostream>
#include <string>
#include <vector>

#include "core/io/probe.h"

int main(int argc, char** argv) {
    const std::vector<std::string> arguments(argv + 1, argv + argc);
    if (arguments.empty() || arguments.front() != quantscope::probeCommand) {
        std::cerr << "Usage: quantscope-probe-test " << quantscope::probeCommand << " ...\n";
        return 2;
    }
    return quantscope::runProbe({arguments.begin() + 1, arguments.end()});
}
