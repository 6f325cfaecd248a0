// SPDX-License-Identifier: GPL-3.0-or-later
#include <QtTest>
#include <numeric>

#include "core/base/random.h"
#include "core/quant/byte_codes.h"
#include "core/quant/packed_codes.h"

using namespace quantscope;

namespace {

std::vector<std::uint32_t> randomCodes(Index count, int width, std::uint64_t seed) {
    Random random(seed, static_cast<std::uint64_t>(width));
    std::vector<std::uint32_t> codes(static_cast<std::size_t>(count));
    for (std::uint32_t& code : codes) {
        code = width == 0 ? 0 : static_cast<std::uint32_t>(random() >> (64 - width));
    }
    return codes;
}

// The definition, bit by bit: bit b of code i is bit i * width + b of the bytes.
std::vector<std::uint8_t> packBitByBit(const std::vector<std::uint32_t>& codes, int width) {
    std::vector<std::uint8_t> bytes((codes.size() * static_cast<std::size_t>(width) + 7) / 8);
    for (std::size_t i = 0; i < codes.size(); ++i) {
        for (int b = 0; b < width; ++b) {
            const std::size_t bit =
                i * static_cast<std::size_t>(width) + static_cast<std::size_t>(b);
            if ((codes[i] >> b) & 1U) bytes[bit / 8] |= static_cast<std::uint8_t>(1U << (bit % 8));
        }
    }
    return bytes;
}

}  // namespace

class TestPackedCodes : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void agreesWithTheDefinition_data();
    void agreesWithTheDefinition();
    void packsInPieces_data() { agreesWithTheDefinition_data(); }
    void packsInPieces();
    void unpacksFromAnyPosition_data() { agreesWithTheDefinition_data(); }
    void unpacksFromAnyPosition();
    void bytesPackTheSame();
    void widthsMayDiffer();
};

// Codes that are bytes, in pieces and from any position.
void TestPackedCodes::bytesPackTheSame() {
    for (int width = 1; width <= 8; ++width) {
        const auto codes = randomCodes(203, width, 4);
        const std::vector<std::uint8_t> bytes(codes.begin(), codes.end());
        const auto expected = PackedCodes::pack(codes, width);
        std::vector<std::uint8_t> packed(expected.size());
        for (const std::size_t first : {std::size_t{120}, std::size_t{0}, std::size_t{40}}) {
            const std::size_t count = first == 0 ? 40 : first == 40 ? 80 : 83;
            ByteCodes::packAt(packed, static_cast<Index>(first),
                              std::span(bytes).subspan(first, count), width);
        }
        QCOMPARE(packed, expected);
        for (std::size_t first = 0; first <= bytes.size(); ++first) {
            for (std::size_t count = 0; first + count <= bytes.size(); count += 7) {
                std::vector<std::uint8_t> read(count, 0xFF);
                ByteCodes::unpack(packed, static_cast<Index>(first), width, read);
                QVERIFY(std::equal(read.begin(), read.end(),
                                   bytes.begin() + static_cast<std::ptrdiff_t>(first)));
            }
        }
    }
}

// Codes of vectors, each with widths of its own, in pieces and from any position.
void TestPackedCodes::widthsMayDiffer() {
    constexpr std::size_t vectors = 67;
    for (const std::vector<int>& bits : std::vector<std::vector<int>>{
             {8, 6, 4}, {1}, {0, 16, 0}, {32, 1}, {3, 3, 3}, {0, 0}, {12, 9, 7, 4, 0, 1}}) {
        const CodeWidths widths(bits);
        QCOMPARE(widths.codes(), static_cast<Index>(bits.size()));
        std::vector<std::uint32_t> codes;
        std::vector<bool> definition;  // Bit after bit.
        for (std::size_t i = 0; i < vectors * bits.size(); ++i) {
            const int width = bits[i % bits.size()];
            const std::uint32_t code =
                randomCodes(1, width, 5 + static_cast<std::uint64_t>(i)).front();
            codes.push_back(code);
            for (int b = 0; b < width; ++b)
                definition.push_back((code >> b & 1U) != 0);
        }
        QCOMPARE(widths.bitCount(vectors), definition.size());
        std::vector<std::uint8_t> bytes((definition.size() + 7) / 8);
        for (std::size_t bit = 0; bit < definition.size(); ++bit) {
            if (definition[bit]) bytes[bit / 8] |= static_cast<std::uint8_t>(1U << (bit % 8));
        }
        std::vector<std::uint8_t> packed(widths.byteCount(vectors));
        for (const auto& [first, count] : {std::pair{64UL, 3UL}, {0UL, 32UL}, {32UL, 32UL}}) {
            widths.packAt(packed, static_cast<Index>(first),
                          std::span(codes).subspan(first * bits.size(), count * bits.size()));
        }
        QCOMPARE(packed, bytes);
        for (std::size_t first = 0; first <= vectors; first += 3) {
            std::vector<std::uint32_t> read((vectors - first) * bits.size(), 0xFFFFFFFFU);
            widths.unpack(packed, static_cast<Index>(first), read);
            QVERIFY(std::ranges::equal(read, std::span(codes).subspan(first * bits.size())));
        }
    }
}

void TestPackedCodes::agreesWithTheDefinition_data() {
    QTest::addColumn<int>("width");
    for (int width = 0; width <= 32; ++width)
        QTest::addRow("%d bits", width) << width;
}

void TestPackedCodes::agreesWithTheDefinition() {
    QFETCH(int, width);
    for (const Index count : {0, 1, 2, 3, 7, 8, 9, 31, 64, 257}) {
        const auto codes = randomCodes(count, width, 1);
        const auto bytes = PackedCodes::pack(codes, width);
        QCOMPARE(bytes, packBitByBit(codes, width));
        QCOMPARE(bytes.size(), PackedCodes::byteCount(count, width));
        std::vector<std::uint32_t> read(codes.size(), 0xFFFFFFFFU);
        PackedCodes::unpack(bytes, 0, width, read);
        QCOMPARE(read, codes);
    }
}

void TestPackedCodes::packsInPieces() {
    QFETCH(int, width);
    const auto codes = randomCodes(203, width, 2);
    std::vector<std::uint8_t> bytes(PackedCodes::byteCount(203, width));
    // Eight codes always end on a whole byte.
    for (const std::size_t first : {std::size_t{120}, std::size_t{0}, std::size_t{40}}) {
        const std::size_t count = first == 0 ? 40 : first == 40 ? 80 : 83;
        PackedCodes::packAt(bytes, static_cast<Index>(first),
                            std::span(codes).subspan(first, count), width);
    }
    QCOMPARE(bytes, PackedCodes::pack(codes, width));
}

void TestPackedCodes::unpacksFromAnyPosition() {
    QFETCH(int, width);
    const auto codes = randomCodes(101, width, 3);
    // The vector has exactly the needed bytes, so the address sanitizer sees any read past the end.
    const auto bytes = PackedCodes::pack(codes, width);
    for (std::size_t first = 0; first <= codes.size(); ++first) {
        for (std::size_t count = 0; first + count <= codes.size(); count += 7) {
            std::vector<std::uint32_t> read(count, 0xFFFFFFFFU);
            PackedCodes::unpack(bytes, static_cast<Index>(first), width, read);
            QVERIFY(std::equal(read.begin(), read.end(),
                               codes.begin() + static_cast<std::ptrdiff_t>(first)));
        }
    }
}

QTEST_APPLESS_MAIN(TestPackedCodes)
#include "tst_packed_codes.moc"
