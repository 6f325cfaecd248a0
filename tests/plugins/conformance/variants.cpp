// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/plugins/conformance/variants.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/base/error.h"
#include "core/base/random.h"
#include "tests/plugins/conformance/loaded_plugins.h"

namespace quantscope::test {

namespace {

bool isNumber(const ParameterSpec& parameter) {
    return parameter.type == ParameterType::Integer || parameter.type == ParameterType::Real;
}

Json numberFor(const ParameterSpec& parameter, double value) {
    if (parameter.type == ParameterType::Real) return value;
    return static_cast<std::int64_t>(std::rint(value));
}

// Sets the parameters under which `parameter` counts.
void enable(const ParameterSpec& parameter, const std::vector<ParameterSpec>& schema,
            MethodSpec& spec) {
    for (const EnabledIf& condition : parameter.enabledIf) {
        if (!condition.values.empty()) spec.parameters[condition.parameter] = condition.values[0];
        const auto other = std::ranges::find(schema, condition.parameter, &ParameterSpec::id);
        if (other != schema.end()) enable(*other, schema, spec);
    }
}

// The defaults, or, where they cost too much, settings drawn at random.
MethodSpec startOf(const Method& method, const Occasion& occasion) {
    MethodSpec start{method.id()};
    if (isAccepted(start, occasion)) return start;
    const std::vector<MethodSpec> drawn = randomVariants(method, occasion, 1);
    return drawn.empty() ? start : drawn.front();
}

// Of the methods that a method with this id may hold, one in three: which ones shifts from method
// to method, so that each is held by some. All pairs would take as long as everything else.
std::vector<const Method*> shareOf(const std::string& holder) {
    constexpr std::size_t share = 3;
    std::vector<const Method*> all;
    for (const auto& method : registry().methods())
        all.push_back(method.get());
    const auto place =
        static_cast<std::size_t>(std::ranges::find(all, holder, &Method::id) - all.begin());
    std::vector<const Method*> chosen;
    for (std::size_t i = 0; i < all.size(); ++i) {
        if (i != place && (i + place) % share == 0) chosen.push_back(all[i]);
    }
    return chosen;
}

// Collects settings of one method, without repetitions.
class Collector {
public:
    explicit Collector(const Occasion& occasion) : m_occasion(occasion) {}

    bool add(const MethodSpec& spec) {
        if (!isAccepted(spec, m_occasion)) return false;
        const MethodSpec resolved = registry().resolve(spec);
        if (std::ranges::find(m_variants, resolved) == m_variants.end()) {
            m_variants.push_back(resolved);
        }
        return true;
    }

    // As far from the default towards `end` as is accepted.
    void addExtreme(const MethodSpec& base, const ParameterSpec& parameter, double end) {
        constexpr int halvings = 24;
        const auto start = parameter.defaultValue.get<double>();
        double distance = end - start;
        for (int i = 0; i < halvings; ++i, distance /= 2.0) {
            MethodSpec spec = base;
            spec.parameters[parameter.id] = numberFor(parameter, start + std::trunc(distance));
            if (add(spec)) return;
        }
    }

    void addEvery(const MethodSpec& base, const ParameterSpec& parameter) {
        const auto addValue = [&](const Json& value) {
            MethodSpec spec = base;
            spec.parameters[parameter.id] = value;
            return add(spec);
        };
        switch (parameter.type) {
            case ParameterType::Boolean:
                addValue(true);
                addValue(false);
                break;
            case ParameterType::Choice:
                for (const ParameterChoice& choice : parameter.choices)
                    addValue(choice.value);
                break;
            case ParameterType::Method:
                for (const Method* method : shareOf(base.id))
                    addValue(startOf(*method, m_occasion).toJson());
                break;
            case ParameterType::Integer:
            case ParameterType::Real:
                if (parameter.minimum) addExtreme(base, parameter, *parameter.minimum);
                if (parameter.maximum) addExtreme(base, parameter, *parameter.maximum);
                break;
            case ParameterType::IntegerList: {
                const auto least = static_cast<std::int64_t>(*parameter.minimum);
                addValue(least);
                addValue(std::to_string(least + 2) + "+" + std::to_string(least));
                break;
            }
        }
    }

