// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/run/sequential_quantization.h"

#include <algorithm>
#include <optional>

#include "core/base/error.h"
#include "core/base/parallel.h"
#include "core/base/utf8.h"
#include "core/hessian/activation_hessian.h"
#include "core/hessian/corrected_weights.h"
#include "core/model/forward_pass.h"
#include "core/quant/quantized_tensor.h"

namespace quantscope {

namespace {

// Rows of tokens whose inputs are held together.
constexpr Index rowsPerWave = 16;

void checkNames(const LanguageModel& model, const std::map<std::string, MethodSpec>& methods) {
    const std::vector<ModelTensor> known = model.linearTensors();
    for (const auto& [name, method] : methods) {
        if (std::ranges::find(known, name, &ModelTensor::name) != known.end()) continue;
        throw Error("'" + printableText(name) + "' is no matrix of the model's layers.",
                    "Give a plan that was made for this model.");
    }
}

/// Sums over the inputs of some linear layers: y of the quantized model, x of the model as it is.
struct InputSums {
    std::shared_ptr<const Hessian> hessian;
    std::vector<double> crossProducts;  ///< (2/n) sum x y^T
};

/// Both models on their way through the tokens.
class Sequence {
public:
    Sequence(const LanguageModel& model, const TokenRows& tokens,
             const std::map<std::string, MethodSpec>& methods, const SequentialOptions& options,
             const MethodRegistry& registry, const RunContext& context)
        : m_original(model),
          m_quantized(model),
          m_tokens(tokens),
          m_methods(methods),
          m_options(options),
          m_registry(registry),
          m_context(context) {
        for (Index r = 0; r < tokens.rows; ++r)
            m_hidden.push_back(m_original.embed(tokens.row(r)));
        m_changed = m_hidden;
    }

    void run(const QuantizedSink& sink) {
        const Index layers = m_original.model().config().layers;
        for (Index layer = 0; layer < layers; ++layer) {
            for (const LinearInput input : allLinearInputs)
                quantizeAt(layer, input, sink);
            advance(layer);
        }
    }

private:
    const std::stop_token& stop() const { return m_context.stop(); }

    void quantizeAt(Index layer, LinearInput input, const QuantizedSink& sink) {
        std::vector<std::string> tensors;
        for (const std::string_view part : linearLayersAt(input)) {
            const std::string name = layerTensor(layer, std::string(part));
            if (m_methods.contains(name)) tensors.push_back(name);
        }
        if (tensors.empty()) return;
        m_context.progress(
            static_cast<double>(m_done) / static_cast<double>(m_methods.size()),
            "tensor " + std::to_string(m_done + 1) + " of " + std::to_string(m_methods.size()));
        const InputSums sums = collect(layer, input);
        std::vector<std::optional<EncodedTensor>> results(tensors.size());
        parallelFor(static_cast<Index>(tensors.size()), 1, stop(), [&](Index begin, Index end) {
            for (Index i = begin; i < end; ++i) {
                const auto at = static_cast<std::size_t>(i);
                results[at] = quantize(tensors[at], sums, m_done + i);
            }
        });
        LanguageModel model = m_quantized.model();
        for (std::size_t i = 0; i < tensors.size(); ++i) {
            const QuantizedTensor tensor(*results[i], m_registry);
            Matrix values(tensor.rows(), tensor.cols());
            tensor.decode(0, values.span());
            model.replace(tensors[i], std::move(values));
            sink(tensors[i], *results[i]);
        }
        m_quantized = ForwardPass(std::move(model));
        m_done += static_cast<Index>(tensors.size());
    }

