// SPDX-License-Identifier: GPL-3.0-or-later
#include <QRegularExpression>
#include <cmath>
#include <functional>
#include <limits>
#include <map>

#include "tests/plugins/conformance/trials.h"

using namespace quantscope;
using test::gaussian;
using test::registry;

namespace {

constexpr Index usualRows = 301;
constexpr Index usualCols = 24;

Matrix filled(Index rows, Index cols, const std::function<float(Index, Index)>& value) {
    Matrix matrix(rows, cols);
    for (Index r = 0; r < rows; ++r) {
        for (Index c = 0; c < cols; ++c)
            matrix(r, c) = value(r, c);
    }
    return matrix;
}

Matrix scaledGaussian(double factor) {
    const Matrix base = gaussian(usualRows, usualCols);
    return filled(usualRows, usualCols, [&](Index r, Index c) {
        return static_cast<float>(static_cast<double>(base(r, c)) * factor);
    });
}

Matrix uniform(Index rows, Index cols, float largest) {
    Random random(3);
    return filled(rows, cols, [&](Index, Index) {
        return largest * static_cast<float>(2.0 * random.uniform() - 1.0);
    });
}

Matrix rowsOfAllMagnitudes() {
    const Matrix base = gaussian(usualRows, usualCols);
    return filled(usualRows, usualCols, [&](Index r, Index c) {
        return std::ldexp(base(r, c), static_cast<int>(r * 270 / usualRows) - 150);
    });
}

Matrix withOutlier() {
    Matrix matrix = gaussian(usualRows, usualCols);
    matrix(100, 7) = 1e30F;
    return matrix;
}

/// Inputs that are odd but not wrong, by name.
const std::map<std::string, Matrix>& oddInputs() {
    static const std::map<std::string, Matrix> inputs = {
        {"zeros", filled(usualRows, usualCols, [](Index, Index) { return 0.0F; })},
        {"negative zeros", filled(usualRows, usualCols, [](Index, Index) { return -0.0F; })},
        {"constant", filled(usualRows, usualCols, [](Index, Index) { return 0.3F; })},
        {"negative constant", filled(usualRows, usualCols, [](Index, Index) { return -7.0F; })},
        {"one row", gaussian(1, usualCols)},
        {"one column", gaussian(usualRows, 1)},
        {"one weight", gaussian(1, 1)},
        {"two rows", gaussian(2, 3)},
        {"1e30", scaledGaussian(1e30)},
        {"1e-30", scaledGaussian(1e-30)},
        {"subnormal", scaledGaussian(1e-41)},
        {"least number", filled(usualRows, usualCols,
                                [](Index r, Index) {
                                    return r % 2 == 0 ? std::numeric_limits<float>::denorm_min()
                                                      : 0.0F;
                                })},
        {"largest numbers", uniform(usualRows, usualCols, std::numeric_limits<float>::max())},
        {"rows of all magnitudes", rowsOfAllMagnitudes()},
        {"outlier", withOutlier()},
    };
    return inputs;
}

bool isSentence(const std::string& text) {
    return text.size() > 16 && text.back() == '.';
}

float largestMagnitude(MatrixView values) {
    float largest = 0.0F;
    for (Index r = 0; r < values.rows; ++r) {
        for (const float value : values.row(r))
            largest = std::max(largest, std::abs(value));
    }
    return largest;
}

// Sum of squares; not finite when a value is not.
double energy(MatrixView values) {
    double sum = 0.0;
    for (Index r = 0; r < values.rows; ++r) {
        for (const float value : values.row(r))
            sum += static_cast<double>(value) * static_cast<double>(value);
    }
    return sum;
}

std::string complaintAbout(const MethodSpec& spec, const Matrix& weights) {
    try {
        test::quantize(spec, weights);
    } catch (const Error& error) {
        return error.fullText();
    }
    return {};
}

}  // namespace

