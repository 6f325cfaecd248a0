// SPDX-License-Identifier: GPL-3.0-or-later
#include <QtTest>
#include <cmath>
#include <limits>
#include <set>

#include "core/base/error.h"
#include "core/base/parallel.h"
#include "core/base/random.h"
#include "core/metrics/combined_metrics.h"
#include "core/metrics/trial_metrics.h"
#include "tests/core/stored_method.h"

using namespace quantscope;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

Matrix gaussian(Index rows, Index cols, std::uint64_t seed) {
    Random random(seed);
    Matrix values(rows, cols);
    for (Index i = 0; i < rows * cols; ++i)
        values.data()[i] = static_cast<float>(random.normal());
    return values;
}

Matrix row(std::initializer_list<float> values) {
    Matrix matrix(1, static_cast<Index>(values.size()));
    std::ranges::copy(values, matrix.data());
    return matrix;
}

TrialMetrics compare(const Matrix& weights, const QuantizedTensor& quantized,
                     const SideInformation& side = {}) {
    PhaseSeconds seconds;
    return measure(ViewSource(weights.view()), quantized, side, RunContext(), seconds);
}

TrialMetrics compare(const Matrix& weights, const Matrix& quantized,
                     const SideInformation& side = {}) {
    return compare(weights, test::StoredMethod::tensor(quantized.view()), side);
}

// A source that is read in pieces like a file.
class ReadSource final : public TensorSource {
public:
    explicit ReadSource(const Matrix& values) : m_values(values) {}
    Index rows() const override { return m_values.rows(); }
    Index cols() const override { return m_values.cols(); }
    void read(Index firstRow, MatrixSpan out, const std::stop_token& stop) const override {
        ViewSource(m_values.view()).read(firstRow, out, stop);
    }

private:
    const Matrix& m_values;
};

SideInformation hessianOf(const Matrix& inputs, bool diagonalOnly) {
    auto hessian = std::make_shared<Hessian>();
    const Index n = inputs.cols();
    hessian->size = n;
    hessian->source = "test.h5:/hessian";
    for (Index i = 0; i < n; ++i) {
        for (Index j = 0; j < n; ++j) {
            double sum = 0.0;
            for (Index r = 0; r < inputs.rows(); ++r) {
                sum += static_cast<double>(inputs(r, i)) * inputs(r, j);
            }
            if (i == j) hessian->diagonal.push_back(sum);
            if (!diagonalOnly) hessian->full.push_back(sum);
        }
    }
    return {hessian};
}

// The definition: the sum over pairs of channels, one by one.
double formByDefinition(const Matrix& rows, const Hessian& hessian) {
    double total = 0.0;
    for (Index r = 0; r < rows.rows(); ++r) {
        for (Index i = 0; i < rows.cols(); ++i) {
            for (Index j = 0; j < rows.cols(); ++j) {
                const auto at = static_cast<std::size_t>(i * rows.cols() + j);
                const double h =
                    hessian.full.empty()
                        ? (i == j ? hessian.diagonal[static_cast<std::size_t>(i)] : 0.0)
                        : hessian.full[at];
                total += static_cast<double>(rows(r, i)) * h * rows(r, j);
            }
        }
    }
    return total;
}

}  // namespace

class TestTrialMetrics : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void followsTheFormulas();
    void definesSpecialCases_data();
    void definesSpecialCases();
    void weighsWithTheHessian_data();
    void weighsWithTheHessian();
    void refusesWrongHessians();
    void judgesCodebooks();
    void sameBitsAtAnyThreadCount();
    void readsInBlocks();
    void partsCombineToTheWhole_data();
    void partsCombineToTheWhole();
    void comparesTheSameTensorsWithTheBound();
    void stops();
    void roundTripsThroughJson();
    void everyMetricIsDescribed();
    void keepsBothEndsOfTheScale();
    void statesWhatMeasuringTakes();
};

