// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/io/dataset_header.h"

#include <array>
#include <limits>

#include "core/base/text.h"
#include "core/base/utf8.h"
#include "core/io/attributes.h"
#include "core/io/dataset_storage.h"
#include "core/io/stored_type.h"

namespace quantscope {

namespace {

constexpr std::size_t maximumAttributeBytes = 1024;

enum class Extent { Simple, Scalar, Null };

struct Dimensions {
    Extent extent = Extent::Null;
    Shape shape;
    std::uint64_t elements = 0;
    std::string problem;
};

/// The number of elements, which may not overflow when it is multiplied by the size of an element.
std::string countElements(std::span<const hsize_t> lengths, std::size_t elementBytes,
                          Dimensions& dimensions) {
    constexpr auto limit = static_cast<std::uint64_t>(std::numeric_limits<Index>::max());
    std::uint64_t bytes = std::max<std::size_t>(1, elementBytes);
    std::uint64_t elements = 1;
    for (const hsize_t length : lengths) {
        if (length == 0) {
            dimensions.elements = 0;
            return {};
        }
    }
    for (const hsize_t length : lengths) {
        if (length > limit || bytes > limit / length) {
            return "Its header claims more bytes than any machine can address; the file is "
                   "damaged.";
        }
        bytes *= length;
        elements *= length;
    }
    dimensions.elements = elements;
    return {};
}

Dimensions readDimensions(const Hdf5Pass& pass, hid_t dataset, std::size_t elementBytes) {
    Dimensions dimensions;
    const Hdf5Handle space(pass, H5Dget_space(dataset));
    if (!space.valid()) {
        dimensions.problem = "Its shape cannot be read: " + hdf5Reason(pass) + ".";
        return dimensions;
    }
    switch (H5Sget_simple_extent_type(space.id())) {
        case H5S_SCALAR:
            dimensions.extent = Extent::Scalar;
            dimensions.elements = 1;
            return dimensions;
        case H5S_SIMPLE:
            break;
        default:
            return dimensions;
    }
    dimensions.extent = Extent::Simple;
    std::array<hsize_t, H5S_MAX_RANK> lengths{};
    const int rank = H5Sget_simple_extent_dims(space.id(), lengths.data(), nullptr);
    if (rank < 0) {
        dimensions.problem = "Its shape cannot be read: " + hdf5Reason(pass) + ".";
        return dimensions;
    }
    const std::span<const hsize_t> used(lengths.data(), static_cast<std::size_t>(rank));
    dimensions.problem = countElements(used, elementBytes, dimensions);
    for (const hsize_t length : used) {
        constexpr auto largest = static_cast<hsize_t>(std::numeric_limits<Index>::max());
        dimensions.shape.push_back(static_cast<Index>(std::min(length, largest)));
    }
    return dimensions;
}

std::string whyNoTensor(const Dimensions& dimensions) {
    if (dimensions.extent == Extent::Null) return "Declares no elements at all (null dataspace).";
    if (dimensions.elements == 0) return "Has no elements.";
    if (dimensions.extent == Extent::Scalar || dimensions.elements == 1) return "A single value.";
    return {};
}

/// What somebody who quantizes these elements should know.
std::string caution(const StoredType& type) {
    const ElementType& element = type.element;
    if (element.isInteger() && element.bytes > 2) {
        return "Integers beyond 16777216 are rounded to float32.";
    }
    if (!element.isInteger() && type.bytes > 4) {
        return "Values are rounded to float32; magnitudes beyond 3.4e38 become "
               "infinite, those below 1e-45 zero.";
    }
    return {};
}

void judge(const Dimensions& dimensions, const StoredType& type, OutlineEntry& entry) {
    DatasetAccess& access = entry.access;
    if (access.unreadable.empty()) access.unreadable = dimensions.problem;
    if (!type.element.isNumber()) {
        entry.info.reason = access.unreadable.empty() ? type.reason : access.unreadable;
        return;
    }
    if (const std::string reason = whyNoTensor(dimensions); !reason.empty()) {
        entry.info.reason = reason;
        return;
    }
    entry.info.quantizable = access.unreadable.empty();
    entry.info.reason = access.unreadable.empty() ? caution(type) : access.unreadable;
}

void readOpenDataset(const Hdf5Pass& pass, const OpenedFile& file, hid_t dataset,
                     OutlineEntry& entry) {
    const Hdf5Handle type(pass, H5Dget_type(dataset));
    if (!type.valid()) {
        entry.access.unreadable = "Its type cannot be read: " + hdf5Reason(pass) + ".";
        entry.info.dtype = "unknown";
        entry.info.reason = entry.access.unreadable;
        return;
    }
    entry.attributes = textAttributes(pass, dataset, maximumAttributeBytes);
    const auto dtypeName = entry.attributes.find("dtype");
    const StoredType stored = describeType(
        pass, type.id(), dtypeName == entry.attributes.end() ? std::string() : dtypeName->second);
    const Dimensions dimensions = readDimensions(pass, dataset, stored.bytes);
    entry.info.shape = dimensions.shape;
    entry.info.dtype = stored.name;
    entry.info.bitsPerElement = static_cast<int>(std::min<std::size_t>(stored.bytes, 1 << 20) * 8);
    entry.info.bytes = dimensions.elements * stored.bytes;
    entry.access.shape = dimensions.shape;
    entry.access.element = stored.element;
    entry.access.indirect = stored.element.convertedByHdf5;
    readStorage(pass, file, dataset, entry);
    judge(dimensions, stored, entry);
}

}  // namespace

OutlineEntry readDatasetHeader(const OpenedFile& file, const FoundObject& object,
                               const StepGuard& guard) {
    OutlineEntry entry;
    entry.info.name = objectName(object.path);
    entry.info.link = object.link;
    if (!object.sameAs.empty()) entry.info.sameAs = objectName(object.sameAs);
    entry.info.fold.rowAxes.clear();
    entry.access.path = object.path;
    entry.access.unreadable = guard(entry.info.name);
    if (!entry.access.unreadable.empty()) {
        entry.info.dtype = "unknown";
        entry.info.reason = entry.access.unreadable;
        return entry;
    }
    const Hdf5Pass pass;
    const Hdf5Handle access = file.datasetAccess(pass);
    const Hdf5Handle dataset(pass, H5Dopen2(file.id(), object.path.c_str(), access.id()));
    if (!dataset.valid()) {
        entry.access.unreadable = "Its header cannot be read: " + file.linkFailure(pass) + ".";
        entry.info.dtype = "unknown";
        entry.info.reason = entry.access.unreadable;
        return entry;
    }
    readOpenDataset(pass, file, dataset.id(), entry);
    return entry;
}

}  // namespace quantscope
