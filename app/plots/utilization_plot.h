// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>

#include "app/models/plot_data.h"
#include "app/plots/curves_plot.h"
#include "app/plots/label_placer.h"

namespace quantscope {

/// How evenly a quantizer uses its codebooks: the share of codes of each codeword, most used first,
/// one curve per codebook or stage, against equal use 1/K. A curve ends at its last used codeword;
/// the dead ones behind it are marked and counted. The codebook in focus is at first the one that
/// is used least evenly.
class UtilizationPlot : public CurvesPlot {
    Q_OBJECT

public:
    explicit UtilizationPlot(QWidget* parent = nullptr);

    void setData(UtilizationData data);
    const UtilizationData& data() const { return *m_data; }

    bool logShares() const { return m_logShares; }

    QString emptyText() const override;
    QString figureName() const override;
    std::unique_ptr<PlotWidget> clone() const override;
    std::unique_ptr<TableTwin> makeTable() const override;
    QString markText(int mark) const override;

protected:
    void rebuild() override;
    void fitView() override;
    double value(const CurvePoints::Point& codeword) const override;
    QString keyText(int codebook, bool alone) const override;
    void addCurve(int codebook) override;

private:
    void adopt(std::shared_ptr<const UtilizationData> data, std::optional<int> current = {});
    const UtilizationSeries& series(int codebook) const {
        return m_data->codebooks[static_cast<std::size_t>(codebook)];
    }
    int codewords(int codebook) const { return static_cast<int>(series(codebook).shares.size()); }
    int usedCodewords(int codebook) const { return codewords(codebook) - series(codebook).dead; }
    QString usageText(int codebook) const;
    void paintMarks(QCPPainter& painter) const;
    void markEndOfUse(QCPPainter& painter, LabelPlacer& placer) const;

    std::shared_ptr<const UtilizationData> m_data;
    bool m_logShares = false;
};

}  // namespace quantscope
