// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/gui/selected_panel.h"

#include <QClipboard>
#include <QFontDatabase>
#include <QGuiApplication>
#include <QHeaderView>
#include <QLabel>
#include <QLocale>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QScrollArea>
#include <QStackedWidget>
#include <QTableWidget>
#include <QVBoxLayout>
#include <algorithm>
#include <set>

#include "app/gui/empty_state.h"
#include "app/gui/ledger_bar.h"
#include "app/gui/qt_text.h"
#include "app/gui/tensor_values.h"
#include "app/gui/themed_icon.h"
#include "app/gui/value_list.h"
#include "app/gui/vertical_scroll_area.h"
#include "app/jobs/workbench.h"
#include "app/models/cli_command.h"
#include "app/models/result_columns.h"
#include "core/store/result_summary.h"

namespace quantscope {

namespace {

constexpr int codebookRowsShown = 8;
constexpr int commandLines = 5;

enum Page { EmptyPage, TrialPage, TensorPage };

QLabel* textLabel(QWidget* parent, QPalette::ColorRole role, bool strong = false) {
    auto* label = new QLabel(parent);
    label->setForegroundRole(role);
    label->setWordWrap(true);
    // Wraps at the panel's width, however long its words are.
    label->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);
    label->setTextFormat(Qt::PlainText);
    if (strong) {
        QFont font = label->font();
        font.setWeight(QFont::DemiBold);
        label->setFont(font);
    }
    return label;
}

QScrollArea* scrolled(QWidget* page) {
    auto* area = new VerticalScrollArea;
    area->setAccessibleName(SelectedPanel::tr("Selected"));
    area->setWidget(page);
    return area;
}

// As the label says it, with what was given and nothing that has no effect; but the label is a text
// of the record's, and what counts is the method.
SweptMethod settingsOf(const TrialRecord& record, const MethodRegistry& registry) {
    try {
        const SweptMethod labelled = SweptMethod::parse(record.methodText);
        if (registry.resolve(labelled.method) == record.method) return labelled;
    } catch (const Error&) {
        // Then the label is of no use.
    }
    return {record.method};
}

}  // namespace

SelectedPanel::SelectedPanel(Workbench& bench, QWidget* parent)
    : QWidget(parent),
      m_bench(bench),
      m_pages(new QStackedWidget(this)),
      m_empty(new EmptyState(this)) {
    m_empty->setContent(tr("Nothing is selected"),
                        tr("Select a point in a plot or a row of the results to see what its bits "
                           "are spent on, or a tensor to see its values."));
    m_pages->addWidget(m_empty);
    m_pages->addWidget(makeTrialPage());
    m_pages->addWidget(makeTensorPage());
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->addWidget(m_pages);
    connect(&bench.selection, &TrialSelection::currentTrialChanged, this, &SelectedPanel::follow);
    connect(&bench.selection, &TrialSelection::trialsChanged, this, &SelectedPanel::follow);
    connect(&bench.selection, &TrialSelection::currentTensorChanged, this, &SelectedPanel::follow);
    connect(&bench.results, &ResultSet::changed, this, &SelectedPanel::follow);
    connect(&bench.tensors, &QAbstractItemModel::dataChanged, this, &SelectedPanel::follow);
    connect(&bench.tensors, &QAbstractItemModel::modelReset, this, &SelectedPanel::follow);
    follow();
}

