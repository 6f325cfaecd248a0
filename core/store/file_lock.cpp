// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/store/file_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <thread>

#include "core/base/error.h"
#include "core/base/system_reason.h"
#include "core/base/utf8.h"

namespace quantscope {

FileLock::FileLock(const std::filesystem::path& path, const std::stop_token& stop) {
    constexpr std::chrono::milliseconds pause(5);
    constexpr std::chrono::seconds longest(10);
    const std::string name = "'" + printableText(path.string()) + "'";
    m_file = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (m_file < 0) {
        throw Error(name + " cannot be written: " + systemReason(errno) + ".",
                    "Free some space or correct the permissions.");
    }
    const auto until = std::chrono::steady_clock::now() + longest;
    while (flock(m_file, LOCK_EX | LOCK_NB) != 0) {
        const int error = errno;
        if (error == EINTR) continue;
        if (stop.stop_requested()) {
            close(m_file);
            throw Cancelled();
        }
        if (error == EWOULDBLOCK && std::chrono::steady_clock::now() < until) {
            std::this_thread::sleep_for(pause);
            continue;
        }
        close(m_file);
        throw Error(error == EWOULDBLOCK ? "Another program holds " + name + " locked."
                                         : name + " cannot be locked: " + systemReason(error) + ".",
                    "Wait until that program ends, then try again.");
    }
}

FileLock::~FileLock() {
    close(m_file);
}

}  // namespace quantscope
