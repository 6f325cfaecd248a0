// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/io/artifact_file.h"

#include <algorithm>
#include <limits>
#include <span>
#include <string_view>
#include <utility>

#include "core/base/content_hash.h"
#include "core/base/error.h"
#include "core/base/text.h"
#include "core/base/utf8.h"
#include "core/io/artifact_header.h"
#include "core/io/attributes.h"
#include "core/io/opened_file.h"
#include "core/io/pending_file.h"
#include "core/io/probe.h"

namespace quantscope {

namespace {

constexpr const char* formatName = "quantscope-artifact";
/// 1: without a checksum. 2: with one.
constexpr std::int64_t formatVersion = 2;
constexpr std::int64_t firstVersionWithChecksum = 2;
constexpr std::size_t maximumTextBytes = std::size_t{16} << 20;

std::string sectionPath(const std::string& name) {
    return "sections/" + name;
}

std::string shapeText(const Shape& shape) {
    return Json(shape).dump();
}

/// JSON text, even if a path in it is no valid UTF-8.
std::string tolerantDump(const Json& json) {
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

/// Hash of all that makes the artifact what it is: its texts and the bytes of its sections, each
/// with its length before it.
class Checksum {
public:
    void add(std::string_view text) {
        m_hash.add(std::to_string(text.size()) + ":");
        m_hash.add(text);
    }
    void add(const std::vector<Section>& sections) {
        for (const Section& section : sections) {
            m_hash.add(std::to_string(section.bytes.size()) + ":");
            m_hash.add(std::span(section.bytes));
        }
    }
    std::string text() const { return m_hash.hexDigits(); }

private:
    ContentHash m_hash;
};

/// The texts of an artifact that decide what it is read as, by the names of their attributes.
std::vector<std::pair<std::string, std::string>> essentialTexts(const Artifact& artifact) {
    return {{"tensor", artifact.tensorName},
            {"shape", shapeText(artifact.shape)},
            {"fold", artifact.fold.toText()},
            {"header", formatArtifactHeader(artifact.tensor)},
            {"provenance", tolerantDump(artifact.provenance)}};
}

void writeSection(const Hdf5Pass& pass, const PendingFile& file, const Section& section) {
    const hsize_t length = section.bytes.size();
    const Hdf5Handle space(pass, H5Screate_simple(1, &length, nullptr));
    const Hdf5Handle creation(pass, H5Pcreate(H5P_DATASET_CREATE));
    H5Pset_obj_track_times(creation.id(), false);
    const Hdf5Handle dataset(
        pass, H5Dcreate2(file.id(), sectionPath(section.name).c_str(), H5T_STD_U8LE, space.id(),
                         createParents(pass).id(), creation.id(), H5P_DEFAULT));
    const bool written = dataset.valid() &&
                         (length == 0 || H5Dwrite(dataset.id(), H5T_NATIVE_UINT8, H5S_ALL, H5S_ALL,
                                                  H5P_DEFAULT, section.bytes.data()) >= 0);
    if (!written) {
        throw hdf5Error(pass,
                        "Section '" + printableText(section.name) + "' cannot be written to '" +
                            printableText(file.path().string()) + "'",
                        "Free some space, or choose another disk.");
    }
    writeTextAttribute(pass, dataset.id(), "part", std::string(ratePartName(section.part)));
    writeIntegerAttribute(pass, dataset.id(), "used_bits",
                          static_cast<std::int64_t>(section.usedBits));
}

/// Reads one artifact. All that its headers claim is held against the size of the file.
class ArtifactReader {
public:
    explicit ArtifactReader(const std::filesystem::path& path)
        : m_path(path), m_file(path, false), m_bytesLeft(std::filesystem::file_size(path)) {}

    Artifact read() {
        checkFormat();
        Artifact artifact;
        try {
            artifact.tensor = parseArtifactHeader(requiredText("header"));
            artifact.provenance = Json::parse(requiredText("provenance"));
            artifact.shape = Json::parse(requiredText("shape")).get<Shape>();
            artifact.fold = FoldRule::parse(requiredText("fold"));
        } catch (const Json::exception&) {
            throw damaged("an attribute of it cannot be understood");
        } catch (const Error& error) {
            throw damaged(std::string("its header cannot be used: ") + error.what());
        }
        checkGeometry(artifact);
        artifact.tensorName = requiredText("tensor");
        for (Section& section : artifact.tensor.sections)
            readSection(section);
        if (m_version >= firstVersionWithChecksum) verify(artifact);
        return artifact;
    }

private:
    Error damaged(const std::string& why) const {
        return Error(
            "The artifact '" + printableText(m_path.string()) + "' is damaged: " + why + ".",
            "Quantize again.");
    }
    void checkFormat();
    void verify(const Artifact& artifact) const;
    void checkGeometry(const Artifact& artifact) const;
    std::string requiredText(const std::string& name) const;
    void readSection(Section& section);
    std::uint64_t contiguousBytes(const Hdf5Pass& pass, hid_t dataset) const;

    const std::filesystem::path& m_path;
    OpenedFile m_file;
    std::uint64_t m_bytesLeft;  ///< Of the file, not yet claimed by a section.
    std::int64_t m_version = 0;
};

/// Compares what was read, as it stands in the file, with the checksum that was written beside it.
void ArtifactReader::verify(const Artifact& artifact) const {
    Checksum checksum;
    for (const auto& [name, text] : essentialTexts(artifact))
        checksum.add(requiredText(name));
    checksum.add(artifact.tensor.sections);
    if (checksum.text() != requiredText("checksum")) {
        throw damaged("its bytes are not those that were written (the checksum does not match)");
    }
}

void ArtifactReader::checkFormat() {
    const Hdf5Pass pass;
    if (textAttribute(pass, m_file.id(), "format", 256) != formatName) {
        throw Error("'" + printableText(m_path.string()) + "' is not an artifact of Quantscope.",
                    "Choose a file from the artifacts folder of a run.");
    }
    const auto text = textAttribute(pass, m_file.id(), "format_version", 256);
    if (!text || !parseNumber(*text, m_version) || m_version < 1) {
        throw damaged("it does not state its version");
    }
    if (m_version > formatVersion) {
        throw Error("The artifact '" + printableText(m_path.string()) + "' has format version " +
                        std::to_string(m_version) + "; this program reads up to version " +
                        std::to_string(formatVersion) + ".",
                    "Use a newer version of Quantscope.");
    }
}

/// The shape in the source file and its folding make the matrix that was encoded. Whoever writes
/// decoded rows by them relies on it.
void ArtifactReader::checkGeometry(const Artifact& artifact) const {
    const EncodedTensor& tensor = artifact.tensor;
    const Shape shape = artifact.shape.empty() ? Shape{tensor.rows, tensor.cols} : artifact.shape;
    Index product = 1;
    for (const Index length : shape) {
        if (length < 0 ||
            product > std::numeric_limits<Index>::max() / std::max<Index>(1, length)) {
            throw damaged("its shape " + shapeText(shape) + " is impossible");
        }
        product *= std::max<Index>(1, length);
    }
    try {
        artifact.fold.check(shape);
    } catch (const Error& error) {
        throw damaged(error.what());
    }
    if (artifact.fold.rows(shape) != tensor.rows || artifact.fold.cols(shape) != tensor.cols) {
        throw damaged("its shape " + shapeText(shape) + " folded by " + artifact.fold.toText() +
                      " does not make its " + std::to_string(tensor.rows) + " rows and " +
                      std::to_string(tensor.cols) + " columns");
    }
}

std::string ArtifactReader::requiredText(const std::string& name) const {
    const Hdf5Pass pass;
    const auto text = textAttribute(pass, m_file.id(), name, maximumTextBytes);
    if (!text) throw damaged("its attribute '" + name + "' is missing");
    return *text;
}

/// Size of a dataset of bytes as we write it: one axis, contiguous, inside the file.
std::uint64_t ArtifactReader::contiguousBytes(const Hdf5Pass& pass, hid_t dataset) const {
    const Hdf5Handle type(pass, H5Dget_type(dataset));
    const Hdf5Handle space(pass, H5Dget_space(dataset));
    const Hdf5Handle creation(pass, H5Dget_create_plist(dataset));
    const bool usual = H5Tget_class(type.id()) == H5T_INTEGER && H5Tget_size(type.id()) == 1 &&
                       H5Sget_simple_extent_ndims(space.id()) == 1 &&
                       H5Pget_layout(creation.id()) == H5D_CONTIGUOUS &&
                       H5Pget_external_count(creation.id()) == 0;
    const hssize_t length = usual ? H5Sget_simple_extent_npoints(space.id()) : -1;
    if (length < 0) throw damaged("a section of it is not stored as bytes");
    if (static_cast<std::uint64_t>(length) > m_bytesLeft) {
        throw damaged("its sections claim more bytes than the file has");
    }
    return static_cast<std::uint64_t>(length);
}

void ArtifactReader::readSection(Section& section) {
    const std::string quotedName = "its section '" + printableText(section.name) + "'";
    const Hdf5Pass pass;
    const Hdf5Handle access = m_file.datasetAccess(pass);
    const Hdf5Handle dataset(pass,
                             H5Dopen2(m_file.id(), sectionPath(section.name).c_str(), access.id()));
    if (!dataset.valid()) throw damaged(quotedName + " is missing");
    const std::uint64_t length = contiguousBytes(pass, dataset.id());
    m_bytesLeft -= length;
    if (section.usedBits > length * 8) throw damaged(quotedName + " is shorter than it says");
    section.bytes.resize(length);
    if (length > 0 && H5Dread(dataset.id(), H5T_NATIVE_UINT8, H5S_ALL, H5S_ALL, H5P_DEFAULT,
                              section.bytes.data()) < 0) {
        throw damaged(quotedName + " cannot be read: " + hdf5Reason(pass));
    }
}

void checkInChildProcess(const std::filesystem::path& prober, const std::filesystem::path& path) {
    const ProbeReport report = probe(prober, path, {});
    if (!report.fileError.empty()) throw Error(report.fileError);
    if (!report.headerErrors.empty()) throw Error(report.headerErrors.begin()->second);
}

}  // namespace

void writeArtifact(const std::filesystem::path& path, const Artifact& artifact) {
    PendingFile file(path);
    {
        const Hdf5Pass pass;
        writeTextAttribute(pass, file.id(), "format", formatName);
        writeIntegerAttribute(pass, file.id(), "format_version", formatVersion);
        writeTextAttribute(pass, file.id(), "method", artifact.tensor.method.toText());
        Checksum checksum;
        for (const auto& [name, text] : essentialTexts(artifact)) {
            writeTextAttribute(pass, file.id(), name, text);
            checksum.add(text);
        }
        checksum.add(artifact.tensor.sections);
        writeTextAttribute(pass, file.id(), "checksum", checksum.text());
        for (const Section& section : artifact.tensor.sections)
            writeSection(pass, file, section);
    }
    file.commit();
}

Artifact readArtifact(const std::filesystem::path& path, const std::filesystem::path& prober) {
    if (!prober.empty()) checkInChildProcess(prober, path);
    return ArtifactReader(path).read();
}

std::uint64_t headerBytes(const EncodedTensor& tensor) {
    return formatArtifactHeader(tensor).size();
}

}  // namespace quantscope
