// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/models/pace_book.h"

namespace quantscope {

namespace {
const QString settingsKey = QStringLiteral("secondsPerWork");
}  // namespace

PaceBook::PaceBook(QSettings* settings, QObject* parent) : QObject(parent), m_settings(settings) {
    const std::string text = settings->value(settingsKey).toString().toStdString();
    m_pace = RunPace::fromJson(Json::parse(text, nullptr, false));
}

void PaceBook::learn(const RunPace& measured) {
    m_pace.update(measured);
    m_settings->setValue(settingsKey, QString::fromStdString(m_pace.toJson().dump()));
    Q_EMIT changed();
}

}  // namespace quantscope
