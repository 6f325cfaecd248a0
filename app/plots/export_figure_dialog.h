// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QDialog>
#include <QTimer>
#include <memory>

#include "app/plots/figure_export.h"

class QCheckBox;
class QComboBox;
class QDoubleSpinBox;
class QLabel;
class QLineEdit;
class QPushButton;
class QSpinBox;

namespace quantscope {

class PlotWidget;

/// Asks for size, format and file of a figure, and shows what it will look like. Works on a copy of
/// the plot taken when it opens, and is not modal: the plot behind it lives on. Remembers what was
/// chosen last.
class ExportFigureDialog : public QDialog {
    Q_OBJECT

public:
    explicit ExportFigureDialog(const PlotWidget& plot, QWidget* parent = nullptr);
    ~ExportFigureDialog() override;

    /// Opens a dialog for a plot; it deletes itself when closed.
    static void open(PlotWidget& plot);

    FigureOptions options() const;
    void setOptions(const FigureOptions& options);
    FigureFormat format() const;
    void setFormat(FigureFormat format);
    QString path() const;
    void setPath(const QString& path);

    /// Writes the file. On success closes the dialog; otherwise says why not, and stays open.
    void save();

Q_SIGNALS:
    void saved(const QString& path);

private:
    void buildForm();
    void restore();
    void remember() const;
    void applyPreset(int index);
    void sizeEdited();
    void formatChosen();
    void browse();
    void updatePreview();
    void pathEdited();
    void showMessage(const QString& text);

    std::unique_ptr<PlotWidget> m_plot;
    QComboBox* m_format;
    QComboBox* m_preset;
    QDoubleSpinBox* m_width;
    QDoubleSpinBox* m_height;
    QSpinBox* m_dpi;
    QDoubleSpinBox* m_fontSize;
    QCheckBox* m_title;
    QCheckBox* m_notes;
    QLineEdit* m_path;
    QPushButton* m_save;
    QLabel* m_preview;
    QLabel* m_message;
    QTimer m_previewTimer;
};

}  // namespace quantscope
