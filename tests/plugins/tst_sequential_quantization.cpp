// SPDX-License-Identifier: GPL-3.0-or-later
#include <QtTest>
#include <cmath>

#include "core/base/error.h"
#include "core/base/parallel.h"
#include "core/hessian/activation_hessian.h"
#include "core/hessian/corrected_weights.h"
#include "core/model/calibration.h"
#include "core/model/evaluation.h"
#include "core/quant/quantized_tensor.h"
#include "core/run/sequential_quantization.h"
#include "plugins/gptq/gptq_method.h"
#include "plugins/scalar/scalar_method.h"
#include "tests/core/test_files.h"
#include "tests/plugins/method_bench.h"

using namespace quantscope;
using namespace quantscope::test;

namespace {

const MethodRegistry& registry() {
    static const MethodRegistry methods = [] {
        MethodRegistry made;
        made.add(std::make_shared<scalar::ScalarMethod>());
        made.add(std::make_shared<gptq::GptqMethod>());
        return made;
    }();
    return methods;
}

const LanguageModel& model() {
    static const LanguageModel loaded =
        LanguageModel::load(*openProbed(dataset("stories260k.h5")), RunContext());
    return loaded;
}

TokenRows calibrationRows(Index first, Index count) {
    return TokenRows::read(*openProbed(dataset("stories260k-calibration-tokens.h5")), 512, 512)
        .middleRows(first, count);
}

std::map<std::string, MethodSpec> everywhere(const std::string& method) {
    std::map<std::string, MethodSpec> methods;
    for (const ModelTensor& tensor : model().linearTensors())
        methods[tensor.name] = registry().resolve(SweptMethod::parse(method).method);
    return methods;
}

struct Quantized {
    std::vector<std::string> order;
    std::map<std::string, EncodedTensor> tensors;

    LanguageModel model() const {
        LanguageModel result = ::model();
        for (const auto& [name, encoded] : tensors)
            result.replace(name, decoded(QuantizedTensor(encoded, registry())));
        return result;
    }
};

Quantized quantized(const std::map<std::string, MethodSpec>& methods, bool correct,
                    const TokenRows& tokens) {
    Quantized result;
    SequentialOptions options;
    options.correct = correct;
    quantizeSequentially(model(), tokens, methods, options, registry(), RunContext(1),
                         [&](const std::string& tensor, const EncodedTensor& encoded) {
                             result.order.push_back(tensor);
                             result.tensors[tensor] = encoded;
                         });
    return result;
}

double divergence(const LanguageModel& changed, const TokenRows& tokens) {
    const ForwardPass pass(model());
    const ReferenceStates reference(pass, tokens, 0, RunContext());
    return evaluate(ForwardPass(changed), reference, RunContext()).divergence;
}

}  // namespace

class TestSequentialQuantization : public QObject {
    Q_OBJECT

private slots:
    // The gradient of |W x - V y|^2 + d |W - V|^2 vanishes at the corrected weights V.
    void correctedWeightsSolveTheirProblem() {
        constexpr Index channels = 12;
        constexpr double damping = 0.05;
        const Matrix x = gaussian(200, channels, 1);
        Matrix y = gaussian(200, channels, 2);
        for (Index i = 0; i < y.view().size(); ++i)
            y.data()[i] = x.data()[i] + 0.3F * y.data()[i];
        InputProducts products(channels);
        products.add(y.view(), {});
        const std::vector<double> h = products.finish(1.0);
        CrossProducts across(channels);
        across.add(x.view(), y.view(), {});
        const std::vector<double> c = across.finish(1.0);
        double mean = 0.0;
        for (std::size_t j = 0; j < channels; ++j)
            mean += h[j * (channels + 1)] / static_cast<double>(channels);
        const Matrix weights = gaussian(5, channels, 3);
        const Matrix corrected = correctedWeights(weights.view(), h, c, damping, {});
        for (Index r = 0; r < 5; ++r) {
            for (Index j = 0; j < channels; ++j) {
                double gradient =
                    damping * mean *
                    (static_cast<double>(corrected(r, j)) - static_cast<double>(weights(r, j)));
                for (Index n = 0; n < x.rows(); ++n) {
                    double difference = 0.0;
                    for (Index k = 0; k < channels; ++k) {
                        difference += static_cast<double>(corrected(r, k)) * y(n, k) -
                                      static_cast<double>(weights(r, k)) * x(n, k);
                    }
                    gradient += difference * y(n, j);
                }
                QVERIFY2(std::abs(gradient) < 1e-4 * mean, qPrintable(QString::number(gradient)));
            }
        }
        // The same inputs want the same weights.
        const Matrix same = correctedWeights(weights.view(), h, h, damping, {});
        QVERIFY(nmse(weights.view(), same.view()) < 1e-12);
        QVERIFY_THROWS_EXCEPTION(Error, correctedWeights(weights.view(), std::vector<double>(144),
                                                         std::vector<double>(144), damping, {}));
    }

