// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/forms/typed_value.h"

namespace quantscope {

namespace {
constexpr int pauseMs = 700;
}

TypedValue::TypedValue(Parser parse, QObject* parent) : QObject(parent), m_parse(std::move(parse)) {
    m_pause.setSingleShot(true);
    m_pause.setInterval(pauseMs);
    connect(&m_pause, &QTimer::timeout, this, &TypedValue::finish);
}

void TypedValue::type(const QString& text) {
    const ParsedParameter parsed = m_parse(text);
    m_pendingProblem = parsed.error;
    if (!parsed.ok()) {
        m_pause.start();
        return;
    }
    m_pause.stop();
    setProblem({});
    if (parsed.value == m_value) return;
    m_value = parsed.value;
    Q_EMIT accepted(m_value);
}

void TypedValue::finish() {
    m_pause.stop();
    setProblem(m_pendingProblem);
}

void TypedValue::reset(const Json& value) {
    m_pause.stop();
    m_value = value;
    m_pendingProblem.clear();
    setProblem({});
}

bool TypedValue::means(const QString& text, const Json& value) const {
    const ParsedParameter parsed = m_parse(text);
    return parsed.ok() && parsed.value == value;
}

void TypedValue::setProblem(const QString& problem) {
    if (problem == m_problem) return;
    m_problem = problem;
    Q_EMIT problemChanged(problem);
}

}  // namespace quantscope
