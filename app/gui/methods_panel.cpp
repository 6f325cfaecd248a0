// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/gui/methods_panel.h"

#include <QAction>
#include <QKeyEvent>
#include <QLabel>
#include <QMenu>
#include <QPushButton>
#include <QScrollArea>
#include <QToolButton>
#include <QVBoxLayout>
#include <algorithm>

#include "app/gui/code_picture_view.h"
#include "app/gui/empty_state.h"
#include "app/gui/family_icon.h"
#include "app/gui/method_card.h"
#include "app/gui/qt_text.h"
#include "app/gui/themed_icon.h"
#include "app/gui/vertical_scroll_area.h"
#include "app/jobs/workbench.h"

namespace quantscope {

namespace {

// Lines of remarks that show at once; more are scrolled.
constexpr int remarkLines = 8;

QLabel* quietLabel(QWidget* parent) {
    auto* label = new QLabel(parent);
    label->setForegroundRole(QPalette::PlaceholderText);
    label->setWordWrap(true);
    label->setTextFormat(Qt::PlainText);
    return label;
}

void makeButtonFollow(QPushButton* button, QAction* action) {
    const auto follow = [button, action] {
        button->setEnabled(action->isEnabled());
        button->setToolTip(action->toolTip());
    };
    QObject::connect(action, &QAction::changed, button, follow);
    QObject::connect(button, &QPushButton::clicked, action, &QAction::trigger);
    follow();
}

}  // namespace

MethodsPanel::MethodsPanel(Workbench& bench, QAction* run, QAction* cancel, QWidget* parent)
    : QWidget(parent),
      m_bench(bench),
      m_run(run),
      m_add(new QAction(themedIcon(QStringLiteral("add")), tr("Add method..."), this)),
      m_addMenu(new QMenu(this)),
      m_list(new QWidget),
      m_listLayout(new QVBoxLayout(m_list)),
      m_scroll(new VerticalScrollArea(this)),
      m_help(quietLabel(this)),
      m_plan(quietLabel(this)),
      m_remarks(quietLabel(this)),
      m_remarksToggle(new QToolButton(this)),
      m_remarksArea(new QScrollArea(this)),
      m_runButton(new QPushButton(themedIcon(QStringLiteral("run")), tr("Run"), this)),
      m_cancelButton(new QPushButton(themedIcon(QStringLiteral("cancel")), tr("Cancel"), this)) {
    makeAddMenu();
    m_listLayout->setContentsMargins(0, 0, 0, 0);
    m_listLayout->setSpacing(0);
    m_listLayout->addStretch(1);
    m_scroll->setWidget(m_list);
    m_scroll->setFocusPolicy(Qt::NoFocus);
    m_remarksArea->setAccessibleName(tr("Remarks on this run"));
    m_content = new ContentOrEmpty(m_scroll, this);
    m_content->emptyState().setContent(
        tr("No methods yet"),
        tr("Each method is one way to quantize, with settings that may sweep over several values."),
        m_add);

    m_runButton->setObjectName(QStringLiteral("runButton"));
    m_runButton->setDefault(true);
    m_runButton->setAutoDefault(true);
    m_cancelButton->setObjectName(QStringLiteral("cancelButton"));
    makeButtonFollow(m_runButton, run);
    makeButtonFollow(m_cancelButton, cancel);
    m_plan->setObjectName(QStringLiteral("planLine"));
    m_plan->setWordWrap(true);

    auto* planRow = new QHBoxLayout;
    planRow->setContentsMargins(8, 4, 8, 8);
    planRow->setSpacing(8);
    planRow->addWidget(m_plan, 1);
    planRow->addWidget(m_runButton);
    planRow->addWidget(m_cancelButton);
    m_help->setContentsMargins(8, 4, 8, 0);
    m_help->hide();
    makeRemarks();

    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    layout->addWidget(m_content, 1);
    layout->addWidget(m_help);
    layout->addWidget(m_remarksToggle);
    layout->addWidget(m_remarksArea);
    layout->addLayout(planRow);

    connectBench();
    if (bench.methods.rowCount() > 0) insertCards(0, bench.methods.rowCount() - 1);
    followCount();
    showPlan();
}

void MethodsPanel::connectBench() {
    connect(&m_bench.methods, &QAbstractItemModel::rowsInserted, this,
            [this](const QModelIndex&, int first, int last) { insertCards(first, last); });
    connect(&m_bench.methods, &QAbstractItemModel::rowsRemoved, this,
            [this](const QModelIndex&, int first, int last) { removeCards(first, last); });
    connect(&m_bench.methods, &QAbstractItemModel::dataChanged, this,
            [this](const QModelIndex& first, const QModelIndex& last) {
                for (int row = first.row(); row <= last.row(); ++row) {
                    m_cards[static_cast<std::size_t>(row)]->setRow(row);
                }
            });
    connect(&m_bench.plan, &PlanPreview::changed, this, &MethodsPanel::showPlan);
    connect(&m_bench.run, &RunController::runningChanged, this, &MethodsPanel::showPlan);
    connect(&m_bench.document, &ExperimentDocument::specChanged, this,
            &MethodsPanel::schedulePicture);
    connect(&m_bench.data, &DataLoader::stateChanged, this, &MethodsPanel::schedulePicture);
    connect(&m_bench.selection, &TrialSelection::currentTensorChanged, this,
            &MethodsPanel::schedulePicture);
    connect(&m_bench.formPreview, &LivePreview::ready, this, &MethodsPanel::showPicture);
    connect(&m_bench.formPreview, &LivePreview::failed, this, [this](const Message& message) {
        if (m_current >= 0) currentCard().picture().setReason(message.why);
    });
}

void MethodsPanel::makeRemarks() {
    m_remarks->setContentsMargins(8, 0, 8, 0);
    m_remarks->setAlignment(Qt::AlignTop);
    m_remarks->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);
    m_remarks->setTextInteractionFlags(Qt::TextSelectableByMouse);
    m_remarksToggle->setObjectName(QStringLiteral("remarksToggle"));
    m_remarksToggle->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
    m_remarksToggle->setAutoRaise(true);
    m_remarksToggle->setCheckable(true);
    m_remarksToggle->setArrowType(Qt::RightArrow);
    m_remarksToggle->setFocusPolicy(Qt::TabFocus);
    m_remarksToggle->setToolTip(tr("What to know before running: training data, memory, refusals"));
    m_remarksArea->setWidget(m_remarks);
    m_remarksArea->setWidgetResizable(true);
    m_remarksArea->setFrameShape(QFrame::NoFrame);
    m_remarksArea->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    m_remarksArea->setMaximumHeight(remarkLines * fontMetrics().height());
    m_remarksArea->setSizePolicy(QSizePolicy::Preferred, QSizePolicy::Maximum);
    m_remarksArea->hide();
    connect(m_remarksToggle, &QToolButton::toggled, this, [this](bool open) {
        m_remarksToggle->setArrowType(open ? Qt::DownArrow : Qt::RightArrow);
        m_remarksArea->setVisible(open);
    });
}

