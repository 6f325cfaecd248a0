// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QWidget>
#include <map>
#include <string>
#include <vector>

#include "app/models/parameter_field.h"

class QGridLayout;
class QLabel;
class QToolButton;

namespace quantscope {

class ParameterEditor;

/// The form of a swept method, made from its schema alone: one row per parameter, with what cannot
/// be read said in words below it, and the advanced parameters folded away.
class ParameterForm : public QWidget {
    Q_OBJECT

public:
    /// `registry` outlives the form.
    ParameterForm(const MethodRegistry& registry, QWidget* parent);

    /// Shows a method. The rows are kept when it is the same method with other values.
    void setMethod(const SweptMethod& method);
    const SweptMethod& method() const { return m_method; }

    /// Whether some row holds a text that is not understood; such a row still has its last good
    /// value.
    bool hasProblems() const;

    bool eventFilter(QObject* watched, QEvent* event) override;

Q_SIGNALS:
    void edited(const QString& parameterId, const quantscope::Json& value);
    void problemsChanged();
    /// The user came to a parameter with the keyboard or the mouse.
    void helpRequested(const QString& label, const QString& help);

private:
    struct Row {
        QLabel* label = nullptr;
        ParameterEditor* editor = nullptr;
        QLabel* problem = nullptr;
        QString typedProblem;
        ParameterSpec spec;
    };

    void build(const std::vector<ParameterField>& fields);
    void addRow(const ParameterField& field, QGridLayout* grid);
    void show(const ParameterField& field, Row& row);
    void showProblem(Row& row, const QString& problem);
    void showAdvanced(bool shown);

    const MethodRegistry& m_registry;
    SweptMethod m_method;
    std::map<std::string, Row> m_rows;
    QWidget* m_content = nullptr;
    QWidget* m_advanced = nullptr;
    QToolButton* m_advancedToggle = nullptr;
};

}  // namespace quantscope
