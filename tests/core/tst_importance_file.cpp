// SPDX-License-Identifier: GPL-3.0-or-later
#include <QTemporaryDir>
#include <QtTest>
#include <cstring>
#include <functional>

#include "core/base/error.h"
#include "core/base/random.h"
#include "core/base/text_file.h"
#include "core/hessian/hessian_file.h"
#include "core/hessian/importance_file.h"
#include "test_files.h"

using namespace quantscope;

namespace {

// The bytes of a file, written as llama-imatrix writes them.
class Bytes {
public:
    template <typename Number>
    Bytes& add(Number value) {
        m_bytes.append(reinterpret_cast<const char*>(&value), sizeof value);
        return *this;
    }
    Bytes& text(const std::string& value) {
        m_bytes += value;
        return *this;
    }
    // A string of GGUF: 64-bit length, then the characters.
    Bytes& string(const std::string& value) {
        return add(static_cast<std::uint64_t>(value.size())).text(value);
    }
    Bytes& floats(const std::vector<float>& values) {
        for (const float value : values)
            add(value);
        return *this;
    }
    Bytes& pad(std::size_t alignment) {
        m_bytes.resize((m_bytes.size() + alignment - 1) / alignment * alignment, '\0');
        return *this;
    }
    const std::string& bytes() const { return m_bytes; }

private:
    std::string m_bytes;
};

struct Layer {
    std::string name;
    std::vector<float> means;
};

std::string legacyFile(const std::vector<Layer>& layers, std::int32_t calls) {
    Bytes file;
    file.add(static_cast<std::int32_t>(layers.size()));
    for (const Layer& layer : layers) {
        file.add(static_cast<std::int32_t>(layer.name.size())).text(layer.name);
        file.add(calls).add(static_cast<std::int32_t>(layer.means.size()));
        for (const float mean : layer.means)
            file.add(mean * static_cast<float>(calls));
    }
    const std::string prompt = "wiki.train.raw";
    file.add(calls).add(static_cast<std::int32_t>(prompt.size())).text(prompt);
    return file.bytes();
}

struct GgufTensor {
    std::string name;
    std::uint64_t cols = 0;
    std::uint64_t rows = 0;
    std::vector<float> values;
};

std::string ggufFile(const std::vector<GgufTensor>& tensors, const std::string& type = "imatrix") {
    constexpr std::uint32_t stringType = 8;
    constexpr std::uint32_t arrayType = 9;
    constexpr std::uint32_t uint32Type = 4;
    constexpr std::size_t alignment = 32;
    Bytes file;
    file.text("GGUF").add(std::uint32_t{3});
    file.add(static_cast<std::uint64_t>(tensors.size())).add(std::uint64_t{4});
    file.string("general.type").add(stringType).string(type);
    file.string("imatrix.datasets").add(arrayType).add(stringType).add(std::uint64_t{2});
    file.string("a.txt").string("b.txt");
    file.string("imatrix.chunk_count").add(uint32Type).add(std::uint32_t{4});
    file.string("imatrix.chunk_size").add(uint32Type).add(std::uint32_t{512});
    std::uint64_t offset = 0;
    for (const GgufTensor& tensor : tensors) {
        file.string(tensor.name).add(std::uint32_t{2}).add(tensor.cols).add(tensor.rows);
        file.add(std::uint32_t{0}).add(offset);
        offset += (tensor.values.size() * sizeof(float) + alignment - 1) / alignment * alignment;
    }
    for (const GgufTensor& tensor : tensors)
        file.pad(alignment).floats(tensor.values);
    return file.bytes();
}

std::string smallGguf() {
    return ggufFile({{"blk.0.attn_q.weight.counts", 1, 1, {4}},
                     {"blk.0.attn_q.weight.in_sum2", 3, 1, {4, 8, 12}},
                     {"blk.1.ffn_up_exps.weight.counts", 1, 3, {2, 0, 5}},
                     {"blk.1.ffn_up_exps.weight.in_sum2", 2, 3, {2, 4, 0, 0, 5, 10}},
                     {"blk.0.attn_q.weight.in_sum", 3, 1, {1, 2, 3}}});
}

std::string smallLegacy() {
    return legacyFile({{"blk.0.attn_q.weight", {1, 2, 3}}, {"other", {0.5F}}}, 4);
}

std::string messageOf(const std::function<void()>& work) {
    try {
        work();
    } catch (const Error& error) {
        return error.fullText();
    }
    return {};
}

}  // namespace

class ImportanceFileTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void legacyFilesAreRead() {
        const auto file = HessianFile::open(write("imatrix.dat", smallLegacy()), {});
        QCOMPARE(file->entries().size(), std::size_t{2});
        const std::string tensor = "model.layers.0.self_attn.q_proj.weight";
        QVERIFY(file->contains(tensor));
        // By the name in the file, too: models may have it.
        QVERIFY(file->contains("blk.0.attn_q.weight"));
        QVERIFY(file->contains("other"));
        QVERIFY(!file->contains("model.layers.1.self_attn.q_proj.weight"));
        const auto described = file->describe(tensor, 3);
        QVERIFY(!described->isFull());
        QVERIFY(!described->hasValues());
        QCOMPARE(described->source, std::string("imatrix.dat:/blk.0.attn_q.weight"));
        const auto hessian = file->hessian(tensor, 3);
        QCOMPARE(hessian->diagonal, (std::vector<double>{1, 2, 3}));
        QVERIFY(hessian->full.empty());
        QCOMPARE(file->fingerprint({}).size(), std::size_t{32});
        const std::string text = messageOf([&] { file->describe(tensor, 4); });
        QVERIFY2(text.find("for 3 input channels") != std::string::npos, text.c_str());
    }

    void ggufFilesAreRead() {
        const auto file = HessianFile::open(write("imatrix.gguf", smallGguf()), {});
        QCOMPARE(file->hessian("model.layers.0.self_attn.q_proj.weight", 3)->diagonal,
                 (std::vector<double>{1, 2, 3}));
        // Experts by themselves; the second one saw nothing.
        const std::string experts = "model.layers.1.mlp.experts.";
        QCOMPARE(file->hessian(experts + "0.up_proj.weight", 2)->diagonal,
                 (std::vector<double>{1, 2}));
        QCOMPARE(file->hessian(experts + "2.up_proj.weight", 2)->diagonal,
                 (std::vector<double>{1, 2}));
        QVERIFY(!file->contains(experts + "1.up_proj.weight"));
        QCOMPARE(file->entries().size(), std::size_t{3});
    }

    // What llama.cpp would collect on the calibration tokens, up to the factor 2 of the Hessians.
    void isTheDiagonalOfTheHessian() {
        const std::string tensor = "model.layers.2.mlp.down_proj.weight";
        const auto full =
            HessianFile::open(test::dataset("stories260k-calibration.h5"), {test::prober(), false});
        constexpr Index cols = 172;
        const std::vector<double> diagonal = full->hessian(tensor, cols)->diagonal;
        Layer layer{"blk.2.ffn_down.weight", {}};
        for (const double value : diagonal)
            layer.means.push_back(static_cast<float>(value));
        const auto file = HessianFile::open(write("own.imatrix", legacyFile({layer}, 7)), {});
        const std::vector<double> read = file->hessian(tensor, cols)->diagonal;
        QCOMPARE(read.size(), diagonal.size());
        for (std::size_t j = 0; j < read.size(); ++j)
            QVERIFY(std::abs(read[j] - diagonal[j]) <= 3e-7 * diagonal[j]);
    }

    void damageIsSaid_data() {
        QTest::addColumn<QByteArray>("bytes");
        QTest::addColumn<QString>("name");
        QTest::addColumn<QString>("message");
        const auto row = [](const char* what, const std::string& bytes, const char* name,
                            const char* message) {
            QTest::newRow(what) << QByteArray::fromStdString(bytes) << name << message;
        };
        const std::string legacy = smallLegacy();
        row("no entries", Bytes().add(std::int32_t{0}).bytes(), "a.dat", "it has 0 entries");
        row("short", "ab", "a.dat", "it ends in the number of its entries");
        row("cut name", legacy.substr(0, 15), "a.dat", "the name of entry 1");
        row("cut values", legacy.substr(0, 40), "a.dat", "entry 1 (blk.0.attn_q.weight)");
        row("text", "This is a text about importance", "a.imatrix", "is damaged");
        row("twice", legacyFile({{"a", {1}}, {"a", {1, 2}}}, 1), "a.dat", "two entries for a");
        const std::string gguf = smallGguf();
        row("cut gguf", gguf.substr(0, gguf.size() - 60), "a.gguf", "is damaged");
        row("a model", ggufFile({}, "model"), "a.gguf", "no importance matrix but a model");
        row("nothing in it", ggufFile({}), "a.gguf", "no sums of squared inputs");
        row("no counts", ggufFile({{"a.in_sum2", 1, 1, {1}}}), "a.gguf", "sums but no counts");
        row("other counts", ggufFile({{"a.in_sum2", 1, 2, {1, 1}}, {"a.counts", 1, 1, {1}}}),
            "a.gguf", "1 counts for 2 rows");
        std::string version = gguf;
        version[4] = 1;
        row("version", version, "a.gguf", "version 1 of GGUF");
    }
    void damageIsSaid() {
        QFETCH(QByteArray, bytes);
        QFETCH(QString, name);
        QFETCH(QString, message);
        const auto path = write(name.toStdString(), bytes.toStdString());
        const std::string text = messageOf([&] { HessianFile::open(path, {}); });
        QVERIFY2(text.find(message.toStdString()) != std::string::npos, text.c_str());
    }

    void negativeImportanceIsRefused() {
        const auto file = HessianFile::open(write("n.dat", legacyFile({{"a", {1, -2}}}, 1)), {});
        QVERIFY(messageOf([&] { file->hessian("a", 2); }).find("negative") != std::string::npos);
    }

    // Whatever the bytes, it is read or refused, and nothing else happens.
    void damagedFilesAreReadOrRefused_data() {
        QTest::addColumn<QByteArray>("bytes");
        QTest::addColumn<QString>("name");
        QTest::newRow("legacy") << QByteArray::fromStdString(smallLegacy()) << "f.dat";
        QTest::newRow("gguf") << QByteArray::fromStdString(smallGguf()) << "f.gguf";
    }
    void damagedFilesAreReadOrRefused() {
        QFETCH(QByteArray, bytes);
        QFETCH(QString, name);
        const std::string whole = bytes.toStdString();
        int refused = 0;
        const auto tryReading = [&](const std::string& damaged) {
            try {
                readImportanceFile(write(name.toStdString(), damaged));
            } catch (const Error&) {
                ++refused;
            }
        };
        for (std::size_t length = 0; length < whole.size(); ++length)
            tryReading(whole.substr(0, length));
        QVERIFY(refused > static_cast<int>(whole.size()) / 2);
        Random random(1);
        constexpr int damages = 2000;
        for (int i = 0; i < damages; ++i) {
            std::string damaged = whole;
            for (int change = 0; change <= i % 3; ++change) {
                const auto at =
                    static_cast<std::size_t>(random.below(static_cast<Index>(whole.size())));
                damaged[at] = static_cast<char>(random.below(256));
            }
            tryReading(damaged);
        }
    }

    void otherFilesAreNone() {
        QVERIFY(!isImportanceFile(test::dataset("stories260k-calibration.h5")));
        QVERIFY(!isImportanceFile(write("notes.txt", "text")));
        QVERIFY(!isImportanceFile(m_folder.filePath("missing.dat").toStdString()));
        // HDF5 whatever it is called.
        const std::string hdf5 = readTextFile(test::dataset("stories260k-tokenizer.h5"));
        QVERIFY(!isImportanceFile(write("really.dat", hdf5)));
    }

private:
    std::filesystem::path write(const std::string& name, const std::string& bytes) const {
        const std::filesystem::path path =
            m_folder.filePath(QString::fromStdString(name)).toStdString();
        QFile file(QString::fromStdString(path.string()));
        if (file.open(QIODevice::WriteOnly | QIODevice::Truncate))
            file.write(bytes.data(), static_cast<qint64>(bytes.size()));
        return path;
    }

    QTemporaryDir m_folder;
};

QTEST_APPLESS_MAIN(ImportanceFileTest)
#include "tst_importance_file.moc"
