// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/models/tensor_tree_model.h"

#include <algorithm>
#include <array>
#include <functional>

#include "app/models/experiment_document.h"
#include "app/models/plot_builders.h"
#include "app/models/tensor_choice.h"
#include "core/base/text.h"

namespace quantscope {

namespace {

constexpr int histogramBins = 32;
constexpr double histogramSigmas = 4.0;

QString shapeText(const Shape& shape) {
    return QString::fromStdString(formatShape(shape)).replace(QLatin1Char('x'), QChar(0x00D7));
}

QList<double> histogramShares(const TensorStatistics& statistics) {
    const HistogramAxis axis = histogramAxis(statistics, histogramBins, histogramSigmas);
    const std::uint64_t finite = statistics.count - statistics.nan - statistics.inf;
    QList<double> shares;
    for (const double count : statistics.histogram.binned(axis.low, axis.high(), axis.bins)) {
        shares << (finite == 0 ? 0.0 : count / static_cast<double>(finite));
    }
    return shares;
}

}  // namespace

// Numbers stand under one another, and titles over their columns.
Qt::Alignment alignment(int column) {
    const bool number = column == TensorTreeModel::Size || column == TensorTreeModel::ShapeColumn;
    return (number ? Qt::AlignRight : Qt::AlignLeft) | Qt::AlignVCenter;
}

// Where the group part of a name ends: at the last slash, or, in flat names as PyTorch writes them,
// after the number of the layer ("model.layers.0" of "model.layers.0.mlp.down_proj.weight").
std::size_t groupEnd(const std::string& name) {
    const std::size_t slash = name.rfind('/');
    if (slash != std::string::npos) return slash;
    std::size_t end = std::string::npos;
    std::size_t begin = 0;
    for (std::size_t dot = name.find('.'); dot != std::string::npos; dot = name.find('.', begin)) {
        const std::string_view segment(name.data() + begin, dot - begin);
        const bool number = !segment.empty() && std::ranges::all_of(segment, [](char letter) {
            return letter >= '0' && letter <= '9';
        });
        if (number) end = dot;
        begin = dot + 1;
    }
    return end;
}

// A group (no tensor) or a leaf. Names in a file are unique and no tensor is also a group.
struct TensorTreeModel::Node {
    Node* parent = nullptr;
    int row = 0;
    QString segment;
    int tensor = -1;  // Position in m_tensors; -1 for groups.
    std::uint64_t bytes = 0;
    int quantizable = 0;  // Tensors here and below.
    int chosen = 0;
    std::vector<std::unique_ptr<Node>> children;

    Node& add(const QString& name) {
        auto node = std::make_unique<Node>();
        node->parent = this;
        node->row = static_cast<int>(children.size());
        node->segment = name;
        children.push_back(std::move(node));
        return *children.back();
    }

