// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QAbstractItemModel>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "core/tensor/statistics.h"
#include "core/tensor/tensor_info.h"

namespace quantscope {

class ExperimentDocument;

using StatisticsPointer = std::shared_ptr<const TensorStatistics>;

/// The tensors of the open file as a tree of path segments. Check marks show what the spec's globs
/// choose; checking edits the spec. Groups are checked in part when some of their tensors are.
class TensorTreeModel : public QAbstractItemModel {
    Q_OBJECT
public:
    enum Column { Name, ShapeColumn, DType, Size, Remark, ColumnCount };
    enum Role {
        TensorNameRole = Qt::UserRole,  ///< QString, full name; empty for groups.
        QuantizableRole,                ///< bool; for groups: whether any tensor below is.
        /// QList<double>, 32 shares over mean +- 4 standard deviations, clipped to min..max;
        /// invalid until statistics are there. Asking for it requests them.
        HistogramRole,
        StatisticsRole,       ///< StatisticsPointer, may be null. Asking for it requests them.
        StatisticsErrorRole,  ///< QString: why there are none.
        SortRole,             ///< Numbers for Size and Shape, text otherwise.
    };

    /// `document` may not be null and outlives the model.
    explicit TensorTreeModel(ExperimentDocument* document, QObject* parent = nullptr);
    ~TensorTreeModel() override;

    /// Shows another file's tensors (empty: none) and forgets all statistics.
    void setTensors(std::vector<TensorInfo> tensors);
    const std::vector<TensorInfo>& tensors() const { return m_tensors; }

    QModelIndex indexOf(const QString& tensorName) const;
    /// Null for groups.
    const TensorInfo* tensor(const QModelIndex& index) const;
    const TensorInfo* tensor(const QString& name) const;

    /// How many tensors are chosen, and how many could be ("12 of 47").
    int chosenCount() const { return static_cast<int>(m_chosen.size()); }
    int quantizableCount() const { return m_quantizableCount; }
    const std::set<std::string>& chosen() const { return m_chosen; }
    /// Chooses exactly these tensors; one undo step.
    void choose(const std::set<std::string>& wanted);

    /// Results of what statisticsNeeded() asked for.
    void setStatistics(const QString& tensorName, const StatisticsPointer& statistics);
    void setStatisticsError(const QString& tensorName, const QString& reason);
    StatisticsPointer statistics(const QString& tensorName) const;

    QModelIndex index(int row, int column, const QModelIndex& parent = {}) const override;
    QModelIndex parent(const QModelIndex& child) const override;
    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role = Qt::DisplayRole) const override;
    bool setData(const QModelIndex& index, const QVariant& value, int role) override;
    Qt::ItemFlags flags(const QModelIndex& index) const override;
    QVariant headerData(int section, Qt::Orientation orientation,
                        int role = Qt::DisplayRole) const override;

Q_SIGNALS:
    /// A view asked for statistics that are not there; emitted once per tensor.
    void statisticsNeeded(const QString& tensorName) const;
    void chosenChanged();

private:
    struct Node;

    Node* node(const QModelIndex& index) const;
    void rebuild();
    void refreshChosen();
    void notifyChecks(const Node& node);
    Qt::CheckState checkState(const Node& node) const;
    QVariant text(const Node& node, int column) const;
    QVariant toolTip(const Node& node) const;
    QVariant sortValue(const Node& node, int column) const;
    QVariant histogram(const Node& node) const;
    StatisticsPointer wantedStatistics(const Node& node) const;

    ExperimentDocument* m_document;
    std::vector<TensorInfo> m_tensors;
    std::unique_ptr<Node> m_root;
    std::map<std::string, Node*> m_leaves;
    std::set<std::string> m_chosen;
    int m_quantizableCount = 0;
    mutable std::set<std::string> m_requested;
    std::map<std::string, StatisticsPointer> m_statistics;
    std::map<std::string, QString> m_statisticsErrors;
};

}  // namespace quantscope

Q_DECLARE_METATYPE(quantscope::StatisticsPointer)
