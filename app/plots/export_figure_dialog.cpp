// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/plots/export_figure_dialog.h"

#include <QCheckBox>
#include <QComboBox>
#include <QDialogButtonBox>
#include <QDir>
#include <QDoubleSpinBox>
#include <QFileDialog>
#include <QFileInfo>
#include <QFormLayout>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QSettings>
#include <QStandardPaths>
#include <array>

#include "app/plots/plot_widget.h"
#include "core/base/error.h"

namespace quantscope {

namespace {

struct SizePreset {
    const char* name;
    double widthCm;
    double heightCm;
};
// Column widths of IEEE and ACM styles, of most journals, and of slides.
constexpr std::array sizePresets = {
    SizePreset{QT_TR_NOOP("One column"), 8.5, 6.0},
    SizePreset{QT_TR_NOOP("One and a half columns"), 12.0, 7.5},
    SizePreset{QT_TR_NOOP("Two columns"), 17.5, 8.0},
    SizePreset{QT_TR_NOOP("Slide"), 25.4, 14.3},
};

constexpr std::array formats = {FigureFormat::Svg, FigureFormat::Pdf, FigureFormat::Png};
constexpr int previewDelayMs = 80;
constexpr int previewWidth = 420;
constexpr int previewHeight = 300;

QString settingsKey(const char* name) {
    return QStringLiteral("figureExport/") + QLatin1String(name);
}

}  // namespace

ExportFigureDialog::ExportFigureDialog(const PlotWidget& plot, QWidget* parent)
    : QDialog(parent),
      m_plot(plot.figure(FigureOptions().fontPoints)),
      m_format(new QComboBox),
      m_preset(new QComboBox),
      m_width(new QDoubleSpinBox),
      m_height(new QDoubleSpinBox),
      m_dpi(new QSpinBox),
      m_fontSize(new QDoubleSpinBox),
      m_title(new QCheckBox(tr("Title"))),
      m_notes(new QCheckBox(tr("Notes"))),
      m_path(new QLineEdit),
      m_save(new QPushButton(tr("Save"))),
      m_preview(new QLabel),
      m_message(new QLabel) {
    setWindowTitle(tr("Export figure"));
    buildForm();
    m_previewTimer.setSingleShot(true);
    m_previewTimer.setInterval(previewDelayMs);
    connect(&m_previewTimer, &QTimer::timeout, this, &ExportFigureDialog::updatePreview);
    restore();
    updatePreview();
}

ExportFigureDialog::~ExportFigureDialog() = default;

void ExportFigureDialog::open(PlotWidget& plot) {
    auto* dialog = new ExportFigureDialog(plot, plot.window());
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->show();
}

void ExportFigureDialog::buildForm() {
    for (const FigureFormat format : formats) {
        m_format->addItem(figureSuffix(format).toUpper(), static_cast<int>(format));
    }
    for (const SizePreset& preset : sizePresets)
        m_preset->addItem(tr(preset.name));
    m_preset->addItem(tr("Own size"));
    for (QDoubleSpinBox* box : {m_width, m_height}) {
        box->setRange(FigureOptions::leastCm, FigureOptions::mostCm);
        box->setDecimals(1);
        box->setSingleStep(0.5);
        box->setSuffix(tr(" cm"));
    }
    m_preset->setObjectName(QStringLiteral("preset"));
    m_save->setObjectName(QStringLiteral("save"));
    m_message->setObjectName(QStringLiteral("message"));
    m_width->setAccessibleName(tr("Width"));
    m_height->setAccessibleName(tr("Height"));
    m_dpi->setRange(FigureOptions::leastDpi, FigureOptions::mostDpi);
    m_dpi->setSingleStep(50);
    m_dpi->setSuffix(tr(" dpi"));
    m_fontSize->setRange(5.0, 24.0);
    m_fontSize->setDecimals(1);
    m_fontSize->setSingleStep(0.5);
    m_fontSize->setSuffix(tr(" pt"));
    m_fontSize->setToolTip(tr("Size of the text in the printed figure"));
    m_notes->setToolTip(tr("Lines below the plot, such as \"sample of 4,096 rows\""));
    m_preview->setFixedSize(previewWidth, previewHeight);
    m_preview->setAlignment(Qt::AlignCenter);
    m_preview->setAccessibleName(tr("Preview of the figure"));
    m_message->setWordWrap(true);
    m_message->setVisible(false);
    QPalette warning = m_message->palette();
    warning.setColor(QPalette::WindowText, palette().color(QPalette::BrightText));
    m_message->setPalette(warning);

    auto* browseButton = new QPushButton(tr("Browse..."));
    browseButton->setAutoDefault(false);
    m_path->setMinimumWidth(20 * fontMetrics().averageCharWidth() * 2);
    const auto row = [](std::initializer_list<QWidget*> widgets) {
        auto* layout = new QHBoxLayout;
        for (QWidget* widget : widgets)
            layout->addWidget(widget);
        return layout;
    };
    auto* form = new QFormLayout;
    form->addRow(tr("Format"), m_format);
    form->addRow(tr("Size"), m_preset);
    form->addRow(tr("Width and height"), row({m_width, m_height}));
    form->addRow(tr("Resolution"), m_dpi);
    form->addRow(tr("Text size"), m_fontSize);
    form->addRow(tr("Show"), row({m_title, m_notes}));
    form->addRow(tr("File"), row({m_path, browseButton}));

    auto* buttons = new QDialogButtonBox(QDialogButtonBox::Cancel);
    buttons->addButton(m_save, QDialogButtonBox::AcceptRole);
    auto* left = new QVBoxLayout;
    left->addLayout(form);
    left->addWidget(m_message);
    left->addStretch();
    auto* top = new QHBoxLayout;
    top->addLayout(left, 1);
    top->addWidget(m_preview);
    auto* whole = new QVBoxLayout(this);
    whole->addLayout(top, 1);
    whole->addWidget(buttons);
    // Only now do the buttons know the dialog that they are the default of.
    buttons->button(QDialogButtonBox::Cancel)->setAutoDefault(false);
    m_save->setDefault(true);

    const auto changed = [this] { m_previewTimer.start(); };
    connect(m_format, &QComboBox::currentIndexChanged, this, &ExportFigureDialog::formatChosen);
    connect(m_preset, &QComboBox::activated, this, &ExportFigureDialog::applyPreset);
    connect(m_width, &QDoubleSpinBox::valueChanged, this, &ExportFigureDialog::sizeEdited);
    connect(m_height, &QDoubleSpinBox::valueChanged, this, &ExportFigureDialog::sizeEdited);
    connect(m_fontSize, &QDoubleSpinBox::valueChanged, this, changed);
    connect(m_title, &QCheckBox::toggled, this, changed);
    connect(m_notes, &QCheckBox::toggled, this, changed);
    connect(m_path, &QLineEdit::textChanged, this, &ExportFigureDialog::pathEdited);
    connect(browseButton, &QPushButton::clicked, this, &ExportFigureDialog::browse);
    connect(buttons, &QDialogButtonBox::accepted, this, &ExportFigureDialog::save);
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
}

FigureOptions ExportFigureDialog::options() const {
    FigureOptions options;
    options.widthCm = m_width->value();
    options.heightCm = m_height->value();
    options.dpi = m_dpi->value();
    options.fontPoints = m_fontSize->value();
    options.title = m_title->isChecked();
    options.notes = m_notes->isChecked();
    return options;
}

void ExportFigureDialog::setOptions(const FigureOptions& options) {
    m_width->setValue(options.widthCm);
    m_height->setValue(options.heightCm);
    m_dpi->setValue(options.dpi);
    m_fontSize->setValue(options.fontPoints);
    m_title->setChecked(options.title);
    m_notes->setChecked(options.notes);
    sizeEdited();
}

FigureFormat ExportFigureDialog::format() const {
    return static_cast<FigureFormat>(m_format->currentData().toInt());
}

void ExportFigureDialog::setFormat(FigureFormat format) {
    m_format->setCurrentIndex(m_format->findData(static_cast<int>(format)));
    formatChosen();
}

QString ExportFigureDialog::path() const {
    return m_path->text().trimmed();
}

void ExportFigureDialog::setPath(const QString& path) {
    m_path->setText(path);
}

void ExportFigureDialog::restore() {
    const QSettings settings;
    FigureOptions options;
    options.widthCm = settings.value(settingsKey("widthCm"), options.widthCm).toDouble();
    options.heightCm = settings.value(settingsKey("heightCm"), options.heightCm).toDouble();
    options.dpi = settings.value(settingsKey("dpi"), options.dpi).toInt();
    options.fontPoints = settings.value(settingsKey("fontPoints"), options.fontPoints).toDouble();
    options.title = settings.value(settingsKey("title"), options.title).toBool();
    options.notes = settings.value(settingsKey("notes"), options.notes).toBool();
    setOptions(options);
    QString folder = settings.value(settingsKey("folder")).toString();
    if (folder.isEmpty() || !QDir(folder).exists()) {
        folder = QStandardPaths::writableLocation(QStandardPaths::DocumentsLocation);
        if (!QDir(folder).exists()) folder = QDir::homePath();
    }
    const int format = m_format->findText(settings.value(settingsKey("format")).toString());
    m_format->setCurrentIndex(format >= 0 ? format : 0);
    setPath(QDir(folder).filePath(m_plot->figureName() + u'.' + figureSuffix(this->format())));
    formatChosen();
}

void ExportFigureDialog::remember() const {
    const FigureOptions chosen = options();
    QSettings settings;
    settings.setValue(settingsKey("widthCm"), chosen.widthCm);
    settings.setValue(settingsKey("heightCm"), chosen.heightCm);
    settings.setValue(settingsKey("dpi"), chosen.dpi);
    settings.setValue(settingsKey("fontPoints"), chosen.fontPoints);
    settings.setValue(settingsKey("title"), chosen.title);
    settings.setValue(settingsKey("notes"), chosen.notes);
    settings.setValue(settingsKey("format"), m_format->currentText());
    settings.setValue(settingsKey("folder"), QFileInfo(path()).absolutePath());
}

void ExportFigureDialog::applyPreset(int index) {
    if (index < 0 || index >= static_cast<int>(sizePresets.size())) return;
    const SizePreset& preset = sizePresets[static_cast<std::size_t>(index)];
    m_width->setValue(preset.widthCm);
    m_height->setValue(preset.heightCm);
}

// Names the preset that the numbers equal.
void ExportFigureDialog::sizeEdited() {
    int index = static_cast<int>(sizePresets.size());
    for (std::size_t i = 0; i < sizePresets.size(); ++i) {
        const bool same = qFuzzyCompare(sizePresets[i].widthCm, m_width->value()) &&
                          qFuzzyCompare(sizePresets[i].heightCm, m_height->value());
        if (same) index = static_cast<int>(i);
    }
    m_preset->setCurrentIndex(index);
    m_previewTimer.start();
}

void ExportFigureDialog::formatChosen() {
    m_dpi->setEnabled(format() == FigureFormat::Png);
    m_dpi->setToolTip(format() == FigureFormat::Png ? QString()
                                                    : tr("Vector figures have no resolution"));
    const QFileInfo file(path());
    if (file.fileName().isEmpty()) return;
    setPath(file.dir().filePath(file.completeBaseName() + u'.' + figureSuffix(format())));
}

// The button says what it will do to a file that is there.
void ExportFigureDialog::pathEdited() {
    m_save->setText(QFileInfo::exists(path()) ? tr("Replace file") : tr("Save"));
}

void ExportFigureDialog::browse() {
    const QString suffix = figureSuffix(format());
    const QString chosen = QFileDialog::getSaveFileName(
        this, tr("Export figure"), path(), tr("%1 files (*.%2)").arg(suffix.toUpper(), suffix),
        nullptr, QFileDialog::DontConfirmOverwrite);
    if (chosen.isEmpty()) return;
    setPath(QFileInfo(chosen).suffix().isEmpty() ? chosen + u'.' + suffix : chosen);
}

void ExportFigureDialog::updatePreview() {
    FigureOptions shown = options();
    const double ratio = devicePixelRatioF();
    const double inches = std::max(shown.widthCm / previewWidth, shown.heightCm / previewHeight);
    shown.dpi = std::clamp(static_cast<int>(2.54 * ratio / inches), FigureOptions::leastDpi,
                           FigureOptions::mostDpi);
    try {
        QStringList leftOut;
        QPixmap picture = QPixmap::fromImage(figureImage(*m_plot, shown, &leftOut));
        picture.setDevicePixelRatio(ratio);
        m_preview->setPixmap(picture);
        m_save->setEnabled(true);
        showMessage(leftOut.isEmpty() ? QString()
                                      : tr("There is no room for %1. Choose a larger size or "
                                           "smaller text to have it.")
                                            .arg(leftOut.join(tr(" and "))));
    } catch (const Error& error) {
        m_preview->setPixmap({});
        m_save->setEnabled(false);
        showMessage(QString::fromStdString(error.fullText()));
    }
}

void ExportFigureDialog::showMessage(const QString& text) {
    m_message->setText(text);
    m_message->setVisible(!text.isEmpty());
}

void ExportFigureDialog::save() {
    try {
        exportFigure(*m_plot, path(), options());
    } catch (const Error& error) {
        showMessage(QString::fromStdString(error.fullText()));
        return;
    }
    remember();
    Q_EMIT saved(path());
    accept();
}

}  // namespace quantscope