    // Groups that hold nothing but one group become one with it: "conv2d_1/conv2d_1_1".
    void mergeSingleGroups() {
        for (const auto& child : children) {
            while (child->tensor < 0 && child->children.size() == 1 &&
                   child->children.front()->tensor < 0) {
                const std::unique_ptr<Node> inner = std::move(child->children.front());
                child->segment += QLatin1Char('/') + inner->segment;
                child->children = std::move(inner->children);
                for (const auto& grandchild : child->children)
                    grandchild->parent = child.get();
            }
            child->mergeSingleGroups();
        }
    }
};

TensorTreeModel::TensorTreeModel(ExperimentDocument* document, QObject* parent)
    : QAbstractItemModel(parent), m_document(document), m_root(std::make_unique<Node>()) {
    connect(document, &ExperimentDocument::dataChanged, this, &TensorTreeModel::refreshChosen);
}

TensorTreeModel::~TensorTreeModel() = default;

void TensorTreeModel::setTensors(std::vector<TensorInfo> tensors) {
    beginResetModel();
    m_tensors = std::move(tensors);
    m_requested.clear();
    m_statistics.clear();
    m_statisticsErrors.clear();
    rebuild();
    endResetModel();
    refreshChosen();
}

void TensorTreeModel::rebuild() {
    m_root = std::make_unique<Node>();
    m_leaves.clear();
    m_chosen.clear();
    m_quantizableCount = 0;
    std::map<std::string, Node*> groups = {{"", m_root.get()}};
    const std::function<Node&(const std::string&)> groupAt = [&](const std::string& path) -> Node& {
        Node*& group = groups[path];
        if (group == nullptr) {
            const std::size_t slash = path.rfind('/');
            Node& outer = groupAt(slash == std::string::npos ? "" : path.substr(0, slash));
            group = &outer.add(QString::fromStdString(path.substr(slash + 1)));
        }
        return *group;
    };
    for (std::size_t i = 0; i < m_tensors.size(); ++i) {
        const TensorInfo& tensor = m_tensors[i];
        const std::size_t end = groupEnd(tensor.name);
        Node& group = groupAt(end == std::string::npos ? "" : tensor.name.substr(0, end));
        Node& leaf = group.add(QString::fromStdString(tensor.name.substr(end + 1)));
        leaf.tensor = static_cast<int>(i);
        m_leaves[tensor.name] = &leaf;
        m_quantizableCount += tensor.quantizable ? 1 : 0;
        for (Node* node = &leaf; node != nullptr; node = node->parent) {
            node->bytes += tensor.bytes;
            node->quantizable += tensor.quantizable ? 1 : 0;
        }
    }
    m_root->mergeSingleGroups();
}

void TensorTreeModel::refreshChosen() {
    std::set<std::string> chosen = chosenTensors(m_tensors, m_document->spec().data);
    if (chosen == m_chosen) return;
    const auto count = [this](const std::string& name, int change) {
        for (Node* node = m_leaves.at(name); node != nullptr; node = node->parent) {
            node->chosen += change;
        }
    };
    for (const std::string& name : m_chosen)
        count(name, -1);
    m_chosen = std::move(chosen);
    for (const std::string& name : m_chosen)
        count(name, +1);
    notifyChecks(*m_root);
    Q_EMIT chosenChanged();
}

void TensorTreeModel::notifyChecks(const Node& node) {
    if (node.children.empty()) return;
    Q_EMIT dataChanged(
        createIndex(0, Name, node.children.front().get()),
        createIndex(static_cast<int>(node.children.size()) - 1, Name, node.children.back().get()),
        {Qt::CheckStateRole});
    for (const auto& child : node.children)
        notifyChecks(*child);
}

TensorTreeModel::Node* TensorTreeModel::node(const QModelIndex& index) const {
    return index.isValid() ? static_cast<Node*>(index.internalPointer()) : m_root.get();
}

QModelIndex TensorTreeModel::indexOf(const QString& tensorName) const {
    const auto found = m_leaves.find(tensorName.toStdString());
    return found == m_leaves.end() ? QModelIndex()
                                   : createIndex(found->second->row, Name, found->second);
}

const TensorInfo* TensorTreeModel::tensor(const QModelIndex& index) const {
    const int position = index.isValid() ? node(index)->tensor : -1;
    return position < 0 ? nullptr : &m_tensors[static_cast<std::size_t>(position)];
}

const TensorInfo* TensorTreeModel::tensor(const QString& name) const {
    return tensor(indexOf(name));
}

void TensorTreeModel::choose(const std::set<std::string>& wanted) {
    ExperimentSpec spec = m_document->spec();
    spec.data = withChosenTensors(m_tensors, spec.data, wanted);
    m_document->edit(tr("choose tensors"), spec);
}

void TensorTreeModel::setStatistics(const QString& tensorName,
                                    const StatisticsPointer& statistics) {
    const QModelIndex index = indexOf(tensorName);
    if (!index.isValid()) return;
    m_statistics[tensorName.toStdString()] = statistics;
    m_statisticsErrors.erase(tensorName.toStdString());
    Q_EMIT dataChanged(index, index.siblingAtColumn(ColumnCount - 1),
                       {HistogramRole, StatisticsRole, Qt::ToolTipRole});
}

void TensorTreeModel::setStatisticsError(const QString& tensorName, const QString& reason) {
    const QModelIndex index = indexOf(tensorName);
    if (!index.isValid()) return;
    m_statisticsErrors[tensorName.toStdString()] = reason;
    Q_EMIT dataChanged(index, index.siblingAtColumn(ColumnCount - 1),
                       {StatisticsErrorRole, Qt::ToolTipRole});
}

StatisticsPointer TensorTreeModel::statistics(const QString& tensorName) const {
    const auto found = m_statistics.find(tensorName.toStdString());
    return found == m_statistics.end() ? nullptr : found->second;
}

QModelIndex TensorTreeModel::index(int row, int column, const QModelIndex& parent) const {
    if (!hasIndex(row, column, parent)) return {};
    return createIndex(row, column, node(parent)->children[static_cast<std::size_t>(row)].get());
}

QModelIndex TensorTreeModel::parent(const QModelIndex& child) const {
    if (!child.isValid()) return {};
    Node* group = node(child)->parent;
    return group == m_root.get() ? QModelIndex() : createIndex(group->row, Name, group);
}

int TensorTreeModel::rowCount(const QModelIndex& parent) const {
    return parent.column() > 0 ? 0 : static_cast<int>(node(parent)->children.size());
}

int TensorTreeModel::columnCount(const QModelIndex& /*parent*/) const {
    return ColumnCount;
}

Qt::CheckState TensorTreeModel::checkState(const Node& node) const {
    if (node.chosen == 0) return Qt::Unchecked;
    return node.chosen == node.quantizable ? Qt::Checked : Qt::PartiallyChecked;
}

QVariant TensorTreeModel::text(const Node& node, int column) const {
    if (column == Name) return node.segment;
    if (column == Size) return QString::fromStdString(formatBytes(node.bytes));
    if (node.tensor < 0) return {};
    const TensorInfo& info = m_tensors[static_cast<std::size_t>(node.tensor)];
    switch (column) {
        case ShapeColumn:
            return shapeText(info.shape);
        case DType:
            return QString::fromStdString(info.dtype);
        case Remark:
            return QString::fromStdString(info.reason.empty() ? info.orientation : info.reason);
        default:
            return {};
    }
}

QVariant TensorTreeModel::toolTip(const Node& node) const {
    if (node.tensor < 0) {
        return tr("%1 of %2 tensors chosen").arg(node.chosen).arg(node.quantizable);
    }
    const TensorInfo& info = m_tensors[static_cast<std::size_t>(node.tensor)];
    QStringList lines = {QString::fromStdString(info.name)};
    const auto add = [&](const std::string& line) {
        if (!line.empty()) lines << QString::fromStdString(line);
    };
    add(formatShape(info.shape) + " " + info.dtype + ", " + formatBytes(info.bytes));
    add(info.orientation);
    add(info.reason);
    add(info.link);
    if (const StatisticsPointer known = statistics(lines.front())) {
        add("min " + formatSignificant(known->min) + ", max " + formatSignificant(known->max) +
            ", mean " + formatSignificant(known->mean) + ", standard deviation " +
            formatSignificant(known->standardDeviation));
        add("kurtosis " + formatSignificant(known->kurtosis) + ", zeros " +
            std::to_string(known->zeros) + ", outliers beyond 6 standard deviations " +
            std::to_string(known->outliers));
        if (known->nan + known->inf > 0) {
            add(std::to_string(known->nan) + " NaN, " + std::to_string(known->inf) + " infinite");
        }
    } else if (const auto error = m_statisticsErrors.find(info.name);
               error != m_statisticsErrors.end()) {
        lines << error->second;
    }
    return lines.join(QLatin1Char('\n'));
}

QVariant TensorTreeModel::sortValue(const Node& node, int column) const {
    if (column == Size) return QVariant::fromValue<quint64>(node.bytes);
    if (column == ShapeColumn) {
        const int tensor = node.tensor;
        return tensor < 0 ? 0.0
                          : static_cast<double>(
                                elementCount(m_tensors[static_cast<std::size_t>(tensor)].shape));
    }
    return text(node, column);
}

StatisticsPointer TensorTreeModel::wantedStatistics(const Node& node) const {
    if (node.tensor < 0) return nullptr;
    const TensorInfo& info = m_tensors[static_cast<std::size_t>(node.tensor)];
    if (!info.quantizable) return nullptr;
    const auto found = m_statistics.find(info.name);
    if (found != m_statistics.end()) return found->second;
    if (m_requested.insert(info.name).second) {
        Q_EMIT statisticsNeeded(QString::fromStdString(info.name));
    }
    return nullptr;
}

QVariant TensorTreeModel::histogram(const Node& node) const {
    const StatisticsPointer known = wantedStatistics(node);
    return known ? QVariant::fromValue(histogramShares(*known)) : QVariant();
}

QVariant TensorTreeModel::data(const QModelIndex& index, int role) const {
    if (!checkIndex(index, CheckIndexOption::IndexIsValid)) return {};
    const Node& item = *node(index);
    const TensorInfo* info = tensor(index);
    switch (role) {
        case Qt::DisplayRole:
            return text(item, index.column());
        case Qt::ToolTipRole:
            return toolTip(item);
        case Qt::TextAlignmentRole:
            return QVariant::fromValue(alignment(index.column()));
        case Qt::CheckStateRole:
            if (index.column() != Name || item.quantizable == 0) return {};
            return checkState(item);
        case TensorNameRole:
            return info == nullptr ? QString() : QString::fromStdString(info->name);
        case QuantizableRole:
            return item.quantizable > 0;
        case HistogramRole:
            return histogram(item);
        case StatisticsRole:
            return QVariant::fromValue(wantedStatistics(item));
        case StatisticsErrorRole: {
            const auto error = m_statisticsErrors.find(info == nullptr ? "" : info->name);
            return error == m_statisticsErrors.end() ? QString() : error->second;
        }
        case SortRole:
            return sortValue(item, index.column());
        default:
            return {};
    }
}

bool TensorTreeModel::setData(const QModelIndex& index, const QVariant& value, int role) {
    if (role != Qt::CheckStateRole || !(flags(index) & Qt::ItemIsUserCheckable)) return false;
    std::set<std::string> wanted = m_chosen;
    const bool check = value.value<Qt::CheckState>() != Qt::Unchecked;
    const std::function<void(const Node&)> visit = [&](const Node& item) {
        for (const auto& child : item.children)
            visit(*child);
        if (item.tensor < 0) return;
        const TensorInfo& info = m_tensors[static_cast<std::size_t>(item.tensor)];
        if (!info.quantizable) return;
        if (check) {
            wanted.insert(info.name);
        } else {
            wanted.erase(info.name);
        }
    };
    visit(*node(index));
    choose(wanted);
    return true;
}

Qt::ItemFlags TensorTreeModel::flags(const QModelIndex& index) const {
    Qt::ItemFlags flags = QAbstractItemModel::flags(index);
    if (!index.isValid()) return flags;
    const Node& item = *node(index);
    if (index.column() == Name && item.quantizable > 0) flags |= Qt::ItemIsUserCheckable;
    if (item.children.empty()) flags |= Qt::ItemNeverHasChildren;
    return flags;
}

QVariant TensorTreeModel::headerData(int section, Qt::Orientation orientation, int role) const {
    if (orientation != Qt::Horizontal) return {};
    if (role == Qt::TextAlignmentRole) return QVariant::fromValue(alignment(section));
    if (role != Qt::DisplayRole) return {};
    static const std::array<QString, ColumnCount> titles = {tr("Name"), tr("Shape"), tr("Type"),
                                                            tr("Size"), tr("Remark")};
    return section < 0 || section >= ColumnCount ? QVariant()
                                                 : titles[static_cast<std::size_t>(section)];
}

}  // namespace quantscope
