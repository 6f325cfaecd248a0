// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "core/tensor/fold_rule.h"

namespace quantscope::test {

/// How a fixture stores a dataset.
struct FixtureStorage {
    Shape chunk;    ///< Empty for contiguous.
    int gzip = -1;  ///< Level; -1 for none.
    bool shuffle = false;
};

/// Writes small HDF5 files for tests, by calls of its own into HDF5, so that readers are not tested
/// against the project's writers alone. Any failure ends the test with an exception.
class Hdf5Fixture {
public:
    explicit Hdf5Fixture(const std::filesystem::path& path, std::uint64_t userBlockBytes = 0);
    ~Hdf5Fixture();
    Hdf5Fixture(const Hdf5Fixture&) = delete;
    Hdf5Fixture& operator=(const Hdf5Fixture&) = delete;

    void addGroup(const std::string& name);
    void addFloats(const std::string& name, const Shape& shape, const std::vector<float>& values,
                   const FixtureStorage& storage = {});
    void addDoubles(const std::string& name, const Shape& shape, const std::vector<double>& values);
    void addIntegers(const std::string& name, const Shape& shape,
                     const std::vector<std::int32_t>& values);
    /// One-byte unsigned integers.
    void addBytes(const std::string& name, const Shape& shape,
                  const std::vector<std::uint8_t>& values);
    /// Elements of `size` bytes that HDF5 knows nothing about.
    void addOpaque(const std::string& name, const Shape& shape, std::size_t size,
                   const std::vector<std::uint8_t>& bytes);
    void addText(const std::string& name, const std::string& value);
    /// A float32 dataset that is declared and never written.
    void claim(const std::string& name, const Shape& shape, const FixtureStorage& storage);

    /// Attributes of the object `name`; "/" is the root.
    void setText(const std::string& name, const std::string& attribute, const std::string& value);
    void setTexts(const std::string& name, const std::string& attribute,
                  const std::vector<std::string>& values);
    void setInteger(const std::string& name, const std::string& attribute, std::int64_t value);

    void addSoftLink(const std::string& target, const std::string& name);
    void addHardLink(const std::string& target, const std::string& name);
    void addExternalLink(const std::string& file, const std::string& target,
                         const std::string& name);
    /// A float32 dataset whose first values are those of `source` (of `sourceShape`) in `file` ("."
    /// for this one); the others are nowhere. "%b" in the name of the file makes the first axis
    /// unlimited, with one file after the other.
    void addVirtual(const std::string& name, const Shape& shape, const std::string& file,
                    const std::string& source, const Shape& sourceShape);

private:
    void add(const std::string& name, const Shape& shape, std::int64_t fileType,
             std::int64_t memoryType, const void* values, const FixtureStorage& storage);

    std::int64_t m_file;
};

}  // namespace quantscope::test
