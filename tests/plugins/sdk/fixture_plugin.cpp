// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/plugins/sdk/fixture_plugin.h"

#include <stdexcept>

#include "core/base/error.h"

namespace quantscope {

#ifdef FIXTURE_MISSING_SYMBOL
// Declared and called, but nowhere defined: as when a plugin was built against another version.
void functionOfAnotherVersion();
#endif

namespace {

/// A method that exists but quantizes nothing: these tests end at the registry.
class FixtureMethod final : public Method {
public:
    std::string id() const override { return FIXTURE_METHOD_ID; }
    std::string name() const override { return "Fixture"; }
    std::string version() const override { return "1"; }
    std::string help() const override { return "For the tests of the plugin loader."; }
    std::vector<ParameterSpec> parameters() const override { return {}; }
    std::unique_ptr<Quantizer> quantizer(const MethodSpec&, const MethodRegistry&) const override {
        throw Error("The fixture does not quantize.");
    }
    std::unique_ptr<Decoder> decoder(std::shared_ptr<const EncodedTensor>,
                                     const MethodRegistry&) const override {
        throw Error("The fixture does not decode.");
    }
};

}  // namespace

std::shared_ptr<const Method> FixturePlugin::method() const {
#ifdef FIXTURE_MISSING_SYMBOL
    functionOfAnotherVersion();
#endif
#ifdef FIXTURE_THROWS
    throw std::runtime_error("no licence file");
#elif defined(FIXTURE_RETURNS_NOTHING)
    return nullptr;
#else
    return std::make_shared<FixtureMethod>();
#endif
}

}  // namespace quantscope
