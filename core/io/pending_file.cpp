// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/io/pending_file.h"

#include <unistd.h>

#include <atomic>

#include "core/base/output_target.h"
#include "core/base/system_reason.h"
#include "core/base/utf8.h"

namespace quantscope {

namespace {

std::filesystem::path asidePath(const std::filesystem::path& path) {
    static std::atomic<unsigned> counter{0};
    std::filesystem::path aside = path;
    aside += ".part-" + std::to_string(::getpid()) + "-" + std::to_string(counter++);
    return aside;
}

std::string quoted(const std::filesystem::path& path) {
    return "'" + printableText(path.string()) + "'";
}

}  // namespace

PendingFile::PendingFile(const std::filesystem::path& path)
    : m_path(path), m_target(outputTarget(path)), m_aside(asidePath(m_target)) {
    const std::filesystem::path folder = path.has_parent_path() ? path.parent_path() : ".";
    std::error_code ignored;
    if (!std::filesystem::is_directory(folder, ignored)) {
        throw Error(quoted(path) + " cannot be written: there is no folder " + quoted(folder) + ".",
                    "Create the folder, or choose another one.");
    }
    const Hdf5Pass pass;
    const Hdf5Handle access(pass, H5Pcreate(H5P_FILE_ACCESS));
    // The format of HDF5 1.8 (2008) is smaller than the oldest one and knows long attributes.
    H5Pset_libver_bounds(access.id(), H5F_LIBVER_V18, H5F_LIBVER_V18);
    // HDF5 would set aside 2 kB each for headers and for small values, and leave most of it unused.
    H5Pset_meta_block_size(access.id(), 0);
    H5Pset_small_data_block_size(access.id(), 0);
    const Hdf5Handle creation(pass, H5Pcreate(H5P_FILE_CREATE));
    H5Pset_obj_track_times(creation.id(), false);  // Equal contents make equal files.
    // From the ninth attribute on, HDF5 would keep them in a heap of two kilobytes.
    H5Pset_attr_phase_change(creation.id(), 32, 6);
    m_file =
        Hdf5Handle(pass, H5Fcreate(m_aside.c_str(), H5F_ACC_TRUNC, creation.id(), access.id()));
    if (!m_file.valid()) {
        throw hdf5Error(pass, quoted(path) + " cannot be written",
                        "Check that you may write to its folder.");
    }
}

PendingFile::~PendingFile() {
    if (!m_file.valid()) return;
    m_file.close();
    std::error_code ignored;
    std::filesystem::remove(m_aside, ignored);
}

void PendingFile::commit() {
    const Hdf5Pass pass;
    if (H5Fflush(m_file.id(), H5F_SCOPE_GLOBAL) < 0) {
        throw hdf5Error(pass, quoted(m_path) + " cannot be written to the end",
                        "Free some space, or choose another disk.");
    }
    m_file.close();
    std::error_code failure;
    std::filesystem::rename(m_aside, m_target, failure);
    if (failure) {
        std::error_code ignored;
        std::filesystem::remove(m_aside, ignored);
        throw Error(quoted(m_path) + " cannot be written: " + systemReason(failure.value()) + ".");
    }
}

Hdf5Handle createParents(const Hdf5Pass& pass) {
    Hdf5Handle links(pass, H5Pcreate(H5P_LINK_CREATE));
    H5Pset_create_intermediate_group(links.id(), 1);
    H5Pset_char_encoding(links.id(), H5T_CSET_UTF8);
    return links;
}

}  // namespace quantscope
