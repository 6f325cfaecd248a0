// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QAbstractListModel>
#include <optional>
#include <vector>

#include "app/models/parameter_field.h"
#include "core/quant/method.h"

namespace quantscope {

class ExperimentDocument;

/// The methods of the document's spec. Editing goes through the document, one undo step per call
/// (steps of the same parameter merge).
class MethodListModel : public QAbstractListModel {
    Q_OBJECT
public:
    enum Role {
        IdRole = Qt::UserRole,  ///< "rvq": family, decides the colour.
        NameRole,               ///< "Residual vector quantization".
        TextRole,               ///< "rvq:stages=1..4,bits=8".
        SettingsCountRole,      ///< int, combinations in the sweep.
        ErrorRole,              ///< QString, why it cannot run; empty when it can.
    };

    /// Both outlive the model.
    MethodListModel(ExperimentDocument* document, const MethodRegistry* registry,
                    QObject* parent = nullptr);

    const SweptMethod& method(int row) const;
    /// The form of a method; empty when the method is not available.
    std::vector<ParameterField> fields(int row) const;
    /// All combinations of all methods that can run.
    int settingsCount() const;

    /// Adds a method with its defaults and returns its row.
    int addMethod(const QString& id);
    /// Adds methods as they stand, for example from "open as configuration".
    int addMethod(const SweptMethod& method);
    void duplicateMethod(int row);
    void removeMethod(int row);
    void moveMethod(int from, int to);
    /// Replaces a method, for example from its text form.
    void setMethod(int row, const SweptMethod& method);
    /// Reads and sets what was typed for a parameter; returns the error sentence, and changes
    /// nothing, when the text is not allowed.
    QString setParameter(int row, const QString& parameterId, const QString& text);
    /// Sets a value that is known to be good, such as a slider's or a nested form's.
    void setParameterValue(int row, const QString& parameterId, const Json& value);

    int rowCount(const QModelIndex& parent = {}) const override;
    /// DisplayRole is the text form.
    QVariant data(const QModelIndex& index, int role = Qt::DisplayRole) const override;
    QHash<int, QByteArray> roleNames() const override;

private:
    struct Row {
        SweptMethod method;
        QString error;
        int settings = 0;
    };

    Row describe(const SweptMethod& method) const;
    void followDocument();
    std::optional<ParameterSpec> parameter(int row, const QString& id) const;

    ExperimentDocument* m_document;
    const MethodRegistry* m_registry;
    std::vector<Row> m_rows;
};

}  // namespace quantscope
