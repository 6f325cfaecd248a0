// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/core/hdf5_fixture.h"

#include <hdf5.h>

#include <stdexcept>

namespace quantscope::test {

namespace {

template <typename Result>
Result checked(Result result, const char* call) {
    if (result < 0) throw std::runtime_error(std::string("HDF5 fixture: ") + call + " failed");
    return result;
}

/// Closes an identifier at the end of a scope.
class Closing {
public:
    Closing(hid_t id, const char* call) : m_id(checked(id, call)) {}
    ~Closing() { H5Idec_ref(m_id); }
    Closing(const Closing&) = delete;
    Closing& operator=(const Closing&) = delete;
    operator hid_t() const { return m_id; }

private:
    hid_t m_id;
};

hid_t creationProperties(const FixtureStorage& storage) {
    const hid_t properties = H5Pcreate(H5P_DATASET_CREATE);
    if (!storage.chunk.empty()) {
        const std::vector<hsize_t> chunk(storage.chunk.begin(), storage.chunk.end());
        H5Pset_chunk(properties, static_cast<int>(chunk.size()), chunk.data());
        if (storage.shuffle) H5Pset_shuffle(properties);
        if (storage.gzip >= 0) H5Pset_deflate(properties, static_cast<unsigned>(storage.gzip));
    }
    return properties;
}

hid_t parentCreation() {
    const hid_t properties = H5Pcreate(H5P_LINK_CREATE);
    H5Pset_create_intermediate_group(properties, 1);
    return properties;
}

}  // namespace

Hdf5Fixture::Hdf5Fixture(const std::filesystem::path& path, std::uint64_t userBlockBytes) {
    const Closing creation(H5Pcreate(H5P_FILE_CREATE), "H5Pcreate");
    checked(H5Pset_userblock(creation, userBlockBytes), "H5Pset_userblock");
    m_file = checked(H5Fcreate(path.c_str(), H5F_ACC_TRUNC, creation, H5P_DEFAULT), "H5Fcreate");
}

Hdf5Fixture::~Hdf5Fixture() {
    H5Fclose(m_file);
}

void Hdf5Fixture::addGroup(const std::string& name) {
    const Closing links(parentCreation(), "H5Pcreate");
    const Closing group(H5Gcreate2(m_file, name.c_str(), links, H5P_DEFAULT, H5P_DEFAULT),
                        "H5Gcreate2");
}

void Hdf5Fixture::add(const std::string& name, const Shape& shape, std::int64_t fileType,
                      std::int64_t memoryType, const void* values, const FixtureStorage& storage) {
    const std::vector<hsize_t> lengths(shape.begin(), shape.end());
    const Closing space(H5Screate_simple(static_cast<int>(lengths.size()), lengths.data(), nullptr),
                        "H5Screate_simple");
    const Closing creation(creationProperties(storage), "H5Pcreate");
    const Closing links(parentCreation(), "H5Pcreate");
    const Closing dataset(
        H5Dcreate2(m_file, name.c_str(), fileType, space, links, creation, H5P_DEFAULT),
        "H5Dcreate2");
    if (values == nullptr) return;
    checked(H5Dwrite(dataset, memoryType, H5S_ALL, H5S_ALL, H5P_DEFAULT, values), "H5Dwrite");
}

void Hdf5Fixture::addFloats(const std::string& name, const Shape& shape,
                            const std::vector<float>& values, const FixtureStorage& storage) {
    add(name, shape, H5T_IEEE_F32LE, H5T_NATIVE_FLOAT, values.data(), storage);
}

void Hdf5Fixture::addDoubles(const std::string& name, const Shape& shape,
                             const std::vector<double>& values) {
    add(name, shape, H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, values.data(), {});
}

void Hdf5Fixture::addIntegers(const std::string& name, const Shape& shape,
                              const std::vector<std::int32_t>& values) {
    add(name, shape, H5T_STD_I32LE, H5T_NATIVE_INT32, values.data(), {});
}

void Hdf5Fixture::addBytes(const std::string& name, const Shape& shape,
                           const std::vector<std::uint8_t>& values) {
    add(name, shape, H5T_STD_U8LE, H5T_NATIVE_UINT8, values.data(), {});
}

void Hdf5Fixture::addOpaque(const std::string& name, const Shape& shape, std::size_t size,
                            const std::vector<std::uint8_t>& bytes) {
    const Closing type(H5Tcreate(H5T_OPAQUE, size), "H5Tcreate");
    add(name, shape, type, type, bytes.data(), {});
}

void Hdf5Fixture::addText(const std::string& name, const std::string& value) {
    const Closing type(H5Tcopy(H5T_C_S1), "H5Tcopy");
    checked(H5Tset_size(type, value.size()), "H5Tset_size");
    add(name, {}, type, type, value.data(), {});
}

void Hdf5Fixture::claim(const std::string& name, const Shape& shape,
                        const FixtureStorage& storage) {
    add(name, shape, H5T_IEEE_F32LE, H5T_NATIVE_FLOAT, nullptr, storage);
}

void Hdf5Fixture::setText(const std::string& name, const std::string& attribute,
                          const std::string& value) {
    const Closing object(H5Oopen(m_file, name.c_str(), H5P_DEFAULT), "H5Oopen");
    const Closing type(H5Tcopy(H5T_C_S1), "H5Tcopy");
    checked(H5Tset_size(type, std::max<std::size_t>(1, value.size())), "H5Tset_size");
    const Closing space(H5Screate(H5S_SCALAR), "H5Screate");
    const Closing created(
        H5Acreate2(object, attribute.c_str(), type, space, H5P_DEFAULT, H5P_DEFAULT), "H5Acreate2");
    checked(H5Awrite(created, type, value.c_str()), "H5Awrite");
}

void Hdf5Fixture::setTexts(const std::string& name, const std::string& attribute,
                           const std::vector<std::string>& values) {
    const Closing object(H5Oopen(m_file, name.c_str(), H5P_DEFAULT), "H5Oopen");
    const Closing type(H5Tcopy(H5T_C_S1), "H5Tcopy");
    checked(H5Tset_size(type, H5T_VARIABLE), "H5Tset_size");
    const hsize_t length = values.size();
    const Closing space(H5Screate_simple(1, &length, nullptr), "H5Screate_simple");
    const Closing created(
        H5Acreate2(object, attribute.c_str(), type, space, H5P_DEFAULT, H5P_DEFAULT), "H5Acreate2");
    std::vector<const char*> texts;
    for (const std::string& value : values)
        texts.push_back(value.c_str());
    checked(H5Awrite(created, type, texts.data()), "H5Awrite");
}

void Hdf5Fixture::setInteger(const std::string& name, const std::string& attribute,
                             std::int64_t value) {
    const Closing object(H5Oopen(m_file, name.c_str(), H5P_DEFAULT), "H5Oopen");
    const Closing space(H5Screate(H5S_SCALAR), "H5Screate");
    const Closing created(
        H5Acreate2(object, attribute.c_str(), H5T_STD_I64LE, space, H5P_DEFAULT, H5P_DEFAULT),
        "H5Acreate2");
    checked(H5Awrite(created, H5T_NATIVE_INT64, &value), "H5Awrite");
}

void Hdf5Fixture::addSoftLink(const std::string& target, const std::string& name) {
    checked(H5Lcreate_soft(target.c_str(), m_file, name.c_str(), H5P_DEFAULT, H5P_DEFAULT),
            "H5Lcreate_soft");
}

void Hdf5Fixture::addExternalLink(const std::string& file, const std::string& target,
                                  const std::string& name) {
    checked(H5Lcreate_external(file.c_str(), target.c_str(), m_file, name.c_str(), H5P_DEFAULT,
                               H5P_DEFAULT),
            "H5Lcreate_external");
}

void Hdf5Fixture::addVirtual(const std::string& name, const Shape& shape, const std::string& file,
                             const std::string& source, const Shape& sourceShape) {
    const bool isPattern = file.find('%') != std::string::npos;
    const std::vector<hsize_t> whole(shape.begin(), shape.end());
    std::vector<hsize_t> most = whole;
    if (isPattern) most.front() = H5S_UNLIMITED;
    const std::vector<hsize_t> part(sourceShape.begin(), sourceShape.end());
    const std::vector<hsize_t> start(shape.size(), 0);
    std::vector<hsize_t> count(shape.size(), 1);
    if (isPattern) count.front() = H5S_UNLIMITED;
    const int rank = static_cast<int>(shape.size());
    const Closing space(H5Screate_simple(rank, whole.data(), most.data()), "H5Screate_simple");
    const Closing from(H5Screate_simple(rank, part.data(), nullptr), "H5Screate_simple");
    const Closing selected(H5Scopy(space), "H5Scopy");
    checked(H5Sselect_hyperslab(selected, H5S_SELECT_SET, start.data(), part.data(), count.data(),
                                part.data()),
            "H5Sselect_hyperslab");
    const Closing creation(H5Pcreate(H5P_DATASET_CREATE), "H5Pcreate");
    checked(H5Pset_virtual(creation, selected, file.c_str(), source.c_str(), from),
            "H5Pset_virtual");
    const Closing dataset(
        H5Dcreate2(m_file, name.c_str(), H5T_IEEE_F32LE, space, H5P_DEFAULT, creation, H5P_DEFAULT),
        "H5Dcreate2");
}

void Hdf5Fixture::addHardLink(const std::string& target, const std::string& name) {
    checked(H5Lcreate_hard(m_file, target.c_str(), m_file, name.c_str(), H5P_DEFAULT, H5P_DEFAULT),
            "H5Lcreate_hard");
}

}  // namespace quantscope::test
