// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/quant/parameter.h"
#include "core/quant/quantizer.h"

namespace quantscope {

class MethodRegistry;

/// A family of quantizers as a plugin offers it: its schema, and how to make quantizers and
/// decoders.
class Method {
public:
    virtual ~Method() = default;

    virtual std::string id() const = 0;       ///< Lower case: "rvq".
    virtual std::string name() const = 0;     ///< For people: "Residual vector quantization".
    virtual std::string version() const = 0;  ///< Of the method's codes: "1".
    virtual std::string help() const = 0;     ///< A few sentences, with the source.
    virtual std::vector<ParameterSpec> parameters() const = 0;

    /// `spec` is resolved: every parameter present and in range. Throws Error when the combination
    /// of parameters makes no sense.
    virtual std::unique_ptr<Quantizer> quantizer(const MethodSpec& spec,
                                                 const MethodRegistry& registry) const = 0;
    /// Takes over the encoded tensor. Throws Error when its sections do not fit together.
    virtual std::unique_ptr<Decoder> decoder(std::shared_ptr<const EncodedTensor> tensor,
                                             const MethodRegistry& registry) const = 0;
};

/// The methods that are available, by id.
class MethodRegistry {
public:
    /// Throws Error if the id is taken.
    void add(std::shared_ptr<const Method> method);

    /// All methods, by id.
    std::vector<std::shared_ptr<const Method>> methods() const;
    /// Throws Error with "did you mean" for an unknown id.
    const Method& method(const std::string& id) const;
    bool contains(const std::string& id) const;

    /// Checks a method and fills in every default, nested methods included.
    MethodSpec resolve(const MethodSpec& spec) const;
    /// Resolves and makes the quantizer.
    std::unique_ptr<Quantizer> quantizer(const MethodSpec& spec) const;
    std::unique_ptr<Decoder> decoder(std::shared_ptr<const EncodedTensor> tensor) const;

private:
    std::vector<std::shared_ptr<const Method>> m_methods;
};

}  // namespace quantscope