/// Input at the edges: a sane result or a refusal in words.
class TestConformanceInputs : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void oddInputIsDealtWith_data() { test::addPlainRows(); }
    void oddInputIsDealtWith() {
        const MethodSpec spec = test::currentMethod();
        const auto quantizer = registry().quantizer(spec);
        for (const auto& [name, weights] : oddInputs()) {
            const SideInformation side = test::sideFor(*quantizer, weights.rows(), weights.cols());
            const Preflight preflight = quantizer->preflight(weights.rows(), weights.cols(), side);
            if (!preflight.refusal.empty()) {
                QVERIFY2(isSentence(preflight.refusal), preflight.refusal.c_str());
                continue;
            }
            std::optional<QuantizedTensor> tensor;
            try {
                tensor.emplace(test::quantize(spec, weights));
            } catch (const Error& error) {
                QVERIFY2(isSentence(error.what()) && isSentence(error.remedy()), error.what());
                // There is nothing wrong with the input, so this may not be said of it.
                for (const char* wrong : {"damaged", "NaN", "infinite"}) {
                    QVERIFY2(error.fullText().find(wrong) == std::string::npos, error.what());
                }
                continue;
            }
            // Whole tensors are compared, because a rotation spreads an error over many weights.
            const double given = energy(weights.view());
            const double coded = energy(test::decoded(*tensor).view());
            QVERIFY2(
                coded <= 16.0 * given,
                qPrintable(QStringLiteral("%1: %2 of %3").arg(name.c_str()).arg(coded).arg(given)));
            if (preflight.rateIsExact) QVERIFY2(preflight.rate == tensor->rate(), name.c_str());
        }
    }

    // Never worse than storing nothing. (More cannot be asked: number formats round a constant as
    // they round everything, and a rotation makes a spike of it.)
    void constantsAreKept_data() { test::addSomeRows(); }
    void constantsAreKept() {
        const MethodSpec spec = test::currentMethod();
        for (const char* name : {"constant", "negative constant"}) {
            const Matrix& weights = oddInputs().at(name);
            const Matrix values = test::decoded(test::quantize(spec, weights));
            const double error = test::nmse(weights.view(), values.view());
            QVERIFY2(error < 1.0, qPrintable(QString::number(error)));
        }
        const Matrix& zeros = oddInputs().at("zeros");
        QCOMPARE(largestMagnitude(test::decoded(test::quantize(spec, zeros)).view()), 0.0F);
    }

    // A power of two in front of all weights changes nothing but the scale, far beyond the range of
    // 16-bit numbers.
    void magnitudeDoesNotMatter_data() { test::addSomeRows(); }
    void magnitudeDoesNotMatter() {
        const MethodSpec spec = test::currentMethod();
        const Matrix usual = gaussian(usualRows, usualCols);
        const double expected =
            test::nmse(usual.view(), test::decoded(test::quantize(spec, usual)).view());
        for (const int exponent : {-100, -30, 30, 100}) {
            const Matrix weights = scaledGaussian(std::exp2(exponent));
            const Matrix values = test::decoded(test::quantize(spec, weights));
            const double error = test::nmse(weights.view(), values.view());
            QVERIFY2(std::abs(error - expected) <= 0.02 * expected + 1e-7,
                     qPrintable(QStringLiteral("2^%1: %2 instead of %3")
                                    .arg(exponent)
                                    .arg(error)
                                    .arg(expected)));
        }
    }

    void emptyTensorsAreRefused_data() { test::addSomeRows(); }
    void emptyTensorsAreRefused() {
        const auto quantizer = registry().quantizer(test::currentMethod());
        for (const auto& [rows, cols] : {std::pair<Index, Index>{0, 0}, {0, 5}, {5, 0}}) {
            const Preflight preflight = quantizer->preflight(rows, cols, {});
            QVERIFY2(isSentence(preflight.refusal), preflight.refusal.c_str());
        }
    }

    // At the first, at the last and at some other weight; at the beginning as well as in a later
    // block.
    void nonFiniteWeightsAreNamed_data() { test::addSomeRows(); }
    void nonFiniteWeightsAreNamed() {
        const MethodSpec spec = test::currentMethod();
        const auto infinity = std::numeric_limits<float>::infinity();
        const std::map<std::string, float> kinds{
            {"NaN", std::nanf("")}, {"infinite", infinity}, {"infinite.", -infinity}};
        for (const auto& [row, column] :
             {std::pair<Index, Index>{0, 0}, {usualRows - 1, usualCols - 1}, {123, 7}}) {
            for (const auto& [word, value] : kinds) {
                Matrix weights = gaussian(usualRows, usualCols);
                weights(row, column) = value;
                const QString complaint = QString::fromStdString(complaintAbout(spec, weights));
                QVERIFY2(complaint.contains(QString::fromStdString(word).remove(QLatin1Char('.'))),
                         qPrintable(complaint));
                for (const QString& part : {QStringLiteral("row %1\\b").arg(row),
                                            QStringLiteral("column %1\\b").arg(column)}) {
                    QVERIFY2(complaint.contains(QRegularExpression(part)), qPrintable(complaint));
                }
            }
        }
    }
};

QTEST_GUILESS_MAIN(TestConformanceInputs)
#include "tst_conformance_inputs.moc"
