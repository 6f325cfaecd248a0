// SPDX-License-Identifier: GPL-3.0-or-later
// The scalar quantizer on real tensors, against figures that NumPy computed from the textbook
// definitions in double precision (float64 scales, which binary32 scales reproduce to all digits
// given).
#include <QtTest>

#include <cmath>

#include "core/base/text.h"
#include "core/hessian/hessian_file.h"
#include "core/hessian/hessian_form.h"
#include "core/metrics/recall.h"
#include "core/metrics/trial_metrics.h"
#include "core/tensor/normalized_source.h"
#include "plugins/scalar/scalar_method.h"
#include "tests/core/test_files.h"
#include "tests/plugins/slowness.h"

using namespace quantscope;

namespace {

struct Layer {
    std::string name;
    Matrix weights;
    double energy = 0.0;  ///< |W|^2
    std::shared_ptr<const Hessian> hessian;
    double outputEnergy = 0.0;  ///< tr(W H W^T)
};

const std::vector<Layer>& linearLayers() {
    static const std::vector<Layer> layers = [] {
        const auto file = test::openProbed(test::dataset("stories260k.h5"));
        const auto hessians =
            HessianFile::open(test::dataset("stories260k-calibration.h5"), {test::prober(), false});
        std::vector<Layer> found;
        for (const TensorInfo& info : file->tensors()) {
            if (info.name.find("_proj.weight") == std::string::npos) continue;
            Layer layer;
            layer.name = info.name;
            layer.weights = readAll(*file->source(info.name, info.fold), {});
            for (Index i = 0; i < layer.weights.view().size(); ++i) {
                const double w = layer.weights.data()[i];
                layer.energy += w * w;
            }
            layer.hessian = hessians->hessian(info.name, layer.weights.cols());
            layer.outputEnergy =
                HessianForm(layer.hessian, layer.weights.cols()).of(layer.weights.view());
            found.push_back(std::move(layer));
        }
        return found;
    }();
    return layers;
}

const MethodRegistry& registry() {
    static const MethodRegistry methods = [] {
        MethodRegistry made;
        made.add(std::make_shared<scalar::ScalarMethod>());
        return made;
    }();
    return methods;
}

QuantizedTensor quantize(const QString& method, const TensorSource& source) {
    PhaseSeconds seconds;
    const auto quantizer = registry().quantizer(SweptMethod::parse(method.toStdString()).method);
    return {quantizer->quantize(source, {}, RunContext(), seconds), registry()};
}

TrialMetrics measured(const QString& method, const TensorSource& source,
                      std::shared_ptr<const Hessian> hessian = nullptr) {
    PhaseSeconds seconds;
    return measure(source, quantize(method, source), {std::move(hessian)}, RunContext(), seconds);
}

QString methodText(const QString& words) {
    const QStringList parts = words.split(' ');
    QString text = "scalar:scheme=" + parts[0] + ",bits=" + parts[2].mid(3);
    text += parts[1] == "group32" ? ",granularity=group" : ",granularity=" + parts[1];
    return text;
}

bool agree(double actual, double expected, double relative) {
    return std::abs(actual / expected - 1.0) <= relative;
}

}  // namespace

class TestScalarReference : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void wholeModel_data();
    void wholeModel();
    void halfScalesCostLittle_data();
    void halfScalesCostLittle();
    void oneLayer_data();
    void oneLayer();
    void everyTensorOfTheFiles_data();
    void everyTensorOfTheFiles();
    void embeddings_data();
    void embeddings();
};

void TestScalarReference::wholeModel_data() {
    QTest::addColumn<double>("weightError");
    QTest::addColumn<double>("outputError");
    const auto row = [](const char* method, double weightError, double outputError) {
        QTest::newRow(method) << weightError << outputError;
    };
    row("sym row int8", 3.63077e-05, 8.50459e-06);
    row("asym row int8", 2.96252e-05, 7.06597e-06);
    row("sym row int4", 0.0119075, 0.00273459);
    row("asym row int4", 0.00859569, 0.00207446);
    row("sym row int3", 0.0647171, 0.014883);
    row("asym row int3", 0.0396023, 0.009246);
    row("sym row int2", 0.52903, 0.159903);
    row("asym row int2", 0.214575, 0.0502228);
    row("sym tensor int8", 0.0001694, 5.13479e-05);
    row("sym group32 int8", 2.74792e-05, 6.88411e-06);
    row("sym tensor int4", 0.0548893, 0.0163584);
    row("sym group32 int4", 0.00899404, 0.00218386);
    row("asym group32 int4", 0.00628928, 0.00159573);
    row("asym group32 int3", 0.0287177, 0.00740401);
    row("asym group32 int2", 0.157675, 0.0403118);
}

