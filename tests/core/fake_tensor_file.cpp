// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/core/fake_tensor_file.h"

#include "core/base/error.h"
#include "core/base/random.h"

namespace quantscope {

namespace {

TensorInfo floatInfo(const std::string& name, const Shape& shape) {
    TensorInfo info;
    info.name = name;
    info.shape = shape;
    info.dtype = "float32";
    info.bitsPerElement = 32;
    info.bytes = static_cast<std::uint64_t>(elementCount(shape)) * sizeof(float);
    info.quantizable = true;
    return info;
}

/// Owns the folded copy that its view shows.
class OwningSource final : public TensorSource {
public:
    explicit OwningSource(Matrix values) : m_values(std::move(values)) {}
    Index rows() const override { return m_values.rows(); }
    Index cols() const override { return m_values.cols(); }
    void read(Index firstRow, MatrixSpan out, const std::stop_token& stop) const override {
        ViewSource(m_values.view()).read(firstRow, out, stop);
    }

private:
    Matrix m_values;
};

}  // namespace

void FakeTensorFile::addNormal(const std::string& name, Index rows, Index cols,
                               std::uint64_t seed) {
    Matrix values(rows, cols);
    Random random(seed);
    for (Index i = 0; i < rows * cols; ++i)
        values.data()[i] = static_cast<float>(random.normal());
    addMatrix(name, values);
}

void FakeTensorFile::setAuxiliary(const std::string& name) {
    for (TensorInfo& info : m_infos) {
        if (info.name == name) info.auxiliary = true;
    }
}

void FakeTensorFile::addMatrix(const std::string& name, const Matrix& values) {
    m_infos.push_back(floatInfo(name, {values.rows(), values.cols()}));
    m_matrices[name] = values;
}

void FakeTensorFile::addText(const std::string& name) {
    TensorInfo info;
    info.name = name;
    info.dtype = "string";
    info.reason = "it holds text";
    m_infos.push_back(info);
}

void FakeTensorFile::addIntegers(const std::string& name, const Shape& shape,
                                 std::vector<std::int64_t> values) {
    TensorInfo info = floatInfo(name, shape);
    info.dtype = "int32";
    info.quantizable = false;
    info.reason = "it holds row numbers";
    m_infos.push_back(info);
    m_integers[name] = std::move(values);
}

void FakeTensorFile::breakTensor(const std::string& name, const std::string& message) {
    m_broken[name] = message;
}

std::unique_ptr<TensorSource> FakeTensorFile::source(const std::string& name, const FoldRule& fold,
                                                     const std::stop_token& /*stop*/) const {
    count(name);
    if (const auto broken = m_broken.find(name); broken != m_broken.end()) {
        throw Error(broken->second);
    }
    const Matrix& stored = m_matrices.at(name);
    if (fold == FoldRule{}) return std::make_unique<OwningSource>(stored);
    if (fold != FoldRule{{1}}) throw Error("Unexpected folding " + fold.toText() + ".");
    Matrix transposed(stored.cols(), stored.rows());
    for (Index r = 0; r < stored.rows(); ++r) {
        for (Index c = 0; c < stored.cols(); ++c)
            transposed(c, r) = stored(r, c);
    }
    return std::make_unique<OwningSource>(std::move(transposed));
}

int FakeTensorFile::readsOf(const std::string& name) const {
    const std::lock_guard lock(m_mutex);
    return m_reads[name];
}

void FakeTensorFile::count(const std::string& name) const {
    const std::lock_guard lock(m_mutex);
    ++m_reads[name];
}

std::vector<double> FakeTensorFile::readDoubles(const std::string& name,
                                                const std::stop_token& /*stop*/) const {
    count(name);
    const Matrix& stored = m_matrices.at(name);
    return {stored.data(), stored.data() + stored.rows() * stored.cols()};
}

std::vector<std::int64_t> FakeTensorFile::readIntegers(const std::string& name,
                                                       const std::stop_token& /*stop*/) const {
    count(name);
    return m_integers.at(name);
}

std::vector<std::int64_t> FakeTensorFile::readFirstIntegers(const std::string& name, Index columns,
                                                            const std::stop_token& stop) const {
    const std::vector<std::int64_t> all = readIntegers(name, stop);
    const Index width = find(name)->shape.at(1);
    std::vector<std::int64_t> first;
    for (std::size_t row = 0; row < all.size(); row += static_cast<std::size_t>(width)) {
        for (std::size_t i = 0; i < static_cast<std::size_t>(columns); ++i)
            first.push_back(all[row + i]);
    }
    return first;
}

}  // namespace quantscope
