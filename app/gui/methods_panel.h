// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QWidget>
#include <vector>

class QAction;
class QLabel;
class QMenu;
class QPushButton;
class QScrollArea;
class QToolButton;
class QVBoxLayout;

namespace quantscope {

class ContentOrEmpty;
class MethodCard;
struct PreviewResult;
class Workbench;

/// The methods of the experiment with their forms, what a run would take, and the button that
/// starts it.
class MethodsPanel : public QWidget {
    Q_OBJECT

public:
    /// `bench` outlives the panel; `run` and `cancel` are what the button does.
    MethodsPanel(Workbench& bench, QAction* run, QAction* cancel, QWidget* parent = nullptr);

    /// Opens a menu of the methods that can be added.
    QAction* addAction() const { return m_add; }
    /// The method that Explore works on: the one whose form is open, else the first; -1 for none.
    int currentMethod() const { return m_current; }
    void setCurrentMethod(int row);
    /// Whether every text in the forms is understood.
    bool hasProblems() const;

Q_SIGNALS:
    void currentMethodChanged(int row);
    void problemsChanged();

protected:
    bool eventFilter(QObject* watched, QEvent* event) override;
    void showEvent(QShowEvent* event) override;

private:
    MethodCard& currentCard() const;  ///< Only with a current method.
    void schedulePicture();
    /// Asks for the picture of the method whose form is open.
    void requestPicture();
    void showPicture(const PreviewResult& result);
    void makeAddMenu();
    void makeRemarks();
    void connectBench();
    void insertCards(int first, int last);
    void removeCards(int first, int last);
    void renumber();
    void toggle(MethodCard* card);
    void showPlan();
    void showRemarks(const QStringList& remarks);
    void followCount();

    Workbench& m_bench;
    QAction* m_run;
    QAction* m_add;
    QMenu* m_addMenu;
    std::vector<MethodCard*> m_cards;
    QWidget* m_list;
    QVBoxLayout* m_listLayout;
    QScrollArea* m_scroll;
    ContentOrEmpty* m_content;
    QLabel* m_help;
    QLabel* m_plan;
    QLabel* m_remarks;
    QToolButton* m_remarksToggle;
    QScrollArea* m_remarksArea;
    QPushButton* m_runButton;
    QPushButton* m_cancelButton;
    QString m_typedInMenu;
    int m_current = -1;
    bool m_pictureScheduled = false;
    const MethodCard* m_pictureCard = nullptr;  ///< Whose picture was asked for.
    int m_pictureSettings = 0;                  ///< Of the method whose picture was asked for.
};

}  // namespace quantscope
