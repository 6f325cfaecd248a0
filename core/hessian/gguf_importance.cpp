// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/hessian/gguf_importance.h"

#include <map>
#include <optional>

#include "core/base/utf8.h"
#include "core/io/gguf_names.h"

namespace quantscope {

namespace {

constexpr std::string_view sumsEnding = ".in_sum2";
constexpr std::string_view countsEnding = ".counts";
constexpr std::string_view expertsMark = "_exps";

enum class ValueType : std::uint32_t {
    Uint8,
    Int8,
    Uint16,
    Int16,
    Uint32,
    Int32,
    Float32,
    Bool,
    String,
    Array,
    Uint64,
    Int64,
    Float64
};

// Bytes of a value of fixed size; 0 for others.
std::uint64_t bytesOf(ValueType type) {
    switch (type) {
        case ValueType::Uint8:
        case ValueType::Int8:
        case ValueType::Bool:
            return 1;
        case ValueType::Uint16:
        case ValueType::Int16:
            return 2;
        case ValueType::Uint32:
        case ValueType::Int32:
        case ValueType::Float32:
            return 4;
        case ValueType::Uint64:
        case ValueType::Int64:
        case ValueType::Float64:
            return 8;
        case ValueType::String:
        case ValueType::Array:
            break;
    }
    return 0;
}

ValueType readType(ByteCursor& file, const std::string& key) {
    const auto type = file.number<std::uint32_t>(key);
    if (type > static_cast<std::uint32_t>(ValueType::Float64)) {
        file.damaged(key + " is of the unknown type " + std::to_string(type));
    }
    return static_cast<ValueType>(type);
}

std::string readString(ByteCursor& file, const std::string& what) {
    const auto length = file.number<std::uint64_t>(what);
    return std::string(file.take(length, what));
}

void skipValue(ByteCursor& file, ValueType type, const std::string& key) {
    if (type == ValueType::String) {
        readString(file, key);
        return;
    }
    if (type != ValueType::Array) {
        file.take(bytesOf(type), key);
        return;
    }
    const ValueType element = readType(file, key);
    if (element == ValueType::Array) file.damaged(key + " is an array of arrays");
    const auto count = file.number<std::uint64_t>(key);
    if (count > file.left()) file.damaged(key + " has more elements than the file has bytes");
    for (std::uint64_t i = 0; i < count; ++i)
        skipValue(file, element, key);
}

struct Header {
    std::string type;
    std::uint32_t alignment = 32;
};

Header readHeader(ByteCursor& file, std::uint64_t count) {
    Header header;
    for (std::uint64_t i = 0; i < count; ++i) {
        const std::string key = readString(file, "key " + std::to_string(i + 1));
        const std::string named = "'" + printableText(key) + "'";
        const ValueType type = readType(file, named);
        if (key == "general.type" && type == ValueType::String) {
            header.type = readString(file, named);
        } else if (key == "general.alignment" && type == ValueType::Uint32) {
            header.alignment = file.number<std::uint32_t>(named);
            if (header.alignment == 0) file.damaged("its alignment is 0");
        } else {
            skipValue(file, type, named);
        }
    }
    return header;
}

struct StoredTensor {
    std::uint64_t cols = 1;
    std::uint64_t rows = 1;
    std::uint64_t offset = 0;
    bool isFloat32 = false;
};

StoredTensor readTensor(ByteCursor& file, const std::string& named) {
    constexpr std::uint32_t mostAxes = 4;
    constexpr std::uint32_t float32 = 0;
    StoredTensor tensor;
    const auto axes = file.number<std::uint32_t>(named);
    if (axes > mostAxes) file.damaged(named + " has " + std::to_string(axes) + " axes");
    for (std::uint32_t axis = 0; axis < axes; ++axis) {
        const auto extent = file.number<std::uint64_t>(named);
        std::uint64_t& total = axis == 0 ? tensor.cols : tensor.rows;
        const std::uint64_t elements = tensor.cols * tensor.rows;
        if (extent == 0 || extent > (std::uint64_t{1} << 40) / elements) {
            file.damaged(named + " has the extent " + std::to_string(extent));
        }
        total *= extent;
    }
    tensor.isFloat32 = file.number<std::uint32_t>(named) == float32;
    tensor.offset = file.number<std::uint64_t>(named);
    return tensor;
}

std::vector<double> readValues(ByteCursor& file, const StoredTensor& tensor, std::uint64_t start,
                               const std::string& named) {
    if (!tensor.isFloat32) file.damaged(named + " is not float32");
    if (tensor.offset > file.position() + file.left()) {
        file.damaged(named + " should lie beyond its end");
    }
    file.seek(start + tensor.offset, named);
    return file.floats(tensor.rows * tensor.cols, named);
}

// "blk.0.ffn_up_exps.weight", 3 -> "model.layers.0.mlp.experts.3.up_proj.weight".
std::string expertName(const std::string& name, std::uint64_t expert) {
    const std::size_t mark = name.find(expertsMark);
    if (mark == std::string::npos) return {};
    std::string tensor = huggingFaceName(std::string(name).erase(mark, expertsMark.size()));
    constexpr std::string_view place = ".mlp.";
    const std::size_t mlp = tensor.find(place);
    if (mlp == std::string::npos) return {};
    return tensor.insert(mlp + place.size(), "experts." + std::to_string(expert) + ".");
}

void addLayers(std::vector<LayerImportance>& layers, const std::string& name,
               const std::vector<double>& sums, const std::vector<double>& counts) {
    const std::size_t cols = sums.size() / counts.size();
    for (std::size_t row = 0; row < counts.size(); ++row) {
        if (!(counts[row] > 0.0)) continue;
        LayerImportance layer{name, {}, {}};
        if (counts.size() > 1) {
            layer.name += "[" + std::to_string(row) + "]";
            layer.tensor = expertName(name, row);
        }
        for (std::size_t j = 0; j < cols; ++j)
            layer.diagonal.push_back(sums[row * cols + j] / counts[row]);
        layers.push_back(std::move(layer));
    }
}

}  // namespace

std::vector<LayerImportance> readGgufImportance(ByteCursor& file) {
    constexpr std::uint32_t oldest = 2;
    constexpr std::uint32_t newest = 3;
    file.take(sizeof "GGUF" - 1, "its mark");
    const auto version = file.number<std::uint32_t>("its version");
    if (version < oldest || version > newest) {
        file.damaged("it is of version " + std::to_string(version) + " of GGUF, not 2 or 3");
    }
    const auto tensorCount = file.number<std::uint64_t>("the number of its tensors");
    const Header header = readHeader(file, file.number<std::uint64_t>("the number of its keys"));
    if (header.type != "imatrix") {
        throw Error("The GGUF file holds no importance matrix but " +
                        (header.type.empty() ? "something that does not say what it is"
                                             : "a " + printableText(header.type)) +
                        ".",
                    "Give the file that llama-imatrix wrote.");
    }
    std::map<std::string, StoredTensor> tensors;
    for (std::uint64_t i = 0; i < tensorCount; ++i) {
        const std::string name = readString(file, "tensor " + std::to_string(i + 1));
        tensors[name] = readTensor(file, "'" + printableText(name) + "'");
    }
    const std::uint64_t start =
        (file.position() + header.alignment - 1) / header.alignment * header.alignment;
    std::vector<LayerImportance> layers;
    for (const auto& [full, tensor] : tensors) {
        if (!full.ends_with(sumsEnding)) continue;
        const std::string name = full.substr(0, full.size() - sumsEnding.size());
        const std::string named = "'" + printableText(name) + "'";
        const auto counts = tensors.find(name + std::string(countsEnding));
        if (counts == tensors.end()) file.damaged(named + " has sums but no counts");
        const std::vector<double> countValues =
            readValues(file, counts->second, start, "the counts of " + named);
        const std::vector<double> sums = readValues(file, tensor, start, "the sums of " + named);
        if (countValues.size() != tensor.rows) {
            file.damaged(named + " has " + std::to_string(countValues.size()) + " counts for " +
                         std::to_string(tensor.rows) + " rows of sums");
        }
        addLayers(layers, name, sums, countValues);
    }
    if (layers.empty()) file.damaged("it holds no sums of squared inputs");
    return layers;
}

}  // namespace quantscope
