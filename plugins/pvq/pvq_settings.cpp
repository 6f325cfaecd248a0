// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugins/pvq/pvq_settings.h"

#include <algorithm>
#include <cmath>

#include "core/base/error.h"
#include "plugins/pvq/pulse_index.h"

namespace quantscope::pvq {

namespace {

constexpr int leastDim = 2;
constexpr int mostDim = 128;
constexpr int mostPulses = 512;
constexpr int mostGainBits = 8;
constexpr double mostBits = 8.0;

[[noreturn]] void impossible(const std::string& name) {
    throw Error("The parameter '" + name + "' of pvq has an impossible value.",
                "The artifact is damaged or was written by another version; quantize again.");
}

int checked(const ParameterValues& values, const char* name, int least, int most) {
    const std::int64_t value = values.integer(name);
    if (value < least || value > most) impossible(name);
    return static_cast<int>(value);
}

}  // namespace

PvqSettings PvqSettings::from(const ParameterValues& values) {
    PvqSettings settings;
    settings.dim = checked(values, "n", leastDim, mostDim);
    settings.gainBits = checked(values, "gain", 0, mostGainBits);
    settings.pulses = checked(values, "pulses", 0, mostPulses);
    const double bits = values.real("bits");
    if (!(bits > 0.0 && bits <= mostBits)) impossible("bits");
    if (settings.pulses == 0) {
        settings.budget = bits;
        const int fitting = PulseIndex::mostPulses(settings.dim, mostPulses + 1,
                                                   bits * settings.dim - settings.gainBits);
        settings.pulses = std::min(fitting, mostPulses);
        settings.leavesBits = fitting > mostPulses;
    }
    return settings;
}

std::vector<ParameterSpec> pvqParameters() {
    return {
        realParameter({"bits", "Bits per weight",
                       "Budget for direction and gain: the most pulses that fit into it are "
                       "taken.",
                       "bits"},
                      2.0, 0.5, mostBits, 0.25)
            .onlyWith("pulses", {"0"}),
        integerParameter(
            {"n", "Vector length", "Consecutive weights of a row that form a vector.", "weights"},
            16, leastDim, mostDim),
        integerParameter({"pulses", "Pulses",
                          "K: the sum of the magnitudes of the integer vector; 0 derives it "
                          "from the bits per weight."},
                         0, 0, mostPulses),
        integerParameter({"gain", "Bits of the gain",
                          "Width of a gain's code; 2^bits levels, trained on the tensor.", "bits"},
                         4, 0, mostGainBits)};
}

}  // namespace quantscope::pvq
