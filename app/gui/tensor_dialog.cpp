// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/gui/tensor_dialog.h"

#include <QCheckBox>
#include <QDialogButtonBox>
#include <QLabel>
#include <QPushButton>
#include <QVBoxLayout>
#include <algorithm>

#include "app/gui/fold_picture.h"
#include "app/gui/qt_text.h"
#include "app/gui/tensor_values.h"
#include "app/jobs/workbench.h"
#include "app/models/plot_builders.h"
#include "app/models/tensor_choice.h"
#include "app/plots/levels_plot.h"

namespace quantscope {

namespace {

QLabel* heading(const QString& text, QWidget* parent) {
    auto* label = new QLabel(text, parent);
    QFont strong = label->font();
    strong.setWeight(QFont::DemiBold);
    label->setFont(strong);
    return label;
}

QLabel* quietLabel(QWidget* parent) {
    auto* label = new QLabel(parent);
    label->setForegroundRole(QPalette::PlaceholderText);
    label->setWordWrap(true);
    return label;
}

}  // namespace

TensorDialog::TensorDialog(Workbench& bench, const QString& tensor, QWidget* parent)
    : QDialog(parent),
      m_bench(bench),
      m_tensor(tensor),
      m_info(*bench.tensors.tensor(tensor)),
      m_picture(new FoldPicture(this)),
      m_source(quietLabel(this)),
      m_figures(new ValueList(this)),
      m_statisticsNote(quietLabel(this)),
      m_histogram(new LevelsPlot(this)) {
    setWindowTitle(tr("Folding and statistics of %1").arg(tensor));
    setAttribute(Qt::WA_DeleteOnClose);
    auto* axes = new QVBoxLayout;
    axes->setSpacing(4);
    const FoldRule present = chosenFold(m_info, bench.document.spec().data);
    for (int axis = 0; axis < static_cast<int>(m_info.shape.size()); ++axis) {
        auto* box = new QCheckBox(
            tr("Axis %1, length %2").arg(axis).arg(m_info.shape[static_cast<std::size_t>(axis)]),
            this);
        box->setObjectName(QStringLiteral("rowAxis%1").arg(axis));
        box->setChecked(std::ranges::find(present.rowAxes, axis) != present.rowAxes.end());
        connect(box, &QCheckBox::toggled, this, &TensorDialog::showFold);
        axes->addWidget(box);
        m_rowAxes.push_back(box);
    }
    auto* buttons = new QDialogButtonBox(QDialogButtonBox::Close, this);
    m_apply = buttons->addButton(tr("Use this folding"), QDialogButtonBox::ApplyRole);
    m_apply->setObjectName(QStringLiteral("applyFold"));
    QPushButton* guess =
        buttons->addButton(tr("As the reader guessed"), QDialogButtonBox::ResetRole);
    connect(m_apply, &QPushButton::clicked, this, &TensorDialog::apply);
    connect(guess, &QPushButton::clicked, this, [this] {
        for (std::size_t axis = 0; axis < m_rowAxes.size(); ++axis) {
            m_rowAxes[axis]->setChecked(
                std::ranges::find(m_info.fold.rowAxes, static_cast<int>(axis)) !=
                m_info.fold.rowAxes.end());
        }
    });
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::close);

    auto* left = new QVBoxLayout;
    left->setSpacing(8);
    left->addWidget(heading(tr("Axes that make the rows"), this));
    left->addLayout(axes);
    left->addWidget(m_source);
    left->addWidget(m_picture);
    left->addStretch(1);
    auto* right = new QVBoxLayout;
    right->setSpacing(8);
    right->addWidget(heading(tr("Values"), this));
    right->addWidget(m_statisticsNote);
    right->addWidget(m_figures);
    right->addWidget(m_histogram, 1);
    auto* columns = new QHBoxLayout;
    columns->setSpacing(24);
    columns->addLayout(left);
    columns->addLayout(right, 1);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(16, 16, 16, 16);
    layout->setSpacing(16);
    layout->addLayout(columns, 1);
    layout->addWidget(buttons);

    connect(&bench.tensors, &QAbstractItemModel::dataChanged, this, &TensorDialog::showStatistics);
    // The dialog is about a tensor of this file; another file ends it.
    connect(&bench.tensors, &QAbstractItemModel::modelAboutToBeReset, this, &QDialog::close);
    m_source->setText(qtText(m_info.orientation));
    m_source->setVisible(!m_info.orientation.empty());
    showFold();
    showStatistics();
    resize(sizeHint().expandedTo(QSize(fontMetrics().averageCharWidth() * 130, 0)));
}

FoldRule TensorDialog::fold() const {
    FoldRule fold;
    fold.rowAxes.clear();
    for (std::size_t axis = 0; axis < m_rowAxes.size(); ++axis) {
        if (m_rowAxes[axis]->isChecked()) fold.rowAxes.push_back(static_cast<int>(axis));
    }
    return fold;
}

void TensorDialog::showFold() {
    const FoldRule wanted = fold();
    m_picture->setFold(m_info.shape, wanted);
    m_apply->setEnabled(wanted != chosenFold(m_info, m_bench.document.spec().data));
}

void TensorDialog::showStatistics() {
    // Asking for them makes the model request them.
    const QModelIndex index = m_bench.tensors.indexOf(m_tensor);
    const auto statistics = index.data(TensorTreeModel::StatisticsRole).value<StatisticsPointer>();
    const QString error = index.data(TensorTreeModel::StatisticsErrorRole).toString();
    m_statisticsNote->setText(statistics         ? QString()
                              : !error.isEmpty() ? error
                                                 : tr("The values are being read."));
    m_statisticsNote->setVisible(!m_statisticsNote->text().isEmpty());
    m_figures->setValues(statisticValues(statistics.get()));
    if (statistics) m_histogram->setData(buildLevels(*statistics, nullptr));
}

void TensorDialog::apply() {
    ExperimentSpec spec = m_bench.document.spec();
    spec.data = withFold(m_bench.tensors.tensors(), spec.data, m_tensor.toStdString(), fold());
    m_bench.document.edit(tr("change folding of %1").arg(m_tensor), spec);
    showFold();
}

}  // namespace quantscope
