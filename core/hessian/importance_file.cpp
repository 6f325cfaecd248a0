// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/hessian/importance_file.h"

#include <algorithm>
#include <fstream>
#include <set>

#include "core/base/text_file.h"
#include "core/base/utf8.h"
#include "core/hessian/byte_cursor.h"
#include "core/hessian/gguf_importance.h"
#include "core/io/gguf_names.h"

namespace quantscope {

namespace {

constexpr std::string_view ggufMagic = "GGUF";
constexpr std::string_view hdf5Signature = "\x89HDF\r\n\x1a\n";

std::string beginning(const std::filesystem::path& path) {
    std::ifstream stream(path, std::ios::binary);
    std::string bytes(hdf5Signature.size(), '\0');
    stream.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    bytes.resize(static_cast<std::size_t>(std::max<std::streamsize>(stream.gcount(), 0)));
    return bytes;
}

LayerImportance readLegacyEntry(ByteCursor& file, int number) {
    const std::string where = "entry " + std::to_string(number);
    const auto length = file.number<std::int32_t>(where);
    if (length <= 0) file.damaged(where + " has a name of " + std::to_string(length) + " bytes");
    LayerImportance layer;
    layer.name = std::string(file.take(static_cast<std::uint64_t>(length), "the name of " + where));
    const std::string named = where + " (" + printableText(layer.name) + ")";
    const auto calls = file.number<std::int32_t>(named);
    const auto count = file.number<std::int32_t>(named);
    if (count <= 0) file.damaged(named + " has " + std::to_string(count) + " values");
    layer.diagonal = file.floats(static_cast<std::uint64_t>(count), named);
    if (calls > 0) {
        for (double& value : layer.diagonal)
            value /= calls;
    }
    return layer;
}

std::vector<LayerImportance> readLegacy(ByteCursor& file) {
    const auto entries = file.number<std::int32_t>("the number of its entries");
    if (entries < 1) file.damaged("it has " + std::to_string(entries) + " entries");
    std::vector<LayerImportance> layers;
    for (int i = 0; i < entries; ++i)
        layers.push_back(readLegacyEntry(file, i + 1));
    return layers;
}

}  // namespace

bool isImportanceFile(const std::filesystem::path& path) {
    const std::string start = beginning(path);
    if (start.starts_with(ggufMagic)) return true;
    const bool isMeant = path.extension() == ".dat" || path.extension() == ".imatrix";
    return isMeant && !start.empty() && start != hdf5Signature;
}

std::vector<LayerImportance> readImportanceFile(const std::filesystem::path& path) {
    const std::string bytes = readTextFile(path);
    ByteCursor file("'" + printableText(path.string()) + "'", bytes);
    std::vector<LayerImportance> layers =
        bytes.starts_with(ggufMagic) ? readGgufImportance(file) : readLegacy(file);
    std::set<std::string> names;
    for (LayerImportance& layer : layers) {
        if (!names.insert(layer.name).second) {
            file.damaged("it has two entries for " + printableText(layer.name));
        }
        if (!layer.tensor.empty()) continue;
        layer.tensor = huggingFaceName(layer.name);
        if (layer.tensor.empty()) layer.tensor = layer.name;
    }
    return layers;
}

}  // namespace quantscope
