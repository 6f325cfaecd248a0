// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/quant/transform_method.h"

#include <algorithm>
#include <mutex>

#include "core/base/error.h"
#include "core/quant/wrapped_base.h"

namespace quantscope {

namespace {

constexpr const char* beforeKey = "before";
constexpr const char* afterKey = "after";

Json shapeJson(const ValueShape& shape) {
    Json json{{"incoherence", shape.incoherence}, {"kurtosis", shape.kurtosis}};
    if (shape.spaceUtilization) json["space_utilization"] = *shape.spaceUtilization;
    return json;
}

ValueShape shapeFrom(const Json& json) {
    try {
        ValueShape shape{json.at("incoherence").get<double>(), json.at("kurtosis").get<double>(),
                         std::nullopt};
        const auto utilization = json.find("space_utilization");
        if (utilization != json.end()) shape.spaceUtilization = utilization->get<double>();
        return shape;
    } catch (const Json::exception&) {
        throw Error("The header of the encoded tensor does not tell the shape of the weights.",
                    "Read the artifact from its original place, or quantize again.");
    }
}

const Json* baseHeader(const Json& header) {
    const auto found = header.find(baseParameterId);
    return found != header.end() ? &*found : nullptr;
}

// What valueShape() takes for a weight.
constexpr double shapeMultiplyAdds = 20.0;

class TransformQuantizer final : public Quantizer {
public:
    TransformQuantizer(const TransformMethod& method, MethodSpec spec,
                       const MethodRegistry& registry)
        : m_method(method),
          m_spec(std::move(spec)),
          m_values(m_spec.parameters),
          m_base(registry.quantizer(m_values.method(baseParameterId))) {}

    Preflight preflight(Index rows, Index cols, const SideInformation& side) const override {
        Preflight result;
        result.refusal = refuseSide(rows, cols, side);
        if (!result.refusal.empty()) return result;
        const TransformCost own = m_method.cost(m_values, rows, cols, side);
        result = m_base->preflight(rows, cols, side);
        if (!own.refusal.empty()) result.refusal = own.refusal;
        std::ranges::copy(own.warnings, std::back_inserter(result.warnings));
        std::ranges::copy(ineffectiveParameters(m_method.parameters(), m_spec.parameters),
                          std::back_inserter(result.warnings));
        result.rate += own.rate;
        result.rateIsExact = result.rateIsExact && own.rateIsExact;
        // The changed matrix, and one more while it is changed.
        const auto weights = static_cast<std::uint64_t>(rows) * static_cast<std::uint64_t>(cols);
        result.workingBytes += 2 * sizeof(float) * weights + own.workingBytes;
        result.multiplyAdds +=
            own.multiplyAdds + 2.0 * shapeMultiplyAdds * static_cast<double>(weights);
        return result;
    }

    EncodedTensor quantize(const TensorSource& weights, const SideInformation& side,
                           const RunContext& context, PhaseSeconds& seconds) const override {
        constexpr double changed = 0.2;
        EncodedTensor encoded{m_spec, weights.rows(), weights.cols(), Json::object(), {}};
        Matrix matrix;
        SideInformation changedSide;
        std::vector<std::string> remarks;
        const std::stop_token& stop = context.stop();
        {
            const PhaseTimer timer(seconds.train);
            matrix = readFinite(weights, stop);
        }
        encoded.header[beforeKey] = shapeJson(valueShape(matrix.view(), stop));
        {
            const PhaseTimer timer(seconds.train);
            const std::unique_ptr<Transform> transform =
                m_method.fit(m_values, matrix.view(), side, context.part(0.0, changed, 0));
            transform->apply(matrix.span(), stop);
            keepFinite(matrix.span());
            changedSide.codebooks = side.codebooks;
            if (side.hessian) changedSide.hessian = transform->applyTo(side.hessian, stop);
            encoded.sections = transform->sections();
            remarks = transform->remarks();
        }
        encoded.header[afterKey] = shapeJson(valueShape(matrix.view(), stop));
        EncodedTensor base = m_base->quantize(ViewSource(matrix.view()), changedSide,
                                              context.part(changed, 1.0, 1), seconds);
        addBase(encoded, std::move(base), std::move(remarks));
        return encoded;
    }

private:
    const TransformMethod& m_method;
    MethodSpec m_spec;
    ParameterValues m_values;
    std::unique_ptr<Quantizer> m_base;
};

class TransformDecoder final : public Decoder {
public:
    TransformDecoder(const TransformMethod& method, const EncodedTensor& tensor,
                     const MethodRegistry& registry)
        : m_rows(tensor.rows), m_cols(tensor.cols) {
        const ParameterValues values(tensor.method.parameters);
        m_base = registry.decoder(baseOf(tensor, values.method(baseParameterId)));
        m_transform = method.load(values, tensor);
    }

    void decode(Index firstRow, MatrixSpan out) const override {
        if (m_transform->rowByRow()) {
            m_base->decode(firstRow, out);
            m_transform->invert(firstRow, out);
            keepFinite(out);
            return;
        }
        // Every row depends on all of them.
        std::call_once(m_decodedOnce, [this] {
            m_decoded = Matrix(m_rows, m_cols);
            m_base->decode(0, m_decoded.span());
            m_transform->invert(0, m_decoded.span());
            keepFinite(m_decoded.span());
        });
        for (Index r = 0; r < out.rows; ++r)
            std::ranges::copy(m_decoded.view().row(firstRow + r), out.row(r).begin());
    }

    std::vector<Codebook> codebooks() const override { return m_base->codebooks(); }

    // A weight depends on many codes.
    std::vector<float> levels(Index /*row*/, Index /*column*/) const override { return {}; }

private:
    Index m_rows;
    Index m_cols;
    std::unique_ptr<Decoder> m_base;
    std::unique_ptr<Transform> m_transform;
    mutable std::once_flag m_decodedOnce;
    mutable Matrix m_decoded;
};

}  // namespace

std::shared_ptr<const Hessian> Transform::applyTo(std::shared_ptr<const Hessian> hessian,
                                                  const std::stop_token& /*stop*/) const {
    return hessian;
}

std::vector<ParameterSpec> TransformMethod::parameters() const {
    std::vector<ParameterSpec> schema = ownParameters();
    schema.push_back(baseParameter("The method that quantizes the changed weights."));
    return schema;
}

std::unique_ptr<Quantizer> TransformMethod::quantizer(const MethodSpec& spec,
                                                      const MethodRegistry& registry) const {
    return std::make_unique<TransformQuantizer>(*this, spec, registry);
}

std::unique_ptr<Decoder> TransformMethod::decoder(std::shared_ptr<const EncodedTensor> tensor,
                                                  const MethodRegistry& registry) const {
    return std::make_unique<TransformDecoder>(*this, *tensor, registry);
}

std::optional<ShapeChange> shapeChange(const EncodedTensor& tensor) {
    const Json* header = &tensor.header;
    if (!header->contains(beforeKey) || !header->contains(afterKey)) return std::nullopt;
    ShapeChange change;
    change.before = shapeFrom(header->at(beforeKey));
    // Transforms may stand behind each other; the header of each lies in that of the one before.
    for (; header != nullptr && header->contains(afterKey); header = baseHeader(*header))
        change.after = shapeFrom(header->at(afterKey));
    return change;
}

}  // namespace quantscope