void TestTrialMetrics::followsTheFormulas() {
    const Matrix weights = row({3.0F, -4.0F, 0.0F, 1.0F, 2.0F});
    const Matrix quantized = row({2.0F, -4.0F, 1.0F, 1.0F, 4.0F});
    const TrialMetrics metrics = compare(weights, quantized);
    QCOMPARE(*metrics.nmse, 6.0 / 30.0);
    QCOMPARE(*metrics.sqnrDb, -10.0 * std::log10(0.2));
    QCOMPARE(*metrics.mse, 6.0 / 5.0);
    QCOMPARE(*metrics.rmse, std::sqrt(6.0 / 5.0));
    QCOMPARE(*metrics.cosine, 31.0 / std::sqrt(30.0 * 38.0));
    QCOMPARE(*metrics.maxAbsError, 2.0);
    // 32 bits per weight are stored.
    QCOMPARE(*metrics.gaussianGapDb, 20.0 * std::log10(2.0) * 32.0 - *metrics.sqnrDb);
    QCOMPARE(*metrics.shannonPercent, 100.0 * *metrics.sqnrDb / (20.0 * std::log10(2.0) * 32.0));
    // No transform was at work.
    QVERIFY(!metrics.incoherenceBefore && !metrics.kurtosisAfter && !metrics.qsurAfter);
    QVERIFY(!metrics.hessianError);
    QVERIFY(!metrics.utilization);
    QVERIFY(!metrics.recallAt10);
}

void TestTrialMetrics::definesSpecialCases_data() {
    QTest::addColumn<float>("weight");
    QTest::addColumn<float>("quantized");
    QTest::addColumn<double>("nmse");
    QTest::addColumn<double>("sqnrDb");
    QTest::addColumn<double>("cosine");
    QTest::newRow("nothing lost") << 2.0F << 2.0F << 0.0 << infinity << 1.0;
    QTest::newRow("zero kept") << 0.0F << 0.0F << 0.0 << infinity << 1.0;
    QTest::newRow("zero changed") << 0.0F << 1.0F << infinity << -infinity << 0.0;
    QTest::newRow("all lost") << 1.0F << 0.0F << 1.0 << 0.0 << 0.0;
    QTest::newRow("opposite") << 1.0F << -1.0F << 4.0 << -10.0 * std::log10(4.0) << -1.0;
}

void TestTrialMetrics::definesSpecialCases() {
    QFETCH(float, weight);
    QFETCH(float, quantized);
    const TrialMetrics metrics = compare(row({weight}), row({quantized}));
    QTEST(*metrics.nmse, "nmse");
    QTEST(*metrics.sqnrDb, "sqnrDb");
    QTEST(*metrics.cosine, "cosine");
    const TrialMetrics nothing = compare(Matrix(0, 4), Matrix(0, 4));
    QVERIFY(nothing == TrialMetrics());
}

void TestTrialMetrics::weighsWithTheHessian_data() {
    QTest::addColumn<int>("rows");
    QTest::addColumn<int>("cols");
    QTest::addColumn<bool>("diagonalOnly");
    for (const bool diagonalOnly : {false, true}) {
        for (const auto& [rows, cols] : {std::pair{3, 5}, {300, 64}, {5, 300}, {2, 513}}) {
            QTest::addRow("%d x %d%s", rows, cols, diagonalOnly ? " diagonal" : "")
                << rows << cols << diagonalOnly;
        }
    }
}

void TestTrialMetrics::weighsWithTheHessian() {
    QFETCH(int, rows);
    QFETCH(int, cols);
    QFETCH(bool, diagonalOnly);
    const Matrix weights = gaussian(rows, cols, 1);
    Matrix errors = gaussian(rows, cols, 2);
    Matrix quantized(rows, cols);
    for (Index i = 0; i < weights.view().size(); ++i) {
        quantized.data()[i] = weights.data()[i] + 0.1F * errors.data()[i];
        errors.data()[i] = weights.data()[i] - quantized.data()[i];
    }
    const SideInformation side = hessianOf(gaussian(40, cols, 3), diagonalOnly);
    const double expected =
        formByDefinition(errors, *side.hessian) / formByDefinition(weights, *side.hessian);
    const double measured = *compare(weights, quantized, side).hessianError;
    QVERIFY2(std::abs(measured / expected - 1.0) < 1e-9, qPrintable(QString::number(measured)));
}

