// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/interrupt.h"

#include <pthread.h>

#include <csignal>

#include "app/cli/command.h"

namespace quantscope {

namespace {

// Wakes the listener when the program ends; never sent from outside.
constexpr int wakeSignal = SIGUSR2;

sigset_t listenedSignals() {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, wakeSignal);
    return set;
}

}  // namespace

Interrupt::Interrupt() {
    const sigset_t set = listenedSignals();
    pthread_sigmask(SIG_BLOCK, &set, nullptr);
    m_listener = std::thread([this] { listen(); });
}

Interrupt::~Interrupt() {
    pthread_kill(m_listener.native_handle(), wakeSignal);
    m_listener.join();
}

void Interrupt::listen() {
    const sigset_t set = listenedSignals();
    for (;;) {
        int signal = 0;
        if (sigwait(&set, &signal) != 0) continue;
        if (signal == wakeSignal) return;
        if (m_stop.stop_requested()) std::_Exit(Interrupted);
        m_stop.request_stop();
    }
}

}  // namespace quantscope
