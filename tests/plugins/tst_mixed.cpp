// SPDX-License-Identifier: GPL-3.0-or-later
#include <QtTest>
#include <cmath>
#include <set>

#include "core/alloc/closed_form.h"
#include "core/base/error.h"
#include "core/base/random.h"
#include "core/metrics/trial_metrics.h"
#include "plugins/mixed/mixed_method.h"
#include "plugins/pq/pq_method.h"
#include "plugins/scalar/scalar_method.h"

using namespace quantscope;

namespace {

const MethodRegistry& registry() {
    static const MethodRegistry methods = [] {
        MethodRegistry made;
        made.add(std::make_shared<scalar::ScalarMethod>());
        made.add(std::make_shared<mixed::MixedMethod>());
        made.add(std::make_shared<pq::PqMethod>());
        return made;
    }();
    return methods;
}

Matrix gaussian(Index rows, Index cols, std::uint64_t seed = 1) {
    Random random(seed);
    Matrix values(rows, cols);
    for (Index i = 0; i < rows * cols; ++i)
        values.data()[i] = static_cast<float>(random.normal());
    return values;
}

SideInformation diagonalHessian(std::vector<double> diagonal) {
    auto hessian = std::make_shared<Hessian>();
    hessian->size = static_cast<Index>(diagonal.size());
    hessian->diagonal = std::move(diagonal);
    return {hessian};
}

std::vector<double> lognormal(std::size_t count, double sigma) {
    Random random(21);
    std::vector<double> values;
    for (std::size_t i = 0; i < count; ++i)
        values.push_back(std::exp(sigma * random.normal()));
    return values;
}

std::unique_ptr<Quantizer> quantizer(const std::string& method) {
    return registry().quantizer(SweptMethod::parse(method).method);
}

QuantizedTensor quantize(const std::string& method, const TensorSource& source,
                         const SideInformation& side = {}) {
    PhaseSeconds seconds;
    return {quantizer(method)->quantize(source, side, RunContext(), seconds), registry()};
}

QuantizedTensor quantize(const std::string& method, const Matrix& weights,
                         const SideInformation& side = {}) {
    return quantize(method, ViewSource(weights.view()), side);
}

Matrix decoded(const QuantizedTensor& tensor) {
    Matrix values(tensor.rows(), tensor.cols());
    tensor.decode(0, values.span());
    return values;
}

double hessianError(const Matrix& weights, const QuantizedTensor& tensor,
                    const SideInformation& side) {
    PhaseSeconds seconds;
    return *measure(ViewSource(weights.view()), tensor, side, RunContext(), seconds).hessianError;
}

// The number of bits of every column, from the number of values that it may take; 0 for columns
// that were left out.
std::vector<int> bitsOfColumns(const QuantizedTensor& tensor) {
    std::vector<int> bits;
    for (Index c = 0; c < tensor.cols(); ++c) {
        bits.push_back(static_cast<int>(std::lround(std::log2(tensor.levels(0, c).size()))));
    }
    return bits;
}

template <typename Call>
QString errorOf(Call&& call) {
    try {
        call();
    } catch (const Error& error) {
        return QString::fromStdString(error.fullText());
    }
    return {};
}

}  // namespace

class TestMixed : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void keepsTheBudgetExactly_data();
    void keepsTheBudgetExactly();
    void codesTheColumnsAsTheBaseDoes();
    void givesImportantColumnsMore_data();
    void givesImportantColumnsMore();
    void gainsWhatTheClosedFormPromises_data();
    void gainsWhatTheClosedFormPromises();
    void isNeverFarAboveUniformBits_data();
    void isNeverFarAboveUniformBits();
    void leavesColumnsOutWhenAllowed();
    void pricesTheMap();
    void handsTheHessianToTheBase();
    void gridsAreOfSingleChannels();
    void refusesInWords_data();
    void refusesInWords();
    void warns();
    void refusesDamage_data();
    void refusesDamage();
};