QWidget* SelectedPanel::makeTrialPage() {
    auto* page = new QWidget(this);
    m_trialMethod = textLabel(page, QPalette::WindowText, true);
    m_trialMethod->setObjectName(QStringLiteral("selectedMethod"));
    m_trialTensor = textLabel(page, QPalette::PlaceholderText);
    m_trialTensor->setObjectName(QStringLiteral("selectedTensor"));
    m_error = textLabel(page, QPalette::BrightText);
    m_figures = new ValueList(page);
    m_ledgerTitle = textLabel(page, QPalette::WindowText, true);
    m_ledger = new LedgerBar(page);
    m_codebookTitle = textLabel(page, QPalette::WindowText, true);
    m_codebooks = new QTableWidget(page);
    m_codebooks->setObjectName(QStringLiteral("codebookTable"));
    m_codebooks->setAccessibleName(tr("Codebooks"));
    m_codebooks->setColumnCount(5);
    m_codebooks->setHorizontalHeaderLabels(
        {tr("Codebook"), tr("Size"), tr("Used"), tr("Dead"), tr("Perplexity")});
    m_codebooks->verticalHeader()->hide();
    m_codebooks->setShowGrid(false);
    m_codebooks->setFrameShape(QFrame::NoFrame);
    m_codebooks->setEditTriggers(QAbstractItemView::NoEditTriggers);
    m_codebooks->setSelectionMode(QAbstractItemView::NoSelection);
    m_codebooks->setTabKeyNavigation(false);
    m_codebooks->horizontalHeader()->setSectionResizeMode(QHeaderView::ResizeToContents);
    m_codebooks->horizontalHeader()->setSectionResizeMode(0, QHeaderView::Stretch);
    m_codebooks->horizontalHeader()->setMinimumSectionSize(16);
    m_codebooks->verticalHeader()->setDefaultSectionSize(fontMetrics().height() + 8);
    m_warnings = textLabel(page, QPalette::WindowText);
    for (QLabel* label : {m_error, m_warnings})
        label->setTextInteractionFlags(Qt::TextSelectableByMouse);
    m_command = new QPlainTextEdit(page);
    m_command->setReadOnly(true);
    m_command->setFrameShape(QFrame::NoFrame);
    m_command->setFont(QFontDatabase::systemFont(QFontDatabase::FixedFont));
    m_command->setWordWrapMode(QTextOption::WrapAtWordBoundaryOrAnywhere);
    m_command->setTabChangesFocus(true);
    m_command->setFixedHeight(commandLines * m_command->fontMetrics().lineSpacing() + 8);
    m_command->setObjectName(QStringLiteral("commandLine"));
    m_command->setAccessibleName(tr("CLI command"));

    m_copyCommand =
        new QPushButton(themedIcon(QStringLiteral("terminal")), tr("Copy as CLI command"), page);
    m_copyCommand->setObjectName(QStringLiteral("copyCommandButton"));
    m_copyCommand->setToolTip(
        tr("The command line that repeats this trial and prints the same numbers"));
    connect(m_copyCommand, &QPushButton::clicked, this, &SelectedPanel::copyCommandLine);
    auto* use =
        new QPushButton(themedIcon(QStringLiteral("methods")), tr("Use these settings"), page);
    use->setToolTip(tr("Add this method with these settings to the experiment"));
    connect(use, &QPushButton::clicked, this, &SelectedPanel::useSettings);
    auto* buttons = new QHBoxLayout;
    buttons->setSpacing(8);
    buttons->addWidget(m_copyCommand);
    buttons->addWidget(use);
    buttons->addStretch(1);

    auto* layout = new QVBoxLayout(page);
    layout->setContentsMargins(8, 0, 8, 8);
    layout->setSpacing(4);
    layout->addWidget(m_trialMethod);
    layout->addWidget(m_trialTensor);
    layout->addWidget(m_error);
    layout->addSpacing(4);
    layout->addWidget(m_figures);
    layout->addSpacing(8);
    layout->addWidget(m_ledgerTitle);
    layout->addWidget(m_ledger);
    layout->addSpacing(8);
    layout->addWidget(m_codebookTitle);
    layout->addWidget(m_codebooks);
    layout->addWidget(m_warnings);
    layout->addSpacing(8);
    layout->addWidget(m_command);
    layout->addLayout(buttons);
    layout->addStretch(1);
    return scrolled(page);
}

QWidget* SelectedPanel::makeTensorPage() {
    auto* page = new QWidget(this);
    m_tensorName = textLabel(page, QPalette::WindowText, true);
    m_tensorRemark = textLabel(page, QPalette::PlaceholderText);
    m_tensorFigures = new ValueList(page);
    auto* details =
        new QPushButton(themedIcon(QStringLiteral("fold")), tr("Folding and statistics..."), page);
    connect(details, &QPushButton::clicked, this,
            [this] { Q_EMIT detailsRequested(m_bench.selection.currentTensor()); });
    auto* layout = new QVBoxLayout(page);
    layout->setContentsMargins(8, 0, 8, 8);
    layout->setSpacing(4);
    layout->addWidget(m_tensorName);
    layout->addWidget(m_tensorRemark);
    layout->addSpacing(4);
    layout->addWidget(m_tensorFigures);
    layout->addSpacing(8);
    layout->addWidget(details, 0, Qt::AlignLeft);
    layout->addStretch(1);
    return scrolled(page);
}

