// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/io/tensor_file.h"

namespace quantscope::test {

/// The program that probes files in tests.
inline std::filesystem::path prober() {
    return std::filesystem::path(QUANTSCOPE_BUILD_DIR) / "tests" / "quantscope-probe-test";
}

inline std::filesystem::path dataset(const std::string& name) {
    return std::filesystem::path(QUANTSCOPE_DATASETS_DIR) / name;
}

inline std::filesystem::path h5file(const std::string& name) {
    return std::filesystem::path(QUANTSCOPE_TEST_DATA_DIR) / "h5files" / name;
}

/// Opens a file as the programs do: probed first.
inline std::shared_ptr<TensorFile> openProbed(const std::filesystem::path& path,
                                              bool followExternalLinks = false) {
    return TensorFile::open(path, {prober(), followExternalLinks});
}

/// The vectors of a tensor of embeddings as they are searched: of unit length where `angular`.
Matrix searchedVectors(const TensorFile& file, const std::string& tensor, bool angular);

/// The records of a comma-separated file, without its header; fields may be quoted.
std::vector<std::vector<std::string>> readCsv(const std::filesystem::path& path);

}  // namespace quantscope::test
