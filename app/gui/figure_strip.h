// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QWidget>
#include <vector>

#include "app/gui/value_list.h"

class QHBoxLayout;

namespace quantscope {

/// The few figures that matter, large, in a row. Out-of-date or sampled ones are dimmed, with the
/// reason beside them.
class FigureStrip : public QWidget {
    Q_OBJECT

public:
    explicit FigureStrip(QWidget* parent = nullptr);

    void setFigures(const std::vector<NamedValue>& figures);
    /// `note` stands at the end: "sample of 4,096 rows".
    void setNote(const QString& note);
    void setDimmed(bool dimmed);

private:
    struct Tile {
        QWidget* box;
        QLabel* name;
        QLabel* value;
    };
    std::vector<Tile> m_tiles;
    QHBoxLayout* m_layout;
    QLabel* m_note;
};

}  // namespace quantscope
