// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/quant/wrapped_base.h"

#include <algorithm>

#include "core/base/finite_float.h"
#include "core/base/parallel.h"
#include "core/tensor/weight_reader.h"

namespace quantscope {

namespace {

constexpr const char* detailsKey = "details";
constexpr const char* remarksKey = "remarks";

}  // namespace

ParameterSpec baseParameter(const std::string& help) {
    return methodParameter({baseParameterId, "Base method", help}, "scalar");
}

std::string refuseSide(Index rows, Index cols, const SideInformation& side) {
    if (rows <= 0 || cols <= 0) return "The tensor has no weights. Choose another one.";
    if (side.hessian && side.hessian->size != cols) {
        return "The Hessian is for " + std::to_string(side.hessian->size) +
               " input channels, but the tensor has " + std::to_string(cols) +
               ". Choose the Hessian that belongs to it, or change the folding.";
    }
    return {};
}

void addBase(EncodedTensor& encoded, EncodedTensor base, std::vector<std::string> remarks) {
    Json& header = encoded.header;
    for (const Json& remark : base.header.value(remarksKey, Json::array()))
        remarks.push_back(remark.get<std::string>());
    base.header.erase(remarksKey);
    if (!remarks.empty()) header[remarksKey] = std::move(remarks);
    if (base.header.contains(detailsKey)) {
        // Its own details stay where both have the same.
        Json details = std::move(base.header[detailsKey]);
        details.update(header.value(detailsKey, Json::object()));
        header[detailsKey] = std::move(details);
        base.header.erase(detailsKey);
    }
    header[baseParameterId] = std::move(base.header);
    for (Section& section : base.sections) {
        section.name = baseSectionPrefix + section.name;
        encoded.sections.push_back(std::move(section));
    }
}

std::shared_ptr<const EncodedTensor> baseOf(const EncodedTensor& tensor, MethodSpec method) {
    EncodedTensor base{std::move(method), tensor.rows, tensor.cols, Json::object(), {}};
    const std::string prefix = baseSectionPrefix;
    for (const Section& section : tensor.sections) {
        if (!section.name.starts_with(prefix)) continue;
        base.sections.push_back(section);
        base.sections.back().name.erase(0, prefix.size());
    }
    const auto header = tensor.header.find(baseParameterId);
    if (header != tensor.header.end()) base.header = *header;
    return std::make_shared<const EncodedTensor>(std::move(base));
}

Matrix readFinite(const TensorSource& weights, const std::stop_token& stop) {
    const WeightReader reader(weights, stop);
    Matrix all(weights.rows(), weights.cols());
    parallelFor(weights.rows(), reader.rowsAtOnce(), stop, [&](Index begin, Index end) {
        std::vector<float> storage;
        const MatrixView rows = reader.read(begin, end - begin, storage);
        for (Index r = 0; r < rows.rows; ++r)
            std::ranges::copy(rows.row(r), all.span().row(begin + r).begin());
    });
    return all;
}

void keepFinite(MatrixSpan weights) {
    for (Index r = 0; r < weights.rows; ++r) {
        for (float& weight : weights.row(r))
            weight = toFiniteFloat(static_cast<double>(weight));
    }
}

}  // namespace quantscope
