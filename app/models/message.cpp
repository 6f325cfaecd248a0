// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/models/message.h"

#include <QStringList>

namespace quantscope {

QString Message::text() const {
    QStringList parts = {what, why, remedy};
    parts.removeAll(QString());
    return parts.join(QLatin1Char(' '));
}

bool Message::sameTextAs(const Message& other) const {
    return severity == other.severity && what == other.what && why == other.why &&
           remedy == other.remedy;
}

Message errorMessage(const QString& what, const Error& error) {
    Message message;
    message.severity = Message::Severity::Error;
    message.what = what;
    message.why = QString::fromUtf8(error.what());
    message.remedy = QString::fromStdString(error.remedy());
    return message;
}

}  // namespace quantscope
