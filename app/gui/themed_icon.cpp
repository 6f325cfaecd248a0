// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/gui/themed_icon.h"

#include <QCache>
#include <QFile>
#include <QGuiApplication>
#include <QIconEngine>
#include <QPainter>
#include <QSvgRenderer>

namespace quantscope {

namespace {

// Parsed pictures by name and colour; painting is frequent, parsing need not be.
QSvgRenderer& renderer(const QString& name, const QColor& color) {
    static QCache<QString, QSvgRenderer> cache(200);
    const QString key = name + color.name();
    if (QSvgRenderer* known = cache.object(key)) return *known;
    QFile file(QStringLiteral(":/icons/%1.svg").arg(name));
    QByteArray picture;
    if (file.open(QIODevice::ReadOnly)) picture = file.readAll();
    picture.replace("currentColor", color.name().toLatin1());
    auto* made = new QSvgRenderer(picture);
    cache.insert(key, made);
    return *made;
}

class ThemedIconEngine final : public QIconEngine {
public:
    ThemedIconEngine(QString name, QPalette::ColorRole role)
        : m_name(std::move(name)), m_role(role) {}

    void paint(QPainter* painter, const QRect& rect, QIcon::Mode mode, QIcon::State) override {
        // Selected rows are tinted, not filled, so a selected icon keeps its colour.
        const QColor color = QGuiApplication::palette().color(
            mode == QIcon::Disabled ? QPalette::Disabled : QPalette::Active, m_role);
        const int side = std::min(rect.width(), rect.height());
        const QRectF square(rect.x() + (rect.width() - side) / 2.0,
                            rect.y() + (rect.height() - side) / 2.0, side, side);
        renderer(m_name, color).render(painter, square);
    }

    QPixmap pixmap(const QSize& size, QIcon::Mode mode, QIcon::State state) override {
        QPixmap pixmap(size);
        pixmap.fill(Qt::transparent);
        QPainter painter(&pixmap);
        paint(&painter, QRect(QPoint(), size), mode, state);
        return pixmap;
    }

    QIconEngine* clone() const override { return new ThemedIconEngine(m_name, m_role); }
    QString key() const override { return QStringLiteral("themed"); }
    bool isNull() override { return false; }

private:
    QString m_name;
    QPalette::ColorRole m_role;
};

}  // namespace

QIcon themedIcon(const QString& name, QPalette::ColorRole role) {
    return QIcon(new ThemedIconEngine(name, role));
}

}  // namespace quantscope
