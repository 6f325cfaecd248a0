// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/gui/workbench_style.h"

#include <QAbstractButton>
#include <QAbstractItemView>
#include <QComboBox>
#include <QPainter>
#include <QScrollBar>
#include <QSlider>
#include <QStyleOption>
#include <QTabBar>

#include "app/gui/control_painting.h"
#include "app/gui/style_painting.h"

namespace quantscope {

WorkbenchStyle::WorkbenchStyle() : QProxyStyle(QStringLiteral("Fusion")) {}

void WorkbenchStyle::polish(QWidget* widget) {
    QProxyStyle::polish(widget);
    if (qobject_cast<QAbstractButton*>(widget) || qobject_cast<QComboBox*>(widget) ||
        qobject_cast<QTabBar*>(widget) || qobject_cast<QScrollBar*>(widget) ||
        qobject_cast<QSlider*>(widget)) {
        widget->setAttribute(Qt::WA_Hover);
    }
}

void WorkbenchStyle::unpolish(QWidget* widget) {
    QProxyStyle::unpolish(widget);
}

int WorkbenchStyle::pixelMetric(PixelMetric metric, const QStyleOption* option,
                                const QWidget* widget) const {
    switch (metric) {
        case PM_DockWidgetSeparatorExtent:
        case PM_SplitterWidth:
            return 5;
        case PM_DockWidgetFrameWidth:
        case PM_ToolBarFrameWidth:
        case PM_TabBarBaseHeight:
        case PM_TabBarBaseOverlap:
        case PM_TabBarTabShiftVertical:
        case PM_ButtonShiftHorizontal:
        case PM_ButtonShiftVertical:
            return 0;
        case PM_LayoutVerticalSpacing:
            return 4;
        case PM_HeaderMargin:
        case PM_LayoutHorizontalSpacing:
        case PM_LayoutLeftMargin:
        case PM_LayoutRightMargin:
        case PM_LayoutTopMargin:
        case PM_LayoutBottomMargin:
            return 8;
        case PM_TabBarTabVSpace:
        case PM_ScrollBarExtent:
            return 12;
        case PM_ToolBarIconSize:
        case PM_SmallIconSize:
        case PM_ButtonIconSize:
        case PM_IndicatorWidth:
        case PM_IndicatorHeight:
        case PM_SliderThickness:
        case PM_SliderControlThickness:
        case PM_SliderLength:
            return 16;
        case PM_TabBarTabHSpace:
            return 24;
        case PM_ScrollBarSliderMin:
            return 28;
        default:
            return QProxyStyle::pixelMetric(metric, option, widget);
    }
}

int WorkbenchStyle::styleHint(StyleHint hint, const QStyleOption* option, const QWidget* widget,
                              QStyleHintReturn* data) const {
    switch (hint) {
        case SH_EtchDisabledText:
        case SH_DitherDisabledText:
        case SH_DockWidget_ButtonsHaveFrame:
        case SH_ScrollBar_Transient:
            return 0;
        case SH_ItemView_ShowDecorationSelected:
        case SH_ScrollBar_LeftClickAbsolutePosition:
            return 1;
        case SH_Slider_AbsoluteSetButtons:
            return Qt::LeftButton;
        case SH_TabBar_Alignment:
            return Qt::AlignLeft;
        default:
            return QProxyStyle::styleHint(hint, option, widget, data);
    }
}

void WorkbenchStyle::drawPrimitive(PrimitiveElement element, const QStyleOption* option,
                                   QPainter* painter, const QWidget* widget) const {
    switch (element) {
        case PE_FrameFocusRect:
            drawFocusRing(*painter, option->rect, option->palette);
            return;
        case PE_PanelButtonCommand:
            drawPushButton(*option, *painter);
            return;
        case PE_PanelButtonTool:
            drawToolButtonPanel(*option, *painter);
            return;
        case PE_PanelLineEdit:
            // Inside spin boxes and combo boxes the frame is the outer control's.
            if (const auto* frame = qstyleoption_cast<const QStyleOptionFrame*>(option);
                frame && frame->lineWidth > 0) {
                drawField(*option, *painter);
            }
            return;
        case PE_FrameLineEdit:
        case PE_FrameTabWidget:
        case PE_FrameGroupBox:
        case PE_FrameStatusBarItem:
        case PE_FrameDockWidget:
        case PE_PanelStatusBar:
            return;
        case PE_FrameTabBarBase:
            painter->fillRect(
                QRect(option->rect.left(), option->rect.bottom(), option->rect.width(), 1),
                option->palette.color(QPalette::Mid));
            return;
        case PE_IndicatorCheckBox:
        case PE_IndicatorItemViewItemCheck:
            drawCheckBox(*option, *painter);
            return;
        case PE_IndicatorArrowDown:
        case PE_IndicatorSpinDown:
            drawChevron(*painter, option->rect, Qt::DownArrow, mutedColor(*option));
            return;
        case PE_IndicatorArrowUp:
        case PE_IndicatorSpinUp:
            drawChevron(*painter, option->rect, Qt::UpArrow, mutedColor(*option));
            return;
        case PE_IndicatorArrowRight:
            drawChevron(*painter, option->rect, Qt::RightArrow, mutedColor(*option));
            return;
        case PE_IndicatorArrowLeft:
            drawChevron(*painter, option->rect, Qt::LeftArrow, mutedColor(*option));
            return;
        case PE_IndicatorHeaderArrow:
            if (const auto* header = qstyleoption_cast<const QStyleOptionHeader*>(option)) {
                drawChevron(*painter, option->rect,
                            header->sortIndicator == QStyleOptionHeader::SortUp ? Qt::UpArrow
                                                                                : Qt::DownArrow,
                            option->palette.color(QPalette::WindowText));
            }
            return;
        case PE_IndicatorBranch:
            if (option->state & State_Children) {
                drawChevron(*painter, option->rect,
                            option->state & State_Open ? Qt::DownArrow : Qt::RightArrow,
                            mutedColor(*option));
            }
            return;
        case PE_PanelItemViewRow:
            // Also the part left of the cells, where a tree has its branches.
            if (option->state & State_Selected) {
                painter->fillRect(option->rect, selectionTint(option->palette));
            }
            return;
        case PE_PanelScrollAreaCorner:
            painter->fillRect(option->rect, option->palette.color(QPalette::Window));
            return;
        case PE_IndicatorDockWidgetResizeHandle:
            drawHairline(*option, *painter, option->rect.height() > option->rect.width());
            return;
        default:
            QProxyStyle::drawPrimitive(element, option, painter, widget);
    }
}

void WorkbenchStyle::drawControl(ControlElement element, const QStyleOption* option,
                                 QPainter* painter, const QWidget* widget) const {
    switch (element) {
        case CE_TabBarTabShape:
            if (const auto* tab = qstyleoption_cast<const QStyleOptionTab*>(option)) {
                drawTab(*tab, *painter);
            }
            return;
        case CE_TabBarTabLabel:
            if (const auto* tab = qstyleoption_cast<const QStyleOptionTab*>(option);
                tab && !(tab->state & State_Selected)) {
                QStyleOptionTab quiet = *tab;
                quiet.palette.setColor(QPalette::WindowText,
                                       tab->palette.color(QPalette::PlaceholderText));
                QProxyStyle::drawControl(element, &quiet, painter, widget);
                return;
            }
            break;
        case CE_HeaderSection:
            painter->fillRect(option->rect, option->palette.color(QPalette::Base));
            painter->fillRect(
                QRect(option->rect.left(), option->rect.bottom(), option->rect.width(), 1),
                option->palette.color(QPalette::Mid));
            return;
        case CE_HeaderEmptyArea:
            painter->fillRect(option->rect, option->palette.color(QPalette::Base));
            return;
        case CE_HeaderLabel:
            if (const auto* header = qstyleoption_cast<const QStyleOptionHeader*>(option)) {
                QStyleOptionHeaderV2 quiet;
                if (const auto* known = qstyleoption_cast<const QStyleOptionHeaderV2*>(option)) {
                    quiet = *known;
                } else {
                    static_cast<QStyleOptionHeader&>(quiet) = *header;
                }
                // A selected column does not make its title bold.
                quiet.state &= ~State_On;
                quiet.palette.setColor(QPalette::ButtonText,
                                       header->palette.color(QPalette::PlaceholderText));
                QProxyStyle::drawControl(element, &quiet, painter, widget);
                return;
            }
            break;
        case CE_ProgressBarGroove:
        case CE_ProgressBarContents:
            if (const auto* bar = qstyleoption_cast<const QStyleOptionProgressBar*>(option)) {
                drawProgress(*bar, *painter, element == CE_ProgressBarGroove);
            }
            return;
        case CE_Splitter:
            drawHairline(*option, *painter, option->rect.height() > option->rect.width());
            return;
        case CE_ToolBar:
        case CE_MenuBarEmptyArea:
            painter->fillRect(option->rect, option->palette.color(QPalette::Window));
            return;
        case CE_PushButtonLabel:
            if (const auto* button = qstyleoption_cast<const QStyleOptionButton*>(option);
                button && isPrimary(*button)) {
                QStyleOptionButton strong = *button;
                const QColor ink = button->palette.color(QPalette::HighlightedText);
                strong.palette.setColor(QPalette::ButtonText, ink);
                strong.icon = tinted(button->icon, button->iconSize,
                                     painter->device()->devicePixelRatioF(), ink);
                QProxyStyle::drawControl(element, &strong, painter, widget);
                return;
            }
            break;
        case CE_MenuBarItem:
            if (const auto* item = qstyleoption_cast<const QStyleOptionMenuItem*>(option)) {
                drawMenuBarItem(*item, *painter,
                                proxy()->styleHint(SH_UnderlineShortcut, item, widget) != 0);
            }
            return;
        case CE_MenuItem:
        case CE_ItemViewItem: {
            const QColor tint = selectionTint(option->palette);
            const QColor text = option->palette.color(QPalette::Text);
            const auto soften = [&](auto& copy) {
                copy.palette.setColor(QPalette::All, QPalette::Highlight, tint);
                copy.palette.setColor(QPalette::All, QPalette::HighlightedText, text);
                QProxyStyle::drawControl(element, &copy, painter, widget);
            };
            if (const auto* item = qstyleoption_cast<const QStyleOptionMenuItem*>(option)) {
                QStyleOptionMenuItem copy = *item;
                soften(copy);
                return;
            }
            if (const auto* item = qstyleoption_cast<const QStyleOptionViewItem*>(option)) {
                QStyleOptionViewItem copy = *item;
                soften(copy);
                return;
            }
            break;
        }
        default:
            break;
    }
    QProxyStyle::drawControl(element, option, painter, widget);
}

void WorkbenchStyle::drawComplexControl(ComplexControl control, const QStyleOptionComplex* option,
                                        QPainter* painter, const QWidget* widget) const {
    if (control == CC_SpinBox) {
        if (const auto* spin = qstyleoption_cast<const QStyleOptionSpinBox*>(option)) {
            drawField(*spin, *painter);
            const auto arrow = [&](SubControl part, Qt::ArrowType direction,
                                   QAbstractSpinBox::StepEnabledFlag flag) {
                QStyleOption piece = *spin;
                if (!(spin->stepEnabled & flag)) piece.state &= ~State_Enabled;
                drawChevron(*painter, subControlRect(control, spin, part, widget), direction,
                            mutedColor(piece));
            };
            if (spin->buttonSymbols == QAbstractSpinBox::NoButtons) return;
            arrow(SC_SpinBoxUp, Qt::UpArrow, QAbstractSpinBox::StepUpEnabled);
            arrow(SC_SpinBoxDown, Qt::DownArrow, QAbstractSpinBox::StepDownEnabled);
            return;
        }
    }
    if (control == CC_ComboBox) {
        if (const auto* combo = qstyleoption_cast<const QStyleOptionComboBox*>(option)) {
            drawField(*combo, *painter);
            drawChevron(*painter, subControlRect(control, combo, SC_ComboBoxArrow, widget),
                        Qt::DownArrow, mutedColor(*combo));
            return;
        }
    }
    if (control == CC_ToolButton) {
        if (const auto* button = qstyleoption_cast<const QStyleOptionToolButton*>(option)) {
            // The arrow of a menu would hang below icon and text.
            QStyleOptionToolButton plain = *button;
            plain.features &= ~QStyleOptionToolButton::HasMenu;
            QProxyStyle::drawComplexControl(control, &plain, painter, widget);
            return;
        }
    }
    if (control == CC_Slider || control == CC_ScrollBar) {
        if (const auto* slider = qstyleoption_cast<const QStyleOptionSlider*>(option)) {
            if (control == CC_Slider && slider->orientation == Qt::Horizontal) {
                drawSlider(*slider, subControlRect(control, slider, SC_SliderHandle, widget),
                           *painter);
                return;
            }
            if (control == CC_ScrollBar) {
                drawScrollBar(*slider, subControlRect(control, slider, SC_ScrollBarSlider, widget),
                              *painter);
                return;
            }
        }
    }
    QProxyStyle::drawComplexControl(control, option, painter, widget);
}

QRect WorkbenchStyle::subControlRect(ComplexControl control, const QStyleOptionComplex* option,
                                     SubControl subControl, const QWidget* widget) const {
    const auto* bar = qstyleoption_cast<const QStyleOptionSlider*>(option);
    if (control != CC_ScrollBar || !bar) {
        return QProxyStyle::subControlRect(control, option, subControl, widget);
    }
    // A scroll bar without arrow buttons: the slider runs over the whole length.
    const bool horizontal = bar->orientation == Qt::Horizontal;
    const int length = horizontal ? bar->rect.width() : bar->rect.height();
    const qint64 range = static_cast<qint64>(bar->maximum) - bar->minimum;
    int sliderLength = length;
    if (range > 0) {
        sliderLength = std::clamp(
            static_cast<int>(static_cast<qint64>(bar->pageStep) * length / (range + bar->pageStep)),
            std::min(pixelMetric(PM_ScrollBarSliderMin, bar, widget), length), length);
    }
    const int start = sliderPositionFromValue(bar->minimum, bar->maximum, bar->sliderPosition,
                                              length - sliderLength, bar->upsideDown);
    const auto piece = [&](int from, int extent) {
        const QRect rect = horizontal ? QRect(from, 0, extent, bar->rect.height())
                                      : QRect(0, from, bar->rect.width(), extent);
        return visualRect(bar->direction, bar->rect, rect.translated(bar->rect.topLeft()));
    };
    switch (subControl) {
        case SC_ScrollBarSlider:
            return piece(start, sliderLength);
        case SC_ScrollBarSubPage:
            return piece(0, start);
        case SC_ScrollBarAddPage:
            return piece(start + sliderLength, length - start - sliderLength);
        case SC_ScrollBarGroove:
            return bar->rect;
        default:
            return {};
    }
}

QSize WorkbenchStyle::sizeFromContents(ContentsType type, const QStyleOption* option,
                                       const QSize& contents, const QWidget* widget) const {
    QSize size = QProxyStyle::sizeFromContents(type, option, contents, widget);
    switch (type) {
        case CT_PushButton:
        case CT_LineEdit:
        case CT_SpinBox:
        case CT_ComboBox:
            // One height for everything that can stand in a row.
            size.setHeight(std::max(size.height(), option->fontMetrics.height() + 12));
            break;
        case CT_MenuBarItem:
            // As high as a tab, because the perspectives stand in the same row.
            size.setHeight(option->fontMetrics.height() + 12);
            break;
        case CT_HeaderSection:
            size.setHeight(std::max(size.height(), option->fontMetrics.height() + 10));
            break;
        default:
            break;
    }
    return size;
}

}  // namespace quantscope