void TestMixed::keepsTheBudgetExactly_data() {
    QTest::addColumn<QString>("rule");
    QTest::addColumn<double>("bits");
    QTest::addColumn<int>("group");
    for (const char* rule : {"baq", "waterfill", "measured"}) {
        for (const double bits : {1.0, 2.3, 3.0, 3.75, 7.9, 8.0}) {
            for (const int group : {1, 16, 50, 1000}) {
                QTest::newRow(qPrintable(QString("%1 %2 %3").arg(rule).arg(bits).arg(group)))
                    << rule << bits << group;
            }
        }
    }
}

void TestMixed::keepsTheBudgetExactly() {
    QFETCH(QString, rule);
    QFETCH(double, bits);
    QFETCH(int, group);
    constexpr Index rows = 20;
    constexpr Index cols = 172;  // the last group is smaller
    const Matrix weights = gaussian(rows, cols);
    const QuantizedTensor tensor =
        quantize(QString("mixed:bits=%1,group=%2,rule=%3,base=(scalar:clip=mse)")
                     .arg(bits)
                     .arg(group)
                     .arg(rule)
                     .toStdString(),
                 weights, diagonalHessian(lognormal(cols, 1.5)));
    const std::uint64_t codeBits = tensor.rate()[RatePart::Codes];
    const double budget = bits * rows * cols;
    QVERIFY(static_cast<double>(codeBits) <= budget + 1e-6);
    // What is left does not pay for one more bit of any group. (With this base every bit helps.)
    const double groupBits = static_cast<double>(std::min<Index>(group, cols)) * rows;
    QVERIFY(static_cast<double>(codeBits) > budget - groupBits);
    const Json& header = tensor.encoded().header;
    QCOMPARE(header.at("requested_bits").get<double>(), bits);
    QCOMPARE(header.at("achieved_bits").get<double>() * rows * cols, static_cast<double>(codeBits));
    const std::vector<int> columns = bitsOfColumns(tensor);
    for (std::size_t c = 0; c < columns.size(); ++c) {
        QVERIFY(columns[c] >= 1 && columns[c] <= 8);
        QCOMPARE(columns[c],
                 columns[c / static_cast<std::size_t>(group) * static_cast<std::size_t>(group)]);
    }
}

void TestMixed::codesTheColumnsAsTheBaseDoes() {
    const Matrix weights = gaussian(30, 64);
    const QuantizedTensor tensor =
        quantize("mixed:bits=3,group=4,base=(scalar:scheme=asym,granularity=group,group=8)",
                 weights, diagonalHessian(lognormal(64, 2.0)));
    const Matrix values = decoded(tensor);
    const std::vector<int> bits = bitsOfColumns(tensor);
    const ViewSource source(weights.view());
    std::set<int> seen(bits.begin(), bits.end());
    QVERIFY(seen.size() >= 3);
    for (const int width : seen) {
        std::vector<Index> columns;
        for (Index c = 0; c < 64; ++c) {
            if (bits[static_cast<std::size_t>(c)] == width) columns.push_back(c);
        }
        const ColumnSource part(source, columns);
        const Matrix expected = decoded(quantize(
            "scalar:scheme=asym,granularity=group,group=8,bits=" + std::to_string(width), part));
        for (Index r = 0; r < 30; ++r) {
            for (std::size_t c = 0; c < columns.size(); ++c) {
                QCOMPARE(values(r, columns[c]), expected(r, static_cast<Index>(c)));
            }
        }
    }
    // Any range of rows decodes as the whole does.
    Matrix some(7, 64);
    tensor.decode(11, some.span());
    for (Index r = 0; r < 7; ++r) {
        for (Index c = 0; c < 64; ++c)
            QCOMPARE(some(r, c), values(r + 11, c));
    }
    for (const Codebook& codebook : tensor.codebooks()) {
        QVERIFY(QString::fromStdString(codebook.name)
                    .contains(QRegularExpression("^\\d+ bits/levels$")));
    }
    QCOMPARE(tensor.codebooks().size(), seen.size());
}

void TestMixed::givesImportantColumnsMore_data() {
    QTest::addColumn<QString>("rule");
    for (const char* rule : {"baq", "waterfill", "measured"})
        QTest::newRow(rule) << rule;
}

