// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QMetaType>
#include <QString>
#include <functional>

#include "core/base/error.h"

namespace quantscope {

/// Something the user should read: what happened, why, and what to do about it, each a sentence.
/// One button may do what the remedy says.
struct Message {
    enum class Severity { Note, Warning, Error };

    Severity severity = Severity::Note;
    QString what;                  ///< "The file model.h5 was not opened."
    QString why;                   ///< "It ends after 10 % of the bytes that its header promises."
    QString remedy;                ///< "Copy it again from where it came from."
    QString actionLabel;           ///< "Locate file..."; empty for no button.
    std::function<void()> action;  ///< Runs on the UI thread; owns what it needs or guards it.

    /// The texts on one line, for status bars and logs.
    QString text() const;
    /// Whether both say the same (actions are not compared).
    bool sameTextAs(const Message& other) const;
};

/// An error of the core, under the headline `what`.
Message errorMessage(const QString& what, const Error& error);

}  // namespace quantscope

Q_DECLARE_METATYPE(quantscope::Message)
