// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/io/child_process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <utility>

#include "core/base/error.h"
#include "core/base/utf8.h"

extern char** environ;

namespace quantscope {

namespace {

using TemporaryFile = std::unique_ptr<FILE, int (*)(FILE*)>;

/// A file rather than a pipe: it cannot block us, nor break when the child dies early.
TemporaryFile inputFile(const std::string& input) {
    TemporaryFile file(std::tmpfile(), std::fclose);
    const bool written = file != nullptr &&
                         std::fwrite(input.data(), 1, input.size(), file.get()) == input.size() &&
                         std::fflush(file.get()) == 0;
    if (!written) {
        throw Error(
            "A temporary file cannot be written: " + std::string(std::strerror(errno)) + ".",
            "Check that the folder for temporary files has room.");
    }
    std::rewind(file.get());
    return file;
}

}  // namespace

ChildProcess::ChildProcess(const std::vector<std::string>& arguments, const std::string& input) {
    const TemporaryFile file = inputFile(input);
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
        throw Error("A pipe cannot be made: " + std::string(std::strerror(errno)) + ".");
    }
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ::fileno(file.get()), STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    std::vector<char*> words;
    for (const std::string& argument : arguments)
        words.push_back(const_cast<char*>(argument.c_str()));
    words.push_back(nullptr);
    const int failure = ::posix_spawn(&m_pid, words[0], &actions, nullptr, words.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    ::close(ends[1]);
    m_output = ends[0];
    if (failure != 0) {
        m_pid = -1;
        ::close(std::exchange(m_output, -1));
        throw Error("The program '" + printableText(arguments[0]) +
                        "' that checks files before they are opened cannot be started: " +
                        std::strerror(failure) + ".",
                    "Install Quantscope again.");
    }
}

ChildProcess::~ChildProcess() {
    finish();
}

bool ChildProcess::fillBuffer(std::chrono::milliseconds patience) {
    pollfd request{m_output, POLLIN, 0};
    const int ready = ::poll(&request, 1, static_cast<int>(patience.count()));
    if (ready <= 0) return false;
    std::array<char, 4096> bytes;
    const ssize_t count = ::read(m_output, bytes.data(), bytes.size());
    if (count > 0) {
        m_buffer.append(bytes.data(), static_cast<std::size_t>(count));
    } else if (count == 0 || errno != EINTR) {
        m_atEnd = true;
    }
    return true;
}

std::optional<std::string> ChildProcess::readLine(std::chrono::milliseconds patience) {
    for (;;) {
        const std::size_t end = m_buffer.find('\n');
        if (end != std::string::npos) {
            std::string line = m_buffer.substr(0, end);
            m_buffer.erase(0, end + 1);
            return line;
        }
        if (m_atEnd) return {};
        if (!fillBuffer(patience)) return std::string();
    }
}

ChildProcess::Exit ChildProcess::finish() {
    if (m_output >= 0) ::close(std::exchange(m_output, -1));
    if (m_pid < 0) return {};
    if (!m_atEnd) ::kill(m_pid, SIGKILL);
    int status = 0;
    while (::waitpid(m_pid, &status, 0) < 0 && errno == EINTR) {
    }
    m_pid = -1;
    if (WIFSIGNALED(status)) return {0, WTERMSIG(status)};
    return {WEXITSTATUS(status), 0};
}

}  // namespace quantscope