void TestMixed::givesImportantColumnsMore() {
    QFETCH(QString, rule);
    const Matrix weights = gaussian(64, 60);
    std::vector<double> diagonal(60, 1.0);
    for (std::size_t c = 20; c < 40; ++c)
        diagonal[c] = 256.0;
    for (std::size_t c = 40; c < 60; ++c)
        diagonal[c] = 0.0;
    const std::vector<int> bits = bitsOfColumns(quantize(
        "mixed:bits=3,group=5,min=1,base=(scalar:granularity=column),rule=" + rule.toStdString(),
        weights, diagonalHessian(diagonal)));
    // 180 bits: 1 for each column that does not matter, and the others four bits apart.
    for (std::size_t c = 0; c < 20; ++c)
        QVERIFY(bits[c] >= 1 && bits[c] <= 3);
    for (std::size_t c = 20; c < 40; ++c)
        QVERIFY(bits[c] >= 5 && bits[c] <= 7);
    for (std::size_t c = 40; c < 60; ++c)
        QCOMPARE(bits[c], 1);
}

// Gaussian weights, a scale for each column, diagonal Hessian lognormal(0, 1.2): against the same
// base at 4 bits everywhere, the error falls by AM/GM, less about 8% for whole bits and what the
// base's own errors deviate from a factor of 4 per bit.
void TestMixed::gainsWhatTheClosedFormPromises_data() {
    givesImportantColumnsMore_data();
}

void TestMixed::gainsWhatTheClosedFormPromises() {
    QFETCH(QString, rule);
    const Matrix weights = gaussian(400, 256, 3);
    const std::vector<double> diagonal = lognormal(256, 1.2);
    const SideInformation side = diagonalHessian(diagonal);
    const double gain = PartLosses{diagonal, std::vector<Index>(256, 1)}.gain();
    const std::string base = "scalar:granularity=column,scheme=asym,clip=mse";
    const double uniform = hessianError(weights, quantize(base + ",bits=4", weights), side);
    const double mixed =
        hessianError(weights,
                     quantize("mixed:bits=4,group=1,base=(" + base + "),rule=" + rule.toStdString(),
                              weights, side),
                     side);
    const double obtained = uniform / mixed;
    QVERIFY2(obtained > 0.8 * gain && obtained < gain,
             qPrintable(QString("%1 of %2").arg(obtained).arg(gain)));
}

void TestMixed::isNeverFarAboveUniformBits_data() {
    givesImportantColumnsMore_data();
}

// Without a Hessian and with columns that are alike there is nothing to gain; uniform bits come
// out.
void TestMixed::isNeverFarAboveUniformBits() {
    QFETCH(QString, rule);
    const Matrix weights = gaussian(200, 128, 4);
    const SideInformation same = diagonalHessian(std::vector<double>(128, 1.0));
    const double uniform = hessianError(weights, quantize("scalar:bits=3", weights), same);
    const QuantizedTensor tensor = quantize("mixed:bits=3,rule=" + rule.toStdString(), weights);
    QVERIFY(hessianError(weights, tensor, same) < 1.05 * uniform);
}

void TestMixed::leavesColumnsOutWhenAllowed() {
    Matrix weights = gaussian(40, 32);
    for (Index r = 0; r < 40; ++r) {
        for (Index c = 16; c < 32; ++c)
            weights(r, c) *= 1e-4F;
    }
    const QuantizedTensor tensor = quantize(
        "mixed:bits=2,min=0,group=8,rule=waterfill,base=(scalar:granularity=column)", weights);
    const std::vector<int> bits = bitsOfColumns(tensor);
    const Matrix values = decoded(tensor);
    for (Index c = 0; c < 32; ++c) {
        QCOMPARE(bits[static_cast<std::size_t>(c)], c < 16 ? 4 : 0);
        if (c >= 16) QCOMPARE(values(7, c), 0.0F);
    }
    QCOMPARE(tensor.levels(0, 20), (std::vector<float>{0.0F}));
    QCOMPARE(tensor.rate()[RatePart::Codes], std::uint64_t{40 * 16 * 4});
}

