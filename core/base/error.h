// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stdexcept>
#include <string>
#include <utility>

namespace quantscope {

/// What went wrong, in words for the person at the screen: `what()` says what failed, where and why
/// in one sentence; `remedy()` says what to do about it (may be empty).
class Error : public std::runtime_error {
public:
    explicit Error(const std::string& message, std::string remedy = {})
        : std::runtime_error(message), m_remedy(std::move(remedy)) {}

    const std::string& remedy() const { return m_remedy; }

    /// Message and remedy as they stand on a command line or in an error bar.
    std::string fullText() const {
        return m_remedy.empty() ? std::string(what()) : std::string(what()) + " " + m_remedy;
    }

private:
    std::string m_remedy;
};

/// Thrown when the stop token of a computation was triggered. Not an Error: nothing is wrong.
class Cancelled : public std::exception {
public:
    const char* what() const noexcept override { return "cancelled"; }
};

}  // namespace quantscope
