// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stop_token>
#include <thread>

namespace quantscope {

/// Turns SIGINT and SIGTERM into a stop request; a second signal ends the program at once. Must be
/// made before any other thread, so that all threads leave these signals to it.
class Interrupt {
public:
    Interrupt();
    ~Interrupt();
    Interrupt(const Interrupt&) = delete;
    Interrupt& operator=(const Interrupt&) = delete;

    std::stop_token token() const { return m_stop.get_token(); }

private:
    void listen();

    std::stop_source m_stop;
    std::thread m_listener;
};

}  // namespace quantscope
