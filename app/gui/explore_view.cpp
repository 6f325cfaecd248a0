// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/gui/explore_view.h"

#include <QApplication>
#include <QComboBox>
#include <QLabel>
#include <QSignalBlocker>
#include <QSplitter>
#include <QStackedWidget>
#include <QVBoxLayout>
#include <algorithm>

#include "app/gui/empty_state.h"
#include "app/gui/figure_strip.h"
#include "app/gui/plot_page.h"
#include "app/gui/qt_text.h"
#include "app/jobs/workbench.h"
#include "app/models/result_columns.h"
#include "app/plots/error_map_plot.h"
#include "app/plots/levels_plot.h"
#include "app/plots/utilization_plot.h"
#include "core/run/tensor_selection.h"

namespace quantscope {

namespace {

NamedValue figure(std::string_view metricId, const std::optional<double>& value) {
    const MetricInfo& metric = metricInfo(metricId);
    return {titleWithUnit(metric.name, metric.unit),
            value ? shortNumber(*value) : ExploreView::tr("none"), metricHelp(metric)};
}

}  // namespace

ExploreView::ExploreView(Workbench& bench, QAction* open, QAction* addMethod, QWidget* parent)
    : QWidget(parent),
      m_bench(bench),
      m_open(open),
      m_addMethod(addMethod),
      m_pages(new QStackedWidget(this)),
      m_empty(new EmptyState(this)),
      m_tensorName(new QLabel(this)),
      m_settings(new QComboBox(this)),
      m_figures(new FigureStrip(this)),
      m_remark(new QLabel(this)) {
    QFont strong = font();
    strong.setWeight(QFont::DemiBold);
    m_tensorName->setFont(strong);
    m_tensorName->setTextFormat(Qt::PlainText);
    m_tensorName->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);
    m_settings->setObjectName(QStringLiteral("settingChoice"));
    m_settings->setAccessibleName(tr("Setting of the sweep"));
    m_settings->setToolTip(tr("Which setting of the sweep is shown"));
    m_settings->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
    m_settings->setMinimumContentsLength(20);
    m_remark->setForegroundRole(QPalette::BrightText);
    m_remark->setWordWrap(true);
    makePlots();

    auto* titleRow = new QHBoxLayout;
    titleRow->setSpacing(8);
    titleRow->addWidget(m_tensorName, 1);
    titleRow->addWidget(m_settings);
    auto* header = new QVBoxLayout;
    header->setContentsMargins(16, 8, 16, 8);
    header->setSpacing(8);
    header->addLayout(titleRow);
    header->addWidget(m_figures);
    header->addWidget(m_remark);
    auto* page = new QWidget(this);
    auto* pageLayout = new QVBoxLayout(page);
    pageLayout->setContentsMargins(0, 0, 0, 0);
    pageLayout->setSpacing(0);
    pageLayout->addLayout(header);
    pageLayout->addWidget(m_splitter, 1);
    m_pages->addWidget(page);
    m_pages->addWidget(m_empty);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->addWidget(m_pages);

    connect(m_settings, &QComboBox::activated, this, &ExploreView::schedule);
    connect(&bench.document, &ExperimentDocument::specChanged, this, &ExploreView::schedule);
    connect(&bench.data, &DataLoader::stateChanged, this, &ExploreView::schedule);
    // The results of a session, and the trial selected in it, may be there before the data.
    connect(&bench.data, &DataLoader::opened, this, &ExploreView::followTrial);
    connect(&bench.selection, &TrialSelection::currentTensorChanged, this, &ExploreView::schedule);
    connect(&bench.selection, &TrialSelection::currentTrialChanged, this,
            &ExploreView::followTrial);
    connect(&bench.results, &ResultSet::changed, this, &ExploreView::schedule);
    connect(&bench.preview, &LivePreview::ready, this, &ExploreView::showPreview);
    connect(&bench.preview, &LivePreview::failed, this, &ExploreView::showFailure);
    connect(&bench.plots, &PlotFeed::levelsChanged, this, &ExploreView::followFeed);
    connect(&bench.plots, &PlotFeed::utilizationChanged, this, &ExploreView::followFeed);
    connect(&bench.plots, &PlotFeed::errorMapChanged, this, &ExploreView::followFeed);
    schedule();
}