void TestTrialMetrics::refusesWrongHessians() {
    const Matrix weights = gaussian(4, 6, 1);
    const auto message = [&](const SideInformation& side) -> QString {
        try {
            compare(weights, weights, side);
        } catch (const Error& error) {
            return error.what();
        }
        return {};
    };
    QVERIFY(message(hessianOf(gaussian(9, 5, 1), false)).contains("for 5 input channels"));
    SideInformation side = hessianOf(gaussian(9, 6, 1), false);
    auto broken = std::make_shared<Hessian>(*side.hessian);
    broken->full[7] = std::nan("");
    QVERIFY(message({broken}).contains("NaN or infinite"));
    broken->full.resize(12);
    QVERIFY(!message({broken}).isEmpty());
    PhaseSeconds seconds;
    QVERIFY_EXCEPTION_THROWN(
        measure(ViewSource(weights.view()), test::StoredMethod::tensor(gaussian(4, 5, 1).view()),
                {}, RunContext(), seconds),
        Error);
}

void TestTrialMetrics::judgesCodebooks() {
    const Matrix weights = gaussian(4, 8, 1);
    // 2 bits of entropy, all used; 1 bit of entropy, half used.
    const Codebook even{"a", 1, {5, 5, 5, 5}, {}};
    const Codebook half{"b", 1, {10, 0, 10, 0}, {}};
    const QuantizedTensor tensor =
        test::StoredMethod::tensor(weights.view(), {even, half}, 20 * 2 + 20 * 2);
    const TrialMetrics metrics = compare(weights, tensor);
    QCOMPARE(*metrics.utilization, 0.75);
    QCOMPARE(*metrics.codebookPerplexity, 3.0);
    QCOMPARE(*metrics.deadCodes, 2.0);
    // 32 weights of 32 bits elsewhere, and 20 codes of 2 bits plus 20 codes of 1 bit.
    QCOMPARE(*metrics.entropyBitsPerWeight, (32.0 * 32.0 + 40.0 + 20.0) / 32.0);
}

void TestTrialMetrics::sameBitsAtAnyThreadCount() {
    const Matrix weights = gaussian(700, 300, 1);
    const Matrix quantized = gaussian(700, 300, 2);
    const SideInformation side = hessianOf(gaussian(20, 300, 3), false);
    std::vector<Json> results;
    for (const int threads : {1, 2, 8}) {
        Arena(threads).execute(
            [&] { results.push_back(compare(weights, quantized, side).toJson()); });
    }
    QCOMPARE(results[1].dump(), results[0].dump());
    QCOMPARE(results[2].dump(), results[0].dump());
}

void TestTrialMetrics::readsInBlocks() {
    // More than one wave of blocks.
    const Matrix weights = gaussian(9000, 300, 1);
    const Matrix quantized = gaussian(9000, 300, 2);
    const QuantizedTensor tensor = test::StoredMethod::tensor(quantized.view());
    PhaseSeconds seconds;
    double last = 0.0;
    const RunContext context(0, {}, [&](double fraction, std::string_view) { last = fraction; });
    const TrialMetrics metrics = measure(ReadSource(weights), tensor, {}, context, seconds);
    QCOMPARE(metrics.toJson().dump(), compare(weights, tensor).toJson().dump());
    QCOMPARE(last, 1.0);
    QVERIFY(seconds.decode > 0.0);
}

void TestTrialMetrics::partsCombineToTheWhole_data() {
    QTest::addColumn<QString>("measured");
    QTest::newRow("all") << "";
    for (const char* id : {"mse", "rmse", "nmse", "sqnr_db"})
        QTest::newRow(id) << id;
}

