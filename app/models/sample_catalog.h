// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>
#include <QStringList>
#include <filesystem>
#include <vector>

namespace quantscope {

/// A data file or an experiment that comes with the program.
struct Sample {
    enum class Kind { Data, Experiment };
    Kind kind = Kind::Data;
    QString title;        ///< An experiment's own title, or the file's name without its ending.
    QString description;  ///< First paragraph of a README or text file beside it; may be empty.
    std::filesystem::path path;
};

/// Where bundled data lies: <bin>/../share/quantscope/datasets, in the build tree and when
/// installed.
std::filesystem::path bundledDatasetsFolder();

/// What a folder offers: its HDF5 files, and the experiments in its subfolder "experiments"; both
/// by name. Files that cannot be read are left out.
std::vector<Sample> findSamples(const std::filesystem::path& folder);

}  // namespace quantscope
