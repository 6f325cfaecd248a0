// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/gui/panel_dock.h"

#include <QAction>
#include <QHBoxLayout>
#include <QLabel>
#include <QMainWindow>
#include <QToolButton>

#include "app/gui/themed_icon.h"

namespace quantscope {

PanelDock::PanelDock(const QString& title, const QString& name, QWidget* panel, QWidget* parent)
    : QDockWidget(title, parent),
      m_bar(new QWidget(this)),
      m_noBar(new QWidget(this)),
      m_caption(new QLabel(title, m_bar)) {
    setObjectName(name);
    setWidget(panel);
    m_noBar->setFixedHeight(0);
    m_noBar->hide();
    QFont strong = m_caption->font();
    strong.setWeight(QFont::DemiBold);
    m_caption->setFont(strong);
    auto* close = new QToolButton(m_bar);
    close->setAutoRaise(true);
    close->setIcon(themedIcon(QStringLiteral("close"), QPalette::PlaceholderText));
    close->setToolTip(tr("Close this panel; View brings it back"));
    close->setAccessibleName(tr("Close panel %1").arg(title));
    close->setFocusPolicy(Qt::TabFocus);
    connect(close, &QToolButton::clicked, this, &QDockWidget::close);
    auto* layout = new QHBoxLayout(m_bar);
    layout->setContentsMargins(8, 4, 4, 4);
    layout->setSpacing(0);
    layout->addWidget(m_caption, 1);
    layout->addWidget(close);
    setTitleBarWidget(m_bar);
    // Tab groups change with visibility and place; both are settled only when Qt is done with them.
    const auto follow = [this] {
        QMetaObject::invokeMethod(this, &PanelDock::followTabs, Qt::QueuedConnection);
    };
    connect(this, &QDockWidget::visibilityChanged, this, follow);
    connect(this, &QDockWidget::dockLocationChanged, this, follow);
    connect(this, &QDockWidget::topLevelChanged, this, follow);
}

void PanelDock::addTitleAction(QAction* action) {
    auto* button = new QToolButton(m_bar);
    button->setDefaultAction(action);
    button->setAutoRaise(true);
    button->setToolButtonStyle(Qt::ToolButtonIconOnly);
    button->setPopupMode(QToolButton::InstantPopup);
    button->setFocusPolicy(Qt::TabFocus);
    button->setAccessibleName(action->text());
    static_cast<QHBoxLayout*>(m_bar->layout())->insertWidget(1, button);
}

void PanelDock::followTabs() {
    const auto* window = qobject_cast<QMainWindow*>(parentWidget());
    const bool tab = window && !isFloating() && !window->tabifiedDockWidgets(this).isEmpty();
    // Hiding the bar would leave its room empty; another bar takes none.
    QWidget* bar = tab ? m_noBar : m_bar;
    if (titleBarWidget() == bar) return;
    setTitleBarWidget(bar);
    bar->show();
}

}  // namespace quantscope
