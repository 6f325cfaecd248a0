// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QComboBox>

namespace quantscope {

/// An editable combo box: choose a named entry, or type the text of a sweep. Each entry's data is
/// the text that it stands for.
class SweepComboBox : public QComboBox {
    Q_OBJECT

public:
    explicit SweepComboBox(QWidget* parent);

    /// Shows the entry that stands for `text`, or the text itself.
    void showText(const QString& text);
    /// The user is done with the text: it shows as its entry, or as that of `whenEmpty`, and from
    /// now on undoing means the spec and no longer the keys.
    void finish(const QString& whenEmpty);
    /// What the user sees, as the text that it stands for.
    QString standingFor() const;
    /// The text of the entry with this label or text, in any case; otherwise `typed` itself.
    QString meaning(const QString& typed) const;

Q_SIGNALS:
    /// By choosing or by typing, not by showText().
    void typed(const QString& text);

protected:
    bool event(QEvent* event) override;
    void wheelEvent(QWheelEvent* event) override;
};

}  // namespace quantscope
