// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/plots/curves_plot.h"

#include <algorithm>
#include <cmath>

#include "app/plots/family_mark.h"

namespace quantscope {

CurvePoints::Point CurvePoints::at(int number) const {
    const auto next = std::ranges::upper_bound(m_first, number);
    const auto curve = static_cast<int>(next - m_first.begin()) - 1;
    return {curve, number - m_first[static_cast<std::size_t>(curve)]};
}

void CurvesPlot::setCurves(CurvePoints points, int current) {
    m_points = std::move(points);
    m_currentCurve = current;
}

void CurvesPlot::setCurrentCurve(int curve) {
    if (curve < 0 || curve >= m_points.curves() || curve == m_currentCurve) return;
    m_currentCurve = curve;
    restyle();
}

QColor CurvesPlot::curveColor(int curve) const {
    const PlotStyle& style = plotStyle();
    if (manyCurves()) {
        return curve == m_currentCurve ? style.accent : style.faded(style.secondaryText, 0.35);
    }
    return orderedColor(style, curve, m_points.curves());
}

void CurvesPlot::addCurves() {
    for (int i = 0; i < m_points.curves(); ++i) {
        if (i != m_currentCurve) addCurve(i);
    }
    addCurve(m_currentCurve);
    updateKey();
}

void CurvesPlot::updateKey() {
    const PlotStyle& style = plotStyle();
    const double width = style.figure ? style.stroke : 2.0;
    std::vector<StripEntry> entries;
    const auto add = [&](const QString& text, int curve) {
        entries.push_back(
            {text, QCPScatterStyle(QCPScatterStyle::ssNone), style.pen(curveColor(curve), width)});
    };
    if (manyCurves()) {
        add(keyText(m_currentCurve, true), m_currentCurve);
        add(tr("%1 others").arg(m_points.curves() - 1), m_currentCurve == 0 ? 1 : 0);
    } else {
        for (int i = 0; i < m_points.curves(); ++i)
            add(keyText(i, false), i);
    }
    setKey(std::move(entries));
}

QRectF CurvesPlot::markRect(int mark) const {
    const CurvePoints::Point point = m_points.at(mark);
    const double height = value(point);
    const double y = height > 0.0 ? yAxis->coordToPixel(height) : axisRect()->rect().bottom();
    QRectF rect(0.0, 0.0, 0.3 * plotStyle().em, 0.3 * plotStyle().em);
    rect.moveCenter({xAxis->coordToPixel(point.place + 1.0), y});
    return rect;
}

int CurvesPlot::markAt(const QPointF& position) const {
    if (!axisRect()->rect().contains(position.toPoint())) return -1;
    const double reach = 0.8 * plotStyle().em;
    const auto placeAt = [this](double pixel) {
        return static_cast<int>(std::lround(xAxis->pixelToCoord(pixel))) - 1;
    };
    int nearest = -1;
    double nearestDistance = reach;
    for (int i = 0; i < m_points.curves(); ++i) {
        const int last = std::min(m_points.points(i) - 1, placeAt(position.x() + reach));
        for (int place = std::max(0, placeAt(position.x() - reach)); place <= last; ++place) {
            const int mark = m_points.numberOf({i, place});
            const QPointF offset = markRect(mark).center() - position;
            const double distance = std::hypot(offset.x(), offset.y());
            // The current curve lies on top of the others.
            const bool closer =
                i == m_currentCurve ? distance <= nearestDistance : distance < nearestDistance;
            if (closer) {
                nearestDistance = distance;
                nearest = mark;
            }
        }
    }
    return nearest;
}

int CurvesPlot::neighbour(int mark, Qt::Key key) const {
    const CurvePoints::Point point = m_points.at(mark);
    const auto on = [this](int curve, int place) {
        return m_points.numberOf(
            {curve, std::clamp(place, 0, std::max(0, m_points.points(curve) - 1))});
    };
    switch (key) {
        case Qt::Key_Home:
            return on(point.curve, 0);
        case Qt::Key_End:
            return on(point.curve, m_points.points(point.curve) - 1);
        case Qt::Key_Left:
            return on(point.curve, point.place - 1);
        case Qt::Key_Right:
            return on(point.curve, point.place + 1);
        case Qt::Key_Up:
            return on(std::max(0, point.curve - 1), point.place);
        default:
            return on(std::min(m_points.curves() - 1, point.curve + 1), point.place);
    }
}

void CurvesPlot::mouseReleaseEvent(QMouseEvent* event) {
    const bool click = event->button() == Qt::LeftButton && !mMouseHasMoved;
    PlotWidget::mouseReleaseEvent(event);
    if (!click || isEmpty()) return;
    const int mark = markAt(event->position());
    if (mark >= 0) setCurrentCurve(m_points.at(mark).curve);
}

void CurvesPlot::keyPressEvent(QKeyEvent* event) {
    PlotWidget::keyPressEvent(event);
    if (currentMark() >= 0) setCurrentCurve(m_points.at(currentMark()).curve);
}

}  // namespace quantscope
