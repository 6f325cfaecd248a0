// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/gui/data_panel.h"

#include <QClipboard>
#include <QGuiApplication>
#include <QHeaderView>
#include <QLabel>
#include <QLineEdit>
#include <QMenu>
#include <QTreeView>
#include <QVBoxLayout>
#include <functional>

#include "app/gui/empty_state.h"
#include "app/gui/tensor_delegate.h"
#include "app/gui/themed_icon.h"
#include "app/jobs/workbench.h"

namespace quantscope {

namespace {

// Widths of the panel, in heights of its font, from which there is room for more than the name, its
// picture and the shape; the rest stands in the tooltip and in the panel Selected.
constexpr int sizeFromWidth = 26;
constexpr int typeFromWidth = 31;

// A tree this long is worth showing unfolded; longer ones start with their top groups.
constexpr int longestExpanded = 400;

void forEachTensor(const QAbstractItemModel& model, const QModelIndex& parent,
                   const std::function<void(const QString&)>& visit) {
    for (int row = 0; row < model.rowCount(parent); ++row) {
        const QModelIndex index = model.index(row, TensorTreeModel::Name, parent);
        const QString name = index.data(TensorTreeModel::TensorNameRole).toString();
        if (name.isEmpty()) {
            forEachTensor(model, index, visit);
        } else if (index.data(TensorTreeModel::QuantizableRole).toBool()) {
            visit(name);
        }
    }
}

}  // namespace

DataPanel::DataPanel(Workbench& bench, QAction* open, QWidget* parent)
    : QWidget(parent),
      m_bench(bench),
      m_open(open),
      m_filter(new QLineEdit(this)),
      m_tree(new QTreeView(this)),
      m_counts(new QLabel(this)) {
    setUpFilter();
    setUpTree();
    auto* page = new QWidget(this);
    auto* pageLayout = new QVBoxLayout(page);
    pageLayout->setContentsMargins(0, 0, 0, 0);
    pageLayout->setSpacing(4);
    auto* filterRow = new QHBoxLayout;
    filterRow->setContentsMargins(8, 0, 8, 0);
    filterRow->addWidget(m_filter);
    pageLayout->addLayout(filterRow);
    pageLayout->addWidget(m_tree, 1);
    m_counts->setContentsMargins(8, 4, 8, 8);
    m_counts->setForegroundRole(QPalette::PlaceholderText);
    pageLayout->addWidget(m_counts);
    m_content = new ContentOrEmpty(page, this);
    // Names are what it is for.
    setMinimumWidth(30 * fontMetrics().averageCharWidth());
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->addWidget(m_content);

    connect(&bench.selection, &TrialSelection::currentTensorChanged, this,
            &DataPanel::followCurrentTensor);
    connect(&bench.tensors, &QAbstractItemModel::modelReset, this, &DataPanel::followModel);
    connect(&bench.data, &DataLoader::opened, this,
            [this] { m_tree->setFocus(Qt::OtherFocusReason); });
    connect(&bench.tensors, &TensorTreeModel::chosenChanged, this, &DataPanel::showCounts);
    connect(&bench.data, &DataLoader::stateChanged, this, &DataPanel::followData);
    followData();
    followModel();
}

void DataPanel::setUpFilter() {
    m_filter->setObjectName(QStringLiteral("tensorFilter"));
    m_filter->setPlaceholderText(tr("Filter tensors"));
    m_filter->setToolTip(tr("Words that the name contains, or a pattern such as *.q_proj.*"));
    m_filter->setAccessibleName(tr("Filter tensors"));
    m_filter->setClearButtonEnabled(true);
    m_filter->addAction(themedIcon(QStringLiteral("search"), QPalette::PlaceholderText),
                        QLineEdit::LeadingPosition);
    connect(m_filter, &QLineEdit::textChanged, &m_bench.filteredTensors,
            &TensorFilterModel::setFilterText);
    connect(m_filter, &QLineEdit::textChanged, this, [this](const QString& text) {
        if (!text.isEmpty()) m_tree->expandAll();
        showCounts();
    });
}

void DataPanel::setUpTree() {
    m_tree->setObjectName(QStringLiteral("tensorTree"));
    m_tree->setAccessibleName(tr("Tensors"));
    m_tree->setModel(&m_bench.filteredTensors);
    m_tree->setItemDelegate(new TensorDelegate(m_tree));
    m_tree->setUniformRowHeights(true);
    m_tree->setAllColumnsShowFocus(true);
    m_tree->setFrameShape(QFrame::NoFrame);
    m_tree->setIndentation(16);
    m_tree->setSortingEnabled(false);
    m_tree->setContextMenuPolicy(Qt::CustomContextMenu);
    QHeaderView* header = m_tree->header();
    header->setStretchLastSection(false);
    header->setSectionsMovable(false);
    header->setSectionResizeMode(TensorTreeModel::Name, QHeaderView::Stretch);
    for (const int column :
         {TensorTreeModel::ShapeColumn, TensorTreeModel::DType, TensorTreeModel::Size}) {
        header->setSectionResizeMode(column, QHeaderView::ResizeToContents);
    }
    m_tree->setColumnHidden(TensorTreeModel::Remark, true);
    connect(m_tree, &QTreeView::customContextMenuRequested, this, &DataPanel::showContextMenu);
    connect(m_tree->selectionModel(), &QItemSelectionModel::currentChanged, this,
            [this](const QModelIndex& current) {
                const QString name =
                    current.siblingAtColumn(0).data(TensorTreeModel::TensorNameRole).toString();
                if (!name.isEmpty()) m_bench.selection.setCurrentTensor(name);
            });
    connect(m_tree, &QTreeView::doubleClicked, this, [this](const QModelIndex& index) {
        const QString name =
            index.siblingAtColumn(0).data(TensorTreeModel::TensorNameRole).toString();
        if (!name.isEmpty()) Q_EMIT detailsRequested(name);
    });
}

void DataPanel::focusFilter() {
    m_filter->setFocus(Qt::ShortcutFocusReason);
    m_filter->selectAll();
}

void DataPanel::resizeEvent(QResizeEvent* event) {
    QWidget::resizeEvent(event);
    const int em = fontMetrics().height();
    m_tree->setColumnHidden(TensorTreeModel::Size, width() < sizeFromWidth * em);
    m_tree->setColumnHidden(TensorTreeModel::DType, width() < typeFromWidth * em);
}

void DataPanel::followData() {
    const DataLoader::State state = m_bench.data.state();
    EmptyState& empty = m_content->emptyState();
    switch (state) {
        case DataLoader::State::Closed:
            empty.setContent(tr("No file is open"),
                             tr("The tensors of a file appear here. Drop an HDF5 file on the "
                                "window, or open one."),
                             m_open);
            break;
        case DataLoader::State::Opening:
            empty.setContent(tr("Opening the file"),
                             tr("It is checked in a process of its own first."));
            break;
        case DataLoader::State::Failed:
            empty.setContent(tr("The file could not be opened"), m_bench.data.error().why, m_open);
            break;
        case DataLoader::State::Open:
            empty.setContent(tr("The file has no tensors"),
                             tr("It holds no datasets. Open another file."), m_open);
            break;
    }
    m_content->showEmpty(state != DataLoader::State::Open || m_bench.tensors.tensors().empty());
}

void DataPanel::followModel() {
    followData();
    if (m_bench.tensors.tensors().size() <= longestExpanded) {
        m_tree->expandAll();
    } else {
        m_tree->expandToDepth(0);
    }
    showCounts();
    followCurrentTensor(m_bench.selection.currentTensor());
}

void DataPanel::showCounts() {
    QString text = tr("%1 of %2 chosen")
                       .arg(m_bench.tensors.chosenCount())
                       .arg(m_bench.tensors.quantizableCount());
    const auto others =
        static_cast<int>(m_bench.tensors.tensors().size()) - m_bench.tensors.quantizableCount();
    if (others > 0) text += tr(", %1 cannot be quantized").arg(others);
    if (!m_filter->text().isEmpty()) {
        int shown = 0;
        forEachTensor(m_bench.filteredTensors, {}, [&shown](const QString&) { ++shown; });
        text += tr(", %1 shown").arg(shown);
    }
    m_counts->setText(text);
}

void DataPanel::followCurrentTensor(const QString& tensor) {
    const QModelIndex index =
        m_bench.filteredTensors.mapFromSource(m_bench.tensors.indexOf(tensor));
    if (!index.isValid() || index == m_tree->currentIndex().siblingAtColumn(0)) return;
    m_tree->setCurrentIndex(index);
    m_tree->scrollTo(index);
}

void DataPanel::chooseShown(bool chosen) {
    std::set<std::string> wanted = m_bench.tensors.chosen();
    forEachTensor(m_bench.filteredTensors, {}, [&](const QString& name) {
        if (chosen) {
            wanted.insert(name.toStdString());
        } else {
            wanted.erase(name.toStdString());
        }
    });
    m_bench.tensors.choose(wanted);
}

void DataPanel::showContextMenu(const QPoint& position) {
    const QModelIndex index = m_tree->indexAt(position).siblingAtColumn(0);
    const QString name = index.data(TensorTreeModel::TensorNameRole).toString();
    const bool quantizable = index.data(TensorTreeModel::QuantizableRole).toBool();
    QMenu menu(this);
    if (!name.isEmpty()) {
        QAction* details =
            menu.addAction(themedIcon(QStringLiteral("fold")), tr("Folding and statistics..."),
                           [this, name] { Q_EMIT detailsRequested(name); });
        details->setEnabled(quantizable);
        QAction* only = menu.addAction(tr("Choose this one alone"), [this, name] {
            m_bench.tensors.choose({name.toStdString()});
        });
        only->setEnabled(quantizable);
        menu.addAction(themedIcon(QStringLiteral("copy")), tr("Copy name"),
                       [name] { QGuiApplication::clipboard()->setText(name); });
        menu.addSeparator();
    }
    const bool filtered = !m_filter->text().isEmpty();
    menu.addAction(filtered ? tr("Choose all shown") : tr("Choose all"),
                   [this] { chooseShown(true); });
    menu.addAction(filtered ? tr("Choose none of those shown") : tr("Choose none"),
                   [this] { chooseShown(false); });
    menu.addSeparator();
    menu.addAction(tr("Expand all"), m_tree, &QTreeView::expandAll);
    menu.addAction(tr("Collapse all"), m_tree, &QTreeView::collapseAll);
    menu.exec(m_tree->viewport()->mapToGlobal(position));
}

}  // namespace quantscope
