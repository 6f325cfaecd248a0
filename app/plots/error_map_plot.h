// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/models/plot_data.h"
#include "app/plots/plot_widget.h"

namespace quantscope {

/// Where in a matrix the error is: a heat map of the root mean square error of each cell relative
/// to that of the weights. Rows run downwards (output channels, or vectors), columns to the right.
class ErrorMapPlot : public PlotWidget {
    Q_OBJECT

public:
    explicit ErrorMapPlot(QWidget* parent = nullptr);

    void setData(ErrorMapData data);
    const ErrorMapData& data() const { return *m_data; }
    /// Whether colours follow the logarithm of the error: where a few cells dwarf the others.
    bool logColors() const { return m_logColors; }
    QCPRange colorRange() const { return m_colorRange; }

    bool isEmpty() const override;
    QString emptyText() const override;
    QString figureName() const override;
    std::unique_ptr<PlotWidget> clone() const override;
    std::unique_ptr<TableTwin> makeTable() const override;
    int markCount() const override;
    QRectF markRect(int mark) const override;
    QString markText(int mark) const override;
    int markAt(const QPointF& position) const override;

protected:
    void rebuild() override;
    void fitView() override;
    int neighbour(int mark, Qt::Key key) const override;

private:
    void adopt(std::shared_ptr<const ErrorMapData> data);
    void chooseColors();
    double rowEdge(int row) const { return row * m_data->tensorRows / m_data->rows; }
    double colEdge(int col) const { return col * m_data->tensorCols / m_data->cols; }
    int worstCell() const;
    double cellValue(int row, int col) const {
        return m_data
            ->values[static_cast<std::size_t>(row) * static_cast<std::size_t>(m_data->cols) +
                     static_cast<std::size_t>(col)];
    }

    std::shared_ptr<const ErrorMapData> m_data;
    QCPColorScale* m_scale;
    bool m_logColors = false;
    QCPRange m_colorRange{0.0, 1.0};
};

}  // namespace quantscope