void SelectedPanel::follow() {
    if (const RecordPointer record = m_bench.results.find(m_bench.selection.currentTrial())) {
        const RecordList members = methodOverTensors();
        if (members.empty()) {
            showTrial(*record);
        } else {
            showTotals(members);
        }
        m_pages->setCurrentIndex(TrialPage);
    } else if (m_bench.tensors.tensor(m_bench.selection.currentTensor())) {
        showTensor(m_bench.selection.currentTensor());
        m_pages->setCurrentIndex(TensorPage);
    } else {
        m_pages->setCurrentIndex(EmptyPage);
    }
}

void SelectedPanel::showTrial(const TrialRecord& record) {
    m_trialMethod->setText(breakable(qtText(record.methodText)));
    m_trialTensor->setText(breakable(qtText(record.tensor)) +
                           tr(", %1 rows of %2").arg(record.rows).arg(record.cols) + others());
    m_error->setText(qtText(record.error));
    m_error->setVisible(record.failed());

    std::vector<NamedValue> figures;
    const auto& columns = resultColumns();
    for (int i = 0; i < static_cast<int>(columns.size()); ++i) {
        const ResultColumn& column = columns[static_cast<std::size_t>(i)];
        // The parts of the rate stand in the ledger below.
        if (!column.numeric || column.id.startsWith(QLatin1String("rate_"))) continue;
        if (!resultNumber(record, i)) continue;
        figures.push_back(
            {column.unit.isEmpty() ? column.title
                                   : QStringLiteral("%1 (%2)").arg(column.title, column.unit),
             resultText(record, i), column.help + QLatin1Char('\n') + exactResultText(record, i)});
    }
    m_figures->setValues(figures);

    const bool ok = !record.failed();
    m_ledgerTitle->setVisible(ok);
    m_ledger->setVisible(ok);
    if (ok) showLedger(record.rate, record.weights());
    showCodebooks(record.codebooks);
    QStringList warnings;
    for (const std::string& warning : record.warnings)
        warnings << qtText(warning);
    m_warnings->setText(warnings.join(QLatin1Char('\n')));
    m_warnings->setVisible(!warnings.isEmpty());
    m_command->setPlainText(commandLine());
    m_command->show();
    m_copyCommand->show();
}

RecordList SelectedPanel::methodOverTensors() const {
    if (m_bench.selection.trials().size() < 2) return {};
    RecordList records;
    std::set<std::string> tensors;
    for (const QString& trial : m_bench.selection.trials()) {
        const RecordPointer record = m_bench.results.find(trial);
        if (!record || record->failed()) return {};
        if (!records.empty() && record->methodText != records.front()->methodText) return {};
        if (!tensors.insert(record->tensor).second) return {};
        records.push_back(record);
    }
    return records;
}

void SelectedPanel::showTotals(const RecordList& records) {
    std::vector<const TrialRecord*> members;
    for (const RecordPointer& record : records)
        members.push_back(record.get());
    const MethodSummary total = summarizeMethod(members);
    m_trialMethod->setText(breakable(qtText(total.methodText)));
    m_trialTensor->setText(tr("%1 tensors together, %2 weights")
                               .arg(total.tensors)
                               .arg(QLocale::c().toString(qlonglong{total.weights})));
    m_error->hide();
    std::vector<NamedValue> figures = {{tr("Bits per weight"), shortNumber(total.bitsPerWeight),
                                        tr("All bits that are stored, over all weights.")}};
    for (const MetricInfo& metric : allMetrics()) {
        const std::optional<double> value = total.metrics.value(std::string(metric.id));
        if (!value) continue;
        figures.push_back(
            {titleWithUnit(metric.name, metric.unit),
             // Counts are whole.
             metric.id == "dead_codes" ? qtText(formatNumber(*value)) : shortNumber(*value),
             tr("Of all tensors together.") + QLatin1Char('\n') + metricHelp(metric)});
    }
    const PhaseSeconds& spent = total.seconds;
    figures.push_back({tr("Time (s)"), shortNumber(spent.train + spent.encode + spent.decode),
                       tr("Training, encoding and decoding, summed over the tensors.")});
    m_figures->setValues(figures);
    m_ledgerTitle->show();
    m_ledger->show();
    showLedger(total.rate, total.weights);
    showCodebooks({});
    m_warnings->hide();
    // A command line repeats one trial.
    m_command->hide();
    m_copyCommand->hide();
}

