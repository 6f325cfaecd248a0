// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/quant/method_parser.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>

#include "core/base/error.h"
#include "core/base/text.h"

namespace quantscope {

namespace {

constexpr std::string_view separators = ",()[]:=|\"";
constexpr int maximumDepth = 16;
// What '|' sets.
constexpr const char* baseParameter = "base";

bool isSpace(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

bool isNameCharacter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
}

bool endsWord(char c) {
    return separators.find(c) != std::string_view::npos || isSpace(c);
}

std::optional<Json> numberOf(std::string_view text) {
    std::int64_t integer = 0;
    if (parseNumber(text, integer)) return Json(integer);
    double real = 0.0;
    if (parseNumber(text, real) && std::isfinite(real)) return Json(real);
    return std::nullopt;
}

std::optional<Json> keywordOf(std::string_view text) {
    if (text == "true") return Json(true);
    if (text == "false") return Json(false);
    return std::nullopt;
}

/// Recursive descent over one text; `m_at` is the next byte to read.
class MethodParser {
public:
    explicit MethodParser(std::string_view text) : m_text(text) {}

    MethodSpec parseAll() {
        MethodSpec spec = parseMethodAt(0);
        skipSpaces();
        if (!atEnd()) fail(unexpected() + ", expected ',' or the end of the method");
        return spec;
    }

private:
    bool atEnd() const { return m_at >= m_text.size(); }
    char peek() const { return atEnd() ? '\0' : m_text[m_at]; }
    bool lookingAt(char c) const { return !atEnd() && m_text[m_at] == c; }

    void skipSpaces() {
        while (!atEnd() && isSpace(m_text[m_at]))
            ++m_at;
    }

    bool take(char c) {
        skipSpaces();
        if (!lookingAt(c)) return false;
        ++m_at;
        return true;
    }

    std::string unexpected() const {
        return atEnd() ? "unexpected end" : "unexpected '" + characterAt(m_at) + "'";
    }

    // One whole UTF-8 character, so that messages stay valid text.
    std::string characterAt(std::size_t at) const {
        std::size_t end = at + 1;
        while (end < m_text.size() && (static_cast<unsigned char>(m_text[end]) & 0xC0U) == 0x80U)
            ++end;
        return std::string(m_text.substr(at, end - at));
    }

    [[noreturn]] void fail(const std::string& problem) const { failAt(m_at, problem); }

    [[noreturn]] void failAt(std::size_t at, const std::string& problem) const {
        const auto before = m_text.substr(0, at);
        const auto characters = std::ranges::count_if(
            before, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; });
        throw Error(
            "The method '" + std::string(m_text) + "' is not understood at character " +
                std::to_string(characters + 1) + ": " + problem + ".",
            "Methods are written id:name=value,name=value, for example rvq:stages=4,bits=2..8.");
    }

    std::string parseName(const std::string& what) {
        skipSpaces();
        const std::size_t start = m_at;
        while (!atEnd() && isNameCharacter(m_text[m_at]))
            ++m_at;
        if (m_at == start)
            fail("expected " + what + (atEnd() ? "" : ", not '" + characterAt(m_at) + "'"));
        return std::string(m_text.substr(start, m_at - start));
    }

    // A method and, behind bars, the methods that stand behind it.
    MethodSpec parseMethodAt(int depth) {
        if (depth > maximumDepth) fail("methods are nested more than 16 deep");
        MethodSpec spec;
        spec.id = parseName("the id of a method");
        if (take(':')) parseParameters(spec, depth);
        if (!take('|')) return spec;
        const std::size_t start = m_at - 1;
        const MethodSpec base = parseMethodAt(depth + 1);
        if (spec.parameters.contains(baseParameter)) {
            failAt(start, "the base of " + spec.id + " is given twice, with base= and with '|'");
        }
        spec.parameters[baseParameter] = nestedValue(base);
        return spec;
    }

