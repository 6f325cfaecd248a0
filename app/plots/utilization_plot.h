// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/models/plot_data.h"
#include "app/plots/label_placer.h"
#include "app/plots/plot_widget.h"

namespace quantscope {

/// How evenly a quantizer uses its codebooks: the share of codes of each codeword, most used first,
/// one curve per codebook or stage, against equal use 1/K. A curve ends at its last used codeword;
/// the dead ones behind it are marked and counted. With many codebooks only the current one is in
/// full colour.
class UtilizationPlot : public PlotWidget {
    Q_OBJECT

public:
    /// Up to this many codebooks each have a colour of their own.
    static constexpr int maxColoredCurves = 6;

    explicit UtilizationPlot(QWidget* parent = nullptr);

    void setData(UtilizationData data);
    const UtilizationData& data() const { return *m_data; }

    /// The codebook in focus; at first the one that is used least evenly.
    int currentCodebook() const { return m_currentCodebook; }
    void setCurrentCodebook(int codebook);
    bool logShares() const { return m_logShares; }

    bool isEmpty() const override;
    QString emptyText() const override;
    QString figureName() const override;
    std::unique_ptr<PlotWidget> clone() const override;
    std::unique_ptr<TableTwin> makeTable() const override;
    int markCount() const override;
    QRectF markRect(int mark) const override;
    QString markText(int mark) const override;
    int markAt(const QPointF& position) const override;

Q_SIGNALS:
    void currentCodebookChanged(int codebook);

protected:
    void rebuild() override;
    void fitView() override;
    int neighbour(int mark, Qt::Key key) const override;
    void mouseReleaseEvent(QMouseEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;

private:
    /// A mark is a codeword: its codebook and its rank by use, from 0.
    struct Codeword {
        int codebook;
        int rank;
    };
    void adopt(std::shared_ptr<const UtilizationData> data);
    Codeword codeword(int mark) const;
    int markOf(const Codeword& codeword) const;
    const UtilizationSeries& series(int codebook) const {
        return m_data->codebooks[static_cast<std::size_t>(codebook)];
    }
    int codewords(int codebook) const { return static_cast<int>(series(codebook).shares.size()); }
    int usedCodewords(int codebook) const { return codewords(codebook) - series(codebook).dead; }
    double share(const Codeword& codeword) const;
    bool manyCurves() const;
    QColor curveColor(int codebook) const;
    QString usageText(int codebook) const;
    QString keyText(int codebook) const;
    void addCurve(int codebook);
    void updateKey();
    void paintMarks(QCPPainter& painter) const;
    void markEndOfUse(QCPPainter& painter, LabelPlacer& placer) const;

    std::shared_ptr<const UtilizationData> m_data;
    std::vector<int> m_firstMark;  ///< Of each codebook; one more for the end.
    int m_currentCodebook = -1;
    bool m_logShares = false;
};

}  // namespace quantscope