    // With as good as no errors before it, every layer gets what calibration gives it.
    void firstLayerIsThatOfCalibration() {
        const TokenRows tokens = calibrationRows(0, 4);
        const std::string method = "gptq:base=(scalar:bits=3)";
        const Quantized result = quantized(everywhere(method), false, tokens);
        QCOMPARE(result.order.size(), model().linearTensors().size());
        const std::string name = "model.layers.0.self_attn.q_proj.weight";
        QCOMPARE(result.order.front(), name);
        auto hessian = std::make_shared<Hessian>();
        calibrate(ForwardPass(model()), tokens, {}, RunContext(),
                  [&](const LayerCalibration& layer) {
                      if (layer.tensors.front() != name) return;
                      hessian->size = layer.channels;
                      hessian->full = layer.hessian;
                      for (Index j = 0; j < layer.channels; ++j) {
                          hessian->diagonal.push_back(
                              layer.hessian[static_cast<std::size_t>(j * (layer.channels + 1))]);
                      }
                  });
        PhaseSeconds seconds;
        const EncodedTensor expected =
            registry()
                .quantizer(SweptMethod::parse(method).method)
                ->quantize(ViewSource(model().weights(name)), {hessian}, RunContext(1), seconds);
        QVERIFY(sameBits(result.tensors.at(name), expected));
    }

    void finePrecisionChangesNothing() {
        const TokenRows tokens = calibrationRows(0, 4);
        const Quantized result = quantized(everywhere("scalar:bits=16,scale=fp32"), true, tokens);
        QVERIFY(divergence(result.model(), calibrationRows(64, 4)) < 1e-6);
    }

    // On tokens that nothing was fitted to.
    void laterLayersMakeUpForEarlierOnes() {
        const TokenRows tokens = calibrationRows(0, 32);
        const TokenRows held = calibrationRows(96, 8);
        const auto methods =
            everywhere("gptq:base=(scalar:bits=3,scheme=asym,granularity=group,group=32)");
        const double plain = divergence(quantized(methods, false, tokens).model(), held);
        const double corrected = divergence(quantized(methods, true, tokens).model(), held);
        qInfo("divergence %.4f, corrected %.4f", plain, corrected);
        QVERIFY(corrected < 0.95 * plain);
    }

    void sameBitsAtAnyThreadCount() {
        const TokenRows tokens = calibrationRows(0, 3);
        std::map<std::string, MethodSpec> methods =
            everywhere("gptq:descent=1,base=(scalar:bits=3)");
        std::vector<Quantized> results;
        for (const int threads : {1, 2, 8})
            Arena(threads).execute([&] { results.push_back(quantized(methods, true, tokens)); });
        for (const auto& [name, encoded] : results[0].tensors) {
            QVERIFY(sameBits(encoded, results[1].tensors.at(name)));
            QVERIFY(sameBits(encoded, results[2].tensors.at(name)));
        }
    }

    void refusesWhatIsNoMatrixOfTheModel() {
        std::map<std::string, MethodSpec> methods;
        methods["model.norm.weight"] = SweptMethod::parse("scalar").method;
        QVERIFY_THROWS_EXCEPTION(Error, quantized(methods, true, calibrationRows(0, 1)));
    }

    void stopsSoon() {
        std::stop_source stop;
        const auto methods = everywhere("gptq:base=(scalar:bits=3)");
        const TokenRows tokens = calibrationRows(0, 128);
        std::chrono::steady_clock::time_point asked;
        const RunContext context(1, stop.get_token(), [&](double, std::string_view phase) {
            if (phase != "tensor 5 of 35" || stop.stop_requested()) return;
            asked = std::chrono::steady_clock::now();
            stop.request_stop();
        });
        QVERIFY_THROWS_EXCEPTION(
            Cancelled, quantizeSequentially(model(), tokens, methods, {}, registry(), context,
                                            [](const std::string&, const EncodedTensor&) {}));
        QVERIFY(std::chrono::steady_clock::now() - asked < std::chrono::milliseconds(200));
    }
};

QTEST_GUILESS_MAIN(TestSequentialQuantization)
#include "tst_sequential_quantization.moc"
