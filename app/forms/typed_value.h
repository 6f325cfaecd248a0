// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QObject>
#include <QTimer>
#include <functional>

#include "app/models/parameter_field.h"

namespace quantscope {

/// What a text that is being typed means. A good text is announced at once, so that previews follow
/// the keys; a bad one only after a pause or when the user leaves, because every "2..8" passes
/// through a "2.." that is nobody's mistake.
class TypedValue : public QObject {
    Q_OBJECT

public:
    using Parser = std::function<ParsedParameter(const QString&)>;

    TypedValue(Parser parse, QObject* parent);

    /// The user changed the text.
    void type(const QString& text);
    /// The user left the editor or pressed Return.
    void finish();
    /// The value changed by other means; whatever was typed counts no more.
    void reset(const Json& value);
    /// Whether `text` means `value` already.
    bool means(const QString& text, const Json& value) const;

Q_SIGNALS:
    void accepted(const quantscope::Json& value);
    void problemChanged(const QString& problem);

private:
    void setProblem(const QString& problem);

    Parser m_parse;
    QTimer m_pause;
    QString m_pendingProblem;
    QString m_problem;
    Json m_value;
};

}  // namespace quantscope
