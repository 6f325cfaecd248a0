// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>
#include <QWidget>
#include <utility>
#include <vector>

class QLabel;

namespace quantscope {

/// A figure with its name, unit included, and what it means.
struct NamedValue {
    QString name;   ///< "SQNR (dB)".
    QString value;  ///< "20.3".
    QString help;   ///< Formula or exact value, for the tooltip.
};

/// Names at the left, values at the right of a common edge; text can be selected.
class ValueList : public QWidget {
    Q_OBJECT

public:
    explicit ValueList(QWidget* parent = nullptr);

    void setValues(const std::vector<NamedValue>& values);

private:
    std::vector<std::pair<QLabel*, QLabel*>> m_rows;
};

}  // namespace quantscope