    EncodedTensor quantize(const std::string& name, const InputSums& sums, Index number) const {
        const MatrixView weights = m_original.model().weights(name);
        const std::unique_ptr<Quantizer> quantizer = m_registry.quantizer(m_methods.at(name));
        const SideInformation side{sums.hessian};
        const Preflight judged = quantizer->preflight(weights.rows, weights.cols, side);
        if (!judged.refusal.empty()) throw Error("'" + name + "' is refused: " + judged.refusal);
        // Only what happens here tells of progress: several tensors are under way.
        const RunContext own =
            RunContext(m_context.seed(), stop()).part(0.0, 1.0, static_cast<std::uint64_t>(number));
        PhaseSeconds seconds;
        if (!m_options.correct) return quantizer->quantize(ViewSource(weights), side, own, seconds);
        const Matrix target = correctedWeights(weights, sums.hessian->full, sums.crossProducts,
                                               m_options.damping, stop());
        return quantizer->quantize(ViewSource(target.view()), side, own, seconds);
    }

    InputSums collect(Index layer, LinearInput input) const {
        std::optional<InputProducts> products;
        std::optional<CrossProducts> across;
        for (Index first = 0; first < m_tokens.rows; first += rowsPerWave) {
            const Index count = std::min(rowsPerWave, m_tokens.rows - first);
            std::vector<Matrix> before(static_cast<std::size_t>(count));
            std::vector<Matrix> now(before.size());
            parallelFor(count, 1, stop(), [&](Index begin, Index end) {
                for (Index r = begin; r < end; ++r) {
                    const auto row = static_cast<std::size_t>(first + r);
                    const auto at = static_cast<std::size_t>(r);
                    now[at] = inputOf(m_quantized, layer, input, m_changed[row]);
                    if (m_options.correct)
                        before[at] = inputOf(m_original, layer, input, m_hidden[row]);
                }
            });
            for (std::size_t r = 0; r < now.size(); ++r) {
                if (!products) {
                    products.emplace(now[r].cols());
                    across.emplace(now[r].cols());
                }
                products->add(now[r].view(), stop());
                if (m_options.correct) across->add(before[r].view(), now[r].view(), stop());
            }
        }
        const double factor = 2.0 / static_cast<double>(m_tokens.count());
        auto hessian = std::make_shared<Hessian>();
        hessian->source = "the quantized model";
        hessian->full = products->finish(factor);
        hessian->size = across->channels();
        for (Index j = 0; j < hessian->size; ++j) {
            hessian->diagonal.push_back(
                hessian->full[static_cast<std::size_t>(j * (hessian->size + 1))]);
        }
        return {std::move(hessian), across->finish(factor)};
    }

    Matrix inputOf(const ForwardPass& pass, Index layer, LinearInput wanted,
                   const Matrix& hidden) const {
        Matrix states = hidden;
        Matrix found;
        const auto tap = [&](LinearInput input, MatrixView x) {
            if (input != wanted) return;
            found = Matrix(x.rows, x.cols);
            for (Index r = 0; r < x.rows; ++r)
                std::ranges::copy(x.row(r), found.span().row(r).begin());
        };
        pass.layer(layer, states.span(), tap, stop());
        return found;
    }

    void advance(Index layer) {
        parallelFor(m_tokens.rows, 1, stop(), [&](Index begin, Index end) {
            for (Index r = begin; r < end; ++r) {
                const auto row = static_cast<std::size_t>(r);
                m_original.layer(layer, m_hidden[row].span(), {}, stop());
                m_quantized.layer(layer, m_changed[row].span(), {}, stop());
            }
        });
    }

    ForwardPass m_original;
    ForwardPass m_quantized;
    const TokenRows& m_tokens;
    const std::map<std::string, MethodSpec>& m_methods;
    const SequentialOptions& m_options;
    const MethodRegistry& m_registry;
    const RunContext& m_context;
    std::vector<Matrix> m_hidden;   ///< By row of tokens, of the model as it is.
    std::vector<Matrix> m_changed;  ///< Of the quantized model.
    Index m_done = 0;
};

}  // namespace

void quantizeSequentially(const LanguageModel& model, const TokenRows& tokens,
                          const std::map<std::string, MethodSpec>& methods,
                          const SequentialOptions& options, const MethodRegistry& registry,
                          const RunContext& context, const QuantizedSink& sink) {
    checkNames(model, methods);
    Sequence(model, tokens, methods, options, registry, context).run(sink);
}

}  // namespace quantscope
