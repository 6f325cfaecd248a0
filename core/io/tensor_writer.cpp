// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/io/tensor_writer.h"

#include <algorithm>
#include <cassert>

#include "core/base/parallel.h"
#include "core/base/utf8.h"
#include "core/io/attributes.h"
#include "core/io/fold_geometry.h"
#include "core/io/pending_file.h"
#include "core/io/scatter.h"
#include "core/tensor/tensor_source.h"

namespace quantscope {

namespace {

/// Rows are collected to this many floats before they are written, where they are not consecutive
/// in the file and writing few of them costs nearly as much as writing many.
constexpr Index bandFloats = Index{8} << 20;
constexpr Index chunkFloats = Index{1} << 18;
constexpr int gzipLevel = 4;

// HDF5's own names of types call the library, so they are used under the gate alone.
hid_t storedType(NumberType type) {
    switch (type) {
        case NumberType::Float64:
            return H5T_IEEE_F64LE;
        case NumberType::Int64:
            return H5T_STD_I64LE;
        case NumberType::UInt8:
            return H5T_STD_U8LE;
        case NumberType::UInt16:
            return H5T_STD_U16LE;
        case NumberType::UInt32:
            return H5T_STD_U32LE;
        case NumberType::Float32:
            break;
    }
    return H5T_IEEE_F32LE;
}

hid_t nativeType(NumberType type) {
    switch (type) {
        case NumberType::Float64:
            return H5T_NATIVE_DOUBLE;
        case NumberType::Int64:
            return H5T_NATIVE_INT64;
        case NumberType::UInt8:
            return H5T_NATIVE_UINT8;
        case NumberType::UInt16:
            return H5T_NATIVE_UINT16;
        case NumberType::UInt32:
            return H5T_NATIVE_UINT32;
        case NumberType::Float32:
            break;
    }
    return H5T_NATIVE_FLOAT;
}

/// Chunks of whole slices along the first axis, about 1 MiB large.
void chunkAndCompress(hid_t creation, const Shape& shape) {
    if (shape.empty() || elementCount(shape) == 0) return;
    std::vector<hsize_t> chunk(shape.begin(), shape.end());
    Index floats = elementCount(shape);
    for (std::size_t axis = 0; axis < chunk.size() && floats > chunkFloats; ++axis) {
        const Index slice = floats / shape[axis];
        chunk[axis] =
            static_cast<hsize_t>(std::max<Index>(1, chunkFloats / std::max<Index>(1, slice)));
        floats = slice;
    }
    H5Pset_chunk(creation, static_cast<int>(chunk.size()), chunk.data());
    H5Pset_shuffle(creation);
    H5Pset_deflate(creation, gzipLevel);
}

}  // namespace

std::size_t bytesOf(NumberType type) {
    switch (type) {
        case NumberType::UInt8:
            return 1;
        case NumberType::UInt16:
            return 2;
        case NumberType::Float32:
        case NumberType::UInt32:
            return 4;
        case NumberType::Float64:
        case NumberType::Int64:
            break;
    }
    return 8;
}

struct TensorWriter::State {
    State(const std::filesystem::path& path, bool compressed) : file(path), compress(compressed) {}

    Hdf5Handle createDataset(const std::string& name, const Shape& shape,
                             NumberType type = NumberType::Float32) const;
    void writeWhole(const std::string& name, const Shape& shape, NumberType type,
                    const void* values) const;
    void writeBox(hid_t dataset, const std::string& name, const GridBox& box,
                  const float* values) const;
    void writeRows(hid_t dataset, const std::string& name, const FoldGeometry& geometry,
                   Index firstRow, MatrixView rows) const;
    Error failure(const Hdf5Pass& pass, const std::string& name) const;

