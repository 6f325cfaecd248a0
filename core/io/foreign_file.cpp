// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/io/foreign_file.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <string_view>

#include "core/base/error.h"
#include "core/base/utf8.h"

namespace quantscope {

namespace {

using std::string_view_literals::operator""sv;

constexpr std::string_view signature = "\x89HDF\r\n\x1a\n"sv;

struct ForeignFormat {
    std::string_view magic;
    std::size_t offset;
    const char* name;
    const char* remedy;
};

constexpr auto foreignFormats = std::to_array<ForeignFormat>({
    {"GGUF"sv, 0, "a GGUF file", "Convert its tensors to HDF5 first."},
    {"{\""sv, 8, "a safetensors file",
     "Convert it with safetensors.numpy.load_file and h5py in a few lines of Python."},
    {"\x93NUMPY"sv, 0, "a NumPy .npy file", "Convert it with numpy.load and h5py."},
    {"PK\x03\x04"sv, 0, "a zip archive (PyTorch .pt, .npz and .keras files are such archives)",
     "Unpack it, or export its tensors to HDF5."},
    {"\x80\x02"sv, 0, "a Python pickle", "Export its tensors to HDF5."},
    {"CDF\x01"sv, 0, "a netCDF 3 file", "Convert it with nccopy -k nc4."},
    {"CDF\x02"sv, 0, "a netCDF 3 file", "Convert it with nccopy -k nc4."},
    {"\x0e\x03\x13\x01"sv, 0, "an HDF4 file", "Convert it with h4toh5."},
    {"MATLAB 5.0"sv, 0, "a MATLAB file of an older version",
     "Save it in MATLAB with save(..., '-v7.3')."},
    {"\x1f\x8b"sv, 0, "a gzip file", "Unpack it first."},
});

std::string readAt(std::ifstream& stream, std::uint64_t offset, std::size_t length) {
    std::string bytes(length, '\0');
    stream.clear();
    stream.seekg(static_cast<std::streamoff>(offset));
    stream.read(bytes.data(), static_cast<std::streamsize>(length));
    bytes.resize(static_cast<std::size_t>(stream.gcount()));
    return bytes;
}

/// The superblock stands at the beginning, or after a user block of 512, 1024, 2048, ... bytes.
bool hasSignature(std::ifstream& stream, std::uint64_t size) {
    for (std::uint64_t offset = 0; offset + signature.size() <= size;
         offset = offset == 0 ? 512 : offset * 2) {
        if (readAt(stream, offset, signature.size()) == signature) return true;
    }
    return false;
}

Error notHdf5(const std::string& quoted, std::ifstream& stream) {
    for (const ForeignFormat& format : foreignFormats) {
        if (readAt(stream, format.offset, format.magic.size()) == format.magic) {
            return Error(quoted + " is not an HDF5 file but " + format.name + ".", format.remedy);
        }
    }
    return Error(
        quoted + " is not an HDF5 file: it does not carry the HDF5 signature.",
        "Choose a file that was written as HDF5 (.h5, .hdf5, .mat of version 7.3, .h5ad).");
}

}  // namespace

void checkIsHdf5(const std::filesystem::path& path) {
    const std::string quoted = "'" + printableText(path.string()) + "'";
    std::error_code failure;
    const std::filesystem::file_status status = std::filesystem::status(path, failure);
    if (status.type() == std::filesystem::file_type::not_found) {
        throw Error("There is no file " + quoted + ".", "Check the path.");
    }
    if (status.type() == std::filesystem::file_type::directory) {
        throw Error(quoted + " is a folder, not a file.", "Choose a file in it.");
    }
    if (status.type() != std::filesystem::file_type::regular) {
        throw Error(quoted + " is not a regular file.", "Choose an HDF5 file on a disk.");
    }
    std::ifstream stream(path, std::ios::binary);
    if (!stream) {
        throw Error(quoted + " cannot be read: " + std::strerror(errno) + ".",
                    "Check that you may read it.");
    }
    const std::uint64_t size = std::filesystem::file_size(path, failure);
    if (failure) throw Error(quoted + " cannot be read: " + failure.message() + ".");
    if (size == 0) throw Error(quoted + " is empty.", "Copy or download the file again.");
    if (!hasSignature(stream, size)) throw notHdf5(quoted, stream);
}

std::string fileBanner(const std::filesystem::path& path) {
    std::ifstream stream(path, std::ios::binary);
    return readAt(stream, 0, 128);
}

}  // namespace quantscope
