// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QDialog>

#include "core/tensor/tensor_info.h"

class QCheckBox;
class QLabel;
class QPushButton;

namespace quantscope {

class FoldPicture;
class LevelsPlot;
class ValueList;
class Workbench;

/// How a tensor is folded into rows and columns, drawn and to be changed, with its statistics and
/// histogram. Not modal.
class TensorDialog : public QDialog {
    Q_OBJECT

public:
    /// `bench` outlives the dialog; `tensor` is one of the open file.
    TensorDialog(Workbench& bench, const QString& tensor, QWidget* parent);

    FoldRule fold() const;

private:
    void showFold();
    void showStatistics();
    void apply();

    Workbench& m_bench;
    QString m_tensor;
    TensorInfo m_info;
    std::vector<QCheckBox*> m_rowAxes;
    FoldPicture* m_picture;
    QLabel* m_source;
    ValueList* m_figures;
    QLabel* m_statisticsNote;
    LevelsPlot* m_histogram;
    QPushButton* m_apply;
};

}  // namespace quantscope
