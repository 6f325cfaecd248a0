// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>
#include <filesystem>
#include <vector>

namespace quantscope {

/// A data file or an experiment that comes with the program.
struct Sample {
    enum class Kind { Data, Experiment };
    Kind kind = Kind::Data;
    QString title;        ///< From the catalog, else an experiment's own title, else the file name.
    QString description;  ///< One line on what it is and what it shows; may be empty.
    std::filesystem::path path;
};

/// Where bundled data lies: <bin>/../share/quantscope/datasets, in the build tree and when
/// installed.
std::filesystem::path bundledDatasetsFolder();

/// What a folder offers, as its `samples.json` lists it: {"samples": [{"file", "title",
/// "description"}]}, files relative to the folder, those ending in .json being experiments. Files
/// that are missing, and experiments that cannot be read, are left out; without a catalog there is
/// nothing.
std::vector<Sample> findSamples(const std::filesystem::path& folder);

}  // namespace quantscope