void ExploreView::makePlots() {
    m_levels = new LevelsPlot;
    m_errorMap = new ErrorMapPlot;
    m_utilization = new UtilizationPlot;
    m_splitter = new QSplitter(Qt::Vertical, this);
    auto* lower = new QSplitter(Qt::Horizontal, m_splitter);
    const auto addPage = [this](PlotWidget* plot, const QString& name, const QString& about,
                                QSplitter* place) {
        auto* page = new PlotPage(plot, name, m_bench.selection, place);
        page->showHeading(about);
        place->addWidget(page);
        m_plotPages.push_back(page);
    };
    addPage(m_levels, tr("Levels"), tr("Distribution of the weights, and the values on offer"),
            m_splitter);
    m_splitter->insertWidget(1, lower);
    addPage(m_errorMap, tr("Error map"), tr("Where in the matrix the error is"), lower);
    addPage(m_utilization, tr("Utilization"), tr("How evenly the codebooks are used"), lower);
    for (QSplitter* splitter : {m_splitter, lower})
        splitter->setChildrenCollapsible(false);
    m_splitter->setStretchFactor(0, 3);
    m_splitter->setStretchFactor(1, 2);
}

void ExploreView::setMethod(int row) {
    m_row = row;
    schedule();
}

void ExploreView::schedule() {
    // One edit arrives as several signals; one answer is enough.
    if (m_scheduled) return;
    m_scheduled = true;
    QMetaObject::invokeMethod(this, &ExploreView::answer, Qt::QueuedConnection);
}

void ExploreView::showEvent(QShowEvent* event) {
    QWidget::showEvent(event);
    followTrial();
    schedule();
    Q_EMIT decodedWantedChanged();
}

void ExploreView::hideEvent(QHideEvent* event) {
    QWidget::hideEvent(event);
    m_bench.preview.cancel();
    Q_EMIT decodedWantedChanged();
}

bool ExploreView::decodedWanted() const {
    return isVisible() && m_exact;
}

PlotPage* ExploreView::currentPage() const {
    if (m_pages->currentIndex() != 0) return nullptr;
    for (PlotPage* page : m_plotPages) {
        if (page->isAncestorOf(QApplication::focusWidget())) return page;
    }
    return m_plotPages.front();
}

void ExploreView::listSettings(const SweptMethod& method) {
    const int shown = m_settings->currentIndex();
    m_settingList = method.expand();
    m_settings->clear();
    for (const MethodSpec& setting : m_settingList) {
        m_settings->addItem(qtText(setting.toText()));
    }
    m_settings->setCurrentIndex(std::clamp(shown, 0, static_cast<int>(m_settingList.size()) - 1));
    m_settings->setVisible(m_settingList.size() > 1);
}

void ExploreView::answer() {
    m_scheduled = false;
    if (!isVisible()) return;
    if (m_bench.data.state() != DataLoader::State::Open) {
        showNothing(tr("Open a file to explore it"),
                    tr("The distribution of a tensor's values and what a method makes of them "
                       "appear here."),
                    m_open);
        return;
    }
    const TensorInfo* info = m_bench.tensors.tensor(m_bench.selection.currentTensor());
    if (!info || !info->quantizable) {
        showNothing(tr("Choose a tensor"),
                    info
                        ? qtText(info->reason)
                        : tr("Click one in the list at the left to see what a method does to it."));
        return;
    }
    if (m_row < 0 || m_row >= m_bench.methods.rowCount()) {
        showNothing(tr("Add a method"),
                    tr("Move its settings, and its levels, errors and bits per weight follow at "
                       "once."),
                    m_addMethod);
        return;
    }
    try {
        const PreviewRequest request = makeRequest(info->name);
        m_pages->setCurrentIndex(0);
        m_tensorName->setText(qtText(info->name));
        m_tensorName->setToolTip(m_tensorName->text());
        if (const RecordPointer record = exactRecord(request)) {
            m_bench.preview.cancel();
            showExact(*record);
        } else {
            m_shownTrial.clear();
            setStale(true);
            m_bench.preview.request(request);
        }
    } catch (const Error& error) {
        m_bench.preview.cancel();
        showNothing(tr("This method cannot run"), qtText(error.fullText()));
    }
}

PreviewRequest ExploreView::makeRequest(const std::string& tensor) {
    listSettings(m_bench.methods.method(m_row));
    PreviewRequest request;
    request.file = m_bench.data.file();
    request.side = m_bench.data.side();
    request.data = m_bench.document.spec().data;
    request.tensor = tensor;
    request.method = m_bench.registry.resolve(
        m_settingList[static_cast<std::size_t>(m_settings->currentIndex())]);
    request.seed = m_bench.document.spec().seed;
    return request;
}

RecordPointer ExploreView::exactRecord(const PreviewRequest& request) const {
    DataSpec one = request.data;
    one.tensors = {request.tensor};
    one.exclude.clear();
    const TensorSelection selection = selectTensors(*request.file, one);
    const auto selected = std::ranges::find_if(
        selection.tensors,
        [&](const SelectedTensor& candidate) { return candidate.info->name == request.tensor; });
    for (const RecordPointer& record : m_bench.results.records()) {
        if (record->tensor == request.tensor && record->method == request.method &&
            record->seed == request.seed && record->fold == selected->fold &&
            record->normalized == selected->normalized && !record->failed()) {
            return record;
        }
    }
    return nullptr;
}