void TestScalarReference::wholeModel() {
    if (test::slowness > 1.0) QSKIP(test::figuresElsewhere);
    QFETCH(double, weightError);
    QFETCH(double, outputError);
    const QString method = methodText(QTest::currentDataTag()) + ",scale=fp32";
    QCOMPARE(linearLayers().size(), std::size_t{35});
    double error = 0.0;
    double energy = 0.0;
    double output = 0.0;
    double outputEnergy = 0.0;
    for (const Layer& layer : linearLayers()) {
        const TrialMetrics metrics =
            measured(method, ViewSource(layer.weights.view()), layer.hessian);
        error += *metrics.nmse * layer.energy;
        energy += layer.energy;
        output += *metrics.hessianError * layer.outputEnergy;
        outputEnergy += layer.outputEnergy;
    }
    QVERIFY2(agree(error / energy, weightError, 1e-5),
             qPrintable(QString::number(error / energy, 'g', 7)));
    QVERIFY2(agree(output / outputEnergy, outputError, 2e-5),
             qPrintable(QString::number(output / outputEnergy, 'g', 7)));
}

void TestScalarReference::halfScalesCostLittle_data() {
    wholeModel_data();
}

void TestScalarReference::halfScalesCostLittle() {
    QFETCH(double, weightError);
    double error = 0.0;
    double energy = 0.0;
    for (const Layer& layer : linearLayers()) {
        const TrialMetrics metrics =
            measured(methodText(QTest::currentDataTag()), ViewSource(layer.weights.view()));
        error += *metrics.nmse * layer.energy;
        energy += layer.energy;
    }
    // A scale is at most 2^-10 larger than asked for.
    QVERIFY2(agree(error / energy, weightError, 0.003),
             qPrintable(QString::number(error / energy)));
}

void TestScalarReference::oneLayer_data() {
    QTest::addColumn<double>("weightError");
    const auto row = [](const char* method, double error) { QTest::newRow(method) << error; };
    row("sym tensor int8", 0.000144948);
    row("sym row int8", 4.91921e-05);
    row("sym group32 int8", 2.97984e-05);
    row("asym row int8", 3.98307e-05);
    row("asym group32 int8", 2.3209e-05);
    row("sym tensor int4", 0.0483235);
    row("sym row int4", 0.0161921);
    row("sym group32 int4", 0.00970318);
    row("asym row int4", 0.0118627);
    row("asym group32 int4", 0.0067076);
    row("sym tensor int3", 0.255483);
    row("sym row int3", 0.0874808);
    row("sym group32 int3", 0.0535343);
    row("asym row int3", 0.0544061);
    row("asym group32 int3", 0.0310045);
    row("sym tensor int2", 0.918502);
    row("sym row int2", 0.619466);
    row("sym group32 int2", 0.431073);
    row("asym row int2", 0.292293);
    row("asym group32 int2", 0.171052);
}

void TestScalarReference::oneLayer() {
    QFETCH(double, weightError);
    const auto layer =
        std::ranges::find(linearLayers(), "model.layers.2.mlp.down_proj.weight", &Layer::name);
    QVERIFY(layer != linearLayers().end());
    const QString method = methodText(QTest::currentDataTag()) + ",scale=fp32";
    const double nmse = *measured(method, ViewSource(layer->weights.view())).nmse;
    QVERIFY2(agree(nmse, weightError, 1e-5), qPrintable(QString::number(nmse, 'g', 7)));
}

void TestScalarReference::everyTensorOfTheFiles_data() {
    QTest::addColumn<int>("bits");
    QTest::addColumn<int>("column");
    QTest::newRow("int8") << 8 << 8;
    QTest::newRow("int4") << 4 << 9;
}

// One scale per tensor: the error does not depend on the folding. The file streams from disk here.
void TestScalarReference::everyTensorOfTheFiles() {
    if (test::slowness > 1.0) QSKIP(test::figuresElsewhere);
    QFETCH(int, bits);
    QFETCH(int, column);
    const QString method = QString("scalar:granularity=tensor,scale=fp32,bits=%1").arg(bits);
    const auto records =
        test::readCsv(std::filesystem::path(QUANTSCOPE_TEST_DATA_DIR) / "TENSORS.csv");
    std::map<std::string, std::shared_ptr<TensorFile>> files;
    int compared = 0;
    for (const auto& record : records) {
        auto& file = files[record[0]];
        if (!file) file = test::openProbed(test::dataset(record[0]));
        const TensorInfo* info = file->find(record[1].substr(1));
        if (info == nullptr || !info->quantizable ||
            record[static_cast<std::size_t>(column)].empty()) {
            continue;
        }
        const auto source = file->source(info->name, info->fold);
        double expected = 0.0;
        QVERIFY(parseNumber(record[static_cast<std::size_t>(column)], expected));
        const double nmse = *measured(method, *source).nmse;
        QVERIFY2(std::abs(nmse - expected) <= 3e-5 * expected,
                 qPrintable(QString("%1: %2 instead of %3")
                                .arg(QString::fromStdString(record[1]))
                                .arg(nmse, 0, 'g', 7)
                                .arg(expected)));
        ++compared;
    }
    QVERIFY2(compared > 100, qPrintable(QString::number(compared)));
}