void TestMixed::pricesTheMap() {
    const Matrix weights = gaussian(10, 100);
    // 13 groups, numbers of bits from 1 to 8: 3 bits each; one part with its 10 scales and their
    // base.
    const RateLedger rate = quantize("mixed:bits=8,group=8", weights).rate();
    QCOMPARE(rate[RatePart::Scales], std::uint64_t{13 * 3 + 10 * 16 + 32});
    // Only one number of bits: nothing to store.
    const RateLedger fixed = quantize("mixed:bits=4,min=4,max=4", weights).rate();
    QCOMPARE(fixed[RatePart::Scales], std::uint64_t{10 * 16 + 32});
    QVERIFY(!quantizer("mixed:bits=3")->preflight(10, 100, {}).rateIsExact);
}

// A base that only notes which Hessian it is given; everything else it leaves to scalar.
class NotingMethod final : public Method {
public:
    mutable std::vector<std::shared_ptr<const Hessian>> seen;

    std::string id() const override { return "noting"; }
    std::string name() const override { return "Noting"; }
    std::string version() const override { return "1"; }
    std::string help() const override { return "Notes the Hessians it is given."; }
    std::vector<ParameterSpec> parameters() const override {
        return scalar::ScalarMethod().parameters();
    }
    std::unique_ptr<Quantizer> quantizer(const MethodSpec& spec,
                                         const MethodRegistry& methods) const override {
        class Noting final : public Quantizer {
        public:
            Noting(std::unique_ptr<Quantizer> inner, const NotingMethod& owner)
                : m_inner(std::move(inner)), m_owner(owner) {}
            Preflight preflight(Index rows, Index cols,
                                const SideInformation& side) const override {
                return m_inner->preflight(rows, cols, side);
            }
            EncodedTensor quantize(const TensorSource& weights, const SideInformation& side,
                                   const RunContext& context,
                                   PhaseSeconds& seconds) const override {
                m_owner.seen.push_back(side.hessian);
                return m_inner->quantize(weights, side, context, seconds);
            }

        private:
            std::unique_ptr<Quantizer> m_inner;
            const NotingMethod& m_owner;
        };
        return std::make_unique<Noting>(methods.quantizer({"scalar", spec.parameters}), *this);
    }
    std::unique_ptr<Decoder> decoder(std::shared_ptr<const EncodedTensor> tensor,
                                     const MethodRegistry& methods) const override {
        return methods.decoder(tensor);
    }
};

void TestMixed::handsTheHessianToTheBase() {
    auto noting = std::make_shared<NotingMethod>();
    MethodRegistry methods;
    methods.add(std::make_shared<scalar::ScalarMethod>());
    methods.add(std::make_shared<mixed::MixedMethod>());
    methods.add(noting);
    const Matrix weights = gaussian(32, 6);
    auto full = std::make_shared<Hessian>();
    full->size = 6;
    full->diagonal = {1.0, 1.0, 4096.0, 1.0, 4096.0, 1.0};
    for (int i = 0; i < 36; ++i)
        full->full.push_back(i % 7 == 0 ? full->diagonal[static_cast<std::size_t>(i / 7)]
                                        : 0.01 * i);
    PhaseSeconds seconds;
    methods.quantizer(SweptMethod::parse("mixed:bits=3,group=1,rule=waterfill,base=noting").method)
        ->quantize(ViewSource(weights.view()), {full}, RunContext(), seconds);
    // Columns 2 and 4 have the most bits and are quantized last, with the rows and columns of H
    // that belong to them.
    QVERIFY(noting->seen.size() >= 2);
    const Hessian& last = *noting->seen.back();
    QCOMPARE(last.size, Index{2});
    QCOMPARE(last.diagonal, (std::vector<double>{4096.0, 4096.0}));
    QCOMPARE(last.full,
             (std::vector<double>{full->full[14], full->full[16], full->full[26], full->full[28]}));
}

// The columns of a part are no neighbours, so codes of several channels make no grid.
void TestMixed::gridsAreOfSingleChannels() {
    QVERIFY(quantizer("mixed:base=scalar")->hasGrid());
    QVERIFY(!quantizer("mixed:min=2,max=6,base=(scalar:nested=8)")->hasGrid());
    // Slices of one channel on narrow tensors are longer on wide ones.
    QVERIFY(!quantizer("mixed:base=(pq:m=8)")->hasGrid());
}

