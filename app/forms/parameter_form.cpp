// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/forms/parameter_form.h"

#include <QEvent>
#include <QGridLayout>
#include <QLabel>
#include <QToolButton>
#include <algorithm>

#include "app/forms/parameter_editor.h"

namespace quantscope {

namespace {

QGridLayout* makeGrid(QWidget* owner) {
    auto* grid = new QGridLayout(owner);
    grid->setContentsMargins(0, 0, 0, 0);
    grid->setHorizontalSpacing(8);
    grid->setVerticalSpacing(4);
    grid->setColumnStretch(1, 1);
    return grid;
}

// "granularity is per group or per row", in the words of the form.
QString conditionText(const EnabledIf& condition, const std::vector<ParameterField>& fields) {
    QString label = QString::fromStdString(condition.parameter);
    QStringList values;
    const auto other = std::ranges::find(fields, condition.parameter,
                                         [](const ParameterField& field) { return field.spec.id; });
    if (other != fields.end()) label = QString::fromStdString(other->spec.label).toLower();
    for (const std::string& value : condition.values) {
        QString words = value.empty() ? QObject::tr("empty") : QString::fromStdString(value);
        if (other != fields.end()) {
            const auto choice =
                std::ranges::find(other->spec.choices, value, &ParameterChoice::value);
            if (choice != other->spec.choices.end()) {
                words = QString::fromStdString(choice->label).toLower();
            }
        }
        values << words;
    }
    return QObject::tr("%1 is %2").arg(label, values.join(QObject::tr(" or ")));
}

QString disabledReason(const ParameterSpec& spec, const std::vector<ParameterField>& fields) {
    QStringList conditions;
    for (const EnabledIf& condition : spec.enabledIf)
        conditions << conditionText(condition, fields);
    return QObject::tr("It counts only while %1.").arg(conditions.join(QObject::tr(" and ")));
}

}  // namespace

ParameterForm::ParameterForm(const MethodRegistry& registry, QWidget* parent)
    : QWidget(parent), m_registry(registry) {
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
}

void ParameterForm::setMethod(const SweptMethod& method) {
    const bool sameRows = m_content && method.method.id == m_method.method.id;
    m_method = method;
    const std::vector<ParameterField> fields = parameterFields(method, m_registry);
    if (!sameRows) build(fields);
    for (const ParameterField& field : fields) {
        Row& row = m_rows.at(field.spec.id);
        show(field, row);
        QString toolTip = parameterToolTip(field.spec);
        if (!field.enabled) {
            toolTip += QStringLiteral("<br>") + disabledReason(field.spec, fields).toHtmlEscaped();
        }
        row.editor->setToolTip(toolTip);
        row.label->setToolTip(toolTip);
    }
    if (!m_advancedToggle) return;
    const auto changed = std::ranges::count_if(fields, [](const ParameterField& field) {
        return field.spec.advanced && !field.isDefault;
    });
    m_advancedToggle->setText(changed > 0 ? tr("Advanced (%1 changed)").arg(changed)
                                          : tr("Advanced"));
    if (!sameRows) showAdvanced(changed > 0);
}

bool ParameterForm::hasProblems() const {
    return std::ranges::any_of(m_rows, [](const auto& entry) {
        const auto* nested = qobject_cast<ParameterForm*>(entry.second.editor->extension());
        return !entry.second.typedProblem.isEmpty() || (nested && nested->hasProblems());
    });
}

void ParameterForm::build(const std::vector<ParameterField>& fields) {
    delete m_content;
    m_rows.clear();
    m_advanced = nullptr;
    m_advancedToggle = nullptr;
    m_content = new QWidget(this);
    layout()->addWidget(m_content);
    QGridLayout* basic = makeGrid(m_content);
    QGridLayout* advanced = nullptr;
    for (const ParameterField& field : fields) {
        if (field.spec.advanced && !advanced) {
            m_advanced = new QWidget(m_content);
            advanced = makeGrid(m_advanced);
        }
        addRow(field, field.spec.advanced ? advanced : basic);
    }
    if (m_advanced) {
        m_advancedToggle = new QToolButton(m_content);
        m_advancedToggle->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
        m_advancedToggle->setAutoRaise(true);
        m_advancedToggle->setCheckable(true);
        connect(m_advancedToggle, &QToolButton::toggled, this, &ParameterForm::showAdvanced);
        basic->addWidget(m_advancedToggle, basic->rowCount(), 0, 1, 2, Qt::AlignLeft);
        basic->addWidget(m_advanced, basic->rowCount(), 0, 1, 2);
    }
    if (fields.empty()) {
        auto* nothing = new QLabel(tr("This method has no settings."), m_content);
        nothing->setForegroundRole(QPalette::PlaceholderText);
        basic->addWidget(nothing, 0, 0, 1, 2);
    }
}

void ParameterForm::addRow(const ParameterField& field, QGridLayout* grid) {
    QWidget* owner = grid->parentWidget();
    Row row;
    row.spec = field.spec;
    row.editor = makeParameterEditor(field.spec, m_registry, owner);
    row.label = new QLabel(QString::fromStdString(field.spec.label), owner);
    row.label->setBuddy(row.editor);
    row.label->setWordWrap(true);
    row.problem = new QLabel(owner);
    row.problem->setForegroundRole(QPalette::BrightText);
    row.problem->setWordWrap(true);
    row.problem->setObjectName(QString::fromStdString(field.spec.id) + QStringLiteral("_problem"));
    row.problem->hide();

    const int line = grid->rowCount();
    grid->addWidget(row.label, line, 0, Qt::AlignVCenter);
    grid->addWidget(row.editor, line, 1);
    grid->addWidget(row.problem, line + 1, 1);
    if (QWidget* extension = row.editor->extension()) {
        extension->setContentsMargins(12, 4, 0, 4);
        grid->addWidget(extension, line + 2, 0, 1, 2);
        if (auto* nested = qobject_cast<ParameterForm*>(extension)) {
            connect(nested, &ParameterForm::helpRequested, this, &ParameterForm::helpRequested);
            connect(nested, &ParameterForm::problemsChanged, this, &ParameterForm::problemsChanged);
        }
    }
    const std::string id = field.spec.id;
    connect(row.editor, &ParameterEditor::edited, this,
            [this, id](const Json& value) { Q_EMIT edited(QString::fromStdString(id), value); });
    connect(row.editor, &ParameterEditor::problemChanged, this,
            [this, id](const QString& problem) { showProblem(m_rows.at(id), problem); });
    row.label->installEventFilter(this);
    row.editor->installEventFilter(this);
    for (QWidget* part : row.editor->findChildren<QWidget*>())
        part->installEventFilter(this);
    m_rows.emplace(id, row);
}

void ParameterForm::show(const ParameterField& field, Row& row) {
    row.editor->setField(field);
    row.editor->setEnabled(field.enabled);
    row.label->setEnabled(field.enabled);
    if (row.typedProblem.isEmpty()) {
        row.problem->setText(field.error);
        row.problem->setVisible(!field.error.isEmpty());
    }
}

void ParameterForm::showProblem(Row& row, const QString& problem) {
    row.typedProblem = problem;
    row.problem->setText(problem);
    row.problem->setVisible(!problem.isEmpty());
    Q_EMIT problemsChanged();
}

void ParameterForm::showAdvanced(bool shown) {
    m_advanced->setVisible(shown);
    m_advancedToggle->setChecked(shown);
    m_advancedToggle->setArrowType(shown ? Qt::DownArrow : Qt::RightArrow);
}

bool ParameterForm::eventFilter(QObject* watched, QEvent* event) {
    if (event->type() == QEvent::FocusIn || event->type() == QEvent::Enter) {
        for (const auto& [id, row] : m_rows) {
            if (watched != row.label && watched != row.editor &&
                !row.editor->isAncestorOf(qobject_cast<QWidget*>(watched))) {
                continue;
            }
            Q_EMIT helpRequested(QString::fromStdString(row.spec.label),
                                 QString::fromStdString(row.spec.help));
            break;
        }
    }
    return QWidget::eventFilter(watched, event);
}

}  // namespace quantscope
