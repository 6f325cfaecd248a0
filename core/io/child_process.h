// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <sys/types.h>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace quantscope {

/// A child process whose standard output is read line by line. Killed when the object goes away.
class ChildProcess {
public:
    struct Exit {
        int code = 0;
        int signal = 0;  ///< 0 unless a signal ended it.
    };

    /// Starts arguments[0] with `input` as its standard input; its standard error is discarded.
    /// Throws Error when it cannot be started.
    ChildProcess(const std::vector<std::string>& arguments, const std::string& input);
    ~ChildProcess();
    ChildProcess(const ChildProcess&) = delete;
    ChildProcess& operator=(const ChildProcess&) = delete;

    /// The next line; an empty one when none came within `patience`; nothing at the end of the
    /// output.
    std::optional<std::string> readLine(std::chrono::milliseconds patience);

    /// Ends the process if it still runs after its output was closed, and tells how it ended.
    Exit finish();

private:
    bool fillBuffer(std::chrono::milliseconds patience);

    pid_t m_pid = -1;
    int m_output = -1;
    bool m_atEnd = false;
    std::string m_buffer;
};

}  // namespace quantscope
