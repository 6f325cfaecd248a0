// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/gui/value_list.h"

#include <QGridLayout>
#include <QLabel>

namespace quantscope {

ValueList::ValueList(QWidget* parent) : QWidget(parent) {
    auto* grid = new QGridLayout(this);
    grid->setContentsMargins(0, 0, 0, 0);
    grid->setHorizontalSpacing(8);
    grid->setVerticalSpacing(4);
    grid->setColumnStretch(0, 1);
}

void ValueList::setValues(const std::vector<NamedValue>& values) {
    auto* grid = static_cast<QGridLayout*>(layout());
    while (m_rows.size() < values.size()) {
        auto* name = new QLabel(this);
        name->setForegroundRole(QPalette::PlaceholderText);
        name->setTextFormat(Qt::PlainText);
        name->setWordWrap(true);
        name->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);
        auto* value = new QLabel(this);
        value->setAlignment(Qt::AlignRight | Qt::AlignVCenter);
        value->setTextFormat(Qt::PlainText);
        value->setTextInteractionFlags(Qt::TextSelectableByMouse);
        const int row = static_cast<int>(m_rows.size());
        grid->addWidget(name, row, 0);
        grid->addWidget(value, row, 1, Qt::AlignRight | Qt::AlignTop);
        m_rows.emplace_back(name, value);
    }
    for (std::size_t i = 0; i < m_rows.size(); ++i) {
        const auto [name, value] = m_rows[i];
        const bool used = i < values.size();
        name->setVisible(used);
        value->setVisible(used);
        if (!used) continue;
        name->setText(values[i].name);
        value->setText(values[i].value);
        name->setToolTip(values[i].help);
        value->setToolTip(values[i].help);
        value->setAccessibleName(values[i].name + QStringLiteral(": ") + values[i].value);
    }
}

}  // namespace quantscope
