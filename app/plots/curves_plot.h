// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <vector>

#include "app/plots/plot_widget.h"

namespace quantscope {

/// Numbers the points of several curves one after another, as marks and rows of tables count them.
class CurvePoints {
public:
    /// A point of a curve; both count from 0.
    struct Point {
        int curve;
        int place;
    };

    void addCurve(int points) { m_first.push_back(m_first.back() + points); }

    int curves() const { return static_cast<int>(m_first.size()) - 1; }
    int points(int curve) const {
        const auto i = static_cast<std::size_t>(curve);
        return m_first[i + 1] - m_first[i];
    }
    int count() const { return m_first.back(); }
    Point at(int number) const;
    int numberOf(const Point& point) const {
        return m_first[static_cast<std::size_t>(point.curve)] + point.place;
    }

private:
    std::vector<int> m_first = {0};  ///< Of each curve; one more for the end.
};

/// A plot of a few or many curves in an order, such as stages: point number i of a curve lies at
/// x = i + 1. One curve is in focus, and follows clicks and keys; with many, only that one is in
/// full colour.
class CurvesPlot : public PlotWidget {
    Q_OBJECT

public:
    /// The curve in focus; -1 when there is none.
    int currentCurve() const { return m_currentCurve; }
    void setCurrentCurve(int curve);

    bool isEmpty() const override { return m_points.count() == 0; }
    int markCount() const override { return m_points.count(); }
    QRectF markRect(int mark) const override;
    int markAt(const QPointF& position) const override;

protected:
    /// Up to `colored` curves each have a colour of their own.
    CurvesPlot(int colored, QWidget* parent) : PlotWidget(parent), m_colored(colored) {}

    const CurvePoints& points() const { return m_points; }
    /// New curves; to be followed by dataChanged().
    void setCurves(CurvePoints points, int current);
    bool manyCurves() const { return m_points.curves() > m_colored; }
    QColor curveColor(int curve) const;

    /// Value of a point, on the y axis; those that are not above 0 lie on the lower edge.
    virtual double value(const CurvePoints::Point& point) const = 0;
    /// What the key says of a curve; `alone` when it is the only one of many that is named.
    virtual QString keyText(int curve, bool alone) const = 0;
    virtual void addCurve(int curve) = 0;
    /// Adds all curves, that in focus on top, and their key.
    void addCurves();

    int neighbour(int mark, Qt::Key key) const override;
    void mouseReleaseEvent(QMouseEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;

private:
    void updateKey();

    int m_colored;
    CurvePoints m_points;
    int m_currentCurve = -1;
};

}  // namespace quantscope
