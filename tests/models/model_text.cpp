// SPDX-License-Identifier: GPL-3.0-or-later
#include "model_text.h"

namespace quantscope {

namespace {

TensorInfo tensorFromLine(const QString& line) {
    const QStringList words = line.split(QLatin1Char(' '));
    TensorInfo info;
    info.name = words[0].toStdString();
    for (const QString& length : words[1].split(QLatin1Char('x'))) {
        info.shape.push_back(length.toLongLong());
    }
    info.dtype = words.value(2, QStringLiteral("float32")).toStdString();
    info.bitsPerElement = info.dtype == "float16" ? 16 : 32;
    info.bytes = static_cast<std::uint64_t>(elementCount(info.shape) * info.bitsPerElement / 8);
    info.quantizable = info.dtype != "string";
    if (info.quantizable) {
        info.orientation = "rows = output channels";
    } else {
        info.reason = "It holds text.";
    }
    return info;
}

QString checkMark(const QModelIndex& index) {
    const QVariant state = index.data(Qt::CheckStateRole);
    if (!state.isValid()) return {};
    switch (state.value<Qt::CheckState>()) {
        case Qt::Checked:
            return QStringLiteral("[x] ");
        case Qt::PartiallyChecked:
            return QStringLiteral("[-] ");
        case Qt::Unchecked:
            break;
    }
    return QStringLiteral("[ ] ");
}

}  // namespace

std::vector<TensorInfo> tensorsFromText(const QStringList& lines) {
    std::vector<TensorInfo> tensors;
    for (const QString& line : lines)
        tensors.push_back(tensorFromLine(line));
    return tensors;
}

QStringList textOf(const QAbstractItemModel& model, const QList<int>& columns,
                   const QModelIndex& parent, int depth) {
    QStringList lines;
    for (int row = 0; row < model.rowCount(parent); ++row) {
        const QModelIndex first = model.index(row, 0, parent);
        QStringList cells;
        for (const int column : columns) {
            cells << first.siblingAtColumn(column).data().toString();
        }
        lines << QString(2 * depth, QLatin1Char(' ')) + checkMark(first) +
                     cells.join(QStringLiteral(" | "));
        lines += textOf(model, columns, first, depth + 1);
    }
    return lines;
}

}  // namespace quantscope
