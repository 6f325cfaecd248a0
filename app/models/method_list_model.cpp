// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/models/method_list_model.h"

#include <algorithm>
#include <iterator>

#include "app/models/experiment_document.h"
#include "core/base/error.h"

namespace quantscope {

namespace {

QString idOf(const SweptMethod& method) {
    return QString::fromStdString(method.method.id);
}

}  // namespace

MethodListModel::MethodListModel(ExperimentDocument* document, const MethodRegistry* registry,
                                 QObject* parent)
    : QAbstractListModel(parent), m_document(document), m_registry(registry) {
    connect(document, &ExperimentDocument::methodsChanged, this, &MethodListModel::followDocument);
    followDocument();
}

MethodListModel::Row MethodListModel::describe(const SweptMethod& method) const {
    return {method, methodProblem(method, *m_registry),
            static_cast<int>(quantscope::settingsCount(method))};
}

// Keeps rows that did not change, so that views keep their selection: the common head and tail
// stay, the middle is updated, inserted or removed.
void MethodListModel::followDocument() {
    const std::vector<SweptMethod>& methods = m_document->spec().methods;
    const auto same = [](const Row& row, const SweptMethod& method) {
        return row.method == method;
    };
    const auto [headRow, headMethod] =
        std::mismatch(m_rows.begin(), m_rows.end(), methods.begin(), methods.end(), same);
    const auto head = headRow - m_rows.begin();
    const auto [tailRow, tailMethod] =
        std::mismatch(m_rows.rbegin(), std::make_reverse_iterator(headRow), methods.rbegin(),
                      std::make_reverse_iterator(headMethod), same);
    const auto oldMiddle = static_cast<int>(tailRow.base() - headRow);
    const auto newMiddle = static_cast<int>(tailMethod.base() - headMethod);
    const int first = static_cast<int>(head);
    const int kept = std::min(oldMiddle, newMiddle);
    for (int i = first; i < first + kept; ++i) {
        const auto at = static_cast<std::size_t>(i);
        m_rows[at] = describe(methods[at]);
        Q_EMIT dataChanged(index(i), index(i));
    }
    if (oldMiddle > kept) {
        beginRemoveRows({}, first + kept, first + oldMiddle - 1);
        m_rows.erase(m_rows.begin() + first + kept, m_rows.begin() + first + oldMiddle);
        endRemoveRows();
    } else if (newMiddle > kept) {
        beginInsertRows({}, first + kept, first + newMiddle - 1);
        for (int i = first + kept; i < first + newMiddle; ++i) {
            m_rows.insert(m_rows.begin() + i, describe(methods[static_cast<std::size_t>(i)]));
        }
        endInsertRows();
    }
}

const SweptMethod& MethodListModel::method(int row) const {
    return m_rows[static_cast<std::size_t>(row)].method;
}

std::vector<ParameterField> MethodListModel::fields(int row) const {
    const SweptMethod& swept = method(row);
    if (!m_registry->contains(swept.method.id)) return {};
    return parameterFields(swept, *m_registry);
}

int MethodListModel::settingsCount() const {
    int total = 0;
    for (const Row& row : m_rows)
        total += row.error.isEmpty() ? row.settings : 0;
    return total;
}

int MethodListModel::addMethod(const QString& id) {
    return addMethod(SweptMethod{{id.toStdString(), Json::object()}});
}

int MethodListModel::addMethod(const SweptMethod& method) {
    ExperimentSpec spec = m_document->spec();
    spec.methods.push_back(method);
    m_document->edit(tr("add %1").arg(idOf(method)), spec);
    return rowCount() - 1;
}

void MethodListModel::duplicateMethod(int row) {
    ExperimentSpec spec = m_document->spec();
    spec.methods.insert(spec.methods.begin() + row + 1, method(row));
    m_document->edit(tr("duplicate %1").arg(idOf(method(row))), spec);
}

void MethodListModel::removeMethod(int row) {
    ExperimentSpec spec = m_document->spec();
    spec.methods.erase(spec.methods.begin() + row);
    m_document->edit(tr("remove %1").arg(idOf(method(row))), spec);
}

void MethodListModel::moveMethod(int from, int to) {
    if (from == to) return;
    ExperimentSpec spec = m_document->spec();
    const SweptMethod moved = method(from);
    spec.methods.erase(spec.methods.begin() + from);
    spec.methods.insert(spec.methods.begin() + to, moved);
    m_document->edit(tr("move %1").arg(idOf(moved)), spec);
}

void MethodListModel::setMethod(int row, const SweptMethod& method) {
    ExperimentSpec spec = m_document->spec();
    spec.methods[static_cast<std::size_t>(row)] = method;
    m_document->edit(tr("change %1").arg(idOf(method)), spec);
}

std::optional<ParameterSpec> MethodListModel::parameter(int row, const QString& id) const {
    const std::string& methodId = method(row).method.id;
    if (!m_registry->contains(methodId)) return std::nullopt;
    const std::vector<ParameterSpec> schema = m_registry->method(methodId).parameters();
    const auto found = std::ranges::find(schema, id.toStdString(), &ParameterSpec::id);
    return found == schema.end() ? std::nullopt : std::optional(*found);
}

QString MethodListModel::setParameter(int row, const QString& parameterId, const QString& text) {
    const std::optional<ParameterSpec> spec = parameter(row, parameterId);
    if (!spec) return tr("%1 has no parameter %2.").arg(idOf(method(row)), parameterId);
    const ParsedParameter parsed = parseParameter(*spec, text, *m_registry);
    if (parsed.ok()) setParameterValue(row, parameterId, parsed.value);
    return parsed.error;
}

void MethodListModel::setParameterValue(int row, const QString& parameterId, const Json& value) {
    const std::optional<ParameterSpec> parameterSpec = parameter(row, parameterId);
    if (!parameterSpec) return;
    ExperimentSpec spec = m_document->spec();
    SweptMethod& changed = spec.methods[static_cast<std::size_t>(row)];
    changed = withParameter(changed, *parameterSpec, value);
    m_document->edit(tr("change %1 of %2").arg(parameterId, idOf(changed)), spec,
                     QStringLiteral("method/%1/%2").arg(row).arg(parameterId));
}

int MethodListModel::rowCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : static_cast<int>(m_rows.size());
}

QVariant MethodListModel::data(const QModelIndex& index, int role) const {
    if (!checkIndex(index, CheckIndexOption::IndexIsValid)) return {};
    const Row& row = m_rows[static_cast<std::size_t>(index.row())];
    const std::string& id = row.method.method.id;
    switch (role) {
        case Qt::DisplayRole:
        case TextRole:
            return QString::fromStdString(row.method.toText());
        case Qt::ToolTipRole:
            return row.error.isEmpty() ? QString::fromStdString(m_registry->method(id).help())
                                       : row.error;
        case IdRole:
            return QString::fromStdString(id);
        case NameRole:
            return QString::fromStdString(m_registry->contains(id) ? m_registry->method(id).name()
                                                                   : id);
        case SettingsCountRole:
            return row.settings;
        case ErrorRole:
            return row.error;
        default:
            return {};
    }
}

QHash<int, QByteArray> MethodListModel::roleNames() const {
    QHash<int, QByteArray> names = QAbstractListModel::roleNames();
    names.insert({{IdRole, "methodId"},
                  {NameRole, "name"},
                  {TextRole, "text"},
                  {SettingsCountRole, "settingsCount"},
                  {ErrorRole, "error"}});
    return names;
}

}  // namespace quantscope
