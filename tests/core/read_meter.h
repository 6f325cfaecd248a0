// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <fstream>
#include <string>

namespace quantscope::test {

/// What this process has read since the meter was made, as Linux counts it.
class ReadMeter {
public:
    ReadMeter() {
        std::ofstream("/proc/self/clear_refs") << 5;  // Forgets the peak of memory.
        m_bytes = figure("/proc/self/io", "rchar:");
        m_memory = figure("/proc/self/status", "VmHWM:");
    }

    /// Bytes that were asked for from files, wherever the system has them.
    std::uint64_t bytesRead() const { return figure("/proc/self/io", "rchar:") - m_bytes; }
    /// By how much the peak of memory in use has risen, in bytes. 0 under sanitizers, which keep
    /// what was freed.
    std::uint64_t peakMemory() const {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
        return 0;
#else
        return 1024 * (figure("/proc/self/status", "VmHWM:") - m_memory);
#endif
    }

private:
    static std::uint64_t figure(const char* file, const std::string& name) {
        std::ifstream in(file);
        std::string word;
        while (in >> word && word != name) {
        }
        std::uint64_t value = 0;
        in >> value;
        return value;
    }

    std::uint64_t m_bytes = 0;
    std::uint64_t m_memory = 0;
};

}  // namespace quantscope::test
