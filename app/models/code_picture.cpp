// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/models/code_picture.h"

#include <QCoreApplication>
#include <QLocale>
#include <algorithm>
#include <numeric>

#include "core/kernels/rotation.h"

namespace quantscope {

namespace {

constexpr Index mostPoints = 4096;
constexpr Index mostValues = 600;
constexpr Index longestForAxes = 256;

QString text(const char* words) {
    return QCoreApplication::translate("CodePicture", words);
}

QString counted(Index count) {
    return QLocale::c().toString(qlonglong{count});
}

// "256", or "4,096 of 65,536" when only evenly spaced ones are drawn.
QString countOf(Index drawn, Index all) {
    return drawn == all ? counted(all) : text("%1 of %2").arg(counted(drawn), counted(all));
}

// Two directions in which codewords are looked at, as the columns of a dim x 2 matrix.
struct Plane {
    Matrix axes;
    QString name;
};

Plane coordinatePlane(Index dim, Index first, Index second, QString name) {
    Plane plane{Matrix(dim, 2), std::move(name)};
    plane.axes(first, 0) = 1.0F;
    plane.axes(second, 1) = 1.0F;
    return plane;
}

Plane mostVariedComponents(MatrixView codewords) {
    std::vector<double> variances;
    const auto count = static_cast<double>(codewords.rows);
    for (Index j = 0; j < codewords.cols; ++j) {
        double sum = 0.0;
        double squares = 0.0;
        for (Index k = 0; k < codewords.rows; ++k) {
            const auto value = static_cast<double>(codewords(k, j));
            sum += value;
            squares += value * value;
        }
        variances.push_back(squares / count - sum / count * sum / count);
    }
    std::vector<Index> order(variances.size());
    std::iota(order.begin(), order.end(), Index{0});
    std::ranges::stable_sort(order, std::greater(), [&](Index component) {
        return variances[static_cast<std::size_t>(component)];
    });
    return coordinatePlane(
        codewords.cols, order[0], order[1],
        text("components %1 and %2").arg(counted(order[0] + 1), counted(order[1] + 1)));
}

Plane planeFor(MatrixView codewords, const std::stop_token& stop) {
    if (codewords.cols == 2) return coordinatePlane(2, 0, 1, text("both components"));
    if (codewords.cols > longestForAxes) return mostVariedComponents(codewords);
    const PrincipalAxes principal = principalAxes(codewords, AxesCentre::Mean, stop);
    Plane plane{Matrix(codewords.cols, 2), text("two main axes")};
    for (Index j = 0; j < codewords.cols; ++j) {
        for (Index axis = 0; axis < 2; ++axis)
            plane.axes(j, axis) = principal.axes(j, axis);
    }
    return plane;
}

std::vector<QPointF> projected(MatrixView vectors, const Plane& plane) {
    Matrix flat(vectors.rows, 2);
    rotateRows(vectors, plane.axes.view(), flat.span());
    std::vector<QPointF> points;
    for (Index row = 0; row < flat.rows(); ++row) {
        points.emplace_back(static_cast<double>(flat(row, 0)), static_cast<double>(flat(row, 1)));
    }
    return points;
}

// At most `most` rows, evenly spaced.
Matrix spacedRows(MatrixView from, Index most) {
    const Index count = std::min(from.rows, most);
    Matrix rows(count, from.cols);
    for (Index i = 0; i < count; ++i)
        std::ranges::copy(from.row(i * from.rows / count), rows.span().row(i).begin());
    return rows;
}

// What the first codebook of a vector is chosen for: the vectors of the first rows, turned as the
// codes are, as far as its codewords reach.
Matrix codedVectors(MatrixView rows, const CodeShape& shape, const std::vector<Codebook>& books) {
    const Index dim = books.front().dim;
    // Each part of a vector has codebooks of its own, as many for all parts, or all share one.
    Index length = 0;
    const Index perPart = shape.codesPerVector() / shape.parts;
    for (Index part = 0; part < shape.parts; ++part)
        length += books[books.size() > 1 ? static_cast<std::size_t>(part * perPart) : 0].dim;
    const bool turned = shape.rotation.rows() > 0;
    const Index cols = turned ? shape.rotation.cols() : rows.cols;
    std::vector<float> row(static_cast<std::size_t>(cols));
    std::vector<float> found;
    for (Index r = 0; r < rows.rows && std::ssize(found) < mostValues * dim; ++r) {
        if (turned) {
            rotateRows(rows.middleRows(r, 1), shape.rotation.view(), {row.data(), 1, cols});
        } else {
            std::ranges::copy(rows.row(r), row.begin());
        }
        for (Index first = 0; first + dim <= cols; first += length) {
            const auto begin = row.begin() + first;
            found.insert(found.end(), begin, begin + dim);
        }
    }
    const Index count = std::min(mostValues, std::ssize(found) / dim);
    Matrix vectors(count, dim);
    std::copy_n(found.begin(), count * dim, vectors.data());
    return vectors;
}

CodePicture codewordPicture(MatrixView rows, const QuantizedTensor& tensor,
                            const std::vector<Codebook>& books, const std::stop_token& stop) {
    const Codebook& book = books.front();
    const auto count = static_cast<Index>(book.counts.size());
    const MatrixView codewords(book.codewords.data(), count, book.dim);
    CodePicture picture;
    const Plane plane = planeFor(codewords, stop);
    const Matrix drawn = spacedRows(codewords, mostPoints);
    picture.kind = CodePicture::Kind::Points;
    picture.points = projected(drawn.view(), plane);
    if (const std::optional<CodeShape> shape = tensor.codeShape())
        picture.values = projected(codedVectors(rows, *shape, books).view(), plane);
    const QString number = countOf(drawn.rows(), count);
    picture.caption = books.size() == 1
                          ? text("%1 codewords; %2").arg(number, plane.name)
                          : text("%1 codewords of %2; %3")
                                .arg(number, QString::fromStdString(book.name), plane.name);
    return picture;
}

CodePicture levelPicture(const LevelsData& data, QString caption) {
    CodePicture picture;
    picture.kind = CodePicture::Kind::Levels;
    picture.levels = data;
    picture.caption = std::move(caption);
    return picture;
}

CodePicture pairPicture(MatrixView rows, const QuantizedTensor& tensor) {
    CodePicture picture;
    Matrix decoded(1, rows.cols);
    for (Index r = 0; r < rows.rows && std::ssize(picture.points) < mostPoints / 2; ++r) {
        tensor.decode(r, decoded.span());
        for (Index c = 0; c + 1 < rows.cols && std::ssize(picture.points) < mostPoints / 2;
             c += 2) {
            picture.points.emplace_back(static_cast<double>(decoded(0, c)),
                                        static_cast<double>(decoded(0, c + 1)));
            if (std::ssize(picture.values) < mostValues) {
                picture.values.emplace_back(static_cast<double>(rows(r, c)),
                                            static_cast<double>(rows(r, c + 1)));
            }
        }
    }
    if (picture.points.empty()) return picture;
    picture.kind = CodePicture::Kind::Points;
    picture.caption =
        text("%1 decoded pairs of neighbours").arg(counted(std::ssize(picture.points)));
    return picture;
}

}  // namespace

CodePicture buildCodePicture(MatrixView rows, const QuantizedTensor& tensor,
                             const LevelsData& levels, const std::stop_token& stop) {
    if (!levels.levels.empty()) {
        return levelPicture(
            levels, text("%1 levels of the first weights").arg(counted(std::ssize(levels.levels))));
    }
    const std::vector<Codebook> books = tensor.codebooks();
    if (books.empty() || books.front().codewords.empty()) return pairPicture(rows, tensor);
    const Codebook& book = books.front();
    if (book.dim > 1) return codewordPicture(rows, tensor, books, stop);
    LevelsData line = levels;
    line.levels.assign(book.codewords.begin(), book.codewords.end());
    std::ranges::sort(line.levels);
    return levelPicture(
        line, text("%1 codewords of %2")
                  .arg(counted(std::ssize(line.levels)), QString::fromStdString(book.name)));
}

}  // namespace quantscope