    std::vector<MethodSpec> take() { return std::move(m_variants); }

private:
    Occasion m_occasion;
    std::vector<MethodSpec> m_variants;
};

// Small numbers are as likely as large ones.
double drawNumber(const ParameterSpec& parameter, Random& random) {
    const double low = parameter.minimum.value_or(0.0);
    const double high = parameter.maximum.value_or(std::max(low, 1.0) * 1024.0);
    const double drawn = low + std::expm1(random.uniform() * std::log1p(high - low));
    return std::clamp(parameter.type == ParameterType::Integer ? std::rint(drawn) : drawn, low,
                      high);
}

MethodSpec drawSpec(const Method& method, Random& random);

Json drawValue(const ParameterSpec& parameter, Random& random) {
    switch (parameter.type) {
        case ParameterType::Boolean:
            return random.below(2) == 1;
        case ParameterType::Choice:
            return parameter
                .choices[static_cast<std::size_t>(
                    random.below(static_cast<Index>(parameter.choices.size())))]
                .value;
        case ParameterType::Method: {
            const auto methods = registry().methods();
            const auto at = random.below(static_cast<Index>(methods.size()));
            const Method& method = *methods[static_cast<std::size_t>(at)];
            // Methods that hold methods would go on for ever.
            const auto schema = method.parameters();
            const bool holdsMethod = std::ranges::any_of(
                schema, [](const auto& p) { return p.type == ParameterType::Method; });
            return holdsMethod ? parameter.defaultValue : drawSpec(method, random).toJson();
        }
        case ParameterType::IntegerList: {
            constexpr Index most = 4;
            std::string list;
            for (Index left = random.below(std::min(most, parameter.longest)); left > 0; --left) {
                const Json number = numberFor(parameter, drawNumber(parameter, random));
                list += (list.empty() ? "" : "+") + number.dump();
            }
            return list;
        }
        case ParameterType::Integer:
        case ParameterType::Real:
            break;
    }
    return numberFor(parameter, drawNumber(parameter, random));
}

MethodSpec drawSpec(const Method& method, Random& random) {
    MethodSpec spec{method.id()};
    for (const ParameterSpec& parameter : method.parameters()) {
        if (random.below(3) > 0) spec.parameters[parameter.id] = drawValue(parameter, random);
    }
    return spec;
}

// Inputs of variance 1 whose correlation halves from channel to channel.
std::shared_ptr<const Hessian> correlatedInputs(Index cols) {
    auto hessian = std::make_shared<Hessian>();
    hessian->size = cols;
    hessian->source = "correlated inputs";
    hessian->diagonal.assign(static_cast<std::size_t>(cols), 1.0);
    for (Index i = 0; i < cols; ++i) {
        for (Index j = 0; j < cols; ++j)
            hessian->full.push_back(std::exp2(-std::abs(static_cast<double>(i - j))));
    }
    return hessian;
}

}  // namespace

SideInformation sideFor(const Quantizer& quantizer, Index rows, Index cols) {
    constexpr Index widest = 512;
    const bool refused = !quantizer.preflight(rows, cols, {}).refusal.empty();
    if (!refused || cols <= 0 || cols > widest) return {};
    const SideInformation side{correlatedInputs(cols)};
    return quantizer.preflight(rows, cols, side).refusal.empty() ? side : SideInformation{};
}

MethodSpec withoutDefaults(const MethodSpec& resolved) {
    MethodSpec brief{resolved.id, Json::object()};
    for (const ParameterSpec& parameter : registry().method(resolved.id).parameters()) {
        const Json& value = resolved.parameters.at(parameter.id);
        if (parameter.type == ParameterType::Method) {
            const MethodSpec nested = MethodSpec::fromJson(value);
            const auto usual = registry().resolve(MethodSpec::fromJson(parameter.defaultValue));
            if (nested != usual) brief.parameters[parameter.id] = withoutDefaults(nested).toJson();
        } else if (value != parameter.defaultValue) {
            brief.parameters[parameter.id] = value;
        }
    }
    return brief;
}

bool isAccepted(const MethodSpec& spec, const Occasion& occasion) {
    try {
        const auto quantizer = registry().quantizer(spec);
        const Preflight preflight = quantizer->preflight(
            occasion.rows, occasion.cols, sideFor(*quantizer, occasion.rows, occasion.cols));
        return preflight.refusal.empty() && preflight.multiplyAdds <= occasion.multiplyAdds;
    } catch (const Error&) {
        return false;
    }
}

std::vector<MethodSpec> plainVariants(const Method& method, const Occasion& occasion) {
    const MethodSpec start = startOf(method, occasion);
    Collector collector(occasion);
    collector.add(start);
    const std::vector<ParameterSpec> schema = method.parameters();
    for (const ParameterSpec& parameter : schema) {
        MethodSpec base = start;
        enable(parameter, schema, base);
        collector.addEvery(base, parameter);
    }
    return collector.take();
}

std::vector<MethodSpec> randomVariants(const Method& method, const Occasion& occasion, int count) {
    const std::string id = method.id();
    Random random(std::accumulate(id.begin(), id.end(), std::uint64_t{0}));
    std::vector<MethodSpec> variants;
    for (int tries = 0; tries < 100 * count && static_cast<int>(variants.size()) < count; ++tries) {
        const MethodSpec spec = drawSpec(method, random);
        if (isAccepted(spec, occasion)) variants.push_back(registry().resolve(spec));
    }
    return variants;
}

std::vector<std::vector<MethodSpec>> bitSeries(const Method& method, const Occasion& occasion) {
    constexpr double most = 8.0;
    std::vector<std::vector<MethodSpec>> all;
    const std::vector<ParameterSpec> schema = method.parameters();
    const bool hasBudget = std::ranges::find(schema, "bits", &ParameterSpec::id) != schema.end();
    for (const ParameterSpec& parameter : schema) {
        if (parameter.unit != "bits" || !isNumber(parameter)) continue;
        if (hasBudget && parameter.id != "bits") continue;
        MethodSpec spec{method.id()};
        enable(parameter, schema, spec);
        std::vector<MethodSpec> series;
        for (double bits = std::max(1.0, parameter.minimum.value_or(1.0));
             bits <= std::min(most, parameter.maximum.value_or(most)); ++bits) {
            spec.parameters[parameter.id] = numberFor(parameter, bits);
            if (isAccepted(spec, occasion)) series.push_back(registry().resolve(spec));
        }
        if (series.size() > 1) all.push_back(std::move(series));
    }
    return all;
}

}  // namespace quantscope::test
