// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/gui/figure_strip.h"

#include <QHBoxLayout>
#include <QLabel>

namespace quantscope {

FigureStrip::FigureStrip(QWidget* parent)
    : QWidget(parent), m_layout(new QHBoxLayout(this)), m_note(new QLabel(this)) {
    m_layout->setContentsMargins(0, 0, 0, 0);
    m_layout->setSpacing(24);
    m_layout->addStretch(1);
    m_layout->addWidget(m_note, 0, Qt::AlignBottom);
    m_note->setForegroundRole(QPalette::PlaceholderText);
}

void FigureStrip::setFigures(const std::vector<NamedValue>& figures) {
    while (m_tiles.size() < figures.size()) {
        auto* box = new QWidget(this);
        auto* column = new QVBoxLayout(box);
        column->setContentsMargins(0, 0, 0, 0);
        column->setSpacing(0);
        auto* name = new QLabel(box);
        name->setForegroundRole(QPalette::PlaceholderText);
        auto* value = new QLabel(box);
        QFont large = value->font();
        large.setPointSizeF(large.pointSizeF() * 1.6);
        value->setFont(large);
        value->setTextInteractionFlags(Qt::TextSelectableByMouse);
        // Figures of changing length must not push their neighbours about.
        value->setMinimumWidth(value->fontMetrics().horizontalAdvance(QStringLiteral("0.00000")));
        column->addWidget(name);
        column->addWidget(value);
        m_layout->insertWidget(static_cast<int>(m_tiles.size()), box);
        m_tiles.push_back({box, name, value});
    }
    for (std::size_t i = 0; i < m_tiles.size(); ++i) {
        const Tile& tile = m_tiles[i];
        const bool used = i < figures.size();
        tile.box->setVisible(used);
        if (!used) continue;
        tile.name->setText(figures[i].name);
        tile.value->setText(figures[i].value);
        tile.box->setToolTip(figures[i].help);
        tile.value->setAccessibleName(figures[i].name + QStringLiteral(": ") + figures[i].value);
    }
}

void FigureStrip::setNote(const QString& note) {
    m_note->setText(note);
}

void FigureStrip::setDimmed(bool dimmed) {
    for (const Tile& tile : m_tiles) {
        tile.value->setForegroundRole(dimmed ? QPalette::PlaceholderText : QPalette::WindowText);
    }
}

}  // namespace quantscope
