// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstring>
#include <memory>

#include "core/quant/quantized_tensor.h"

namespace quantscope::test {

/// A "method" for tests that need a quantized tensor with known values: its section holds the
/// float32 values themselves, and its codebooks are whatever the test asks for.
class StoredMethod final : public Method {
public:
    explicit StoredMethod(std::vector<Codebook> codebooks = {})
        : m_codebooks(std::move(codebooks)) {}

    std::string id() const override { return "stored"; }
    std::string name() const override { return "Stored values"; }
    std::string version() const override { return "1"; }
    std::string help() const override { return "Keeps values as they are."; }
    std::vector<ParameterSpec> parameters() const override { return {}; }
    std::unique_ptr<Quantizer> quantizer(const MethodSpec& /*spec*/,
                                         const MethodRegistry& /*registry*/) const override {
        return nullptr;
    }
    std::unique_ptr<Decoder> decoder(std::shared_ptr<const EncodedTensor> tensor,
                                     const MethodRegistry& /*registry*/) const override {
        return std::make_unique<StoredDecoder>(std::move(tensor), m_codebooks);
    }

    /// A tensor that decodes to `values`; `codeBits` of its bits count as codes, the rest as
    /// scales.
    static QuantizedTensor tensor(MatrixView values, std::vector<Codebook> codebooks = {},
                                  std::uint64_t codeBits = 0) {
        MethodRegistry registry;
        registry.add(std::make_shared<StoredMethod>(std::move(codebooks)));
        EncodedTensor encoded{
            {"stored", Json::object()}, values.rows, values.cols, Json::object(), {}};
        std::vector<std::uint8_t> bytes(static_cast<std::size_t>(values.size()) * sizeof(float));
        for (Index r = 0; r < values.rows; ++r) {
            std::memcpy(bytes.data() + static_cast<std::size_t>(r * values.cols) * sizeof(float),
                        values.row(r).data(), values.row(r).size_bytes());
        }
        encoded.sections.push_back({"values", RatePart::Scales, bytes.size() * 8, bytes});
        if (codeBits > 0) {
            encoded.sections.push_back({"codes", RatePart::Codes, codeBits,
                                        std::vector<std::uint8_t>((codeBits + 7) / 8)});
        }
        return {std::move(encoded), registry};
    }

private:
    class StoredDecoder final : public Decoder {
    public:
        StoredDecoder(std::shared_ptr<const EncodedTensor> tensor, std::vector<Codebook> codebooks)
            : m_tensor(std::move(tensor)), m_codebooks(std::move(codebooks)) {}

        void decode(Index firstRow, MatrixSpan out) const override {
            const std::uint8_t* bytes = m_tensor->section("values").bytes.data();
            for (Index r = 0; r < out.rows; ++r) {
                const auto first = static_cast<std::size_t>((firstRow + r) * m_tensor->cols);
                std::memcpy(out.row(r).data(), bytes + first * sizeof(float),
                            out.row(r).size_bytes());
            }
        }
        std::vector<Codebook> codebooks() const override { return m_codebooks; }
        std::vector<float> levels(Index /*row*/, Index /*column*/) const override { return {}; }

    private:
        std::shared_ptr<const EncodedTensor> m_tensor;
        std::vector<Codebook> m_codebooks;
    };

    std::vector<Codebook> m_codebooks;
};

}  // namespace quantscope::test
