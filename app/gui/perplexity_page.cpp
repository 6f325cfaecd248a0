// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/gui/perplexity_page.h"

#include <QFileDialog>
#include <QPushButton>
#include <QToolButton>

#include "app/gui/qt_text.h"
#include "app/gui/themed_icon.h"
#include "app/jobs/workbench.h"
#include "app/plots/perplexity_plot.h"

namespace quantscope {

PerplexityPage::PerplexityPage(Workbench& bench, QWidget* parent)
    : PlotPage(new PerplexityPlot, tr("Perplexity"), bench.selection, parent),
      m_bench(bench),
      m_tokens(new QToolButton(this)),
      m_evaluate(new QPushButton(this)) {
    m_tokens->setObjectName(QStringLiteral("chooseTokens"));
    m_tokens->setIcon(themedIcon(QStringLiteral("open")));
    m_tokens->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
    m_tokens->setAutoRaise(true);
    m_tokens->setFocusPolicy(Qt::TabFocus);
    m_evaluate->setObjectName(QStringLiteral("evaluateRun"));
    addTool(m_evaluate);
    addTool(m_tokens);
    connect(m_tokens, &QToolButton::clicked, this, &PerplexityPage::chooseTokens);
    connect(m_evaluate, &QPushButton::clicked, this, &PerplexityPage::evaluate);
    connect(&bench.perplexity, &PerplexityFeed::stateChanged, this, &PerplexityPage::followState);
    connect(&bench.perplexity, &PerplexityFeed::changed, this, [this] {
        perplexityPlot().setData(m_bench.perplexity.data());
        refresh();
    });
    followState();
}

PerplexityPlot& PerplexityPage::perplexityPlot() const {
    return static_cast<PerplexityPlot&>(plot());
}

void PerplexityPage::chooseTokens() {
    const std::filesystem::path& now = m_bench.perplexity.tokens();
    const std::filesystem::path start =
        now.empty() ? m_bench.document.spec().data.file.parent_path() : now;
    const QString file =
        QFileDialog::getOpenFileName(this, tr("Open token ids"), qtText(start.string()),
                                     tr("HDF5 (*.h5 *.hdf5);;All files (*)"));
    if (!file.isEmpty()) m_bench.perplexity.setTokens(file.toStdString());
}

void PerplexityPage::evaluate() {
    PerplexityFeed& feed = m_bench.perplexity;
    if (feed.isRunning()) {
        feed.cancel();
        return;
    }
    if (feed.tokens().empty()) chooseTokens();
    feed.start();
}

void PerplexityPage::followState() {
    const PerplexityFeed& feed = m_bench.perplexity;
    const QString name = qtText(feed.tokens().filename().string());
    m_tokens->setText(name.isEmpty()
                          ? tr("Tokens...")
                          : fontMetrics().elidedText(name, Qt::ElideMiddle,
                                                     fontMetrics().averageCharWidth() * 24));
    m_tokens->setToolTip(name.isEmpty() ? tr("Choose a file of token ids that judge the model")
                                        : tr("Judged by %1").arg(name));
    m_tokens->setEnabled(!feed.isRunning());
    m_evaluate->setText(feed.isRunning() ? tr("Cancel") : tr("Evaluate"));
    m_evaluate->setIcon(
        themedIcon(feed.isRunning() ? QStringLiteral("cancel") : QStringLiteral("run")));
    m_evaluate->setToolTip(
        feed.isRunning()
            ? tr("Stop evaluating; what was evaluated stays")
            : tr("Run the model with each method alone and with the present plan; kept with the "
                 "run"));
    m_evaluate->setEnabled(feed.isRunning() || feed.canStart() ||
                           (feed.tokens().empty() && m_bench.results.count() > 0));
}

}  // namespace quantscope
