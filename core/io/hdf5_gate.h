// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <hdf5.h>

#include <mutex>
#include <string>
#include <utility>

#include "core/base/error.h"

namespace quantscope {

/// The one way into the HDF5 library, which is not made for several threads. Whoever holds a pass
/// is alone in the library; functions that call HDF5 take a pass to show that they are. A thread
/// may hold several. Never start a parallel loop while holding one: a helper thread would wait for
/// it for ever.
class Hdf5Pass {
public:
    /// Waits for the library to be free. Also silences its printing of errors on standard error,
    /// which HDF5 keeps per thread.
    Hdf5Pass();
    Hdf5Pass(const Hdf5Pass&) = delete;
    Hdf5Pass& operator=(const Hdf5Pass&) = delete;

private:
    std::unique_lock<std::recursive_mutex> m_lock;
};

/// Owner of an HDF5 identifier of any kind (file, group, dataset, type, space, property list).
/// Takes a pass by itself when it closes the identifier.
class Hdf5Handle {
public:
    Hdf5Handle() = default;
    /// `id` as HDF5 returned it while `pass` was held; negative ids make an invalid handle.
    Hdf5Handle(const Hdf5Pass& pass, hid_t id);
    ~Hdf5Handle() { close(); }
    Hdf5Handle(Hdf5Handle&& other) noexcept : m_id(std::exchange(other.m_id, H5I_INVALID_HID)) {}
    Hdf5Handle& operator=(Hdf5Handle&& other) noexcept;

    bool valid() const { return m_id >= 0; }
    hid_t id() const { return m_id; }
    void close();

private:
    hid_t m_id = H5I_INVALID_HID;
};

/// What HDF5 says about the failure of its last call on this thread, as the end of a sentence for
/// people: "the file is cut off: it should have 30587 bytes but has 3058".
std::string hdf5Reason(const Hdf5Pass& pass);

/// Error for a failed HDF5 call: "<what>: <hdf5Reason>."
Error hdf5Error(const Hdf5Pass& pass, const std::string& what, std::string remedy = {});

}  // namespace quantscope
