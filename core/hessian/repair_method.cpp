// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/hessian/repair_method.h"

#include <algorithm>
#include <functional>
#include <limits>

#include "core/base/error.h"
#include "core/base/parallel.h"
#include "core/hessian/layer_loss.h"
#include "core/quant/wrapped_base.h"
#include "core/tensor/tensor_source.h"

namespace quantscope {

namespace {

constexpr const char* baseHelp = "The method whose errors are repaired.";

Matrix decodedBy(const Decoder& decoder, Index rows, Index cols, const std::stop_token& stop) {
    Matrix decoded(rows, cols);
    parallelFor(rows, blockRows(cols), stop, [&](Index begin, Index end) {
        decoder.decode(begin, decoded.span().middleRows(begin, end - begin));
    });
    return decoded;
}

/// A round's result.
struct Round {
    EncodedTensor base;
    std::unique_ptr<Repair> repair;
    std::vector<std::string> remarks;
    double loss = std::numeric_limits<double>::infinity();
    int number = 0;
};

class RepairQuantizer final : public Quantizer {
public:
    RepairQuantizer(const Repairer& repairer, MethodSpec spec, const MethodRegistry& registry)
        : m_repairer(repairer),
          m_registry(registry),
          m_spec(std::move(spec)),
          m_values(m_spec.parameters),
          m_schema(registry.method(m_spec.id).parameters()),
          m_base(registry.quantizer(m_values.method(baseParameterId))) {}

    Preflight preflight(Index rows, Index cols, const SideInformation& side) const override {
        Preflight result;
        result.refusal = refuseSide(rows, cols, side);
        if (!result.refusal.empty()) return result;
        const TransformCost own = m_repairer.cost(m_values, rows, cols, side);
        result = m_base->preflight(rows, cols, side);
        if (!own.refusal.empty()) result.refusal = own.refusal;
        std::ranges::copy(own.warnings, std::back_inserter(result.warnings));
        std::ranges::copy(ineffectiveParameters(m_schema, m_spec.parameters),
                          std::back_inserter(result.warnings));
        result.rate += own.rate;
        result.rateIsExact = result.rateIsExact && own.rateIsExact;
        // The tensor, what the base is to code, what it decodes to, and the errors.
        constexpr std::uint64_t matrices = 4;
        const auto weights = static_cast<std::uint64_t>(rows) * static_cast<std::uint64_t>(cols);
        result.workingBytes += matrices * sizeof(float) * weights + own.workingBytes;
        result.multiplyAdds =
            (result.multiplyAdds + own.multiplyAdds) * m_repairer.rounds(m_values);
        return result;
    }

    EncodedTensor quantize(const TensorSource& weights, const SideInformation& side,
                           const RunContext& context, PhaseSeconds& seconds) const override {
        // Products with a Hessian of another size would read beyond its end.
        const std::string refused = refuseSide(weights.rows(), weights.cols(), side);
        if (!refused.empty()) throw Error(refused);
        const std::stop_token& stop = context.stop();
        const int rounds = m_repairer.rounds(m_values);
        const std::shared_ptr<const Hessian> judge = m_repairer.judge(m_values, side);
        const Matrix matrix = readFinite(weights, stop);
        Matrix target = m_repairer.firstTarget(m_values, matrix.view(), side, context);
        Round best;
        double unrepaired = 0.0;
        for (int i = 0; i < rounds; ++i) {
            constexpr double coded = 0.6;  // Of the time.
            const double begin = i;
            const auto part = [&](double from, double to, int stream) {
                return context.part((begin + from) / rounds, (begin + to) / rounds,
                                    static_cast<std::uint64_t>(2 * i + stream));
            };
            const RunContext coding = part(0.0, coded, 0);
            Round round;
            round.number = i + 1;
            round.base = m_base->quantize(ViewSource(target.view()), side,
                                          i == 0 ? coding : coding.withoutObjectives(), seconds);
            const PhaseTimer timer(seconds.encode);
            Matrix decoded = decode(round.base, stop);
            if (i == 0) {
                unrepaired = lossOf(matrix.view(), decoded.view(), nullptr, judge, stop);
            }
            FittedRepair fitted =
                m_repairer.fit(m_values, {matrix.view(), target.view(), decoded.view(), i}, side,
                               part(coded, 1.0, 1));
            round.repair = std::move(fitted.repair);
            round.remarks = std::move(fitted.remarks);
            round.loss = lossOf(matrix.view(), decoded.view(), round.repair.get(), judge, stop);
            if (i == 0 || round.loss < best.loss) best = std::move(round);
            target = std::move(fitted.nextTarget);
        }
        context.progress(1.0, "repairing");
        return encoded(std::move(best), unrepaired, rounds, weights);
    }

private:
    EncodedTensor encoded(Round round, double unrepaired, int rounds,
                          const TensorSource& weights) const {
        EncodedTensor result{m_spec, weights.rows(), weights.cols(), Json::object(),
                             round.repair->sections()};
        Json details{{"loss_unrepaired", unrepaired}, {"loss_repaired", round.loss}};
        if (rounds > 1) details["best_round"] = round.number;
        result.header["details"] = std::move(details);
        addBase(result, std::move(round.base), std::move(round.remarks));
        return result;
    }

