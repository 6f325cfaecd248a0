// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/forms/boolean_editor.h"

#include <QAction>
#include <QCheckBox>
#include <QHBoxLayout>

namespace quantscope {

BooleanEditor::BooleanEditor(QWidget* parent)
    : ParameterEditor(parent), m_box(new QCheckBox(this)) {
    auto* layout = new QHBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->addWidget(m_box);
    layout->addStretch(1);
    setFocusProxy(m_box);
    connect(m_box, &QCheckBox::clicked, this, [this](bool checked) { choose(checked); });

    auto* both = new QAction(tr("Try both values"), m_box);
    connect(both, &QAction::triggered, this, [this] { choose(Json::array({false, true})); });
    m_box->addAction(both);
    m_box->setContextMenuPolicy(Qt::ActionsContextMenu);
}

void BooleanEditor::setField(const ParameterField& field) {
    m_box->setObjectName(QString::fromStdString(field.spec.id));
    m_box->setAccessibleName(QString::fromStdString(field.spec.label));
    m_box->setAccessibleDescription(QString::fromStdString(field.spec.help));
    if (field.value.is_boolean()) {
        showState(field.value.get<bool>() ? Qt::Checked : Qt::Unchecked);
    } else {
        showState(Qt::PartiallyChecked);
    }
}

void BooleanEditor::showState(Qt::CheckState state) {
    m_box->setTristate(state == Qt::PartiallyChecked);
    m_box->setCheckState(state);
    m_box->setText(state == Qt::PartiallyChecked ? tr("off and on, as a sweep")
                   : state == Qt::Checked        ? tr("on")
                                                 : tr("off"));
}

void BooleanEditor::choose(const Json& value) {
    showState(value.is_array()    ? Qt::PartiallyChecked
              : value.get<bool>() ? Qt::Checked
                                  : Qt::Unchecked);
    Q_EMIT edited(value);
}

}  // namespace quantscope
