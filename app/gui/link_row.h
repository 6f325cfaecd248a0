// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QAbstractButton>

namespace quantscope {

/// A flat button of two lines, a title and a quiet description, for lists of things to open.
class LinkRow : public QAbstractButton {
    Q_OBJECT

public:
    LinkRow(const QIcon& icon, const QString& title, const QString& description, QWidget* parent);

    QSize sizeHint() const override;
    QSize minimumSizeHint() const override;

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    QString m_description;
};

}  // namespace quantscope
