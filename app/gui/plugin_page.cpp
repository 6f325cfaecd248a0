// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/gui/plugin_page.h"

#include <QDialogButtonBox>
#include <QDir>
#include <QHeaderView>
#include <QLabel>
#include <QTableView>
#include <QVBoxLayout>

#include "app/models/plugin_list_model.h"

namespace quantscope {

PluginPage::PluginPage(QAbstractItemModel* plugins, QWidget* parent) : QDialog(parent) {
    setWindowTitle(tr("Plugins"));
    setAttribute(Qt::WA_DeleteOnClose);
    auto* lead = new QLabel(
        tr("Methods come from plugins. They are looked for in: %1. QUANTSCOPE_PLUGIN_PATH names "
           "further folders.")
            .arg(pluginFolders().join(QStringLiteral(", "))),
        this);
    lead->setWordWrap(true);
    lead->setTextInteractionFlags(Qt::TextSelectableByMouse);
    lead->setForegroundRole(QPalette::PlaceholderText);
    auto* table = new QTableView(this);
    table->setObjectName(QStringLiteral("pluginTable"));
    table->setAccessibleName(tr("Plugins"));
    table->setModel(plugins);
    table->setSelectionBehavior(QAbstractItemView::SelectRows);
    table->setSelectionMode(QAbstractItemView::SingleSelection);
    table->setFrameShape(QFrame::NoFrame);
    table->setShowGrid(false);
    table->setTabKeyNavigation(false);
    table->verticalHeader()->hide();
    table->verticalHeader()->setDefaultSectionSize(fontMetrics().height() + 8);
    table->resizeColumnsToContents();
    table->horizontalHeader()->setHighlightSections(false);
    auto* details = new QLabel(this);
    details->setObjectName(QStringLiteral("pluginDetails"));
    details->setWordWrap(true);
    details->setTextInteractionFlags(Qt::TextSelectableByMouse);
    details->setMinimumHeight(fontMetrics().height() * 4);
    details->setAlignment(Qt::AlignTop);
    connect(table->selectionModel(), &QItemSelectionModel::currentRowChanged, this,
            [details](const QModelIndex& current) {
                const auto cell = [&current](int column) {
                    return current.siblingAtColumn(column).data().toString();
                };
                const QString reason = cell(PluginListModel::Reason);
                details->setText(QStringList{
                    reason.isEmpty() ? current.data(PluginListModel::HelpRole).toString() : reason,
                    QDir::toNativeSeparators(cell(PluginListModel::Path))}
                                     .join(QLatin1Char('\n')));
            });
    auto* buttons = new QDialogButtonBox(QDialogButtonBox::Close, this);
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::close);

    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(16, 16, 16, 16);
    layout->setSpacing(8);
    layout->addWidget(lead);
    layout->addWidget(table, 1);
    layout->addWidget(details);
    layout->addWidget(buttons);
    if (plugins->rowCount() > 0) table->setCurrentIndex(plugins->index(0, 0));
    resize(fontMetrics().averageCharWidth() * 120, fontMetrics().height() * 26);
}

}  // namespace quantscope