    Matrix decode(const EncodedTensor& base, const std::stop_token& stop) const {
        const auto decoder = m_registry.decoder(std::make_shared<const EncodedTensor>(base));
        return decodedBy(*decoder, base.rows, base.cols, stop);
    }

    static double lossOf(MatrixView weights, MatrixView decoded, const Repair* repair,
                         const std::shared_ptr<const Hessian>& judge, const std::stop_token& stop) {
        Matrix errors(weights.rows, weights.cols);
        parallelFor(weights.rows, blockRows(weights.cols), stop, [&](Index begin, Index end) {
            const MatrixSpan rows = errors.span().middleRows(begin, end - begin);
            for (Index r = 0; r < rows.rows; ++r)
                std::ranges::copy(decoded.row(begin + r), rows.row(r).begin());
            if (repair != nullptr) repair->apply(begin, rows);
            for (Index r = 0; r < rows.rows; ++r) {
                std::ranges::transform(weights.row(begin + r), rows.row(r), rows.row(r).begin(),
                                       std::minus());
            }
        });
        return layerLoss(errors.view(), judge, stop);
    }

    const Repairer& m_repairer;
    const MethodRegistry& m_registry;
    MethodSpec m_spec;
    ParameterValues m_values;
    std::vector<ParameterSpec> m_schema;
    std::unique_ptr<Quantizer> m_base;
};

class RepairDecoder final : public Decoder {
public:
    RepairDecoder(std::unique_ptr<Decoder> base, std::unique_ptr<Repair> repair)
        : m_base(std::move(base)), m_repair(std::move(repair)) {}

    void decode(Index firstRow, MatrixSpan out) const override {
        m_base->decode(firstRow, out);
        m_repair->apply(firstRow, out);
    }
    std::vector<Codebook> codebooks() const override { return m_base->codebooks(); }
    // A weight depends on more than its code.
    std::vector<float> levels(Index /*row*/, Index /*column*/) const override { return {}; }

private:
    std::unique_ptr<Decoder> m_base;
    std::unique_ptr<Repair> m_repair;
};

}  // namespace

std::unique_ptr<Quantizer> makeRepairQuantizer(const Repairer& repairer, const MethodSpec& spec,
                                               const MethodRegistry& registry) {
    return std::make_unique<RepairQuantizer>(repairer, spec, registry);
}

std::vector<ParameterSpec> RepairMethod::parameters() const {
    std::vector<ParameterSpec> schema = ownParameters();
    schema.push_back(baseParameter(baseHelp));
    return schema;
}

std::unique_ptr<Quantizer> RepairMethod::quantizer(const MethodSpec& spec,
                                                   const MethodRegistry& registry) const {
    return makeRepairQuantizer(*this, spec, registry);
}

std::unique_ptr<Decoder> RepairMethod::decoder(std::shared_ptr<const EncodedTensor> tensor,
                                               const MethodRegistry& registry) const {
    const ParameterValues values(tensor->method.parameters);
    auto base = registry.decoder(baseOf(*tensor, values.method(baseParameterId)));
    return std::make_unique<RepairDecoder>(std::move(base), load(values, *tensor));
}

}  // namespace quantscope
