// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/io/hdf5_gate.h"

namespace quantscope {

namespace {

std::recursive_mutex& libraryMutex() {
    // Never destroyed: handles in static objects may be closed after this module's statics are
    // gone.
    static auto* const mutex = [] {
        // At the end of the program HDF5 would try again to close what a full disk kept it from
        // closing, and crash. All that we open has an owner who closes it.
        H5dont_atexit();
        return new std::recursive_mutex;
    }();
    return *mutex;
}

}  // namespace

Hdf5Pass::Hdf5Pass() : m_lock(libraryMutex()) {
    H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
}

Hdf5Handle::Hdf5Handle(const Hdf5Pass& /*pass*/, hid_t id) : m_id(id) {}

Hdf5Handle& Hdf5Handle::operator=(Hdf5Handle&& other) noexcept {
    if (this != &other) {
        close();
        m_id = std::exchange(other.m_id, H5I_INVALID_HID);
    }
    return *this;
}

void Hdf5Handle::close() {
    if (m_id < 0) return;
    const Hdf5Pass pass;
    H5Idec_ref(std::exchange(m_id, H5I_INVALID_HID));
}

}  // namespace quantscope
