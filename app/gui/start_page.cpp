// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/gui/start_page.h"

#include <QAction>
#include <QDir>
#include <QFileInfo>
#include <QLabel>
#include <QPushButton>
#include <QScrollArea>
#include <QVBoxLayout>

#include "app/gui/link_row.h"
#include "app/gui/themed_icon.h"
#include "app/models/recent_files.h"
#include "app/models/sample_catalog.h"

namespace quantscope {

namespace {

QLabel* heading(const QString& text, QWidget* parent) {
    auto* label = new QLabel(text, parent);
    QFont strong = label->font();
    strong.setWeight(QFont::DemiBold);
    label->setFont(strong);
    return label;
}

QVBoxLayout* makeColumn() {
    auto* column = new QVBoxLayout;
    column->setSpacing(4);
    return column;
}

}  // namespace

StartPage::StartPage(RecentFiles* recent, QAction* open, QWidget* parent)
    : QWidget(parent), m_recent(recent), m_recentList(makeColumn()) {
    auto* page = new QWidget;
    auto* title = new QLabel(tr("Which quantizer, at which rate, at which error?"), page);
    QFont large = title->font();
    large.setPointSizeF(large.pointSizeF() * 1.6);
    title->setFont(large);
    auto* lead = new QLabel(
        tr("Open the weights of a model or a set of embeddings, try methods on them, and see what "
           "each bit buys. Start with an example, or drop an HDF5 file on this window."),
        page);
    lead->setWordWrap(true);
    lead->setForegroundRole(QPalette::PlaceholderText);
    auto* openButton = new QPushButton(themedIcon(QStringLiteral("open")), open->text(), page);
    openButton->setObjectName(QStringLiteral("startOpenButton"));
    openButton->setDefault(true);
    connect(openButton, &QPushButton::clicked, open, &QAction::trigger);

    QVBoxLayout* samples = makeColumn();
    addSamples(samples);
    samples->addStretch(1);
    auto* recentColumn = makeColumn();
    recentColumn->addWidget(heading(tr("Recent"), page));
    recentColumn->addLayout(m_recentList);
    recentColumn->addSpacing(8);
    recentColumn->addWidget(openButton, 0, Qt::AlignLeft);
    recentColumn->addStretch(1);

    auto* columns = new QHBoxLayout;
    columns->setSpacing(48);
    columns->addLayout(samples, 3);
    columns->addLayout(recentColumn, 2);
    auto* body = new QVBoxLayout;
    body->setSpacing(8);
    body->addWidget(title);
    body->addWidget(lead);
    body->addSpacing(24);
    body->addLayout(columns);
    body->addStretch(1);
    auto* centred = new QHBoxLayout(page);
    centred->setContentsMargins(32, 48, 32, 32);
    centred->addStretch(1);
    centred->addLayout(body, 12);
    centred->addStretch(1);

    auto* scroll = new QScrollArea(this);
    scroll->setWidget(page);
    scroll->setWidgetResizable(true);
    scroll->setFrameShape(QFrame::NoFrame);
    scroll->setFocusPolicy(Qt::NoFocus);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->addWidget(scroll);
    for (const auto signal :
         {&QAbstractItemModel::rowsInserted, &QAbstractItemModel::rowsRemoved}) {
        connect(recent, signal, this, &StartPage::fillRecent);
    }
    connect(recent, &QAbstractItemModel::modelReset, this, &StartPage::fillRecent);
    fillRecent();
}

void StartPage::addSamples(QVBoxLayout* column) {
    const std::vector<Sample> samples = findSamples(bundledDatasetsFolder());
    for (const Sample::Kind kind : {Sample::Kind::Experiment, Sample::Kind::Data}) {
        const bool experiments = kind == Sample::Kind::Experiment;
        bool first = true;
        for (const Sample& sample : samples) {
            if (sample.kind != kind) continue;
            if (first) {
                if (!experiments) column->addSpacing(16);
                column->addWidget(
                    heading(experiments ? tr("Bundled experiments") : tr("Bundled data"), this));
                first = false;
            }
            auto* row = new LinkRow(
                themedIcon(experiments ? QStringLiteral("trade-off") : QStringLiteral("file"),
                           QPalette::Link),
                sample.title, sample.description, this);
            const QString path = QString::fromStdString(sample.path.string());
            row->setObjectName(QStringLiteral("sample_") + QFileInfo(path).fileName());
            connect(row, &LinkRow::clicked, this, [this, path] { Q_EMIT openRequested(path); });
            column->addWidget(row);
        }
    }
}

void StartPage::fillRecent() {
    while (QLayoutItem* item = m_recentList->takeAt(0)) {
        delete item->widget();
        delete item;
    }
    constexpr int shown = 8;
    for (const QString& path : m_recent->paths().mid(0, shown)) {
        const QFileInfo file(path);
        auto* row = new LinkRow(themedIcon(QStringLiteral("recent"), QPalette::Link),
                                file.fileName(), QDir::toNativeSeparators(file.path()), this);
        connect(row, &LinkRow::clicked, this, [this, path] { Q_EMIT openRequested(path); });
        m_recentList->addWidget(row);
    }
    if (m_recent->paths().isEmpty()) {
        auto* nothing = new QLabel(tr("Files and sessions that you open appear here."), this);
        nothing->setForegroundRole(QPalette::PlaceholderText);
        nothing->setWordWrap(true);
        m_recentList->addWidget(nothing);
    }
}

}  // namespace quantscope
