// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/gui/plan_export_button.h"

#include <QAction>
#include <QFileDialog>
#include <QFileInfo>
#include <QMenu>

#include "app/gui/qt_text.h"
#include "app/gui/themed_icon.h"
#include "app/jobs/workbench.h"
#include "core/base/text_file.h"

namespace quantscope {

PlanExportButton::PlanExportButton(Workbench& bench, QWidget* parent)
    : QPushButton(themedIcon(QStringLiteral("export")), tr("Export"), parent), m_bench(bench) {
    setObjectName(QStringLiteral("exportPlan"));
    setToolTip(tr("Write the plan for another program"));
    setMenu(new QMenu(this));
    addFormat(PlanFormat::LlamaCpp, tr("llama.cpp (--tensor-type-file)"),
              QStringLiteral("tensor-types.txt"));
    addFormat(PlanFormat::GptqModel, tr("GPTQModel (dynamic)"),
              QStringLiteral("quantize_config.json"));
    addFormat(PlanFormat::LlmCompressor, tr("llm-compressor (recipe)"),
              QStringLiteral("recipe.json"));
    addFormat(PlanFormat::Csv, tr("Table (CSV)"), QStringLiteral("plan.csv"));
}

void PlanExportButton::addFormat(PlanFormat format, const QString& name, const QString& file) {
    QAction* action = menu()->addAction(name + QStringLiteral("..."), this,
                                        [=, this] { write(format, name, file); });
    action->setObjectName(qtText(std::string(planFormatNames()[static_cast<std::size_t>(format)])));
}

void PlanExportButton::write(PlanFormat format, const QString& name, const QString& file) {
    const std::optional<AllocationPlan> plan = m_bench.allocation.answer().plan;
    if (!plan) return;
    const QString ending = QFileInfo(file).suffix();
    QString path = QFileDialog::getSaveFileName(this, tr("Export plan"), file,
                                                QStringLiteral("%1 (*.%2)").arg(name, ending));
    if (path.isEmpty()) return;
    if (QFileInfo(path).suffix().isEmpty()) path += QLatin1Char('.') + ending;
    JobOptions options;
    options.title = tr("Export plan for %1").arg(name);
    options.failureHeadline = tr("The plan was not exported.");
    m_bench.jobs.start(
        options, this,
        [plan, format, path = path.toStdString(), &registry = m_bench.registry](JobContext&) {
            ExportedPlan written = exportPlan(*plan, format, modelTensorsOf(*plan), registry);
            writeTextFile(path, written.text);
            return written.notes;
        },
        [this, path](const std::vector<std::string>& notes) {
            for (const std::string& note : notes) {
                m_bench.messages.add({Message::Severity::Note,
                                      tr("%1 was written.").arg(QFileInfo(path).fileName()),
                                      qtText(note),
                                      {},
                                      {},
                                      {}});
            }
        });
}

}  // namespace quantscope