void MethodsPanel::makeAddMenu() {
    for (const auto& method : m_bench.registry.methods()) {
        const QString id = qtText(method->id());
        // The id stands where menus have keys, for those who know methods by it.
        QAction* entry = m_addMenu->addAction(familyIcon(id, palette()),
                                              qtText(method->name()) + QLatin1Char('\t') + id);
        entry->setObjectName(id);
        entry->setToolTip(qtText(method->help()));
        connect(entry, &QAction::triggered, this,
                [this, id] { setCurrentMethod(m_bench.methods.addMethod(id)); });
    }
    m_addMenu->setToolTipsVisible(true);
    m_addMenu->installEventFilter(this);
    connect(m_addMenu, &QMenu::aboutToShow, this, [this] { m_typedInMenu.clear(); });
    m_add->setToolTip(tr("Add a method to the experiment"));
    m_add->setMenu(m_addMenu);
    // As a button the action opens its menu itself; by key or from the palette this does.
    connect(m_add, &QAction::triggered, this,
            [this] { m_addMenu->popup(mapToGlobal(QPoint(8, 8))); });
}

// Letters typed into the menu go to the method whose id begins with them, or whose name has them;
// by itself a menu knows first letters only.
bool MethodsPanel::eventFilter(QObject* watched, QEvent* event) {
    if (watched != m_addMenu || event->type() != QEvent::KeyPress) {
        return QWidget::eventFilter(watched, event);
    }
    const auto* key = static_cast<QKeyEvent*>(event);
    const QList<QAction*> entries = m_addMenu->actions();
    const auto somethingHas = [&entries](const QString& text) {
        return std::ranges::any_of(entries, [&text](const QAction* entry) {
            return entry->text().contains(text, Qt::CaseInsensitive);
        });
    };
    // The space bar takes the entry that is lit, unless it goes on with a name.
    if (key->key() == Qt::Key_Space &&
        (m_typedInMenu.isEmpty() || !somethingHas(m_typedInMenu + QLatin1Char(' ')))) {
        return false;
    }
    if (key->key() == Qt::Key_Backspace) {
        m_typedInMenu.chop(1);
    } else if (!key->text().isEmpty() && key->text().front().isPrint()) {
        m_typedInMenu += key->text();
    } else {
        return false;
    }
    auto found = std::ranges::find_if(entries, [this](const QAction* entry) {
        return entry->objectName().startsWith(m_typedInMenu, Qt::CaseInsensitive);
    });
    if (found == entries.end()) {
        found = std::ranges::find_if(entries, [this](const QAction* entry) {
            return entry->text().contains(m_typedInMenu, Qt::CaseInsensitive);
        });
    }
    const bool isFound = found != entries.end() && !m_typedInMenu.isEmpty();
    if (isFound) m_addMenu->setActiveAction(*found);
    return true;
}

