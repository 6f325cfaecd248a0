// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/gui/method_card.h"

#include <QClipboard>
#include <QEvent>
#include <QGridLayout>
#include <QGuiApplication>
#include <QLabel>
#include <QMenu>
#include <QPainter>
#include <QToolButton>

#include "app/forms/parameter_form.h"
#include "app/gui/code_picture_view.h"
#include "app/gui/family_icon.h"
#include "app/gui/qt_text.h"
#include "app/gui/themed_icon.h"
#include "app/models/method_list_model.h"

namespace quantscope {

MethodCard::MethodCard(MethodListModel& methods, const MethodRegistry& registry, QWidget* parent)
    : QWidget(parent),
      m_methods(methods),
      m_registry(registry),
      m_arrow(new QToolButton(this)),
      m_header(new QToolButton(this)),
      m_menuButton(new QToolButton(this)),
      m_count(new QLabel(this)),
      m_summary(new QLabel(this)),
      m_error(new QLabel(this)),
      m_picture(new CodePictureView(this)),
      m_form(new ParameterForm(registry, this)) {
    m_arrow->setAutoRaise(true);
    m_arrow->setFocusPolicy(Qt::NoFocus);
    m_arrow->setArrowType(Qt::RightArrow);
    m_header->setObjectName(QStringLiteral("methodHeader"));
    m_header->setAutoRaise(true);
    m_header->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
    m_header->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);
    m_header->setFocusPolicy(Qt::StrongFocus);
    m_menuButton->setObjectName(QStringLiteral("methodMenu"));
    m_menuButton->setAutoRaise(true);
    m_menuButton->setIcon(themedIcon(QStringLiteral("more")));
    m_menuButton->setPopupMode(QToolButton::InstantPopup);
    m_menuButton->setToolTip(tr("Duplicate, move, copy or remove this method"));
    m_menuButton->setAccessibleName(m_menuButton->toolTip());
    m_count->setForegroundRole(QPalette::PlaceholderText);
    m_summary->setForegroundRole(QPalette::PlaceholderText);
    m_summary->setWordWrap(true);
    m_summary->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);
    m_error->setForegroundRole(QPalette::BrightText);
    m_error->setWordWrap(true);
    m_form->setContentsMargins(0, 4, 0, 8);

    auto* grid = new QGridLayout(this);
    grid->setContentsMargins(4, 4, 8, 4);
    grid->setHorizontalSpacing(0);
    grid->setVerticalSpacing(0);
    grid->setColumnStretch(1, 1);
    grid->addWidget(m_arrow, 0, 0);
    grid->addWidget(m_header, 0, 1);
    grid->addWidget(m_count, 0, 2);
    grid->addWidget(m_menuButton, 0, 3);
    auto* body = new QVBoxLayout;
    body->setContentsMargins(4, 0, 0, 0);
    body->setSpacing(4);
    body->addWidget(m_summary);
    body->addWidget(m_error);
    body->addWidget(m_picture);
    body->addWidget(m_form);
    grid->addLayout(body, 1, 1, 1, 3);

    connect(m_arrow, &QToolButton::clicked, this, &MethodCard::headerClicked);
    connect(m_header, &QToolButton::clicked, this, &MethodCard::headerClicked);
    connect(m_form, &ParameterForm::edited, this, [this](const QString& id, const Json& value) {
        m_methods.setParameterValue(m_row, id, value);
    });
    connect(m_form, &ParameterForm::problemsChanged, this, &MethodCard::problemsChanged);
    connect(m_form, &ParameterForm::helpRequested, this, &MethodCard::helpRequested);
    auto* menu = new QMenu(m_menuButton);
    m_menuButton->setMenu(menu);
    connect(menu, &QMenu::aboutToShow, this, &MethodCard::fillMenu);
    m_picture->hide();
    m_form->hide();
}

void MethodCard::setRow(int row) {
    m_row = row;
    const QModelIndex index = m_methods.index(row);
    const QString text = index.data(MethodListModel::TextRole).toString();
    const int settings = index.data(MethodListModel::SettingsCountRole).toInt();
    const QString error = index.data(MethodListModel::ErrorRole).toString();
    const QString name = index.data(MethodListModel::NameRole).toString();
    m_header->setIcon(familyIcon(index.data(MethodListModel::IdRole).toString(), palette()));
    m_header->setText(name);
    m_text = text;
    m_header->setToolTip(index.data(Qt::ToolTipRole).toString());
    m_header->setAccessibleName(tr("%1, %n setting(s)", nullptr, settings).arg(text));
    m_count->setText(settings == 1 ? tr("1 setting") : tr("%1 settings").arg(settings));
    m_count->setVisible(error.isEmpty());
    m_summary->setText(breakable(text));
    m_error->setText(error);
    m_error->setVisible(!error.isEmpty());
    showForm();
}

void MethodCard::setExpanded(bool expanded) {
    m_expanded = expanded;
    m_arrow->setArrowType(expanded ? Qt::DownArrow : Qt::RightArrow);
    QFont font = m_header->font();
    font.setWeight(expanded ? QFont::DemiBold : QFont::Normal);
    m_header->setFont(font);
    showForm();
}

void MethodCard::showForm() {
    const SweptMethod& method = m_methods.method(m_row);
    // A method whose plugin is missing has no schema, so there is nothing to make a form from.
    const bool shown = m_expanded && m_registry.contains(method.method.id);
    if (shown) m_form->setMethod(method);
    m_picture->setVisible(shown);
    m_form->setVisible(shown);
}

bool MethodCard::hasProblems() const {
    return m_form->hasProblems();
}

void MethodCard::fillMenu() {
    QMenu* menu = m_menuButton->menu();
    menu->clear();
    menu->addAction(themedIcon(QStringLiteral("duplicate")), tr("Duplicate"),
                    [this] { m_methods.duplicateMethod(m_row); });
    menu->addAction(themedIcon(QStringLiteral("copy")), tr("Copy as text"),
                    [this] { QGuiApplication::clipboard()->setText(m_text); });
    menu->addAction(themedIcon(QStringLiteral("reset")), tr("Reset to defaults"), [this] {
        const std::string id = m_methods.method(m_row).method.id;
        m_methods.setMethod(m_row, SweptMethod{{id, Json::object()}});
    });
    menu->addSeparator();
    QAction* up =
        menu->addAction(tr("Move up"), [this] { m_methods.moveMethod(m_row, m_row - 1); });
    up->setEnabled(m_row > 0);
    QAction* down =
        menu->addAction(tr("Move down"), [this] { m_methods.moveMethod(m_row, m_row + 1); });
    down->setEnabled(m_row + 1 < m_methods.rowCount());
    menu->addSeparator();
    menu->addAction(themedIcon(QStringLiteral("remove")), tr("Remove"),
                    [this] { m_methods.removeMethod(m_row); });
}

void MethodCard::paintEvent(QPaintEvent*) {
    QPainter painter(this);
    painter.fillRect(QRect(8, height() - 1, width() - 16, 1), palette().color(QPalette::Mid));
}

void MethodCard::changeEvent(QEvent* event) {
    // The family's mark is drawn for the palette.
    if (event->type() == QEvent::PaletteChange && m_row >= 0) setRow(m_row);
    QWidget::changeEvent(event);
}

}  // namespace quantscope
