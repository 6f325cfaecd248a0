// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QFrame>
#include <QIcon>
#include <QPointer>
#include <QString>
#include <functional>
#include <vector>

class QLabel;
class QLineEdit;
class QListView;
class QStandardItemModel;

namespace quantscope {

/// Something that the command palette can do.
struct Command {
    QString title;  ///< "Open file...", "layers.0.q_proj".
    QString group;  ///< "File", "Tensor", "Method".
    QString hint;   ///< Shortcut or size, at the right edge.
    QIcon icon;
    std::function<void()> run;
};

/// How well `title` answers what was typed: every word must occur in it, letters in order at least;
/// whole words and early places count more. Negative when it does not.
int commandScore(const QString& title, const QString& typed);

/// A field over the window that finds every action, tensor and method by a few letters of its name.
/// Arrow keys choose, Return runs, Escape closes.
class CommandPalette : public QFrame {
    Q_OBJECT

public:
    /// Lies over `window`. `commands` is asked for everything when the palette opens.
    CommandPalette(std::function<std::vector<Command>()> commands, QWidget* window);

    void open();

protected:
    bool eventFilter(QObject* watched, QEvent* event) override;
    void paintEvent(QPaintEvent* event) override;

private:
    void fill(const QString& typed);
    void place();
    void run(int row);
    void leave();
    void moveCurrent(int steps);

    std::function<std::vector<Command>()> m_source;
    std::vector<Command> m_commands;
    std::vector<std::size_t> m_shown;
    QPointer<QWidget> m_previousFocus;
    QLineEdit* m_field;
    QListView* m_list;
    QLabel* m_nothing;
    QStandardItemModel* m_model;
};

}  // namespace quantscope