void MethodsPanel::insertCards(int first, int last) {
    for (int row = first; row <= last; ++row) {
        auto* card = new MethodCard(m_bench.methods, m_bench.registry, m_list);
        m_cards.insert(m_cards.begin() + row, card);
        m_listLayout->insertWidget(row, card);
        connect(card, &MethodCard::headerClicked, this, [this, card] { toggle(card); });
        connect(card, &MethodCard::problemsChanged, this, [this] {
            showPlan();
            Q_EMIT problemsChanged();
        });
        connect(card, &MethodCard::helpRequested, this,
                [this](const QString& label, const QString& help) {
                    m_help->setText(label + QStringLiteral(": ") + help);
                    m_help->setVisible(!help.isEmpty());
                });
    }
    if (m_current >= first) m_current += last - first + 1;
    renumber();
    if (m_current < 0) setCurrentMethod(0);
    followCount();
}

void MethodsPanel::removeCards(int first, int last) {
    for (int row = first; row <= last; ++row)
        delete m_cards[static_cast<std::size_t>(row)];
    m_cards.erase(m_cards.begin() + first, m_cards.begin() + last + 1);
    renumber();
    if (m_current > last) {
        m_current -= last - first + 1;
    } else if (m_current >= first) {
        const int next = std::min(first, static_cast<int>(m_cards.size()) - 1);
        m_current = -1;
        setCurrentMethod(next);
        if (next < 0) Q_EMIT currentMethodChanged(-1);
    }
    followCount();
    Q_EMIT problemsChanged();
}

void MethodsPanel::renumber() {
    for (std::size_t i = 0; i < m_cards.size(); ++i)
        m_cards[i]->setRow(static_cast<int>(i));
}

void MethodsPanel::followCount() {
    m_content->showEmpty(m_cards.empty());
    if (m_cards.empty()) m_help->hide();
}

void MethodsPanel::setCurrentMethod(int row) {
    if (row < 0 || row >= static_cast<int>(m_cards.size())) return;
    for (std::size_t i = 0; i < m_cards.size(); ++i) {
        m_cards[i]->setExpanded(static_cast<int>(i) == row);
    }
    const bool changed = row != m_current;
    m_current = row;
    m_help->hide();
    // The form has just become visible; its place is known once the layout has run.
    MethodCard* card = m_cards[static_cast<std::size_t>(row)];
    QMetaObject::invokeMethod(
        card, [this, card] { m_scroll->ensureWidgetVisible(card, 0, 0); }, Qt::QueuedConnection);
    if (changed) Q_EMIT currentMethodChanged(row);
    schedulePicture();
}