    PendingFile file;
    bool compress = false;
};

Error TensorWriter::State::failure(const Hdf5Pass& pass, const std::string& name) const {
    return hdf5Error(pass,
                     "'" + printableText(name) + "' cannot be written to '" +
                         printableText(file.path().string()) + "'",
                     "Check that the disk has room and that no tensor is named like a group.");
}

Hdf5Handle TensorWriter::State::createDataset(const std::string& name, const Shape& shape,
                                              NumberType type) const {
    const Hdf5Pass pass;
    const std::vector<hsize_t> lengths(shape.begin(), shape.end());
    const Hdf5Handle space(
        pass, H5Screate_simple(static_cast<int>(lengths.size()), lengths.data(), nullptr));
    const Hdf5Handle creation(pass, H5Pcreate(H5P_DATASET_CREATE));
    H5Pset_obj_track_times(creation.id(), false);
    H5Pset_fill_time(creation.id(), H5D_FILL_TIME_NEVER);
    if (compress) chunkAndCompress(creation.id(), shape);
    Hdf5Handle dataset(pass, H5Dcreate2(file.id(), name.c_str(), storedType(type), space.id(),
                                        createParents(pass).id(), creation.id(), H5P_DEFAULT));
    if (!dataset.valid()) throw failure(pass, name);
    return dataset;
}

void TensorWriter::State::writeWhole(const std::string& name, const Shape& shape, NumberType type,
                                     const void* values) const {
    const Hdf5Handle dataset = createDataset(name, shape, type);
    if (elementCount(shape) == 0) return;
    const Hdf5Pass pass;
    if (H5Dwrite(dataset.id(), nativeType(type), H5S_ALL, H5S_ALL, H5P_DEFAULT, values) < 0) {
        throw failure(pass, name);
    }
}

void TensorWriter::State::writeBox(hid_t dataset, const std::string& name, const GridBox& box,
                                   const float* values) const {
    const std::vector<hsize_t> start(box.start.begin(), box.start.end());
    const std::vector<hsize_t> count(box.count.begin(), box.count.end());
    const Hdf5Pass pass;
    const Hdf5Handle memory(
        pass, H5Screate_simple(static_cast<int>(count.size()), count.data(), nullptr));
    const Hdf5Handle space(pass, H5Dget_space(dataset));
    const bool selected =
        start.empty() || H5Sselect_hyperslab(space.id(), H5S_SELECT_SET, start.data(), nullptr,
                                             count.data(), nullptr) >= 0;
    if (!selected ||
        H5Dwrite(dataset, H5T_NATIVE_FLOAT, memory.id(), space.id(), H5P_DEFAULT, values) < 0) {
        throw failure(pass, name);
    }
}

void TensorWriter::State::writeRows(hid_t dataset, const std::string& name,
                                    const FoldGeometry& geometry, Index firstRow,
                                    MatrixView rows) const {
    const auto write = [&](const GridBox& box, Index offset, const std::vector<Index>& strides) {
        if (isDense(box.count, strides)) return writeBox(dataset, name, box, rows.data + offset);
        std::vector<float> values(static_cast<std::size_t>(elementCount(box.count)));
        gather(rows.data + offset, box.count, strides, values.data());
        writeBox(dataset, name, box, values.data());
    };
    geometry.forEachBoxOf(firstRow, rows.rows, 0, rows.cols, rows.stride, write);
}

TensorWriter::TensorWriter(const std::filesystem::path& path, bool compress)
    : m_state(std::make_unique<State>(path, compress)) {}

TensorWriter::~TensorWriter() = default;

void TensorWriter::write(const std::string& name, const Shape& shape, const FoldRule& fold,
                         const std::function<void(Index first, MatrixSpan out)>& rows,
                         const std::stop_token& stop) {
    fold.check(shape);
    const Hdf5Handle dataset = m_state->createDataset(name, shape);
    if (elementCount(shape) == 0) return;
    const FoldGeometry geometry(shape, fold);
    const Index blockSize = blockRows(geometry.cols());
    const Index bandSize =
        geometry.keepsFileOrder() ? blockSize : std::max(blockSize, bandFloats / geometry.cols());
    Matrix band(std::min(bandSize, geometry.rows()), geometry.cols());
    for (Index first = 0; first < geometry.rows(); first += band.rows()) {
        const Index count = std::min(band.rows(), geometry.rows() - first);
        for (Index row = 0; row < count; row += blockSize) {
            throwIfStopped(stop);
            rows(first + row, band.span().middleRows(row, std::min(blockSize, count - row)));
        }
        m_state->writeRows(dataset.id(), name, geometry, first, band.view().middleRows(0, count));
    }
}

void TensorWriter::writeDoubles(const std::string& name, const Shape& shape,
                                std::span<const double> values) {
    assert(elementCount(shape) == static_cast<Index>(values.size()));
    m_state->writeWhole(name, shape, NumberType::Float64, values.data());
}

void TensorWriter::writeIntegers(const std::string& name, std::span<const std::int64_t> values) {
    m_state->writeWhole(name, {static_cast<Index>(values.size())}, NumberType::Int64,
                        values.data());
}

void TensorWriter::writeArray(const std::string& name, const Shape& shape, NumberType type,
                              std::span<const std::byte> bytes) {
    assert(static_cast<std::size_t>(elementCount(shape)) * bytesOf(type) == bytes.size());
    m_state->writeWhole(name, shape, type, bytes.data());
}

void TensorWriter::link(const std::string& existing, const std::string& name) {
    const Hdf5Pass pass;
    const hid_t file = m_state->file.id();
    if (H5Lcreate_hard(file, existing.c_str(), file, name.c_str(), createParents(pass).id(),
                       H5P_DEFAULT) < 0) {
        throw m_state->failure(pass, name);
    }
}

void TensorWriter::writeAttribute(const std::string& name, const std::string& value) {
    const Hdf5Pass pass;
    writeTextAttribute(pass, m_state->file.id(), name, value);
}

void TensorWriter::writeAttributeOf(const std::string& tensor, const std::string& name,
                                    const std::string& value) {
    const Hdf5Pass pass;
    const Hdf5Handle object(pass, H5Dopen2(m_state->file.id(), tensor.c_str(), H5P_DEFAULT));
    if (!object.valid()) throw m_state->failure(pass, tensor);
    writeTextAttribute(pass, object.id(), name, value);
}

void TensorWriter::finish() {
    m_state->file.commit();
}

}  // namespace quantscope
