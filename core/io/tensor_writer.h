// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <stop_token>
#include <string>

#include "core/base/matrix_view.h"
#include "core/tensor/fold_rule.h"

namespace quantscope {

/// Types of the numbers in whole arrays, as they lie in memory.
enum class NumberType { Float32, Float64, Int64, UInt8, UInt16, UInt32 };
std::size_t bytesOf(NumberType type);

/// Writes tensors to a new HDF5 file: float32 in row blocks, side information whole. The file
/// appears under its name when `finish` is called, never half written. Throws Error when something
/// cannot be written.
class TensorWriter {
public:
    /// `compress`: chunks of rows, shuffled and gzipped at level 4; otherwise contiguous.
    explicit TensorWriter(const std::filesystem::path& path, bool compress = false);
    ~TensorWriter();
    TensorWriter(const TensorWriter&) = delete;
    TensorWriter& operator=(const TensorWriter&) = delete;

    /// Creates `name` (slashes make groups) of `shape` and fills it from folded rows: `rows(first,
    /// out)` fills `out`, called with consecutive blocks; the folding is undone, so the tensor has
    /// the shape it had in its source.
    void write(const std::string& name, const Shape& shape, const FoldRule& fold,
               const std::function<void(Index first, MatrixSpan out)>& rows,
               const std::stop_token& stop);
    /// A whole tensor of float64 values in file order.
    void writeDoubles(const std::string& name, const Shape& shape, std::span<const double> values);
    /// A list of whole numbers, as int64.
    void writeIntegers(const std::string& name, std::span<const std::int64_t> values);
    /// A whole array of `bytes` in file order, elementCount(shape) numbers of `type`.
    void writeArray(const std::string& name, const Shape& shape, NumberType type,
                    std::span<const std::byte> bytes);
    /// Another name (a hard link) for a tensor that was written.
    void link(const std::string& existing, const std::string& name);
    /// Attribute of the root group.
    void writeAttribute(const std::string& name, const std::string& value);
    /// Attribute of a tensor that was written.
    void writeAttributeOf(const std::string& tensor, const std::string& name,
                          const std::string& value);
    /// Gives the file its name; nothing can be written afterwards.
    void finish();

private:
    struct State;
    std::unique_ptr<State> m_state;
};

}  // namespace quantscope