    void parseParameters(MethodSpec& spec, int depth) {
        do {
            skipSpaces();
            const std::size_t start = m_at;
            const std::string name = parseName("the name of a parameter");
            if (spec.parameters.contains(name)) failAt(start, "'" + name + "' is given twice");
            if (!take('=')) fail("expected '=' after '" + name + "'");
            spec.parameters[name] = parseValue(name, depth);
        } while (take(','));
    }

    Json parseValue(const std::string& name, int depth) {
        skipSpaces();
        if (lookingAt('(')) return parseNested(depth);
        if (lookingAt('[')) return parseList(name, depth);
        if (lookingAt('"')) return parseQuoted();
        const std::size_t start = m_at;
        while (!atEnd() && !endsWord(m_text[m_at]))
            ++m_at;
        const std::string_view word = m_text.substr(start, m_at - start);
        if (word.empty()) fail("expected a value after '" + name + "='");
        if (lookingAt(':')) {
            fail("a method with parameters stands in parentheses as a value: " + name + "=(" +
                 std::string(word) + ":...)");
        }
        return valueOf(word, start);
    }

    Json parseNested(int depth) {
        ++m_at;
        const MethodSpec nested = parseMethodAt(depth + 1);
        if (!take(')')) fail(unexpected() + ", expected ')'");
        return nestedValue(nested);
    }

    // A method without parameters is its id, so that both spellings are the same value.
    static Json nestedValue(const MethodSpec& nested) {
        return nested.parameters.empty() ? Json(nested.id) : nested.toJson();
    }

    Json parseList(const std::string& name, int depth) {
        ++m_at;
        Json values = Json::array();
        do {
            skipSpaces();
            if (lookingAt('[')) fail("lists cannot stand in lists");
            values.push_back(parseValue(name, depth));
        } while (take(','));
        if (!take(']')) fail(unexpected() + ", expected ',' or ']'");
        return values;
    }

    Json parseQuoted() {
        const std::size_t start = m_at;
        for (++m_at; !atEnd() && m_text[m_at] != '"'; ++m_at) {
            if (m_text[m_at] == '\\') ++m_at;
        }
        if (atEnd()) failAt(start, "the quoted text has no end");
        ++m_at;
        Json value = Json::parse(m_text.substr(start, m_at - start), nullptr, false);
        if (value.is_discarded()) failAt(start, "the quoted text is not a JSON string");
        return value;
    }

    Json valueOf(std::string_view word, std::size_t start) const {
        if (const auto number = numberOf(word)) return *number;
        if (const auto keyword = keywordOf(word)) return *keyword;
        const std::size_t dots = word.find("..");
        if (dots != std::string_view::npos) {
            if (const auto from = numberOf(word.substr(0, dots)))
                return rangeOf(*from, word, start);
        }
        return Json(std::string(word));
    }

    Json rangeOf(const Json& from, std::string_view word, std::size_t start) const {
        const std::size_t toAt = word.find("..") + 2;
        const std::size_t nextDots = word.find("..", toAt);
        const auto to = numberOf(word.substr(toAt, nextDots - toAt));
        if (!to) failAt(start + toAt, "expected a number after '..'");
        if (to->get<double>() < from.get<double>()) {
            failAt(start,
                   "the range " + std::string(word) + " is empty; write the smaller value first");
        }
        Json range{{"from", from}, {"to", *to}};
        if (nextDots == std::string_view::npos) return range;
        const auto step = numberOf(word.substr(nextDots + 2));
        if (!step || step->get<double>() <= 0.0) {
            failAt(start + nextDots + 2, "expected a positive step after the second '..'");
        }
        range["step"] = *step;
        return range;
    }

    std::string_view m_text;
    std::size_t m_at = 0;
};

}  // namespace

MethodSpec parseMethod(std::string_view text) {
    return MethodParser(text).parseAll();
}

bool readsAsWord(std::string_view text) {
    if (text.empty() || std::ranges::any_of(text, endsWord)) return false;
    if (numberOf(text) || keywordOf(text)) return false;
    const std::size_t dots = text.find("..");
    return dots == std::string_view::npos || !numberOf(text.substr(0, dots));
}

}  // namespace quantscope