void ExploreView::showExact(const TrialRecord& record) {
    m_shownTrial = qtText(record.trialId);
    m_exact = true;
    m_bench.selection.selectTrial(m_shownTrial);
    m_figures->setFigures({{tr("Bits per weight"), shortNumber(record.bitsPerWeight()),
                            tr("Everything that is stored, over the number of weights.")},
                           figure("sqnr_db", record.metrics.sqnrDb),
                           figure("nmse", record.metrics.nmse),
                           figure("codebook_perplexity", record.metrics.codebookPerplexity)});
    m_figures->setNote(tr("exact, from the run"));
    m_remark->hide();
    setStale(false);
    Q_EMIT decodedWantedChanged();
    followFeed();
}

void ExploreView::followFeed() {
    if (!m_exact || m_bench.selection.currentTrial() != m_shownTrial || m_shownTrial.isEmpty()) {
        return;
    }
    m_levels->setData(m_bench.plots.levels());
    m_errorMap->setData(m_bench.plots.errorMap());
    m_utilization->setData(m_bench.plots.utilization());
    refreshPages();
}

void ExploreView::followTrial() {
    const QString trial = m_bench.selection.currentTrial();
    if (!isVisible() || trial == m_shownTrial) return;
    const RecordPointer record = m_bench.results.find(trial);
    if (!record || record->failed() || !m_bench.tensors.tensor(qtText(record->tensor))) return;
    const auto place = settingOf(*record);
    if (!place) return;
    m_bench.selection.setCurrentTensor(qtText(record->tensor));
    m_row = place->first;
    listSettings(m_bench.methods.method(m_row));
    m_settings->setCurrentIndex(place->second);
    Q_EMIT methodRequested(m_row);
    schedule();
}

std::optional<std::pair<int, int>> ExploreView::settingOf(const TrialRecord& record) const {
    for (int row = 0; row < m_bench.methods.rowCount(); ++row) {
        const SweptMethod& method = m_bench.methods.method(row);
        if (method.method.id != record.method.id || !m_bench.registry.contains(record.method.id)) {
            continue;
        }
        try {
            const std::vector<MethodSpec> settings = method.expand();
            for (std::size_t i = 0; i < settings.size(); ++i) {
                if (m_bench.registry.resolve(settings[i]) != record.method) continue;
                return std::pair(row, static_cast<int>(i));
            }
        } catch (const Error&) {
            continue;  // It is being edited and makes no sense yet.
        }
    }
    return std::nullopt;
}

void ExploreView::showPreview(const PreviewResult& result) {
    if (!isVisible() || !m_shownTrial.isEmpty()) return;
    m_exact = false;
    QString remark = result.refusal;
    if (remark.isEmpty()) remark = result.warnings.join(QLatin1Char('\n'));
    m_remark->setText(remark);
    m_remark->setVisible(!remark.isEmpty());
    m_levels->setData(result.levels);
    m_errorMap->setData(result.errorMap);
    m_utilization->setData(result.utilization);
    refreshPages();
    if (!result.refusal.isEmpty()) {
        m_figures->setFigures({});
        m_figures->setNote({});
    } else {
        std::optional<double> perplexity;
        if (!result.utilization.codebooks.empty()) {
            perplexity = 0.0;
            for (const UtilizationSeries& codebook : result.utilization.codebooks) {
                *perplexity += codebook.perplexity;
            }
            *perplexity /= static_cast<double>(result.utilization.codebooks.size());
        }
        m_figures->setFigures({{tr("Bits per weight"), shortNumber(result.bitsPerWeight),
                                tr("Of the whole tensor: everything that is stored, over the "
                                   "number of weights.")},
                               figure("sqnr_db", result.sqnrDb),
                               figure("nmse", result.nmse),
                               figure("codebook_perplexity", perplexity)});
        m_figures->setNote(result.note.isEmpty() ? tr("preview on all rows") : result.note);
    }
    setStale(false);
    m_figures->setDimmed(!result.exact());
}

void ExploreView::showFailure(const Message& message) {
    if (!isVisible()) return;
    m_remark->setText(message.why + QLatin1Char(' ') + message.remedy);
    m_remark->show();
}

void ExploreView::showNothing(const QString& headline, const QString& text, QAction* remedy) {
    m_exact = false;
    m_shownTrial.clear();
    m_empty->setContent(headline, text, remedy);
    m_pages->setCurrentIndex(1);
}

void ExploreView::setStale(bool stale) {
    m_figures->setDimmed(stale);
    m_levels->setStale(stale);
}

void ExploreView::refreshPages() {
    for (PlotPage* page : m_plotPages)
        page->refresh();
}

}  // namespace quantscope
