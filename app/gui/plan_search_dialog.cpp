// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/gui/plan_search_dialog.h"

#include <QComboBox>
#include <QDialogButtonBox>
#include <QFileDialog>
#include <QFormLayout>
#include <QLabel>
#include <QPushButton>
#include <QSpinBox>
#include <algorithm>
#include <limits>

#include "app/gui/qt_text.h"
#include "app/gui/themed_icon.h"
#include "app/jobs/workbench.h"

namespace quantscope {

namespace {

QSpinBox* countBox(const QString& name, int least, int most, std::uint64_t value,
                   const QString& about, QWidget* parent) {
    auto* box = new QSpinBox(parent);
    box->setObjectName(name);
    box->setRange(least, most);
    box->setValue(static_cast<int>(std::min(value, static_cast<std::uint64_t>(most))));
    box->setToolTip(about);
    return box;
}

}  // namespace

PlanSearchDialog::PlanSearchDialog(Workbench& bench, QWidget* parent)
    : QDialog(parent),
      m_bench(bench),
      m_tokens(bench.planSearch.request().tokens),
      m_choose(new QPushButton(themedIcon(QStringLiteral("open")), {}, this)),
      m_note(new QLabel(this)),
      m_objective(new QComboBox(this)) {
    setWindowTitle(tr("Search a plan on the model's loss"));
    setAttribute(Qt::WA_DeleteOnClose);
    const PlanSearchRequest& last = bench.planSearch.request();
    constexpr int most = 100000;
    m_generations = countBox(QStringLiteral("searchGenerations"), 1, most,
                             static_cast<std::uint64_t>(last.generations),
                             tr("How often a child may replace its parent"), this);
    m_offspring = countBox(QStringLiteral("searchOffspring"), 1, most,
                           static_cast<std::uint64_t>(last.offspring),
                           tr("Children of every generation"), this);
    m_seed = countBox(QStringLiteral("searchSeed"), 0, std::numeric_limits<int>::max(), last.seed,
                      tr("Of the random numbers; the same seed finds the same plan"), this);
    m_choose->setObjectName(QStringLiteral("searchTokens"));
    m_objective->setObjectName(QStringLiteral("searchObjective"));
    m_objective->addItem(tr("Divergence from the unquantized model"), QStringLiteral("divergence"));
    m_objective->addItem(tr("Perplexity"), QStringLiteral("perplexity"));
    m_objective->setCurrentIndex(
        m_objective->findData(qtText(searchObjectiveText(last.objective))));
    m_note->setObjectName(QStringLiteral("searchNote"));
    m_note->setWordWrap(true);
    m_note->setForegroundRole(QPalette::PlaceholderText);

    auto* buttons = new QDialogButtonBox(QDialogButtonBox::Cancel, this);
    m_start = buttons->addButton(tr("Search"), QDialogButtonBox::AcceptRole);
    m_start->setObjectName(QStringLiteral("startSearch"));
    connect(m_choose, &QPushButton::clicked, this, &PlanSearchDialog::chooseTokens);
    connect(buttons, &QDialogButtonBox::accepted, this, &PlanSearchDialog::start);
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::close);

    auto* form = new QFormLayout(this);
    form->setContentsMargins(16, 16, 16, 16);
    form->setSpacing(8);
    form->addRow(tr("&Tokens"), m_choose);
    form->addRow(QString(), m_note);
    form->addRow(tr("&Lower"), m_objective);
    form->addRow(tr("&Generations"), m_generations);
    form->addRow(tr("&Offspring"), m_offspring);
    form->addRow(tr("S&eed"), m_seed);
    form->addRow(buttons);
    followTokens();
}

void PlanSearchDialog::chooseTokens() {
    const std::filesystem::path start =
        m_tokens.empty() ? m_bench.document.spec().data.file.parent_path() : m_tokens;
    const QString file =
        QFileDialog::getOpenFileName(this, tr("Open token ids"), qtText(start.string()),
                                     tr("HDF5 (*.h5 *.hdf5);;All files (*)"));
    if (!file.isEmpty()) m_tokens = file.toStdString();
    followTokens();
}

void PlanSearchDialog::followTokens() {
    const bool isKnown = !m_tokens.empty();
    m_choose->setText(isKnown ? qtText(m_tokens.filename().string()) : tr("Choose..."));
    m_start->setEnabled(isKnown);
    // The default button of the dialog is what is to be done next.
    m_start->setDefault(isKnown);
    m_choose->setDefault(!isKnown);
    const bool isJudge = isKnown && m_tokens == m_bench.perplexity.tokens();
    m_note->setText(
        isJudge   ? tr("These tokens judge the plans as well: one that is chosen on them looks "
                         "better than it is.")
        : isKnown ? tr("The search starts from what the allocator chooses by the loss on show, and "
                       "runs the model with every plan that it tries.")
                  : tr("A search runs the model that was quantized with every plan that it tries. "
                       "It needs a file of token ids, other ones than those that judge."));
}

void PlanSearchDialog::start() {
    if (!m_bench.planSearch.canStart()) {
        m_note->setText(
            m_bench.planSearch.isRunning()
                ? tr("A search runs already. Wait for it, or cancel it.")
                : tr("The plan to start from is not there: the results or what is asked "
                     "of it have changed. Try again when it is on show."));
        return;
    }
    PlanSearchRequest request;
    request.tokens = m_tokens;
    request.objective = parseSearchObjective(m_objective->currentData().toString().toStdString());
    request.generations = m_generations->value();
    request.offspring = m_offspring->value();
    request.seed = static_cast<std::uint64_t>(m_seed->value());
    m_bench.planSearch.start(request);
    accept();
}

}  // namespace quantscope
