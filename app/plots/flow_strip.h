// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <qcustomplot.h>

#include <vector>

namespace quantscope {

/// A symbol with its meaning, or words alone.
struct StripEntry {
    QString text;
    QCPScatterStyle marker = QCPScatterStyle(QCPScatterStyle::ssNone);
    QPen line = Qt::NoPen;
    QBrush swatch = Qt::NoBrush;
    double swatchEms = 0.9;  ///< Width of the swatch.
    bool essential = true;   ///< Small figures keep these entries longest.
};

/// A line of entries above or below an axis rect that wraps when it is too long for the plot: the
/// key, the title, or notes. It never covers data. Takes no space while it has no entries.
class FlowStrip : public QCPLayoutElement {
    Q_OBJECT

public:
    explicit FlowStrip(QCustomPlot* plot);

    void setEntries(std::vector<StripEntry> entries);
    const std::vector<StripEntry>& entries() const { return m_entries; }
    void setFont(const QFont& font, const QColor& color);
    /// Empty space above and below the entries, in pixels.
    void setPadding(int above, int below);

    QSize minimumOuterSizeHint() const override;
    QSize maximumOuterSizeHint() const override;

protected:
    int calculateAutoMargin(QCP::MarginSide side) override;
    void draw(QCPPainter* painter) override;

private:
    /// An entry, or one line of an entry of words alone that is longer than the strip.
    struct Place {
        std::size_t entry;
        QRectF symbol;
        QRectF text;
        QString words;  ///< Elided to the width of the strip.
    };
    std::vector<Place> layOut(double width) const;
    double availableWidth() const;

    std::vector<StripEntry> m_entries;
    QFont m_font;
    QColor m_color;
    int m_above = 0;
    int m_below = 0;
};

}  // namespace quantscope
