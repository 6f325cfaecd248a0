// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QWidget>

#include "app/models/code_picture.h"

namespace quantscope {

/// Draws a method's levels or code points, small, with a line of words below.
class CodePictureView : public QWidget {
    Q_OBJECT

public:
    explicit CodePictureView(QWidget* parent = nullptr);

    /// `family`: the method's id, for its colour. `of`: what the values are, for those who ask: the
    /// tensor's name.
    void setPicture(const CodePicture& picture, const QString& family, const QString& of);
    /// Says `reason` instead of a picture.
    void setReason(const QString& reason);
    /// Whether a newer picture is under way.
    void setStale(bool stale);
    const CodePicture& picture() const { return m_picture; }

    QSize sizeHint() const override;
    QSize minimumSizeHint() const override;

protected:
    void paintEvent(QPaintEvent* event) override;
    void changeEvent(QEvent* event) override;

private:
    QRectF ground() const;

    CodePicture m_picture;
    QString m_family;
    QString m_caption;
    bool m_stale = false;
};

}  // namespace quantscope
