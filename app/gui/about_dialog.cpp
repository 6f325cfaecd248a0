// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/gui/about_dialog.h"

#include <QApplication>
#include <QDialogButtonBox>
#include <QGridLayout>
#include <QIcon>
#include <QLabel>
#include <QVBoxLayout>
#include <array>

namespace quantscope {

namespace {

struct Library {
    const char* name;
    const char* purpose;
    const char* licence;
};

// Licences as their projects state them.
constexpr std::array libraries = {
    Library{"Qt 6", "Widgets and application framework", "LGPL-3.0"},
    Library{"QCustomPlot", "Plots", "GPL-3.0-or-later"},
    Library{"HDF5", "Data files", "BSD-3-Clause (The HDF Group)"},
    Library{"oneTBB", "Parallel loops", "Apache-2.0"},
    Library{"Highway", "SIMD kernels", "Apache-2.0"},
    Library{"Eigen", "Linear algebra", "MPL-2.0"},
    Library{"JSON for Modern C++", "Experiments and results", "MIT"},
    Library{"CLI11", "Command line", "BSD-3-Clause"},
    Library{"xxHash", "Fingerprints", "BSD-2-Clause"},
};

}  // namespace

AboutDialog::AboutDialog(QWidget* parent) : QDialog(parent) {
    setWindowTitle(tr("About Quantscope"));
    setAttribute(Qt::WA_DeleteOnClose);
    constexpr int iconSide = 64;
    auto* icon = new QLabel(this);
    icon->setPixmap(
        QApplication::windowIcon().pixmap(QSize(iconSide, iconSide), devicePixelRatioF()));
    auto* title = new QLabel(tr("Quantscope %1").arg(QCoreApplication::applicationVersion()), this);
    QFont large = title->font();
    large.setPointSizeF(large.pointSizeF() * 1.6);
    title->setFont(large);
    auto* text = new QLabel(
        tr("A workbench for quantization: open weights or embeddings, try methods on them, and see "
           "what each bit buys.\n\nFree software under the GNU General Public License, version 3 "
           "or later; there is no warranty. It stands on these libraries:"),
        this);
    text->setWordWrap(true);

    auto* list = new QGridLayout;
    list->setHorizontalSpacing(24);
    list->setVerticalSpacing(4);
    int row = 0;
    for (const Library& library : libraries) {
        auto* name = new QLabel(QString::fromUtf8(library.name), this);
        auto* purpose = new QLabel(QString::fromUtf8(library.purpose), this);
        auto* licence = new QLabel(QString::fromUtf8(library.licence), this);
        purpose->setForegroundRole(QPalette::PlaceholderText);
        list->addWidget(name, row, 0);
        list->addWidget(purpose, row, 1);
        list->addWidget(licence, row, 2);
        ++row;
    }
    list->setColumnStretch(1, 1);
    auto* buttons = new QDialogButtonBox(QDialogButtonBox::Close, this);
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::close);

    auto* header = new QHBoxLayout;
    header->setSpacing(16);
    header->addWidget(icon);
    header->addWidget(title, 1);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(24, 24, 24, 16);
    layout->setSpacing(16);
    layout->addLayout(header);
    layout->addWidget(text);
    layout->addLayout(list);
    layout->addWidget(buttons);
    setMinimumWidth(fontMetrics().averageCharWidth() * 72);
}

}  // namespace quantscope
