// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QWidget>

class QLabel;
class QToolButton;

namespace quantscope {

class CodePictureView;
class MethodListModel;
class MethodRegistry;
class ParameterForm;

/// One method of the experiment: a header that folds, what it sweeps, and its form.
class MethodCard : public QWidget {
    Q_OBJECT

public:
    /// `methods` and `registry` outlive the card.
    MethodCard(MethodListModel& methods, const MethodRegistry& registry, QWidget* parent);

    /// Shows row `row` of the list.
    void setRow(int row);
    int row() const { return m_row; }

    void setExpanded(bool expanded);
    bool isExpanded() const { return m_expanded; }
    bool hasProblems() const;
    CodePictureView& picture() { return *m_picture; }
    QToolButton* header() const { return m_header; }

Q_SIGNALS:
    /// The user clicked the header.
    void headerClicked();
    void problemsChanged();
    void helpRequested(const QString& label, const QString& help);

protected:
    void paintEvent(QPaintEvent* event) override;
    void changeEvent(QEvent* event) override;

private:
    void fillMenu();
    void showForm();

    MethodListModel& m_methods;
    const MethodRegistry& m_registry;
    int m_row = -1;
    bool m_expanded = false;
    QToolButton* m_arrow;
    QToolButton* m_header;
    QToolButton* m_menuButton;
    QLabel* m_count;
    QLabel* m_summary;
    QString m_text;
    QLabel* m_error;
    CodePictureView* m_picture;
    ParameterForm* m_form;
};

}  // namespace quantscope