MethodCard& MethodsPanel::currentCard() const {
    return *m_cards[static_cast<std::size_t>(m_current)];
}

void MethodsPanel::showEvent(QShowEvent* event) {
    QWidget::showEvent(event);
    schedulePicture();
}

void MethodsPanel::schedulePicture() {
    // One edit arrives as several signals; one picture is enough.
    if (m_pictureScheduled) return;
    m_pictureScheduled = true;
    QMetaObject::invokeMethod(this, &MethodsPanel::requestPicture, Qt::QueuedConnection);
}

void MethodsPanel::requestPicture() {
    m_pictureScheduled = false;
    if (!isVisible() || m_current < 0 || !currentCard().isExpanded()) {
        m_bench.formPreview.cancel();
        return;
    }
    PreviewRequest request;
    const TensorInfo* tensor = m_bench.tensors.tensor(m_bench.selection.currentTensor());
    if (m_bench.data.state() == DataLoader::State::Open && tensor && tensor->quantizable) {
        request.file = m_bench.data.file();
        request.side = m_bench.data.side();
        request.tensor = tensor->name;
    }
    request.data = m_bench.document.spec().data;
    request.seed = m_bench.document.spec().seed;
    try {
        const std::vector<MethodSpec> settings = m_bench.methods.method(m_current).expand();
        m_pictureSettings = static_cast<int>(settings.size());
        request.method = m_bench.registry.resolve(settings.front());
    } catch (const Error& error) {
        m_bench.formPreview.cancel();
        currentCard().picture().setReason(qtText(error.what()));
        return;
    }
    currentCard().picture().setStale(true);
    m_pictureCard = &currentCard();
    m_bench.formPreview.request(request);
}

void MethodsPanel::showPicture(const PreviewResult& result) {
    if (m_current < 0 || m_pictureCard != &currentCard()) return;
    CodePictureView& picture = currentCard().picture();
    if (!result.refusal.isEmpty()) return picture.setReason(result.refusal);
    CodePicture drawn = result.picture;
    if (result.tensor.isEmpty()) drawn.caption += tr("; normal values");
    if (m_pictureSettings > 1) drawn.caption += tr("; first of %1 settings").arg(m_pictureSettings);
    picture.setPicture(drawn,
                       m_bench.methods.index(m_current).data(MethodListModel::IdRole).toString(),
                       result.tensor.isEmpty() ? tr("Standard normal values") : result.tensor);
}

void MethodsPanel::toggle(MethodCard* card) {
    if (card->isExpanded()) {
        card->setExpanded(false);
    } else {
        setCurrentMethod(card->row());
    }
}

bool MethodsPanel::hasProblems() const {
    return std::ranges::any_of(m_cards, &MethodCard::hasProblems);
}

void MethodsPanel::showPlan() {
    const PlanSummary& summary = m_bench.plan.summary();
    const bool running = m_bench.run.isRunning();
    m_runButton->setVisible(!running);
    m_cancelButton->setVisible(running);
    const bool wrong = hasProblems() || !summary.error.isEmpty();
    m_plan->setText(hasProblems() ? tr("Correct the marked setting, then run.")
                    : wrong       ? summary.error
                                  : summary.text);
    m_plan->setForegroundRole(wrong && !m_cards.empty() ? QPalette::BrightText
                              : m_bench.plan.isStale()  ? QPalette::PlaceholderText
                                                        : QPalette::WindowText);
    showRemarks(summary.remarks);
}

void MethodsPanel::showRemarks(const QStringList& remarks) {
    m_remarks->setText(remarks.join(QStringLiteral("\n\n")));
    m_remarksToggle->setText(remarks.size() == 1
                                 ? tr("1 remark on this run")
                                 : tr("%1 remarks on this run").arg(remarks.size()));
    m_remarksToggle->setVisible(!remarks.isEmpty());
    m_remarksArea->setVisible(!remarks.isEmpty() && m_remarksToggle->isChecked());
}

}  // namespace quantscope