// Rows of one tensor, taken for two, against the figures of all rows.
void TestTrialMetrics::partsCombineToTheWhole() {
    QFETCH(QString, measured);
    const Matrix weights = gaussian(40, 12, 1);
    Matrix quantized = gaussian(40, 12, 2);
    for (Index i = 0; i < 480; ++i)
        quantized.data()[i] = weights.data()[i] + (i < 100 ? 0.3F : 0.01F) * quantized.data()[i];
    const SideInformation side = hessianOf(gaussian(30, 12, 3), false);
    const TrialMetrics whole = compare(weights, quantized, side);
    const auto part = [&](Index first, Index count) {
        PhaseSeconds seconds;
        const TrialMetrics all =
            measure(ViewSource(weights.view().middleRows(first, count)),
                    test::StoredMethod::tensor(quantized.view().middleRows(first, count)), side,
                    RunContext(), seconds);
        return measured.isEmpty() ? all : all.only(std::vector{measured.toStdString()});
    };
    const TrialMetrics top = part(0, 10);
    const TrialMetrics rest = part(10, 30);
    const TrialMetrics combined = combineMetrics(
        std::vector<MeasuredTensor>{{&top, 120, 32.0 * 120}, {&rest, 360, 32.0 * 360}});
    for (const char* id : {"nmse", "sqnr_db", "mse", "rmse", "gaussian_gap_db", "shannon_percent"})
        QCOMPARE(combined.value(id).value(), whole.value(id).value());
    QCOMPARE(combined.weightEnergy.value(), whole.weightEnergy.value());
    QCOMPARE(combined.hessianError.has_value(), measured.isEmpty());
    QCOMPARE(combined.maxAbsError.has_value(), measured.isEmpty());
    if (!measured.isEmpty()) return;
    QCOMPARE(combined.hessianError.value(), whole.hessianError.value());
    QCOMPARE(combined.hessianEnergy.value(), whole.hessianEnergy.value());
    QCOMPARE(combined.maxAbsError.value(), whole.maxAbsError.value());
    QCOMPARE(combined.cosine.value(), (120 * top.cosine.value() + 360 * rest.cosine.value()) / 480);
}

// A tensor without a measured error must not lend its bits to the error of the others.
void TestTrialMetrics::comparesTheSameTensorsWithTheBound() {
    TrialMetrics known;
    known.nmse = 0.01;
    known.weightEnergy = 100.0;
    TrialMetrics unknown;
    unknown.weightEnergy = 1000.0;
    TrialMetrics half;
    half.nmse = 0.04;
    half.weightEnergy = 50.0;
    // Error 1 + 2 of 150 at (400 + 100) bits for 150 weights.
    const double sqnr = 10.0 * std::log10(150.0 / 3.0);
    const double bound = 20.0 * std::log10(2.0) * 500.0 / 150.0;
    const TrialMetrics together = combineMetrics(std::vector<MeasuredTensor>{
        {&known, 100, 400.0}, {&unknown, 1000, 8000.0}, {&half, 50, 100.0}});
    QVERIFY(std::abs(together.sqnrDb.value() - sqnr) < 1e-12);
    QVERIFY(std::abs(together.gaussianGapDb.value() - (bound - sqnr)) < 1e-12);
    QVERIFY(std::abs(together.shannonPercent.value() - 100.0 * sqnr / bound) < 1e-10);
    // Nothing is stored: there is no share of nothing.
    const TrialMetrics free = combineMetrics(std::vector<MeasuredTensor>{{&known, 100, 0.0}});
    QVERIFY(!free.shannonPercent);
    QCOMPARE(free.gaussianGapDb.value(), -20.0);
}

void TestTrialMetrics::stops() {
    const Matrix weights = gaussian(9000, 300, 1);
    const QuantizedTensor tensor = test::StoredMethod::tensor(weights.view());
    std::stop_source stop;
    const RunContext context(0, stop.get_token(),
                             [&](double, std::string_view) { stop.request_stop(); });
    PhaseSeconds seconds;
    QVERIFY_EXCEPTION_THROWN(measure(ReadSource(weights), tensor, {}, context, seconds), Cancelled);
}