void TestMixed::refusesInWords_data() {
    QTest::addColumn<QString>("method");
    QTest::addColumn<int>("hessianSize");
    QTest::addColumn<QString>("part");
    const auto row = [](const char* method, int hessianSize, const char* part) {
        QTest::newRow(method) << method << hessianSize << part;
    };
    row("mixed:base=mixed", 0, "no whole-numbered parameter 'bits'");
    row("mixed:base=skalar", 0, "Did you mean 'scalar'?");
    row("mixed:base=(scalar:bitz=3)", 0, "no parameter 'bitz'");
    row("mixed:min=5,max=4", 0, "Choose min <= max.");
    row("mixed:max=9,base=(scalar:levels=lloyd)", 0, "512 levels");
    row("mixed:bits=1.5,min=2", 0, "below the fewest bits");
    row("mixed:base=(pq:m=8)", 0, "the codes of pq take 0.250 bits per weight");
    row("mixed", 31, "The Hessian is for 31 input channels");
}

void TestMixed::refusesInWords() {
    QFETCH(QString, method);
    QFETCH(int, hessianSize);
    QFETCH(QString, part);
    const QString said = errorOf([&] {
        const SideInformation side =
            hessianSize > 0 ? diagonalHessian(lognormal(static_cast<std::size_t>(hessianSize), 1.0))
                            : SideInformation();
        const Preflight preflight = quantizer(method.toStdString())->preflight(16, 32, side);
        throw Error(preflight.refusal);
    });
    QVERIFY2(said.contains(part), qPrintable(said));
}

void TestMixed::warns() {
    const auto warnings = [](const char* method, const SideInformation& side) {
        QStringList list;
        for (const std::string& warning : quantizer(method)->preflight(16, 32, side).warnings) {
            list << QString::fromStdString(warning);
        }
        return list.join('\n');
    };
    const SideInformation side = diagonalHessian(lognormal(32, 1.0));
    // A width costs 16 bits per row and the 32 bits of their base; one scale for all is
    // cheaper.
    QVERIFY(warnings("mixed", side).contains("scales of its own: 0.562 bits per weight"));
    QVERIFY(warnings("mixed:base=(scalar:granularity=tensor)", side).contains(": 0.0938 bits"));
    QVERIFY(warnings("mixed", {}).contains("No Hessian"));
    QVERIFY(warnings("mixed:bits=9", side).contains("above the most bits"));
    QVERIFY(warnings("mixed:base=(scalar:bits=7)", side).contains("base's own bits are ignored"));
}

void TestMixed::refusesDamage_data() {
    QTest::addColumn<QString>("damage");
    for (const char* damage : {"no map", "long map", "map beyond max", "part missing",
                               "columns claimed", "shape", "base"}) {
        QTest::newRow(damage) << damage;
    }
}

void TestMixed::refusesDamage() {
    QFETCH(QString, damage);
    EncodedTensor encoded =
        quantize("mixed:bits=3,group=2,max=6", gaussian(8, 32), diagonalHessian(lognormal(32, 2.0)))
            .encoded();
    QVERIFY(encoded.sections.front().name == "bits");
    auto& map = encoded.sections.front().bytes;
    if (damage == "no map") encoded.sections.erase(encoded.sections.begin());
    if (damage == "long map") map.push_back(0);
    if (damage == "map beyond max") std::ranges::fill(map, std::uint8_t{0xFF});
    if (damage == "part missing") encoded.sections.pop_back();
    if (damage == "shape") encoded.cols = -1;
    if (damage == "base") encoded.method.parameters["base"] = "nothing";
    if (damage == "columns claimed") {
        // Without a map nothing but the stored bits speaks against a claimed width.
        encoded = quantize("mixed:bits=3,min=3,max=3", gaussian(8, 32)).encoded();
        encoded.cols = Index{1} << 50;
    }
    QVERIFY(!errorOf([&] { QuantizedTensor(encoded, registry()); }).isEmpty());
}

QTEST_APPLESS_MAIN(TestMixed)
#include "tst_mixed.moc"