// Rows "scalar per-dim min-max" and "scalar per-vector absmax" of both embedding sets. The former
// once more with a zero point that is a code, which shifts the levels: those differ in the third
// digit.
void TestScalarReference::embeddings_data() {
    QTest::addColumn<QString>("file");
    QTest::addColumn<QString>("method");
    QTest::addColumn<double>("error");
    QTest::addColumn<double>("tolerance");
    QTest::addColumn<double>("recall");
    QTest::addColumn<double>("nearest");
    const QString byDimension = "scalar:granularity=column,scheme=asym,scale=fp32,bits=";
    const QString byVector = "scalar:granularity=row,scheme=sym,scale=fp32,bits=";
    const QString glove = "glove-50-angular.hdf5";
    const QString hidden = "stories260k-hidden-64-euclidean.hdf5";
    const QString byRange = "scalar:granularity=column,scheme=range,scale=fp32,bits=";
    QTest::newRow("glove range 8")
        << glove << byRange + "8" << 5.03635e-05 << 2e-5 << 0.9900 << 1.0;
    QTest::newRow("glove range 4") << glove << byRange + "4" << 0.0145763 << 2e-5 << 0.8722 << 1.0;
    QTest::newRow("hidden range 8")
        << hidden << byRange + "8" << 4.9548e-05 << 2e-5 << 0.9886 << 1.0;
    QTest::newRow("hidden range 4")
        << hidden << byRange + "4" << 0.0142969 << 2e-5 << 0.8584 << 1.0;
    QTest::newRow("glove dim 8") << glove << byDimension + "8" << 5.03635e-05 << 5e-3 << 0.9900
                                 << 1.0;
    QTest::newRow("glove vector 8")
        << glove << byVector + "8" << 5.47551e-05 << 1e-5 << 0.9926 << 1.0;
    QTest::newRow("glove dim 4") << glove << byDimension + "4" << 0.0145763 << 5e-3 << 0.8722
                                 << 1.0;
    QTest::newRow("glove vector 4")
        << glove << byVector + "4" << 0.018007 << 1e-5 << 0.8474 << 0.998;
    QTest::newRow("hidden dim 8") << hidden << byDimension + "8" << 4.9548e-05 << 5e-3 << 0.9886
                                  << 1.0;
    QTest::newRow("hidden vector 8")
        << hidden << byVector + "8" << 9.20166e-05 << 1e-5 << 0.9894 << 1.0;
    QTest::newRow("hidden dim 4") << hidden << byDimension + "4" << 0.0142969 << 5e-3 << 0.8584
                                  << 1.0;
    QTest::newRow("hidden vector 4")
        << hidden << byVector + "4" << 0.0300949 << 1e-5 << 0.8424 << 0.992;
}

void TestScalarReference::embeddings() {
    if (test::slowness > 1.0) QSKIP(test::figuresElsewhere);
    QFETCH(QString, file);
    QFETCH(QString, method);
    QFETCH(double, error);
    QFETCH(double, tolerance);
    QFETCH(double, recall);
    QFETCH(double, nearest);
    const auto opened = test::openProbed(test::dataset(file.toStdString()));
    const auto truth = opened->groundTruth();
    QVERIFY(truth);
    std::unique_ptr<const TensorSource> train =
        opened->source("train", opened->find("train")->fold);
    Matrix queries =
        readAll(*opened->source(truth->queries, opened->find(truth->queries)->fold), {});
    if (truth->angular) {
        train = std::make_unique<NormalizedSource>(std::move(train));
        normalizeRows(queries.span());
    }
    const QuantizedTensor quantized = quantize(method, *train);
    PhaseSeconds seconds;
    const double nmse = *measure(*train, quantized, {}, RunContext(), seconds).nmse;
    QVERIFY2(agree(nmse, error, tolerance), qPrintable(QString::number(nmse, 'g', 7)));
    const Recall found = recallAt(quantized, queries.view(), opened->readIntegers(truth->neighbors),
                                  100, 10, RunContext());
    QVERIFY2(std::abs(found.atK - recall) < 0.005, qPrintable(QString::number(found.atK)));
    QVERIFY2(std::abs(found.nearestInK - nearest) < 0.003,
             qPrintable(QString::number(found.nearestInK)));
}

QTEST_GUILESS_MAIN(TestScalarReference)
#include "tst_scalar_reference.moc"