void TestTrialMetrics::roundTripsThroughJson() {
    TrialMetrics metrics;
    metrics.nmse = 0.1;
    metrics.sqnrDb = 10.0;
    metrics.recallAt10 = 0.5;
    const Json json = metrics.toJson();
    QCOMPARE(json.dump(), R"({"nmse":0.1,"sqnr_db":10.0,"recall_at_10":0.5})");
    QVERIFY(TrialMetrics::fromJson(json) == metrics);
    metrics.nmse = 0.0;
    metrics.sqnrDb = infinity;
    QVERIFY(metrics.toJson()["sqnr_db"].is_null());
    QVERIFY(TrialMetrics::fromJson(Json::parse(metrics.toJson().dump())) == metrics);
    metrics.nmse = infinity;
    metrics.sqnrDb = -infinity;
    QVERIFY(TrialMetrics::fromJson(Json::parse(metrics.toJson().dump())) == metrics);
    QVERIFY_EXCEPTION_THROWN(TrialMetrics::fromJson(Json{{"nmse", "small"}}), Error);
    QCOMPARE(*metrics.value("recall_at_10"), 0.5);
    QVERIFY(!metrics.value("hessian_error"));
    QVERIFY_EXCEPTION_THROWN(metrics.value("sqnr"), Error);
}

void TestTrialMetrics::everyMetricIsDescribed() {
    std::set<std::string_view> ids;
    TrialMetrics all;
    for (const MetricInfo& info : allMetrics()) {
        QVERIFY(ids.insert(info.id).second);
        QVERIFY(!info.name.empty() && !info.formula.empty() && info.remark.ends_with('.'));
        Json one = Json::object();
        one[std::string(info.id)] = 0.25;
        QCOMPARE(*TrialMetrics::fromJson(one).value(info.id), 0.25);
        QCOMPARE(metricInfo(info.id).name.data(), info.name.data());
    }
    try {
        metricInfo("sqnr_bd");
        QFAIL("no error");
    } catch (const Error& error) {
        QVERIFY(QString::fromStdString(error.remedy()).startsWith("Did you mean 'sqnr_db'?"));
    }
}

void TestTrialMetrics::keepsBothEndsOfTheScale() {
    // Zeros that come back as something else, and weights that come back as they were: infinitely
    // bad and infinitely good, also when nothing else is kept.
    const std::vector<std::string> only = {"sqnr_db"};
    const auto keptOf = [&](const Matrix& weights, const Matrix& quantized) {
        const TrialMetrics kept = compare(weights, quantized).only(only);
        const TrialMetrics read = TrialMetrics::fromJson(Json::parse(kept.toJson().dump()));
        return std::pair(*kept.sqnrDb, *read.sqnrDb);
    };
    const Matrix ones = row({1, 1});
    QCOMPARE(keptOf(row({0, 0}), ones), std::pair(-infinity, -infinity));
    QCOMPARE(keptOf(ones, ones), std::pair(infinity, infinity));
    const TrialMetrics kept = compare(ones, row({1, 0})).only(only);
    QVERIFY(kept.sqnrDb && kept.weightEnergy && !kept.nmse && !kept.mse);
    // As written before, with the NMSE beside it.
    const TrialMetrics old = TrialMetrics::fromJson({{"nmse", nullptr}, {"sqnr_db", nullptr}});
    QCOMPARE(*old.sqnrDb, -infinity);
}

void TestTrialMetrics::statesWhatMeasuringTakes() {
    // With a full Hessian of the widest layer of a 70B model: 4096 rows, read and decoded.
    const std::uint64_t rows = std::uint64_t{2} * 4096 * 28672 * sizeof(float);
    QVERIFY(measuringBytes(8192, 28672, true) >= rows);
    QVERIFY(measuringBytes(8192, 28672, true) < rows * 2);
    QVERIFY(measuringBytes(8192, 28672, false) < std::uint64_t{32} << 20);
    QVERIFY(measuringBytes(4, 100, false) < 10'000);
}

QTEST_APPLESS_MAIN(TestTrialMetrics)
#include "tst_trial_metrics.moc"
