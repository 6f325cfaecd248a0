// SPDX-License-Identifier: GPL-3.0-or-later
#include <QtTest>
#include <functional>
#include <regex>

#include "core/base/csv_text.h"
#include "core/base/error.h"
#include "core/io/gguf_names.h"
#include "core/run/name_patterns.h"
#include "core/run/plan_export.h"
#include "plugins/format/format_method.h"
#include "plugins/gptq/gptq_method.h"
#include "plugins/kquant/kquant_method.h"
#include "plugins/scalar/scalar_method.h"

using namespace quantscope;

namespace {

using Methods = std::vector<std::pair<std::string, std::string>>;

const MethodRegistry& registry() {
    static const MethodRegistry methods = [] {
        MethodRegistry made;
        made.add(std::make_shared<scalar::ScalarMethod>());
        made.add(std::make_shared<gptq::GptqMethod>());
        made.add(std::make_shared<kquant::KquantMethod>());
        made.add(std::make_shared<format::FormatMethod>());
        return made;
    }();
    return methods;
}

std::string full(const std::string& shortName) {
    return "model.layers." + shortName + "_proj.weight";
}

// Tensors by the middle of their names, "0.self_attn.q", with their methods.
AllocationPlan planOf(const Methods& methods, Index cols = 512) {
    AllocationPlan plan;
    plan.run = "r";
    plan.folder = "/nowhere";
    plan.allocator = "exact";
    plan.requestedBitsPerWeight = 4.0;
    plan.achievedBitsPerWeight = 3.9;
    plan.loss = 8.0;
    plan.bound = 8.0;
    for (const auto& [name, method] : methods) {
        PlannedTensor tensor;
        tensor.tensor = name.find('.') == std::string::npos ? name : full(name);
        tensor.cols = cols;
        tensor.weights = 64 * std::max<Index>(cols, 1);
        tensor.option = {method, "t-" + name, static_cast<std::uint64_t>(4 * tensor.weights), 1.0};
        tensor.gainPerBit = 0.1;
        plan.tensors.push_back(tensor);
    }
    return plan;
}

ExportedPlan written(PlanFormat format, const AllocationPlan& plan,
                     const std::vector<std::string>& model = {}) {
    return exportPlan(plan, format, model, registry());
}

std::string messageOf(const std::function<void()>& work) {
    try {
        work();
    } catch (const Error& error) {
        return error.fullText();
    }
    return {};
}

// Whatever the order of the keys.
nlohmann::json unordered(const Json& json) {
    return nlohmann::json::parse(json.dump());
}

const std::string group4 = "gptq:base=(scalar:bits=4,granularity=group,group=128)";
const std::string group8 = "gptq:base=(scalar:bits=8,granularity=group,group=128)";
const std::string row4 = "scalar:bits=4,scheme=asym";

}  // namespace

class PlanExportTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    // Pairs from the tables of gguf-py.
    void namesAreTranslated_data() {
        QTest::addColumn<QString>("huggingFace");
        QTest::addColumn<QString>("gguf");
        QTest::newRow("q") << "model.layers.0.self_attn.q_proj.weight"
                           << "blk.0.attn_q.weight";
        QTest::newRow("o") << "model.layers.31.self_attn.o_proj.weight"
                           << "blk.31.attn_output.weight";
        QTest::newRow("gate") << "model.layers.7.mlp.gate_proj.weight"
                              << "blk.7.ffn_gate.weight";
        QTest::newRow("bias") << "model.layers.7.self_attn.k_proj.bias"
                              << "blk.7.attn_k.bias";
        QTest::newRow("second norm") << "model.layers.7.post_attention_layernorm.weight"
                                     << "blk.7.ffn_norm.weight";
        QTest::newRow("embedding") << "model.embed_tokens.weight"
                                   << "token_embd.weight";
        QTest::newRow("head") << "lm_head.weight"
                              << "output.weight";
    }
    void namesAreTranslated() {
        QFETCH(QString, huggingFace);
        QFETCH(QString, gguf);
        QCOMPARE(QString::fromStdString(ggufName(huggingFace.toStdString())), gguf);
        QCOMPARE(QString::fromStdString(huggingFaceName(gguf.toStdString())), huggingFace);
    }

    void unknownNamesStayUntranslated() {
        for (const char* name : {"", "weight", "model.layers..self_attn.q_proj.weight",
                                 "model.layers.0.self_attn.q_proj", "conv1/kernel:0",
                                 "model.layers.0.mlp.experts.1.up_proj.weight"}) {
            QCOMPARE(ggufName(name), std::string());
        }
        QCOMPARE(huggingFaceName("blk.0.ffn_up_exps.weight"), std::string());
    }

    void expressionsMeanTheirNamesAndNoOthers() {
        const std::vector<std::string> names = {"a.1.b", "a.10.b", "a.2.c", "x(y)+", "no.number"};
        const std::vector<std::string> expressions = nameExpressions(names);
        QCOMPARE(expressions.size(), std::size_t(4));
        QCOMPARE(expressions.front(), std::string("a\\.(?:1|10)\\.b"));
        for (const char* other :
             {"a.11.b", "a.1xb", "a.1.bc", "ca.1.b", "a.2.b", "xy", "no-number"}) {
            for (const std::string& expression : expressions)
                QVERIFY(!std::regex_search(other, std::regex(anchored(expression))));
        }
        for (const std::string& name : names) {
            const auto matches = std::ranges::count_if(expressions, [&](const std::string& e) {
                return std::regex_search(name, std::regex(anchored(e)));
            });
            QCOMPARE(matches, 1);
        }
    }

    // The check is what stands between a mistake and a file.
    void checkFindsMistakes_data() {
        QTest::addColumn<QString>("pattern");
        QTest::addColumn<QString>("message");
        QTest::newRow("open to the right") << "^a\\.1"
                                           << "by two patterns";
        QTest::newRow("nothing") << "^b$"
                                 << "by no pattern";
        QTest::newRow("another meaning") << "^a\\.1$"
                                         << "gets wrong instead of right";
        QTest::newRow("bare name") << "a.1"
                                   << "by two patterns";
        // Several ways to end with something else than what is written last.
        for (const char* pattern :
             {"^b$|^a\\.10$", "^a\\.10$|^b$", "^a\\.(?:1|2)0$", "^a\\.(?:1|10)$", "^a\\.10?$",
              "^a\\.\\d+$", "^a\\.1[0-9]$", "^a\\.10{1}$", "^a.1.$"}) {
            QTest::newRow(pattern) << pattern << "by two patterns";
        }
    }
    void checkFindsMistakes() {
        QFETCH(QString, pattern);
        QFETCH(QString, message);
        const bool isRival = message == "by two patterns";
        const std::vector<PatternRule> rules = {
            {pattern.toStdString(), isRival ? "right" : "wrong"}, {"^a\\.10$", "right"}};
        const std::string text = messageOf([&] {
            checkRules(rules, Matching::Anywhere, {{isRival ? "a.10" : "a.1", "right"}});
        });
        QVERIFY2(text.find(message.toStdString()) != std::string::npos, text.c_str());
    }

    void llamaCppGetsItsOwnNamesAndTypes() {
        const AllocationPlan plan =
            planOf({{"0.self_attn.q", "kquant:layout=q4_k"},
                    {"1.self_attn.q", "kquant:layout=q4_k,importance=false"},
                    {"0.mlp.down", "kquant:layout=iq4_xs"},
                    {"1.mlp.down", "format:type=mxfp4"},
                    {"1.mlp.up", "kquant:layout=q8_0"}});
        const ExportedPlan result =
            written(PlanFormat::LlamaCpp, plan, {"model.norm.weight", "lm_head.weight"});
        QCOMPARE(result.text, std::string("^blk\\.0\\.ffn_down\\.weight$=iq4_xs\n"
                                          "^blk\\.1\\.ffn_down\\.weight$=mxfp4\n"
                                          "^blk\\.(?:0|1)\\.attn_q\\.weight$=q4_K\n"
                                          "^blk\\.1\\.ffn_up\\.weight$=q8_0\n"));
        QVERIFY(!result.notes.empty());
    }

    void llamaCppRefusalsAreListedTogether() {
        const std::string text = messageOf([] {
            written(PlanFormat::LlamaCpp, planOf({{"0.self_attn.q", "kquant:layout=q4_k"},
                                                  {"0.self_attn.k", "kquant:layout=q8_0"},
                                                  {"0.self_attn.v", row4},
                                                  {"1.self_attn.v", row4},
                                                  {"0.mlp.up", "gptq:base=(kquant:layout=q4_0)"},
                                                  {"conv", "kquant:layout=q8_0"}},
                                                 96));
        });
        for (const char* part :
             {"rows of 96 are no multiple", "scalar:bits=4,scheme=asym: llama.cpp has no type",
              "v_proj.weight and 1 more", "none of a Llama-type model (conv)",
              "gptq:base=(kquant:layout=q4_0): llama.cpp has no type"}) {
            QVERIFY2(text.find(part) != std::string::npos, (part + ("\n" + text)).c_str());
        }
        QVERIFY(text.find("k_proj") == std::string::npos);
    }

    void gptqModelGetsOverridesForFusedNamesToo() {
        const AllocationPlan plan = planOf({{"0.self_attn.q", group4},
                                            {"0.self_attn.k", group4},
                                            {"0.self_attn.v", group4},
                                            {"1.self_attn.o", group8},
                                            {"0.mlp.down", row4}});
        const ExportedPlan result =
            written(PlanFormat::GptqModel, plan, {"model.embed_tokens.weight", full("1.mlp.down")});
        const Json config = Json::parse(result.text);
        QCOMPARE(config["bits"], Json(4));
        QCOMPARE(config["group_size"], Json(128));
        QCOMPARE(config["desc_act"], Json(true));
        const Json& rules = config["dynamic"];
        const Json four{{"bits", 4}, {"group_size", 128}, {"sym", true}, {"desc_act", true}};
        for (const char* part : {"q_proj", "k_proj", "v_proj", "qkv_proj"})
            QCOMPARE(rules[std::string("+:^model\\.layers\\.0\\.self_attn\\.") + part + "$"], four);
        const Json plain{{"bits", 4}, {"group_size", -1}, {"sym", false}, {"desc_act", false}};
        QCOMPARE(rules["+:^model\\.layers\\.0\\.mlp\\.down_proj$"], plain);
        QCOMPARE(rules["+:^model\\.layers\\.1\\.self_attn\\.o_proj$"]["bits"], Json(8));
        QCOMPARE(rules.size(), std::size_t(7));
        // What is skipped is all the rest, and only that.
        const std::string skip = rules.begin().key().starts_with("-:")
                                     ? rules.begin().key()
                                     : std::prev(rules.end()).key();
        QVERIFY(skip.starts_with("-:^"));
        const std::regex skipped(skip.substr(2));
        QVERIFY(std::regex_search("model.layers.1.mlp.down_proj", skipped));
        QVERIFY(std::regex_search("model.layers.0.mlp.down_proj_extra", skipped));
        QVERIFY(!std::regex_search("model.layers.0.mlp.down_proj", skipped));
        QVERIFY(!std::regex_search("model.layers.0.self_attn.qkv_proj", skipped));
    }

    void llmCompressorGetsGroupsByModifier() {
        const std::string clipped = "scalar:bits=8,scheme=asym,clip=mse";
        const AllocationPlan plan = planOf({{"0.mlp.gate", group4},
                                            {"0.mlp.up", group4},
                                            {"1.mlp.gate", group4},
                                            {"1.mlp.up", group4},
                                            {"0.self_attn.o", clipped}});
        const ExportedPlan result = written(PlanFormat::LlmCompressor, plan);
        const Json modifiers = Json::parse(result.text)["quant_stage"]["quant_modifiers"];
        const Json& four = modifiers["GPTQModifier"]["config_groups"]["group_0"];
        QCOMPARE(four["targets"], Json({"re:^model\\.layers\\.(?:0|1)\\.mlp\\.gate_proj$",
                                        "re:^model\\.layers\\.(?:0|1)\\.mlp\\.up_proj$"}));
        const Json weights = {{"num_bits", 4},       {"type", "int"},     {"symmetric", true},
                              {"strategy", "group"}, {"group_size", 128}, {"observer", "minmax"},
                              {"actorder", "static"}};
        QCOMPARE(unordered(four["weights"]), unordered(weights));
        QVERIFY(!modifiers["GPTQModifier"].contains("actorder"));
        const Json& eight = modifiers["QuantizationModifier"]["config_groups"]["group_1"];
        QCOMPARE(eight["targets"], Json({"re:^model\\.layers\\.0\\.self_attn\\.o_proj$"}));
        const Json channel = {{"num_bits", 8},
                              {"type", "int"},
                              {"symmetric", false},
                              {"strategy", "channel"},
                              {"observer", "mse"}};
        QCOMPARE(unordered(eight["weights"]), unordered(channel));
    }

    // llm-compressor itself rounds in act-order unless told otherwise.
    void naturalOrderIsSaid() {
        const std::string natural = "gptq:base=(scalar:bits=4),order=natural";
        const Json recipe =
            Json::parse(written(PlanFormat::LlmCompressor, planOf({{"0.mlp.down", natural}})).text);
        const Json& modifier = recipe["quant_stage"]["quant_modifiers"]["GPTQModifier"];
        QVERIFY(modifier.contains("actorder"));
        QVERIFY(modifier["actorder"].is_null());
        const std::string text = messageOf([&] {
            written(PlanFormat::LlmCompressor,
                    planOf({{"0.mlp.down", natural}, {"1.mlp.down", group4}}));
        });
        QVERIFY2(text.find("one recipe") != std::string::npos, text.c_str());
    }

    void unsuitableMethodsAreRefused_data() {
        QTest::addColumn<int>("format");
        QTest::addColumn<QString>("method");
        QTest::addColumn<QString>("why");
        const int gptqModel = static_cast<int>(PlanFormat::GptqModel);
        const int compressor = static_cast<int>(PlanFormat::LlmCompressor);
        QTest::newRow("codebook") << gptqModel << "format:type=nf4"
                                  << "no uniform grid";
        QTest::newRow("trained levels") << compressor << "scalar:bits=4,levels=lloyd"
                                        << "no equal steps";
        QTest::newRow("width") << gptqModel << "scalar:bits=5"
                               << "2, 3, 4 and 8 bits";
        QTest::newRow("wide") << compressor << "scalar:bits=9"
                              << "2 to 8 bits";
        QTest::newRow("one scale") << gptqModel << "scalar:bits=4,granularity=tensor"
                                   << "no single scale";
        QTest::newRow("columns") << compressor << "scalar:bits=4,granularity=column"
                                 << "per column";
        QTest::newRow("scales") << compressor << "scalar:bits=4,scale=fp8"
                                << "scales are fp8";
        QTest::newRow("mid-rise") << compressor << "scalar:bits=4,scheme=mid"
                                  << "neither sym nor asym";
        QTest::newRow("groups") << compressor << "scalar:bits=4,granularity=group,group=96"
                                << "512 cannot be cut into groups of 96";
        QTest::newRow("over another grid") << gptqModel << "gptq:base=(format:type=fp4)"
                                           << "no uniform grid";
        QTest::newRow("unknown") << gptqModel << "rvq:bits=8"
                                 << "rvq";
    }
    void unsuitableMethodsAreRefused() {
        QFETCH(int, format);
        QFETCH(QString, method);
        QFETCH(QString, why);
        const std::string text = messageOf([&] {
            written(static_cast<PlanFormat>(format),
                    planOf({{"0.mlp.down", method.toStdString()}, {"1.mlp.down", row4}}));
        });
        QVERIFY2(text.find(why.toStdString()) != std::string::npos, text.c_str());
        QVERIFY(text.find("0.mlp.down") != std::string::npos);
        QVERIFY(text.find("1.mlp.down") == std::string::npos);
    }

    void embeddingsAndHeadsAreToldApart() {
        AllocationPlan plan = planOf({{"0.mlp.down", row4}, {"1.mlp.down", row4}});
        plan.tensors[0].tensor = "lm_head.weight";
        const Json config = Json::parse(written(PlanFormat::GptqModel, plan).text);
        QCOMPARE(config["lm_head"], Json(true));
        QVERIFY(config["dynamic"].contains("+:^lm_head$"));
        plan.tensors[0].tensor = "model.embed_tokens.weight";
        for (const PlanFormat format : {PlanFormat::GptqModel, PlanFormat::LlmCompressor}) {
            const std::string text = messageOf([&] { written(format, plan); });
            QVERIFY2(text.find("no linear layer (model.embed_tokens.weight)") != std::string::npos,
                     text.c_str());
        }
        // llama.cpp has types for all of them.
        plan.tensors[0].option.method = plan.tensors[1].option.method = "kquant:layout=q8_0";
        QVERIFY(written(PlanFormat::LlamaCpp, plan).text.find("^token_embd\\.weight$=q8_0") !=
                std::string::npos);
    }

    void fusedLayersMustAgree_data() {
        QTest::addColumn<int>("format");
        QTest::newRow("GPTQModel") << static_cast<int>(PlanFormat::GptqModel);
        QTest::newRow("llm-compressor") << static_cast<int>(PlanFormat::LlmCompressor);
    }
    void fusedLayersMustAgree() {
        QFETCH(int, format);
        const auto target = static_cast<PlanFormat>(format);
        const std::string text = messageOf([&] {
            written(target, planOf({{"0.self_attn.q", group4},
                                    {"0.self_attn.k", group8},
                                    {"0.self_attn.v", group4},
                                    {"0.mlp.gate", group4},
                                    {"0.mlp.up", group4}}));
        });
        QVERIFY2(text.find("0.self_attn.qkv_proj: k_proj 8 bits") != std::string::npos,
                 text.c_str());
        QVERIFY(text.find("--tie '*q_proj*,*k_proj*,*v_proj*'") != std::string::npos);
        QVERIFY(text.find("gate_up") == std::string::npos);

        // One that the model has but the plan does not is in the way as well.
        const AllocationPlan lonely = planOf({{"0.mlp.gate", group4}});
        QVERIFY(messageOf([&] { written(target, lonely); }).empty());
        const std::string missing = messageOf([&] {
            written(target, lonely, {full("0.mlp.gate"), full("0.mlp.up")});
        });
        QVERIFY2(missing.find("up_proj not planned") != std::string::npos, missing.c_str());
    }

    void tablesAndPlansReadBack() {
        const AllocationPlan plan = planOf({{"0.mlp.up", "a:b=\"x, \"\"y\""}, {"1.mlp.up", row4}});
        const auto lines = parseCsv(written(PlanFormat::Csv, plan).text);
        QCOMPARE(lines.size(), std::size_t(3));
        QCOMPARE(lines[0][0], std::string("tensor"));
        QCOMPARE(lines[1][0], full("0.mlp.up"));
        QCOMPARE(lines[1][1], plan.tensors[0].option.method);
        QCOMPARE(lines[2][2], std::string("4"));
        QCOMPARE(lines[2][5], std::string("512"));
        const Json json = Json::parse(written(PlanFormat::OwnJson, plan).text);
        QCOMPARE(AllocationPlan::fromJson(json).toJson(), plan.toJson());
        QCOMPARE(AllocationPlan::fromJson(json).tensors[1].cols, Index(512));
    }

    void olderPlansAreExportedWithANote() {
        Json json = planOf({{"0.mlp.down", "kquant:layout=q4_k"}}).toJson();
        json["tensors"][0].erase("columns");
        const ExportedPlan result = written(PlanFormat::LlamaCpp, AllocationPlan::fromJson(json));
        QCOMPARE(result.text, std::string("^blk\\.0\\.ffn_down\\.weight$=q4_K\n"));
        const auto isNoted = [&](const char* words) {
            return std::ranges::any_of(result.notes, [words](const std::string& note) {
                return note.find(words) != std::string::npos;
            });
        };
        QVERIFY(isNoted("older version"));
        // Nor are the model's other tensors known here.
        QVERIFY(isNoted("other tensors are not known"));
    }

    void formatsHaveNames() {
        for (const std::string_view name : planFormatNames())
            QCOMPARE(
                planFormatNames()[static_cast<std::size_t>(parsePlanFormat(std::string(name)))],
                name);
        QVERIFY(messageOf([] { parsePlanFormat("llamacpp"); }).find("llama.cpp") !=
                std::string::npos);
    }
};

QTEST_APPLESS_MAIN(PlanExportTest)
#include "tst_plan_export.moc"