void SelectedPanel::showLedger(const RateLedger& rate, Index weights) {
    m_ledgerTitle->setText(tr("Bits per weight: %1").arg(shortNumber(rate.bitsPerWeight(weights))));
    m_ledger->setLedger(rate, weights);
}

// A point may stand for a method on all tensors, and rows of the table are selected by the dozen.
QString SelectedPanel::others() const {
    const auto count = static_cast<int>(m_bench.selection.trials().size()) - 1;
    if (count < 1) return {};
    return QLatin1Char('\n') + (count == 1 ? tr("One more trial is selected.")
                                           : tr("%1 more trials are selected.").arg(count));
}

void SelectedPanel::showCodebooks(const std::vector<Codebook>& codebooks) {
    const auto count = static_cast<int>(codebooks.size());
    m_codebookTitle->setVisible(count > 0);
    m_codebooks->setVisible(count > 0);
    m_codebookTitle->setText(count == 1 ? tr("1 codebook") : tr("%1 codebooks").arg(count));
    m_codebooks->setRowCount(count);
    for (int row = 0; row < count; ++row) {
        const Codebook& codebook = codebooks[static_cast<std::size_t>(row)];
        const CodebookUsage usage = codebookUsage(codebook);
        const auto put = [&](int column, const QString& text, bool number) {
            auto* item = new QTableWidgetItem(text);
            item->setTextAlignment((number ? Qt::AlignRight : Qt::AlignLeft) | Qt::AlignVCenter);
            if (column == 3 && usage.dead > 0) {
                item->setForeground(palette().color(QPalette::BrightText));
            }
            m_codebooks->setItem(row, column, item);
        };
        put(0, qtText(codebook.name), false);
        put(1, QString::number(codebook.counts.size()), true);
        put(2, QString::number(usage.used), true);
        put(3, QString::number(usage.dead), true);
        put(4, shortNumber(usage.perplexity), true);
    }
    const int rows = std::min(count, codebookRowsShown);
    m_codebooks->setFixedHeight(m_codebooks->horizontalHeader()->sizeHint().height() +
                                rows * m_codebooks->verticalHeader()->defaultSectionSize());
}

void SelectedPanel::showTensor(const QString& name) {
    const TensorInfo& info = *m_bench.tensors.tensor(name);
    m_tensorName->setText(breakable(name));
    m_tensorRemark->setText(qtText(info.reason.empty() ? info.orientation : info.reason));
    m_tensorRemark->setVisible(!m_tensorRemark->text().isEmpty());
    std::vector<NamedValue> figures = {
        {tr("Shape"), qtText(formatShape(info.shape)).replace(QLatin1Char('x'), QChar(0x00D7)), {}},
        {tr("Type"), qtText(info.dtype), {}},
        {tr("Size"), qtText(formatBytes(info.bytes)), {}},
        {tr("Stored"), qtText(formatBytes(info.storage.storedBytes)), qtText(info.storage.layout)},
    };
    const std::vector<NamedValue> values = statisticValues(m_bench.tensors.statistics(name).get());
    figures.insert(figures.end(), values.begin(), values.end());
    m_tensorFigures->setValues(figures);
}

QString SelectedPanel::commandLine() const {
    const RecordPointer record = m_bench.results.find(m_bench.selection.currentTrial());
    const std::shared_ptr<const TensorFile> file = m_bench.data.file();
    if (!record || !file) return {};
    return cliCommand(*record, m_bench.run.resultSpec(), file->tensors());
}

void SelectedPanel::copyCommandLine() {
    const QString command = commandLine();
    if (command.isEmpty()) return;
    QGuiApplication::clipboard()->setText(command);
    Q_EMIT copied();
}

void SelectedPanel::useSettings() {
    const RecordPointer record = m_bench.results.find(m_bench.selection.currentTrial());
    if (!record) return;
    m_bench.methods.addMethod(settingsOf(*record, m_bench.registry));
}

}  // namespace quantscope
